"""Any other table of moods: the client says which column is what."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from therapy_review.errors import ImportFileError
from therapy_review.importing.dates import (
    DAY_FIRST,
    MONTH_FIRST,
    has_two_readings,
    order_of,
    read_day,
    read_time,
    signs_of_24_hours,
)
from therapy_review.importing.mood_file import Entry, MoodFile, MoodReader, mood_file
from therapy_review.journal import HIGH, LOW
from therapy_review.storage import Damaged, Row, TextTable, read_text_table

KIND = "table"
_CLOCK = re.compile(r"[T\s]+(\d{1,2}[:.]\d{2}.*)$")
_BASIC_CLOCK = re.compile(r"\d{8}T(\d{2})(\d{2})")
_ZONE = re.compile(r"(?<=\d)\s?(?:Z|[+-]\d{2}:?\d{2})$")
# Words by which a column is offered first; the client has the last word.
_LIKELY = {
    "date": ("date", "day", "timestamp", "when", "datum", "fecha", "data", "tag"),
    "time": ("time", "hour", "uhrzeit", "zeit", "hora", "heure"),
    "mood": ("mood", "rating", "score", "feeling", "stimmung", "humeur", "ánimo", "umore"),
    "tags": ("tags", "activities", "emotions", "words", "labels"),
    "note": ("note", "notes", "text", "journal", "comment", "notiz"),
}


@dataclass(frozen=True)
class Columns:
    """What the columns of a table are.

    Parameters
    ----------
    date, mood : str
        Names of the columns; a time may stand after the date.
    time, tags, note : str
        Further ones; empty where there is none. Tags are separated by commas, semicolons or ``|``.
    low, high : float, optional
        The lowest and the highest number that there can be in the column of moods; they are stretched to 1 to 10.
        The numbers themselves don't tell: who never felt better than 4 of 5 still has a scale that ends at 5.
    order : str
        ``day first`` or ``month first``; empty where the days tell it themselves.
    """

    date: str
    mood: str
    time: str = ""
    tags: str = ""
    note: str = ""
    low: float | None = None
    high: float | None = None
    order: str = ""

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ImportFileError(
                f"Moods can't go from {self.low:g} to {self.high:g}; give the lowest number first."
            )
        if self.order not in ("", DAY_FIRST, MONTH_FIRST):
            raise ImportFileError(f"{self.order} is no order of days; write {DAY_FIRST} or {MONTH_FIRST}.")


PARTS = ("date", "mood", "time", "tags", "note")


def likely_columns(header: Sequence[str]) -> Columns:
    """Guess which column is what from their names, to be offered first.

    Examples
    --------
    >>> found = likely_columns(["Datum", "Stimmung", "other"])
    >>> found.date, found.mood, found.note
    ('Datum', 'Stimmung', '')
    """
    found: dict[str, str] = {}
    for part in PARTS:
        free = [column for column in header if column not in found.values()]
        exact = [column for column in free if column.strip().lower() in _LIKELY[part]]
        near = [column for column in free if any(word in column.lower() for word in _LIKELY[part][:2])]
        found[part] = (exact or near or [""])[0]
    return Columns(found["date"], found["mood"], found["time"], found["tags"], found["note"])


def table_reader(columns: Columns) -> MoodReader:
    r"""Make a reader for a table whose columns are known.

    Examples
    --------
    >>> found = table_reader(Columns("day", "mood", high=5))(b"day,mood\n2026-03-04,5\n2026-03-05,3\n", "moods.csv")
    >>> found.entries["mood"].tolist()
    [10.0, 5.5]
    """

    def read(data: bytes, name: str) -> MoodFile:
        table = read_text_table(data, name)
        told = {part: getattr(columns, part) for part in PARTS}
        for part, column in told.items():
            if column not in table.header and (column or part in ("date", "mood")):
                raise ImportFileError(
                    f"{name} has no column {column or 'for the ' + part}; it has {', '.join(table.header)}."
                )
        days = [row.fields[columns.date] for row in table.rows]
        order = columns.order or order_of(days)
        if not order and (unclear := next((day for day in days if has_two_readings(day)), None)):
            raise ImportFileError(
                f"The days in {name} can be read in two ways, as in {unclear.strip()}; say whether the day or the "
                "month stands first."
            )
        ends = _range(table, name, columns)
        rows = [
            (row, _with_clock({part: row.fields.get(column, "") for part, column in told.items()}, columns))
            for row in table.rows
        ]
        signs = signs_of_24_hours(said["time"] for _, said in rows)
        lines = [*table.damaged, *(_entry(said, row, ends, order, signs) for row, said in rows)]
        left_out = [column for column in table.header if column not in told.values()]
        return mood_file(KIND, data, name, lines, left_out)

    return read


def numbers_of(data: bytes, name: str, mood: str) -> tuple[float, float] | None:
    r"""Give the lowest and the highest number in a column of moods; None where there are words alone.

    Examples
    --------
    >>> numbers_of(b"day,mood\n2026-03-04,5\n2026-03-05,fine\n2026-03-06,3\n", "moods.csv", "mood")
    (3.0, 5.0)
    """
    return _numbers(read_text_table(data, name), mood)


def likely_low(lowest: float) -> float | None:
    """Give the lowest number there can be, to be offered first: 1 or 0; None where it is below.

    Examples
    --------
    >>> likely_low(2), likely_low(0), likely_low(-3)
    (1.0, 0.0, None)
    """
    return None if lowest < 0 else float(lowest >= 1)


def how_far(lowest: float, highest: float) -> str:
    """Say how far the numbers of a table go, as a whole sentence."""
    if lowest == highest:
        return f"Your numbers are all {lowest:g}."
    return f"Your numbers go from {lowest:g} to {highest:g}."


def as_number(text: str, what: str) -> float:
    """Read a number as the client writes it; `what` begins the sentence of an error."""
    number = _number(text.strip())
    if math.isnan(number):
        raise ImportFileError(f"{what} is {text.strip() or 'not told'}; write it as a number.")
    return number


def _range(table: TextTable, name: str, columns: Columns) -> tuple[float, float]:
    found = _numbers(table, columns.mood)
    if found is None:
        return LOW, HIGH
    low = likely_low(found[0]) if columns.low is None else columns.low
    if low is None or columns.high is None:
        ends = "highest" if low is not None else "lowest and the highest"
        raise ImportFileError(f"{how_far(*found)} What is the {ends} there can be in {name}?")
    replace(columns, low=low)  # which says so when they are the wrong way round
    return low, columns.high


def _numbers(table: TextTable, mood: str) -> tuple[float, float] | None:
    said = [row.fields.get(mood, "").strip() for row in table.rows]
    found = [number for text in said if not math.isnan(number := _number(text))]
    return (min(found), max(found)) if found else None


def _with_clock(said: dict[str, str], columns: Columns) -> dict[str, str]:
    """Take the time from behind the day where it has no column of its own."""
    if not columns.time and (found := _CLOCK.search(said["date"])):
        return said | {"time": _ZONE.sub("", found[1])}  # as the clock showed it where it was written
    if not columns.time and (basic := _BASIC_CLOCK.match(said["date"].strip())):
        return said | {"time": f"{basic[1]}:{basic[2]}"}
    return said


def _entry(
    said: dict[str, str], row: Row, ends: tuple[float, float], order: str, signs: Collection[str]
) -> Entry | Damaged:
    written = said["date"].strip()
    day, time = read_day(written, order), read_time(said["time"], signs)
    if day is None:
        return Damaged(row.line, f"has {written!r} for a day" if written else "has no day")
    name = said["mood"].strip()
    if not name:
        return Damaged(row.line, "has no mood")
    mood, (low, high) = _number(name), ends
    if not math.isnan(mood) and not low <= mood <= high:
        return Damaged(row.line, f"has {name} for a mood, outside {low:g} to {high:g}")
    stretched = LOW + (mood - low) / (high - low) * (HIGH - LOW)
    tags = re.split(r"[|;]" if re.search(r"[|;]", said["tags"]) else ",", said["tags"])
    return Entry(day.isoformat(), time, round(stretched, 2), name, tags, said["note"].strip())


def _number(text: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan
