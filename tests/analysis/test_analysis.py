"""An analysis: what it rests on is read once, every change is seen at once, and voices are those who were there."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import ROOT, root_of
from tests.diarization.test_registry import Halves
from tests.support.meanwhile import before
from therapy_review import Journal, Session, analyse, open_journal
from therapy_review.analysis.analysis import is_current, rename
from therapy_review.analysis.external_turns import use_turns
from therapy_review.consent import agreements_file
from therapy_review.errors import NotAnalysedError
from therapy_review.journal.corrections import Correction
from therapy_review.pages.weekly import weekly_review
from therapy_review.player.feed import Feed
from therapy_review.storage.plain import SETTLED, PlainStore
from therapy_review.turns.table import turns_table

DAY = "2026-03-05"
LONG_AGO = 1_700_000_000
PAIR = ("client", "therapist")


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sessions whose inputs were read, once for each time."""
    read, names = Session._read_inputs, list[str]()
    monkeypatch.setattr(Session, "_read_inputs", lambda self: names.append(self.name) or read(self))
    return names


def written_now(session: Session) -> None:
    for path in (root_of(session.journal) / session.folder).glob("*.*"):
        os.utime(path)


def cells(notebook: Path) -> list[str]:
    """The names of what a notebook's cells show, in order."""
    found = ["".join(cell["source"]).strip() for cell in json.loads(notebook.read_text())["cells"]]
    return [line.removeprefix("page.").removesuffix("()") for line in found if line.startswith("page.")]


def test_an_analysis_reads_them_once_whatever_it_has_to_do(journal: Journal, reads: list[str]) -> None:
    session = journal.session(DAY)
    halves = Halves()

    def said() -> None:
        session.correct([Correction(10.0, 12.0, "other")])
        rename(session)

    acts: list[Callable[[], object]] = [lambda: analyse(session, diarizer=halves)] * 2
    for act in (*acts, said, lambda: is_current(session, halves)):
        written_now(session)  # so that nothing which was read before counts
        reads.clear()
        act()
        assert reads == [DAY]


def test_a_weekly_page_reads_them_once(heard: Journal, reads: list[str], capsys: pytest.CaptureFixture[str]):
    review = weekly_review(root_of(heard))
    names = cells(ROOT / "notebooks" / "weekly_review.ipynb")
    assert len(names) > 15
    for name in names:
        for thing in getattr(getattr(review, name)(), "things", ()):
            if hasattr(thing, "refresh"):
                thing.refresh()  # draws it, as a cell does
    capsys.readouterr()
    assert reads.count(DAY) == 1


def test_sound_in_pieces_asks_for_nothing_but_the_recording(heard: Journal, reads: list[str]) -> None:
    feed = Feed(heard.session(DAY))
    feed.pieces(0.0)
    reads.clear()
    written_now(heard.session(DAY))
    feed.pieces(5.0)
    assert reads == []


@pytest.mark.parametrize("ago", [LONG_AGO, None])
@pytest.mark.parametrize("name", ["corrections.csv", "notes.md", "turns.rttm", "recording.m4a"])
def test_what_another_window_changes_is_seen_at_once(heard: Journal, name: str, ago: int | None) -> None:
    session, other = heard.session(DAY), open_journal(root_of(heard))
    contents = [b"tracks: [client]\n", b"tracks: [theirs]\n"] if name == "notes.md" else [b"one", b"two"]
    for number, content in enumerate(contents):
        other.store.write(session.file(name), b"---\n%b---\n" % content if name == "notes.md" else content)
        if ago:
            os.utime(root_of(heard) / session.file(name), (ago + number, ago + number))
        assert session.inputs() == open_journal(root_of(heard)).session(DAY).inputs()
        with pytest.raises(NotAnalysedError):
            _ = session.turns
    other.store.remove(session.file(name))
    assert session.inputs() == open_journal(root_of(heard)).session(DAY).inputs()


def test_of_a_file_that_is_written_while_it_is_read_nothing_older_is_kept(
    heard: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, path = heard.session(DAY), root_of(heard) / heard.session(DAY).file("corrections.csv")
    before(monkeypatch, PlainStore, "read", lambda: path.write_bytes(b"theirs"), of="corrections.csv")
    during = session.inputs()
    assert session.inputs() == during == open_journal(root_of(heard)).session(DAY).inputs()
    path.write_bytes(b"others")
    assert session.inputs() != during


def test_who_keeps_what_was_said_of_a_session_can_change_it_for_nobody_else(heard: Journal) -> None:
    session = heard.session(DAY)
    good = session.inputs()
    session.inputs().clear()
    assert session.inputs() == good
    assert SETTLED > 2  # seconds: some disks keep times to two


def test_what_is_said_while_a_recording_is_listened_to_holds_in_its_turns(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = journal.session(DAY)
    before(
        monkeypatch,
        Halves,
        "__call__",
        lambda: session.correct([Correction(0.0, session.recording().duration, "other")]),
    )
    assert set(analyse(session, diarizer=Halves())["speaker"]) == {"other"}
    assert set(session.turns["speaker"]) == {"other"}


def test_turns_of_another_program_that_come_while_it_is_listened_to_are_not_taken_for_what_was_heard(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, theirs = journal.session(DAY), turns_table([(1.0, 2.0, "client"), (3.0, 4.0, "therapist")])
    journal.store.remove(session.file("corrections.csv"))
    before(monkeypatch, Halves, "__call__", lambda: use_turns(session, theirs, "theirs 1.0"))
    analyse(session, diarizer=Halves())
    assert not is_current(session)
    assert analyse(session)["start"].tolist() == [1.0, 3.0]


# Who was there by the notes, and how many voices are looked for


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
