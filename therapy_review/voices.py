"""Voice embeddings: what a voice sounds like, as 192 numbers.

Samples are float32, mono, 16 kHz; times are seconds. Two stretches by one person lie close together (their
product is near one), by two people further apart. The numbers identify a person: they are treated like
recordings.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from therapy_review.models import model

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SAMPLE_RATE = 16_000
SIZE = 192
BANDS = 80
SHORTEST = 0.3  # seconds a voice needs to be known at all; shorter stretches are heard with what lies around
FRAME = 400  # samples, 25 ms
HOP = 160  # samples, 10 ms
THREADS = 2


def embed(samples: NDArray[np.float32], stretches: Sequence[ArrayLike]) -> NDArray[np.float32]:
    """Embed the voice heard in each stretch, or in several stretches taken as one.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono, 16 kHz.
    stretches : sequence of array-like, each of shape (2,) or (n, 2)
        Start and end in seconds; where there are several, they are heard one after the other. What is shorter
        than 0.3 s is heard with a little of what lies around it.

    Returns
    -------
    ndarray of float32, shape (n_stretches, 192)
        Each row of length one.

    References
    ----------
    Wang, Zheng, Chen, Cheng & Chen 2023, "CAM++: a fast and efficient network for speaker verification using
    context-aware masking", Interspeech.

    Examples
    --------
    >>> tone = np.sin(np.arange(32000) / 5).astype(np.float32)
    >>> embed(tone, [(0.0, 1.0), [(0.2, 0.8), (1.0, 1.6)]]).shape
    (2, 192)
    """
    encoder = model("campplus")

    def listen(stretch: ArrayLike) -> NDArray[np.float32]:
        (vector,) = encoder.run(None, {"fbank": _fbank(samples, np.atleast_2d(stretch))[None]})
        return np.asarray(vector[0] / max(float(np.linalg.norm(vector[0])), 1e-9), dtype=np.float32)

    with ThreadPoolExecutor(THREADS) as pool:
        return np.array(list(pool.map(listen, stretches)), np.float32).reshape(-1, SIZE)


def _fbank(samples: NDArray[np.float32], pieces: NDArray[np.float64]) -> NDArray[np.float32]:
    """Log mel energies of some stretches one after the other, with their mean taken off."""
    pieces = np.asarray(pieces, dtype=float)
    lacking = max(0.0, SHORTEST - float((pieces[:, 1] - pieces[:, 0]).sum()))
    pieces = pieces + np.array([-lacking / 2, lacking / 2]) / len(pieces)
    frames = [_frames(_cut(samples, start, end)) for start, end in pieces]
    fbank = np.concatenate(frames)
    return np.asarray(fbank - fbank.mean(axis=0), dtype=np.float32)


def _cut(samples: NDArray[np.float32], start: float, end: float) -> NDArray[np.float32]:
    first = max(0, min(round(start * SAMPLE_RATE), len(samples) - FRAME))
    piece = samples[first : max(first + FRAME, round(end * SAMPLE_RATE))]
    return np.pad(piece, (0, max(0, FRAME - len(piece))))


def _frames(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    import kaldi_native_fbank as knf

    options = knf.FbankOptions()
    options.frame_opts.dither = 0.0
    options.mel_opts.num_bins = BANDS
    computer = knf.OnlineFbank(options)
    computer.accept_waveform(SAMPLE_RATE, samples)
    computer.input_finished()
    return np.stack([computer.get_frame(i) for i in range(computer.num_frames_ready)])
