"""Any other table of moods, by its columns."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, strategies as st

from therapy_review.errors import ImportFileError
from therapy_review.importing.mood_table import Columns, likely_columns, table_reader


def read(text: str, columns: Columns) -> list[tuple[object, ...]]:
    entries = table_reader(columns)(text.encode(), "moods.csv").entries
    dates = entries["date"].dt.strftime("%Y-%m-%d")
    return list(
        entries.assign(date=dates)[["date", "time", "mood", "tags", "note"]].itertuples(
            index=False, name=None
        )
    )


def test_each_column_is_what_the_client_says_it_is() -> None:
    text = "Wann;Wie;Womit;Dazu\n4.3.2026 20:39;7,5;walk, Sam;Rain.\n5.3.2026;3;;\n"
    columns = Columns("Wann", "Wie", tags="Womit", note="Dazu", high=10)
    assert read(text, columns) == [
        ("2026-03-04", "20:39", 7.5, "walk | Sam", "Rain."),
        ("2026-03-05", "", 3.0, "", ""),
    ]


@given(st.floats(-50, 50), st.floats(0.5, 100), st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_numbers_are_stretched_to_one_to_ten_in_their_order(
    low: float, width: float, at: list[float]
) -> None:
    high = low + width
    numbers = [low, *(min(high, low + one * width) for one in at), high]
    rows = "".join(f"2026-03-04,{number!r}\n" for number in numbers)
    moods = [row[2] for row in read(f"day,mood\n{rows}", Columns("day", "mood", low=low, high=high))]
    assert (moods[0], moods[-1]) == (1, 10)
    assert all(1 <= float(str(mood)) <= 10 for mood in moods)
    order = sorted(range(len(numbers)), key=lambda n: numbers[n])
    assert [moods[n] for n in order] == sorted(moods, key=lambda mood: float(str(mood)))


def test_words_in_the_column_of_moods_are_asked_about() -> None:
    found = table_reader(Columns("day", "mood", high=10))(
        b"day,mood\n2026-03-04,fine\n2026-03-05,7\n", "moods.csv"
    )
    assert found.names == ["fine"]


def test_a_number_outside_its_range_is_a_damaged_line() -> None:
    found = table_reader(Columns("day", "mood", high=5))(b"day,mood\n2026-03-04,7\n2026-03-05,5\n", "m.csv")
    assert [(one.line, "has 7" in one.why, "1 to 5" in one.why) for one in found.damaged] == [(2, True, True)]
    assert found.entries["mood"].tolist() == [10]


def test_how_high_numbers_can_go_is_asked_and_never_guessed() -> None:
    with pytest.raises(ImportFileError, match=r"from 1 to 5\. .*highest .* moods.csv"):
        read("day,mood\n2026-03-04,1\n2026-03-05,5\n", Columns("day", "mood"))
    with pytest.raises(ImportFileError, match="lowest and"):
        read("day,mood\n2026-03-04,-1\n2026-03-05,5\n", Columns("day", "mood", high=5))
    with pytest.raises(ImportFileError, match="can't go from 1 to 1"):
        read("day,mood\n2026-03-04,1\n", Columns("day", "mood", high=1))
    moods = [row[2] for row in read("day,mood\n2026-03-04,0\n2026-03-05,4\n", Columns("day", "mood", high=4))]
    assert moods == [1, 10]  # who notes a 0 counts from 0
    assert len(read("day,mood\n2026-03-04,fine\n", Columns("day", "mood"))) == 1  # words alone


def test_days_that_could_be_two_are_asked_about_and_never_guessed() -> None:
    text = "day,mood\n3/4/2026,7\n5/4/2026,6\n"
    with pytest.raises(ImportFileError, match=r"3/4/2026"):
        read(text, Columns("day", "mood"))
    assert [row[0] for row in read(text, Columns("day", "mood", order="day first", high=10))] == [
        "2026-04-03",
        "2026-04-05",
    ]
    assert [row[0] for row in read(text, Columns("day", "mood", order="month first", high=10))] == [
        "2026-03-04",
        "2026-05-04",
    ]
    # One day that is clear tells about the others.
    assert (
        next(row[0] for row in read(text + "27/4/2026,5\n", Columns("day", "mood", high=10))) == "2026-04-03"
    )


@given(st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2050, 1, 1), timezones=st.timezones()))
def test_a_stamp_of_day_and_time_is_read_as_the_clock_showed_it(at: dt.datetime) -> None:
    stamp = at.replace(microsecond=0).isoformat()
    if at.utcoffset() is not None and at.utcoffset().total_seconds() % 60:  # type: ignore[union-attr]
        return  # no program writes an offset with seconds
    ((day, time, *_),) = read(f"when,mood\n{stamp},7\n", Columns("when", "mood", high=10))
    assert (day, time) == (f"{at:%Y-%m-%d}", f"{at:%H:%M}")


def test_a_missing_column_is_named_with_those_there_are() -> None:
    with pytest.raises(ImportFileError, match=r"no column feeling; it has day, mood"):
        read("day,mood\n2026-03-04,7\n", Columns("day", "feeling"))
    with pytest.raises(ImportFileError, match="lowest number first"):
        Columns("day", "mood", low=5, high=1)


@pytest.mark.parametrize(
    ("header", "date", "mood", "note"),
    [
        (["Date", "Rating", "Journal"], "Date", "Rating", "Journal"),
        (["Datum", "Uhrzeit", "Stimmung", "Notiz"], "Datum", "Stimmung", "Notiz"),
        (["a", "b"], "", "", ""),
    ],
)
def test_columns_are_guessed_only_to_be_offered(header: list[str], date: str, mood: str, note: str) -> None:
    found = likely_columns(header)
    assert (found.date, found.mood, found.note) == (date, mood, note)
