"""Early and recent: the first sessions of a journal beside the newest ones, and what of both can be heard.

*Early* are the first quarter of the sessions, *recent* the last quarter, at least one each. A pair of moments is
one of a kind from the first half of the path and one from the second, as early and as recent as there is one:
nobody chooses what sounds well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from therapy_review.errors import TherapyReviewError
from therapy_review.journal import PROUD
from therapy_review.measures import behind, moments

if TYPE_CHECKING:
    from therapy_review.journal import Journal, Session


@dataclass(frozen=True)
class Sides:
    """The names of the early sessions and of the recent ones, in order of time."""

    early: tuple[str, ...]
    recent: tuple[str, ...]


@dataclass(frozen=True)
class HeardMoment:
    """A moment of a session.

    Parameters
    ----------
    session : Session
    start, end : float
        Seconds from the recording's start.
    why : str
        What it is, in a sentence.
    """

    session: Session
    start: float
    end: float
    why: str


@dataclass(frozen=True)
class Pair:
    """Two moments of one kind."""

    kind: str
    chosen: str
    early: HeardMoment
    recent: HeardMoment


def early_and_recent(names: Iterable[str]) -> Sides | None:
    """Tell which sessions are early and which recent.

    Parameters
    ----------
    names : iterable of str
        The names of all sessions.

    Returns
    -------
    Sides or None
        None of fewer than two sessions.

    Examples
    --------
    >>> early_and_recent(f"2026-01-{day:02d}" for day in range(1, 9))
    Sides(early=('2026-01-01', '2026-01-02'), recent=('2026-01-07', '2026-01-08'))
    """
    every = sorted(names)
    if len(every) < 2:
        return None
    n = max(1, len(every) // 4)
    return Sides(tuple(every[:n]), tuple(every[-n:]))


def pairs_to_hear(journal: Journal) -> list[Pair]:
    """Choose up to three pairs of moments, one early and one recent of each kind.

    Parameters
    ----------
    journal : Journal

    Returns
    -------
    list of Pair
        None of a kind that is missing in one half of the path. Only of sessions that were analysed and may be heard
        by the client; nothing of what is marked as a trigger.
    """
    sessions = [session for session in journal.sessions if session.has_recording]
    half = len(sessions) // 2
    found = []
    for kind, chosen, find, newest in _KINDS:
        early = next(_heard(sessions[:half], find, 0), None)
        recent = next(_heard(sessions[::-1][:half], find, newest), None)
        if early and recent:
            found.append(Pair(kind, chosen, early, recent))
    return found


def _heard(
    sessions: Iterable[Session], find: Callable[[Session], pd.DataFrame], which: int
) -> Iterator[HeardMoment]:
    for session in sessions:
        try:
            session.recording("self_review")
            there = find(session)
        except TherapyReviewError:  # closed, or not listened to yet: another session then
            continue
        if len(there):
            row = there.iloc[which]
            yield HeardMoment(session, float(row["start"]), float(row["end"]), str(row["why"]))


def _proud(session: Session) -> pd.DataFrame:
    marks = session.marks
    proud = marks[marks["kind"].isin(PROUD)]
    if proud.empty:
        return proud
    others = marks[~marks["kind"].isin([*PROUD, "bookmark"])]
    chosen = moments(session.turns, pd.concat([proud, others]), len(proud))
    return chosen[chosen["kind"] == "mark"]


def _longest_turn(session: Session) -> pd.DataFrame:
    turns = session.turns
    named = "client" in set(turns["speaker"])
    return behind(turns, "longest_turn", "client", marks=session.marks) if named else turns.iloc[:0]


# With which of those found in a session the recent side hears: marks come in order of time, the others by length.
_KINDS: tuple[tuple[str, str, Callable[[Session], pd.DataFrame], int], ...] = (
    (
        "Something you were proud of",
        "The first moment you marked as a proud one, and the newest.",
        _proud,
        -1,
    ),
    (
        "You, talking at length",
        "Your longest turn in the first session that can be heard, and in the newest.",
        _longest_turn,
        0,
    ),
    (
        "A silence",
        "The longest silence of the first session that can be heard and has a long one, and of the newest.",
        lambda session: behind(session.turns, "longest_silence", marks=session.marks),
        0,
    ),
)
