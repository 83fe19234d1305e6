"""Scratch: folders for the time a piece of work takes, cleared away later where the work was killed.

Whoever works in one holds a lock in it, which the system lets go of when a process ends, however it ends.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from filelock import FileLock, Timeout

from therapy_review.storage import FILE_MODE, FOLDER_MODE

PREFIX = "review-"  # short: sockets lie in there, whose paths may not be long
LOCK = ".therapy_review.lock"


class Scratch:
    """A new folder that only its owner may open; what was left of others by the killed is cleared away first."""

    def __init__(self) -> None:
        clear_left()
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
            self._lock = _lock(self.path)
            with contextlib.suppress(OSError):
                self._lock.acquire()
                # Cleared away in the moment before it was locked, it is gone, or was made anew for the lock.
                self.path.chmod(FOLDER_MODE)
                return

    def clear(self) -> None:
        """Delete it with all that is in it."""
        self._lock.release()
        shutil.rmtree(self.path, ignore_errors=True)


def clear_left() -> None:
    """Delete the folders whose processes are gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, Timeout):
            own = os.name != "posix" or folder.lstat().st_uid == os.getuid()
            if not own or folder.is_symlink() or not (folder / LOCK).is_file():
                continue
            # Held until all is gone: whoever has just made it may be waiting for it.
            with _lock(folder).acquire(blocking=False):
                shutil.rmtree(folder, ignore_errors=True)
            (folder / LOCK).unlink()  # where a file that is open stays
            folder.rmdir()


def _lock(folder: Path) -> FileLock:
    return FileLock(folder / LOCK, mode=FILE_MODE)
