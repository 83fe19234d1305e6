"""What the commands do, to be killed while they do it; imports little, because every attempt copies it all."""

from __future__ import annotations

import os
import random
import tomllib
from pathlib import Path

from therapy_review.storage.archive import backup, restore
from therapy_review.storage.keys import Identity, NewKeys
from therapy_review.storage.plain import PlainStore
from therapy_review.storage.sealing import finish_sealing, forget_keys, holds_sealed, rekey, seal, unseal

# The same in the program that is killed, which inherits them; made anew for each run of the tests.
KEPT = os.environ.setdefault("KEYS_OF_TEST_KILLED", " ".join(str(Identity.generate()) for _ in range(4)))
OURS = [Identity.from_str(text) for text in KEPT.split()]
SETTINGS = b'format = 1\nclient = "A"\ntherapist = "B"\nplace = ""\ntime_zone = ""\nsealed = false\n'
FILES = {
    "agreements.toml": b"[[agreement]]\n",
    "voices/client/2026-03-04.npz": random.Random(1).randbytes(3000),
    "sessions/2026-03-04/recording.m4a": random.Random(2).randbytes(90_000),
    "sessions/2026-03-04/notes.md": b"---\ntags: [tired]\n---\nThe heron stood in the car park.\n",
    "sessions/2026-03-11/notes.md": b"Nothing today.\n",
    "sessions/2026-03-11/derived/turns.csv": b"start,end,speaker\n",
    "reports/weekly_review_2026-W10.html": b"<p>A week</p>" * 300,
}


def keys_of(number: int) -> NewKeys:
    """Keys without scrypt, which takes a second: the two files only say whose identity they would open."""
    return NewKeys(OURS[number], f"passphrase {number}".encode(), f"code {number}".encode())


def opened_by(root: Path, name: str) -> int:
    return int((root / name).read_text().split()[1])


def says_sealed(store: PlainStore) -> bool:
    return bool(tomllib.loads(store.read("journal.toml").decode())["sealed"])


# What the commands do, given for the first time or again.


def seals(at: Path, *, hides_dates: bool = False) -> None:
    store = PlainStore(at / "journal")
    if not says_sealed(store) and not holds_sealed(store):
        seal(store, keys_of(0), hides_dates=hides_dates)
    else:
        finish_sealing(store, OURS[opened_by(store.root, "identity.age")])


def hides_or_shows(at: Path, *, hides_dates: bool) -> None:
    finish_sealing(PlainStore(at / "journal"), OURS[0], hides_dates=hides_dates)


def unseals(at: Path) -> None:
    store = PlainStore(at / "journal")
    if says_sealed(store):
        unseal(store, OURS[0])
    else:
        forget_keys(store)


def rekeys(at: Path) -> None:
    number = opened_by(at / "journal", "identity.age")
    assert rekey(PlainStore(at / "journal"), OURS[number], keys_of(number + 1)) == []


def backs_up(at: Path) -> None:
    if not (at / "journal.tar").exists():
        backup(PlainStore(at / "journal"), at / "journal.tar")


def restores(at: Path) -> None:
    if not (at / "again").exists():
        restore(at / "journal.tar", at / "again")


# What is there before.


def plain(at: Path) -> None:
    store = PlainStore(at / "journal")
    for name, data in {"journal.toml": SETTINGS, **FILES}.items():
        store.write(name, data)


def sealed(at: Path, *, hides_dates: bool = False) -> None:
    plain(at)
    seals(at, hides_dates=hides_dates)


def backed_up(at: Path) -> None:
    sealed(at)
    backs_up(at)
