from . import cache as cache, table as table
from .early_recent import Heard as Heard, Sides as Sides, pairs as pairs, sides as sides
from .in_words import (
    LINES_OF_ROW as LINES_OF_ROW,
    OF_MANY as OF_MANY,
    OF_PAGE as OF_PAGE,
    TOO_EARLY as TOO_EARLY,
    Line as Line,
    said_of_lines as said_of_lines,
    said_of_word as said_of_word,
    sentences as sentences,
    words_by_use as words_by_use,
)
from .kinds_of_silence import (
    IN_OWN_WORDS as IN_OWN_WORDS,
    KINDS as KINDS,
    NOT_SAID as NOT_SAID,
    long_silences_of as long_silences_of,
    say as say,
    silence_kinds as silence_kinds,
)
from .lasting_change import change as change
from .overview import MOODS as MOODS, Way as Way, way as way
from .phases import (
    NOT_NAMED as NOT_NAMED,
    Setting as Setting,
    held as held,
    in_a_row as in_a_row,
    lasting as lasting,
    runs as runs,
)
from .table import (
    WINDOW as WINDOW,
    moods_table as moods_table,
    moving_share as moving_share,
    sessions_table as sessions_table,
    tags_table as tags_table,
    trends as trends,
)
from .usual_range import (
    FEWEST as FEWEST,
    SHOWN as SHOWN,
    WORDS as WORDS,
    far_out as far_out,
    label as label,
    side_of as side_of,
    usual as usual,
    written as written,
)
