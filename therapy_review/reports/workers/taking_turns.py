"""Taking turns: how many sessions are listened to at once on one computer, whoever asks.

Listening to a session keeps several cores busy by itself and needs most of the memory, so two at once on two cores
are slower than one after the other, and need twice as much.
"""

from __future__ import annotations

import getpass
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from therapy_review.diarization import THREADS
from therapy_review.storage import FILE_MODE

if TYPE_CHECKING:
    from filelock import BaseFileLock

AGAIN = 0.2  # seconds until it is asked again whether it is one's turn


@contextmanager
def turn_to_listen(places: int | None = None) -> Iterator[None]:
    """Wait until fewer sessions are listened to on this computer than it has cores for.

    A process that dies gives its place back.

    Examples
    --------
    >>> with turn_to_listen():
    ...     print("heard")
    heard
    """
    from filelock import FileLock
    from loky import cpu_count

    places = places or max(1, cpu_count() // THREADS)
    name = Path(tempfile.gettempdir()) / f"therapy_review-{getpass.getuser()}-listens"
    locks = [FileLock(f"{name}-{place}.lock", mode=FILE_MODE) for place in range(places)]
    while not (mine := next((lock for lock in locks if _taken(lock)), None)):
        time.sleep(AGAIN)
    try:
        yield
    finally:
        mine.release()


def _taken(lock: BaseFileLock) -> bool:
    from filelock import Timeout

    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True
