"""Tables as other programs write them."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, strategies as st

from therapy_review.errors import ImportFileError
from therapy_review.storage.csv_text import DamagedLine, read_text_table

TEXT = st.text(
    alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff\0\r"), max_size=12
)
ROWS = st.lists(st.lists(TEXT, min_size=3, max_size=3).filter(lambda row: any(one.strip() for one in row)))
HEADER = ["day", "mood", "a note"]


def as_csv(rows: list[list[str]], separator: str = ",", end: str = "\r\n", *, quoted: int) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator=end, quoting=quoted).writerows([HEADER, *rows])
    return out.getvalue()


@given(
    ROWS,
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_whatever_is_written_in_a_table_is_read_back(
    rows: list[list[str]], separator: str, end: str, encoding: str, quoted: int
) -> None:
    table = read_text_table(as_csv(rows, separator, end, quoted=quoted).encode(encoding), "m.csv")
    assert table.damaged == []
    assert table.header == tuple(HEADER)
    assert [list(row.fields.values()) for row in table.rows] == rows


@given(st.integers(0, 5), st.data())
def test_one_open_quote_costs_one_line(where: int, data: st.DataObject) -> None:
    words = st.text(alphabet='abc "\n,', max_size=8)
    rows = [["2026-03-04", data.draw(words), data.draw(words)] for _ in range(6)]
    lines = [as_csv([row], quoted=csv.QUOTE_ALL).split("\r\n", 1)[1] for row in rows]
    broken = [*lines[:where], '2026-03-04,fine,"never closed\r\n', *lines[where:]]
    head = as_csv([], quoted=csv.QUOTE_MINIMAL)
    table = read_text_table((head + "".join(broken)).encode(), "m.csv")
    line = 2 + sum(text.count("\n") for text in lines[:where])
    assert [one.line for one in table.damaged] == [line]
    assert [list(row.fields.values()) for row in table.rows] == rows


def test_each_damaged_line_has_its_number_and_the_good_ones_stay() -> None:
    table = read_text_table(
        b'day,mood,note\r\n\r\n2026-03-04,good,"two\r\nlines"\r\n2026-03-05,bad\r\n'
        b'2026-03-06,bad,one,two\r\n2026-03-07,"b"ad,\r\n2026-03-08,rad,\r\n',
        "m.csv",
    )
    assert [(row.line, row.fields["mood"]) for row in table.rows] == [(3, "good"), (8, "rad")]
    assert table.damaged == [
        DamagedLine(5, "has 2 fields in place of 3"),
        DamagedLine(6, "has 4 fields in place of 3"),
        DamagedLine(7, "has a quotation mark that is not closed, or not doubled"),
    ]


def test_what_a_spreadsheet_adds_is_understood() -> None:
    table = read_text_table("sep=;\r\nTag;Stimmung\r\n4.3.2026;müde\r\n".encode("cp1252"), "m.csv")
    assert table.rows[0].fields == {"Tag": "4.3.2026", "Stimmung": "müde"}
    assert table.rows[0].line == 3


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("row", ["2026-03-04,müde,é", "2026-03-04,疲れた,今日は雨だった。散歩はしなかった。"])
def test_utf_16_is_known_without_its_mark(encoding: str, row: str) -> None:
    table = read_text_table(f"日付,気分,a note\n{row}\n".encode(encoding), "m.csv")
    assert list(table.rows[0].fields.items()) == list(zip(table.header, row.split(","), strict=True))
    assert table.header == ("日付", "気分", "a note")


def test_a_stray_zero_makes_no_utf_16_of_other_text() -> None:
    table = read_text_table(b"day,mood,note\n2026-03-04,good,a\0b and more of it\n", "m.csv")
    assert table.header == ("day", "mood", "note")


def test_two_columns_of_one_name_are_told_apart() -> None:
    assert read_text_table(b"mood,mood\n1,2\n", "m.csv").rows[0].fields == {"mood": "1", "mood (2)": "2"}


@pytest.mark.parametrize("data", [b"", b"\n \n", b"\xef\xbb\xbf", b"one column\n1\n", b'"open'])
def test_what_is_no_table_is_one_sentence(data: bytes) -> None:
    with pytest.raises(ImportFileError, match=r"m\.csv.*\.$"):
        read_text_table(data, "m.csv")
