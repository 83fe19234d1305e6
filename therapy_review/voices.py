"""Voice embeddings: what a voice sounds like, as 192 numbers.

Samples are float32, mono, 16 kHz; times are seconds. Two stretches by one person lie close together (their
product is near one), by two people further apart. The numbers identify a person: they are treated like
recordings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from therapy_review.models import model

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

MODEL = "campplus-1"  # changes whenever the same sound would give other numbers
SAMPLE_RATE = 16_000
SIZE = 192
BANDS = 80
SHORTEST = 0.4  # seconds; a shorter stretch is heard with a little of what lies around it
MARGIN = 0.0125  # seconds: half of what one frame of sound hears more than its own 10 ms
TOGETHER = 10.0  # seconds heard in one go: what surrounds a window helps to hear it
THREADS = 2  # one call is one thread, which gives the same numbers on every computer

Item = TypeVar("Item")
Found = TypeVar("Found")


def embed(samples: NDArray[np.float32], stretches: ArrayLike) -> NDArray[np.float32]:
    """Embed the voice heard in each stretch.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono, 16 kHz.
    stretches : array-like of float, shape (n_stretches, 2)
        Start and end in seconds; what is shorter than 0.4 s is heard with a little of what lies around it.

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
    >>> embed(tone, [(0.0, 1.0), (0.2, 1.8)]).shape
    (2, 192)
    """

    def listen(stretch: NDArray[np.float64]) -> NDArray[np.float32]:
        fbank = _fbank(samples, stretch)
        return _pooled(fbank, np.array([[0, len(fbank)]]))

    table = np.asarray(stretches, dtype=float).reshape(-1, 2)
    return _joined(_in_parallel(listen, list(table)))


def embed_along(
    samples: NDArray[np.float32], stretches: ArrayLike, window: float, step: float
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.float32]]:
    """Embed the voice in windows along each stretch; none reaches beyond its stretch.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono, 16 kHz.
    stretches : array-like of float, shape (n_stretches, 2)
        Start and end in seconds, in order of time.
    window, step : float
        Seconds; a stretch shorter than a window has one window, all of it.

    Returns
    -------
    times : ndarray of float64, shape (n_windows, 2)
        Start and end in seconds.
    stretch : ndarray of int, shape (n_windows,)
        The number of the stretch each lies in.
    vectors : ndarray of float32, shape (n_windows, 192)
        Each row of length one.

    Examples
    --------
    >>> tone = np.sin(np.arange(48000) / 5).astype(np.float32)
    >>> times, stretch, vectors = embed_along(tone, [(0, 1), (1.5, 1.9)], 0.8, 0.1)
    >>> len(times), stretch.tolist(), vectors.shape
    (4, [0, 0, 0, 1], (4, 192))
    """
    table = np.asarray(stretches, dtype=float).reshape(-1, 2)
    pieces = [
        (number, a, b) for number, (start, end) in enumerate(table.tolist()) for a, b in _split(start, end)
    ]

    def listen(
        group: list[tuple[int, float, float]],
    ) -> tuple[list[tuple[float, float, int]], NDArray[np.float32]]:
        fbanks = [_fbank(samples, np.array([a, b])) for _, a, b in group]
        first, rows, bounds = 0, [], []
        for (number, a, b), fbank in zip(group, fbanks, strict=True):
            for start, end in _windows(a, b, window, step):
                rows.append((start, end, number))
                from_, to = (round((t - a) / (b - a) * len(fbank)) for t in (start, end))
                bounds.append((first + from_, first + to))
            first += len(fbank)
        return rows, _pooled(np.concatenate(fbanks), np.array(bounds))

    found = _in_parallel(listen, list(_groups(pieces)))
    rows = np.array([row for rows, _ in found for row in rows], dtype=float).reshape(-1, 3)
    return rows[:, :2], rows[:, 2].astype(np.intp), _joined([vectors for _, vectors in found])


def _split(start: float, end: float) -> Iterable[tuple[float, float]]:
    edges = np.linspace(start, end, int(-(-(end - start) // TOGETHER)) + 1)
    return zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)


def _groups(pieces: list[tuple[int, float, float]]) -> Iterable[list[tuple[int, float, float]]]:
    """Put neighbouring pieces together until they make ten seconds."""
    group: list[tuple[int, float, float]] = []
    length = 0.0
    for piece in pieces:
        if group and length + piece[2] - piece[1] > TOGETHER:
            yield group
            group, length = [], 0.0
        group.append(piece)
        length += piece[2] - piece[1]
    if group:
        yield group


def _windows(start: float, end: float, window: float, step: float) -> list[tuple[float, float]]:
    if end - start <= window:
        return [(start, end)]
    first = np.linspace(start, end - window, round((end - window - start) / step) + 1)
    return [(float(a), float(a) + window) for a in first]


def _in_parallel(listen: Callable[[Item], Found], items: Sequence[Item]) -> list[Found]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(listen, items))


def _joined(vectors: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.concatenate([np.empty((0, SIZE), np.float32), *vectors])


def _pooled(fbank: NDArray[np.float32], bounds: NDArray[np.intp]) -> NDArray[np.float32]:
    """Embed windows of some frames; bounds are first and past-the-last frame."""
    count = (len(fbank) + 1) // 2
    at = np.arange(count)[None]
    first = np.minimum(bounds[:, :1] // 2, count - 1)
    weights = (at >= first) & (at < np.maximum(first + 1, (bounds[:, 1:] + 1) // 2))
    windows = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    (vectors,) = model("campplus").run(
        None, {"fbank": (fbank - fbank.mean(axis=0))[None], "windows": windows}
    )
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9), dtype=np.float32)


def _fbank(samples: NDArray[np.float32], stretch: NDArray[np.float64]) -> NDArray[np.float32]:
    """Log mel energies of a stretch, one row every 10 ms."""
    import kaldi_native_fbank as knf

    middle, half = stretch.mean(), max(SHORTEST, stretch[1] - stretch[0]) / 2
    first = max(0, round((middle - half - MARGIN) * SAMPLE_RATE))
    piece = samples[first : round((middle + half + MARGIN) * SAMPLE_RATE)]
    piece = np.pad(piece, (0, max(0, round(SHORTEST * SAMPLE_RATE) - len(piece))))
    options = knf.FbankOptions()
    options.frame_opts.dither = 0.0
    options.mel_opts.num_bins = BANDS
    computer = knf.OnlineFbank(options)
    computer.accept_waveform(SAMPLE_RATE, piece)
    computer.input_finished()
    return np.stack([computer.get_frame(i) for i in range(computer.num_frames_ready)])
