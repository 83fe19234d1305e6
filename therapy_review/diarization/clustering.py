"""How many voices there are, and whose each window is.

A voice is a normal distribution around its mean embedding, as wide in every direction as voices are along the
lines between them. A hidden Markov model ties windows together that follow each other. Embeddings are rows of
length one; everything here is a pure function and draws no random numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Vectors = NDArray[np.float32]

STEP = 0.15  # seconds from one window to the next
ROUNDS = 10
MOST = 3  # voices looked for where their number is not given
SAME = 0.65  # cosine of two means from which on they are one voice, heard in two moods
LEAST = 4.0  # seconds of speech that make a voice of its own where the number is not given
SURE = 2.0  # what a window's word counts for: 1 and less lets short turns be swallowed
# Cost (in log odds) of changing voices from one window to the next, within a stretch of speech and after it.
CHANGE_WITHIN = 3.0
CHANGE_BETWEEN = 0.5


class Voices(NamedTuple):
    """What windows say about the voices of a recording: a mean each, how probable each is, the likeliest path."""

    means: Numbers
    posterior: Numbers
    path: NDArray[np.intp]


def find_voices(
    vectors: NDArray[np.float32], seconds: Numbers, stretch: NDArray[np.intp], count: int | None
) -> Voices:
    """Find the voices in windows that follow each other; one to three are tried where their number is not given.

    Each window has its length in seconds and the number of the stretch of speech it lies in.

    References
    ----------
    Rabiner 1989, "A tutorial on hidden Markov models", Proc. IEEE 77(2); Landini, Profant, Diez & Burget 2022,
    "Bayesian HMM clustering of x-vector sequences (VBx)", Computer Speech & Language 71.
    """
    weight = _news(seconds, stretch) / seconds.max()
    change = np.where(np.diff(stretch) > 0, CHANGE_BETWEEN, CHANGE_WITHIN)
    if count is not None:
        return _followed(vectors, weight, change, _means(vectors, weight, count))
    found = _followed(vectors, weight, change, _means(vectors, weight, 1))
    for more in range(2, MOST + 1):
        candidate = _followed(vectors, weight, change, _means(vectors, weight, more))
        if not _are_different(candidate, stretch, seconds):
            break
        found = candidate
    return found


def _news(seconds: Numbers, stretch: NDArray[np.intp]) -> Numbers:
    """Give the seconds each window adds to what its neighbours heard: they lie over each other."""
    windows = np.bincount(stretch)[stretch]
    return np.where(windows > 1, STEP + (seconds - STEP) / windows, seconds)


def _are_different(voices: Voices, stretch: NDArray[np.intp], seconds: Numbers) -> bool:
    """Tell whether every voice says enough, and sounds unlike every other."""
    means = _unit(voices.means)
    alike = (means @ means.T)[np.triu_indices(len(means), 1)]
    said = np.bincount(voices.path, weights=_news(seconds, stretch), minlength=len(means))
    return bool((alike < SAME).all() and (said >= LEAST).all())


def _unit(vectors: Numbers) -> Numbers:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def _summed(share: NDArray[np.floating], data: Vectors) -> Numbers:
    """Add up the windows' embeddings by their share in each voice; no second copy of an hour's is made for it."""
    return np.asarray(share.T.astype(np.float32) @ data, dtype=float)


def _along(data: Vectors, lines: Numbers) -> Numbers:
    """Give the product of every window's embedding with one or more directions."""
    return np.asarray(data @ lines.T.astype(np.float32), dtype=float)


def _means(data: Vectors, weight: Numbers, count: int) -> Numbers:
    """Start from the windows furthest apart, and move the means among their windows (spherical k-means)."""
    mean = _summed(weight, data) / weight.sum()
    scatter = _summed(data * weight.astype(np.float32)[:, None], data) - weight.sum() * np.outer(mean, mean)
    axes = np.linalg.eigh(scatter)[1].T[::-1]
    best, means = -np.inf, np.asarray(mean[None])
    for axis in axes[:3] if count > 1 else ():
        along = _along(data, axis)
        tails = [along <= np.quantile(along, 0.1), along >= np.quantile(along, 0.9)]
        started = [data[tail].mean(axis=0) for tail in tails]
        while len(started) < count:  # the next one lies where none so far is near
            nearest = _along(data, _unit(np.array(started))).max(axis=1)
            started.append(data[nearest <= np.quantile(nearest, 0.05)].mean(axis=0))
        found, fit = _k_means(data, weight, np.array(started))
        if fit > best:
            best, means = fit, found
    return means


def _k_means(data: Vectors, weight: Numbers, means: Numbers) -> tuple[Numbers, float]:
    for _ in range(ROUNDS):
        score = _along(data, _unit(means))
        share = np.eye(len(means))[score.argmax(axis=1)] * weight[:, None]
        total = share.sum(axis=0)[:, None]
        moved = np.where(total > 0, _summed(share, data) / np.maximum(total, 1e-9), means)
        if np.allclose(moved, means):
            break
        means = moved
    return means, float(weight @ score.max(axis=1))


def _followed(data: Vectors, weight: Numbers, change: Numbers, means: Numbers) -> Voices:
    """Follow the voices through time, and learn them anew from what is theirs, until nothing moves."""
    posterior = np.ones((len(data), len(means)))
    for number in range(ROUNDS):
        emission = (
            _log_likelihood(data, weight, means, posterior if number else None) * SURE * weight[:, None]
        )
        before, posterior = posterior, _posterior(emission, change)
        share = posterior * weight[:, None]
        enough = share.sum(axis=0) > 1
        means = np.where(
            enough[:, None], _summed(share, data) / np.maximum(share.sum(axis=0), 1e-9)[:, None], means
        )
        if np.abs(posterior - before).max() < 1e-3:
            break
    return Voices(means, posterior, _path(emission, change))


def _log_likelihood(data: Vectors, weight: Numbers, means: Numbers, posterior: Numbers | None) -> Numbers:
    score = _along(data, means) - (means**2).sum(axis=1) / 2
    if len(means) == 1:
        return np.zeros_like(score)
    if posterior is None:
        posterior = np.eye(len(means))[score.argmax(axis=1)]
    # The width that counts is that along the lines between the means.
    spread, total = 0.0, 0.0
    for a in range(len(means)):
        for b in range(a):
            line = _unit(means[a] - means[b])
            for k in (a, b):
                own = posterior[:, k] * weight
                spread += float(own @ (_along(data, line) - means[k] @ line) ** 2)
                total += float(own.sum())
    return np.asarray(score / max(spread / max(total, 1e-9), 1e-4))


def _posterior(emission: Numbers, change: Numbers) -> Numbers:
    """Weigh what every window says with what all before and all after it say."""
    likely = np.exp(emission - emission.max(axis=1, keepdims=True))
    leave = np.exp(-change)
    share = _arrivals(likely, leave) * likely * _arrivals(likely[::-1], leave[::-1])[::-1]
    return np.asarray(share / share.sum(axis=1, keepdims=True))


def _arrivals(likely: Numbers, leave: Numbers) -> Numbers:
    """Give how likely each voice is at each window from the windows before it alone."""
    # Plain numbers: a call of numpy for two or three of them takes ten times as long.
    here = [1.0] * likely.shape[1]
    rows = [here]
    for said, part in zip(likely[:-1].tolist(), leave.tolist(), strict=True):
        heard = [a * b for a, b in zip(here, said, strict=True)]
        total = sum(heard)
        here = [(own + part * (total - own)) / total for own in heard]
        rows.append(here)
    return np.array(rows)


def _path(emission: Numbers, change: Numbers) -> NDArray[np.intp]:
    """Find the likeliest sequence (Viterbi)."""
    first, *rest = emission.tolist()
    score, came = first, []
    for said, cost in zip(rest, change.tolist(), strict=True):
        best = score.index(max(score))
        moved = score[best] - cost
        came.append([best if moved > own else k for k, own in enumerate(score)])
        score = [max(own, moved) + more for own, more in zip(score, said, strict=True)]
    path = [score.index(max(score))]
    for origin in reversed(came):
        path.append(origin[path[-1]])
    return np.array(path[::-1], dtype=np.intp)
