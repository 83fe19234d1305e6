"""Days and times of day as people and programs write them.

What can be read in two ways is not guessed: ``3/4/2026`` is a day only once it is known which number is the month.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

DAY_FIRST, MONTH_FIRST = "day first", "month first"
_MONTHS = (
    "January February March April May June July August September October November December".lower().split()
)
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:$|[T\s])")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])\s?(\d{1,2})\2\s?(\d{4}|\d{2})(?:$|[,\s])")
_DAY_MONTH = re.compile(r"(\d{1,2})\.?\s+([A-Za-z]+)\.?,?\s+(\d{4})$")
_MONTH_DAY = re.compile(r"([A-Za-z]+)\.?\s+(\d{1,2}),?\s+(\d{4})$")
_TIME = re.compile(r"(\D*?)\s*(\d{1,2})(?:[:.h](\d{2}))?(?:[:.]\d{2}(?:\.\d+)?)?\s*(\D*?)$")
# Before and after noon in English, Korean, Chinese, Japanese, Greek, Arabic (Unicode CLDR); no dots, no spaces.
_BEFORE_NOON = {"am", "오전", "上午", "午前", "πμ", "ص"}
_AFTER_NOON = {"pm", "오후", "下午", "午後", "μμ", "م"}


def read_day(text: str, order: str = "") -> dt.date | None:
    """Read a day.

    Parameters
    ----------
    text : str
        With the year first or last, in numbers or with an English month; a time may stand after it.
    order : str
        `DAY_FIRST` or `MONTH_FIRST`, for numbers with the year last; empty where that is not known.

    Returns
    -------
    datetime.date or None
        None when it is no day, or could be two.

    Examples
    --------
    >>> read_day("2026-03-04"), read_day("4 March 2026") == read_day("Mar 4, 2026")
    (datetime.date(2026, 3, 4), True)
    >>> read_day("3/4/2026"), read_day("3/4/2026", MONTH_FIRST)
    (None, datetime.date(2026, 3, 4))
    """
    text = text.strip()
    try:
        if found := _YEAR_FIRST.match(text):
            return dt.date(*map(int, found.groups()))
        if found := _YEAR_LAST.match(text):
            first, _, second, year = found.groups()
            day, month = (first, second) if _order(found, order) == DAY_FIRST else (second, first)
            known = _order(found, order) or first == second
            return dt.date(_year(year), int(month), int(day)) if known else None
        if found := _DAY_MONTH.match(text):
            return dt.date(int(found[3]), _month(found[2]), int(found[1]))
        if found := _MONTH_DAY.match(text):
            return dt.date(int(found[3]), _month(found[1]), int(found[2]))
    except (ValueError, StopIteration):
        pass
    return None


def order_of(texts: Iterable[str]) -> str:
    """Find out from many days written alike which number is the month.

    Parameters
    ----------
    texts : iterable of str

    Returns
    -------
    str
        `DAY_FIRST` or `MONTH_FIRST`; empty where nothing, or not everything, speaks for one of them.

    Examples
    --------
    >>> order_of(["3/4/2026", "3/27/2026"]), order_of(["3/4/2026"])
    ('month first', '')
    """
    found = {_order(match, "") for text in texts if (match := _YEAR_LAST.match(text.strip()))} - {""}
    return found.pop() if len(found) == 1 else ""


def has_two_readings(text: str) -> bool:
    """Tell whether a day could be two, because nothing says which number is the month."""
    found = _YEAR_LAST.match(text.strip())
    return bool(found) and read_day(text) is None and read_day(text, DAY_FIRST) is not None


def read_time(text: str) -> str | None:
    """Read a time of day.

    Parameters
    ----------
    text : str
        In 24 or 12 hours.

    Returns
    -------
    str or None
        As in ``20:39``; empty when nothing is written, None when it is no time.

    Examples
    --------
    >>> read_time("8:39 p.m."), read_time("08:05"), read_time("12:15 AM"), read_time(" ")
    ('20:39', '08:05', '00:15', '')
    """
    text = text.strip()
    if not text:
        return ""
    found = _TIME.match(text)
    if not found:
        return None
    marker = re.sub(r"[.\s]", "", found[1] + found[4]).casefold()
    hour, minute = int(found[2]), int(found[3] or 0)
    if marker in _BEFORE_NOON | _AFTER_NOON:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (marker in _AFTER_NOON)
    elif marker not in ("", "h", "uhr") or (found[3] is None and not marker):
        return None
    return f"{hour:02d}:{minute:02d}" if hour < 24 and minute < 60 else None


def _order(found: re.Match[str], told: str) -> str:
    first, sign, second, _ = found.groups()
    if int(second) > 12:
        return MONTH_FIRST
    # With dots the day comes first wherever people write so.
    return DAY_FIRST if int(first) > 12 or sign == "." else told


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


def _month(name: str) -> int:
    # Whole, or cut to three letters: marraskuu is not March.
    short = "sep" if name.lower() == "sept" else name.lower()
    return 1 + next(n for n, month in enumerate(_MONTHS) if short in (month, month[:3]))
