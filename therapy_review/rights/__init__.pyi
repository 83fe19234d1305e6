from . import draft as draft, erasure as erasure, withdrawal as withdrawal
from .draft import (
    SECRECY as SECRECY,
    USUAL as USUAL,
    Draft as Draft,
    rule_of as rule_of,
    spoken_at as spoken_at,
)
from .erasure import erase_made_for as erase_made_for
from .page import agreement as agreement
from .withdrawal import (
    TakenBack as TakenBack,
    keep_the_rest as keep_the_rest,
    made_before as made_before,
    what_is_kept as what_is_kept,
)
