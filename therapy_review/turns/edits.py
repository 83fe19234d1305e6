"""Corrections applied to turns, and what a client does to turns as the lines that say it.

Every act (`relabel`, `split`, `merge`, `add`, `delete`, `swap`) looks at the turns as they are shown and returns
lines, which `Session.correct` keeps as one step: they name who was shown there before, so that a line which
changed something can be told from one that agreed. Lines of several acts may be put one after the other and are
then one step too. Silences inside what is given to somebody else stay silent: only `add` and `merge` fill them.
Nothing here is kept or changed: everything is a pure function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from therapy_review.consent import ROLES
from therapy_review.errors import TurnsError
from therapy_review.journal import (
    SWAP,
    THE_OTHER,
    Correction,
    People,
    evidence,
    is_swapped,
    last_word,
    one_word,
    people_in,
)
from therapy_review.turns.table import MIN_SILENCE, TOLERANCE, name_speakers, turns_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PART = ("start", "end", "speaker", "confidence", "heard")


def corrected(voices: pd.DataFrame, corrections: pd.DataFrame) -> pd.DataFrame:
    """Turn what an engine heard into what holds: voices named, then corrections applied.

    Names that the turns have already change places first, where the client said that they are the wrong way round.

    Parameters
    ----------
    voices : DataFrame
        A turns table of voices, or of people where tracks, another program or a voice print named them.
    corrections : DataFrame
        A corrections table.

    Returns
    -------
    DataFrame
        A turns table.

    Examples
    --------
    >>> from therapy_review.journal.corrections import no_corrections, record
    >>> heard = turns_table([(0, 4, "voice_1"), (5, 9, "voice_2"), (10, 12, "voice_2")])
    >>> lines = [Correction(0, 4, "client"), Correction(10, 12, "client", was="therapist")]
    >>> said = record(no_corrections(), lines)
    >>> corrected(heard, said)["speaker"].tolist()
    ['client', 'therapist', 'client']
    """
    if is_swapped(corrections):
        voices = voices.assign(speaker=voices["speaker"].replace(THE_OTHER))
    return apply(name_speakers(voices, evidence(corrections)), corrections)


def apply(turns: pd.DataFrame, corrections: pd.DataFrame) -> pd.DataFrame:
    """Let corrections say who speaks in the time they cover.

    What they leave of a stretch counts on its own only from 0.2 s on, the length that counts as a silence;
    less is the edge of what the client heard (another copy of a recording begins some hundredths of a second
    earlier or later, another engine hears words end elsewhere) and goes with the correction.

    Examples
    --------
    >>> from therapy_review.journal.corrections import no_corrections, record
    >>> said = record(no_corrections(), [Correction(2, 4, "therapist"), Correction(6, 7, "nobody")])
    >>> apply(turns_table([(0, 7.05, "client", 0.8)]), said)
       start  end    speaker  confidence
    0    0.0  2.0     client         0.8
    1    2.0  4.0  therapist         1.0
    2    4.0  6.0     client         0.8
    """
    said = last_word(corrections)
    if said.empty:
        return turns
    starts, ends = (said[name].to_numpy() for name in ("start", "end"))
    people = [people_in(word) for word in said["speaker"]]
    parts = [(a, b, who, 1.0, 0.0) for a, b, some in zip(starts, ends, people, strict=True) for who in some]
    for start, end, who, sure in turns[list(_PART[:4])].itertuples(index=False):
        for a, b, beside in _uncovered(start, end, starts, ends):
            if beside is None or b - a >= MIN_SILENCE - TOLERANCE or who in people[beside]:
                parts.append((a, b, who, sure, b - a))
            else:
                parts += [(a, b, name, 1.0, b - a) for name in people[beside]]
    return _joined(pd.DataFrame(parts, columns=list(_PART))) if parts else turns_table()


def _uncovered(
    start: float, end: float, starts: NDArray[np.float64], ends: NDArray[np.float64]
) -> Iterator[tuple[float, float, int | None]]:
    """Give what is left of a stretch beside the corrected ones, each with the one beside it."""
    first, after = np.searchsorted(ends, start, side="right"), np.searchsorted(starts, end)
    at, beside = start, None
    for which in range(int(first), int(after)):
        if starts[which] > at + TOLERANCE:
            yield at, float(starts[which]), which if beside is None else beside
        at, beside = float(ends[which]), which
    if end > at + TOLERANCE:
        yield at, end, beside


def _joined(parts: pd.DataFrame) -> pd.DataFrame:
    """Join what touches, speaker by speaker; confidence is the mean over what an engine heard."""
    parts = parts.sort_values(["speaker", "start"], kind="stable", ignore_index=True)
    latest = parts.groupby("speaker")["end"].cummax()
    apart = (parts["speaker"] != parts["speaker"].shift()) | (parts["start"] > latest.shift() + TOLERANCE)
    by = parts.assign(sure=parts["confidence"] * parts["heard"]).groupby(apart.cumsum())
    table = by.agg(
        start=("start", "min"), end=("end", "max"), speaker=("speaker", "first"), sure=("sure", "sum"),
        heard=("heard", "sum"),
    )  # fmt: skip
    sure = (table["sure"] / table["heard"].where(table["heard"] > 0)).fillna(1.0).clip(upper=1.0)
    return turns_table(table.assign(confidence=sure)[list(_PART[:4])].itertuples(index=False, name=None))


def relabel(turns: pd.DataFrame, start: float, end: float, speaker: str, was: str = "") -> list[Correction]:
    """Say who it is that speaks from `start` to `end`: a role, ``both``, ``nobody``, or roles joined by ``+``.

    Only what is given to `was` now is meant, whoever else is heard there; everything where it is empty. Where
    nobody was heard nothing is said (see `add`).

    Examples
    --------
    >>> relabel(turns_table([(0, 3, "client"), (4, 6, "therapist")]), 2, 6, "client")
    [Correction(start=2.0, end=3.0, speaker='client', was='client'),
     Correction(start=4.0, end=6.0, speaker='client', was='therapist')]
    >>> relabel(turns_table([(0, 3, "client"), (1, 2, "therapist")]), 1, 2, "nobody", was="therapist")
    [Correction(start=1.0, end=2.0, speaker='client', was='both')]
    """
    people = people_in(speaker)

    def change(heard: People) -> People | None:
        if was:
            return (heard - {was}) | people if was in heard else None
        return people if heard else None

    return _lines(turns, start, end, change)


def split(turns: pd.DataFrame, at: float, then: str) -> list[Correction]:
    """Say that one stretch holds two: until `at` who is shown, from there somebody else, or nobody.

    Examples
    --------
    >>> split(turns_table([(0, 5, "client")]), 3, "therapist")
    [Correction(start=0.0, end=3.0, speaker='client', was='client'),
     Correction(start=3.0, end=5.0, speaker='therapist', was='client')]
    """
    stretch = turns.iloc[_at(turns, at)]
    start, end, who = (stretch[name] for name in ("start", "end", "speaker"))
    return [
        *_lines(turns, start, at, lambda heard: heard),
        *_lines(turns, at, end, lambda heard: (heard - {who}) | people_in(then)),
    ]


def merge(turns: pd.DataFrame, at: float) -> list[Correction]:
    """Say that a stretch and the next one are one, by who speaks first, without a silence between.

    Examples
    --------
    >>> merge(turns_table([(0, 3, "client"), (3.5, 4, "therapist")]), 2)
    [Correction(start=0.0, end=3.0, speaker='client', was='client'),
     Correction(start=3.0, end=3.5, speaker='client', was='nobody'),
     Correction(start=3.5, end=4.0, speaker='client', was='therapist')]
    """
    row = _at(turns, at)
    if row + 1 == len(turns):
        raise TurnsError(f"Nobody speaks after {at:.1f} s, so there is nothing to merge with.")
    first, then = turns.iloc[row], turns.iloc[row + 1]
    end, who = max(first["end"], then["end"]), frozenset([first["speaker"]])
    return _lines(turns, first["start"], end, lambda heard: (heard - {then["speaker"]}) | who)


def add(turns: pd.DataFrame, start: float, end: float, speaker: str) -> list[Correction]:
    """Say that somebody speaks from `start` to `end`, beside whoever else is heard there.

    Examples
    --------
    >>> add(turns_table([(0, 3, "client")]), 2, 4, "therapist")
    [Correction(start=2.0, end=3.0, speaker='both', was='client'),
     Correction(start=3.0, end=4.0, speaker='therapist', was='nobody')]
    """
    return _lines(turns, start, end, lambda heard: heard | people_in(speaker))


def delete(turns: pd.DataFrame, start: float, end: float, speaker: str) -> list[Correction]:
    """Say that somebody does not speak from `start` to `end`, whoever else is heard there.

    Examples
    --------
    >>> delete(turns_table([(0, 3, "client"), (2, 4, "therapist")]), 2, 4, "therapist")
    [Correction(start=2.0, end=3.0, speaker='client', was='both'),
     Correction(start=3.0, end=4.0, speaker='nobody', was='therapist')]
    """
    return _lines(turns, start, end, lambda heard: heard - people_in(speaker))


def swap() -> list[Correction]:
    """Say that client and therapist were taken for one another, in the whole session and all that was said before.

    Examples
    --------
    >>> swap()
    [Correction(start=nan, end=nan, speaker='swap', was='')]
    """
    return [Correction(math.nan, math.nan, SWAP)]


def _at(turns: pd.DataFrame, at: float) -> int:
    """Find the stretch that sounds at a time; of several, the one that began last."""
    rows = np.flatnonzero((turns["start"] <= at) & (turns["end"] > at))
    if len(rows) == 0:
        raise TurnsError(f"Nobody is heard at {at:.1f} s; choose a time within a stretch of speech.")
    return int(rows[-1])


def _lines(
    turns: pd.DataFrame, start: float, end: float, change: Callable[[People], People | None]
) -> list[Correction]:
    """Cut the time where who is heard changes, and say of each part who speaks there, or nothing.

    Of silence that stays silence nothing is said.
    """
    here = turns[(turns["start"] < end - TOLERANCE) & (turns["end"] > start + TOLERANCE)]
    times = here[["start", "end"]].clip(start, end).to_numpy()
    edges = np.unique(np.round([start, end, *times.ravel()], 3))
    lines: list[Correction] = []
    for a, b in pairwise(edges.tolist()):
        sounds = (here["start"] < (a + b) / 2) & (here["end"] > (a + b) / 2)
        heard: People = frozenset(here.loc[sounds, "speaker"])
        people = change(heard)
        if people is None or not (people or heard):
            continue
        now, was = one_word(people), one_word(heard) if heard <= set(ROLES) else ""
        last = lines[-1] if lines else None
        if last and (last.end, last.speaker, last.was) == (a, now, was):
            lines[-1] = replace(last, end=b)
        else:
            lines.append(Correction(a, b, now, was))
    return lines


def spoken_of(turns: pd.DataFrame, corrections: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell of each stretch whether the client has said something about any part of it.

    Parameters
    ----------
    turns : DataFrame
        A turns table.
    corrections : DataFrame
        A corrections table.

    Returns
    -------
    ndarray of bool, shape (n_stretches,)

    Examples
    --------
    >>> from therapy_review.journal.corrections import no_corrections, record
    >>> said = record(no_corrections(), [Correction(1, 2, "client")])
    >>> spoken_of(turns_table([(0, 1, "client"), (1.5, 3, "client")]), said).tolist()
    [False, True]
    """
    word = last_word(corrections)
    first = np.searchsorted(word["end"], turns["start"] + TOLERANCE, side="right")
    after = np.searchsorted(word["start"], turns["end"] - TOLERANCE)
    return np.asarray(after > first)
