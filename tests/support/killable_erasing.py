"""What the command erase does, to be killed while it does it; apart from the others, because it imports more."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.killable import OURS, sealed
from therapy_review.journal.journal import Journal, folder_of, open_journal
from therapy_review.journal.session import Session
from therapy_review.rights.erasure import erase_all, erase_session, erase_sound, sound_remains
from therapy_review.storage import unlock

ERASED = "2026-03-04"


def erases(at: Path) -> None:
    unlock.keep(OURS[0])
    erase_session(Session(ERASED, open_journal(at / "journal")))


def erases_all(at: Path) -> None:
    if (at / "journal" / "journal.toml").exists():
        erase_all(Journal(*folder_of(at / "journal")))


def sealed_with_copies(at: Path, *, hides_dates: bool = False) -> None:
    """Another program has a copy of the sealed session from before, and somebody put a plain recording there."""
    sealed(at, hides_dates=hides_dates)
    (recording,) = (at / "journal").glob("sessions/*/recording.m4a.age")
    shutil.copytree(recording.parent, at / "copy")
    (recording.parent / "recording.wav").write_bytes(b"RIFF")


def erases_sound(at: Path) -> None:
    unlock.keep(OURS[0])
    session = Session(ERASED, open_journal(at / "journal"))
    if sound_remains(session):  # as the command: it says that there is nothing left
        erase_sound(session)
