r"""Letters: what the client wants to say to the person they were, kept word for word in ``letters.md``.

Each letter stands under a heading with the day it was begun (``## 2026-03-05``). A letter that is being written is
kept at every change; those written before are never touched, and an empty field takes nothing away.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from therapy_review.errors import JournalError
from therapy_review.storage import if_there

if TYPE_CHECKING:
    from therapy_review.journal.journal import Journal

FILE = "letters.md"
_DAY = re.compile(r"## (\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True)
class Letter:
    """One letter, and the day it was begun."""

    day: dt.date
    text: str


def read(text: str) -> list[Letter]:
    r"""Give the letters of a file, the oldest first.

    Examples
    --------
    >>> read("## 2026-03-05\n\nYou were so tired.\n")
    [Letter(day=datetime.date(2026, 3, 5), text='You were so tired.')]
    """
    found: list[Letter] = []
    for part in re.split(r"^(?=## \d{4}-\d{2}-\d{2}[ \t]*$)", text.replace("\r\n", "\n"), flags=re.MULTILINE):
        heading, _, words = part.partition("\n")
        if (day := _DAY.fullmatch(heading.rstrip())) and words.strip():
            try:
                found.append(Letter(dt.date.fromisoformat(day.group(1)), words.strip()))
            except ValueError:  # a heading of the client's own that only looks like a day
                continue
    return found


def written(letter: Letter) -> str:
    r"""Write one letter as it stands in the file.

    Examples
    --------
    >>> written(Letter(dt.date(2026, 3, 5), "You were so tired."))
    '## 2026-03-05\n\nYou were so tired.\n'
    """
    # A line of the client's own that looks like a heading of ours must not begin another letter.
    words = re.sub(r"^(?=## \d)", " ", letter.text.strip(), flags=re.MULTILINE)
    return f"## {letter.day}\n\n{words}\n"


class Writing:
    """A letter being written into a journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal, self._day = journal, journal.today()
        self._kept = ""

    @property
    def earlier(self) -> list[Letter]:
        """The letters in the file, without the one being written here."""
        return read(self._file().removesuffix(self._kept) if self._kept else self._file())

    def keep(self, text: str) -> None:
        """Keep the letter as it is now; an empty one leaves what was kept before."""
        if not text.strip():
            return
        store = self._journal.store
        with store.writing():
            before = self._file()
            now = written(Letter(self._day, text))
            if now == self._kept:
                return
            # Only its own last lines are taken up again; whatever else came into the file stays where it is.
            others = before.removesuffix(self._kept) if self._kept else before
            gap = "" if not others or others.endswith("\n\n") else "\n" if others.endswith("\n") else "\n\n"
            store.write(FILE, f"{others}{gap}{now}".encode())
            self._kept = now

    def _file(self) -> str:
        store = self._journal.store
        try:
            return (if_there(store.read, FILE) or b"").decode("utf-8")
        except UnicodeDecodeError as error:
            raise JournalError(
                f"{store.where(FILE)} is not saved as UTF-8; open it in your editor and save it again as UTF-8."
            ) from error
