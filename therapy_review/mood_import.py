"""Bringing moods in, looking first at what that would do, and taking them back out.

What the client's words for moods stand for, and which column of a table is what, is asked once and kept in
``moods.toml`` at the journal's root, one part for each kind of file::

    [daylio.moods]
    rad = 10
    "so lala" = 5
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from therapy_review import days
from therapy_review.csv_text import read_text_table
from therapy_review.daylio import DEFAULT_MOODS, KIND, is_daylio, read_daylio
from therapy_review.errors import ImportFileError, JournalError
from therapy_review.mood_files import MoodFile
from therapy_review.mood_tables import KIND as TABLE
from therapy_review.mood_tables import Columns, table_reader

if TYPE_CHECKING:
    import pandas as pd

    from therapy_review.journal import Journal
    from therapy_review.store import Store

FILE = "moods.toml"


@dataclass(frozen=True)
class Brought:
    """What came of bringing a file in.

    Parameters
    ----------
    added, there : int
        Entries that are new, and entries that were there already.
    origin : str
        By what they are taken back; see `take_back`.
    """

    added: int
    there: int
    origin: str


def read_moods(data: bytes, name: str, columns: Columns | None = None) -> MoodFile:
    """Read a file of moods: Daylio's where it is that, any other table by its columns.

    Parameters
    ----------
    data : bytes
        The file.
    name : str
        The file's name.
    columns : Columns, optional
        What the columns are; with it, Daylio's export is read like any other table.

    Returns
    -------
    MoodFile

    Raises
    ------
    ImportFileError
        When it can't be read, or it is not known which column is what.
    """
    if columns is not None:
        return table_reader(columns)(data, name)
    header = read_text_table(data, name).header
    if is_daylio(header):
        return read_daylio(data, name)
    raise ImportFileError(
        f"{name} is not from Daylio; say which of its columns holds the day and which the mood. It has "
        f"{', '.join(header)}."
    )


def known_moods(store: Store, kind: str) -> dict[str, float]:
    """Give what the client said their words for moods stand for.

    Parameters
    ----------
    store : Store
        The journal's files.
    kind : str
        The kind of file, as in ``daylio``.

    Returns
    -------
    dict of str to float
        1 to 10 by word.

    Raises
    ------
    JournalError
        When ``moods.toml`` can't be understood.
    """
    return {name: checked(name, value) for name, value in _part(store, kind, "moods").items()}


def offered_moods(store: Store, found: MoodFile) -> dict[str, float | None]:
    """Give a number to offer for each of a file's words: what the client said before, or what the program calls it.

    Parameters
    ----------
    store : Store
        The journal's files.
    found : MoodFile

    Returns
    -------
    dict of str to float or None
        None for words that only the client can place.
    """
    known = known_moods(store, found.kind)
    usual = DEFAULT_MOODS if found.kind == KIND else {}
    return {name: known.get(name, usual.get(name.casefold())) for name in found.names}


def known_columns(store: Store) -> Columns | None:
    """Give the columns of the table that was brought in last; None when there was none.

    Parameters
    ----------
    store : Store
        The journal's files.

    Returns
    -------
    Columns or None
    """
    told = _part(store, TABLE, "columns")
    told = {name: told[name] for name in (one.name for one in fields(Columns)) if name in told}
    try:
        return Columns(**told) if told else None
    except (TypeError, ImportFileError):
        return None  # written by hand and not whole: it is asked for again


def preview(journal: Journal, found: MoodFile, values: Mapping[str, float]) -> pd.DataFrame:
    """Show what bringing a file in would do; nothing is written.

    Parameters
    ----------
    journal : Journal
    found : MoodFile
    values : mapping of str to float
        What its words for moods stand for, 1 to 10; words left out are brought in without a number.

    Returns
    -------
    DataFrame
        A days table in the order of the file, and ``status``, as from `therapy_review.days.compared`.
    """
    entries = days.with_moods(found.entries, found.kind, values)
    return entries.assign(status=days.compared(journal.days, entries))


def bring_in(
    journal: Journal, found: MoodFile, values: Mapping[str, float], columns: Columns | None = None
) -> Brought:
    """Bring a file's entries into the journal, whole or not at all.

    Parameters
    ----------
    journal : Journal
    found : MoodFile
    values : mapping of str to float
        What its words for moods stand for, 1 to 10; kept, and given to earlier entries of that kind too.
    columns : Columns, optional
        To be offered the next time.

    Returns
    -------
    Brought

    Raises
    ------
    ImportFileError
        When a number is none from 1 to 10.
    JournalError
        When a file of the journal can't be understood; nothing is changed.
    """
    values = {name: checked(name, value) for name, value in values.items()}
    store = journal.store
    with store.writing():
        before, were = journal.days, known_moods(store, found.kind)
        table = days.merge(
            days.with_moods(before, found.kind, values, were),
            days.with_moods(found.entries, found.kind, values),
        )
        told = {"moods": {name: _short(value) for name, value in values.items()}}
        if columns is not None:
            told["columns"] = {name: _short(value) for name, value in asdict(columns).items() if value != ""}
        words = _with_part(store, found.kind, told)
        if len(table) or store.exists(days.FILE):
            _keep(store, days.FILE, days.written(table))
        # Last: until it is written, what the words stood for before tells what was changed by hand.
        _keep(store, FILE, words)
    added = len(table) - len(before)
    return Brought(added, len(found.entries) - added, found.origin)


def take_back(journal: Journal, origin: str) -> int:
    """Take out of the journal what one file brought in.

    Parameters
    ----------
    journal : Journal
    origin : str
        As in the column ``origin``; its eight signs or the file's name are enough where they mean one file.

    Returns
    -------
    int
        How many entries were taken out.

    Raises
    ------
    JournalError
        When nothing, or more than one file, is meant.
    """
    with journal.store.writing():
        before = journal.days
        meant = meant_by(origin, [str(one) for one in before["origin"].unique()])
        after = days.remove(before, meant)
        if after.empty:
            journal.store.remove(days.FILE)
        else:
            _keep(journal.store, days.FILE, days.written(after))
    return len(before) - len(after)


def meant_by(text: str, origins: list[str]) -> str:
    """Find the one origin that is meant.

    Parameters
    ----------
    text : str
        A whole origin, its eight signs, or its file's name.
    origins : list of str

    Returns
    -------
    str

    Raises
    ------
    JournalError
        When it is none of them, or more than one.

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
    raise JournalError(f"Nothing here came from {text}; to see what did: therapy-review moods list")


def checked(name: str, value: object) -> float:
    """Return a number for a mood.

    Raises
    ------
    ImportFileError
        When it is none from 1 to 10.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool) and days.LOW <= value <= days.HIGH:
        return float(value)
    raise ImportFileError(f"The mood {name} is {value}; give it a number from 1 (low) to 10 (high).")


def _part(store: Store, kind: str, part: str) -> dict[str, Any]:
    if not store.exists(FILE):
        return {}
    try:
        told = tomllib.loads(store.read(FILE).decode("utf-8-sig"))
        return dict(told.get(kind, {}).get(part, {}))
    except (ValueError, AttributeError, TypeError) as error:
        raise JournalError(
            f"{store.where(FILE)} can't be read ({error}); mend that line, or delete the file and say again what "
            "your words for moods stand for."
        ) from error


def _with_part(store: Store, kind: str, told: Mapping[str, Mapping[str, Any]]) -> bytes:
    import tomlkit

    _part(store, kind, "moods")  # says so when it can't be read
    before = store.read(FILE) if store.exists(FILE) else b""
    content = tomlkit.parse(before.decode("utf-8-sig"))
    for part, values in told.items():
        for name, value in values.items():
            table = content.setdefault(kind, tomlkit.table(is_super_table=True)).setdefault(
                part, tomlkit.table()
            )
            if table.get(name) != value:
                table[name] = value
    return tomlkit.dumps(content).encode()


def _keep(store: Store, name: str, data: bytes) -> None:
    if data and not (store.exists(name) and store.read(name) == data):
        store.write(name, data)


def _short(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
