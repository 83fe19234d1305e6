"""Bringing moods in, looking first at what that would do, and taking them back out.

An export holds the whole history, with every name as it is now: a mood that was renamed changes all its entries.
So an entry of the same kind of file, at the same day and time, that reads otherwise now is a *newer version*. It
takes the place of the older one among the days of the file that brought that: to take a file out takes out the days
it brought, and only those. No note is replaced by one that does not hold it; such an entry stands beside the older.

What the client wrote is never replaced: an entry from no file, or one that was changed in ``days.csv`` by hand.
The column ``sign`` tells that: the first signs of the SHA-256 of an entry as it was brought in, behind those of its
older versions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from therapy_review import hints
from therapy_review.errors import ImportFileError, JournalError
from therapy_review.importing import calendar, daylio, mood_values
from therapy_review.importing.mood_file import MoodFile
from therapy_review.importing.mood_table import Columns, table_reader
from therapy_review.importing.mood_values import checked, known_moods
from therapy_review.journal import Journal, days
from therapy_review.storage import Store, digest, if_there, read_text_table
from therapy_review.wording import counted

SAME = ["date", "time", "mood_name", "tags", "note"]  # two that agree in these are one
NEW, THERE = "new", "there already"
NEWER, OTHER = "newer than what is here", "new, beside another version"
TAKE_NEWER, KEEP_BOTH = "take the newer version", "keep both"


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
    if daylio.is_daylio(header):
        return daylio.read_daylio(data, name)
    raise ImportFileError(
        f"{name} is not from Daylio; say which of its columns holds the day and which the mood. It has "
        f"{', '.join(header)}."
    )


def offered_moods(store: Store, found: MoodFile) -> dict[str, float | None]:
    """Give a number to offer for each of a file's words: what the client said before, or the program's."""
    known = known_moods(store, found.kind)
    usual = daylio.DEFAULT_MOODS if found.kind == daylio.KIND else {}
    return {name: known.get(name, usual.get(name.casefold())) for name in found.names}


def preview(
    journal: Journal, found: MoodFile, values: Mapping[str, float], how: str = TAKE_NEWER
) -> pd.DataFrame:
    """Show what bringing a file in would do; nothing is written."""
    before = days.whole_table(journal.store)
    before = renumbered(before, found.kind, values, known_moods(journal.store, found.kind))
    entries = days.with_moods(found.entries, found.kind, values)
    return entries.assign(status=merge(before, entries, how)[1])


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
        before = renumbered(before, found.kind, values, were)
        entries = days.with_moods(found.entries, found.kind, values)
        table, statuses = merge(before, entries, how)
        sign = found.origin.split(" ", 2)[1] if found.origin else ""
        words = mood_values.with_told(store, found.kind, sign, values, columns)
        if len(table) or store.exists(days.FILE):
            _keep(store, days.FILE, days.written(table))
        # Last: until it is written, what the words stood for before tells what was changed by hand.
        _keep(store, mood_values.FILE, words)
    newer = statuses.count(NEWER)
    added = statuses.count(NEW) + statuses.count(OTHER)
    return Brought(added, newer, len(statuses) - added - newer, found.origin)


def brought_in(journal: Journal) -> list[days.Source]:
    """List what was brought in from which file: moods, and appointments."""
    return days.sources(days.whole_table(journal.store)) + days.sources(calendar.kept(journal.store))


def take_back(journal: Journal, origin: str) -> int:
    """Take out of the journal what one file brought in, and nothing else."""
    if days.kind_of_origin(origin) == calendar.KIND:
        return calendar.take_back(journal, origin)
    store = journal.store
    with store.writing():
        before = days.whole_table(store)
        meant = meant_by(origin, [str(one) for one in before["origin"].unique()], journal.root)
        kind, sign = meant.split(" ", 2)[:2]
        words, numbers = mood_values.without_told(store, kind, sign)
        after = remove(before, meant)
        after = renumbered(after, kind, numbers, known_moods(store, kind))
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


def merge(here: pd.DataFrame, new: pd.DataFrame, how: str = TAKE_NEWER) -> tuple[pd.DataFrame, list[str]]:
    r"""Add the entries of a file that are not there yet, and tell of each whether it is.

    Examples
    --------
    >>> from therapy_review.journal.days import no_days, read
    >>> head = b"date,time,mood,mood_name,origin\n"
    >>> one = read(head + b"2026-03-04,20:39,5,meh,daylio 1 a.csv\n", "")
    >>> renamed = read(head + b"2026-03-04,20:39,5,so lala,daylio 2 b.csv\n", "")
    >>> both, found = merge(merge(no_days(), one)[0], renamed)
    >>> both[["mood_name", "origin"]].to_numpy().tolist(), found
    ([['so lala', 'daylio 1 a.csv']], ['newer than what is here'])
    >>> merge(both, one)[1]
    ['there already']
    """
    found, places = _matched(here, new, how)
    comes = np.isin(found, (NEW, NEWER, OTHER))
    if not comes.any():
        return here, found
    after, told = _signed(here).copy(), new.assign(**{days.SIGN_COLUMN: _signs(new)})
    content = days.DAY_COLUMNS[:-1]
    for row, place in enumerate(places):
        if place is not None:
            signs = f"{after[days.SIGN_COLUMN][place]} {told[days.SIGN_COLUMN][row]}"
            after.loc[place, [*content, days.SIGN_COLUMN]] = [*told.loc[row, content], signs]
    adds = told[np.isin(found, (NEW, OTHER))].reindex(columns=after.columns, fill_value="")
    return days.days_in_order(
        pd.concat([part for part in (after, adds) if len(part)], ignore_index=True)
    ), found


def remove(here: pd.DataFrame, origin: str) -> pd.DataFrame:
    """Take away what came from one file."""
    gone = here["origin"] == origin
    rest = here[~gone]
    if days.SUPERSEDED in here.columns:
        of_gone = here.loc[
            gone & (here[days.SUPERSEDED] != ""), ["date", "time", days.SUPERSEDED]
        ].itertuples(index=False)
        later = {(date, time): third for date, time, third in of_gone}  # what was replaced twice stays so
        slots = zip(rest["date"], rest["time"], rest[days.SUPERSEDED], strict=True)
        until = [later.get((date, time), "") if one == origin else one for date, time, one in slots]
        rest = rest.assign(**{days.SUPERSEDED: until})
    unused = [
        one for one in (days.SUPERSEDED, days.SIGN_COLUMN) if one in rest.columns and (rest[one] == "").all()
    ]
    return rest.drop(columns=unused).reset_index(drop=True)


def renumbered(
    here: pd.DataFrame, kind: str, values: Mapping[str, float], were: Mapping[str, float]
) -> pd.DataFrame:
    """Give words for moods other numbers; what was changed by hand stays so."""
    after = days.with_moods(here, kind, values, were)
    if days.SIGN_COLUMN not in here.columns or after["mood"].equals(here["mood"]):
        return after
    each = zip(here[days.SIGN_COLUMN], _signs(here), _signs(after), strict=True)
    signs = [f"{kept.removesuffix(was)}{now}" if kept.endswith(was) else kept for kept, was, now in each]
    return after.assign(**{days.SIGN_COLUMN: signs})


def in_words(statuses: Sequence[str]) -> str:
    """Say of how many entries a file has a newer version; empty where of none.

    Examples
    --------
    >>> in_words([NEWER, NEW]).split(":")[0], in_words([NEW])
    ('1 of them is newer than what is here', '')
    """
    if not (number := list(statuses).count(NEWER)):
        return ""
    which = counted(number, "of them is", "of them are")
    return (
        f"{which} newer than what is here: renamed or changed since. The newer version takes the place of the "
        "older one, and stays when the file is taken out again. What you wrote here by hand stays, too."
    )


def _signed(here: pd.DataFrame) -> pd.DataFrame:
    return here if days.SIGN_COLUMN in here.columns else here.assign(**{days.SIGN_COLUMN: ""})


def _matched(here: pd.DataFrame, new: pd.DataFrame, how: str) -> tuple[list[str], list[int | None]]:
    """Find for each new entry what it is, and the row whose place it takes."""
    if how not in (TAKE_NEWER, KEEP_BOTH):
        raise ImportFileError(f"{how} is no way to treat versions; say {TAKE_NEWER} or {KEEP_BOTH}.")
    old, its = _keys(here), _keys(new)
    there, now = set(old), set(its)
    counts = here[days.SUPERSEDED] == "" if days.SUPERSEDED in here.columns else [True] * len(here)
    own: list[bool] = []  # whether a row is as it was brought in; all else the client wrote
    past: Counter[tuple[object, ...]] = Counter()  # what stood in the place of a row before
    changed: dict[tuple[object, ...], list[int]] = {}  # what is told otherwise now, by day and time
    rows = zip(old, counts, _signed(here)[days.SIGN_COLUMN], _signs(here), strict=True)
    for row, (key, stands, kept, sign) in enumerate(rows):
        own.append(kept.endswith(sign) and bool(key[-2]))
        past.update((_slot(key), one) for one in kept.split() if one != sign)
        if stands and key not in now:
            changed.setdefault(_slot(key), []).append(row)
    found: list[str] = []
    places: list[int | None] = []
    for key, sign in zip(its, _signs(new), strict=True):
        others = changed.get(_slot(key), [])
        older = next((row for row in others if own[row] and _may_replace(key, old[row])), None)
        if key in there or past[_slot(key), sign]:
            past[_slot(key), sign] -= key not in there
            older, status = None, THERE
        elif older is None:
            status = OTHER if others and key[1] else NEW
        elif how == KEEP_BOTH:
            older, status = None, OTHER
        else:
            others.remove(older)
            status = NEWER
        found.append(status)
        places.append(older)
    return found, places


def _may_replace(new: tuple[object, ...], old: tuple[object, ...]) -> bool:
    """Without a time of day, many entries may stand at one day: there tags and note must be the same."""
    alike = bool(new[1]) or (bool(new[3] or new[4]) and new[3:5] == old[3:5])
    return alike and str(old[4]) in str(new[4])


def _keys(here: pd.DataFrame) -> list[tuple[object, ...]]:
    """Name each entry by its content and the kind of its file; alike ones of a table are counted through."""
    table = here[SAME].assign(kind=here["origin"].map(days.kind_of_origin).astype(str))
    table = table.assign(number=table.groupby(list(table.columns)).cumcount())
    return list(table.itertuples(index=False, name=None))


def _slot(key: tuple[object, ...]) -> tuple[object, ...]:
    return key[0], key[1], key[len(SAME)]


def _signs(here: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    cells = days.days_in_words(here)[days.DAY_COLUMNS[:-1]].itertuples(index=False, name=None)
    return np.array([digest("\0".join(row).encode())[:8] for row in cells], dtype=object)
