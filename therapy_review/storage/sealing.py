"""Sealing a journal, taking the seal off, and changing what opens it.

Each act can be stopped at any instant: every file is then whole, as it was or as it is to be, ``journal.toml`` says
what was begun (``unfinished``), and the same command goes on from there. A plain file is removed only after its
sealed twin was read back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import tomlkit
from pyrage import encrypt

from therapy_review.errors import JournalError, LockedError
from therapy_review.storage.keys import IDENTITY, RECOVERY, Identity, NewKeys
from therapy_review.storage.plain import (
    SETTINGS,
    PlainStore,
    if_there,
    is_half,
    make_folder,
    names_below,
    sync_folder,
)
from therapy_review.storage.sealed import (
    AGE,
    KEY,
    NAMES,
    OPEN,
    SealedStore,
    is_reserved,
    is_sealed_to_journal,
    opened_with,
    sealed_below,
)

UNFINISHED = "unfinished"
CHECKPOINTS = ".ipynb_checkpoints"


def seal(store: PlainStore, keys: NewKeys, *, hides_dates: bool = False) -> None:
    """Seal a plain journal; what was begun and stopped is finished by `finish_sealing`."""
    with store.writing():
        # Keys are never written over: what is sealed with them would be lost.
        if _settings(store).get("sealed") or holds_sealed(store):
            raise JournalError(f"{store.where('')} is sealed already, so nothing was changed.")
        store.write(IDENTITY, keys.by_passphrase)
        store.write(RECOVERY, keys.by_recovery)
        _begin(store, keys.identity, "seal", hides_dates=hides_dates)
        _seal_what_is_plain(store, keys.identity)


def finish_sealing(store: PlainStore, identity: Identity, *, hides_dates: bool | None = None) -> None:
    """Finish what `seal` began; also seal what was put into a sealed journal since.

    Where a plain file says something else than the sealed one of the same name, both stay, and an error names it.
    """
    with store.writing():
        _unless_rekeyed(store, identity)
        _begin(store, identity, "seal", hides_dates=hides_dates)
        _seal_what_is_plain(store, identity)


def unseal(store: PlainStore, identity: Identity) -> None:
    """Make a sealed journal one of plain files again; what can't be opened is named, and it can be asked again."""
    with store.writing():
        _unless_rekeyed(store, identity)
        sealed = _sealed_store(store, identity)
        _unless_twins_differ(sealed)
        _begin(store, identity, "unseal")
        closed = _name_anew(sealed)
        for on_disk in sorted({*_sealed_files(store)} - {*closed}):
            name = sealed.name_of(on_disk)
            try:
                data = sealed.read(name)
            except JournalError:
                closed.append(on_disk)
                continue
            store.write(name, data)
            _unless_as_written(store, name, data)
            sealed.remove(name)
        if closed:
            raise JournalError(
                f"All else lies open now, but these can't be opened: {_places(store, closed)}. Put them back from "
                "a backup, or delete them, and try again."
            )
        for path in [*store.root.glob(f"sessions/*/{KEY}"), store.root / NAMES]:
            store.remove(path.relative_to(store.root).as_posix())
        _tidy(store)
        settings = _settings(store)
        settings["sealed"] = False
        settings.pop("seal", None)
        _save(store, settings)
        forget_keys(store)


def forget_keys(store: PlainStore) -> None:
    """Delete what opened a journal that is not sealed any more; its lock is held, so that new keys stay."""
    if not _settings(store).get("sealed") and not holds_sealed(store):
        store.remove(RECOVERY)
        store.remove(IDENTITY)


def holds_sealed(store: PlainStore) -> bool:
    """Tell whether anything in a journal's folder may need its key, whatever ``journal.toml`` says."""
    has_key = store.exists(IDENTITY) or store.exists(RECOVERY)
    return has_key and any(
        PurePosixPath(name).name not in (IDENTITY, RECOVERY) for name in sealed_below(store)
    )


def rekey(store: PlainStore, identity: Identity, keys: NewKeys) -> list[str]:
    """Change passphrase, recovery code and the journal's own key; the sessions keep theirs.

    Gives where files lie that could not be opened before either, and stay as they are.
    """
    new = keys.identity
    with store.writing():
        _unless_rekeyed(store, identity)
        _begin(store, identity, "rekey")
        # At each instant the identity that lies there opens every file: both do, while one takes the other's place.
        closed = [
            name for name in _sealed_to_journal(store) if not _reseal(store, name, identity, [identity, new])
        ]
        store.write(RECOVERY, keys.by_recovery)
        store.write(IDENTITY, keys.by_passphrase)
        settings = _settings(store)
        settings["seal"]["recipient"] = str(new.to_public())
        _save(store, settings)
        for name in _sealed_to_journal(store):
            _reseal(store, name, new, [new])
        _tidy(store)
        _end(store)
    return [store.where(name) for name in closed]


def unfinished(settings: Mapping[str, Any]) -> str:
    """Tell which of the acts was begun and not finished: ``seal``, ``unseal``, ``rekey``, or none (empty)."""
    return str(settings.get("seal", {}).get(UNFINISHED, ""))


def lies_open(root: Path) -> list[str]:
    """Give the names on disk of what is not sealed: put there by hand, or left by a program that crashed."""
    return [name for name in names_below(root) if PurePosixPath(name).suffix != AGE and name not in OPEN]


def _seal_what_is_plain(store: PlainStore, identity: Identity) -> None:
    sealed = _sealed_store(store, identity)
    _tidy(store)
    left = _name_anew(sealed)
    for on_disk in lies_open(store.root):
        name, data = sealed.name_of(on_disk), if_there(store.read, on_disk)
        if data is None:  # taken away since by a program that knows no lock, as JupyterLab does with halves
            continue
        if is_reserved(name) or (sealed.exists(name) and _read(sealed, name) != data):
            left.append(on_disk)
            continue
        try:
            if not sealed.exists(name):
                sealed.write(name, data)
                _unless_as_written(sealed, name, data)
        except LockedError:  # the key of its session was destroyed
            left.append(on_disk)
            continue
        if if_there(store.read, on_disk) not in (None, data):  # saved once more by such a program
            left.append(on_disk)
            continue
        store.remove(on_disk)
    if store.exists(NAMES) and not sealed.hides_dates and not left:
        store.remove(NAMES)
    _tidy(store)
    _end(store)
    if left:
        raise JournalError(
            f"All else is sealed. Left as they are: {_places(store, left)}. The journal holds something else under "
            "the same name; keep the one you want and take the other away, then try again."
        )


def _name_anew(sealed: SealedStore) -> list[str]:
    """Let names on disk follow the wish to hide dates, or no longer to; give those whose place is taken."""
    root = sealed.plain.root
    left: list[str] = []
    touched: set[Path] = set()
    strangers: set[Path] = set()  # folders of a session that is here twice, each with a key of its own
    # Keys first: what is sealed to a key goes only where that key went.
    for on_disk in sorted(sealed_below(sealed.plain), key=lambda name: PurePosixPath(name).name != KEY):
        if on_disk in OPEN or on_disk == NAMES or (place := sealed.place_of(on_disk)) == on_disk:
            continue
        path, target = root / on_disk, root / place
        if target.exists() or strangers.intersection(path.parents):
            left.append(on_disk)
            strangers |= {path.parent} if path.name == KEY else set()
            continue
        make_folder(target.parent)
        path.rename(target)
        touched |= {path.parent, target.parent, target.parent.parent}
    for folder in touched:  # before anything says that it is done
        sync_folder(folder)
    return left


def _unless_rekeyed(store: PlainStore, identity: Identity) -> None:
    """Refuse where the journal was unsealed or rekeyed while its passphrase was being asked for."""
    if not store.exists(IDENTITY) and not store.exists(RECOVERY):
        raise JournalError(f"{store.where('')} is not sealed any more, so nothing was changed.")
    names = _sealed_to_journal(store)
    if names and not any(opened_with(store, name, [identity]) is not None for name in names):
        raise LockedError(f"Another key opens {store.where('')} by now, so nothing was changed; try again.")


def _unless_twins_differ(sealed: SealedStore) -> None:
    store = sealed.plain
    names = {sealed.name_of(on_disk) for on_disk in _sealed_files(store)}
    twins = [name for name in sorted(names) if store.exists(name) and store.read(name) != _read(sealed, name)]
    if twins:
        raise JournalError(
            f"Nothing was changed: {_places(store, twins)} would be written over by what the journal holds under "
            "the same name; move it out of the journal first."
        )


def _unless_as_written(store: PlainStore | SealedStore, name: str, data: bytes) -> None:
    if store.read(name) != data:
        raise JournalError(f"{store.where(name)} can't be read back as it was written; is the disk well?")


def _read(sealed: SealedStore, name: str) -> bytes | None:
    try:
        return sealed.read(name)
    except JournalError:  # damaged
        return None


def _places(store: PlainStore, names: list[str]) -> str:
    return ", ".join(store.where(name) for name in names)


def _sealed_files(store: PlainStore) -> list[str]:
    """Name, as on disk, all that is sealed in a journal except its keys and names."""
    return [name for name in sealed_below(store) if not is_reserved(name.removesuffix(AGE))]


def _sealed_to_journal(store: PlainStore) -> list[str]:
    """Name, as on disk, what is sealed to the journal's own key: all but what is in sessions, and those keys."""
    return [name for name in sealed_below(store) if name not in OPEN and is_sealed_to_journal(name)]


def _reseal(store: PlainStore, on_disk: str, identity: Identity, to: list[Identity]) -> bool:
    data = opened_with(store, on_disk, [identity])
    if data is not None:
        store.write(on_disk, encrypt(data, [each.to_public() for each in to]))
    return data is not None


def _sealed_store(store: PlainStore, identity: Identity) -> SealedStore:
    hides_dates = _settings(store).get("seal", {}).get("hide_dates", store.exists(NAMES))
    return SealedStore(store, identity, hides_dates=bool(hides_dates))


def _tidy(store: PlainStore) -> None:
    """Remove halves of files, second copies of notebooks, and empty folders."""
    for name in names_below(store.root):
        if is_half(name) or CHECKPOINTS in PurePosixPath(name).parts:
            store.remove(name)
    folders = [path for path in store.root.rglob("*") if path.is_dir() and not path.is_symlink()]
    for folder in sorted(folders, key=lambda path: -len(path.parts)):
        if folder != store.root / "sessions":
            with contextlib.suppress(OSError):  # something is in it
                folder.rmdir()


def _settings(store: PlainStore) -> tomlkit.TOMLDocument:
    return tomlkit.parse(store.read(SETTINGS).decode("utf-8-sig"))


def _save(store: PlainStore, settings: tomlkit.TOMLDocument) -> None:
    store.write(SETTINGS, f"{tomlkit.dumps(settings).rstrip()}\n".encode())


def _begin(store: PlainStore, identity: Identity, act: str, *, hides_dates: bool | None = None) -> None:
    """Say what was begun; also what is sealed with which key, where an earlier ``journal.toml`` was put back."""
    settings = _settings(store)
    if not settings.get("sealed") or "seal" not in settings:
        settings["sealed"] = True
        settings["seal"] = {"hide_dates": store.exists(NAMES)}
    settings["seal"].update({"recipient": str(identity.to_public()), UNFINISHED: act})
    if hides_dates is not None:
        settings["seal"]["hide_dates"] = hides_dates
    _save(store, settings)


def _end(store: PlainStore) -> None:
    settings = _settings(store)
    if settings["seal"].pop(UNFINISHED, None) is not None:
        _save(store, settings)
