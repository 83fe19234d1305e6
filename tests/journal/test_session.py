"""A session: one folder, at most one recording, and nothing derived that does not fit."""

from __future__ import annotations

import json
import os
import re
import shutil

import pandas as pd
import pytest

from tests.conftest import root_of
from tests.support.meanwhile import after, before
from therapy_review import Journal, Session, analyse, hints
from therapy_review.analysis.analysis import is_current, rename
from therapy_review.analysis.external_turns import turns_elsewhere
from therapy_review.errors import JournalError, NotAnalysedError, RecordingError
from therapy_review.journal.corrections import Correction
from therapy_review.journal.session import session_date
from therapy_review.rights.erasure import erase_session
from therapy_review.sound.recording import Recording
from therapy_review.storage.plain import PlainStore


@pytest.fixture
def session(heard: Journal) -> Session:
    return heard.session("2026-03-05")


@pytest.mark.parametrize(
    "name",
    ["2026-3-4", "2026-13-01", "2026-02-30", "2026-03-04-1", "2026-03-04-10", "2026-03-04 ", "notes", ""],
)
def test_a_folder_named_otherwise_is_no_session(name: str) -> None:
    assert session_date(name) is None


def test_a_session_knows_its_day_and_its_week_at_the_turn_of_the_year(journal: Journal) -> None:
    assert Session("2026-01-01", journal).week == "2026-W01"
    assert Session("2027-01-01-2", journal).week == "2026-W53"
    assert Session("2027-01-01-2", journal).date.isoformat() == "2027-01-01"


def test_without_a_recording_the_notes_still_count(journal: Journal) -> None:
    session = journal.session("2026-02-12")
    assert not session.has_recording
    assert session.notes.mood_after == 5
    with pytest.raises(JournalError, match="no recording in practice/sessions/2026-02-12"):
        session.recording()


def test_of_two_recordings_neither_is_guessed(session: Session) -> None:
    folder = root_of(session.journal) / session.folder
    shutil.copy(folder / "recording.m4a", folder / "recording.wav")
    with pytest.raises(JournalError, match=r"2 recordings \(recording\.m4a, recording\.wav\)"):
        session.recording()


def test_what_was_derived_is_read_back(session: Session) -> None:
    assert set(session.turns["speaker"]) == {"client", "therapist"}
    assert session.measures["long_silences"].iloc[0] > 0


def test_turns_count_no_more_once_the_recording_is_another(session: Session) -> None:
    root = root_of(session.journal)
    shutil.copy(root / "sessions/2026-02-26/recording.mp4", root / session.folder / "recording.m4a")
    with pytest.raises(NotAnalysedError, match=re.escape(hints.command("analyse", journal=root))):
        _ = session.turns


def test_turns_still_count_where_the_recording_was_only_copied(session: Session) -> None:
    os.utime(root_of(session.journal) / session.folder / "recording.m4a", (1_700_000_000, 1_700_000_000))
    assert len(session.turns) > 20


def test_turns_count_no_more_once_the_client_said_something_else(session: Session) -> None:
    session.correct([Correction(10.0, 12.0, "other")])
    with pytest.raises(NotAnalysedError):
        _ = session.turns


@pytest.mark.parametrize("content", [b"", b"{", b'{"inputs": {}}'])
def test_turns_left_half_made_count_as_none(session: Session, content: bytes) -> None:
    session.journal.store.write(session.file("derived/made_from.json"), content)
    with pytest.raises(NotAnalysedError):
        _ = session.turns


def test_derived_files_name_what_they_came_from(session: Session) -> None:
    made = json.loads(session.journal.store.read(session.file("derived/made_from.json")))
    assert made["inputs"]["recording"] == session.recording().digest
    assert made["engine"]


def test_a_session_whose_waveform_was_made_in_another_way_is_heard_anew(session: Session) -> None:
    store, name = session.journal.store, session.file("derived/made_from.json")
    made, good = session.made_from(), store.read(session.file("derived/peaks.npy"))
    assert is_current(session)
    del made["peaks_a_second"]
    store.write(name, json.dumps(made).encode())
    store.write(session.file("derived/peaks.npy"), b"")
    assert not is_current(session)
    analyse(session)
    assert is_current(session)
    assert store.read(session.file("derived/peaks.npy")) == good


def test_marks_are_read_as_they_were_put_and_none_is_an_empty_table(session: Session) -> None:
    assert session.marks.empty
    session.journal.store.write(
        session.file("marks.csv"),
        b"\xef\xbb\xbfstart,end,kind,label,text\n60,62.5,bookmark,here,NA\n",
    )
    (mark,) = session.marks.to_dict("records")
    assert mark == {"start": 60.0, "end": 62.5, "kind": "bookmark", "label": "here", "text": "NA"}


@pytest.mark.parametrize("content", [b"", b"start,end\n1,2\n", b"start,end,kind,label,text\nsoon,2,a,b,c\n"])
def test_marks_that_are_no_table_say_which_file_to_mend(session: Session, content: bytes) -> None:
    session.journal.store.write(session.file("marks.csv"), content)
    with pytest.raises(JournalError, match=r"practice/sessions/2026-03-05/marks\.csv"):
        _ = session.marks


def test_a_session_says_no_more_of_itself_than_its_name(session: Session) -> None:
    assert repr(session) == "Session('2026-03-05')"
    assert isinstance(session.marks, pd.DataFrame)


READ = {
    "notes.md": lambda session: session.notes,
    "marks.csv": lambda session: session.marks,
    "corrections.csv": lambda session: session.corrections,
    "turns.rttm": turns_elsewhere,
    "agreements.toml": lambda session: session.journal.consents,
    "derived/made_from.json": Session.made_from,
    "days.csv": lambda session: session.journal.days,
}


@pytest.mark.parametrize("name", READ)
def test_a_file_that_goes_between_two_looks_was_not_there(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    session = journal.session("2026-03-05")
    path = root_of(journal) / (name if name in ("agreements.toml", "days.csv") else session.file(name))
    path.unlink(missing_ok=True)
    nothing = READ[name](session)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"")
    for look in ("exists", "stamp"):
        after(monkeypatch, PlainStore, look, path.unlink, of=path.name)
    before(monkeypatch, PlainStore, "read", lambda: path.unlink(missing_ok=True), of=path.name)
    assert str(READ[name](session)) == str(nothing)


def test_a_correction_of_another_program_is_not_taken_back_with_ones_own(session: Session) -> None:
    lines = session.correct([Correction(10.0, 12.0, "other")])
    session.correct([Correction(20.0, 22.0, "client")])
    kept = session.corrections
    assert not session.undo_correction(lines)
    pd.testing.assert_frame_equal(session.corrections, kept)
    assert session.undo_correction(len(kept))
    assert len(session.corrections) == lines


def test_a_recording_exchanged_while_it_is_listened_to_is_not_taken_for_the_one_that_was_heard(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = journal.session("2026-01-29")
    path = root_of(journal) / session.recording_file()
    other = journal.session("2026-03-05")
    after(
        monkeypatch,
        Recording,
        "read",
        lambda: path.write_bytes((root_of(journal) / other.recording_file()).read_bytes()),
    )
    with pytest.raises(RecordingError, match="was changed while"):
        analyse(session)
    assert not is_current(session)
    analyse(session)
    assert session.duration == pytest.approx(other.recording().duration)


def test_what_one_analysis_found_is_written_while_no_other_can_write(
    heard: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = heard.session("2026-03-05")
    session.correct([Correction(10.0, 12.0, "other")])
    other, refused = PlainStore(root_of(heard)), []

    def write() -> None:
        with pytest.raises(JournalError, match="Another program"), other.writing():
            pass
        refused.append(True)

    monkeypatch.setattr("therapy_review.storage.plain.LOCK_WAIT", 0.05)
    for name in ("turns.csv", "measures.json", "made_from.json"):
        before(monkeypatch, PlainStore, "write", write, of=name)
    rename(session)
    assert len(refused) == 3
    assert is_current(session)


def test_of_a_session_that_is_erased_while_it_is_named_nothing_comes_back(
    heard: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = heard.session("2026-03-05")
    session.correct([Correction(10.0, 12.0, "other")])
    before(monkeypatch, PlainStore, "writing", lambda: erase_session(session))
    with pytest.raises(JournalError):
        rename(session)
    assert session.name not in heard.store.folders("sessions")
