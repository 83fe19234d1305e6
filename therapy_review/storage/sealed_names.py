"""The names of a sealed journal's files on disk: which of them are keys, and which key each is sealed to."""

from __future__ import annotations

from functools import lru_cache
from pathlib import PurePosixPath

from therapy_review.storage.keys import IDENTITY, RECOVERY

AGE = ".age"
KEY = "key.age"  # in a session's folder
NAMES = "names.age"


@lru_cache(maxsize=4096)
def is_reserved(name: str) -> bool:
    """Tell whether a key of a sealed journal lies where a file of that name would.

    Examples
    --------
    >>> is_reserved("identity"), is_reserved("sessions/2026-03-04/key"), is_reserved("sessions/2026-03-04/notes.md")
    (True, True, False)
    """
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
