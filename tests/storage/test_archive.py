from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.conftest import root_of
from tests.house.test_killed import seen
from tests.support.killable import FILES, OURS, SETTINGS, keys_of
from tests.support.meanwhile import before
from therapy_review import Journal, open_journal
from therapy_review.cli import app
from therapy_review.consent import ledger
from therapy_review.errors import JournalError
from therapy_review.storage import archive, unlock
from therapy_review.storage.archive import backup, restore
from therapy_review.storage.plain import PlainStore
from therapy_review.storage.sealing import lies_open, seal

posix = pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")


@pytest.fixture(params=["plain", "sealed", "sealed with hidden dates"])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> PlainStore:
    """The folder of a small journal."""
    store = PlainStore(tmp_path / "journal")
    for name, data in {"journal.toml": SETTINGS, **FILES}.items():
        store.write(name, data)
    if request.param != "plain":
        seal(store, keys_of(0), hides_dates="hidden" in request.param)
    unlock.keep(OURS[0])
    return store


def content(root: Path) -> dict[str, bytes]:
    paths = [path for path in root.rglob("*") if path.is_file() and not path.name.endswith(".lock")]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def test_what_was_backed_up_comes_back_byte_for_byte(store: PlainStore, tmp_path: Path) -> None:
    before = content(store.root)
    number = backup(store, tmp_path / "journal.tar")
    assert number == len(before)
    assert restore(tmp_path / "journal.tar", tmp_path / "new" / "again") == number
    assert content(tmp_path / "new" / "again") == content(store.root) == before
    assert seen(open_journal(tmp_path / "new" / "again").store).items() >= FILES.items()


@posix
def test_a_backup_and_what_comes_back_are_their_owners_alone(store: PlainStore, tmp_path: Path) -> None:
    backup(store, tmp_path / "journal.tar")
    restore(tmp_path / "journal.tar", tmp_path / "again")
    assert stat.S_IMODE((tmp_path / "journal.tar").stat().st_mode) == 0o600
    for path in [tmp_path / "again", *(tmp_path / "again").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


@pytest.mark.skipif(shutil.which("tar") is None, reason="there is no program tar here")
def test_every_system_can_open_a_backup_without_this_program(store: PlainStore, tmp_path: Path) -> None:
    backup(store, tmp_path / "journal.tar")
    (tmp_path / "by tar").mkdir()
    run = subprocess.run(
        ["tar", "-xf", tmp_path / "journal.tar", "-C", tmp_path / "by tar"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert run.stderr == ""
    assert content(tmp_path / "by tar") == content(store.root)


def test_halves_and_locks_are_left_out(store: PlainStore, tmp_path: Path) -> None:
    store.write("sessions/2026-03-04/.notes.md.0a1b2c3d.tmp", b"half")
    backup(store, tmp_path / "journal.tar")
    with tarfile.open(tmp_path / "journal.tar") as tar:
        assert not [name for name in tar.getnames() if name.endswith((".tmp", ".lock"))]


def test_what_systems_lay_into_folders_is_left_out_and_hinders_nothing(
    store: PlainStore, tmp_path: Path
) -> None:
    strays = {".DS_Store", "sessions/Thumbs.db", "reports/desktop.ini", "sessions/2026-03-04/._notes.md"}
    for name in strays:
        store.write(name, b"of the system")
    done = CliRunner().invoke(app, ["backup", str(tmp_path / "journal.tar"), "-j", str(store.root)])
    assert done.exit_code == 0, done.output
    with tarfile.open(tmp_path / "journal.tar") as tar:
        assert not strays & {*tar.getnames()}


def test_a_backup_is_a_line_in_the_ledger_for_which_no_passphrase_is_asked(
    store: PlainStore, tmp_path: Path
) -> None:
    identity = unlock.secret_of(open_journal(store.root).store)
    unlock.forget()
    for number in range(3):
        done = CliRunner().invoke(app, ["backup", str(tmp_path / f"{number}.tar"), "-j", str(store.root)])
        assert done.exit_code == 0, done.output
    again = CliRunner().invoke(app, ["backup", str(tmp_path / "2.tar"), "-j", str(store.root)])
    assert isinstance(again.exception, JournalError)
    if identity:
        unlock.keep(OURS[0])
        assert not list(lies_open(store.root))
    restore(tmp_path / "2.tar", tmp_path / "back")  # the copy says itself that it was made
    for root in (store.root, tmp_path / "back"):
        journal = open_journal(root)
        noted = [f"backup of everything: {number}.tar" for number in range(3)]
        assert journal.ledger[["what", "note"]].to_numpy().tolist() == [["exported", note] for note in noted]
    journal.record(ledger.ERASED, session="2026-03-04")
    assert journal.store.files("ledger") == []
    assert [*journal.ledger["note"]] == [*noted, ""]
    assert [*journal.ledger["what"]] == ["exported"] * 3 + ["erased"]


def test_nothing_is_written_over_and_nothing_into_the_journal_itself(
    store: PlainStore, tmp_path: Path
) -> None:
    (tmp_path / "mine.tar").write_bytes(b"mine")
    with pytest.raises(JournalError, match="already a file"):
        backup(store, tmp_path / "mine.tar")
    assert (tmp_path / "mine.tar").read_bytes() == b"mine"
    with pytest.raises(JournalError, match="the journal itself"):
        backup(store, store.root / "sessions" / "journal.tar")
    backup(store, tmp_path / "journal.tar")
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "a file").touch()
    for used in (tmp_path / "used", tmp_path / "mine.tar"):
        with pytest.raises(JournalError, match="already in use"):
            restore(tmp_path / "journal.tar", used)
    (tmp_path / "empty").mkdir()
    assert restore(tmp_path / "journal.tar", tmp_path / "empty")


def test_where_the_disk_refuses_nothing_is_left(
    store: PlainStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(JournalError, match=r"no folder .*nowhere; .*disk"):
        backup(store, tmp_path / "nowhere" / "journal.tar")
    (tmp_path / "a file").touch()
    with pytest.raises(JournalError, match=r"no folder .*a file; .*disk"):
        backup(store, tmp_path / "a file" / "journal.tar")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(JournalError, match=r"\(no space left on device\)"):
            backup(store, tmp_path / "journal.tar")
    backup(store, tmp_path / "journal.tar")
    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(JournalError, match="no space left on device"):
            restore(tmp_path / "journal.tar", tmp_path / "again")
    assert {path.name for path in tmp_path.iterdir()} == {"journal", "a file", "journal.tar"}


def test_what_cannot_be_read_back_as_written_is_no_backup(
    store: PlainStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_content", lambda _: {})
    with pytest.raises(JournalError, match="another disk"):
        backup(store, tmp_path / "journal.tar")
    assert {path.name for path in tmp_path.iterdir()} == {"journal"}


def test_a_backup_that_was_cut_off_anywhere_is_refused_and_nothing_is_made(
    store: PlainStore, tmp_path: Path
) -> None:
    backup(store, tmp_path / "journal.tar")
    data = (tmp_path / "journal.tar").read_bytes()
    with tarfile.open(tmp_path / "journal.tar") as tar:
        places = [place for member in tar for place in (member.offset, member.offset_data)]
        end = tar.offset
    cuts = {0, 1, *places, *(place + 700 for place in places), end, end + 512, end + 1000}
    for cut in sorted(cut for cut in cuts if cut < end + 1024):
        (tmp_path / "cut.tar").write_bytes(data[:cut])
        with pytest.raises(JournalError, match=r"cut\.tar .* or is damaged"):
            restore(tmp_path / "cut.tar", tmp_path / "again")
        assert not (tmp_path / "again").exists()
    (tmp_path / "cut.tar").write_bytes(data[: end + 1024])
    assert restore(tmp_path / "cut.tar", tmp_path / "again")


def test_a_single_changed_bit_is_noticed(store: PlainStore, tmp_path: Path) -> None:
    backup(store, tmp_path / "journal.tar")
    data = bytearray((tmp_path / "journal.tar").read_bytes())
    with tarfile.open(tmp_path / "journal.tar") as tar:
        places = [member.offset_data + member.size // 2 for member in tar if member.size]
    for place in places:
        data[place] ^= 1
        (tmp_path / "changed.tar").write_bytes(data)
        with pytest.raises(JournalError, match="or is damaged"):
            restore(tmp_path / "changed.tar", tmp_path / "again")
        data[place] ^= 1
    assert not (tmp_path / "again").exists()


def tar_of(file: Path, *members: tuple[str, bytes]) -> Path:
    with tarfile.open(file, "w") as tar:
        for name, kind in members:
            entry = tarfile.TarInfo(name)
            entry.type = kind
            entry.linkname = "/etc/hostname" if kind == tarfile.SYMTYPE else ""
            tar.addfile(entry)
    return file


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../outside", tarfile.REGTYPE),
        ("/tmp/outside", tarfile.REGTYPE),
        ("sessions/../../outside", tarfile.REGTYPE),
        ("sessions", tarfile.SYMTYPE),
        ("pipe", tarfile.FIFOTYPE),
    ],
)
def test_a_tar_by_somebody_else_writes_nothing_outside(tmp_path: Path, name: str, kind: bytes) -> None:
    file = tar_of(tmp_path / "evil.tar", ("journal.toml", tarfile.REGTYPE), (name, kind))
    with pytest.raises(JournalError):
        restore(file, tmp_path / "deep" / "again")
    assert {path.name for path in tmp_path.rglob("*")} == {"evil.tar", "deep"}


def test_what_is_no_backup_is_a_sentence(tmp_path: Path) -> None:
    other = tar_of(tmp_path / "other.tar", ("photos/a.jpg", tarfile.REGTYPE))
    (tmp_path / "text").write_text("no tar")
    (tmp_path / "folder").mkdir()
    for file, said in [
        (other, r"not a backup .*journal\.toml"),
        (tmp_path / "text", "or is damaged"),
        (tmp_path / "nowhere", r"Could not restore .* \(no such file or directory\)"),
        (tmp_path / "folder", r"Could not restore .* \(is a directory\)"),
    ]:
        with pytest.raises(JournalError, match=said):
            restore(file, tmp_path / "again")
    assert {path.name for path in tmp_path.iterdir()} == {"other.tar", "text", "folder"}


def test_an_earlier_run_that_was_stopped_is_cleared_away(store: PlainStore, tmp_path: Path) -> None:
    (tmp_path / ".journal.tar.part").write_bytes(b"half")
    (tmp_path / ".again.restoring").mkdir()
    backup(store, tmp_path / "journal.tar")
    restore(tmp_path / "journal.tar", tmp_path / "again")
    assert {path.name for path in tmp_path.iterdir()} == {"journal", "journal.tar", "again"}


def test_the_practice_journal_comes_back_whole(journal: Journal, tmp_path: Path) -> None:
    backup(PlainStore(root_of(journal)), tmp_path / "practice.tar")
    restore(tmp_path / "practice.tar", tmp_path / "again")
    assert content(tmp_path / "again") == content(root_of(journal))
    assert open_journal(tmp_path / "again").session("2026-03-05").recording().duration > 60


def test_a_file_that_goes_while_all_is_written_is_left_out(
    store: PlainStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write("reports/.~week.ipynb", b"half")
    before(monkeypatch, PlainStore, "read", (store.root / "reports/.~week.ipynb").unlink, of=".~week")
    number = backup(store, tmp_path / "journal.tar")
    assert restore(tmp_path / "journal.tar", tmp_path / "again") == number
    assert content(tmp_path / "again") == content(store.root)
