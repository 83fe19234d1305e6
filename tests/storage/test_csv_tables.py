"""Tables that a client may write by hand: one way to read them, whatever a spreadsheet did to the file."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from therapy_review.consent import ledger
from therapy_review.errors import JournalError
from therapy_review.journal import corrections, days, marks, shared_notes
from therapy_review.storage.csv_tables import HandTable

EVERY = [
    (marks.TABLE, b"start,end,kind,label,text\n62.5,,bookmark,the boat,\n"),
    (days.TABLE, b"date,time,mood,mood_name,tags,note,origin\n2026-03-04,,7,,walk,,\n"),
    (corrections.TABLE, b"start,end,speaker,was,step\n1.500,4.000,client,,1\n"),
    (ledger.TABLE, b"when,what,session,use,who,note\n2026-03-04T10:00:00+00:00,erased,2026-01-08,,client,\n"),
    (shared_notes.TABLE, b"when,by,kind,text,therapist\n2026-03-04T10:00:00+00:00,client,next,boat,\n"),
]
TABLES = pytest.mark.parametrize(("table", "data"), EVERY, ids=[table.name for table, _ in EVERY])


@TABLES
def test_what_is_read_is_written_as_it_was(table: HandTable, data: bytes) -> None:
    assert table.written(table.read(data)) == data
    assert table.written(table.none()) == data.split(b"\n")[0] + b"\n"
    assert table.read(table.written(table.none())).empty


@TABLES
@pytest.mark.parametrize(
    "saved",
    [
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(
            b"\n", b",\n"
        ),  # a column without a name, as an empty one to the right is saved
        lambda data: data + b"\n\n",
    ],
    ids=["mark", "ends", "column", "lines"],
)
def test_what_a_spreadsheet_does_to_a_file_changes_nothing_that_is_read(
    table: HandTable, data: bytes, saved: Callable[[bytes], bytes]
) -> None:
    found = table.read(saved(data))[[*table.columns]]
    assert table.written(found) == data


@TABLES
def test_a_file_that_is_no_such_table_is_one_sentence(table: HandTable, data: bytes) -> None:
    needed = ", ".join(name for name in table.columns if name not in table.may_lack)
    whole = f"practice/{re.escape(table.name)} .* {re.escape(needed)}, in UTF-8"
    for wrong in (b"", b"no table", data.replace(b",", b";"), data.replace(b"a", b"\xff"), data + b'"open'):
        with pytest.raises(JournalError, match=whole):
            table.read(wrong, f"practice/{table.name}")


def test_numbers_that_are_none_are_said_with_the_name_of_the_file() -> None:
    with pytest.raises(JournalError, match=r"^days\.csv .* date, in UTF-8"):
        days.TABLE.read(b"date,mood\n2026-03-04,seven\n")
