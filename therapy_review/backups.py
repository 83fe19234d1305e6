"""Backups: a journal as one file, and back.

The file is an uncompressed tar, which every system can open. A sealed journal goes in as it lies on disk, sealed; a
plain one goes in plain, and the file is then as open as the journal.
"""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from pathlib import Path, PurePosixPath

from therapy_review.errors import JournalError
from therapy_review.store import FILE_MODE, FOLDER_MODE, PlainStore, digest, sync_folder

LEFT_OUT = (".lock", ".keys.lock")


def backup(store: PlainStore, file: Path) -> int:
    """Write a journal into one file, whole or not at all.

    Parameters
    ----------
    store : PlainStore
        The journal's folder.
    file : Path
        A file that does not exist yet, outside the journal.

    Returns
    -------
    int
        How many files it holds.

    Raises
    ------
    JournalError
        When there is such a file, it lies in the journal, or the disk refuses.
    """
    if file.exists():
        raise JournalError(f"There is already a file {file}; choose another name, or remove it first.")
    if store.root.resolve() in file.resolve().parents:
        raise JournalError(
            f"{file} would lie in the journal itself; choose a place outside it, best on another disk."
        )
    half = file.with_name(f".{file.name}.part")
    try:
        half.unlink(missing_ok=True)  # of an earlier run that was stopped
        with store.writing():
            names = sorted(
                path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file()
            )
            names = [
                name for name in names if PurePosixPath(name).name not in LEFT_OUT and not _is_half(name)
            ]
            written = {}
            with os.fdopen(os.open(half, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE_MODE), "w+b") as out:
                with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
                    for name in names:
                        written[name] = _add(tar, store, name)
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
    finally:
        half.unlink(missing_ok=True)
    return len(names)


def restore(file: Path, folder: Path) -> int:
    """Make a journal from a backup.

    Parameters
    ----------
    file : Path
        From `backup`.
    folder : Path
        A new folder.

    Returns
    -------
    int
        How many files came back.

    Raises
    ------
    JournalError
        When the file is no backup or damaged, or the folder is in use; nothing is made then.
    """
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
        if not store.exists("journal.toml"):
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


def _add(tar: tarfile.TarFile, store: PlainStore, name: str) -> str:
    data = store.read(name)
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), FILE_MODE
    entry.mtime = store.stamp(name)[1] // 10**9
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
    return data


def _is_half(name: str) -> bool:
    path = PurePosixPath(name)
    return path.name.startswith(".") and path.suffix == ".tmp"
