from .family import (
    FAMILY as FAMILY,
    FOLDER as FOLDER,
    MORE as MORE,
    for_charts as for_charts,
    for_print as for_print,
    style as style,
)
