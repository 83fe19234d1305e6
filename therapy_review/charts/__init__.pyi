from . import early_recent as early_recent, over_time as over_time, session as session
from .base import (
    COLOURS as COLOURS,
    FAINT as FAINT,
    INK as INK,
    Chart as Chart,
    speaker_name as speaker_name,
    styled as styled,
)
from .over_time import silences_over_time as silences_over_time, tag_shares as tag_shares
from .overview import ROWS as ROWS, path as path
from .prosody import voices_of_a_session as voices_of_a_session, voices_over_time as voices_over_time
from .session import waveform_map as waveform_map
from .usual_range import (
    beside_in_words as beside_in_words,
    beside_usual as beside_usual,
    usual_over_time as usual_over_time,
)
