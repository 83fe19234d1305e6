"""A journal as one file, and back.

The file is an uncompressed tar, which every system can open. A sealed journal goes in as it lies on disk, sealed; a
plain one goes in plain, and the file is then as open as the journal.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath

from therapy_review.errors import JournalError
from therapy_review.storage.plain import (
    FILE_MODE,
    FOLDER_MODE,
    SETTINGS,
    PlainStore,
    digest,
    if_there,
    is_half,
    names_below,
    sync_folder,
)
from therapy_review.storage.sealed import KEYS_LOCK, LOCK

LEFT_OUT = (LOCK, KEYS_LOCK)
STRAY = frozenset({".ds_store", "thumbs.db", "desktop.ini"})  # laid down by systems that show folders
COMMENT, SHA = "comment", "sha256 "  # of each file, where other programs that read a tar leave it alone
END = bytes(2 * tarfile.BLOCKSIZE)  # without it, a tar was cut off


def backup(store: PlainStore, file: Path) -> int:
    """Write a journal into one file, whole or not at all, and count what it holds."""
    half = file.with_name(f".{file.name}.part")
    with store.writing(), _removed(half):
        unless_in_the_way(store, file)
        names = [name for name in names_below(store.root) if name not in LEFT_OUT]
        names = [name for name in names if not is_half(name) and not is_stray(name)]
        try:
            with os.fdopen(os.open(half, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE_MODE), "w+b") as out:
                with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
                    each = {name: if_there(partial(_add, tar, store), name) for name in names}
                    written = {name: sign for name, sign in each.items() if sign}
                out.flush()
                os.fsync(out.fileno())
                out.seek(0)
                if _content(out) != written:
                    raise JournalError(f"{file} can't be read back as it was written; try another disk.")
            half.rename(file)
            sync_folder(file.parent)
        except OSError as error:
            reason = (error.strerror or "the disk gave no reason").lower()
            raise JournalError(
                f"Could not write {file} ({reason}); choose another place, then try again."
            ) from error
    return len(written)


def unless_in_the_way(store: PlainStore, file: Path) -> None:
    """Refuse a place where no backup can go."""
    if file.exists():
        raise JournalError(f"There is already a file {file}; choose another name, or remove it first.")
    if store.root.resolve() in file.resolve().parents:
        raise JournalError(
            f"{file} would lie in the journal itself; choose a place outside it, best on another disk."
        )
    if not file.resolve().parent.is_dir():
        raise JournalError(f"There is no folder {file.parent}; is the disk there? Then try again.")


def restore(file: Path, folder: Path) -> int:
    """Make a journal from a backup, whole or not at all, and count the files that came back."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise JournalError(f"{folder} is already in use; choose a new folder to restore into.")
    folder = folder.resolve()
    half = folder.with_name(f".{folder.name}.restoring")
    try:
        shutil.rmtree(half, ignore_errors=True)  # of an earlier run that was stopped
        half.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
        half.mkdir(mode=FOLDER_MODE)
        store, number = PlainStore(half), 0
        with file.open("rb") as found, tarfile.open(fileobj=found, mode="r:") as tar:
            for member in tar:
                if not member.isfile():
                    raise tarfile.TarError(f"{member.name} is no file")
                store.write(member.name, _bytes(tar, member))
                number += 1
            found.seek(tar.offset)
            if found.read(len(END)) != END:
                raise tarfile.ReadError("it ends early")
        if not store.exists(SETTINGS):
            raise JournalError(f"{file} is not a backup of a journal (no journal.toml is in it).")
        (half / "sessions").mkdir(mode=FOLDER_MODE, exist_ok=True)
        if folder.exists():
            folder.rmdir()
        half.rename(folder)
        sync_folder(folder.parent)
    except (tarfile.TarError, EOFError) as error:
        raise JournalError(
            f"{file} is not a backup of a journal, or is damaged; try another copy."
        ) from error
    except OSError as error:
        reason = (error.strerror or "the disk gave no reason").lower()
        raise JournalError(f"Could not restore {file} into {folder} ({reason}).") from error
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return number


def is_stray(name: str) -> bool:
    """Tell whether a file is one that macOS or Windows lays into a folder that is looked at.

    Examples
    --------
    >>> is_stray("sessions/.DS_Store"), is_stray("sessions/2026-03-04/._notes.md"), is_stray("desktop.md")
    (True, True, False)
    """
    last = PurePosixPath(name).name
    return last.casefold() in STRAY or last.startswith("._")


@contextmanager
def _removed(half: Path) -> Iterator[None]:
    """Remove what an earlier run left that was stopped, and what this one leaves."""
    try:
        with contextlib.suppress(OSError):
            half.unlink(missing_ok=True)
        yield
    finally:
        with contextlib.suppress(OSError):
            half.unlink(missing_ok=True)


def _add(tar: tarfile.TarFile, store: PlainStore, name: str) -> str:
    changed, data = store.stamp(name)[1], store.read(name)
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), FILE_MODE
    entry.mtime = changed // 10**9
    entry.pax_headers = {COMMENT: f"{SHA}{digest(data)}"}
    tar.addfile(entry, io.BytesIO(data))
    return digest(data)


def _content(file: io.BufferedRandom) -> dict[str, str]:
    with tarfile.open(fileobj=file, mode="r:") as tar:
        return {member.name: digest(_bytes(tar, member)) for member in tar}


def _bytes(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    content = tar.extractfile(member)
    data = content.read() if content else b""
    if len(data) != member.size:
        raise tarfile.ReadError(f"{member.name} ends early")
    said = member.pax_headers.get(COMMENT, "")
    if said.startswith(SHA) and said != f"{SHA}{digest(data)}":
        raise tarfile.ReadError(f"{member.name} is damaged")
    return data
