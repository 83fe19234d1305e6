"""Appointments from a calendar: days on which a session was meant to be.

An *appointments table* is a DataFrame with one row an appointment, in order of time: ``date``, ``time`` (empty
where it lasts all day), ``what`` (as the calendar calls it) and ``origin`` (see `therapy_review.journal.days`). It
stands in ``appointments.csv`` at the journal's root. A calendar holds much else, so only appointments with a word
the client gives are taken, and never their places, notes or guests.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from therapy_review.errors import ImportFileError, JournalError
from therapy_review.journal import Journal, as_kept, origin_of
from therapy_review.storage import Store, if_there

FILE = "appointments.csv"
KIND = "calendar"
COLUMNS = ["date", "time", "what", "origin"]
AHEAD = 90  # days from today to which a series without an end is followed


def read_calendar(data: bytes, name: str, containing: str, journal: Journal) -> pd.DataFrame:
    """Find appointments in a calendar's file."""
    from icalendar import Calendar

    if not containing.strip():
        raise ImportFileError("Say by which word your appointments are known, such as therapy or a name.")
    try:
        calendars = Calendar.from_ical(data, multiple=True)
    except (ValueError, KeyError, IndexError, UnicodeDecodeError) as error:
        raise ImportFileError(
            f"{name} can't be read as a calendar; export it as iCalendar, a file that ends in .ics."
        ) from error
    if not calendars:
        raise ImportFileError(
            f"There is no calendar in {name}; export it as iCalendar, a file that ends in .ics."
        )
    events: list[Any] = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    wanted = [
        one for one in events if containing.strip().casefold() in str(one.get("SUMMARY", "")).casefold()
    ]
    # One day of a series that was moved stands for itself, and takes the place of what the series says.
    moved = {
        (str(one.get("UID")), _local(one["RECURRENCE-ID"].dt, journal))
        for one in events
        if hasattr(one.get("RECURRENCE-ID"), "dt")
    }
    origin = origin_of(KIND, data, name)
    rows, left_out = [], []
    for event in wanted:
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        what = as_kept(" ".join(str(event["SUMMARY"]).split()))
        try:
            times = [
                _local(one, journal) for one in _times(event, journal.today() + dt.timedelta(days=AHEAD))
            ]
        except (KeyError, ValueError, AttributeError, TypeError):  # a time or a rule that is none
            left_out.append(what)
            continue
        alone = "RECURRENCE-ID" in event
        rows += [(*at, what, origin) for at in times if alone or (str(event.get("UID")), at) not in moved]
    table = _table(rows).drop_duplicates(COLUMNS[:3]).reset_index(drop=True)
    table.attrs["left_out"] = left_out
    return table


def _times(event: Any, until: dt.date) -> Iterator[dt.date | dt.datetime]:
    """Give every beginning of an appointment, once or repeated."""
    from dateutil.rrule import rruleset, rrulestr  # type: ignore[import-untyped]

    start = event["DTSTART"].dt
    if "RRULE" not in event and "RDATE" not in event:
        yield start
        return
    # Reckoned by the clock on the wall, so that a weekly hour stays that hour when summer time begins.
    zone = start.tzinfo if isinstance(start, dt.datetime) else None
    first = _naive(start)
    series = rruleset()
    for rule in _several(event.get("RRULE")):
        text = rule.to_ical().decode()
        if "UNTIL" in rule:
            ends = min(_naive(_in_zone(end, zone)) for end in rule["UNTIL"])
            rest = ";".join(part for part in text.split(";") if not part.startswith("UNTIL"))
            ends += dt.timedelta(days=1) if not isinstance(rule["UNTIL"][0], dt.datetime) else dt.timedelta()
            text = f"{rest};UNTIL={ends:%Y%m%dT%H%M%S}"
        series.rrule(rrulestr(text, dtstart=first))
    series.rdate(first)
    for name, add in (("RDATE", series.rdate), ("EXDATE", series.exdate)):
        for times in _several(event.get(name)):
            for one in times.dts:
                add(_naive(_in_zone(one.dt, zone)))
    for one in series.between(first, dt.datetime.combine(until, dt.time.max), inc=True):
        yield one.replace(tzinfo=zone) if isinstance(start, dt.datetime) else one.date()


def _several(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _naive(when: dt.date | dt.datetime) -> dt.datetime:
    return (
        when.replace(tzinfo=None) if isinstance(when, dt.datetime) else dt.datetime.combine(when, dt.time())
    )


def _in_zone(when: Any, zone: dt.tzinfo | None) -> Any:
    return when.astimezone(zone) if zone and isinstance(when, dt.datetime) and when.tzinfo else when


def _local(when: dt.date | dt.datetime, journal: Journal) -> tuple[str, str]:
    """Say when that is where the client lives."""
    if not isinstance(when, dt.datetime):
        return when.isoformat(), ""
    if when.tzinfo is not None:
        zone = str(journal.settings.get("time_zone", ""))
        when = when.astimezone(ZoneInfo(zone) if zone else None)
    return when.date().isoformat(), f"{when:%H:%M}"


def kept(store: Store) -> pd.DataFrame:
    """Read the appointments table of a journal."""
    if (data := if_there(store.read, FILE)) is None:
        return _table([])
    try:
        table = pd.read_csv(io.BytesIO(data), encoding="utf-8-sig", dtype=str, keep_default_na=False)
        return _table(table[COLUMNS].itertuples(index=False, name=None))
    except (ValueError, KeyError, pd.errors.ParserError) as error:
        raise JournalError(
            f"{store.where(FILE)} should be a table with the columns {', '.join(COLUMNS)}, days as in 2026-03-04; "
            "mend it, or delete it and bring the calendar in again."
        ) from error


def bring_in(journal: Journal, found: pd.DataFrame) -> int:
    """Add appointments that are not there yet."""
    with journal.store.writing():
        before = kept(journal.store)
        both = pd.concat([before, found], ignore_index=True).drop_duplicates(COLUMNS[:3])
        if len(both) > len(before):
            _write(journal.store, both)
    return len(both) - len(before)


def take_back(journal: Journal, origin: str) -> int:
    """Take out of the journal the appointments one calendar brought in."""
    with journal.store.writing():
        before = kept(journal.store)
        after = before[before["origin"] != origin]
        if after.empty:
            journal.store.remove(FILE)
        elif len(after) < len(before):
            _write(journal.store, after)
    return len(before) - len(after)


def without_session(journal: Journal) -> pd.DataFrame:
    """Give the past appointments on whose days no session is kept, to be offered as dates."""
    table = kept(journal.store)
    held = pd.DatetimeIndex([pd.Timestamp(session.date) for session in journal.sessions])
    past = table["date"] <= pd.Timestamp(journal.today())
    return table[past & ~table["date"].isin(held)].reset_index(drop=True)


def _table(rows: Any) -> pd.DataFrame:
    table = pd.DataFrame(list(rows), columns=COLUMNS).astype(str)
    table["date"] = pd.to_datetime(table["date"], format="%Y-%m-%d")
    return table.sort_values(["date", "time"], kind="stable").reset_index(drop=True)


def _write(store: Store, table: pd.DataFrame) -> None:
    dates = table["date"].dt.strftime("%Y-%m-%d")
    store.write(FILE, table.assign(date=dates).to_csv(index=False, lineterminator="\n").encode())
