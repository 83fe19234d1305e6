from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import random
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import filelock
import pytest
from hypothesis import given, strategies as st
from pyrage import encrypt
from pyrage.x25519 import Recipient

from tests.support.examples import examples
from tests.support.meanwhile import STUCK, after, before
from therapy_review import hints
from therapy_review.errors import JournalError, LockedError
from therapy_review.storage import plain as bytes_on_disk, sealed as sealed_files
from therapy_review.storage.keys import Identity, as_file
from therapy_review.storage.plain import PlainStore, Store
from therapy_review.storage.sealed import SealedStore, is_reserved

MINE = Identity.generate()
NAMES = (
    "agreements.toml",
    "ledger.csv",
    "voices/client/2026-03-04.npz",
    "sessions/2026-03-04/notes.md",
    "sessions/2026-03-04/recording.m4a",
    "sessions/2026-03-04/derived/turns.csv",
    "sessions/2026-03-04-2/notes.md",
    "sessions/2026-03-11/notes.md",
    "sessions/2026-03-11/letter 2026-03-04.txt",
    "sessions/from 2026-03-04.txt",
    "reports/weekly_review_2026-W10.html",
    "reports/identity",
    "key",
    "sessions/2026-03-04/key.age",
)
FOLDERS = ("", "sessions", "sessions/2026-03-04", "sessions/2026-03-04/derived", "reports", "voices/client")
A_DAY = re.compile(rb"20\d\d-(\d\d-\d\d|W\d\d)")


@pytest.fixture(scope="module", autouse=True)
def _quick_disk() -> Iterator[None]:
    """Leave the flushing to `test_store`: it says nothing here, and there are thousands of files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture
def store(tmp_path: Path) -> SealedStore:
    return SealedStore(PlainStore(tmp_path / "journal"), MINE)


write = st.tuples(st.just("write"), st.sampled_from(NAMES), st.binary(max_size=40))
remove = st.tuples(st.just("remove"), st.sampled_from(NAMES), st.just(b""))
remove_folder = st.tuples(st.just("remove_folder"), st.sampled_from(FOLDERS[2:]), st.just(b""))
reopen = st.tuples(st.just("reopen"), st.just(""), st.just(b""))
acts = st.lists(st.one_of(write, write, write, remove, remove_folder, reopen), max_size=25)


def seen(store: Store, folder: str = "") -> dict[str, object]:
    """All that a store shows: files with their content, and folders."""
    inside = f"{folder}/" if folder else ""
    names = [f"{inside}{name}" for name in store.files(folder)]
    found: dict[str, object] = {name: store.read(name) for name in names}
    assert all(store.exists(name) and store.open(name).read() == found[name] for name in names)
    for name in store.folders(folder):
        found[f"{inside}{name}/"] = None
        found |= seen(store, f"{inside}{name}")
    return found


@given(acts, st.booleans())
@examples(150)
def test_to_the_rest_of_the_package_it_is_the_same_as_a_folder_of_plain_files(
    acts: list[tuple[str, str, bytes]], hides_dates: bool
) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        plain = PlainStore(Path(scratch, "plain"))
        root = Path(scratch, "sealed")
        sealed = SealedStore(PlainStore(root), MINE, hides_dates=hides_dates)
        for act, name, data in acts:
            if act == "write":
                plain.write(name, data)
                sealed.write(name, data)
            elif act == "reopen":
                sealed = SealedStore(PlainStore(root), MINE, hides_dates=hides_dates)
            else:
                getattr(plain, act)(name)
                getattr(sealed, act)(name)
            assert [sealed.exists(name) for name in NAMES] == [plain.exists(name) for name in NAMES]
        assert seen(sealed) == seen(plain)
        assert seen(SealedStore(PlainStore(root), MINE, hides_dates=hides_dates)) == seen(plain)
        on_disk = [path for path in root.rglob("*") if path.name != sealed_files.KEYS_LOCK]
        assert all(path.suffix == ".age" for path in on_disk if path.is_file())
        if hides_dates:
            assert not any(A_DAY.search(str(path.relative_to(root)).encode()) for path in on_disk)


@given(st.binary(min_size=12, max_size=200), st.sampled_from(NAMES), st.booleans())
@examples(60)
def test_nothing_of_what_is_written_nor_any_day_lies_in_the_bytes_on_disk(
    data: bytes, name: str, hides_dates: bool
) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        SealedStore(PlainStore(root), MINE, hides_dates=hides_dates).write(name, data + b" on 2026-03-04")
        for path in root.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            assert data not in content
            assert not A_DAY.search(content)
            assert not (hides_dates and A_DAY.search(path.name.encode()))


def test_a_session_has_a_key_of_its_own_and_all_else_is_sealed_to_the_journals(store: SealedStore) -> None:
    for name in NAMES:
        store.write(name, b"mine")
    keys = sorted(path.relative_to(store.plain.root).as_posix() for path in store.plain.root.rglob("key.age"))
    assert keys == [
        "key.age",  # a file that the client calls "key", not in a session
        "sessions/2026-03-04-2/key.age",
        "sessions/2026-03-04/key.age",
        "sessions/2026-03-11/key.age",
    ]
    store.plain.remove("sessions/2026-03-11/key.age")
    again = SealedStore(store.plain, MINE)
    readable = [name for name in NAMES if not name.startswith("sessions/2026-03-11")]
    assert all(again.read(name) == b"mine" for name in readable)


@pytest.mark.parametrize("hides_dates", [False, True])
def test_a_destroyed_key_is_a_sentence_and_is_not_made_anew_beside_what_it_closed(
    tmp_path: Path, hides_dates: bool
) -> None:
    store = SealedStore(PlainStore(tmp_path / "journal"), MINE, hides_dates=hides_dates)
    store.write("sessions/2026-03-04/notes.md", b"mine")
    (key,) = store.plain.root.glob("sessions/*/key.age")
    key.unlink()
    for opened in (store, SealedStore(store.plain, MINE, hides_dates=hides_dates)):
        erase = re.escape(hints.command("erase", "2026-03-04", journal=store.root))
        with pytest.raises(LockedError, match=f"was destroyed.*: {erase}$"):
            opened.read("sessions/2026-03-04/notes.md")
        with pytest.raises(LockedError, match="was destroyed"):
            opened.write("sessions/2026-03-04/marks.csv", b"more")
    assert not key.exists()
    store.remove_folder("sessions/2026-03-04")
    store.write("sessions/2026-03-04/notes.md", b"begun anew")
    assert store.read("sessions/2026-03-04/notes.md") == b"begun anew"


def test_a_session_is_erased_key_first(store: SealedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write("sessions/2026-03-04/notes.md", b"mine")
    store.write("sessions/2026-03-04/derived/turns.csv", b"mine")

    def stopped(_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as disk:
        disk.setattr("therapy_review.storage.plain._empty", stopped)
        with pytest.raises(JournalError, match="Could not delete"):
            store.remove_folder("sessions/2026-03-04")
    with pytest.raises(LockedError, match="was destroyed"):
        store.read("sessions/2026-03-04/notes.md")


def test_to_remove_a_folder_of_a_session_leaves_the_session_its_key(store: SealedStore) -> None:
    store.write("sessions/2026-03-04/notes.md", b"mine")
    store.write("sessions/2026-03-04/derived/turns.csv", b"found")
    store.remove_folder("sessions/2026-03-04/derived")
    assert store.read("sessions/2026-03-04/notes.md") == b"mine"
    assert store.folders("sessions/2026-03-04") == []


@pytest.mark.parametrize("name", ["agreements.toml", "sessions/2026-03-04/notes.md"])
@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "plain", "another journal's"])
def test_a_file_that_was_damaged_or_exchanged_is_a_sentence(
    store: SealedStore, name: str, damage: str
) -> None:
    store.write(name, b"mine " * 100)
    path = store.plain.root / f"{name}.age"
    good = path.read_bytes()
    changed = bytearray(good)
    changed[-30] ^= 1
    path.write_bytes(
        {
            "cut": good[:-20],
            "changed": bytes(changed),
            "empty": b"",
            "plain": b"mine",
            "another journal's": encrypt(b"theirs", [Identity.generate().to_public()]),
        }[damage]
    )
    where = re.escape(f"journal/{name}.age")
    for act in (store.read, store.open):
        with pytest.raises(JournalError, match=f"{where} can't be opened: .* from a backup"):
            act(name)


def test_another_journals_key_is_a_sentence(store: SealedStore) -> None:
    store.write("sessions/2026-03-04/notes.md", b"mine")
    theirs = encrypt(as_file(Identity.generate()), [Identity.generate().to_public()])
    store.plain.write("sessions/2026-03-04/key.age", theirs)
    with pytest.raises(LockedError, match="another journal"):
        store.read("sessions/2026-03-04/notes.md")


@pytest.mark.parametrize("content", [b"", b"no age file", encrypt(b"no names", [MINE.to_public()])])
def test_names_that_cannot_be_read_are_a_sentence(tmp_path: Path, content: bytes) -> None:
    store = SealedStore(PlainStore(tmp_path / "journal"), MINE, hides_dates=True)
    store.write("sessions/2026-03-04/notes.md", b"mine")
    store.plain.write("names.age", content)
    for act in (store.read, store.exists, store.files, store.remove):
        with pytest.raises(JournalError, match=r"journal/names\.age.* from a backup"):
            act("sessions/2026-03-04/notes.md")


@pytest.mark.parametrize("name", ["identity", "recovery", "names", "Identity", "sessions/2026-03-04/key"])
def test_no_file_takes_the_place_of_a_key(store: SealedStore, name: str) -> None:
    store.plain.write("identity.age", b"what opens it")
    store.write("sessions/2026-03-04/notes.md", b"mine")
    assert is_reserved(name)
    for act in (store.read, store.exists, store.remove, lambda name: store.write(name, b"taken")):
        with pytest.raises(JournalError, match=r"can't have .* choose another"):
            act(name)
    assert store.plain.read("identity.age") == b"what opens it"
    assert store.read("sessions/2026-03-04/notes.md") == b"mine"


def test_the_settings_are_the_only_file_that_can_be_read_without_a_key(store: SealedStore) -> None:
    store.write("journal.toml", b"sealed = true\n")
    store.write("agreements.toml", b"")
    assert store.plain.read("journal.toml") == store.read("journal.toml") == b"sealed = true\n"
    assert store.files("") == ["agreements.toml", "journal.toml"]


def test_a_change_shows_in_the_stamp_and_names_are_as_on_disk(store: SealedStore) -> None:
    store.write("sessions/2026-03-04/notes.md", b"one")
    before = store.stamp("sessions/2026-03-04/notes.md")
    store.write("sessions/2026-03-04/notes.md", b"another")
    assert store.stamp("sessions/2026-03-04/notes.md") != before
    assert store.where("sessions/2026-03-04/notes.md") == "journal/sessions/2026-03-04/notes.md.age"
    assert store.where("") == "journal"


def test_no_name_leads_out_of_the_journal(store: SealedStore) -> None:
    for act in (store.read, store.exists, store.remove, store.remove_folder, store.files, store.folders):
        with pytest.raises(JournalError, match="outside the journal"):
            act("../other/notes.md")


def _write_many(root: Path, who: int, together: threading.Barrier, hides_dates: bool, mine: str) -> None:
    def slowly(data: bytes, recipients: list[Recipient]) -> bytes:
        time.sleep(0.003)  # between what was read and what is written, so that the others come in between
        return encrypt(data, recipients)

    sealed_files.encrypt = slowly  # in this program, which ends with this function
    store = SealedStore(PlainStore(root), Identity.from_str(mine), hides_dates=hides_dates)
    bytes_on_disk.LOCK_WAIT = STUCK
    together.wait(STUCK)
    for number in range(15):
        store.write(f"sessions/2026-03-{number + 1:02}/{who}.md", f"{who} {number}".encode())


def all_at_once(write: Callable[..., None], root: Path, writers: int, hides_dates: bool) -> None:
    """Have several programs write into one journal, each of which must end well."""
    root.mkdir()
    processes = multiprocessing.get_context("forkserver")
    together = processes.Barrier(writers)
    started = [
        processes.Process(target=write, args=(root, who, together, hides_dates, str(MINE)))
        for who in range(writers)
    ]
    for each in started:
        each.start()
    for each in started:
        each.join()
    assert [each.exitcode for each in started] == [0] * writers


@pytest.mark.parametrize("hides_dates", [False, True])
def test_programs_that_write_at_once_make_one_key_and_one_name_for_a_session(
    tmp_path: Path, hides_dates: bool
) -> None:
    root, writers = tmp_path / "journal", 3
    all_at_once(_write_many, root, writers, hides_dates)
    store = SealedStore(PlainStore(root), MINE, hides_dates=hides_dates)
    assert len(list(root.glob("sessions/*"))) == len(store.folders("sessions")) == 15
    for number in range(15):
        for who in range(writers):
            assert store.read(f"sessions/2026-03-{number + 1:02}/{who}.md") == f"{who} {number}".encode()


def _write_in_turn(
    root: Path, who: int, together: Any, rounds: int, hides_dates: bool, mine: str = str(MINE)
) -> list[str]:
    """Write into one new session after another, each at the same time as the others; give what went wrong."""
    sorry: list[str] = []
    for number in range(rounds):
        store = SealedStore(PlainStore(root), Identity.from_str(mine), hides_dates=hides_dates)
        together.wait(STUCK)
        try:
            store.write(f"sessions/{day_of(number)}/{who}.md", f"{who} {number}".encode())
        except Exception as error:  # noqa: BLE001  told by the test
            sorry.append(f"{who} in {day_of(number)}: {error!r}")
    return sorry


def day_of(number: int) -> dt.date:
    return dt.date(2026, 1, 1) + dt.timedelta(number)


def unhurried(patch: pytest.MonkeyPatch, seed: int) -> None:
    """Let others come in before and after each look at a key or at the names, and before each takes its place."""
    chance = random.Random(seed)

    def wait(path: Path) -> None:
        if "key.age" in path.name or "names.age" in path.name:
            time.sleep(max(0.0, chance.uniform(-0.004, 0.004)))

    def slowly(act: Callable[..., Any]) -> Callable[..., Any]:
        def slow(path: Path, *given: Any, **more: Any) -> Any:
            wait(path)
            try:
                return act(path, *given, **more)
            finally:
                wait(path)

        return slow

    for name in ("stat", "read_bytes", "replace"):
        patch.setattr(Path, name, slowly(getattr(Path, name)))
    patch.setattr(bytes_on_disk, "LOCK_WAIT", STUCK)
    # Who waits for a lock asks again at once, so that 200 rounds take seconds.
    patch.setattr(filelock, "FileLock", partial(filelock.FileLock, poll_interval=0.001))


def each_has_one_key_and_all_it_was_given(root: Path, writers: int, rounds: int, hides_dates: bool) -> None:
    store = SealedStore(PlainStore(root), MINE, hides_dates=hides_dates)
    days = [str(day_of(number)) for number in range(rounds)]
    assert store.folders("sessions") == days
    assert len(list(root.glob("sessions/*"))) == len(list(root.glob("sessions/*/key.age"))) == rounds
    for number, day in enumerate(days):
        for who in range(writers):
            assert store.read(f"sessions/{day}/{who}.md") == f"{who} {number}".encode()


@pytest.mark.parametrize("rounds", [60, pytest.param(200, marks=pytest.mark.slow)])
@pytest.mark.parametrize("hides_dates", [False, True])
def test_whoever_comes_between_two_looks_at_a_key_every_word_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hides_dates: bool, rounds: int
) -> None:
    root, writers = tmp_path / "journal", 2
    root.mkdir()
    together = threading.Barrier(writers)
    with monkeypatch.context() as patch, ThreadPoolExecutor(writers) as programs:
        unhurried(patch, seed=writers)
        started = [
            programs.submit(_write_in_turn, root, who, together, rounds, hides_dates)
            for who in range(writers)
        ]
        assert [sorry for each in started for sorry in each.result()] == []
    each_has_one_key_and_all_it_was_given(root, writers, rounds, hides_dates)


def _write_in_turn_slowly(root: Path, who: int, together: Any, hides_dates: bool, mine: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        unhurried(patch, seed=who)
        assert _write_in_turn(root, who, together, 200, hides_dates, mine) == []


@pytest.mark.slow
@pytest.mark.parametrize("hides_dates", [False, True])
def test_whichever_program_comes_between_two_looks_at_a_key_every_word_is_kept(
    tmp_path: Path, hides_dates: bool
) -> None:
    root, writers = tmp_path / "journal", 4
    all_at_once(_write_in_turn_slowly, root, writers, hides_dates)
    each_has_one_key_and_all_it_was_given(root, writers, 200, hides_dates)


def test_threads_of_one_program_share_a_store(store: SealedStore) -> None:
    store.hides_dates = True
    store.plain.root.mkdir()
    threads = [
        threading.Thread(
            target=lambda day=day: store.write(f"sessions/2026-03-{day % 5 + 10}/{day}.md", b"x")
        )
        for day in range(20)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(store.folders("sessions")) == 5
    assert all(store.read(f"sessions/2026-03-{day % 5 + 10}/{day}.md") == b"x" for day in range(20))


def test_a_key_that_another_program_is_making_for_too_long_is_a_sentence(
    store: SealedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.plain.root.mkdir()
    monkeypatch.setattr(bytes_on_disk, "LOCK_WAIT", 0.05)
    with (
        store.plain.holding(sealed_files.KEYS_LOCK),
        pytest.raises(JournalError, match="Another program"),
    ):
        store.write("sessions/2026-03-04/notes.md", b"mine")


@pytest.mark.parametrize(
    ("plant", "look", "of"), [(after, "stamp", "key.age"), (before, "holding", sealed_files.KEYS_LOCK)]
)
def test_a_key_that_another_program_makes_between_two_looks_is_taken(
    store: SealedStore, monkeypatch: pytest.MonkeyPatch, plant: Callable[..., None], look: str, of: str
) -> None:
    store.plain.root.mkdir()
    other = SealedStore(PlainStore(store.plain.root), MINE)
    plant(monkeypatch, PlainStore, look, lambda: other.write("sessions/2026-03-04/2.md", b"theirs"), of=of)
    store.write("sessions/2026-03-04/1.md", b"mine")
    for each in (store, other, SealedStore(store.plain, MINE)):
        assert each.read("sessions/2026-03-04/1.md") == b"mine"
        assert each.read("sessions/2026-03-04/2.md") == b"theirs"


def test_a_session_erased_between_two_looks_at_its_key_is_begun_anew(
    store: SealedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write("sessions/2026-03-04/notes.md", b"before")
    again = SealedStore(PlainStore(store.plain.root), MINE)
    before(monkeypatch, PlainStore, "read", lambda: store.remove_folder("sessions/2026-03-04"), of="key.age")
    again.write("sessions/2026-03-04/notes.md", b"mine")
    assert store.read("sessions/2026-03-04/notes.md") == b"mine"


def test_a_key_destroyed_between_two_looks_is_a_sentence(
    store: SealedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write("sessions/2026-03-04/notes.md", b"mine")
    again = SealedStore(PlainStore(store.plain.root), MINE)
    before(
        monkeypatch, PlainStore, "read", (store.plain.root / "sessions/2026-03-04/key.age").unlink, of="key"
    )
    with pytest.raises(LockedError, match=r"was destroyed.*therapy-review erase 2026-03-04"):
        again.read("sessions/2026-03-04/notes.md")


def test_a_session_that_comes_while_they_are_listed_goes_by_its_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SealedStore(PlainStore(tmp_path / "journal"), MINE, hides_dates=True)
    store.write("sessions/2026-03-04/notes.md", b"mine")
    other = SealedStore(PlainStore(store.plain.root), MINE, hides_dates=True)
    before(monkeypatch, PlainStore, "folders", lambda: other.write("sessions/2026-03-11/notes.md", b"theirs"))
    assert store.folders("sessions") == ["2026-03-04", "2026-03-11"]
