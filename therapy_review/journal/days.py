"""Days: moods noted between sessions, brought in from another program or written by hand.

A *days table* is a DataFrame with one row an entry, in order of time: ``date``, ``time`` (``20:39``; empty where it
is not known), ``mood`` (1 to 10; NaN where the word for it has no number), ``mood_name`` (the word or number as it
was written), ``tags`` (joined by ``|``), ``note`` and ``origin``: what kind of file an entry came from, the first
signs of that file's SHA-256, and its name. It stands in ``days.csv`` at the journal's root; with ``date,mood``
alone it is a whole table too, and further columns are kept.

Nothing is brought in twice: an entry that a file of the same kind brought before stays where it is, so that a
longer export adds only what is new. What was changed in the other program takes the place of its older version, and
what the client changed here by hand keeps its place. `therapy_review.importing.moods` says how; the file then
has further columns, which `kept` leaves out.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from therapy_review.errors import JournalError
from therapy_review.journal.marks import as_kept
from therapy_review.storage import HandTable, Store, digest, if_there
from therapy_review.wording import counted

FILE = "days.csv"
DAY_COLUMNS = ["date", "time", "mood", "mood_name", "tags", "note", "origin"]
TABLE = HandTable(FILE, DAY_COLUMNS, DAY_COLUMNS[1:], {"mood": "{:.10g}".format})
SIGN_COLUMN = "sign"  # a further column, of `therapy_review.importing.moods`
# In journals of before: the origin of what took an entry's place, which then does not count.
SUPERSEDED = "until"
LOWEST_MOOD, HIGHEST_MOOD = 1.0, 10.0
BETWEEN_TAGS = " | "
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|")


def origin_of(kind: str, data: bytes, name: str) -> str:
    """Name where entries came from.

    Parameters
    ----------
    kind : str
        One word for the kind of file, as in ``daylio``.
    data : bytes
        The file's content.
    name : str
        The file's name.

    Returns
    -------
    str

    Examples
    --------
    >>> origin_of("daylio", b"", "daylio_export.csv")
    'daylio e3b0c442 daylio_export.csv'
    """
    return f"{kind} {digest(data)[:8]} {' '.join(as_kept(name).split())}"


def kind_of_origin(origin: str) -> str:
    """Tell the kind of file of an origin; empty for what was written by hand.

    Parameters
    ----------
    origin : str
        From `origin_of`.

    Returns
    -------
    str
    """
    return origin.split(" ", 1)[0]


@dataclass(frozen=True)
class Source:
    """Where rows came from, how many they are, and their first and last day; by hand without an origin."""

    origin: str
    number: int
    first: dt.date
    last: dt.date

    def __str__(self) -> str:
        kind, _, name = (*self.origin.split(" ", 2), "", "")[:3]
        where = f"{name} ({kind})" if kind else "Written by hand"
        return f"{where}: {counted(self.number, 'entry', 'entries')}, {self.first} to {self.last}"


def no_days() -> pd.DataFrame:
    """Make a days table without a row.

    Returns
    -------
    DataFrame
    """
    return TABLE.none().astype({"date": "datetime64[us]"})


def read(data: bytes, where: str) -> pd.DataFrame:
    r"""Read a days table from a file's bytes.

    Examples
    --------
    >>> read(b"date,mood\n2026-03-05,7\n2026-03-04,\n", "days.csv")[["date", "mood", "tags"]]
            date  mood tags
    0 2026-03-04   NaN
    1 2026-03-05   7.0
    """
    table = TABLE.read(data, where)
    table = table[[*DAY_COLUMNS, *(c for c in table.columns if c not in DAY_COLUMNS)]]
    words = [c for c in table.columns if c != "mood"]
    try:
        dates = pd.to_datetime(table["date"], format="%Y-%m-%d").dt.as_unit("us")
    except ValueError as error:
        raise JournalError(
            f"{where} should have days as in 2026-03-04 in its column date; mend them."
        ) from error
    table = table.assign(**table[words].map(as_kept)).assign(date=dates)
    wrong = ~table["mood"].isna() & ~table["mood"].between(LOWEST_MOOD, HIGHEST_MOOD)
    if wrong.any():
        raise JournalError(f"A mood in {where} is {table['mood'][wrong].iloc[0]:g}; moods go from 1 to 10.")
    wrong = ~table["time"].map(lambda time: bool(_TIME.fullmatch(time)))
    if wrong.any():
        raise JournalError(
            f"A time in {where} is {table['time'][wrong].iloc[0]}; write it as in 20:39, or leave it out."
        )
    return days_in_order(table)


def written(days: pd.DataFrame) -> bytes:
    r"""Write a days table as the bytes of a file.

    Examples
    --------
    >>> written(read(b"date,mood\n2026-03-04,7\n", ""))
    b'date,time,mood,mood_name,tags,note,origin\n2026-03-04,,7,,,,\n'
    """
    return TABLE.written(_dated(days))


def kept(store: Store) -> pd.DataFrame:
    """Read the days table of a journal."""
    whole = whole_table(store)
    if SUPERSEDED in whole.columns:
        whole = whole[whole[SUPERSEDED] == ""].reset_index(drop=True)
    return whole.drop(columns=[SUPERSEDED, SIGN_COLUMN], errors="ignore")


def whole_table(store: Store) -> pd.DataFrame:
    """Read the days table of a journal as it is kept."""
    data = if_there(store.read, FILE)
    return no_days() if data is None else read(data, store.where(FILE))


def with_moods(
    days: pd.DataFrame, kind: str, values: Mapping[str, float], were: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Give the words for moods their numbers, in all entries from one kind of file.

    Parameters
    ----------
    days : DataFrame
        A days table.
    kind : str
        The kind of file, as in ``daylio``.
    values : mapping of str to float
        Numbers from 1 to 10 by word, or NaN for none; entries with other words stay as they are.
    were : mapping of str to float, optional
        The numbers of before; an entry with another one was changed by hand and stays as it is.

    Returns
    -------
    DataFrame
        The new days table.
    """
    given, earlier = (days["mood_name"].map(dict(told)).astype(float) for told in (values, were or {}))
    by_hand = days["mood"].notna() & (days["mood"] != earlier)
    meant = (days["origin"].map(kind_of_origin) == kind) & days["mood_name"].isin(list(values)) & ~by_hand
    return days.assign(mood=days["mood"].mask(meant.astype(bool), given))


def sources(table: pd.DataFrame) -> list[Source]:
    """List where the rows of a table came from."""
    found = table.groupby("origin", sort=False)["date"].agg(["size", "min", "max"])
    return [
        Source(str(origin), int(number), first.date(), last.date())
        for origin, number, first, last in found.itertuples(name=None)
    ]


def days_in_words(days: pd.DataFrame) -> pd.DataFrame:
    r"""Give a days table in words: every cell as it would be read.

    Parameters
    ----------
    days : DataFrame
        A days table.

    Returns
    -------
    DataFrame
        The same columns, all of them text.

    Examples
    --------
    >>> days_in_words(read(b"date,mood\n2026-03-04,7\n2026-03-05,\n", ""))[["date", "mood"]].to_numpy().tolist()
    [['2026-03-04', '7'], ['2026-03-05', '']]
    """
    return TABLE.as_text(_dated(days))


def _dated(days: pd.DataFrame) -> pd.DataFrame:
    return days.assign(date=pd.to_datetime(days["date"]).dt.strftime("%Y-%m-%d"))


def tags(days: pd.DataFrame) -> pd.DataFrame:
    r"""Give the tags of a days table one by one.

    Examples
    --------
    >>> tags(read(b"date,mood,tags\n2026-03-04,7,walk | Sam\n", ""))["tag"].tolist()
    ['walk', 'Sam']
    """
    each = days.assign(tag=days["tags"].str.split("|")).explode("tag")
    each = each.assign(tag=each["tag"].str.strip())
    return each.loc[each["tag"].fillna("") != "", ["date", "tag"]].reset_index(drop=True)


def week_before(days: pd.DataFrame, day: dt.date) -> pd.DataFrame:
    """Give the entries of the seven days before a day, without that day's own."""
    first, after = (pd.Timestamp(day - dt.timedelta(days=n)) for n in (7, 0))
    return days[(days["date"] >= first) & (days["date"] < after)].reset_index(drop=True)


def days_in_order(days: pd.DataFrame) -> pd.DataFrame:
    """Put a days table in order of time; what has the same time stays in its order.

    Parameters
    ----------
    days : DataFrame
        A days table.

    Returns
    -------
    DataFrame
    """
    order: NDArray[np.intp] = np.lexsort((days["time"].to_numpy(dtype=str), days["date"].to_numpy()))
    return days.iloc[order].reset_index(drop=True)
