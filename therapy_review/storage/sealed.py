"""A sealed journal's files: the same names to the rest of the package, age files on disk.

Every file but ``journal.toml`` lies there as ``NAME.age``. What belongs to a session is sealed to that session's
own key, ``sessions/NAME/key.age``, and the rest to the journal's. Bytes are opened in memory only. Where the client
wants not even dates to be seen, folders and files that are named by a day get names without meaning; which is which
stands, sealed, in ``names.age``.
"""

from __future__ import annotations

import io
import json
import re
import secrets
import threading
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pyrage import DecryptError, RecipientError, decrypt, encrypt, x25519

from therapy_review import hints
from therapy_review.errors import JournalError, LockedError
from therapy_review.storage.keys import IDENTITY, RECOVERY, Identity, as_file, session_identities
from therapy_review.storage.plain import SETTINGS, PlainStore, if_there, names_below

AGE = ".age"
KEY = "key.age"  # in a session's folder
NAMES = "names.age"
LOCK, KEYS_LOCK = ".lock", ".keys.lock"
# What is never an age file of this store's; the settings stay readable, for they say that it is sealed, and how.
OPEN = frozenset({SETTINGS, LOCK, KEYS_LOCK, IDENTITY, RECOVERY})
SMALL, RECENT = 100_000, 8  # bytes of a file, and how many such files are remembered
DATED = re.compile(r"\d{4}-(?:\d{2}-\d{2}|W\d{2})")


class SealedStore:
    """A folder of age files.

    Parameters
    ----------
    plain : PlainStore
        The folder as it is on disk.
    identity : Identity
        The journal's.
    hides_dates : bool
        Whether days are kept out of the names on disk.
    """

    def __init__(self, plain: PlainStore, identity: Identity, *, hides_dates: bool = False) -> None:
        self.plain = plain
        self.identity = identity
        self._own = [identity]
        self.hides_dates = hides_dates
        self._keys: dict[str, tuple[tuple[int, int], list[Identity]]] = {}
        self._names: tuple[tuple[int, int], dict[str, str]] | None = None
        self._recent: dict[bytes, tuple[list[Identity], bytes]] = {}  # what is on disk, and what it says
        self._guard = threading.RLock()  # a player asks from a thread of its own

    def __repr__(self) -> str:
        return f"SealedStore({self.plain.root.name!r})"

    @property
    def root(self) -> Path:
        """The journal's folder."""
        return self.plain.root

    def exists(self, name: str) -> bool:
        """Tell whether there is a file of that name."""
        return self.plain.exists(self.on_disk(name))

    def read(self, name: str) -> bytes:
        """Return a file's bytes, opened in memory."""
        if name == SETTINGS:
            return self.plain.read(name)
        try:
            return self._opened(name)
        except JournalError:
            self.plain.ask_before_change()  # sealed anew since it was opened here, it is not damaged
            raise

    def _opened(self, name: str) -> bytes:
        on_disk = self.on_disk(name)
        for _ in range(2):  # its session may get another key between the file and the key
            data = self.plain.read(on_disk)
            try:
                return self._decrypted(data, self._identities_of(name))
            except DecryptError as error:
                damaged = error
        raise JournalError(
            f"{self.plain.where(on_disk)} can't be opened: it is damaged, or was sealed for another journal; "
            "restore it from a backup."
        ) from damaged

    def _decrypted(self, data: bytes, identities: list[Identity]) -> bytes:
        """Decrypt, but for a few small files that were decrypted just now: a note is looked at for many things."""
        with self._guard:
            key, found = self._recent.get(data, (None, b""))
        if key is identities:
            return found
        found = decrypt(data, identities)
        if len(data) <= SMALL:
            with self._guard:
                self._recent[data] = (identities, found)
                while len(self._recent) > RECENT:
                    del self._recent[next(iter(self._recent))]
        return found

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading, with seeking; it is in memory whole."""
        return io.BytesIO(self.read(name))

    def write(self, name: str, data: bytes) -> None:
        """Replace a file whole, or leave it as it was."""
        self.plain.ask_before_change()
        if name == SETTINGS:
            self.plain.write(name, data)
            return
        on_disk, known = self.on_disk(name, new=True), None
        while known is not (now := self._identities_of(name, new=True)):  # or it got another key meanwhile
            known = now
            self.plain.write(on_disk, encrypt(data, [known[0].to_public()]))

    def remove(self, name: str) -> None:
        """Delete a file if it is there."""
        self.plain.remove(self.on_disk(name))

    def set_aside(self, name: str, kept: str) -> None:
        """Give a file that can't be opened another name, as it is."""
        self.plain.set_aside(self.on_disk(name), self.on_disk(kept, new=True))

    def remove_folder(self, folder: str) -> None:
        """Delete a folder with all that is in it; a session's key is destroyed before anything else."""
        on_disk = self.folder_on_disk(folder)
        if is_session(folder):
            self.plain.remove(f"{on_disk}/{KEY}")
        for place in self._places(folder):
            self.plain.remove_folder(place)
        with self._guard:
            self._keys.pop(on_disk, None)

    def files(self, folder: str) -> list[str]:
        """List the plain names of the files in a folder, sorted."""
        found = self.plain.files(self.folder_on_disk(folder))
        inside = f"{folder}/" if folder else ""
        sealed = [name.removesuffix(AGE) for name in found if name.endswith(AGE)]
        names = [name for name in sealed if not is_reserved(f"{inside}{name}")]
        names += [SETTINGS] if not folder and SETTINGS in found else []
        back = self._back()
        return sorted(back.get(name, name) for name in names)

    def folders(self, folder: str) -> list[str]:
        """List the plain names of the folders in a folder, sorted."""
        found = {name for place in self._places(folder) for name in self.plain.folders(place)}
        back = self._back()  # after looking: a name is given before there is a folder of that name
        return sorted({back.get(name, name) for name in found})

    def open_files(self, folder: str) -> list[str]:
        """List the names of files in a folder that are not sealed: put there by hand."""
        found = {
            name for place in self._places(folder) for name in self.plain.files(place) if name not in OPEN
        }
        return sorted(name for name in found if not name.endswith(AGE))

    def remove_open(self, name: str) -> None:
        """Delete a file that is not sealed, if it is there; a sealed one of the same name stays."""
        for place in self._places_open(name):
            self.plain.remove(place)

    def stamp(self, name: str) -> tuple[int, int]:
        """Return size on disk in bytes and time of change in nanoseconds."""
        return self.plain.stamp(self.on_disk(name))

    def where(self, name: str) -> str:
        """Return the name as a person would look for it on this computer."""
        if not name:
            return self.plain.where(name)
        places = [self.on_disk(name), self.folder_on_disk(name), *self._places_open(name)]
        return self.plain.where(next((place for place in places if (self.root / place).exists()), places[0]))

    def writing(self) -> AbstractContextManager[None]:
        """Hold the journal's lock, so that two programs never write at once."""
        return self.plain.writing()

    def on_disk(self, name: str, *, new: bool = False) -> str:
        """Return the name a file has on disk; `new` gives names to what has none yet, else nothing is written.

        A name that one of the journal's keys has is refused.
        """
        if name in OPEN:
            return name
        if is_reserved(name):
            raise JournalError(
                f"{self.plain.where(name)} can't have that name in a sealed journal, where {name}{AGE} is one of "
                "its keys; choose another."
            )
        return f"{self.folder_on_disk(name, new=new)}{AGE}"

    def name_of(self, on_disk: str) -> str:
        """Return the name that a file on disk, with or without ``.age``, has for the rest of the package."""
        back = {given: part for part, given in self._given_names().items()}
        parts = PurePosixPath(on_disk.removesuffix(AGE)).parts
        return "/".join(back.get(part, part) for part in parts)

    def place_of(self, on_disk: str) -> str:
        """Return where an age file belongs, as dates are hidden or not; it may lie elsewhere still."""
        return f"{self.folder_on_disk(self.name_of(on_disk), new=True)}{AGE}"

    def given_names(self, parts: list[str]) -> dict[str, str]:
        """Tell which name on disk stands for which part of a path, after naming those that have none yet."""
        with self._guard:
            given = self._given_names()
            if all(part in given for part in parts):
                return given
            # One program at a time gives names or makes keys; who writes may hold the other lock already.
            with self.plain.holding(KEYS_LOCK):
                given = {**{part: secrets.token_hex(8) for part in parts}, **self._given_names()}
                content = json.dumps(given, indent=0).encode()
                self.plain.write(NAMES, encrypt(content, [self.identity.to_public()]))
            return given

    def folder_on_disk(self, folder: str, *, new: bool = False) -> str:
        """Return the name a folder has on disk; `new` as for `on_disk`."""
        if not (self.hides_dates and DATED.search(folder)):
            return folder
        parts = PurePosixPath(folder).parts
        given = self._given_names()
        if new and (nameless := [part for part in parts if DATED.search(part) and part not in given]):
            given = self.given_names(nameless)
        return "/".join(given.get(part, part) for part in parts)

    def _places(self, folder: str) -> list[str]:
        """Name where a folder may lie: by hand it may be made by its day where days are hidden."""
        return list(dict.fromkeys((self.folder_on_disk(folder), folder)))

    def _places_open(self, name: str) -> list[str]:
        path = PurePosixPath(name)
        return [str(PurePosixPath(place, path.name)) for place in self._places(str(path.parent))]

    def _back(self) -> dict[str, str]:
        return {given: part for part, given in self._given_names().items()} if self.hides_dates else {}

    def _given_names(self) -> dict[str, str]:
        """Read which name on disk stands for which; kept while the file is the same."""
        with self._guard:
            if (stamp := if_there(self.plain.stamp, NAMES)) is None:
                return {}
            if self._names is None or self._names[0] != stamp:
                if (sealed := if_there(self.plain.read, NAMES)) is None:
                    return {}
                try:
                    content = json.loads(decrypt(sealed, [self.identity]))
                except (DecryptError, ValueError) as error:
                    raise JournalError(
                        f"{self.plain.where(NAMES)}, which says what the folders are, can't be read; restore it "
                        "from a backup."
                    ) from error
                self._names = (stamp, {str(part): str(given) for part, given in content.items()})
            return self._names[1]

    def _identities_of(self, name: str, *, new: bool = False) -> list[Identity]:
        """Return what opens a file, first what it is to be sealed to: its session's keys, or the journal's."""
        if is_sealed_to_journal(f"{name}{AGE}"):
            return self._own
        within = session_of(name)
        folder = self.folder_on_disk(within, new=new)
        with self._guard:
            while (known := self._known(folder)) is None:
                if not (new and self._make_key(folder)):
                    erase = hints.command("erase", PurePosixPath(within).name, journal=self.root)
                    raise LockedError(
                        f"The key of {self.plain.where(folder)} was destroyed, so what is left there can't be "
                        f"opened; to clear it away: {erase}"
                    )
            return known

    def _known(self, folder: str) -> list[Identity] | None:
        """Read a session's keys, kept while their file is the same; None where it has none."""
        key, known = f"{folder}/{KEY}", self._keys.get(folder)
        if (stamp := if_there(self.plain.stamp, key)) is None:
            return None
        if known is None or known[0] != stamp:
            if (sealed := if_there(self.plain.read, key)) is None:
                return None
            known = self._keys[folder] = (stamp, session_identities(sealed, self.identity))
        return known[1]

    def _make_key(self, folder: str) -> bool:
        """Make a session's key, unless there is one; False where files are left whose key was destroyed."""
        with self.plain.holding(KEYS_LOCK):
            if self.plain.exists(f"{folder}/{KEY}"):
                return True
            # A new key beside files of the old one would make them look damaged, should the old one come back.
            if sealed_below(self.plain, folder):
                return False
            made = as_file(Identity.generate())
            self.plain.write(f"{folder}/{KEY}", encrypt(made, [self.identity.to_public()]))
            return True


def sealed_below(store: PlainStore, folder: str = "") -> list[str]:
    """Name, as on disk, all age files of a journal, or in one folder of it, its keys among them."""
    return [name for name in names_below(store.root, folder) if PurePosixPath(name).suffix == AGE]


def opened_with(store: PlainStore, on_disk: str, identities: list[Identity]) -> bytes | None:
    """Open an age file with any of these keys; None where none of them opens it."""
    try:
        return decrypt(store.read(on_disk), identities)
    except DecryptError:
        return None


def write_unopened(store: PlainStore, sealed_to: str, name: str, data: bytes) -> None:
    """Write a new file into a sealed journal for which no key is at hand; whoever opens it finds it there.

    Parameters
    ----------
    store : PlainStore
        The journal's folder.
    sealed_to : str
        The journal's public key, as ``journal.toml`` has it.
    name : str
        Of a file outside of sessions, without a day in it.
    data : bytes

    Raises
    ------
    JournalError
        When ``journal.toml`` does not say what to seal it to, or the disk refuses.
    """
    try:
        recipient = x25519.Recipient.from_str(sealed_to)
    except RecipientError as error:
        raise JournalError(
            f"{store.where(SETTINGS)} doesn't say what this journal is sealed to; to mend that: "
            f"{hints.command('seal', journal=store.root)}"
        ) from error
    store.write(f"{name}{AGE}", encrypt(data, [recipient]))


@lru_cache(maxsize=4096)
def is_reserved(name: str) -> bool:
    """Tell whether a key of a sealed journal lies where a file of that name would."""
    on_disk = f"{name}{AGE}".casefold()  # some disks know no capital letters
    return on_disk in (IDENTITY, RECOVERY, NAMES) or (
        PurePosixPath(on_disk).name == KEY and is_session(str(PurePosixPath(name).parent))
    )


@lru_cache(maxsize=4096)
def is_sealed_to_journal(on_disk: str) -> bool:
    """Tell whether a file is sealed to the journal's own key: all but what lies in sessions, and their keys.

    Examples
    --------
    >>> is_sealed_to_journal("agreements.toml.age"), is_sealed_to_journal("sessions/2026-03-04/notes.md.age")
    (True, False)
    """
    parts = PurePosixPath(on_disk).parts
    return parts[0] != "sessions" or len(parts) < 3 or (len(parts) == 3 and parts[2] == KEY)


@lru_cache(maxsize=4096)
def session_of(name: str) -> str:
    """Return the folder of the session a file belongs to.

    Examples
    --------
    >>> session_of("sessions/2026-03-04/derived/turns.csv")
    'sessions/2026-03-04'
    """
    return "/".join(PurePosixPath(name).parts[:2])


def is_session(folder: str) -> bool:
    """Tell whether a folder is that of a session.

    Examples
    --------
    >>> is_session("sessions/2026-03-04"), is_session("sessions/2026-03-04/derived")
    (True, False)
    """
    parts = PurePosixPath(folder).parts
    return len(parts) == 2 and parts[0].casefold() == "sessions"
