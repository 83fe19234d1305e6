"""Trends: measures, moods and tags across the sessions of a journal, as tables.

A missed week stays a gap and nothing is filled in. What a session lacks (a recording, an analysis, a mood) is
missing in its row; the row stays.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

import pandas as pd

from therapy_review.errors import TherapyReviewError
from therapy_review.measures import mood_change

if TYPE_CHECKING:
    from therapy_review.journal import Journal
    from therapy_review.session import Session


def sessions_table(journal: Journal) -> pd.DataFrame:
    """Gather the measures of every session.

    Parameters
    ----------
    journal : Journal

    Returns
    -------
    DataFrame
        One row a session: session, date, engine (what found the turns), then the columns of
        `therapy_review.measures.evaluate`; missing where a session has no turns.
    """
    rows: list[dict[Hashable, object]] = []
    for session in journal.sessions:
        try:
            measured = dict(session.measures.iloc[0])
        except TherapyReviewError:  # said where that session is shown, and by `check`
            measured = {}
        rows.append({**_head(session), "engine": session.made_from().get("engine"), **measured})
    return pd.DataFrame(rows, columns=None if rows else ["session", "date", "engine"])


def moods_table(journal: Journal) -> pd.DataFrame:
    """Gather the moods before and after every session.

    Parameters
    ----------
    journal : Journal

    Returns
    -------
    DataFrame
        One row a session: session, date, mood_before, mood_after, mood_change (floats, 1 to 10; NaN where
        the client gave none).
    """
    rows = []
    for session in journal.sessions:
        written = session.notes
        before, after = written.mood_before, written.mood_after
        rows.append({**_head(session), "mood_before": before, "mood_after": after})
    columns = ["session", "date", "mood_before", "mood_after"]
    table = pd.DataFrame(rows, columns=columns).astype({"mood_before": float, "mood_after": float})
    return table.assign(mood_change=mood_change(table["mood_before"], table["mood_after"]))


def tags_table(journal: Journal) -> pd.DataFrame:
    """Gather the mood tags of every session.

    Parameters
    ----------
    journal : Journal

    Returns
    -------
    DataFrame
        Tidy, one row a tag of a session: session, date, tag. A session without tags has one row with an
        empty tag, so that its week is still there.
    """
    rows = [
        {**_head(session), "tag": tag} for session in journal.sessions for tag in session.notes.tags or ("",)
    ]
    return pd.DataFrame(rows, columns=["session", "date", "tag"])


def _head(session: Session) -> dict[Hashable, object]:
    return {"session": session.name, "date": pd.Timestamp(session.date)}
