"""Who was there by the notes, and how many voices are looked for."""

from __future__ import annotations

import datetime as dt
import json

import pandas as pd
import pytest

from tests.diarization.test_registry import Halves
from therapy_review import Journal, Session, analyse
from therapy_review.analysis.analysis import is_current
from therapy_review.consent import agreements_file

PAIR = ("client", "therapist")


@pytest.fixture
def session(journal: Journal) -> Session:
    """A session without corrections; Kim has agreed to be heard too."""
    found = journal.session("2026-01-29")
    journal.store.remove(found.file("corrections.csv"))
    agreed = journal.store.read("agreements.toml")
    more = agreements_file.append(agreed, "Kim", ["self_review"], given_from=dt.date(2026, 1, 5), name="Kim")
    journal.store.write("agreements.toml", more)
    return found


def write_down(session: Session, *participants: str) -> None:
    session.save_notes(session.notes.changed(participants=participants))


def talk(turns: pd.DataFrame) -> list[float]:
    return sorted((turns["end"] - turns["start"]).groupby(turns["speaker"]).sum().round(1))


def test_who_is_named_third_and_says_nothing_takes_nobodys_words(session: Session) -> None:
    two = talk(analyse(session))
    session.journal.store.remove(session.file("derived/made_from.json"))
    write_down(session, *PAIR, "Kim")
    assert len(two) == 2
    assert talk(analyse(session)) == two


@pytest.mark.parametrize(
    ("participants", "people"),
    [(PAIR, None), (("client", "Kim"), 2), (("client",), 1), ((*PAIR, "Kim"), None)],
)
def test_one_or_two_who_are_named_are_asked_for_and_of_more_the_sound_tells(
    session: Session, participants: tuple[str, ...], people: int | None
) -> None:
    write_down(session, *participants)
    halves = Halves()
    analyse(session, diarizer=halves)
    assert [asked for _, _, asked in halves.asked] == [people]
    assert session.made_from()["people"] == people


@pytest.mark.slow
def test_another_number_of_people_in_the_notes_is_listened_for_anew(session: Session) -> None:
    analyse(session)
    write_down(session, "client")
    assert not is_current(session)
    assert set(analyse(session)["speaker"]) == {"voice_1"}
    assert is_current(session)


def test_what_else_changes_in_the_notes_opens_no_sound(session: Session) -> None:
    halves = Halves()
    analyse(session, diarizer=halves)
    session.save_notes(session.notes.changed(tags=("harbour",), text="More.\n"))
    assert is_current(session, halves)
    write_down(session, *PAIR, "Kim")  # the sound was asked, and is not asked again
    analyse(session, diarizer=halves)
    write_down(session, "client", "Kim")
    analyse(session, diarizer=halves)
    assert [asked for _, _, asked in halves.asked] == [None, 2]


@pytest.mark.parametrize(
    ("participants", "stays"), [(PAIR, True), (("client", "Kim"), True), ((*PAIR, "Kim"), False)]
)
def test_what_was_found_before_numbers_were_kept_stays_unless_it_was_made_for_three(
    session: Session, participants: tuple[str, ...], *, stays: bool
) -> None:
    write_down(session, *participants)
    halves = Halves()
    analyse(session, diarizer=halves)
    made = session.made_from()
    del made["people"]
    session.journal.store.write(session.file("derived/made_from.json"), json.dumps(made).encode())
    assert is_current(session, halves) is stays
    analyse(session, diarizer=halves)
    assert len(halves.asked) == (1 if stays else 2)
