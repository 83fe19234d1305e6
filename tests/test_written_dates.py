"""Days and times as they are written: read where they are clear, and never guessed."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapy_review.written_dates import (
    DAY_FIRST,
    MONTH_FIRST,
    has_two_readings,
    order_of,
    read_day,
    read_time,
)

DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2060, 12, 31))


@given(DAYS)
def test_a_day_is_read_in_every_way_it_is_written(day: dt.date) -> None:
    month = f"{day:%B}"
    clear = [
        f"{day}",
        f"{day:%Y/%m/%d}",
        f"{day}T20:39:00+01:00",
        f"{day.day}.{day.month}.{day.year}",
        f"{day.day} {month} {day.year}",
        f"{month} {day.day} {day.year}",
        f"{month[:3]} {day.day}, {day.year}",
    ]
    assert {read_day(text) for text in clear} == {day}
    assert read_day(f"{day.day}/{day.month}/{day.year}", DAY_FIRST) == day
    assert read_day(f"{day.month}/{day.day}/{day.year}", MONTH_FIRST) == day


@given(DAYS)
def test_a_day_that_could_be_two_is_not_guessed(day: dt.date) -> None:
    text = f"{day.day}/{day.month}/{day.year}"
    assert has_two_readings(text) == (day.day <= 12 and day.day != day.month)
    assert read_day(text) == (None if has_two_readings(text) else day)


def test_one_clear_day_tells_how_all_are_written_and_two_that_differ_tell_nothing() -> None:
    assert order_of(["3/4/2026", "27/4/2026"]) == DAY_FIRST
    assert order_of(["3/4/2026", "4/27/2026"]) == MONTH_FIRST
    assert order_of(["27/4/2026", "4/27/2026"]) == ""
    assert order_of(["2026-03-04"]) == ""


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-02-30", "31.4.2026", "2026-13-01", "4 marraskuu 2026", "4 Mars 2026", "32/1/2026"],
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert read_day(text) is None


@given(st.times())
def test_a_time_is_the_same_in_24_and_in_12_hours(time: dt.time) -> None:
    hour, marker = time.hour % 12 or 12, "pm" if time.hour >= 12 else "am"
    want = f"{time:%H:%M}"
    assert read_time(f"{time.hour}:{time.minute:02d}") == want
    assert read_time(f"{time:%H:%M:%S}") == want
    for written in (
        f"{hour}:{time.minute:02d} {marker}",
        f"{hour}:{time.minute:02d}\u202f{marker.upper()}",  # as newer telephones write it
        f"{hour}:{time.minute:02d} {marker[0]}. m.",  # Spanish
        f"{'오후' if marker == 'pm' else '오전'} {hour}:{time.minute:02d}",  # Korean
        f"{'下午' if marker == 'pm' else '上午'}{hour}:{time.minute:02d}",  # Chinese
    ):
        assert read_time(written) == want


@pytest.mark.parametrize("text", ["25:00", "12:60", "13:00 pm", "0:30 am", "noon", "8", "20:39 ish"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert read_time(text) is None


def test_no_time_is_empty() -> None:
    assert read_time("  ") == ""
