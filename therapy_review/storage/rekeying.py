"""A new key for a session: what stays is sealed anew, and what goes opens for nobody once the old key is destroyed.

Stopped at any instant every file is whole and opens: both keys lie in ``key.age`` until all that stays is sealed to
the new one. It can then be begun again.
"""

from __future__ import annotations

from collections.abc import Collection

from pyrage import encrypt

from therapy_review.errors import JournalError
from therapy_review.storage.keys import Identity, as_file, session_identities
from therapy_review.storage.plain import if_there
from therapy_review.storage.sealed import AGE, KEY, SealedStore, opened_with, sealed_below


def unless_closed(store: SealedStore, folder: str, going: Collection[str]) -> None:
    """Refuse where something that stays can't be opened: without the old key nobody could mend it.

    `going` names the files and folders of the session that are to go.
    """
    known = _known(store, folder)
    if not known:
        return
    closed = [
        name for name in _staying(store, folder, going) if opened_with(store.plain, name, known) is None
    ]
    if closed:
        places = ", ".join(map(store.plain.where, closed))
        raise JournalError(
            f"Nothing was erased, because the key of this session is to go and this can't be opened: {places}. Put "
            "it back from a backup, or delete it, then try again."
        )


def renew(store: SealedStore, folder: str, going: Collection[str]) -> None:
    """Give a session a new key, seal with it what stays, and destroy the old one, which opened what is `going`.

    The journal's lock is held. Where a file can't be opened or written, all opens as before; it can be asked again.
    """
    known = _known(store, folder)
    if not known:  # destroyed already, so nothing opens
        return
    new = Identity.generate()
    _keep(store, folder, [new, *known])
    for name in _staying(store, folder, going):
        data = opened_with(store.plain, name, [new, *known])
        if data is None:
            raise JournalError(f"{store.plain.where(name)} can't be opened; put it back from a backup.")
        store.plain.write(name, encrypt(data, [new.to_public()]))
        if opened_with(store.plain, name, [new]) != data:
            raise JournalError(
                f"{store.plain.where(name)} can't be read back as it was written; is the disk well?"
            )
    _keep(store, folder, [new])


def _known(store: SealedStore, folder: str) -> list[Identity]:
    key = f"{store.folder_on_disk(folder)}/{KEY}"
    sealed = if_there(store.plain.read, key)
    return [] if sealed is None else session_identities(sealed, store.identity)


def _keep(store: SealedStore, folder: str, known: list[Identity]) -> None:
    content = encrypt(as_file(*known), [store.identity.to_public()])
    store.plain.write(f"{store.folder_on_disk(folder)}/{KEY}", content)


def _staying(store: SealedStore, folder: str, going: Collection[str]) -> list[str]:
    """Name, as on disk, the sealed files of a session that stay."""
    place, gone = store.folder_on_disk(folder), [store.folder_on_disk(name) for name in going]
    sealed = sealed_below(store.plain, place)
    kept = [
        name
        for name in sealed
        if not any(name == f"{each}{AGE}" or name.startswith(f"{each}/") for each in gone)
    ]
    return [name for name in kept if name != f"{place}/{KEY}"]
