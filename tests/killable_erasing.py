"""What the command erase does, to be killed while it does it; apart from the others, because it imports more."""

from __future__ import annotations

from pathlib import Path

from killable import OURS

from therapy_review import unlock
from therapy_review.erasing import erase_all, erase_session
from therapy_review.journal import Journal, folder_of, open_journal
from therapy_review.session import Session

ERASED = "2026-03-04"


def erases(at: Path) -> None:
    unlock.keep(OURS[0])
    erase_session(Session(ERASED, open_journal(at / "journal")))


def erases_all(at: Path) -> None:
    if (at / "journal" / "journal.toml").exists():
        erase_all(Journal(*folder_of(at / "journal")))
