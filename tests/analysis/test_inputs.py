"""What derived files rest on is read once for an analysis and once for a page, and every change is seen at once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT, root_of
from tests.diarization.test_registry import Halves
from tests.support.meanwhile import before
from therapy_review import Journal, Session, analyse, open_journal
from therapy_review.analysis.analysis import is_current, rename
from therapy_review.analysis.external_turns import use_turns
from therapy_review.errors import NotAnalysedError
from therapy_review.journal.corrections import Correction
from therapy_review.pages.weekly import weekly_review
from therapy_review.player.feed import Feed
from therapy_review.storage.plain import SETTLED, PlainStore
from therapy_review.turns.table import turns_table

DAY = "2026-03-05"
LONG_AGO = 1_700_000_000


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
