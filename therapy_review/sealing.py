"""Sealing a journal, taking the seal off, and changing what opens it.

Each act can be stopped at any instant: every file is then whole, as it was or as it is to be, ``journal.toml`` says
what was begun (``unfinished``), and the same command goes on from there. A plain file is removed only after its
sealed twin was read back.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import tomlkit
from pyrage import DecryptError, decrypt, encrypt

from therapy_review.errors import JournalError, LockedError
from therapy_review.keys import IDENTITY, RECOVERY, Identity, NewKeys
from therapy_review.sealed import AGE, DATED, KEY, NAMES, OPEN, SETTINGS, SealedStore
from therapy_review.store import PlainStore

UNFINISHED = "unfinished"


def seal(store: PlainStore, keys: NewKeys, *, hides_dates: bool = False) -> None:
    """Seal a plain journal.

    Parameters
    ----------
    store : PlainStore
        The journal's folder.
    keys : NewKeys
        From `therapy_review.keys.new_keys`.
    hides_dates : bool
        Whether days are kept out of the names on disk.

    Raises
    ------
    JournalError
        When a file can't be read or written; what was begun is finished by `finish_sealing`.
    """
    with store.writing():
        store.write(IDENTITY, keys.by_passphrase)
        store.write(RECOVERY, keys.by_recovery)
        settings = _settings(store)
        settings["sealed"] = True
        table = tomlkit.table()
        public = str(keys.identity.to_public())
        table.update({"recipient": public, "hide_dates": hides_dates, UNFINISHED: "seal"})
        settings["seal"] = table
        _save(store, settings)
        _seal_what_is_plain(store, keys.identity)


def finish_sealing(store: PlainStore, identity: Identity, *, hides_dates: bool | None = None) -> None:
    """Finish what `seal` began; also seal what was put into a sealed journal since.

    Parameters
    ----------
    store : PlainStore
        The journal's folder.
    identity : Identity
        The journal's.
    hides_dates : bool, optional
        Whether days are kept out of the names on disk from now on; as it was when left out.

    Raises
    ------
    JournalError
        When a plain file lies beside a sealed one of the same name that says something else; both stay.
    """
    with store.writing():
        settings = _settings(store)
        if hides_dates is not None and settings["seal"].get("hide_dates", False) != hides_dates:
            settings["seal"].update({"hide_dates": hides_dates, UNFINISHED: "seal"})
            _save(store, settings)
        _seal_what_is_plain(store, identity)


def unseal(store: PlainStore, identity: Identity) -> None:
    """Make a sealed journal one of plain files again.

    Parameters
    ----------
    store : PlainStore
        The journal's folder.
    identity : Identity
        The journal's.

    Raises
    ------
    JournalError
        When a file can't be opened or written; every file that was opened so far stays.
    """
    with store.writing():
        _begin(store, "unseal")
        sealed = _sealed_store(store, identity)
        known = dict.fromkeys(_sealed_names(sealed))
        for name in known:
            data = sealed.read(name)
            store.write(name, data)
            if store.read(name) != data:
                raise JournalError(
                    f"{store.where(name)} can't be read back as it was written; is the disk well?"
                )
            sealed.remove(name)
        for path in [*store.root.glob(f"sessions/*/{KEY}"), store.root / NAMES]:
            path.unlink(missing_ok=True)
        _remove_empty_folders(store.root)
        settings = _settings(store)
        settings["sealed"] = False
        settings.remove("seal")
        _save(store, settings)
        store.remove(IDENTITY)
        store.remove(RECOVERY)


def rekey(store: PlainStore, identity: Identity, keys: NewKeys) -> None:
    """Change passphrase, recovery code and the journal's own key; the sessions keep theirs.

    Parameters
    ----------
    store : PlainStore
        The journal's folder.
    identity : Identity
        The journal's until now.
    keys : NewKeys
        What is to open it from now on.

    Raises
    ------
    JournalError
        When a file can't be opened or written; the journal opens with the old or the new passphrase then.
    """
    new = keys.identity
    with store.writing():
        _begin(store, "rekey")
        # At each instant the identity that lies there opens every file: both do, while one takes the other's place.
        for name in _sealed_to_journal(store):
            _reseal(store, name, identity, [identity, new])
        store.write(RECOVERY, keys.by_recovery)
        store.write(IDENTITY, keys.by_passphrase)
        settings = _settings(store)
        settings["seal"]["recipient"] = str(new.to_public())
        _save(store, settings)
        for name in _sealed_to_journal(store):
            _reseal(store, name, new, [new])
        _end(store)


def unfinished(settings: Any) -> str:
    """Tell which of the acts was begun and not finished: ``seal``, ``unseal``, ``rekey``, or none (empty)."""
    return str(settings.get("seal", {}).get(UNFINISHED, ""))


def lies_open(root: Path) -> Iterator[str]:
    """Give the files of a sealed journal that are not sealed: put there by hand, or left by a program that crashed.

    Parameters
    ----------
    root : Path
        The journal's folder.

    Yields
    ------
    str
        Names as the journal's store has them.
    """
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and path.suffix != AGE and name not in OPEN and path.name not in LOCKS:
            yield name


LOCKS = frozenset({".lock", ".keys.lock"})


def _seal_what_is_plain(store: PlainStore, identity: Identity) -> None:
    first_time = unfinished(_settings(store)) == "seal"
    sealed = _sealed_store(store, identity)
    differing = []
    for name in list(lies_open(store.root)):
        path = PurePosixPath(name)
        if (path.name.startswith(".") and path.suffix == ".tmp") or ".ipynb_checkpoints" in path.parts:
            store.remove(name)  # half a file, or a copy of a notebook that is here itself
            continue
        data = store.read(name)
        if not (there := sealed.exists(name)) or (first_time and sealed.read(name) != data):
            sealed.write(name, data)
        if sealed.read(name) != data:
            if not there:
                raise JournalError(
                    f"{sealed.where(name)} can't be read back as it was written; is the disk well?"
                )
            differing.append(name)
            continue
        store.remove(name)
    _name_anew(sealed)
    _remove_empty_folders(store.root)
    _end(store)
    if differing:
        places = ", ".join(store.where(name) for name in differing)
        raise JournalError(
            f"Left as they are: {places}. The journal holds something else under the same name; put the two "
            "together by hand, or take the plain one away."
        )


def _name_anew(sealed: SealedStore) -> None:
    """Let names on disk follow the wish to hide dates, or no longer to."""
    root = sealed.plain.root
    if sealed.hides_dates:
        # Deepest first, so that the way to a file stays true while it is renamed.
        dated = [path for path in root.rglob("*") if DATED.search(path.name) and path.name != SETTINGS]
        for path in sorted(dated, key=lambda path: len(path.parts), reverse=True):
            part = path.name.removesuffix(AGE) if path.is_file() else path.name
            given = sealed.given_names([part])[part]
            path.rename(path.with_name(f"{given}{AGE}" if path.is_file() else given))
    elif sealed.plain.exists(NAMES):
        back = {given: part for part, given in sealed.given_names([]).items()}
        opaque = [path for path in root.rglob("*") if path.name.removesuffix(AGE) in back]
        for path in sorted(opaque, key=lambda path: len(path.parts), reverse=True):
            part = back[path.name.removesuffix(AGE)]
            path.rename(path.with_name(f"{part}{AGE}" if path.is_file() else part))
        sealed.plain.remove(NAMES)


def _sealed_names(sealed: SealedStore) -> Iterator[str]:
    """Give the journal's names for all that is sealed in it."""
    folders = [""]
    while folders:
        folder = folders.pop()
        inside = f"{folder}/" if folder else ""
        yield from (f"{inside}{name}" for name in sealed.files(folder))
        folders += [f"{inside}{name}" for name in sealed.folders(folder)]


def _sealed_to_journal(store: PlainStore) -> list[str]:
    """Name, as on disk, what is sealed to the journal's own key: all but what is in sessions, and those keys."""
    names = [path.relative_to(store.root).as_posix() for path in store.root.rglob(f"*{AGE}")]
    return sorted(
        name
        for name in names
        if name not in (IDENTITY, RECOVERY)
        and (not name.startswith("sessions/") or PurePosixPath(name).name == KEY)
    )


def _reseal(store: PlainStore, on_disk: str, identity: Identity, to: list[Identity]) -> None:
    try:
        data = decrypt(store.read(on_disk), [identity])
    except DecryptError as error:
        raise LockedError(f"{store.where(on_disk)} can't be opened, so nothing more was changed.") from error
    store.write(on_disk, encrypt(data, [each.to_public() for each in to]))


def _sealed_store(store: PlainStore, identity: Identity) -> SealedStore:
    return SealedStore(store, identity, hides_dates=bool(_settings(store)["seal"].get("hide_dates", False)))


def _remove_empty_folders(root: Path) -> None:
    folders = sorted((path for path in root.rglob("*") if path.is_dir()), key=lambda path: -len(path.parts))
    for folder in folders:
        if folder != root / "sessions" and not any(folder.iterdir()):
            folder.rmdir()


def _settings(store: PlainStore) -> tomlkit.TOMLDocument:
    return tomlkit.parse(store.read(SETTINGS).decode("utf-8-sig"))


def _save(store: PlainStore, settings: tomlkit.TOMLDocument) -> None:
    store.write(SETTINGS, tomlkit.dumps(settings).encode())


def _begin(store: PlainStore, act: str) -> None:
    settings = _settings(store)
    settings["seal"][UNFINISHED] = act
    _save(store, settings)


def _end(store: PlainStore) -> None:
    settings = _settings(store)
    if settings["seal"].pop(UNFINISHED, None) is not None:
        _save(store, settings)
