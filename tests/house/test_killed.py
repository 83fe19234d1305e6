"""A command that is killed leaves every file whole, as it was or as it is to be, and can be given again."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from pyrage import DecryptError, decrypt

from tests.support.killable import (
    FILES,
    OURS,
    SETTINGS,
    backed_up,
    backs_up,
    hides_or_shows,
    opened_by,
    plain,
    rekeys,
    restores,
    sealed,
    seals,
    unseals,
)
from tests.support.killable_erasing import ERASED, erases, erases_all, erases_sound, sealed_with_copies
from tests.support.killing import POINTS, Act, Killer, kill_everywhere
from therapy_review import hints, open_journal
from therapy_review.errors import JournalError
from therapy_review.storage import unlock
from therapy_review.storage.archive import restore
from therapy_review.storage.keys import Identity
from therapy_review.storage.plain import Store, is_half

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="programs are forked"),
]

# What is true whenever one was killed.


def everything(root: Path, identity: Identity | None, but: str = "nothing") -> dict[str, bytes]:
    """All that a journal's folder holds by its plain name, read without the package; twins must say the same."""
    paths = [path for path in root.rglob("*") if path.is_file() and not is_half(path.name)]
    names: dict[str, str] = {}
    if (root / "names.age").exists():
        given = json.loads(decrypt((root / "names.age").read_bytes(), [identity]))
        names = {on_disk: part for part, on_disk in given.items()}

    def plain_name(path: Path) -> str:
        parts = path.relative_to(root).as_posix().removesuffix(".age").split("/")
        return "/".join(names.get(part, part) for part in parts)

    keys = {plain_name(path.parent): keys_in(path, identity) for path in paths if path.name == "key.age"}
    found: dict[str, bytes] = {}
    for path in paths:
        if path.name in (
            ".lock",
            ".keys.lock",
            "journal.toml",
            "identity.age",
            "recovery.age",
            "names.age",
            "key.age",
        ):
            continue
        name, data = plain_name(path), path.read_bytes()
        if name.startswith(but):
            continue
        if path.suffix == ".age":
            data = decrypt(data, keys.get("/".join(name.split("/")[:2]), [identity]))
        assert found.setdefault(name, data) == data, f"{name} is there twice and differs"
    return found


def keys_in(path: Path, identity: Identity | None) -> list[Identity]:
    return [Identity.from_str(line) for line in decrypt(path.read_bytes(), [identity]).decode().split()]


def seen(store: Store, folder: str = "") -> dict[str, bytes]:
    inside = f"{folder}/" if folder else ""
    found = {f"{inside}{name}": store.read(f"{inside}{name}") for name in store.files(folder)}
    for name in store.folders(folder):
        found |= seen(store, f"{inside}{name}")
    return found


def nothing_is_lost(at: Path) -> None:
    root = at / "journal"
    assert tomllib.loads((root / "journal.toml").read_text())["client"] == "A"
    # Passphrase and code both open everything, at every instant.
    owners = {opened_by(root, name) for name in ("identity.age", "recovery.age") if (root / name).exists()}
    for identity in [OURS[number] for number in owners] or [None]:
        assert everything(root, identity) == FILES
    if "unfinished" in tomllib.loads((root / "journal.toml").read_text()).get("seal", {}):
        with pytest.raises(JournalError, match=rf"nothing is lost\. .*: {hints.command()} "):
            open_journal(root)
    else:
        shown = seen(open_journal(root).store)
        assert {name: shown[name] for name in FILES} == FILES
        assert set(shown) - set(FILES) <= {"journal.toml", "identity.age", "recovery.age"}


def the_copy_is_whole_or_not_there(at: Path) -> None:
    nothing_is_lost(at)
    if (at / "journal.tar").exists():
        shutil.rmtree(at / "looked at", ignore_errors=True)
        restore(at / "journal.tar", at / "looked at")
        assert seen(open_journal(at / "looked at").store).items() >= FILES.items()


def the_folder_is_whole_or_not_there(at: Path) -> None:
    if (at / "again").exists():
        assert seen(open_journal(at / "again").store).items() >= FILES.items()


def all_else_is_there(at: Path) -> None:
    gone = f"sessions/{ERASED}"
    found = everything(at / "journal", OURS[0], but=gone)
    assert found.items() >= {name: FILES[name] for name in FILES if not is_of_it(name)}.items()
    assert set(found) - set(FILES) <= {"ledger.csv"}
    assert open_journal(at / "journal").session("2026-03-11").notes.text


def is_of_it(name: str) -> bool:
    return name.startswith((f"sessions/{ERASED}", "reports/weekly_review_2026-W10"))


def all_that_was_written_is_there(at: Path) -> None:
    gone = (f"sessions/{ERASED}/recording", "reports/weekly_review_2026-W10")
    for name, data in everything(at / "journal", OURS[0], but=gone[0]).items():
        assert name == "ledger.csv" or data == FILES[name]
    shown = seen_but(open_journal(at / "journal").store, gone)
    assert shown.items() >= {name: FILES[name] for name in FILES if not name.startswith(gone)}.items()


def seen_but(store: Store, gone: tuple[str, ...]) -> dict[str, bytes]:
    """What the program itself opens; what is to go may be closed already."""
    folders = ["", "sessions", *(f"sessions/{name}" for name in store.folders("sessions"))]
    folders += [f"sessions/2026-03-11/{name}" for name in store.folders("sessions/2026-03-11")]
    names = [f"{at}/{name}".lstrip("/") for at in [*folders, "voices/client"] for name in store.files(at)]
    return {name: store.read(name) for name in names if not name.startswith(gone)}


def the_folder_is_there(at: Path) -> None:
    assert (at / "journal").is_dir()


# What is true in the end.


def is_sealed(at: Path, *, hides_dates: bool = False) -> None:
    nothing_is_lost(at)
    root = at / "journal"
    settings = tomllib.loads((root / "journal.toml").read_text())
    assert settings["sealed"]
    assert settings["seal"]["hide_dates"] is hides_dates
    assert "unfinished" not in settings["seal"]
    names = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    assert {name for name in names if not name.endswith(".age")} <= {"journal.toml", ".lock", ".keys.lock"}
    assert (root / "names.age").exists() is hides_dates
    assert any("2026-" in name for name in names) is not hides_dates
    assert opened_by(root, "identity.age") == opened_by(root, "recovery.age")
    if not hides_dates:
        session_keys = {f"sessions/{day}/key" for day in ("2026-03-04", "2026-03-11")}
        assert {name.removesuffix(".age") for name in names if name.endswith(".age")} == {
            *FILES,
            *session_keys,
            "identity",
            "recovery",
        }


def is_plain(at: Path) -> None:
    root = at / "journal"
    settings = tomllib.loads((root / "journal.toml").read_text())
    assert settings == tomllib.loads(SETTINGS.decode())
    paths = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    assert set(paths) - {".lock", ".keys.lock"} == {*FILES, "journal.toml"}
    assert {name: paths[name].read_bytes() for name in FILES} == FILES


def is_rekeyed(at: Path) -> None:
    is_sealed(at)
    assert opened_by(at / "journal", "identity.age") >= 1
    with pytest.raises(Exception, match="No matching keys"):
        everything(at / "journal", OURS[0])


def is_backed_up(at: Path) -> None:
    the_copy_is_whole_or_not_there(at)
    assert (at / "looked at").is_dir()
    assert {path.name for path in at.iterdir()} == {"journal", "journal.tar", "looked at"}


def is_restored(at: Path) -> None:
    the_folder_is_whole_or_not_there(at)
    assert {path.name for path in at.iterdir()} == {"journal", "journal.tar", "again"}


def is_erased(at: Path) -> None:
    all_else_is_there(at)
    assert not [name for name in everything(at / "journal", OURS[0]) if is_of_it(name)]
    assert len(list((at / "journal" / "sessions").iterdir())) == 1
    halves = [path.name for path in at.rglob("*") if is_half(path.name)]
    assert all(name.startswith(".ledger.csv.age.") for name in halves)  # no half of anything of the session
    ledger = open_journal(at / "journal").ledger
    assert set(zip(ledger["what"], ledger["session"], strict=True)) == {("erased", ERASED)}


def the_sound_is_erased(at: Path) -> None:
    all_that_was_written_is_there(at)
    root = at / "journal"
    assert not list(root.rglob("recording.*"))
    assert not list(root.rglob("weekly_review_2026-W10*"))
    copy = at / "copy"
    old = keys_in(copy / "key.age", OURS[0])
    (notes,) = (path for path in root.glob("sessions/*/notes.md.age") if b"heron" in opened(path))
    now = keys_in(notes.parent / "key.age", OURS[0])
    assert len(now) == 1
    assert (
        decrypt((copy / "recording.m4a.age").read_bytes(), old) == FILES[f"sessions/{ERASED}/recording.m4a"]
    )
    with pytest.raises(DecryptError):
        decrypt((copy / "recording.m4a.age").read_bytes(), now)
    for path in notes.parent.rglob("*.age"):
        with pytest.raises(DecryptError):
            decrypt(path.read_bytes(), old)
    assert set(open_journal(root).ledger["what"]) == {"erased"}


def opened(path: Path) -> bytes:
    return decrypt(path.read_bytes(), keys_in(path.parent / "key.age", OURS[0]))


def is_empty(at: Path) -> None:
    assert list((at / "journal").iterdir()) == []


hides, shows = partial(hides_or_shows, hides_dates=True), partial(hides_or_shows, hides_dates=False)
seals_hidden, sealed_hidden = partial(seals, hides_dates=True), partial(sealed, hides_dates=True)
sealed_with_copies_hidden = partial(sealed_with_copies, hides_dates=True)
is_hidden = partial(is_sealed, hides_dates=True)

# What is there before, what is killed, what is true whenever that was, and what is true in the end.
ACTS = {
    "seal": Act(plain, seals, nothing_is_lost, is_sealed),
    "seal and hide dates": Act(plain, seals_hidden, nothing_is_lost, is_hidden),
    "hide dates": Act(sealed, hides, nothing_is_lost, is_hidden),
    "show dates": Act(sealed_hidden, shows, nothing_is_lost, is_sealed),
    "unseal": Act(sealed, unseals, nothing_is_lost, is_plain),
    "unseal with hidden dates": Act(sealed_hidden, unseals, nothing_is_lost, is_plain),
    "rekey": Act(sealed, rekeys, nothing_is_lost, is_rekeyed),
    "backup": Act(sealed, backs_up, the_copy_is_whole_or_not_there, is_backed_up),
    "restore": Act(backed_up, restores, the_folder_is_whole_or_not_there, is_restored),
}
ERASING = {
    "erase": Act(sealed, erases, all_else_is_there, is_erased),
    "erase with hidden dates": Act(sealed_hidden, erases, all_else_is_there, is_erased),
    "erase the sound": Act(
        sealed_with_copies, erases_sound, all_that_was_written_is_there, the_sound_is_erased
    ),
    "erase the sound with hidden dates": Act(
        sealed_with_copies_hidden, erases_sound, all_that_was_written_is_there, the_sound_is_erased
    ),
    "erase all": Act(sealed, erases_all, the_folder_is_there, is_empty),
}


@pytest.fixture(scope="module", autouse=True)
def _quick_disk() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="module")
def kill() -> Iterator[Killer]:
    with Killer("tests.support.killable") as started:
        yield started


@pytest.fixture(scope="module")
def kill_erasing() -> Iterator[Killer]:
    with Killer("tests.support.killable_erasing") as started:
        yield started


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: thousands of journals are laid out in it."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.mark.parametrize("name", ACTS)
def test_killed_at_every_step_and_at_random_instants_nothing_is_lost_and_it_can_be_run_again(
    name: str, kill: Killer, scratch: Path
) -> None:
    for identity in OURS:
        unlock.keep(identity)
    steps, instants = kill_everywhere(kill, ACTS[name], scratch)
    assert steps > 8
    assert steps + instants >= POINTS


@pytest.mark.parametrize("name", ERASING)
def test_an_erasure_killed_at_every_step_and_at_random_instants_is_finished_and_takes_nothing_else(
    name: str, kill_erasing: Killer, scratch: Path
) -> None:
    unlock.keep(OURS[0])
    steps, instants = kill_everywhere(kill_erasing, ERASING[name], scratch)
    assert steps > 8
    assert steps + instants >= POINTS
