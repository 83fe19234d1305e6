"""A private workbook for hearing your own therapy sessions again."""

import os

import lazy_loader as lazy

# Left alone, onnxruntime gives this computer a number and tells its makers what was run; it reads this on import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"

# pandas alone takes longer to import than a person notices: the rooms come when they are asked for.
__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
