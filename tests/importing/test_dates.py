# ruff: noqa: RUF001
"""Days and times as they are written: read where they are clear, and never guessed."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given, strategies as st

from therapy_review.importing.dates import (
    AFTER_NOON,
    BEFORE_NOON,
    DAY_FIRST,
    MONTH_FIRST,
    MONTHS,
    has_two_readings,
    order_of,
    read_day,
    read_time,
)

LANGUAGES = "en de fr es it pt nl sv da nb pl cs hr tr fi ru uk el"
NOT_SEEN = re.compile(r"[.\s\u200b-\u200f]")
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


@pytest.mark.parametrize(
    "text",
    """
    4. März 2026; 4 mars 2026; 4-Mar-2026; 04-Mar-26; Wed, 4 March 2026; 20260304; 20260304T203900
    March 4th, 2026; Wednesday, March 4, 2026 8:39 PM; Mi., 4. März 2026; Mi 04.03.2026; mercredi 4 mars 2026
    4 de marzo de 2026; quarta-feira, 4 de março de 2026; 4 marca 2026; 4. března 2026; 4 Mart 2026
    4. maaliskuuta 2026; 4 марта 2026 г.; 4 березня 2026; 4 Μαρτίου 2026; 2026. 03. 04.; 2026年3月4日
    2026년 3월 4일; 4. ožujka 2026.; 4 MAART 2026; Wed 2026-03-04
    """.strip()
    .replace("\n", ";")
    .split(";"),
)
def test_a_day_is_read_in_many_languages(text: str) -> None:
    assert read_day(text) == dt.date(2026, 3, 4)


def test_a_day_of_the_week_hides_no_day_that_could_be_two() -> None:
    assert read_day("Wed 3/4/2026") is None
    assert has_two_readings("Wed 3/4/2026")
    assert order_of(["Wed 3/4/2026", "Fri, 27/3/2026"]) == DAY_FIRST


def test_every_months_name_is_as_the_unicode_consortium_has_it() -> None:
    babel = pytest.importorskip("babel")
    told: dict[str, set[int]] = {}
    for language in LANGUAGES.split():
        months = babel.Locale.parse(language).months
        for kind in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[kind][width].items():
                    told.setdefault(name.strip(". ").casefold(), set()).add(number)
    assert {name: told.get(name) for name in MONTHS} == {name: {number} for name, number in MONTHS.items()}


def test_no_half_of_the_day_is_the_other_half_in_any_language() -> None:
    babel = pytest.importorskip("babel")
    localedata = pytest.importorskip("babel.localedata")
    halves: dict[str, set[str]] = {}
    for name in localedata.locale_identifiers():
        if name.startswith(
            "mrh"
        ):  # Mara says md of the morning, Albanian of the afternoon; no phone has Mara
            continue
        for widths in babel.Locale.parse(name).day_periods.values():
            for words in widths.values():
                for half in {"am", "pm"} & set(words):
                    halves.setdefault(NOT_SEEN.sub("", words[half]).casefold(), set()).add(half)
    chinese = {"凌晨", "清晨", "中午", "晚上"}  # parts of the day rather than halves
    for half, signs in (("am", BEFORE_NOON - chinese), ("pm", AFTER_NOON - chinese)):
        # What a newer CLDR writes otherwise stays, for phones of before wrote it.
        known = {sign: halves[sign] for sign in signs if sign in halves}
        assert known == {sign: {half} for sign in known}
        assert len(known) > 0.8 * len(signs)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("20 h 39", "20:39"),  # French, Canada
        ("8 h 39", "08:39"),
        ("20 h", "20:00"),
        ("20h39", "20:39"),
        ("8:39 ÖS", "20:39"),  # Turkish
        ("ÖÖ 8:39", "08:39"),
        ("8:39 MD", "20:39"),  # Albanian
        ("8:39 e paradites", None),
        ("8:39 paradite", "08:39"),
        ("20:39 ч.", "20:39"),  # Bulgarian
        ("8:39 ч.", "08:39"),
        ("8:39 CH", "20:39"),  # Vietnamese
        ("8:39 SA", "08:39"),
        ("kl. 20.39", "20:39"),  # Danish
        ("klo 8.39", "08:39"),  # Finnish
        ("du. 8:39", "20:39"),  # Hungarian
        ("8:39 em", "20:39"),  # Swedish
        ("8:39 odp.", "20:39"),  # Czech
        ("8:39 μ.μ.", "20:39"),  # Greek
        ("\u200f٨:٣٩ م", "20:39"),  # Arabic
        ("۸:۳۹ بعد\u200cازظهر", "20:39"),  # Persian
        ("8:39 אחה״צ", "20:39"),  # Hebrew
        ("晚上8:39", "20:39"),  # Chinese, Taiwan
        ("午後8:39", "20:39"),  # Japanese
        ("20.39", "20:39"),
        ("20:39 ish", "20:39"),  # no clock of 12 hours has it
        ("0:39 xx", "00:39"),
        ("8:39 xx", None),
        ("8:39 ip", None),  # after noon in Finnish, before it in Inari Sami
    ],
)
def test_a_time_is_read_in_many_languages_and_never_guessed(text: str, time: str | None) -> None:
    assert read_time(text) == time


def test_one_clear_day_tells_how_all_are_written_and_two_that_differ_tell_nothing() -> None:
    assert order_of(["3/4/2026", "27/4/2026"]) == DAY_FIRST
    assert order_of(["3/4/2026", "4/27/2026"]) == MONTH_FIRST
    assert order_of(["27/4/2026", "4/27/2026"]) == ""
    assert order_of(["2026-03-04"]) == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-02-30",
        "31.4.2026",
        "2026-13-01",
        "4 listopada 2026",
        "4 Marsh 2026",
        "20261304",
        "2026030",
        "32/1/2026",
    ],
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


@pytest.mark.parametrize(
    "text", ["25:00", "12:60", "13:00 pm", "0:30 am", "noon", "8", "8:39 ish", "8:39 a", "20:39 - 21:00"]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert read_time(text) is None


def test_no_time_is_empty() -> None:
    assert read_time("  ") == ""
