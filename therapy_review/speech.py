"""Voice activity: where somebody speaks, whoever it is.

Silero's network gives a probability for every 32 ms; a stretch of speech begins where it rises above `ONSET` and
ends where it stays below `OFFSET` for as long as a silence counts. Samples are float32, mono, 16 kHz; times are
seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from therapy_review.models import model
from therapy_review.turns import MIN_SILENCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE = 16_000
FRAME = 512  # samples
CONTEXT = 64  # samples of the frame before that the network is shown again
GROUP = 1024  # frames a call: 33 s, which keeps memory small; the network's state goes on from call to call
ONSET = 0.5
OFFSET = 0.3
MIN_SPEECH = 0.1  # seconds; anything shorter is a click or a breath


def speech_probability(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the probability of speech for every 32 ms.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono, 16 kHz.

    Returns
    -------
    ndarray of float32, shape (ceil(n_samples / 512),)
        Between 0 and 1.

    References
    ----------
    Silero Team, Silero VAD 6.2 (model file; see therapy_review/models/README.md).

    Examples
    --------
    >>> speech_probability(np.zeros(1024, np.float32)).shape
    (2,)
    """
    network = model("silero_vad")
    count = -(-len(samples) // FRAME)
    probability = np.empty(count, np.float32)
    state = cell = np.zeros((1, 1, 128), np.float32)
    for first in range(0, count, GROUP):
        frames = _frames(samples, first, min(GROUP, count - first))
        given = {"input": frames, "h": state, "c": cell}
        probability[first : first + len(frames)], state, cell = network.run(None, given)
    return probability


def _frames(samples: NDArray[np.float32], first: int, count: int) -> NDArray[np.float32]:
    """Cut frames, each with the end of the one before it; silence stands in beyond both ends."""
    start, end = first * FRAME - CONTEXT, (first + count) * FRAME
    piece = samples[max(0, start) : end]
    padded = np.pad(piece, (max(0, -start), end - max(0, start) - len(piece)))
    return np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(padded, CONTEXT + FRAME)[::FRAME])


def find_speech(samples: NDArray[np.float32]) -> pd.DataFrame:
    """Find the stretches in which somebody speaks, with silences of 0.2 s and more cut out.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono, 16 kHz.

    Returns
    -------
    DataFrame
        Columns start, end (s), in order of time.

    Examples
    --------
    >>> find_speech(np.zeros(16000, np.float32)).empty
    True
    """
    probability = speech_probability(samples)
    second = FRAME / SAMPLE_RATE
    begins, ends = _hysteresis(probability)
    start, end = begins * second, np.minimum(ends * second, len(samples) / SAMPLE_RATE)
    if len(start) == 0:
        return pd.DataFrame({"start": start, "end": end})
    # Silences shorter than one that counts are part of the speech around them.
    parted = start[1:] - end[:-1] >= MIN_SILENCE
    start, end = start[np.append(True, parted)], end[np.append(parted, True)]
    long_enough = end - start >= MIN_SPEECH
    return pd.DataFrame({"start": start[long_enough], "end": end[long_enough]})


def _hysteresis(probability: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find first and past-the-last frame of the runs above `OFFSET` that rise above `ONSET` somewhere."""
    above = np.concatenate([[False], probability >= OFFSET, [False]])
    edges = np.flatnonzero(above[1:] != above[:-1])
    begins, ends = edges[::2], edges[1::2]
    sure = np.concatenate([[0], np.cumsum(probability >= ONSET)])
    rises = sure[ends] > sure[begins]
    return begins[rises], ends[rises]
