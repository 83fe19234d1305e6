"""Erasing: nothing of it is left within reach, what was not meant stays, and cut short it can be run again."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import root_of
from tests.support.meanwhile import after
from therapy_review import Journal, Session, create_journal, open_journal
from therapy_review.analysis import enrolment
from therapy_review.consent import ledger
from therapy_review.errors import JournalError, LockedError
from therapy_review.journal.journal import folder_of
from therapy_review.reports import tables
from therapy_review.reports.manifest import Entry, Whole
from therapy_review.reports.writer import keep_failure
from therapy_review.rights.erasure import (
    Erased,
    erase_all,
    erase_made_for,
    erase_session,
    erase_sound,
    made_for,
    remains,
)
from therapy_review.storage import unlock
from therapy_review.storage.keys import NewKeys
from therapy_review.storage.plain import PlainStore, digest
from therapy_review.storage.sealed import SealedStore
from therapy_review.storage.sealing import seal
from therapy_review.trends.kinds_of_silence import by_session
from therapy_review.trends.table import trends

DAY = "2026-03-05"
OF_IT = {
    "reports/session_report_2026-03-05.html",
    "reports/session_report_2026-03-05.ipynb",
    "reports/.ipynb_checkpoints/session_report_2026-03-05-checkpoint.ipynb",
    "reports/weekly_review_2026-W10.html",
    "reports/weekly_review_2026-W11.html",
    "reports/years/path.html",
    "reports/agreement_2026-03-05.html",  # of a template of the client's own
    "voices/client/2026-03-05.json",
    "voices/therapist/2026-03-05.json",
}
OF_OTHERS = {
    "reports/session_report_2026-03-05-2.html",
    "reports/weekly_review_2026-W09.html",
    "voices/client/2026-02-26.json",
    # What both signed holds for every session, also where it begins on the day of this one.
    "reports/agreement-2026-03-05.html",
    "reports/agreement-2026-03-05-2.pdf",
    "reports/agreement.ipynb",
}
SAYS = {
    "reports/weekly_review_2026-W11.html": b"Beside the session of Thursday 5 March 2026:",
    "reports/years/path.html": b"Minutes spoken: 2026-03-05: you 2.1",
    "reports/agreement-2026-03-05.html": b"From Thursday 5 March 2026 until one of us takes it back",
    "reports/agreement.ipynb": b"spoken in 2026-03-05 at 2:14",
    "reports/agreement_2026-03-05.html": b"{}",
    "reports/weekly_review_2026-W09.html": b"15 March 2026, 5 Marching, 12026-03-05",
}


@pytest.fixture
def full(journal: Journal) -> Journal:
    """The practice journal with something of everything, of one session and of others."""
    for name in OF_IT | OF_OTHERS:
        journal.store.write(name, SAYS.get(name, b"{}"))
    for name in ("transcript.vtt", "turns.rttm", "marks.csv", "notes-kept-1.md", "derived/sound.npz"):
        journal.store.write(f"sessions/{DAY}/{name}", b"of it")
    journal.store.write(f"sessions/{DAY}/.notes.md.0f0f.tmp", b"half a note")
    journal.store.write("sessions/2026-03-05-2/notes.md", b"Another session of that day.\n")
    enrolment.leave_out(journal, "2026-01-08")
    journal.store.write(enrolment.LEFT_OUT, b'["2026-01-08", "2026-03-05"]')
    return journal


def files(journal: Journal) -> set[str]:
    root = root_of(journal)
    every = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    return every - {".lock", ledger.FILE}


def test_of_a_session_nothing_is_left_and_nothing_else_is_touched(full: Journal) -> None:
    before = files(full)
    erased = erase_session(full.session(DAY))
    gone = {name for name in before if name.startswith(f"sessions/{DAY}/")} | OF_IT
    assert files(full) == before - gone
    assert not (root_of(full) / "sessions" / DAY).exists()
    assert enrolment.left_out(full) == ["2026-01-08"]
    assert remains(Session(DAY, full)) == []
    text = "".join(
        path.read_text("latin-1")
        for path in root_of(full).rglob("*")
        if path.suffix in (".json", ".html") and not path.name.startswith("agreement")
    )
    assert DAY not in text.replace(f"{DAY}-2", "").replace(f"1{DAY}", "")
    assert f"practice/sessions/{DAY}" in erased.removed
    assert full.ledger[["what", "session"]].to_numpy().tolist() == [["erased", DAY]]


def test_a_table_in_which_nothing_can_be_looked_up_goes_with_any_session(heard: Journal) -> None:
    table = tables.everything(heard, [])
    heard.store.write("reports/measures.parquet", tables.as_parquet(table))
    erase_session(heard.session("2026-01-15"))
    assert not heard.store.exists("reports/measures.parquet")


def test_of_the_sound_alone_notes_and_marks_stay(full: Journal) -> None:
    before = files(full)
    erase_sound(full.session(DAY))
    own = {"notes.md", "notes-kept-1.md", "marks.csv", ".notes.md.0f0f.tmp"}
    gone = {
        name for name in before if name.startswith(f"sessions/{DAY}/") and Path(name).name not in own
    } | OF_IT
    assert files(full) == before - gone
    assert full.session(DAY).notes.text
    assert not full.session(DAY).has_recording


def test_no_index_of_the_journal_holds_what_was_erased(heard: Journal) -> None:
    trends(heard)
    by_session(heard)
    for erase in (erase_sound, erase_session):
        erase(heard.session(DAY))
        kept = {name: heard.store.read(f"derived/{name}") for name in heard.store.files("derived")}
        assert kept.keys() == {"index-sessions.json", "index-silences.json"}
        assert not any(DAY.encode() in content for content in kept.values())
        trends(heard)


@pytest.mark.parametrize(
    ("use", "goes"),
    [
        ("transcribe", {f"sessions/{DAY}/transcript.vtt"}),
        ("report", {name for name in OF_IT if name.startswith("reports/")}),
        ("review_together", set()),
        ("share:Sam", set()),
    ],
)
def test_what_is_offered_is_what_was_made_for_the_use(full: Journal, use: str, goes: set[str]) -> None:
    before = files(full)
    assert set(made_for(full.session(DAY), use)) == goes
    erase_made_for(full.session(DAY), use)
    assert files(full) == before - goes


@pytest.mark.parametrize("use", ["", "record", "self_review"])
def test_without_recording_or_listening_the_sound_itself_is_offered(full: Journal, use: str) -> None:
    assert f"sessions/{DAY}/recording.m4a" in made_for(full.session(DAY), use)


def test_of_the_whole_journal_an_empty_folder_is_left(full: Journal) -> None:
    (root_of(full) / ".journal.toml.aa.tmp").write_text("half")
    (root_of(full) / "photos").mkdir()
    erased = erase_all(full)
    assert list(root_of(full).iterdir()) == []
    assert "practice/photos" in erased.removed


def test_erasing_what_is_gone_is_no_error_and_no_line(full: Journal) -> None:
    erase_session(full.session(DAY))
    again = erase_session(Session(DAY, full))
    assert again.removed == ()
    assert DAY in str(again)
    assert len(full.ledger) == 1


def test_a_link_is_erased_and_what_it_leads_to_is_not(full: Journal, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/file").write_text("mine")
    (root_of(full) / f"sessions/{DAY}/away").symlink_to(tmp_path / "kept")
    erase_session(full.session(DAY))
    assert (tmp_path / "kept/file").read_text() == "mine"


def test_it_says_what_it_cannot_reach_and_never_that_anything_was_wiped(full: Journal, keys: NewKeys) -> None:
    said = str(erase_session(full.session(DAY)))
    for part in ("backups", "cloud", "exported, printed", "SSDs", "encrypted disk", "other weeks"):
        assert part in said
    assert "key" not in said
    seal(PlainStore(root_of(full)), keys)
    unlock.keep(keys.identity)
    sealed = open_journal(root_of(full))
    for erase, part in ((erase_sound, "old key was"), (erase_session, "The key was")):
        said = str(erase(sealed.session("2026-01-08")))
        assert part in said
        assert "securely" not in said
        assert "wiped" not in said


def test_what_a_copy_made_before_still_opens_is_what_is_said(
    heard: Journal, keys: NewKeys, tmp_path: Path
) -> None:
    whole, stale, root = tmp_path / "whole", tmp_path / "stale", root_of(heard)
    for path in root.rglob("*"):
        os.utime(path, (time.time() - 3600,) * 2)  # what is of this moment is not remembered yet
    trends(heard)
    seal(PlainStore(root), keys)
    unlock.keep(keys.identity)
    for copy in (whole, stale):
        shutil.copytree(root, copy)
    sealed = open_journal(root)
    said = str(erase_session(sealed.session(DAY)))
    assert "key itself" in said
    assert "derived/index-" in said
    # A whole copy holds the session's key, and all of it opens.
    before = SealedStore(PlainStore(whole), keys.identity)
    assert before.read(f"sessions/{DAY}/notes.md")
    assert before.read(f"sessions/{DAY}/recording.m4a")
    # Old files that stayed behind where the key is gone open no more, but for what the journal's own key opens.
    (stale / f"sessions/{DAY}/key.age").unlink()
    left = SealedStore(PlainStore(stale), keys.identity)
    for name in ("notes.md", "recording.m4a", "derived/turns.csv"):
        with pytest.raises(LockedError):
            left.read(f"sessions/{DAY}/{name}")
    assert DAY.encode() in left.read("derived/index-sessions.json")
    assert DAY.encode() not in sealed.store.read("derived/index-sessions.json")


# Killed at any instant.


class Killed(BaseException):
    """The program is gone; nothing tidies up after it."""


STEPS = ("unlink", "rmdir", "replace")


def killed_after(number: int, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> bool:
    """Run an act that is killed before its n-th change on disk; tell whether it came to its end."""
    done = 0

    def counted(step: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*args: Any, **more: Any) -> Any:
            nonlocal done
            done += 1
            if done > number:
                raise Killed
            return step(*args, **more)

        return stepped

    with monkeypatch.context() as disk:
        for name in STEPS:
            disk.setattr(Path, name, counted(getattr(Path, name)))
        try:
            act()
        except Killed:
            return False
    return True


@pytest.mark.parametrize("act", [erase_session, erase_sound], ids=["session", "sound"])
def test_an_erasure_killed_at_any_instant_is_finished_by_running_it_again(
    full: Journal, monkeypatch: pytest.MonkeyPatch, act: Callable[[Session], Erased]
) -> None:
    root = root_of(full)
    keep = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and path.name != ".lock"}
    number, ended, most = 0, False, 60
    while not ended:
        for path, data in keep.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        ended = killed_after(number, monkeypatch, lambda: act(Session(DAY, open_journal(root))))
        whole = {path: path.read_bytes() for path in keep if path.exists() and path.name != "left_out.json"}
        assert all(data == keep[path] for path, data in whole.items())  # there as it was, or gone
        assert enrolment.left_out(full) in (["2026-01-08"], ["2026-01-08", DAY])
        act(Session(DAY, open_journal(root)))
        left = {name for name in files(full) - OF_OTHERS if DAY in name and f"{DAY}-2" not in name}
        own = {f"sessions/{DAY}/{name}" for name in ("notes.md", "notes-kept-1.md", "marks.csv")}
        # A note that was half written when something else was killed belongs to the notes.
        assert left - {f"sessions/{DAY}/.notes.md.0f0f.tmp"} == (set() if act is erase_session else own)
        assert enrolment.left_out(full) == ["2026-01-08"]
        assert "erased" in set(full.ledger["what"])
        number += 1
        assert number < most, "it never came to its end"
    assert number > 15  # or it was not killed where it matters


def test_erasing_everything_killed_at_any_instant_is_finished_by_running_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, ended = 0, False
    while not ended:
        root = tmp_path / f"{number}"
        journal = create_journal(root, client="A", therapist="B")
        for name in (
            "sessions/2026-03-05/notes.md",
            "reports/x.html",
            "agreements.toml",
            "odd/y",
            ".hidden/z",
        ):
            journal.store.write(name, b"")
        ended = killed_after(number, monkeypatch, lambda at=root: erase_all(open_journal(at)))  # type: ignore[misc]
        if not ended:
            erase_all(open_journal(root))  # the journal is found until nothing else is left of it
        assert list(root.iterdir()) == []
        number += 1
    assert number > 8


def test_what_may_not_be_deleted_is_a_sentence_and_the_rest_can_be_done_later(
    full: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_self: Path, *, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as disk:
        disk.setattr(Path, "unlink", refused)
        with pytest.raises(JournalError, match="Could not delete practice/"):
            erase_session(full.session(DAY))
    assert full.session(DAY).has_recording
    erase_session(full.session(DAY))
    assert remains(Session(DAY, full)) == []


def test_the_keys_go_before_anything_else_of_a_sealed_journal(
    sealed: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, gone = root_of(sealed), []
    whole = Journal(*folder_of(root))
    monkeypatch.setattr(whole.store, "remove_folder", lambda folder: gone.append((folder, has_keys(root))))
    erase_all(whole)
    assert gone
    assert not any(keys for _folder, keys in gone)


def has_keys(root: Path) -> bool:
    return any((root / name).exists() for name in ("identity.age", "recovery.age"))


def test_a_report_made_of_a_session_just_before_it_is_erased_goes_too(
    heard: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = f"reports/session_report_{DAY}.html"
    after(monkeypatch, ledger, "record", lambda: heard.store.write(page, b"of it"))
    erased = erase_session(heard.session(DAY))
    assert not heard.store.exists(page)
    assert heard.store.where(page) in erased.removed


def test_that_a_session_could_not_be_reported_is_not_said_once_it_is_erased(heard: Journal) -> None:
    session, before = heard.session(DAY), heard.store.files("reports")
    erase_session(session)
    entry = Entry(f"session_report_{DAY}", DAY, "session_report", {}, {}, "It could not be read.")
    with pytest.raises(JournalError, match="no session"):
        keep_failure(heard.store, session, entry, for_later=True)
    assert heard.store.files("reports") == before


def test_what_is_known_of_reports_is_not_written_while_one_is_erased(
    heard: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("therapy_review.reports.manifest.SETTLED", -60.0)
    monkeypatch.setattr("therapy_review.storage.plain.LOCK_WAIT", 0.05)
    heard.store.write("reports/one.html", b"of it")
    whole = Whole(heard.store)
    assert whole.has(Entry("one", DAY, "session_report", {}, {"html": digest(b"of it")}), "html")
    with heard.store.writing():  # as who erases does
        whole.keep()
    assert not heard.store.exists("derived/index-report-files.json")
