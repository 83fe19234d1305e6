from . import embedding as embedding
from .engine import diarize as diarize
from .loading import THREADS as THREADS
from .registry import (
    BUILT_IN as BUILT_IN,
    Diarizer as Diarizer,
    OnTracks as OnTracks,
    check_turns_fit as check_turns_fit,
    hear as hear,
    open_diarizer as open_diarizer,
    sees_overlap as sees_overlap,
)
from .tracks import are_separate as are_separate, diarize_tracks as diarize_tracks
