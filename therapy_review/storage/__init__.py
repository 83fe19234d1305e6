"""Bytes on disk, plain or sealed: stores, keys, sealing, backups."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
