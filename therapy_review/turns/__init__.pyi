from . import edits as edits, intervals as intervals
from .edits import corrected as corrected, spoken_of as spoken_of
from .exchange import (
    decode_turns as decode_turns,
    encode_turns as encode_turns,
    read_turns as read_turns,
    well_formed as well_formed,
    write_turns as write_turns,
)
from .intervals import Span as Span
from .table import (
    MIN_SILENCE as MIN_SILENCE,
    TOLERANCE as TOLERANCE,
    are_named as are_named,
    backchannels as backchannels,
    floor_turns as floor_turns,
    merge_stretches as merge_stretches,
    name_speakers as name_speakers,
    speakers as speakers,
    turns_table as turns_table,
    validate as validate,
)
