"""Who spoke when: sound in, turns out.

Voice activity finds where somebody speaks, whoever it is; an embedding every 0.15 s along that speech and a hidden
Markov model over time say which of the voices it is; where the segmentation network hears two people, both do.
A pure function: the same sound always gives the same turns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from therapy_review.diarization.clustering import MOST, STEP, Voices, find_voices
from therapy_review.diarization.embedding import embed_along
from therapy_review.diarization.loading import weights_of
from therapy_review.diarization.segmentation import SAMPLE_RATE, checked, voices_at_once
from therapy_review.diarization.voice_activity import speech_probability, stretches_of
from therapy_review.errors import RecordingError
from therapy_review.turns import merge_stretches, turns_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

ENGINE = "segmentation-campplus-4"  # changes whenever the same sound would give other turns
WINDOW = 0.45  # seconds an embedding hears
DOUBT = 1e-4  # the least that is doubted
SHORTEST = 0.1  # seconds: nothing is said in less
TWO_BEGIN, TWO_END = 0.6, 0.4  # probability from which, and down to which, two are heard
SHORTEST_OVERLAP = 0.2  # seconds


def diarize(
    samples: NDArray[np.float32], sample_rate: int = SAMPLE_RATE, speakers: int | None = 2
) -> pd.DataFrame:
    """Find who spoke when.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono.
    sample_rate : int
        Hz, 4000 to 384000; other rates than 16000 are resampled.
    speakers : int or None
        How many people are heard: 1, 2 or 3; found from the sound when None.

    Returns
    -------
    DataFrame
        A turns table (see `therapy_review.turns.table`) with the voices ``voice_1``, ``voice_2`` … in the order
        they are first heard. Rows of two voices lie over each other where both speak. Of the stretches given a
        confidence of 0.9, about 90 in 100 are that voice's for most of their time.

    Raises
    ------
    RecordingError
        When the samples are not one channel of finite numbers, the rate is none that sound has, or `speakers` is
        not 1, 2, 3 or None.

    Examples
    --------
    >>> diarize(np.zeros(32000, np.float32)).empty
    True
    """
    given: object = speakers
    is_number = isinstance(given, int | np.integer) and not isinstance(given, bool)
    if speakers is not None and not (is_number and 1 <= speakers <= MOST):
        raise RecordingError(f"Who spoke when can be found for 1 to {MOST} people, not for {speakers!r}.")
    turns = tell_apart(checked(samples, sample_rate), speakers)
    right = believed(turns) @ weights_of("confidence")["weights"]  # log odds
    return turns.assign(confidence=1 / (1 + np.exp(-right)))


def tell_apart(samples: NDArray[np.float32], speakers: int | None) -> pd.DataFrame:
    """Find who spoke when, as `diarize` does, with the model's own probability for a confidence."""
    if len(samples) < SHORTEST * SAMPLE_RATE:
        return turns_table()
    at_once = voices_at_once(samples)
    speech = stretches_of(speech_probability(samples, 1 - at_once[:, 0]))
    speech["end"] = speech["end"].clip(upper=len(samples) / SAMPLE_RATE)
    if speech.empty:
        return turns_table()
    bounds = speech.to_numpy(dtype=float)
    times, stretch, vectors = embed_along(samples, bounds, WINDOW, STEP)
    voices = find_voices(vectors, times[:, 1] - times[:, 0], stretch, speakers)
    rows = list(_stretches(bounds, times.mean(axis=1), stretch, voices))
    two = stretches_of(at_once[:, 2], TWO_BEGIN, TWO_END)
    return _named(
        _with_overlap(rows, two[two["end"] - two["start"] >= SHORTEST_OVERLAP].to_numpy(dtype=float))
    )


def believed(turns: pd.DataFrame) -> Numbers:
    """Gather what tells whether a stretch is given to the right voice, one row a stretch.

    One; the log odds of the model's probability, which takes itself for too sure; the log of the seconds.
    """
    sure = turns["confidence"].clip(DOUBT, 1 - DOUBT)
    seconds = (turns["end"] - turns["start"]).clip(lower=SHORTEST)
    return np.column_stack([np.ones(len(turns)), np.log(sure / (1 - sure)), np.log(seconds)])


def _stretches(
    bounds: Numbers, middles: Numbers, stretch: NDArray[np.intp], voices: Voices
) -> list[tuple[float, float, int, float]]:
    """Cut each stretch of speech where the voice changes: start, end, voice, how probable it is."""
    rows = []
    cuts = np.flatnonzero((np.diff(stretch) > 0) | (np.diff(voices.path) != 0)) + 1
    first, last = np.append(0, cuts), np.append(cuts, len(stretch)) - 1
    for a, b in zip(first.tolist(), last.tolist(), strict=True):
        start, end = bounds[stretch[a]]
        if a > 0 and stretch[a - 1] == stretch[a]:
            start = (middles[a - 1] + middles[a]) / 2
        if b + 1 < len(stretch) and stretch[b + 1] == stretch[b]:
            end = (middles[b] + middles[b + 1]) / 2
        voice = int(voices.path[a])
        rows.append((float(start), float(end), voice, float(voices.posterior[a : b + 1, voice].mean())))
    return rows


def _with_overlap(
    rows: list[tuple[float, float, int, float]], two: Numbers
) -> list[tuple[float, float, int, float]]:
    """Let the other voice speak too where two are heard: the one that is nearest in time."""
    added = []
    for start, end in two:
        within = [row for row in rows if row[0] < end and row[1] > start]
        if not within:
            continue
        main = max(within, key=lambda row: min(row[1], end) - max(row[0], start))
        others = [row for row in rows if row[2] != main[2]]
        if others:
            near = min(others, key=lambda row: max(row[0] - end, start - row[1], 0.0))
            sure = min(main[3], near[3])
            added += [(float(start), float(end), voice, sure) for voice in (main[2], near[2])]
    return rows + added


def _named(rows: list[tuple[float, float, int, float]]) -> pd.DataFrame:
    """Name the voices in the order they are first heard, and join what belongs together."""
    order: dict[int, str] = {}
    for row in sorted(rows):
        order.setdefault(row[2], f"voice_{len(order) + 1}")
    parts = []
    for voice, name in order.items():
        own = sorted((start, end, sure) for start, end, number, sure in rows if number == voice)
        joined: list[list[float]] = []
        for start, end, sure in own:
            if joined and start <= joined[-1][1]:
                length, more = joined[-1][1] - joined[-1][0], max(0.0, end - joined[-1][1])
                joined[-1][2] = (joined[-1][2] * length + sure * more) / (length + more)
                joined[-1][1] = max(joined[-1][1], end)
            else:
                joined.append([start, end, sure])
        parts += [(start, end, name, sure) for start, end, sure in joined]
    return merge_stretches(turns_table(parts))
