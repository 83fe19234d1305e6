"""One session: a recording is added, listened to, named, corrected, measured and kept."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
