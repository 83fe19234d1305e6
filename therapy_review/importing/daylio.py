"""Daylio's CSV export.

Its columns are ``full_date, date, weekday, time, mood, activities, note_title, note``; exports of 2018 and before
have ``year`` in place of ``full_date``. It holds the names of moods and not their values: people rename them, in
their own language, and may have several on one of Daylio's five levels, so that only the client can say what they
stand for.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Collection, Mapping

from therapy_review.errors import ImportFileError
from therapy_review.importing.dates import read_day, read_time, signs_of_24_hours
from therapy_review.importing.mood_file import Entry, MoodFile, mood_file
from therapy_review.storage import Damaged, Row, read_text_table

KIND = "daylio"
NEEDED = {"time", "mood", "activities"}
DAYS = ({"full_date"}, {"year", "date"})
_USED = NEEDED | {"full_date", "year", "date", "weekday", "note_title", "note"}
# What Daylio calls its five levels before anybody renames them, on this workbook's 1 to 10.
DEFAULT_MOODS: Mapping[str, float] = {"rad": 10, "good": 8, "meh": 6, "bad": 4, "awful": 2}
_BREAK = re.compile(r"<br\s*/?>|</(?:p|div|li|h\d)>", re.IGNORECASE)
_FORMAT = re.compile(
    r"</?(?:br|p|div|span|ul|ol|li|h\d|b|i|u|s|em|strong|strike|font)(?:\s[^<>]*)?/?>", re.IGNORECASE
)


def is_daylio(header: Collection[str]) -> bool:
    """Tell by its first line whether a table is an export of Daylio.

    Examples
    --------
    >>> is_daylio(["full_date", "time", "mood", "activities", "note"]), is_daylio(["date", "time", "mood"])
    (True, False)
    """
    names = {name.strip().lower() for name in header}
    return names >= NEEDED and any(names >= days for days in DAYS)


def read_daylio(data: bytes, name: str) -> MoodFile:
    r"""Read Daylio's CSV export.

    Examples
    --------
    >>> head = b"full_date,date,weekday,time,mood,activities,note_title,note\n"
    >>> found = read_daylio(head + b'2026-03-04,March 4,Wednesday,20:39,so lala,"walk | Sam",,\n', "export.csv")
    >>> found.entries[["time", "mood_name", "tags"]].to_numpy().tolist()
    [['20:39', 'so lala', 'walk | Sam']]
    """
    table = read_text_table(data, name)
    if not is_daylio(table.header):
        raise ImportFileError(
            f"{name} is not Daylio's table: its first line should name full_date, time, mood and activities. "
            "Export it in Daylio under More, Export Entries, CSV; or bring it in as another table."
        )
    rows = [(row, {key.strip().lower(): value for key, value in row.fields.items()}) for row in table.rows]
    signs = signs_of_24_hours(fields["time"] for _, fields in rows)
    lines = [*table.damaged, *(_entry(fields, row, signs) for row, fields in rows)]
    left_out = [column for column in table.header if column.strip().lower() not in _USED]
    return mood_file(KIND, data, name, lines, left_out)


def _entry(fields: Mapping[str, str], row: Row, signs: Collection[str]) -> Entry | Damaged:
    written = (fields.get("full_date") or f"{fields.get('date', '')} {fields.get('year', '')}").strip()
    day, time, mood = read_day(written), read_time(fields["time"], signs), fields["mood"].strip()
    if day is None:
        return Damaged(row.line, f"has {written!r} for a day" if written else "has no day")
    if not mood:
        return Damaged(row.line, "has no mood")
    parts = (_plain(fields.get(part, "")) for part in ("note_title", "note"))
    note = "\n".join(part for part in parts if part)
    return Entry(day.isoformat(), time, math.nan, mood, fields["activities"].split("|"), note)


def _plain(text: str) -> str:
    """Take away the markup Daylio writes into notes that were formatted; other text stays as it is."""
    if not _FORMAT.search(text):
        return text.strip()
    return html.unescape(_FORMAT.sub("", _BREAK.sub("\n", text))).strip()
