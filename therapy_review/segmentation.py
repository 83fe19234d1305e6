"""Segmentation: who is heard together, ten seconds at a time.

A network listens to ten seconds and says for every 17 ms which of up to three *local* voices are heard, two at
most at once. What it calls the first voice in one chunk may be the second in the next: `therapy_review.diarize`
ties the chunks together. Samples are float32, mono, 16 kHz; times are seconds.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from therapy_review.models import model

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE = 16_000
HOP = 270  # samples from one frame to the next
FIRST = 495.5  # samples from a chunk's start to the middle of its first frame
CHUNK = 160_000  # samples: the ten seconds the network was trained with
FRAMES = 589  # frames in a chunk
STEP = 474  # frames from one chunk to the next: neighbours share 1.9 s
SHARED = FRAMES - STEP
VOICES = 3
# What each of the network's classes stands for: nobody, one of three voices, two of them at once.
CLASSES = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]], np.float32)
BATCH = 4  # chunks a call, which keeps memory small
THREADS = 2


def frame_times(count: int) -> NDArray[np.float64]:
    """Give the middle of each frame in seconds.

    Parameters
    ----------
    count : int

    Returns
    -------
    ndarray of float64, shape (count,)

    Examples
    --------
    >>> frame_times(2).round(3).tolist()
    [0.031, 0.048]
    """
    return np.asarray((FIRST + HOP * np.arange(count)) / SAMPLE_RATE)


def frame_count(samples: int) -> int:
    """Count the frames it takes to cover a number of samples.

    Parameters
    ----------
    samples : int

    Returns
    -------
    int
    """
    return -(-samples // HOP)


def local_voices(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the probability of nobody, of each local voice and of each pair of them, chunk by chunk.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono, 16 kHz.

    Returns
    -------
    ndarray of float32, shape (n_chunks, 589, 7)
        In the order of `CLASSES`; each frame adds up to 1. Chunk number ``c`` begins with frame ``474 * c`` of
        the recording; beyond its end stands silence.

    References
    ----------
    Bredin & Laurent 2021, "End-to-end speaker segmentation for overlap-aware resegmentation", Interspeech;
    Plaquet & Bredin 2023, "Powerset multi-class cross entropy loss for neural speaker diarization", Interspeech.

    Examples
    --------
    >>> local_voices(np.zeros(16000, np.float32)).shape
    (1, 589, 7)
    """
    network = model("segmentation")
    count = max(1, -(-max(0, frame_count(len(samples)) - SHARED) // STEP))
    found = np.empty((count, FRAMES, len(CLASSES)), np.float32)

    def listen(first: int) -> None:
        chunks = [_chunk(samples, number) for number in range(first, min(first + BATCH, count))]
        (log_probability,) = network.run(None, {"samples": np.stack(chunks)[:, None]})
        found[first : first + len(chunks)] = np.exp(log_probability)

    # One call is one thread: two at a time keep two cores busy and give the same numbers on any computer.
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(listen, range(0, count, BATCH)))
    return found


def _chunk(samples: NDArray[np.float32], number: int) -> NDArray[np.float32]:
    piece = samples[number * STEP * HOP :][:CHUNK]
    return np.pad(piece, (0, CHUNK - len(piece)))
