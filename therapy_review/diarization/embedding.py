"""Voice embeddings: what a voice sounds like, as 192 numbers.

Samples are float32, mono, 16 kHz; times are seconds. Two stretches by one person lie close together (their
product is near one), by two people further apart. The numbers identify a person: they are treated like
recordings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from therapy_review.diarization.loading import THREADS, model
from therapy_review.diarization.segmentation import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

MODEL = "campplus-2"  # changes whenever the same sound would give other numbers
SIZE = 192
# The filter bank of Kaldi, which the network was trained with.
BANDS = 80
FRAME, HOP, FFT = 400, 160, 512  # samples
EMPHASIS = 0.97
TAPER = (np.hanning(FRAME) ** 0.85).astype(np.float32)
LOWEST = 20.0  # Hz
SHORTEST = 0.4  # seconds; a shorter stretch is heard with a little of what lies around it
MARGIN = 0.0125  # seconds: half of what one frame of sound hears more than its own 10 ms
TOGETHER = 10.0  # seconds heard in one go: what surrounds a window helps to hear it

Item = TypeVar("Item")
Found = TypeVar("Found")


def embed(samples: NDArray[np.float32], stretches: ArrayLike) -> NDArray[np.float32]:
    """Embed the voice heard in each stretch, start and end in seconds, as rows of length one.

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
        energies = band_energies(samples, stretch)
        return _pooled(energies, np.array([[0, len(energies)]]))

    table = np.asarray(stretches, dtype=float).reshape(-1, 2)
    return _joined(_in_parallel(listen, list(table), lambda stretch: float(stretch[1] - stretch[0])))


def embed_along(
    samples: NDArray[np.float32], stretches: ArrayLike, window: float, step: float
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.float32]]:
    """Embed the voice in windows along each stretch: their times, the number of the stretch each lies in, vectors.

    No window reaches beyond its stretch; a shorter stretch is one window.

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
        heard = [band_energies(samples, np.array([a, b])) for _, a, b in group]
        first, rows, bounds = 0, [], []
        for (number, a, b), energies in zip(group, heard, strict=True):
            for start, end in _windows(a, b, window, step):
                rows.append((start, end, number))
                from_, to = (round((t - a) / (b - a) * len(energies)) for t in (start, end))
                bounds.append((first + from_, first + to))
            first += len(energies)
        return rows, _pooled(np.concatenate(heard), np.array(bounds))

    found = _in_parallel(listen, list(_groups(pieces)), lambda group: sum(b - a for _, a, b in group))
    rows = np.array([row for rows, _ in found for row in rows], dtype=float).reshape(-1, 3)
    return rows[:, :2], rows[:, 2].astype(np.intp), _joined([vectors for _, vectors in found])


def band_energies(samples: NDArray[np.float32], stretch: NDArray[np.float64]) -> NDArray[np.float32]:
    """Give the log mel energies of a stretch every 10 ms, as Kaldi works them out (and its library, slower)."""
    from scipy.fft import rfft

    middle, half = stretch.mean(), max(SHORTEST, stretch[1] - stretch[0]) / 2
    first = max(0, round((middle - half - MARGIN) * SAMPLE_RATE))
    piece = samples[first : round((middle + half + MARGIN) * SAMPLE_RATE)]
    piece = np.pad(piece, (0, max(0, round(SHORTEST * SAMPLE_RATE) - len(piece))))
    frames = np.lib.stride_tricks.sliding_window_view(piece, FRAME)[::HOP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    wave = rfft((frames - np.float32(EMPHASIS) * before) * TAPER, FFT, axis=1)
    energies = (_bands() @ (wave.real**2 + wave.imag**2).T).T
    return np.asarray(np.log(np.maximum(energies, np.finfo(np.float32).eps)), dtype=np.float32)


@cache
def _bands() -> Any:
    """Triangles of even width on the mel scale, where librosa's are straight on the scale of Hz.

    Sparse, for a dense product would set all of the processor's cores spinning, many times a second.
    """
    from scipy.sparse import csr_array

    def mel(hertz: ArrayLike) -> NDArray[np.float64]:
        return np.asarray(1127 * np.log1p(np.asarray(hertz) / 700))

    edges = np.linspace(mel(LOWEST), mel(SAMPLE_RATE / 2), BANDS + 2)
    at = mel(np.arange(FFT // 2 + 1) * SAMPLE_RATE / FFT)[:, None]
    up = (at - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - at) / (edges[2:] - edges[1:-1])
    return csr_array(np.maximum(0, np.minimum(up, down)).T.astype(np.float32))


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


def _in_parallel(
    listen: Callable[[Item], Found], items: Sequence[Item], length: Callable[[Item], float]
) -> list[Found]:
    """Listen to the longest first, for memory grows with each that is longer than all before it."""
    order = sorted(range(len(items)), key=lambda number: -length(items[number]))
    with ThreadPoolExecutor(THREADS) as pool:
        found = dict(zip(order, pool.map(lambda number: listen(items[number]), order), strict=True))
    return [found[number] for number in range(len(items))]


def _joined(vectors: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.concatenate([np.empty((0, SIZE), np.float32), *vectors])


def _pooled(energies: NDArray[np.float32], bounds: NDArray[np.intp]) -> NDArray[np.float32]:
    """Embed windows of some frames; bounds are first and past-the-last frame."""
    count = (len(energies) + 1) // 2
    at = np.arange(count)[None]
    first = np.minimum(bounds[:, :1] // 2, count - 1)
    weights = (at >= first) & (at < np.maximum(first + 1, (bounds[:, 1:] + 1) // 2))
    windows = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    (vectors,) = model("campplus").run(
        None, {"fbank": (energies - energies.mean(axis=0))[None], "windows": windows}
    )
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9), dtype=np.float32)
