"""Tables of reports: everything that was measured or noted of a journal's sessions, for a client's own analysis."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Collection
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pandas as pd

from therapy_review import trends
from therapy_review.agreement import REPORT
from therapy_review.errors import TherapyReviewError
from therapy_review.extras import install_line
from therapy_review.notes import SessionNotes
from therapy_review.still import SHOWN

if TYPE_CHECKING:
    from therapy_review.journal import Journal

NO_PARQUET = (
    f"measures.parquet was left out; for it install:  {install_line('parquet')}  "
    "(measures.csv holds the same)"
)


def everything(journal: Journal, closed: Collection[str] = (), *, private_notes: str = SHOWN) -> pd.DataFrame:
    """Gather measures, moods, mood words and scores of every session; no sentence a client wrote is in it.

    Parameters
    ----------
    journal : Journal
    closed : collection of str
        Sessions whose recording may not be used for this: what was measured of them stays out.
    private_notes : str
        ``shown``; anything else leaves the client's words for moods out.

    Returns
    -------
    DataFrame
        One row a session: session, date, mood_before, mood_after, mood_change, tags (with semicolons between;
        no such column where they are left out),
        ``score_`` and the name for each questionnaire, engine, and the columns of
        `therapy_review.measures.evaluate`.

    Examples
    --------
    >>> from therapy_review import open_journal
    >>> everything(open_journal("data/practice"))[["session", "tags"]].iloc[0].tolist()
    ['2026-01-08', 'tired; lonely; relieved']
    """
    measured = trends.sessions_table(journal, REPORT).set_index("session").drop(columns="date")
    measured.loc[measured.index.isin(list(closed)), :] = None
    rows = []
    for session in journal.sessions:
        written = SessionNotes()
        with contextlib.suppress(TherapyReviewError):  # said where the session is shown
            written = session.notes
        scores = {f"score_{name}": float(value) for name, value in written.scores.items()}
        rows.append({"session": session.name, "tags": "; ".join(written.tags), **scores})
    noted = pd.DataFrame(rows, columns=None if rows else ["session", "tags"]).set_index("session")
    if private_notes != SHOWN:
        noted = noted.drop(columns="tags")
    moods = trends.moods_table(journal).set_index("session")
    return moods.join(noted).join(measured).reset_index()


def as_csv(table: pd.DataFrame) -> bytes:
    """Write a table as CSV.

    Parameters
    ----------
    table : DataFrame

    Returns
    -------
    bytes
    """
    return table.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d").encode()


def can_write_parquet() -> bool:
    """Tell whether this computer can write Parquet."""
    return find_spec("pyarrow") is not None


def as_parquet(table: pd.DataFrame) -> bytes:
    """Write a table as Parquet.

    Parameters
    ----------
    table : DataFrame

    Returns
    -------
    bytes
    """
    out = io.BytesIO()
    table.to_parquet(out, index=False)
    return out.getvalue()
