from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from tests.conftest import CODE, WORDS, root_of
from tests.house.test_killed import everything, seen
from tests.support.killable import FILES, OURS, SETTINGS, keys_of
from tests.support.meanwhile import STUCK, after, before
from therapy_review import Journal, hints, open_journal
from therapy_review.errors import JournalError, LockedError
from therapy_review.journal.journal import folder_of
from therapy_review.storage import sealing, unlock
from therapy_review.storage.keys import NewKeys
from therapy_review.storage.plain import PlainStore
from therapy_review.storage.sealed import SealedStore

MINE = OURS[0]
KEYS = keys_of(0)
NOTES = "sessions/2026-03-04/notes.md"
AGE = shutil.which("age")


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def plain(tmp_path: Path) -> PlainStore:
    """A small plain journal."""
    store = PlainStore(tmp_path / "journal")
    for name, data in {"journal.toml": SETTINGS, **FILES}.items():
        store.write(name, data)
    unlock.keep(MINE)
    return store


@pytest.fixture(params=["dates shown", "dates hidden"])
def store(plain: PlainStore, request: pytest.FixtureRequest) -> PlainStore:
    """The folder of a small sealed journal, its dates shown or hidden."""
    sealing.seal(plain, KEYS, hides_dates=request.param == "dates hidden")
    return plain


def names(store: PlainStore) -> set[str]:
    return {path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file()}


def opened(store: PlainStore) -> SealedStore:
    found = open_journal(store.root).store
    assert isinstance(found, SealedStore)
    return found


def holds_all(store: PlainStore) -> bool:
    return {
        name: data for name, data in seen(open_journal(store.root).store).items() if name in FILES
    } == FILES


def test_sealed_it_holds_the_same_and_unsealed_it_is_as_it_was(plain: PlainStore) -> None:
    before = {name: plain.read(name) for name in names(plain)}
    for hides_dates in (False, True):
        sealing.seal(plain, KEYS, hides_dates=hides_dates)
        assert holds_all(plain)
        assert list(sealing.lies_open(plain.root)) == []
        sealing.unseal(plain, MINE)
        assert {name: plain.read(name) for name in names(plain) if not name.endswith(".lock")} == before


def test_settings_keep_what_the_client_wrote_in_them(plain: PlainStore) -> None:
    written = SETTINGS + b'\n# my moods\n[moods.groups]\nheavy = ["tired", "low"]\n'
    plain.write("journal.toml", written)
    sealing.seal(plain, KEYS)
    assert b"# my moods" in plain.read("journal.toml")
    assert open_journal(plain.root).mood_groups == {"heavy": ["tired", "low"]}
    sealing.unseal(plain, MINE)
    assert plain.read("journal.toml") == written


# What the client or another program put there.


def test_files_that_begin_with_a_dot_are_sealed_and_come_back(plain: PlainStore) -> None:
    plain.write(".git/objects/ab/cdef", b"history")
    plain.write("sessions/2026-03-04/.DS_Store", b"icons")
    sealing.seal(plain, KEYS)
    assert list(sealing.lies_open(plain.root)) == []
    sealing.unseal(plain, MINE)
    assert plain.read(".git/objects/ab/cdef") == b"history"
    assert plain.read("sessions/2026-03-04/.DS_Store") == b"icons"


def test_what_was_put_in_by_hand_since_is_sealed_too(store: PlainStore) -> None:
    added = {
        "sessions/2026-03-18/recording.m4a": b"new",
        "sessions/2026-03-04/marks.csv": b"more",
        "letter.txt": b"x",
    }
    for name, data in added.items():
        store.write(name, data)
    assert set(sealing.lies_open(store.root)) == set(added)
    sealing.finish_sealing(store, MINE)
    assert list(sealing.lies_open(store.root)) == []
    assert seen(opened(store)).items() >= {**FILES, **added}.items()
    assert len(opened(store).folders("sessions")) == len(list(store.root.glob("sessions/*"))) == 3


def test_halves_of_files_checkpoints_and_empty_folders_go(store: PlainStore) -> None:
    store.write("sessions/2026-03-04/.notes.md.0a1b2c3d.tmp", b"half")
    store.write("reports/.ipynb_checkpoints/week-checkpoint.ipynb", b"a copy")
    store.write(".mine.tmp", b"not half a file of this program")
    (store.root / "empty" / "too").mkdir(parents=True)
    sealing.finish_sealing(store, MINE)
    assert not [name for name in names(store) if "0a1b2c3d" in name or "checkpoint" in name]
    assert not (store.root / "empty").exists()
    assert opened(store).read(".mine.tmp") == b"not half a file of this program"


def test_a_plain_twin_that_says_the_same_goes(store: PlainStore) -> None:
    store.write(NOTES, FILES[NOTES])
    sealing.finish_sealing(store, MINE)
    assert not store.exists(NOTES)
    assert holds_all(store)


@pytest.mark.parametrize("hides_dates", [None, False, True])
def test_a_plain_twin_that_says_something_else_stays_and_so_does_what_is_sealed(
    store: PlainStore, hides_dates: bool | None
) -> None:
    store.write(NOTES, b"written by hand")
    for _ in range(2):
        with pytest.raises(JournalError, match=f"Left as .*: journal/{NOTES}. .* keep the one"):
            sealing.finish_sealing(store, MINE, hides_dates=hides_dates)
        assert store.read(NOTES) == b"written by hand"
        assert holds_all(store)
    store.remove(NOTES)
    sealing.finish_sealing(store, MINE, hides_dates=hides_dates)
    assert holds_all(store)


def test_to_unseal_never_writes_over_a_plain_twin(store: PlainStore) -> None:
    store.write(NOTES, b"written by hand")
    with pytest.raises(JournalError, match=f"Nothing was changed: journal/{NOTES}"):
        sealing.unseal(store, MINE)
    assert store.read(NOTES) == b"written by hand"
    assert holds_all(store)
    store.remove(NOTES)
    sealing.unseal(store, MINE)
    assert everything(store.root, None) == FILES


@pytest.mark.parametrize("name", ["identity", "names", "sessions/2026-03-04/key"])
def test_a_plain_file_with_the_name_of_a_key_is_left_and_the_key_too(plain: PlainStore, name: str) -> None:
    plain.write(name, b"not a key")
    with pytest.raises(JournalError, match=f"Left as .*: journal/{name}"):
        sealing.seal(plain, KEYS)
    assert plain.read(name) == b"not a key"
    assert holds_all(plain)


def test_a_plain_file_in_a_folder_with_a_name_without_meaning_is_sealed_to_its_session(
    plain: PlainStore,
) -> None:
    sealing.seal(plain, KEYS, hides_dates=True)
    folder = opened(plain).on_disk(NOTES).rsplit("/", 1)[0]
    plain.write(f"{folder}/marks.csv", b"by hand")
    sealing.finish_sealing(plain, MINE, hides_dates=False)
    assert opened(plain).read("sessions/2026-03-04/marks.csv") == b"by hand"
    assert names(plain) >= {f"{name}.age" for name in FILES}
    assert not plain.exists("names.age")


def test_a_session_copied_back_in_with_its_date_is_kept_apart_from_the_one_that_is_there(
    plain: PlainStore, tmp_path: Path
) -> None:
    sealing.seal(plain, KEYS)
    shutil.copytree(plain.root / "sessions/2026-03-04", tmp_path / "copy")
    opened(plain).write(NOTES, b"newer")
    sealing.finish_sealing(plain, MINE, hides_dates=True)
    shutil.copytree(tmp_path / "copy", plain.root / "sessions/2026-03-04")
    with pytest.raises(JournalError, match=r"Left as .*: journal/sessions/2026-03-04/key\.age, "):
        sealing.finish_sealing(plain, MINE)
    assert opened(plain).read(NOTES) == b"newer"
    assert plain.exists(f"{NOTES}.age")
    with pytest.raises(JournalError, match=r"can't be opened: .*sessions/2026-03-04/notes\.md\.age"):
        sealing.unseal(plain, MINE)
    assert plain.read(NOTES) == b"newer"
    assert plain.exists(f"{NOTES}.age")


# Damage.


def damage(store: PlainStore, name: str) -> Path:
    path = store.root / opened(store).on_disk(name)
    path.write_bytes(path.read_bytes()[:-5])
    return path


def test_a_damaged_file_keeps_nothing_else_from_being_unsealed_and_no_key_is_lost_over_it(
    store: PlainStore,
) -> None:
    good = (store.root / opened(store).on_disk(NOTES)).read_bytes()
    path = damage(store, NOTES)
    with pytest.raises(JournalError, match=r"can't be opened: .*from a backup"):
        sealing.unseal(store, MINE)
    assert store.exists("identity.age")
    assert {name for name in FILES if store.exists(name)} == set(FILES) - {NOTES}
    unseal = re.escape(hints.command("unseal", journal=store.root))
    with pytest.raises(JournalError, match=f"Finish it with: {unseal}$"):
        open_journal(store.root)
    path.write_bytes(good)
    sealing.unseal(store, MINE)
    assert everything(store.root, None) == FILES


def test_a_damaged_file_keeps_a_leaked_passphrase_from_nothing(store: PlainStore) -> None:
    path = damage(store, "agreements.toml")
    left = path.read_bytes()
    assert sealing.rekey(store, MINE, keys_of(1)) == [f"journal/{path.relative_to(store.root)}"]
    assert path.read_bytes() == left
    unlock.keep(OURS[1])
    assert opened(store).read(NOTES) == FILES[NOTES]


def test_a_session_whose_key_was_destroyed_is_left_and_said(store: PlainStore) -> None:
    folder = opened(store).on_disk(NOTES).rsplit("/", 1)[0]
    store.remove(f"{folder}/key.age")
    store.write("sessions/2026-03-04/marks.csv", b"by hand")
    with pytest.raises(JournalError, match=r"Left as .*: journal/sessions/2026-03-04/marks\.csv"):
        sealing.finish_sealing(store, MINE)
    with pytest.raises(JournalError, match=f"can't be opened: journal/{folder}/notes.md.age"):
        sealing.unseal(store, MINE)


def test_rekeyed_nothing_opens_with_the_old_key(store: PlainStore) -> None:
    store.write("sessions/loose.txt", b"beside the sessions")
    sealing.finish_sealing(store, MINE)
    assert sealing.rekey(store, MINE, keys_of(1)) == []
    unlock.keep(OURS[1])
    found = seen(opened(store))
    assert found.items() >= {**FILES, "sessions/loose.txt": b"beside the sessions"}.items()
    old = SealedStore(store, MINE)
    for name in ("agreements.toml", NOTES, "sessions/loose.txt"):
        with pytest.raises(JournalError):
            old.read(name)


# Keys are never written over.


def test_a_sealed_journal_is_not_sealed_anew(store: PlainStore) -> None:
    with pytest.raises(JournalError, match="sealed already"):
        sealing.seal(store, keys_of(1))
    assert holds_all(store)


def test_where_an_earlier_settings_file_was_put_back_nothing_is_written_plain_and_all_comes_back(
    store: PlainStore,
) -> None:
    hides_dates = store.exists("names.age")
    store.write("journal.toml", SETTINGS)
    seal = re.escape(hints.command("seal", journal=store.root))
    with pytest.raises(JournalError, match=rf"Sealed files .* {seal}$"):
        open_journal(store.root)
    with pytest.raises(JournalError, match="is sealed already"):
        sealing.seal(store, keys_of(1))
    sealing.finish_sealing(store, MINE)
    assert holds_all(store)
    assert opened(store).hides_dates is hides_dates


def test_a_journal_that_was_unsealed_or_rekeyed_while_its_passphrase_was_asked_for_is_left_alone(
    store: PlainStore,
) -> None:
    sealing.rekey(store, MINE, keys_of(1))
    before = {name: store.read(name) for name in names(store)}
    acts: list[Callable[[], object]] = [
        lambda: sealing.rekey(store, MINE, keys_of(2)),
        lambda: sealing.unseal(store, MINE),
        lambda: sealing.finish_sealing(store, MINE),
    ]
    for act in acts:
        with pytest.raises(LockedError, match="Another key"):
            act()
    assert {name: store.read(name) for name in names(store)} == before
    sealing.unseal(store, OURS[1])
    for act in acts:
        with pytest.raises(JournalError, match="not sealed any"):
            act()
    assert everything(store.root, None) == FILES


def test_what_opened_a_journal_is_not_forgotten_while_anything_needs_it(store: PlainStore) -> None:
    sealing.forget_keys(store)
    assert holds_all(store)
    assert store.exists("identity.age")


# Programs that have the journal open meanwhile.


@pytest.fixture(params=["seal", "unseal", "rekey", "hide dates", "begun"])
def changed_meanwhile(request: pytest.FixtureRequest, plain: PlainStore) -> Journal:
    """A journal that was open in one program while another changed how it is sealed."""
    if request.param != "seal":
        sealing.seal(plain, KEYS)
    opened_before = open_journal(plain.root)
    opened_before.store.write("agreements.toml", FILES["agreements.toml"])
    acts: dict[str, Callable[[], object]] = {
        "seal": lambda: sealing.seal(plain, KEYS),
        "unseal": lambda: sealing.unseal(plain, MINE),
        "rekey": lambda: sealing.rekey(plain, MINE, keys_of(1)),
        "hide dates": lambda: sealing.finish_sealing(plain, MINE, hides_dates=True),
        "begun": lambda: sealing._begin(plain, MINE, "rekey"),
    }
    acts[request.param]()
    return opened_before


def test_a_program_that_had_it_open_changes_nothing_any_more_and_says_why(changed_meanwhile: Journal) -> None:
    store, root = changed_meanwhile.store, root_of(changed_meanwhile)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    acts: list[Callable[[], object]] = [
        lambda: store.write(NOTES, b"typed in an open notebook"),
        lambda: store.write("agreements.toml", b"appended"),
        lambda: store.write("sessions/2026-03-25/notes.md", b"a new session"),
        lambda: store.remove(NOTES),
        lambda: store.remove_folder("sessions/2026-03-04"),
    ]
    for act in acts:
        with pytest.raises(JournalError, match="open it again"):
            act()
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_a_program_that_had_it_open_says_why_it_can_read_no_more(plain: PlainStore) -> None:
    sealing.seal(plain, KEYS)
    before = open_journal(plain.root)
    sealing.rekey(plain, MINE, keys_of(1))
    for name in (NOTES, "agreements.toml"):
        with pytest.raises(JournalError, match="another passphrase"):
            before.store.read(name)


def test_other_changes_of_the_settings_disturb_no_open_program(store: PlainStore) -> None:
    journal = open_journal(store.root)
    journal.store.write(NOTES, b"one")
    settings = store.read("journal.toml")
    store.write("journal.toml", settings.replace(b'client = "A"', b'client = "Robin"'))
    journal.store.write(NOTES, b"two")
    assert opened(store).read(NOTES) == b"two"


# With nothing but the public program age.


def with_age(passphrase: str, file: Path, out: Path) -> None:
    asked = pexpect.spawn(str(AGE), ["-d", "-o", str(out), str(file)], encoding="utf-8", timeout=STUCK)
    asked.expect("passphrase")
    asked.waitnoecho()
    asked.sendline(passphrase)
    asked.expect(pexpect.EOF)
    asked.close()
    assert asked.exitstatus == 0, asked.before


@pytest.mark.skipif(AGE is None, reason="the program age is not installed (Debian: apt install age)")
@pytest.mark.parametrize(("file", "words"), [("identity.age", WORDS), ("recovery.age", CODE)])
@pytest.mark.parametrize("hides_dates", [False, True])
def test_age_and_the_passphrase_alone_bring_everything_back(
    journal: Journal, keys: NewKeys, tmp_path: Path, file: str, words: str, hides_dates: bool
) -> None:
    store = PlainStore(root_of(journal))
    before = {name: store.read(name) for name in names(store)}
    sealing.seal(store, keys, hides_dates=hides_dates)
    mine = tmp_path / "journal-key.txt"
    with_age(words, store.root / file, mine)

    def decrypted(name: str, key: Path = mine) -> bytes:
        command = [str(AGE), "-d", "-i", str(key), str(store.root / name)]
        return subprocess.run(command, check=True, capture_output=True).stdout

    real = {}
    if hides_dates:
        real = {given: part for part, given in json.loads(decrypted("names.age")).items()}
    back = {"journal.toml": store.read("journal.toml")}
    for name in names(store):
        if not name.endswith(".age") or name.endswith(
            ("/key.age", "identity.age", "recovery.age", "names.age")
        ):
            continue
        key, parts = mine, name.removesuffix(".age").split("/")
        if parts[0] == "sessions":
            key = tmp_path / f"key of {parts[1]}"
            key.write_bytes(decrypted(f"sessions/{parts[1]}/key.age"))
        back["/".join(real.get(part, part) for part in parts)] = decrypted(name, key)
    del before["journal.toml"], back["journal.toml"]
    assert back == before
    assert len(back) > 15


def test_folder_of_does_not_open_what_is_sealed(store: PlainStore) -> None:
    unlock.forget()
    found, settings = folder_of(store.root)
    assert settings["sealed"]
    assert found.root == store.root


def test_a_page_that_is_saved_again_while_it_is_sealed_stays(
    plain: PlainStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = next(iter(FILES))
    after(monkeypatch, sealing, "_unless_as_written", lambda: plain.write(name, b"saved again"), of=name)
    with pytest.raises(JournalError, match="Left as"):
        sealing.seal(plain, KEYS)
    assert plain.read(name) == b"saved again"


def test_a_file_that_goes_while_all_is_sealed_does_not_hinder_it(
    plain: PlainStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain.write("reports/.~week.ipynb", b"half")
    before(monkeypatch, PlainStore, "read", (plain.root / "reports/.~week.ipynb").unlink, of=".~week")
    sealing.seal(plain, KEYS)
    assert holds_all(plain)
    assert list(sealing.lies_open(plain.root)) == []


def test_keys_that_something_is_about_to_be_sealed_with_are_not_forgotten(plain: PlainStore) -> None:
    plain.write("identity.age", KEYS.by_passphrase)
    plain.write("recovery.age", KEYS.by_recovery)
    plain.write("journal.toml", SETTINGS.replace(b"sealed = false", b"sealed = true"))
    sealing.forget_keys(plain)
    assert plain.read("identity.age") == KEYS.by_passphrase
    assert plain.read("recovery.age") == KEYS.by_recovery
