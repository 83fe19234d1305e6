"""The index saves reading and is never older than the files."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import time
from pathlib import Path

import pandas as pd
import pytest
from pyrage.x25519 import Identity

from tests.conftest import root_of
from tests.support.believable import write_journal
from therapy_review import Journal, Session, open_journal
from therapy_review.errors import LockedError
from therapy_review.rights.erasure import erase_session, erase_sound
from therapy_review.storage import unlock
from therapy_review.storage.keys import NewKeys
from therapy_review.storage.plain import PlainStore
from therapy_review.storage.sealed import SealedStore
from therapy_review.storage.sealing import lies_open, seal
from therapy_review.trends import cache
from therapy_review.trends.cache import forget, of_each_session
from therapy_review.trends.table import moods_table, sessions_table, tags_table, trends


class Counted:
    """Reads the mood after a session, and counts how often it was asked to."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, session: Session) -> int | None:
        self.names.append(session.name)
        return session.notes.mood_after


@pytest.fixture
def few(tmp_path: Path) -> Journal:
    return write_journal(tmp_path / "few", sessions=6)


@pytest.fixture
def sealed(few: Journal, tmp_path: Path) -> Journal:
    """The same journal, sealed an hour ago."""
    root, identity = tmp_path / "sealed", Identity.generate()
    shutil.copytree(root_of(few), root)
    seal(PlainStore(root), NewKeys(identity, b"", b""))
    for file in root.rglob("*.age"):
        os.utime(file, (time.time() - 3600,) * 2)
    unlock.keep(identity)
    return open_journal(root)


def again(journal: Journal) -> Journal:
    return open_journal(root_of(journal))


def write(journal: Journal, name: str, data: bytes, ago: float = 0.0) -> None:
    """Write a file as if it had been written some time ago (s)."""
    journal.store.write(name, data)
    then = time.time() - ago
    os.utime(root_of(journal) / name, (then, then))


def test_what_was_read_once_is_not_read_again(few: Journal):
    read, names = Counted(), [session.name for session in few.sessions]
    first = of_each_session(few, "moods", read)
    assert list(first) == read.names == names
    assert of_each_session(few, "moods", read) == of_each_session(again(few), "moods", read) == first
    assert read.names == names


@pytest.mark.parametrize(
    "file", ["notes.md", "derived/turns.csv", "marks.csv", "corrections.csv", "recording.m4a"]
)
def test_a_session_of_which_a_file_changed_or_came_is_read_anew_and_no_other(few: Journal, file: str):
    read, changed = Counted(), few.sessions[2]
    of_each_session(few, "moods", read)
    read.names.clear()
    write(few, changed.file(file), b"---\nmood_after: 9\n---\n", ago=60)
    found = of_each_session(few, "moods", read)
    assert read.names == [changed.name]
    assert found[changed.name] == changed.notes.mood_after


def test_a_session_of_which_a_file_went_is_read_anew(few: Journal):
    read, changed = Counted(), few.sessions[2]
    of_each_session(few, "moods", read)
    few.store.remove(changed.file("notes.md"))
    assert of_each_session(again(few), "moods", read)[changed.name] is None


def test_two_changes_at_once_of_the_same_length_are_both_seen(few: Journal):
    # A disk that keeps times to two seconds gives both the same stamp.
    session, read = few.sessions[0], Counted()
    name = root_of(few) / session.file("notes.md")
    for mood in (3, 7):
        few.store.write(session.file("notes.md"), f"---\nmood_after: {mood}\n---\n".encode())
        os.utime(name, (1_000_000_000 + int(time.time()) // 2 * 2 - 1_000_000_000,) * 2)
        assert of_each_session(few, "moods", read)[session.name] == mood


def test_a_file_of_a_day_to_come_is_read_each_time(few: Journal):
    session, read = few.sessions[0], Counted()
    write(few, session.file("notes.md"), b"---\nmood_after: 2\n---\n", ago=-3600)
    for _ in range(2):
        of_each_session(few, "moods", read)
    assert read.names.count(session.name) == 2


def test_another_version_of_what_is_read_reads_all_anew(few: Journal):
    read = Counted()
    of_each_session(few, "moods", read, version=1)
    of_each_session(few, "moods", read, version=2)
    of_each_session(again(few), "moods", read, version=2)
    assert len(read.names) == 2 * len(few.sessions)


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"version": 1, "sessions": {"2026-01-01": 3}}', b"\xff\xfe"]
)
def test_a_damaged_index_is_made_again(few: Journal, damage: bytes):
    read = Counted()
    first = of_each_session(few, "moods", read)
    few.store.write("derived/index-moods.json", damage)
    assert of_each_session(again(few), "moods", read) == first


def test_a_session_that_can_not_be_read_is_tried_again_each_time(few: Journal):
    read, name = Counted(), few.sessions[1].name
    closed = {name}

    def locked(session: Session) -> int | None:
        if session.name in closed:
            raise LockedError("Its key was destroyed.")
        return read(session)

    found = of_each_session(few, "moods", locked)
    assert [session for session, value in found.items() if value is None] == [name]
    closed.clear()
    assert of_each_session(few, "moods", locked)[name] == few.sessions[1].notes.mood_after
    assert read.names.count(name) == 1


def test_a_session_whose_key_was_destroyed_keeps_its_row_without_numbers(sealed: Journal):
    trends(sealed)
    gone = sealed.sessions[2]
    folder = sealed.store.root / gone.folder
    (folder / "key.age").unlink()
    for file in folder.glob("*.age"):
        os.utime(file)
    table = trends(sealed, ["mood_after"]).set_index("session")["value"]
    assert table.isna()[lambda missing: missing].index.tolist() == [gone.name]


def test_a_sealed_journal_keeps_its_index_sealed_and_opens_nothing_else(
    few: Journal, sealed: Journal, monkeypatch: pytest.MonkeyPatch
):
    pd.testing.assert_frame_equal(trends(sealed), trends(few))
    opened: list[str] = []
    read = SealedStore.read
    monkeypatch.setattr(SealedStore, "read", lambda store, name: (read(store, name), opened.append(name))[0])
    pd.testing.assert_frame_equal(trends(open_journal(sealed.store.root)), trends(few))
    assert opened == ["derived/index-sessions.json"]
    assert not list(lies_open(sealed.store.root))
    index = sealed.store.root / "derived" / "index-sessions.json.age"
    assert b"mood" not in index.read_bytes()


def test_an_index_that_can_not_be_written_costs_time_and_nothing_else(
    few: Journal, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert len(of_each_session(few, "moods", Counted())) == 6
    assert not few.store.exists("derived/index-moods.json")


def test_a_session_that_is_gone_is_gone_from_the_index_too(few: Journal):
    of_each_session(few, "moods", Counted())
    gone = few.sessions[0].name
    few.store.remove_folder(few.sessions[0].folder)
    assert gone not in of_each_session(few, "moods", Counted())
    assert gone not in json.loads(few.store.read("derived/index-moods.json"))["sessions"]


def test_a_session_that_is_erased_leaves_nothing_in_any_index(few: Journal):
    name = few.sessions[0].name
    of_each_session(few, "moods", Counted())
    trends(few)
    with few.store.writing():
        forget(few, name)
    kept = {file: few.store.read(f"derived/{file}") for file in few.store.files("derived")}
    assert set(kept) == {"index-moods.json", "index-sessions.json"}
    assert not any(name.encode() in content for content in kept.values())
    read = Counted()
    of_each_session(few, "moods", read)
    assert read.names == [name]  # and where it is still there, it is read again


def test_what_is_erased_while_it_is_being_read_does_not_come_back(few: Journal):
    gone, quiet = few.sessions[0], few.sessions[1]
    asked = Counted()

    def meanwhile(session: Session) -> int | None:
        if session.name == few.sessions[-1].name:  # all others were read by now
            erase_session(again(few).session(gone.name))
            erase_sound(again(few).session(quiet.name))
        return asked(session)

    of_each_session(few, "moods", meanwhile)
    kept = json.loads(few.store.read("derived/index-moods.json"))["sessions"]
    assert len(asked.names) == 6
    assert gone.name not in kept
    assert quiet.name not in kept


def test_what_another_program_erased_is_not_written_again_from_memory(few: Journal):
    of_each_session(few, "moods", Counted())
    gone = few.sessions[0].name
    write(few, few.sessions[-1].file("notes.md"), b"---\nmood_after: 3\n---\n", ago=60)

    def meanwhile(session: Session) -> int | None:
        erase_session(again(few).session(gone))
        return session.notes.mood_after

    of_each_session(few, "moods", meanwhile)
    assert gone not in json.loads(few.store.read("derived/index-moods.json"))["sessions"]


def test_every_table_follows_what_the_client_writes(few: Journal):
    session = few.sessions[-1]
    for table in (sessions_table, moods_table, tags_table):
        table(few)
    session.save_notes(session.notes.changed(mood_after=1, tags=("proud",), scores={"phq9": 3}))
    assert moods_table(few)["mood_after"].iloc[-1] == 1
    assert tags_table(few).query("session == @session.name")["tag"].tolist() == ["proud"]
    assert trends(few, ["phq9"])["value"].iloc[-1] == 3


def test_measures_that_no_longer_fit_are_not_shown(few: Journal):
    session = few.sessions[1]
    assert sessions_table(few)["client_talk_share"].notna().all()
    write(few, session.file("corrections.csv"), b"start,end,speaker\n1,2,client\n", ago=60)
    assert sessions_table(few)["client_talk_share"].isna().tolist() == [False, True, *[False] * 4]


def test_an_index_holds_no_words_of_the_client_but_tags_and_names(few: Journal):
    session = few.sessions[0]
    write(few, session.file("notes.md"), b"---\nbring_next: The letter.\n---\nWe laughed.\n", ago=60)
    trends(few)
    kept = few.store.read("derived/index-sessions.json")
    assert b"letter" not in kept
    assert b"laughed" not in kept


def test_the_index_is_for_its_owner_only(few: Journal):
    trends(few)
    assert (root_of(few) / "derived/index-sessions.json").stat().st_mode & 0o077 == 0


def test_believable_days_lie_in_the_past(few: Journal):
    assert few.sessions[-1].date < dt.date.today()
    assert cache.SETTLED < 60
