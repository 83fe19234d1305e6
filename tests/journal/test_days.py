"""Days: nothing comes in twice, everything can be taken out again, and what was written by hand stays."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, strategies as st
from syrupy.assertion import SnapshotAssertion

from tests.support.examples import examples
from tests.support.words import of_html
from therapy_review import Journal
from therapy_review.commands.check import check
from therapy_review.errors import JournalError
from therapy_review.importing.mood_file import Entry, mood_file
from therapy_review.importing.moods import merge
from therapy_review.journal import days
from therapy_review.journal.days import no_days, origin_of, read, written
from therapy_review.pages import letter

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=8)
MOODS = st.sampled_from(["good", "meh", "so lala", "müde"])
ENTRIES = st.lists(
    st.builds(
        Entry,
        date=st.dates(pd.Timestamp("2025-12-01").date(), pd.Timestamp("2025-12-04").date()).map(str),
        time=st.sampled_from(["", "08:00", "20:39"]),
        mood=st.one_of(st.just(float("nan")), st.integers(1, 10).map(float)),
        mood_name=MOODS,
        tags=st.lists(TEXT, max_size=2),
        note=TEXT,
    ),
    max_size=6,
)
NUMBER = iter(range(1_000_000))


def file_of(entries: list[Entry], kind: str = "daylio") -> pd.DataFrame:
    return mood_file(kind, f"{next(NUMBER)}".encode(), "export.csv", entries).entries


def same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    pd.testing.assert_frame_equal(one, other)
    return True


@examples(60)
@given(ENTRIES)
def test_a_table_is_read_back_as_it_was_written(entries: list[Entry]) -> None:
    table = merge(no_days(), file_of(entries))[0]
    assert same(read(written(table), "days.csv"), table)


def test_numbers_given_anew_reach_the_entries_of_that_kind_and_spare_what_was_set_by_hand() -> None:
    table = merge(no_days(), file_of([Entry(f"2026-03-0{n}", "", float("nan"), "meh") for n in (1, 2, 3)]))[0]
    table = days.with_moods(table, "daylio", {"meh": 5})
    assert table["mood"].tolist() == [5, 5, 5]
    by_hand = table.assign(mood=[5, 3, 5])
    again = days.with_moods(by_hand, "daylio", {"meh": 6}, {"meh": 5})
    assert again["mood"].tolist() == [6, 3, 6]
    assert days.with_moods(by_hand, "table", {"meh": 6}, {"meh": 5})["mood"].tolist() == [5, 3, 5]


def test_a_table_written_by_hand_may_be_short_and_have_columns_of_its_own() -> None:
    table = read("\ufeffmood,date,slept\r\n7,2026-03-05,6.5\r\n,2026-03-04,8\r\n".encode(), "days.csv")
    assert table["mood"].fillna(0).tolist() == [0, 7]
    assert b"slept" in written(table)
    more, _ = merge(table, file_of([Entry("2026-03-06", "", 5, "meh")]))
    assert more["slept"].tolist() == ["8", "6.5", ""]
    assert next((one.origin, one.number) for one in days.sources(more)) == ("", 2)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"x\n", "be a table"),
        (b"date,mood\n4 March,7\n", "days as in 2026-03-04"),
        (b"date,mood\n2026-03-04,fine\n", "be a table"),
        (b"date,mood\n2026-03-04,11\n", "is 11; "),
        (b"date,mood,time\n2026-03-04,7,8pm\n", "is 8pm; "),
        (b"date,mood\n2026-03-04,7,more\n", "be a table"),
        (b"\xff\xfe", "be a table"),
    ],
)
def test_what_is_no_table_is_one_sentence_and_left_alone(journal: Journal, data: bytes, said: str) -> None:
    journal.store.write("days.csv", data)
    with pytest.raises(JournalError, match=said):
        _ = journal.days
    assert [said in one and "practice/days.csv" in one for one in check(journal)] == [True]
    assert journal.store.read("days.csv") == data


def test_an_origin_names_kind_content_and_file_on_one_line() -> None:
    origin = origin_of("daylio", b"x", "my \n export.csv")
    assert origin.split(" ", 2)[::2] == ["daylio", "my export.csv"]
    assert origin != origin_of("daylio", b"y", "my export.csv")
    assert days.kind_of_origin(origin) == "daylio"


# Beside the sessions


def put(journal: Journal, rows: str) -> None:
    journal.store.write("days.csv", f"date,time,mood,tags\n{rows}".encode())


def test_the_week_before_a_session_is_the_seven_days_before_its_day(journal: Journal) -> None:
    put(
        journal,
        "2026-02-25,,1,\n2026-02-26,09:00,3,walk\n2026-03-04,,7,walk | Sam\n2026-03-05,08:00,9,\n",
    )
    session = journal.session("2026-03-05")
    assert days.week_before(days.kept(journal.store), session.date)["mood"].tolist() == [3, 7]


def test_the_week_before_is_one_quiet_line(journal: Journal, snapshot: SnapshotAssertion) -> None:
    session = journal.session("2026-03-05")
    before, said = of_html(letter.what_it_held(session)), []
    for rows in (
        "2026-03-02,,3,walk\n2026-03-02,,4.5,\n2026-03-04,,7,walk | <b>\n",
        "2026-03-02,,6,\n",
        "2026-03-02,,,walk\n",
    ):
        put(journal, rows)
        said += [line for line in of_html(letter.what_it_held(session)) if line not in before]
    assert len(said) == 3
    assert said == snapshot


@pytest.mark.parametrize("rows", ["", "2026-02-20,,6,\n", "no day,,6,\n"])
def test_where_nothing_is_known_of_that_week_nothing_is_said(journal: Journal, rows: str) -> None:
    without = letter.what_it_held(journal.session("2026-03-05"))
    put(journal, rows)
    assert letter.what_it_held(journal.session("2026-03-05")) == without


def test_tags_come_one_by_one() -> None:
    found: Any = days.tags(read(b"date,mood,tags\n2026-03-04,7,walk | Sam\n2026-03-05,7,\n", ""))
    assert found["tag"].tolist() == ["walk", "Sam"]
