from . import pitch_loudness as pitch_loudness, talk as talk
from .moment_finder import behind as behind, moments as moments
from .names import MOOD_NAMES as MOOD_NAMES, name_of as name_of, what_counts as what_counts
from .pitch_loudness import (
    CAUTION as CAUTION,
    LEAST_VOICED as LEAST_VOICED,
    VOICE_MEASURES as VOICE_MEASURES,
    prosody as prosody,
)
from .silences import (
    LONG_SILENCE as LONG_SILENCE,
    gaps as gaps,
    long_silences as long_silences,
    overlaps as overlaps,
    pauses as pauses,
)
from .talk import (
    MEASURES as MEASURES,
    OF_ONE as OF_ONE,
    evaluate as evaluate,
    session_bounds as session_bounds,
    talk_share as talk_share,
)
