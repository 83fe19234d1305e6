"""Bytes on disk: whole or not at all, for their owner only, inside the journal only."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import stat
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from tests.support.meanwhile import STUCK, after, before
from therapy_review.errors import JournalError
from therapy_review.storage import plain
from therapy_review.storage.plain import PlainStore, digest, if_there

posix = pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")


@pytest.fixture
def store(tmp_path: Path) -> PlainStore:
    return PlainStore(tmp_path / "journal")


def test_what_is_written_is_read_back_and_nothing_else_lies_beside_it(store: PlainStore) -> None:
    store.write("sessions/2026-03-04/notes.md", b"one")
    store.write("sessions/2026-03-04/notes.md", b"two")
    assert store.read("sessions/2026-03-04/notes.md") == b"two"
    assert [path.name for path in (store.root / "sessions/2026-03-04").iterdir()] == ["notes.md"]


@posix
def test_files_and_folders_are_for_their_owner_alone(store: PlainStore) -> None:
    store.write("sessions/2026-03-04/notes.md", b"mine")
    assert stat.S_IMODE((store.root / "sessions/2026-03-04/notes.md").stat().st_mode) == 0o600
    for folder in ("sessions/2026-03-04", "sessions", ""):
        assert stat.S_IMODE((store.root / folder).stat().st_mode) == 0o700


@posix
def test_a_file_that_others_could_read_is_closed_to_them_when_it_is_written(store: PlainStore) -> None:
    store.write("notes.md", b"old")
    (store.root / "notes.md").chmod(0o644)
    store.write("notes.md", b"new")
    assert stat.S_IMODE((store.root / "notes.md").stat().st_mode) == 0o600


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
def test_when_the_disk_fails_the_earlier_file_stays_and_nothing_is_left_over(
    store: PlainStore, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    store.write("notes.md", b"before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(step, full)
        with pytest.raises(JournalError, match=r"Could not write journal/notes\.md .*free some space"):
            store.write("notes.md", b"after")
    assert store.read("notes.md") == b"before"
    assert store.files("") == [path.name for path in store.root.iterdir()] == ["notes.md"]


@pytest.mark.parametrize("name", ["../outside.md", "sessions/../../outside.md", "/etc/hostname"])
def test_no_name_leads_out_of_the_journal(store: PlainStore, name: str) -> None:
    for act in (store.read, store.open, store.exists, store.remove, store.files, store.stamp):
        with pytest.raises(JournalError, match="outside the journal"):
            act(name)
    with pytest.raises(JournalError, match="outside the journal"):
        store.write(name, b"")


def test_a_missing_file_is_one_sentence(store: PlainStore) -> None:
    for act in (store.read, store.open):
        with pytest.raises(JournalError, match=r"Could not read journal/notes\.md"):
            act("notes.md")
    store.remove("notes.md")  # what is not there need not be removed


def test_lists_are_sorted_and_leave_the_systems_own_files_out(store: PlainStore) -> None:
    for name in ("b.md", "a.md", ".DS_Store", "folder/x.md", ".hidden/y.md"):
        store.write(name, b"")
    assert store.files("") == ["a.md", "b.md"]
    assert store.folders("") == ["folder"]
    assert store.files("nowhere") == store.folders("nowhere") == []


def test_a_change_shows_in_the_stamp(store: PlainStore) -> None:
    store.write("notes.md", b"one")
    before = store.stamp("notes.md")
    store.write("notes.md", b"three")
    assert store.stamp("notes.md") != before
    assert store.stamp("notes.md")[0] == 5


def _hold(root: Path, held: object, release: object) -> None:
    with PlainStore(root).writing():
        held.set()  # type: ignore[attr-defined]
        release.wait(STUCK)  # type: ignore[attr-defined]


def test_two_programs_never_write_at_once(store: PlainStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write("notes.md", b"")
    monkeypatch.setattr(plain, "LOCK_WAIT", 0.05)
    processes = multiprocessing.get_context("spawn")
    held, release = processes.Event(), processes.Event()
    other = processes.Process(target=_hold, args=(store.root, held, release))
    other.start()
    try:
        assert held.wait(STUCK)
        with pytest.raises(JournalError, match="Another program"), store.writing():
            pass
    finally:
        release.set()
        other.join()
    with store.writing():
        store.write("notes.md", b"now")


@given(st.binary(), st.binary())
def test_different_bytes_have_different_names(one: bytes, other: bytes) -> None:
    assert (digest(one) == digest(other)) == (one == other)
    assert len(digest(one)) == 64


def test_a_folder_goes_with_all_that_lies_in_it_and_the_one_above_it_stays(store: PlainStore) -> None:
    for name in (
        "reports/x.html",
        "sessions/one/notes.md",
        "sessions/one/.hidden",
        "sessions/one/derived/a/b",
    ):
        store.write(name, b"")
    store.remove_folder("sessions/one")
    assert list((store.root / "sessions").iterdir()) == []
    assert store.files("reports") == ["x.html"]
    store.remove_folder("sessions/one")  # what is not there need not be removed
    store.remove_folder("nowhere/at all")
    with pytest.raises(JournalError, match="outside the journal"):
        store.remove_folder("../journal")


def test_of_the_journal_itself_its_settings_go_last_and_its_folder_stays(
    store: PlainStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("agreements.toml", "journal.toml", "voices/client/x.json", "zebra.txt"):
        store.write(name, b"")
    gone: list[str] = []
    unlink = Path.unlink

    def noted(self: Path, *, missing_ok: bool = False) -> None:
        gone.append(self.name)
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", noted)
    store.remove_folder("")
    assert gone == ["agreements.toml", "x.json", "zebra.txt", "journal.toml"]
    assert list(store.root.iterdir()) == []


def test_removing_a_file_takes_what_a_killed_write_left_of_it(store: PlainStore) -> None:
    for name in ("a[1].md", ".a[1].md.0f0f.tmp", ".a1.md.0f0f.tmp"):
        store.write(name, b"")
    store.remove("a[1].md")
    assert [path.name for path in store.root.iterdir()] == [".a1.md.0f0f.tmp"]


def test_two_stores_of_one_folder_are_the_same(tmp_path: Path) -> None:
    one, other = PlainStore(tmp_path), PlainStore(tmp_path)
    assert one == other
    assert len({one, other, PlainStore(tmp_path / "else")}) == 2


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_protecting_a_journal_leaves_alone_what_a_link_leads_to(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.txt"
    elsewhere.write_text("another's")
    elsewhere.chmod(0o644)
    store = PlainStore(tmp_path / "mine")
    store.write("journal.toml", b"")
    (store.root / "link.txt").symlink_to(elsewhere)
    store.protect()
    assert elsewhere.stat().st_mode & 0o777 == 0o644


def test_what_is_not_there_is_told_from_what_can_not_be_read(
    store: PlainStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write("notes.md/inside", b"")
    for name in ("nothing.md", "notes.md", "notes.md/inside/deeper"):
        for ask in (store.read, store.open, store.stamp):
            assert if_there(ask, name) is None
        assert not store.exists(name)

    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    for name in ("stat", "read_bytes", "open"):
        monkeypatch.setattr(Path, name, forbidden)
    for ask in (store.read, store.open, store.stamp):
        with pytest.raises(JournalError, match="permission denied"):
            if_there(ask, "notes.md")
    with pytest.raises(JournalError, match="permission denied"):
        store.exists("notes.md")


def test_a_folder_that_is_removed_while_it_is_looked_into_is_empty(
    store: PlainStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for look in (store.files, store.folders):
        store.write("sessions/one/notes.md", b"")
        before(monkeypatch, os, "scandir", lambda: shutil.rmtree(store.root / "sessions"))
        assert look("sessions") == []


def test_a_folder_that_is_removed_while_a_file_is_written_into_it_is_made_again(
    store: PlainStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = store.root / "sessions" / "one"
    for owner, name in ((os, "open"), (Path, "replace")):
        before(monkeypatch, owner, name, lambda: shutil.rmtree(folder), of="notes.md")
        store.write("sessions/one/notes.md", b"mine")
        assert [path.read_bytes() for path in folder.iterdir()] == [b"mine"]


def test_what_another_program_removes_first_is_removed(
    store: PlainStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for plant in (before, after):
        store.write("sessions/one/notes.md", b"")
        plant(monkeypatch, Path, "unlink", lambda: shutil.rmtree(store.root / "sessions"))
        store.remove("sessions/one/notes.md")
        assert store.folders("") == []


@posix
def test_a_file_that_comes_and_goes_does_not_hinder_protecting(
    store: PlainStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.md", "b.md"):
        store.write(name, b"")
        (store.root / name).chmod(0o644)
    before(monkeypatch, Path, "chmod", (store.root / "a.md").unlink, of="a.md")
    assert store.protect()
    assert stat.S_IMODE((store.root / "b.md").stat().st_mode) == 0o600


@posix
def test_a_folder_that_is_gone_is_a_sentence(store: PlainStore) -> None:
    with pytest.raises(JournalError, match="Could not look into journal"):
        store.is_open_to_others()
