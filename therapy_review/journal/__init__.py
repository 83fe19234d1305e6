"""What one client keeps: the folder, its sessions, and a room for each file in them."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
