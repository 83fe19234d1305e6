"""Voice activity: where somebody speaks, whoever it is.

The segmentation network hears speech in noise and echo but smooths over short silences; the loudness above the
room's own noise shows every silence but takes noises for speech. A small network of one hidden layer weighs both,
fitted by benchmarks/diarization/fit.py to the tuning sessions there. Samples are float32, mono, 16 kHz; times are
seconds; a frame is 17 ms (see `therapy_review.diarization.segmentation`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from therapy_review.diarization.loading import weights_of
from therapy_review.diarization.segmentation import HOP, SAMPLE_RATE, frame_times
from therapy_review.turns import MIN_SILENCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

ONSET = 0.5
OFFSET = 0.4
MIN_SPEECH = 0.1  # seconds; anything shorter is a click or a breath
FLOOR_SPAN = 20.0  # seconds from which the room's own noise is taken
FLOOR_SHARE = 0.1  # of them are quieter than what is taken for it
DEEPEST = 40.0  # dB below the loudest hundredth: more silence is a program's that switches sound off
PART = 10_000  # frames worked on at a time, so that an hour needs no second hour of memory
SURE = 7.0  # log odds beyond which the network's word counts no more
LOUDEST = 40.0  # dB above the floor beyond which louder is no surer
NETWORK_AT = (-8, -4, 0, 4, 8)  # frames around the one in question
NETWORK_NEAR = (31, 121)  # frames in which the network is at its surest: half a second, and two
USUAL = 20.0  # dB above the floor: a clear voice in a quiet room
EXPECTED = 600  # frames (10 s) of such a voice are taken as heard, for sounds in which hardly anybody speaks
LOUDNESS_AT = (-7, -4, -2, 0, 2, 4, 7)
FEATURES = len(NETWORK_AT) + len(NETWORK_NEAR) + 2 * (len(LOUDNESS_AT) + 5)


def speech_probability(samples: NDArray[np.float32], somebody: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the probability that somebody speaks, frame by frame; `somebody` is what segmentation says of that."""
    weights = weights_of("speech")
    hidden = np.maximum(features(samples, somebody) @ weights["into"] + weights["bias"], 0)
    return np.asarray(1 / (1 + np.exp(-(hidden @ weights["out"] + weights["constant"]))))


def features(samples: NDArray[np.float32], somebody: NDArray[np.float32]) -> NDArray[np.float32]:
    """Gather what voice activity is decided by, one row a frame.

    The network's log odds in and around the frame and the highest nearby; the loudness above the room's noise (dB)
    in and around it, the highest and lowest nearby, and the loudness beside what is usual for speech here.
    """
    # Filled column by column: columns kept until the end would need the memory twice.
    found = np.empty((len(somebody), FEATURES), np.float32)
    for number, column in enumerate(_columns(samples, somebody)):
        found[:, number] = column
    return found


def _columns(samples: NDArray[np.float32], somebody: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    surely = np.log(somebody + np.float32(1e-6)) - np.log1p(np.float32(1e-6) - somebody)
    surely = np.clip(surely, -SURE, SURE)
    yield from (_shifted(surely, by) for by in NETWORK_AT)
    yield from (maximum_filter1d(surely, width) for width in NETWORK_NEAR)
    spoken = somebody > 0.6
    # Low notes carry the voice, and the fan; high ones fade faster when a voice stops in a room with echo.
    for loud in loudness(samples, len(somebody)):
        above = np.clip(loud - _floor(loud), 0, LOUDEST).astype(np.float32)
        usual = np.median(np.append(above[spoken], np.full(EXPECTED, np.float32(USUAL))))
        yield from (_shifted(above, by) for by in LOUDNESS_AT)
        yield maximum_filter1d(above, 25)
        yield minimum_filter1d(above, 13)
        yield above - usual
        yield from (above - maximum_filter1d(above, 19, origin=origin) for origin in (9, -9))


def _shifted(values: NDArray[np.float32], by: int) -> NDArray[np.float32]:
    return np.asarray(values[np.clip(np.arange(len(values)) + by, 0, len(values) - 1)])


def loudness(samples: NDArray[np.float32], frames: int) -> NDArray[np.float64]:
    """Give the loudness (dB) of each frame's own 17 ms and half of its neighbours', whole and of the high notes."""
    # A frame's middle lies 495 samples after its start: its own 270 samples begin 360 later.
    first = round(float(frame_times(1)[0]) * SAMPLE_RATE) - HOP // 2
    power = np.empty((2, frames))
    for a in range(0, frames, PART):
        count = min(PART, frames - a)
        start = first + a * HOP
        piece = samples[start - 1 : start + count * HOP].astype(np.float64)
        piece = np.pad(piece, (0, count * HOP + 1 - len(piece)))
        for row, sound in zip(power, (piece[1:], np.diff(piece)), strict=True):
            row[a : a + count] = np.mean(sound.reshape(-1, HOP) ** 2, axis=1)
    smooth = np.apply_along_axis(
        np.convolve, 1, np.pad(power, ((0, 0), (1, 1)), mode="edge"), [0.25, 0.5, 0.25], "valid"
    )
    return np.asarray(10 * np.log10(smooth + 1e-10))


def _floor(loud: NDArray[np.float64]) -> NDArray[np.float64]:
    """Loudness of the room when nobody speaks, as it changes over the recording."""
    span = round(FLOOR_SPAN * SAMPLE_RATE / HOP)
    centres = np.arange(0, len(loud) + span, span // 4)
    parts = [loud[max(0, c - span // 2) : c + span // 2] for c in centres]
    known = [(c, np.quantile(part, FLOOR_SHARE)) for c, part in zip(centres, parts, strict=True) if len(part)]
    at, level = (np.array(column, dtype=float) for column in zip(*known, strict=True))
    floor = np.interp(np.arange(len(loud)), at, level)
    return np.asarray(np.maximum(floor, np.quantile(loud, 0.99) - DEEPEST))


def stretches_of(
    probability: NDArray[np.floating], onset: float = ONSET, offset: float = OFFSET
) -> pd.DataFrame:
    """Cut a probability over time into stretches, with silences of 0.2 s and more left out.

    A stretch begins where the probability rises above `offset` on its way above `onset`.
    """
    above = np.concatenate([[False], probability >= offset, [False]])
    edges = np.flatnonzero(above[1:] != above[:-1])
    begins, ends = edges[::2], edges[1::2]
    sure = np.concatenate([[0], np.cumsum(probability >= onset)])
    rises = sure[ends] > sure[begins]
    border = np.append(frame_times(len(probability)) - HOP / 2 / SAMPLE_RATE, np.nan)
    border[-1] = border[-2] + HOP / SAMPLE_RATE if len(probability) else 0.0
    start, end = border[begins[rises]], border[ends[rises]]
    if len(start):
        # Silences shorter than one that counts are part of the speech around them.
        parted = start[1:] - end[:-1] >= MIN_SILENCE
        start, end = start[np.append(True, parted)], end[np.append(parted, True)]
    long_enough = end - start >= MIN_SPEECH
    return pd.DataFrame({"start": start[long_enough], "end": end[long_enough]})
