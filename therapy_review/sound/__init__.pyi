from .aac import m4a as m4a
from .opus import (
    DELAY as DELAY,
    PACKET as PACKET,
    RATE as RATE,
    encoded as encoded,
    head as head,
    piece as piece,
)
from .recording import (
    PEAKS_A_SECOND as PEAKS_A_SECOND,
    SUFFIXES as SUFFIXES,
    Recording as Recording,
    length_to_analyse as length_to_analyse,
    reopener as reopener,
    side_by_side as side_by_side,
    waveform_peaks as waveform_peaks,
)
