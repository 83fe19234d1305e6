"""Marks: what the client put at a time of a session.

A *marks table* is a DataFrame with one row a mark, in the order of the file ``marks.csv``: ``start``, ``end``
(seconds from the recording's start; NaN where the mark is of a moment), ``kind``, ``label`` (a few words) and
``text`` (more of them). `KINDS` are the kinds on offer; a client who writes by hand may use any other word, and any
further column, and both are kept. With ``start,kind`` alone it is a whole table too. There is a column ``by`` once
somebody else put a mark: it says who; of the client's own it says nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from dataclasses import asdict, dataclass

import pandas as pd

from therapy_review.errors import JournalError, MarkError
from therapy_review.storage import HandTable

COLUMNS = ["start", "end", "kind", "label", "text"]
BY = "by"
TIMES = COLUMNS[:2]
TRIGGER = "trigger"
PROUD = ("proud moment", "proud")  # the second is what a client may write by hand
NAME_MARK = "name"  # of a person or a place; silent in clips that are shared
KINDS = ("bookmark", "question", PROUD[0], TRIGGER, NAME_MARK)
SILENT_BEFORE = 2.0  # seconds before a trigger that stay silent with it
SILENT_AT_LEAST = 5.0  # seconds from a trigger's start; one without an end still stands for some time


_SECONDS = dict.fromkeys(TIMES, lambda time: f"{time:.3f}".rstrip("0").rstrip("."))
TABLE = HandTable("marks.csv", COLUMNS, ("end", "label", "text"), _SECONDS)
no_marks, written = TABLE.none, TABLE.written


@dataclass(frozen=True, eq=False)
class Mark:
    r"""Something put at a time; two marks are equal when all they say is.

    Parameters
    ----------
    start : float
        Seconds from the recording's start; kept to the millisecond.
    end : float
        Seconds, after the start; NaN for a moment without length.
    kind : str
        One of `KINDS`, or any other word.
    label : str
        A few words.
    text : str
        More words; lines end in ``\n``.
    by : str
        Who put it, as in ``therapist``; empty for the client.

    Raises
    ------
    MarkError
        When the times are none, or no kind is given.

    Examples
    --------
    >>> Mark(62.5, math.nan, "bookmark", "the boat")
    Mark(start=62.5, end=nan, kind='bookmark', label='the boat', text='', by='')
    """

    start: float
    end: float
    kind: str
    label: str = ""
    text: str = ""
    by: str = ""

    def __post_init__(self) -> None:
        for name in TIMES:
            object.__setattr__(self, name, round(float(getattr(self, name)), 3))
        for name in (*COLUMNS[2:], BY):
            object.__setattr__(self, name, as_kept(getattr(self, name)))
        if not 0 <= self.start < math.inf:
            raise MarkError(
                f"A mark can't begin at {self.start} s; give the seconds from the recording's start."
            )
        if not (math.isnan(self.end) or self.start < self.end < math.inf):
            raise MarkError(
                f"A mark can't last from {self.start} s to {self.end} s; give an end after its start, or none."
            )
        if not self.kind.strip():
            raise MarkError(f"The mark at {self.start} s is of no kind; give one, such as {KINDS[0]}.")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mark) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[float, float | None, str, str, str, str]:
        # NaN is unequal to itself, and a mark without an end is not.
        end = None if math.isnan(self.end) else self.end
        return self.start, end, self.kind, self.label, self.text, self.by


def as_kept(words: str) -> str:
    r"""Return words as a CSV file gives them back.

    Parameters
    ----------
    words : str

    Returns
    -------
    str

    Examples
    --------
    >>> as_kept("one\r\ntwo\0")
    'one\ntwo'
    """
    # Half an emoji, cut off in a browser, could not even be written.
    return re.sub("[\0\ud800-\udfff]", "", re.sub("\r\n?", "\n", words))


def read(data: bytes, where: str) -> pd.DataFrame:
    r"""Read a marks table from a file's bytes.

    Examples
    --------
    >>> read(b"start,kind,label\n62.5,bookmark,the boat\n", "marks.csv")
       start      kind     label  end text
    0   62.5  bookmark  the boat  NaN
    """
    table = TABLE.read(data, where)
    words = [c for c in table.columns if c not in TIMES]
    table = table.assign(**table[words].map(as_kept), **table[TIMES].round(3))
    try:
        marks_in(table)
    except MarkError as error:
        raise JournalError(f"In {where}: {error}") from error
    return table


def marks_in(marks: pd.DataFrame) -> list[Mark]:
    """Give the marks of a table one by one.

    Parameters
    ----------
    marks : DataFrame
        A marks table.

    Returns
    -------
    list of Mark
        In the order of the table.

    Raises
    ------
    MarkError
        When one of them is none.
    """
    return [Mark(*row) for row in marks[[*COLUMNS, *_by(marks)]].itertuples(index=False)]


def _by(marks: pd.DataFrame) -> list[str]:
    return [BY] if BY in marks.columns else []


def _row(marks: pd.DataFrame, mark: Mark) -> dict[Hashable, object]:
    """Give a mark as a row; in a table of the client's own marks alone, nobody has to be named."""
    row: dict[Hashable, object] = {name: value for name, value in asdict(mark).items()}  # noqa: C416
    if not mark.by and not _by(marks):
        del row[BY]
    return row


def _table(rows: list[dict[Hashable, object]], marks: pd.DataFrame) -> pd.DataFrame:
    named = [BY] if any(BY in row for row in rows) and not _by(marks) else []
    table = pd.DataFrame(rows, columns=[*marks.columns, *named]).astype(dict.fromkeys(TIMES, float))
    return table.fillna({BY: ""}) if named else table


def add(marks: pd.DataFrame, mark: Mark) -> pd.DataFrame:
    """Put a mark under the table.

    Examples
    --------
    >>> add(no_marks(), Mark(60, 75, "proud moment"))["kind"].tolist()
    ['proud moment']
    """
    new: dict[Hashable, object] = {**dict.fromkeys(marks.columns, ""), **_row(marks, mark)}
    return _table([*marks.to_dict("records"), new], marks)


def change(marks: pd.DataFrame, before: Mark, after: Mark) -> pd.DataFrame:
    """Put one mark in the place of another; where that is gone meanwhile, the new one is added.

    Examples
    --------
    >>> here = Mark(60, math.nan, "bookmark")
    >>> change(add(no_marks(), here), here, Mark(60, math.nan, "question"))["kind"].tolist()
    ['question']
    """
    every = marks_in(marks)
    if before not in every:
        return marks if after in every else add(marks, after)
    rows = marks.to_dict("records")
    rows[every.index(before)].update(_row(marks, after))
    return _table(rows, marks)


def remove(marks: pd.DataFrame, mark: Mark) -> pd.DataFrame:
    """Take a mark away; where it is gone already, nothing changes.

    Examples
    --------
    >>> here = Mark(60, math.nan, "bookmark")
    >>> len(remove(add(no_marks(), here), here))
    0
    """
    every = marks_in(marks)
    if mark not in every:
        return marks
    rows = marks.to_dict("records")
    del rows[every.index(mark)]
    return _table(rows, marks)


def closed_stretches(marks: pd.DataFrame) -> list[tuple[float, float]]:
    """Tell which stretches stay silent because the client marked a trigger there.

    Parameters
    ----------
    marks : DataFrame
        A marks table, or any with start, end (s) and kind.

    Returns
    -------
    list of tuple of float
        Start and end in seconds, in order of time, none over another.

    Examples
    --------
    >>> table = add(add(no_marks(), Mark(60, math.nan, "trigger")), Mark(64, 80, "trigger"))
    >>> closed_stretches(table)
    [(58.0, 80.0)]
    """
    own = marks[marks["kind"] == TRIGGER].sort_values("start")
    found: list[tuple[float, float]] = []
    for start, end in zip(own["start"].tolist(), own["end"].fillna(0).tolist(), strict=True):
        low, high = max(0.0, start - SILENT_BEFORE), max(end, start + SILENT_AT_LEAST)
        if found and low <= found[-1][1]:
            low, high = found[-1][0], max(high, found.pop()[1])
        found.append((float(low), float(high)))
    return found
