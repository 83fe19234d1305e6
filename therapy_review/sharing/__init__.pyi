from . import plan as plan
from .cautions import (
    CAUTIONS as CAUTIONS,
    LIES_OPEN as LIES_OPEN,
    LISTEN as LISTEN,
    in_words as in_words,
    left_unread as left_unread,
)
from .clip import Clip as Clip, of_mark as of_mark, read_span as read_span
from .export import outside as outside, write as write
from .page import share_page as share_page
