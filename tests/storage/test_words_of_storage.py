"""What is said where a store, a key or a copy can't be opened, and of how strong a passphrase is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keyring
import pytest
from keyring.backends import fail
from syrupy.assertion import SnapshotAssertion

from tests.conftest import WORDS, root_of
from tests.storage.test_sealing import KEYS, MINE, NOTES, plain  # noqa: F401  fixture
from tests.storage.test_unlock import Closed, closed, passphrase_file  # noqa: F401  fixtures
from tests.support.words import fixed, refused
from therapy_review import Journal, open_journal
from therapy_review.errors import JournalError
from therapy_review.storage import keys as k, sealing, unlock
from therapy_review.storage.archive import backup, restore
from therapy_review.storage.keys import Identity, NewKeys
from therapy_review.storage.plain import PlainStore

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes and terminals are POSIX's")


def test_how_strong_a_passphrase_is(snapshot: SnapshotAssertion) -> None:
    assert {words: k.strength(words).sentence for words in ("password1", WORDS)} == snapshot


def test_keys_that_open_nothing(keys: NewKeys, snapshot: SnapshotAssertion) -> None:
    assert {
        "another passphrase": refused(lambda: k.opened(keys.by_passphrase, "another")),
        "damaged": refused(lambda: k.opened(b"nothing", WORDS)),
        "no identities": refused(lambda: k.session_identities(b"nothing", Identity.generate())),
    } == snapshot


FILES: dict[str, Callable[[Path], Any]] = {
    "others may read it": lambda file: file.chmod(0o644),
    "empty": lambda file: file.write_bytes(b"\nsecond line\n"),
    "gone": lambda file: file.unlink(),
    "no text": lambda file: file.write_bytes(b"\xff\xfe\xfa"),
    "another one": lambda file: file.write_text("another one\n"),
}


@pytest.mark.parametrize("what", FILES)
def test_a_passphrase_file(
    closed: Path,  # noqa: F811
    passphrase_file: Path,  # noqa: F811
    what: str,
    tmp_path: Path,
    snapshot: SnapshotAssertion,
) -> None:
    FILES[what](passphrase_file)
    assert refused(lambda: open_journal(closed), tmp_path) == snapshot


def test_nobody_to_ask_and_no_keyring(
    closed: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    snapshot: SnapshotAssertion,
) -> None:
    before, said = keyring.get_keyring(), {"nobody to ask": refused(lambda: open_journal(closed), tmp_path)}
    try:
        for name, ring in {"no keyring": fail.Keyring(), "closed": Closed()}.items():
            keyring.set_keyring(ring)
            said[name] = refused(lambda: unlock.remember_in_keyring("age1…", WORDS))
    finally:
        keyring.set_keyring(before)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: False))
    assert said | {"asked": unlock.ASK} == snapshot


def test_what_hinders_a_seal(
    plain: PlainStore,  # noqa: F811
    tmp_path: Path,
    snapshot: SnapshotAssertion,
) -> None:
    said = {}
    sealing.seal(plain, KEYS)
    said["sealed already"] = refused(lambda: sealing.seal(plain, KEYS), tmp_path)
    plain.write(NOTES, b"written by hand")
    said["a twin"] = refused(lambda: sealing.finish_sealing(plain, MINE), tmp_path)
    said["a twin to write over"] = refused(lambda: sealing.unseal(plain, MINE), tmp_path)
    plain.remove(NOTES)
    plain.write(f"{NOTES}.age", b"damaged")
    said["damaged"] = refused(lambda: sealing.unseal(plain, MINE), tmp_path)
    assert said == snapshot


def test_what_is_damaged_in_a_sealed_journal(
    sealed: Journal, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    store, root, said = sealed.store, root_of(sealed), {}
    (root / "sessions/2026-03-05/notes.md.age").write_bytes(b"damaged")
    said["a file"] = refused(lambda: store.read("sessions/2026-03-05/notes.md"), tmp_path)
    said["a name of a key"] = refused(lambda: store.write("identity", b"taken"), tmp_path)
    (root / "sessions/2026-02-26/key.age").write_bytes(b"damaged")
    said["a key"] = refused(lambda: open_journal(root).store.read("sessions/2026-02-26/notes.md"), tmp_path)
    assert said == snapshot


def test_copies_that_are_not_made_or_read(
    journal: Journal, tmp_path: Path, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("therapy_review.storage.plain.LOCK_WAIT", 0.1)
    store = PlainStore(root_of(journal))
    (tmp_path / "used").mkdir()
    (tmp_path / "used/a file").write_text("no tar")
    said = {
        "there": refused(lambda: backup(store, tmp_path / "used/a file"), tmp_path),
        "within": refused(lambda: backup(store, store.root / "copy.tar"), tmp_path),
        "nowhere": refused(lambda: backup(store, tmp_path / "nowhere/copy.tar"), tmp_path),
        "no copy": refused(lambda: restore(tmp_path / "used/a file", tmp_path / "back"), tmp_path),
        "no file": refused(lambda: restore(tmp_path / "copy.tar", tmp_path / "back"), tmp_path),
    }
    backup(store, tmp_path / "copy.tar")
    said["in use"] = refused(lambda: restore(tmp_path / "copy.tar", tmp_path / "used"), tmp_path)
    with pytest.raises(JournalError) as busy, store.writing(), PlainStore(store.root).writing():
        pass
    said["busy"] = fixed(str(busy.value), tmp_path)
    assert said == snapshot
