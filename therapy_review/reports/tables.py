"""Everything that was measured or noted of a journal's sessions, for a client's own analysis."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from typing import TYPE_CHECKING

import pandas as pd

from therapy_review.consent import REPORT
from therapy_review.display import SHOWN
from therapy_review.errors import TherapyReviewError
from therapy_review.hints import install_line
from therapy_review.journal import SessionNotes
from therapy_review.measures import MEASURES, OF_ONE
from therapy_review.trends import moods_table, sessions_table

if TYPE_CHECKING:
    from therapy_review.journal import Journal

ALWAYS = ("session", "date", "mood_before", "mood_after", "mood_change", "engine")
OF_ALL = tuple(name for name in MEASURES if name not in OF_ONE)
NO_PARQUET = (
    f"measures.parquet was left out; for it install:  {install_line('parquet')}  "
    "(measures.csv holds the same)"
)


def everything(journal: Journal, closed: Collection[str] = (), *, private_notes: str = SHOWN) -> pd.DataFrame:
    """Gather measures, moods, mood words and scores of every session; no sentence a client wrote is in it."""
    measured = sessions_table(journal, REPORT).set_index("session").drop(columns="date")
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
    moods = moods_table(journal).set_index("session")
    return _of_fixed_kinds(moods.join(noted).join(measured).reset_index())


def _of_fixed_kinds(table: pd.DataFrame) -> pd.DataFrame:
    """Give every column its kind, whatever is missing, so that tables of several journals can be joined."""
    names = list(map(str, table))
    tags = [name for name in names if name == "tags"]
    scores = [name for name in names if name.startswith("score_")]
    of_people = [name for name in names if name not in (*ALWAYS, *tags, *scores, *OF_ALL)]
    whole = table.reindex(columns=[*ALWAYS[:-1], *tags, *scores, ALWAYS[-1], *OF_ALL, *of_people])
    kinds = {name: "Int64" if _is_count(str(name)) else "float64" for name in whole}
    texts = dict.fromkeys(("session", "engine", *tags), "string")
    return whole.astype(kinds | texts | {"date": "datetime64[us]"})


def _is_count(column: str) -> bool:
    """Tell whether a column of measures counts something."""
    name = next((name for name in OF_ONE if column.endswith(f"_{name}")), column)
    return column.startswith("long_silences") or MEASURES.get(name, ("", ""))[1] == "count"


def as_csv(table: pd.DataFrame) -> bytes:
    """Write a table as CSV."""
    return table.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d").encode()


def as_parquet(table: pd.DataFrame) -> bytes:
    """Write a table as Parquet."""
    return table.to_parquet(index=False)
