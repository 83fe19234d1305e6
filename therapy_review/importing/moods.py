"""Bringing moods in, looking first at what that would do, and taking them back out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from therapy_review import hints
from therapy_review.errors import ImportFileError, JournalError
from therapy_review.importing import mood_values, versions
from therapy_review.importing.daylio import DEFAULT_MOODS, KIND, is_daylio, read_daylio
from therapy_review.importing.mood_file import MoodFile
from therapy_review.importing.mood_table import Columns, table_reader
from therapy_review.importing.mood_values import checked, known_moods
from therapy_review.importing.versions import TAKE_NEWER
from therapy_review.journal import days
from therapy_review.storage import if_there, read_text_table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from therapy_review.journal import Journal
    from therapy_review.storage import Store


@dataclass(frozen=True)
class Brought:
    """What came of bringing a file in."""

    added: int
    newer: int
    there: int
    origin: str


def read_moods(data: bytes, name: str, columns: Columns | None = None) -> MoodFile:
    """Read a file of moods: Daylio's where it is that, any other table by its columns."""
    if columns is not None:
        return table_reader(columns)(data, name)
    header = read_text_table(data, name).header
    if is_daylio(header):
        return read_daylio(data, name)
    raise ImportFileError(
        f"{name} is not from Daylio; say which of its columns holds the day and which the mood. It has "
        f"{', '.join(header)}."
    )


def offered_moods(store: Store, found: MoodFile) -> dict[str, float | None]:
    """Give a number to offer for each of a file's words: what the client said before, or the program's."""
    known = known_moods(store, found.kind)
    usual = DEFAULT_MOODS if found.kind == KIND else {}
    return {name: known.get(name, usual.get(name.casefold())) for name in found.names}


def preview(
    journal: Journal, found: MoodFile, values: Mapping[str, float], how: str = TAKE_NEWER
) -> pd.DataFrame:
    """Show what bringing a file in would do; nothing is written."""
    before = days.whole_table(journal.store)
    before = versions.renumbered(before, found.kind, values, known_moods(journal.store, found.kind))
    entries = days.with_moods(found.entries, found.kind, values)
    return entries.assign(status=versions.merge(before, entries, how)[1])


def bring_in(
    journal: Journal,
    found: MoodFile,
    values: Mapping[str, float],
    columns: Columns | None = None,
    how: str = TAKE_NEWER,
) -> Brought:
    """Bring a file's entries into the journal, whole or not at all."""
    values = {name: checked(name, value) for name, value in values.items()}
    store = journal.store
    with store.writing():
        before, were = days.whole_table(store), known_moods(store, found.kind)
        before = versions.renumbered(before, found.kind, values, were)
        entries = days.with_moods(found.entries, found.kind, values)
        table, statuses = versions.merge(before, entries, how)
        sign = found.origin.split(" ", 2)[1] if found.origin else ""
        words = mood_values.with_told(store, found.kind, sign, values, columns)
        if len(table) or store.exists(days.FILE):
            _keep(store, days.FILE, days.written(table))
        # Last: until it is written, what the words stood for before tells what was changed by hand.
        _keep(store, mood_values.FILE, words)
    newer = statuses.count(versions.NEWER)
    added = statuses.count(versions.NEW) + statuses.count(versions.OTHER)
    return Brought(added, newer, len(statuses) - added - newer, found.origin)


def take_back(journal: Journal, origin: str) -> int:
    """Take out of the journal what one file brought in, and nothing else."""
    store = journal.store
    with store.writing():
        before = days.whole_table(store)
        meant = meant_by(origin, [str(one) for one in before["origin"].unique()], journal.root)
        kind, sign = meant.split(" ", 2)[:2]
        words, numbers = mood_values.without_told(store, kind, sign)
        after = versions.remove(before, meant)
        after = versions.renumbered(after, kind, numbers, known_moods(store, kind))
        if after.empty:
            store.remove(days.FILE)
        else:
            _keep(store, days.FILE, days.written(after))
        _keep(store, mood_values.FILE, words)
    return len(before) - len(after)


def meant_by(text: str, origins: list[str], journal: Path | None = None) -> str:
    """Find the one origin that is meant.

    Examples
    --------
    >>> meant_by("3f2a9c1b", ["daylio 3f2a9c1b export.csv", "daylio 77777777 export.csv"])
    'daylio 3f2a9c1b export.csv'
    """
    text = text.strip()
    found = [one for one in origins if one and text in (one, *one.split(" ", 2)[1:])]
    if len(found) == 1:
        return found[0]
    if found:
        signs = ", ".join(one.split(" ", 2)[1] for one in found)
        raise JournalError(f"{text} was brought in more than once; say which by its eight signs: {signs}.")
    to_see = hints.command("moods", "list", journal=journal)
    raise JournalError(f"Nothing here came from {text}; to see what did: {to_see}")


def _keep(store: Store, name: str, data: bytes) -> None:
    if data and if_there(store.read, name) != data:
        store.write(name, data)
