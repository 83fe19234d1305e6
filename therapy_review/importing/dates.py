"""Days and times of day as people and programs write them.

What can be read in two ways is not guessed: ``3/4/2026`` is a day only once it is known which number is the month.

``calendar_words.csv`` has the names of months and of the halves of the day, from the Unicode CLDR, version 47:
months of eighteen languages, whole and cut short, and the halves of the day of some thirty. Not from there are what
stands beside an hour from 0 to 23, and the Chinese words for parts of the halves. What means one thing here and
another there is left out: listopad is October in Croatia and November in Poland. All are without dots.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
import unicodedata
from collections.abc import Collection, Iterable
from importlib.resources import files

_FILE = files("therapy_review.importing") / "calendar_words.csv"
_WORDS = {
    row["meaning"]: row["words"].casefold().split()
    for row in csv.DictReader(_FILE.read_text("utf-8").splitlines())
}
MONTHS = {word: number for number in range(1, 13) for word in _WORDS[str(number)]}
BEFORE_NOON, AFTER_NOON, OF_24_HOURS = (
    frozenset(_WORDS[meaning]) for meaning in ("before noon", "after noon", "24 hours")
)
DAY_FIRST, MONTH_FIRST = "day first", "month first"
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])\s?(\d{1,2})\2\s?(\d{1,2})(?:$|[.T\s])")
_BASIC = re.compile(r"(\d{4})()(\d{2})(\d{2})(?:$|[T\s])")
_EASTERN = re.compile(r"(\d{4})([年년])\s?(\d{1,2})[月월]\s?(\d{1,2})[日일]")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])\s?(\d{1,2})\2\s?(\d{4}|\d{2})(?:$|[.,\s])")
_WORD = r"[^\W\d_]+"
_WEEKDAY = rf"(?:{_WORD}(?:-{_WORD})?[.,]*\s+)?"
_DAY_MONTH = re.compile(
    rf"{_WEEKDAY}(\d{{1,2}})(?:\.|º|st|nd|rd|th|er\b)?[\s-]*(?:de\s)?({_WORD})\.?[\s,-]*(?:de\s)?(\d{{4}}|\d{{2}})"
    r"(?:$|[.,\s])"
)
_MONTH_DAY = re.compile(
    rf"{_WEEKDAY}({_WORD})\.?[\s-]+(\d{{1,2}})(?:\.|st|nd|rd|th)?[\s,-]+(\d{{4}})(?:$|[.,\s])"
)
_BEFORE_NUMBERS = re.compile(rf"^{_WEEKDAY}(?=\d{{1,4}}[-/.])")
_TIME = re.compile(r"(\D*?)\s*(\d{1,2})(?:\s?[:.h]\s?(\d{2}))?(?:[:.]\d{2}(?:\.\d+)?)?\s*(\D*?)$")
# Dots, spaces, and marks of direction and joining, which nobody sees.
_NOT_SEEN = re.compile(r"[.\s\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def read_day(text: str, order: str = "") -> dt.date | None:
    """Read a day.

    Examples
    --------
    >>> read_day("2026-03-04"), read_day("4 March 2026") == read_day("Mar 4, 2026")
    (datetime.date(2026, 3, 4), True)
    >>> read_day("3/4/2026"), read_day("3/4/2026", MONTH_FIRST)
    (None, datetime.date(2026, 3, 4))
    """
    text = _bare(text)
    try:
        if found := _YEAR_FIRST.match(text) or _BASIC.match(text) or _EASTERN.match(text):
            return dt.date(*map(int, found.group(1, 3, 4)))
        if found := _YEAR_LAST.match(text):
            first, _, second, year = found.groups()
            day, month = (first, second) if _order(found, order) == DAY_FIRST else (second, first)
            known = _order(found, order) or first == second
            return dt.date(_year(year), int(month), int(day)) if known else None
        for pattern, (day_at, month_at) in ((_DAY_MONTH, (1, 2)), (_MONTH_DAY, (2, 1))):
            found = pattern.match(text)
            if found and (number := MONTHS.get(found[month_at].casefold())):
                return dt.date(_year(found[3]), number, int(found[day_at]))
    except ValueError:
        pass
    return None


def order_of(texts: Iterable[str]) -> str:
    """Find out from many days written alike which number is the month.

    Examples
    --------
    >>> order_of(["3/4/2026", "3/27/2026"]), order_of(["3/4/2026"])
    ('month first', '')
    """
    found = {_order(match, "") for text in texts if (match := _YEAR_LAST.match(_bare(text)))} - {""}
    return found.pop() if len(found) == 1 else ""


def has_two_readings(text: str) -> bool:
    """Tell whether a day could be two, because nothing says which number is the month."""
    found = _YEAR_LAST.match(_bare(text))
    return bool(found) and read_day(text) is None and read_day(text, DAY_FIRST) is not None


def read_time(text: str, of_24_hours: Collection[str] = OF_24_HOURS) -> str | None:
    """Read a time of day.

    Examples
    --------
    >>> read_time("8:39 p.m."), read_time("08:05"), read_time("12:15 AM"), read_time(" ")
    ('20:39', '08:05', '00:15', '')
    >>> read_time("20:39 lo"), read_time("8:39 lo")
    ('20:39', None)
    """
    text = text.strip()
    if not text:
        return ""
    found = _TIME.match(text)
    if not found:
        return None
    sign = _sign(found)
    hour, minute = int(found[2]), int(found[3] or 0)
    if sign in BEFORE_NOON | AFTER_NOON:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (sign in AFTER_NOON)
    elif sign not in of_24_hours and (found[3] is None or (sign and 1 <= hour <= 12)):
        return None  # a bare number may be anything, and an unknown sign either half of the day
    return f"{hour:02d}:{minute:02d}" if hour < 24 and minute < 60 else None


def signs_of_24_hours(texts: Iterable[str]) -> frozenset[str]:
    """Find out from many times written alike what stands beside hours from 0 to 23.

    Examples
    --------
    >>> read_time("8:39 lo", signs_of_24_hours(["20:39 lo", "8:39 lo"]))
    '08:39'
    """
    found = [match for text in texts if (match := _TIME.match(text.strip())) and match[3] is not None]
    signs = {_sign(match) for match in found if not 1 <= int(match[2]) <= 12 and int(match[2]) < 24}
    return OF_24_HOURS | signs - BEFORE_NOON - AFTER_NOON - {""}


def _order(found: re.Match[str], told: str) -> str:
    first, sign, second, _ = found.groups()
    if int(second) > 12:
        return MONTH_FIRST
    # With dots the day comes first wherever people write so.
    return DAY_FIRST if int(first) > 12 or sign == "." else told


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


def _bare(text: str) -> str:
    return _BEFORE_NUMBERS.sub("", unicodedata.normalize("NFC", text.strip()))


def _sign(found: re.Match[str]) -> str:
    return _NOT_SEEN.sub("", found[1] + found[4]).casefold()
