from . import draft as draft, erasure as erasure, withdrawal as withdrawal
from .page import agreement as agreement
