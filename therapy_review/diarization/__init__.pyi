from . import embedding as embedding
from .embedding import MODEL as MODEL, band_energies as band_energies, embed as embed
from .engine import ENGINE as ENGINE, believed as believed, diarize as diarize, tell_apart as tell_apart
from .models import THREADS as THREADS, weights_of as weights_of
from .registry import (
    BUILT_IN as BUILT_IN,
    Diarizer as Diarizer,
    OnTracks as OnTracks,
    check_length as check_length,
    hear as hear,
    open_diarizer as open_diarizer,
    sees_overlap as sees_overlap,
)
from .segmentation import frame_times as frame_times, voices_at_once as voices_at_once
from .tracks import are_separate as are_separate, diarize_tracks as diarize_tracks
from .voice_activity import features as features
