"""Wording: small pieces of sentences that every room may ask for, and where the package lies."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Sequence
from pathlib import Path

import therapy_review

PACKAGE = Path(therapy_review.__file__).resolve().parent
_INSIDE = PACKAGE / "notebooks"  # an installed package carries them
NOTEBOOKS = _INSIDE if _INSIDE.is_dir() else PACKAGE.parent / "notebooks"
ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")


def day(date: dt.date) -> str:
    """Write a day in words.

    Examples
    --------
    >>> day(dt.date(2026, 3, 4))
    'Wednesday 4 March 2026'
    """
    return f"{date:%A} {date.day} {date:%B %Y}"


def day_of(session: str) -> str:
    """Write in words of which day a session is, and which it is of several on that day.

    Examples
    --------
    >>> day_of("2026-03-04"), day_of("2026-03-04-2")
    ('Wednesday 4 March 2026', 'Wednesday 4 March 2026, the second that day')
    """
    number = int(session[11:] or 1)
    beside = f", the {ORDINALS[number]} that day" if number > 1 else ""
    return f"{day(dt.date.fromisoformat(session[:10]))}{beside}"


def with_cell(sentence: str, cell: int | None) -> str:
    """Add to a sentence on a report that failed in which cell it did, where the sentence does not say so itself.

    Cells are counted from 1.

    Examples
    --------
    >>> with_cell("There is no such day.", 4)
    'There is no such day. (cell 4)'
    >>> with_cell("Cell 4 took longer than 10 minutes.", 4)
    'Cell 4 took longer than 10 minutes.'
    """
    said = not cell or re.search(rf"\bcell {cell}\b", sentence, re.IGNORECASE)
    return sentence if said else f"{sentence} (cell {cell})"


def clock(seconds: float) -> str:
    """Write a time within a recording as people say it.

    Examples
    --------
    >>> clock(134.6), clock(3725)
    ('2:14', '1:02:05')
    """
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def seconds_in(clock: object) -> float:
    """Read a time within a recording as people write it; ValueError where it is neither ``MM:SS`` nor ``H:MM:SS``.

    Examples
    --------
    >>> seconds_in("2:14"), seconds_in("1:02:05")
    (134.0, 3725.0)
    """
    parts = str(clock).split(":")
    if not 2 <= len(parts) <= 3 or not all(part.isdecimal() for part in parts) or int(parts[-1]) >= 60:
        raise ValueError(f"{clock} is not a time within a recording; write it as in 2:14")
    return float(sum(int(part) * 60**place for place, part in enumerate(reversed(parts))))


def counted(number: int, one: str, more: str = "") -> str:
    """Say how many there are of something.

    `more` is the word for any other number than one, when that is not `one` with an s.

    Examples
    --------
    >>> counted(1, "silence"), counted(0, "silence"), counted(2, "time in all", "times in all")
    ('1 silence', '0 silences', '2 times in all')
    """
    return f"{number} {one if number == 1 else more or one + 's'}"


def listed(parts: Sequence[str], word: str = "and") -> str:
    """Write several things as one part of a sentence.

    Examples
    --------
    >>> listed(["one"]), listed(["one", "two", "three"]), listed(["one", "two"], "or")
    ('one', 'one, two and three', 'one or two')
    """
    return f" {word} ".join([*([", ".join(parts[:-1])] if parts[1:] else []), parts[-1]])


def paragraphs(text: str) -> str:
    r"""Turn a client's own text into HTML, word for word; an empty line begins a new paragraph.

    Examples
    --------
    >>> paragraphs("I <3 this.\n\nReally.")
    'I &lt;3 this.<br><br>Really.'
    """
    return html.escape(text.strip(), quote=False).replace("\n\n", "<br><br>").replace("\n", "<br>")


def strong(text: str) -> str:
    """Write plain words as HTML that stands out."""
    return f"<strong>{html.escape(text)}</strong>"
