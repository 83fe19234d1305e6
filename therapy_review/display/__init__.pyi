from .parts import (
    Live as Live,
    NothingToShow as NothingToShow,
    Shown as Shown,
    gently as gently,
    put_away as put_away,
    sentence as sentence,
)
from .rendering import (
    as_page as as_page,
    as_pdf as as_pdf,
    can_print as can_print,
    in_shell as in_shell,
    with_way_back as with_way_back,
)
from .shutter import Shutter as Shutter
from .still import (
    LEFT_OUT as LEFT_OUT,
    OPENS as OPENS,
    SHOWN as SHOWN,
    STILL as STILL,
    Still as Still,
    code as code,
    how_to_open as how_to_open,
    how_to_start as how_to_start,
    is_still as is_still,
)
