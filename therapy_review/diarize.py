"""Who spoke when: sound in, turns out.

Voice activity finds where somebody speaks; a voice embedding every 0.4 s, two clusters and a hidden Markov model
over time say which of the voices it is. This first engine gives every moment to one voice: it can't see two
people talking at once (`SEES_OVERLAP`), and two voices take turns no faster than its windows can tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from therapy_review.errors import RecordingError
from therapy_review.speech import find_speech
from therapy_review.turns import MIN_SILENCE, turns_table
from therapy_review.voices import embed

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENGINE = "silero-ge2e-1"  # changes whenever the same sound would give other turns
SHORTEST_SILENCE = MIN_SILENCE  # seconds: the floor of what it can see
SEES_OVERLAP: Literal["yes", "no"] = "no"

SAMPLE_RATE = 16_000
WINDOW = 1.2  # seconds a voice embedding hears
STEP = 0.4  # seconds from one embedding to the next
GRID = 0.1  # seconds: how finely turns are decided
# Neighbouring windows hear much the same sound: each counts for the part of it that is new.
EVIDENCE = STEP / WINDOW
# Cost (in log odds) of changing speakers from one grid point to the next, within speech and over a silence.
CHANGE_IN_SPEECH = 7.0
CHANGE_IN_SILENCE = 2.0
ROUNDS = 25


def diarize(samples: NDArray[np.float32], sample_rate: int = SAMPLE_RATE, speakers: int = 2) -> pd.DataFrame:
    """Find who spoke when.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono.
    sample_rate : int
        Hz; other rates than 16000 are resampled.
    speakers : int
        How many people are heard: 1 or 2.

    Returns
    -------
    DataFrame
        A turns table (see `therapy_review.turns`) with the voices ``voice_1`` and ``voice_2`` in the order they
        are first heard. Confidence is the mean probability, under the model, that the stretch is that voice's.
        The same samples always give the same turns.

    Raises
    ------
    RecordingError
        When the samples are not one channel of finite numbers, or `speakers` is not 1 or 2.

    References
    ----------
    Rabiner 1989, "A tutorial on hidden Markov models", Proc. IEEE 77(2), for decoding and posteriors.

    Examples
    --------
    >>> diarize(np.zeros(32000, np.float32)).empty
    True
    """
    samples = _checked(samples, sample_rate, speakers)
    speech = find_speech(samples)
    if speech.empty:
        return turns_table()
    if speakers == 1:
        return turns_table((start, end, "voice_1") for start, end in speech.to_numpy())
    centres = _centres(speech)
    vectors = embed(samples, centres - WINDOW / 2, WINDOW)
    odds = _log_odds(vectors)
    grid, piece = _grid(speech)
    on_grid = np.interp(grid, centres, odds) * EVIDENCE
    change = np.where(np.diff(piece) > 0, CHANGE_IN_SILENCE, CHANGE_IN_SPEECH)
    second, sure = _decode(on_grid, change)
    return _stretches(speech, grid, piece, second, sure)


def _checked(samples: NDArray[np.float32], sample_rate: int, speakers: int) -> NDArray[np.float32]:
    samples = np.asarray(samples, dtype=np.float32)
    if samples.ndim != 1 or not np.isfinite(samples).all():
        raise RecordingError(
            "Who spoke when is found in one channel of finite numbers; mix the channels first."
        )
    if speakers not in (1, 2):
        raise RecordingError(f"Who spoke when can be found for 1 or 2 people, not for {speakers}.")
    if sample_rate != SAMPLE_RATE:
        import librosa

        samples = librosa.resample(samples, orig_sr=sample_rate, target_sr=SAMPLE_RATE)
    return samples


def _centres(speech: pd.DataFrame) -> NDArray[np.float64]:
    """Spread windows evenly over each stretch of speech, at least one each."""
    pieces = []
    for start, end in speech.to_numpy():
        count = max(1, round((end - start) / STEP))
        edges = np.linspace(start, end, count + 1)
        pieces.append((edges[:-1] + edges[1:]) / 2)
    return np.concatenate(pieces)


def _log_odds(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Log odds of the second voice against the first, for every window.

    The windows are parted along the line between two centres, first by k-means from the two ends of the largest
    spread, then by two normal distributions of unlike weight along that line, so that somebody who says little
    is not swallowed.
    """
    data = vectors.astype(float)
    if len(data) < 4:
        return np.full(len(data), -1.0)
    _, _, axes = np.linalg.svd(data - data.mean(axis=0), full_matrices=False)
    along = data @ axes[0]
    low, high = np.argsort(along)[: max(1, len(data) // 10)], np.argsort(along)[-max(1, len(data) // 10) :]
    centres = np.stack([data[low].mean(axis=0), data[high].mean(axis=0)])
    for _ in range(ROUNDS):
        nearest = np.argmax(data @ _unit(centres).T, axis=1)
        moved = np.stack(
            [data[nearest == k].mean(axis=0) if (nearest == k).any() else centres[k] for k in (0, 1)]
        )
        if np.allclose(moved, centres):
            break
        centres = moved
    line = _unit(centres) @ data.T
    return _two_normals(line[1] - line[0], nearest)


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


def _two_normals(along: NDArray[np.float64], nearest: NDArray[np.intp]) -> NDArray[np.float64]:
    """Fit two normal distributions of one width by expectation maximisation; return the log odds."""
    weight = (nearest == 1).astype(float)
    odds = np.zeros(len(along))
    for _ in range(ROUNDS):
        share = np.clip(weight.mean(), 0.02, 0.98)
        means = [np.average(along, weights=w + 1e-9) for w in (1 - weight, weight)]
        spread = ((1 - weight) * (along - means[0]) ** 2 + weight * (along - means[1]) ** 2).mean() + 1e-9
        odds = (means[1] - means[0]) * (along - (means[0] + means[1]) / 2) / spread + np.log(
            share / (1 - share)
        )
        weight = 1 / (1 + np.exp(-np.clip(odds, -50, 50)))
    return odds


def _grid(speech: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Lay out the times at which turns are decided, and the stretch of speech each belongs to."""
    times, pieces = [], []
    for number, (start, end) in enumerate(speech.to_numpy()):
        count = max(1, round((end - start) / GRID))
        times.append(start + (np.arange(count) + 0.5) * (end - start) / count)
        pieces.append(np.full(count, number))
    return np.concatenate(times), np.concatenate(pieces)


def _decode(
    odds: NDArray[np.float64], change: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Follow two voices through time: the likeliest path, and the posterior of the second voice."""
    # One grid point's odds are its part of a window's; halves on both voices keep the two even.
    emission = np.column_stack([-odds, odds]) * (GRID / STEP) / 2
    n = len(odds)
    best, back = emission[0].copy(), np.zeros((n, 2), dtype=np.intp)
    forward, backward = np.empty((n, 2)), np.zeros((n, 2))
    forward[0] = emission[0]
    for i in range(1, n):
        cost = change[i - 1]
        came = np.array([best[0] >= best[1] - cost, best[1] >= best[0] - cost])
        back[i] = [0 if came[0] else 1, 1 if came[1] else 0]
        best = emission[i] + np.maximum(best, best[::-1] - cost)
        forward[i] = emission[i] + np.logaddexp(forward[i - 1], forward[i - 1][::-1] - cost)
    for i in range(n - 2, -1, -1):
        after = backward[i + 1] + emission[i + 1]
        backward[i] = np.logaddexp(after, after[::-1] - change[i])
    path = np.empty(n, dtype=np.intp)
    path[-1] = int(best[1] > best[0])
    for i in range(n - 1, 0, -1):
        path[i - 1] = back[i, path[i]]
    total = forward + backward
    return path.astype(bool), 1 / (1 + np.exp(np.clip(total[:, 0] - total[:, 1], -50, 50)))


def _stretches(
    speech: pd.DataFrame,
    grid: NDArray[np.float64],
    piece: NDArray[np.intp],
    second: NDArray[np.bool_],
    sure: NDArray[np.float64],
) -> pd.DataFrame:
    """Cut the speech where the voice changes, and give each stretch its voice and confidence."""
    cuts = np.flatnonzero((np.diff(piece) > 0) | (np.diff(second.astype(int)) != 0)) + 1
    first, last = np.append(0, cuts), np.append(cuts, len(grid)) - 1
    starts, ends = speech["start"].to_numpy(), speech["end"].to_numpy()
    earlier_voice = second[0]
    rows = []
    for a, b in zip(first, last, strict=True):
        begins_piece, ends_piece = (
            a == 0 or piece[a - 1] != piece[a],
            b == len(grid) - 1 or piece[b + 1] != piece[b],
        )
        start = starts[piece[a]] if begins_piece else (grid[a - 1] + grid[a]) / 2
        end = ends[piece[b]] if ends_piece else (grid[b] + grid[b + 1]) / 2
        mean = float(sure[a : b + 1].mean())
        voice = "voice_1" if second[a] == earlier_voice else "voice_2"
        rows.append((float(start), float(end), voice, mean if second[a] else 1 - mean))
    return turns_table(rows)
