"""Bytes on disk: whole or not at all, for their owner only, one writer at a time.

Nothing else in the package writes into a journal. Names are relative paths with forward slashes
(``sessions/2026-03-04/notes.md``), the same on every system. A `PlainStore` keeps files as they are; whatever
keeps them differently has only to offer the methods of `Store`.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO, Protocol, TypeVar

from therapy_review.errors import JournalError, NotThereError

FILE_MODE = 0o600
FOLDER_MODE = 0o700
LOCK_WAIT = 10.0  # seconds
SETTINGS = "journal.toml"  # removed last: without it a journal is not found again
HALF = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")  # what `PlainStore.write` leaves when it is killed
# The last: no name of that disk.
NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EINVAL}
# Some disks keep times to two seconds: a file changed twice within that may look the same, so it is not relied on.
SETTLED = 3.0  # seconds
TRIES = 3  # times a file is written where another program removes its folder meanwhile

Found = TypeVar("Found")


def digest(data: bytes) -> str:
    """Name the content of a file by its SHA-256.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> digest(b"")[:12]
    'e3b0c44298fc'
    """
    return hashlib.sha256(data).hexdigest()


def digest_if_there(store: Store, name: str) -> str | None:
    """Name the content of a file of a journal; None where there is no such file.

    Parameters
    ----------
    store : Store
    name : str

    Returns
    -------
    str or None
    """
    data = if_there(store.read, name)
    return None if data is None else digest(data)


def is_half(name: str) -> bool:
    """Tell whether a file is what a program left that was killed while it wrote.

    Parameters
    ----------
    name : str

    Returns
    -------
    bool

    Examples
    --------
    >>> is_half("sessions/2026-03-04/.notes.md.0a1b2c3d.tmp"), is_half("notes.tmp")
    (True, False)
    """
    return bool(HALF.fullmatch(PurePosixPath(name).name))


def if_there(ask: Callable[[str], Found], name: str) -> Found | None:
    """Ask something of a file that another program may make or remove at any moment.

    Whether it is there is told by that one look: between `Store.exists` and a second one it may have come or gone.

    Parameters
    ----------
    ask : callable
        `Store.read`, `Store.open` or `Store.stamp`.
    name : str

    Returns
    -------
    object or None
        None where there is no such file.

    Raises
    ------
    JournalError
        When it is there and may not be read, or is damaged.

    Examples
    --------
    >>> if_there(PlainStore(Path("data/practice")).read, "no such file") is None
    True
    """
    try:
        return ask(name)
    except NotThereError:
        return None


class Store(Protocol):
    """What the rest of the package may ask of the files of a journal.

    Where the disk refuses, or another program holds the lock for longer than ten seconds, a `JournalError` says
    so, and what was to be written is as it was before. `read`, `open` and `stamp` raise `NotThereError` where there
    is no such file, and `LockedError` where the key of its session was destroyed.
    """

    @property
    def root(self) -> Path:
        """The journal's folder."""

    def exists(self, name: str) -> bool:
        """Tell whether there is a file of that name."""

    def read(self, name: str) -> bytes:
        """Return a file's bytes."""

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading, with seeking."""

    def write(self, name: str, data: bytes) -> None:
        """Replace a file whole, or leave it as it was."""

    def remove(self, name: str) -> None:
        """Delete a file if it is there."""

    def set_aside(self, name: str, kept: str) -> None:
        """Give a file that can't be opened another name, as it is."""

    def remove_folder(self, folder: str) -> None:
        """Delete a folder with all that lies in it, if it is there; what was cut short can be done again."""

    def files(self, folder: str) -> list[str]:
        """List the plain names of the files in a folder, sorted."""

    def folders(self, folder: str) -> list[str]:
        """List the plain names of the folders in a folder, sorted."""

    def stamp(self, name: str) -> tuple[int, int]:
        """Return size in bytes and time of change in nanoseconds, to see cheaply that nothing changed."""

    def where(self, name: str) -> str:
        """Return the name as a person would look for it on this computer."""

    def writing(self) -> AbstractContextManager[None]:
        """Hold the journal's lock, so that two programs never write at once."""


class PlainStore:
    """A folder of ordinary files.

    Parameters
    ----------
    root : Path
        The journal's folder.
    before_change : callable, optional
        Asked before anything is written or deleted; may refuse by raising.
    """

    def __init__(self, root: Path, *, before_change: Callable[[], None] | None = None) -> None:
        self.root = root
        self._before_change = before_change

    def __repr__(self) -> str:
        return f"PlainStore({self.root.name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PlainStore) and self.root == other.root

    def __hash__(self) -> int:
        return hash(self.root)

    def _path(self, name: str) -> Path:
        return _below(self.root, name)

    def exists(self, name: str) -> bool:
        """Tell whether there is a file of that name."""
        try:
            return if_there(self.stamp, name) is not None
        except ValueError:  # no disk has such a name
            return False

    def read(self, name: str) -> bytes:
        """Return a file's bytes."""
        with _in_a_sentence("read", lambda: self.where(name)):
            return self._path(name).read_bytes()

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading, with seeking."""
        with _in_a_sentence("read", lambda: self.where(name)):
            return self._path(name).open("rb")

    def write(self, name: str, data: bytes) -> None:
        """Replace a file whole, or leave it as it was, whenever the power goes."""
        path = self._path(name)
        with _in_a_sentence("write", lambda: self.where(name)):
            for left in reversed(range(TRIES)):
                self.ask_before_change()
                try:
                    _put(path, data)
                    break
                except FileNotFoundError:  # another program removed its folder meanwhile
                    if not left:
                        raise
            sync_folder(path.parent)

    def remove(self, name: str) -> None:
        """Delete a file if it is there, and what writing it may have left when it was cut short."""
        path = self._path(name)
        self.ask_before_change()
        half, gone = re.compile(rf"\.{re.escape(path.name)}\..*\.tmp"), False
        with _in_a_sentence("delete", lambda: self.where(name)):
            try:
                halves = [one for one in path.parent.iterdir() if half.fullmatch(one.name)]
            except (FileNotFoundError, NotADirectoryError):
                return
            for one in (*halves, path):
                with contextlib.suppress(FileNotFoundError):
                    one.unlink()
                    gone = True
            if gone:
                sync_folder(path.parent)

    def set_aside(self, name: str, kept: str) -> None:
        """Give a file that can't be opened another name, as it is."""
        path = self._path(name)
        self.ask_before_change()
        with _in_a_sentence("rename", lambda: self.where(name)):
            path.rename(self._path(kept))
            sync_folder(path.parent)

    def remove_folder(self, folder: str) -> None:
        """Delete a folder with all that lies in it, hidden files too; what was cut short can be done again.

        The folder itself goes last, so that it is found until nothing is left in it; of the journal itself, named
        by an empty word, the settings go last and the folder stays. A link is deleted, never what it leads to.
        """
        path = self._path(folder)
        self.ask_before_change()
        with _in_a_sentence("delete", lambda: self.where(folder)):
            if path.is_symlink():
                path.unlink()
            elif path.is_dir():
                _empty(path)
                if path != self.root:
                    path.rmdir()
            else:
                return
            sync_folder(path.parent)

    def files(self, folder: str) -> list[str]:
        """List the plain names of the files in a folder, sorted; none when there is no such folder."""
        return self._names(folder, os.DirEntry.is_file)

    def folders(self, folder: str) -> list[str]:
        """List the plain names of the folders in a folder, sorted."""
        return self._names(folder, os.DirEntry.is_dir)

    def _names(self, folder: str, kind: Callable[[os.DirEntry[str]], bool]) -> list[str]:
        path = self._path(folder)
        with _in_a_sentence("look into", lambda: self.where(folder)):
            try:
                with os.scandir(path) as found:
                    # Names that begin with a dot belong to the system, not to the client.
                    return sorted(one.name for one in found if one.name[0] != "." and kind(one))
            except (FileNotFoundError, NotADirectoryError):
                return []

    def stamp(self, name: str) -> tuple[int, int]:
        """Return size in bytes and time of change in nanoseconds."""
        with _in_a_sentence("read", lambda: self.where(name)):
            found = self._path(name).stat()
            if not stat.S_ISREG(found.st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        return found.st_size, found.st_mtime_ns

    def where(self, name: str) -> str:
        """Return the name as a person would look for it: the journal's folder and the way below it."""
        return str(PurePosixPath(self.root.name, name)) if name else self.root.name

    def is_open_to_others(self) -> bool:
        """Tell whether other people with an account on this computer may look into the folder."""
        with _in_a_sentence("look into", lambda: self.root.name):
            return os.name == "posix" and bool(stat.S_IMODE(self.root.stat().st_mode) & 0o077)

    def protect(self) -> bool:
        """Make folder and files their owner's alone; False where the disk knows no permissions."""
        with _in_a_sentence("protect", lambda: self.root.name):
            for folder, _, names in os.walk(self.root):
                for path in (Path(folder), *(Path(folder, name) for name in names)):
                    if path.is_symlink() and path != self.root:
                        continue  # what it points to may be another's, and lies elsewhere
                    # Another program may just have written or removed it.
                    with contextlib.suppress(FileNotFoundError):
                        path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)
        return not self.is_open_to_others()

    def ask_before_change(self) -> None:
        """Raise where nothing may be written or deleted any more, as who opened the folder wanted it."""
        if self._before_change:
            self._before_change()

    def writing(self) -> AbstractContextManager[None]:
        """Hold the journal's lock, so that two programs never write at once."""
        return self.holding(".lock")

    @contextmanager
    def holding(self, name: str) -> Iterator[None]:
        """Hold one of the journal's locks, by the name of its file; raises as `writing`."""
        from filelock import FileLock, Timeout

        lock = FileLock(self.root / name, timeout=LOCK_WAIT, mode=FILE_MODE)
        with _in_a_sentence("write into", lambda: self.root.name):
            try:
                lock.acquire()
            except Timeout as error:
                raise JournalError(
                    f"Another program is writing into {self.root.name} right now; "
                    "close it, or wait a moment, and try again."
                ) from error
        try:
            yield
        finally:
            lock.release()


@lru_cache(maxsize=4096)  # a table of all sessions asks for the same few files of each again and again
def _below(root: Path, name: str) -> Path:
    pure = PurePosixPath(name)
    there = PureWindowsPath(name) if os.name == "nt" else pure  # a backslash leads up there, too
    if pure.is_absolute() or there.anchor or ".." in there.parts:
        raise JournalError(f"{name} lies outside the journal; choose a name inside it.")
    return root.joinpath(*pure.parts)


def _put(path: Path, data: bytes) -> None:
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def names_below(root: Path, folder: str = "") -> list[str]:
    """Name all files of a journal, or in one folder of it, hidden ones too; what goes meanwhile is left out."""
    every = (Path(parent, name) for parent, _, names in os.walk(root / folder) for name in names)
    return [path.relative_to(root).as_posix() for path in sorted(path for path in every if path.is_file())]


def make_folder(folder: Path) -> None:
    """Make a folder with those above it that are missing, each its owner's alone.

    Parameters
    ----------
    folder : Path
    """
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir(mode=FOLDER_MODE, exist_ok=True)


def _empty(folder: Path) -> None:
    for child in sorted(folder.iterdir(), key=lambda child: (child.name == SETTINGS, child.name)):
        if child.is_dir() and not child.is_symlink():
            _empty(child)
            child.rmdir()
        else:
            child.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Let a folder's list of names reach the disk, where the system can be asked to."""
    if os.name == "posix":  # Windows has no handle for a folder to flush
        try:
            handle = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:  # removed by another program meanwhile, with all that was in it
            return
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _in_a_sentence(verb: str, where: Callable[[], str]) -> Iterator[None]:
    """Say what the disk refused, and what to do; where that was is asked only then."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or "the disk gave no reason").lower()
        remedy = (
            "free some space"
            if error.errno == errno.ENOSPC
            else "see that it and its folder are there and are yours"
        )
        kind = NotThereError if verb == "read" and error.errno in NOT_THERE else JournalError
        raise kind(f"Could not {verb} {where()} ({reason}); {remedy}, then try again.") from error
