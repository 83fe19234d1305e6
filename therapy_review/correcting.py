"""Correcting: what a client does to turns, as the lines a corrections table takes.

Every act looks at the turns as they are shown and returns lines, which `Session.correct` keeps as one step: they
name who was shown there before, so that a line which changed something can be told from one that agreed. Lines of
several acts may be put one after the other and are then one step too. Silences inside what is given to somebody
else stay silent: only `add` and `merge` fill them. Nothing here is kept or changed: everything is a pure function.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from therapy_review.corrections import NOBODY, SWAP, Correction, People, one_word, people_in
from therapy_review.errors import TurnsError
from therapy_review.turns import ROLES, TOLERANCE


def relabel(turns: pd.DataFrame, start: float, end: float, speaker: str) -> list[Correction]:
    """Say who it is that speaks from `start` to `end`.

    Parameters
    ----------
    turns : DataFrame
        A turns table.
    start, end : float
        Seconds from the recording's start.
    speaker : str
        A role, ``both``, ``nobody``, or roles joined by ``+``.

    Returns
    -------
    list of Correction
        One a stretch that was heard there; none where nobody was heard (see `add`).

    Examples
    --------
    >>> from therapy_review.turns import turns_table
    >>> relabel(turns_table([(0, 3, "client"), (4, 6, "therapist")]), 2, 6, "client")
    [Correction(start=2.0, end=3.0, speaker='client', was='client'),
     Correction(start=4.0, end=6.0, speaker='client', was='therapist')]
    """
    return _lines(turns, start, end, lambda heard: people_in(speaker) if heard else heard)


def split(turns: pd.DataFrame, at: float, then: str) -> list[Correction]:
    """Say that one stretch holds two: until `at` who is shown, from there somebody else.

    Parameters
    ----------
    turns : DataFrame
        A turns table.
    at : float
        Seconds, within a stretch of speech.
    then : str
        Who speaks from there to the stretch's end; ``nobody`` when it was over.

    Returns
    -------
    list of Correction

    Raises
    ------
    TurnsError
        When nobody speaks at that time.

    Examples
    --------
    >>> from therapy_review.turns import turns_table
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

    Parameters
    ----------
    turns : DataFrame
        A turns table.
    at : float
        Seconds, within a stretch of speech.

    Returns
    -------
    list of Correction

    Raises
    ------
    TurnsError
        When nobody speaks at that time, or nobody after it.

    Examples
    --------
    >>> from therapy_review.turns import turns_table
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

    Parameters
    ----------
    turns : DataFrame
        A turns table.
    start, end : float
        Seconds from the recording's start.
    speaker : str
        As in `relabel`.

    Returns
    -------
    list of Correction

    Examples
    --------
    >>> from therapy_review.turns import turns_table
    >>> add(turns_table([(0, 3, "client")]), 2, 4, "therapist")
    [Correction(start=2.0, end=3.0, speaker='both', was='client'),
     Correction(start=3.0, end=4.0, speaker='therapist', was='nobody')]
    """
    return _lines(turns, start, end, lambda heard: heard | people_in(speaker))


def delete(turns: pd.DataFrame, start: float, end: float, speaker: str) -> list[Correction]:
    """Say that somebody does not speak from `start` to `end`, whoever else is heard there.

    Parameters
    ----------
    turns : DataFrame
        A turns table.
    start, end : float
        Seconds from the recording's start.
    speaker : str
        As in `relabel`.

    Returns
    -------
    list of Correction

    Examples
    --------
    >>> from therapy_review.turns import turns_table
    >>> delete(turns_table([(0, 3, "client"), (2, 4, "therapist")]), 2, 4, "therapist")
    [Correction(start=2.0, end=3.0, speaker='client', was='both'),
     Correction(start=3.0, end=4.0, speaker='nobody', was='therapist')]
    """
    return _lines(turns, start, end, lambda heard: heard - people_in(speaker))


def swap() -> list[Correction]:
    """Say that client and therapist were taken for one another, in the whole session.

    Returns
    -------
    list of Correction
        One line, without times: it holds for all that was said before it.

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
    turns: pd.DataFrame, start: float, end: float, change: Callable[[People], People]
) -> list[Correction]:
    """Cut the time where who is heard changes, and say of each part who speaks there; silence is left alone."""
    here = turns[(turns["start"] < end - TOLERANCE) & (turns["end"] > start + TOLERANCE)]
    times = here[["start", "end"]].clip(start, end).to_numpy()
    edges = np.unique(np.round([start, end, *times.ravel()], 3))
    lines: list[Correction] = []
    for a, b in pairwise(edges.tolist()):
        sounds = (here["start"] < (a + b) / 2) & (here["end"] > (a + b) / 2)
        heard: People = frozenset(here.loc[sounds, "speaker"])
        now = one_word(change(heard))
        was = one_word(heard) if heard <= set(ROLES) else ""
        if now == was == NOBODY:
            continue
        last = lines[-1] if lines else None
        if last and (last.end, last.speaker, last.was) == (a, now, was):
            lines[-1] = replace(last, end=b)
        else:
            lines.append(Correction(a, b, now, was))
    return lines
