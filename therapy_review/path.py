"""Path: what is kept of all sessions, gathered to be seen side by side.

`way` reads a journal once; everything after that only chooses from it: a span of time, the sessions with a mood word,
or what somebody has opened. Nothing is filled in.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from therapy_review import trends
from therapy_review.errors import TherapyReviewError
from therapy_review.marks import PROUD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from therapy_review.journal import Journal
    from therapy_review.session import Session


@dataclass(frozen=True)
class Way:
    """Everything the path shows, as tables with a column session each.

    Parameters
    ----------
    sessions : DataFrame
        As from `therapy_review.trends.sessions_table`.
    moods : DataFrame
        As from `therapy_review.trends.moods_table`.
    tags : DataFrame
        As from `therapy_review.trends.tags_table`.
    scores : DataFrame
        Tidy: session, date, scale, total.
    proud : DataFrame
        The client's marks of proud moments: session, date, start, end (s), label, text.
    groups : mapping of str to sequence of str
        Mood words by group.
    """

    sessions: pd.DataFrame
    moods: pd.DataFrame
    tags: pd.DataFrame
    scores: pd.DataFrame
    proud: pd.DataFrame
    groups: Mapping[str, Sequence[str]]

    def of(self, names: Collection[str]) -> Way:
        """Keep some sessions alone.

        Parameters
        ----------
        names : collection of str
            The sessions' names.

        Returns
        -------
        Way
        """
        kept = {name: table[table["session"].isin(names)] for name, table in self._tables()}
        return replace(self, **kept)

    def between(self, first: str, last: str) -> Way:
        """Keep the sessions from one to another, both included.

        Parameters
        ----------
        first, last : str
            The sessions' names.

        Returns
        -------
        Way
        """
        names = self.sessions["session"]
        return self.of(set(names[(names >= first) & (names <= last)]))

    def named(self, tag: str) -> Way:
        """Keep the sessions for which a mood word was used.

        Parameters
        ----------
        tag : str

        Returns
        -------
        Way
        """
        return self.of(set(self.tags.loc[self.tags["tag"] == tag, "session"]))

    def _tables(self) -> list[tuple[str, pd.DataFrame]]:
        every = [(field.name, getattr(self, field.name)) for field in fields(self)]
        return [(name, table) for name, table in every if isinstance(table, pd.DataFrame)]


def way(journal: Journal) -> Way:
    """Gather everything the path shows of a journal.

    Parameters
    ----------
    journal : Journal

    Returns
    -------
    Way

    Examples
    --------
    >>> from therapy_review import open_journal
    >>> found = way(open_journal("data/practice"))
    >>> len(found.moods), found.named("proud").moods["session"].tolist()
    (8, ['2026-01-29', '2026-02-26', '2026-03-05'])
    """
    return Way(
        trends.sessions_table(journal),
        trends.moods_table(journal),
        trends.tags_table(journal),
        _gathered(journal, _scores, {"scale": str, "total": float}),
        _gathered(journal, _proud, {"start": float, "end": float, "label": str, "text": str}),
        journal.mood_groups,
    )


def _gathered(
    journal: Journal, rows_of: Callable[[Session], list[dict[str, object]]], columns: Mapping[str, type]
) -> pd.DataFrame:
    rows = [
        {"session": session.name, "date": pd.Timestamp(session.date), **row}
        for session in journal.sessions
        for row in rows_of(session)
    ]
    types = {"session": str, "date": "datetime64[s]", **columns}
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def _scores(session: Session) -> list[dict[str, object]]:
    return [{"scale": scale, "total": float(total)} for scale, total in session.notes.scores.items()]


def _proud(session: Session) -> list[dict[str, object]]:
    try:
        marks = session.marks
    except TherapyReviewError:  # said where that session is shown, and by `check`
        return []
    own = marks[marks["kind"].isin(PROUD)]
    return [
        {name: row[name] for name in ("start", "end", "label", "text")}
        for row in own.fillna({"label": "", "text": "", "end": np.nan}).to_dict("records")
    ]
