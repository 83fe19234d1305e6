from . import opus as opus
from .aac import m4a as m4a
from .recording import (
    PEAKS_A_SECOND as PEAKS_A_SECOND,
    SUFFIXES as SUFFIXES,
    Recording as Recording,
    length_to_analyse as length_to_analyse,
    reopener as reopener,
    side_by_side as side_by_side,
    waveform_peaks as waveform_peaks,
)
