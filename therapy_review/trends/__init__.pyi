from . import cache as cache, kinds_of_silence as kinds_of_silence, phases as phases
from .early_recent import (
    HeardMoment as HeardMoment,
    Sides as Sides,
    early_and_recent as early_and_recent,
    pairs_to_hear as pairs_to_hear,
)
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
from .lasting_change import change as change
from .overview import MOODS as MOODS, Way as Way, way as way
from .phases import NOTHING_NOTED as NOTHING_NOTED, in_a_row as in_a_row, runs as runs
from .table import (
    WINDOW as WINDOW,
    moods_table as moods_table,
    moving_share as moving_share,
    sessions_table as sessions_table,
    tags_table as tags_table,
    trends as trends,
    ways_before as ways_before,
)
from .usual_range import (
    FEWEST_BEFORE as FEWEST_BEFORE,
    SET_BESIDE as SET_BESIDE,
    SHORT_NAMES as SHORT_NAMES,
    far_out as far_out,
    label as label,
    side_of as side_of,
    usual as usual,
    written as written,
)
