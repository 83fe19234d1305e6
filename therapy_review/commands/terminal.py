"""What the commands share: how they speak, the options they take, and the journal they are given."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from therapy_review.errors import JournalError

if TYPE_CHECKING:
    from therapy_review.journal import Journal

say = Console(highlight=False, markup=False, soft_wrap=True)
complain = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
JournalOption = Annotated[Path, typer.Option("--journal", "-j", help="The journal's folder.")]
HERE = Path()
SessionArgument = Annotated[str, typer.Argument(metavar="SESSION", help="Its day, as in 2026-03-04.")]


class Sound(StrEnum):
    """Whether a page may have things to play."""

    on = "on"
    off = "off"


SoundOption = Annotated[
    Sound, typer.Option(help="With off nothing on the page can play; notes and charts are all there.")
]


def open_journal(folder: Path) -> Journal:
    """Open the journal a command was given; what that takes is imported here, for no help needs it."""
    from therapy_review.journal import open_journal

    return open_journal(folder)


def read_day(text: str) -> dt.date:
    """Read a day as it is typed."""
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError as error:
        raise JournalError(f"{text} is not a day; write it as in 2026-03-04.") from error


def in_parts(text: str) -> list[str]:
    """Read what is typed with commas between."""
    return [part.strip() for part in text.split(",") if part.strip()]


def is_confirmed(given: str, question: str, wanted: str = "yes") -> bool:
    """Tell whether a word that can't be typed by mistake was given, or is typed now."""
    return (given or typer.prompt(question, default="no")).strip() == wanted
