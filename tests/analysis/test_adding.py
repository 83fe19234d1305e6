from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

from tests.conftest import PRACTICE
from therapy_review import create_journal
from therapy_review.analysis.adding import A_DAY, add_recording
from therapy_review.errors import JournalError, RecordingError
from therapy_review.journal.journal import Journal
from therapy_review.journal.session import Session
from therapy_review.storage.plain import digest

DAY = dt.date(2026, 3, 4)
VOICE = PRACTICE / "sessions/2026-01-29/recording.opus"
OTHER = PRACTICE / "sessions/2026-01-08/recording.m4a"


@pytest.fixture
def empty(tmp_path: Path) -> Journal:
    return create_journal(tmp_path / "mine", client="A", therapist="B")


def test_a_recording_is_copied_as_it_is_and_the_file_stays(empty: Journal, tmp_path: Path) -> None:
    file = tmp_path / "Voice [3].OPUS"
    file.write_bytes(VOICE.read_bytes())
    session = add_recording(empty, file, DAY)
    assert session.name == "2026-03-04"
    assert session.recording_file() == "sessions/2026-03-04/recording.opus"
    assert digest(empty.store.read(session.recording_file())) == digest(file.read_bytes())


def test_a_recording_joins_the_notes_of_its_day_and_another_one_is_a_second_session(empty: Journal) -> None:
    empty.store.write("sessions/2026-03-04/notes.md", b"Written in the evening.\n")
    assert add_recording(empty, VOICE, DAY).notes.text.strip() == "Written in the evening."
    assert add_recording(empty, OTHER, DAY).name == "2026-03-04-2"
    assert [session.name for session in empty.sessions] == ["2026-03-04", "2026-03-04-2"]


def test_the_same_recording_is_noticed_whatever_its_name_and_day(empty: Journal, tmp_path: Path) -> None:
    add_recording(empty, VOICE, DAY)
    again = tmp_path / "copy of it.opus"
    again.write_bytes(VOICE.read_bytes())
    with pytest.raises(JournalError, match=r"copy of it\.opus .* already, .* 2026-03-04"):
        add_recording(empty, again, DAY + dt.timedelta(days=7))
    assert len(empty.sessions) == 1


@pytest.mark.parametrize("kept", ["journal", "sealed"])
def test_to_find_the_same_recording_only_those_of_its_size_are_read(
    kept: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, named, read = request.getfixturevalue(kept), list[str](), Session.recording_digest
    monkeypatch.setattr(Session, "recording_digest", lambda self: named.append(self.name) or read(self))
    with pytest.raises(JournalError, match="as the session 2026-01-29"):
        add_recording(journal, VOICE, DAY)
    assert named == ["2026-01-29"]


def test_a_day_that_is_full_says_so_and_makes_no_session_that_would_not_be_seen(empty: Journal) -> None:
    for number in range(1, A_DAY + 1):
        name = f"{DAY}" if number == 1 else f"{DAY}-{number}"
        empty.store.write(f"sessions/{name}/recording.opus", b"%d" % number)
    with pytest.raises(JournalError, match="9 recordings already"):
        add_recording(empty, VOICE, DAY)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("nothing.m4a", None, r"no file .*nothing\.m4a"),
        (".", None, "is a folder"),
        ("empty.m4a", b"", r"empty\.m4a is empty"),
        ("text.m4a", b"Dear diary, " * 100, r"text\.m4a can't be"),
    ],
)
def test_what_is_no_recording_is_not_added(
    name: str, content: bytes | None, said: str, empty: Journal, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises((JournalError, RecordingError), match=said):
        add_recording(empty, tmp_path / name, DAY)
    assert len(empty.sessions) == 0


def test_a_day_to_come_is_refused(empty: Journal) -> None:
    with pytest.raises(JournalError, match="still to come"):
        add_recording(empty, VOICE, empty.today() + dt.timedelta(days=1))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is closed to root")
def test_a_file_of_somebody_else_is_said_to_be_closed(empty: Journal, tmp_path: Path) -> None:
    file = tmp_path / "theirs.opus"
    file.write_bytes(VOICE.read_bytes())
    file.chmod(0)
    with pytest.raises(JournalError, match=r"Could not read .*theirs\.opus \(permission denied\)"):
        add_recording(empty, file, DAY)


def recorded(journal: Journal) -> list[str]:
    return [session.name for session in journal.sessions if session.has_recording]


def test_what_did_not_arrive_whole_is_not_taken_for_added(
    sealed: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "voice.opus"
    file.write_bytes(VOICE.read_bytes() + b"\0")  # not in the journal yet
    write, before = type(sealed.store).write, recorded(sealed)
    monkeypatch.setattr(
        type(sealed.store),
        "write",
        lambda store, name, data: write(store, name, data[:-9] if "recording" in name else data),
    )
    with pytest.raises(JournalError, match=r"voice\.opus .* whole"):
        add_recording(sealed, file, DAY)
    assert recorded(sealed) == before
    assert not any("recording" in name for name in sealed.store.files("sessions/2026-03-04"))
