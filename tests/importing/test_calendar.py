"""Appointments: the days of those the client names, and nothing else of a calendar."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.conftest import root_of
from therapy_review import Journal
from therapy_review.commands.check import check
from therapy_review.errors import ImportFileError, JournalError
from therapy_review.importing import calendar as appointments
from therapy_review.importing.calendar import read_calendar, without_session

ZONE = "TZID=America/Toronto"  # where the practice journal's client lives
WEEKLY = f"UID:1\nSUMMARY:Therapy with Daniel\nDTSTART;{ZONE}:20260108T170000\nRRULE:FREQ=WEEKLY;"


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Journal, "today", lambda _: dt.date(2026, 3, 20))


def calendar(*events: str) -> bytes:
    inside = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//a//b//EN\n{inside}END:VCALENDAR\n".replace(
        "\n", "\r\n"
    ).encode()


def found(journal: Journal, *events: str, word: str = "therapy") -> list[str]:
    table = read_calendar(calendar(*events), "c.ics", word, journal)
    return [f"{day:%m-%d} {time}".strip() for day, time in zip(table["date"], table["time"], strict=True)]


def test_a_weekly_hour_stays_that_hour_when_summer_time_begins(journal: Journal) -> None:
    # Toronto's clocks went forward on 8 March 2026.
    assert found(journal, f"{WEEKLY}COUNT=10")[-2:] == ["03-05 17:00", "03-12 17:00"]


def test_a_series_ends_where_it_says_and_without_an_end_ninety_days_ahead(journal: Journal) -> None:
    assert found(journal, f"{WEEKLY}UNTIL=20260122T220000Z") == ["01-08 17:00", "01-15 17:00", "01-22 17:00"]
    assert found(journal, f"{WEEKLY}UNTIL=20260122T215959Z") == ["01-08 17:00", "01-15 17:00"]
    assert found(journal, f"{WEEKLY}INTERVAL=1")[-1] == "06-18 17:00"


def test_left_out_moved_and_cancelled_days_of_a_series_are_understood(journal: Journal) -> None:
    assert found(
        journal,
        f"{WEEKLY}COUNT=5\nEXDATE;{ZONE}:20260115T170000",
        f"UID:1\nSUMMARY:Therapy with Daniel\nRECURRENCE-ID;{ZONE}:20260122T170000\nDTSTART;{ZONE}:20260123T090000",
        f"UID:1\nSUMMARY:Therapy\nSTATUS:CANCELLED\nRECURRENCE-ID;{ZONE}:20260129T170000\nDTSTART;{ZONE}:20260129T170000",
    ) == ["01-08 17:00", "01-23 09:00", "02-05 17:00"]


def test_a_day_is_the_one_where_the_client_lives(journal: Journal) -> None:
    assert found(journal, "UID:2\nSUMMARY:therapy\nDTSTART:20260305T030000Z") == ["03-04 22:00"]
    assert found(journal, "UID:2\nSUMMARY:therapy\nDTSTART;VALUE=DATE:20260305") == ["03-05"]


def test_only_what_is_called_by_the_word_is_taken_and_only_its_day_and_name(journal: Journal) -> None:
    data = calendar(
        "UID:1\nSUMMARY:Dentist\nDTSTART:20260305T150000Z",
        "UID:2\nSUMMARY:THERAPY\nLOCATION:Elm Street 5\nDESCRIPTION:secret\nATTENDEE:mailto:d@example.org\n"
        "DTSTART:20260305T220000Z",
    )
    appointments.bring_in(journal, read_calendar(data, "c.ics", "therapy", journal))
    written = journal.store.read(appointments.FILE).decode()
    assert written.splitlines()[0] == "date,time,what,origin"
    assert "2026-03-05,17:00,THERAPY,calendar" in written
    for private in ("Dentist", "Elm", "secret", "example.org"):
        assert private not in written
    with pytest.raises(ImportFileError, match="by which word"):
        read_calendar(data, "c.ics", " ", journal)


def test_what_cannot_be_understood_is_named_and_the_rest_comes_in(journal: Journal) -> None:
    table = read_calendar(
        calendar(
            "UID:1\nSUMMARY:Therapy one\nDTSTART:soon",
            "UID:2\nSUMMARY:Therapy two",
            f"UID:3\nSUMMARY:Therapy three\nDTSTART;{ZONE}:20260305T170000",
        ),
        "c.ics",
        "therapy",
        journal,
    )
    assert table["what"].tolist() == ["Therapy three"]
    assert table.attrs["left_out"] == ["Therapy one", "Therapy two"]


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xfe\x00", b"date,mood\n"])
def test_what_is_no_calendar_is_one_sentence(journal: Journal, data: bytes) -> None:
    with pytest.raises(ImportFileError, match=r"c\.ics.*iCalendar"):
        read_calendar(data, "c.ics", "therapy", journal)


def test_the_same_calendar_again_changes_nothing_and_it_is_taken_out_in_one_step(journal: Journal) -> None:
    table = read_calendar(calendar(f"{WEEKLY}COUNT=10"), "c.ics", "therapy", journal)
    assert appointments.bring_in(journal, table) == 10
    before = journal.store.read(appointments.FILE)
    assert appointments.bring_in(journal, table) == 0
    longer = read_calendar(calendar(f"{WEEKLY}COUNT=12"), "later.ics", "therapy", journal)
    assert appointments.bring_in(journal, longer) == 2
    assert appointments.take_back(journal, longer["origin"].iloc[0]) == 2
    assert journal.store.read(appointments.FILE) == before
    assert appointments.take_back(journal, table["origin"].iloc[0]) == 10
    assert not (root_of(journal) / appointments.FILE).exists()


def test_appointments_without_a_session_are_told_with_their_days(journal: Journal) -> None:
    # The practice journal has no session on 22 January, and none since 5 March.
    appointments.bring_in(journal, read_calendar(calendar(f"{WEEKLY}COUNT=12"), "c.ics", "therapy", journal))
    assert [f"{day:%m-%d}" for day in without_session(journal)["date"]] == ["01-22", "03-12", "03-19"]


def test_a_damaged_table_is_one_sentence(journal: Journal) -> None:
    journal.store.write(appointments.FILE, b"date,time,what,origin\nsoon,,x,y\n")
    with pytest.raises(JournalError, match=r"practice/appointments\.csv"):
        appointments.kept(journal.store)
    assert len(check(journal)) == 1
