"""Versions of entries: what a newer file tells otherwise takes the place of what an older one told.

An export holds the whole history, with every name as it is now: a mood that was renamed changes all its entries.
So an entry of the same kind of file, at the same day and time, that reads otherwise now is a *newer version*. The
older one stays in the table, with the origin of the file that replaced it in the column ``until``, and no longer
counts; when that file is taken out, it counts again. `remove` undoes `merge` exactly.

What the client wrote is never replaced: an entry from no file, or one that was changed in ``days.csv`` by hand.
The column ``sign`` tells that: the first signs of the SHA-256 of an entry as it was brought in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from therapy_review.errors import ImportFileError
from therapy_review.journal import COLUMNS, SIGN, UNTIL, in_order, kind_of, to_read, with_moods
from therapy_review.storage import digest

SAME = ["date", "time", "mood_name", "tags", "note"]  # two that agree in these are one
NEW, THERE, OLDER = "new", "there already", "there already, in an older version"
NEWER, OTHER = "newer than what is here", "new, beside another version"
TAKE_NEWER, KEEP_BOTH = "take the newer version", "keep both"
_SLOT = ["date", "time", "kind"]


def compared(days: pd.DataFrame, new: pd.DataFrame, versions: str = TAKE_NEWER) -> list[str]:
    """Tell of each new entry whether it is there already."""
    return _matched(_whole(days), new, versions)[0]


def merge(days: pd.DataFrame, new: pd.DataFrame, versions: str = TAKE_NEWER) -> pd.DataFrame:
    r"""Add the entries of a file that are not there yet.

    Examples
    --------
    >>> from therapy_review.journal.days import none
    >>> from therapy_review.journal import read
    >>> head = b"date,time,mood,mood_name,origin\n"
    >>> one = read(head + b"2026-03-04,20:39,5,meh,daylio 1 a.csv\n", "")
    >>> renamed = read(head + b"2026-03-04,20:39,5,so lala,daylio 2 b.csv\n", "")
    >>> both = merge(merge(none(), one), renamed)
    >>> both[["mood_name", "until"]].to_numpy().tolist()
    [['meh', 'daylio 2 b.csv'], ['so lala', '']]
    >>> len(merge(both, renamed)), len(remove(both, "daylio 2 b.csv"))
    (2, 1)
    """
    whole = _whole(days)
    found, place = _matched(whole, new, versions)
    comes = np.array([one in (NEW, NEWER, OTHER) for one in found], dtype=bool)
    if not comes.any():
        return days
    adds = new[comes].copy()
    adds[UNTIL], adds[SIGN] = "", _signs(adds)
    further = [column for column in whole.columns if column not in adds.columns]
    for column in further:  # of the client's own: what they wrote there goes with the entry
        said = whole[column].tolist()
        adds[column] = ["" if at is None else said[at] for at in np.array(place, dtype=object)[comes]]
    replaced = [at for at in place if at is not None]
    if replaced:
        until = whole[UNTIL].to_numpy(dtype=object, copy=True)
        until[replaced] = str(adds["origin"].iloc[0])
        whole = whole.assign(**{UNTIL: until})
    if whole.empty:
        return in_order(adds[whole.columns])
    return in_order(pd.concat([whole, adds[whole.columns]], ignore_index=True))


def remove(days: pd.DataFrame, origin: str) -> pd.DataFrame:
    """Take away what came from one file; what it took the place of counts again."""
    if UNTIL not in days.columns:
        return days[days["origin"] != origin].reset_index(drop=True)
    table = days.assign(kind=days["origin"].map(kind_of).astype(str))
    gone = table[(table["origin"] == origin) & (table[UNTIL] != "")]
    # Where a third version has since replaced the one that goes, the first is now replaced by the third.
    later = {slot: list(part[UNTIL]) for slot, part in gone.groupby(_SLOT)}
    until = days[UNTIL].to_numpy(dtype=object, copy=True)
    for at, *slot in table.reset_index(drop=True)[until == origin][_SLOT].itertuples(name=None):
        third = later.get(tuple(slot), [])
        until[at] = third.pop(0) if third else ""
    after = days.assign(**{UNTIL: until})
    after = after[after["origin"] != origin].reset_index(drop=True)
    unused = not (after[UNTIL] + after[SIGN]).any()
    return after.drop(columns=[UNTIL, SIGN]) if unused else after


def renumbered(
    days: pd.DataFrame, kind: str, values: Mapping[str, float], were: Mapping[str, float]
) -> pd.DataFrame:
    """Give words for moods other numbers, in all versions; what was changed by hand stays so."""
    after = with_moods(days, kind, values, were)
    if SIGN not in days.columns or after["mood"].equals(days["mood"]):
        return after
    untouched = days[SIGN].to_numpy() == _signs(days)
    return after.assign(**{SIGN: np.where(untouched, _signs(after), days[SIGN])})


def in_words(statuses: Sequence[str]) -> str:
    """Say of how many entries a file has a newer version; empty where of none.

    Examples
    --------
    >>> in_words([NEWER, NEW]).split(":")[0], in_words([NEW])
    ('1 of them is newer than what is here', '')
    """
    number = list(statuses).count(NEWER)
    if not number:
        return ""
    which = "1 of them is" if number == 1 else f"{number} of them are"
    return (
        f"{which} newer than what is here: renamed or changed since. The newer version takes the place of the "
        "older one, which comes back when the file is taken out again. What you wrote here by hand stays."
    )


def _whole(days: pd.DataFrame) -> pd.DataFrame:
    return days.assign(**{column: "" for column in (UNTIL, SIGN) if column not in days.columns})


def _matched(whole: pd.DataFrame, new: pd.DataFrame, versions: str) -> tuple[list[str], list[int | None]]:
    """Find for each new entry what it is, and the row whose place it takes."""
    if versions not in (TAKE_NEWER, KEEP_BOTH):
        raise ImportFileError(f"{versions} is no way to treat versions; say {TAKE_NEWER} or {KEEP_BOTH}.")
    counts = (whole[UNTIL] == "").to_numpy()
    # What is as it was brought in; all else the client wrote.
    signs = whole[SIGN].tolist()
    own = (np.array(signs, dtype=object) == _signs(whole)) & (whole["origin"] != "").to_numpy()
    old, its, brought = _keys(whole), _keys(new), _signs(new)
    here, now = dict(zip(old, counts, strict=True)), set(its)
    # What stands at a day and time and is told otherwise now: first what may be replaced.
    changed: dict[tuple[object, ...], list[int]] = {}
    for at in sorted(range(len(old)), key=lambda at: not own[at]):
        if counts[at] and old[at] not in now:
            changed.setdefault(_slot(old[at]), []).append(at)
    found: list[str] = []
    place: list[int | None] = []
    for key, sign in zip(its, brought, strict=True):
        before, of_slot = here.get(key), changed.get(_slot(key), [])
        edited = next((at for at in of_slot if signs[at] == sign), None)
        older = next((at for at in of_slot if own[at] and _may_replace(key, old[at])), None)
        take: int | None = None
        if before is not None:
            found.append(THERE if before else OLDER)
        elif edited is not None:  # it is there, and was changed by hand since
            found.append(THERE)
            of_slot.remove(edited)
        elif older is not None:
            take = older if versions == TAKE_NEWER else None
            found.append(OTHER if take is None else NEWER)
            of_slot.remove(older)
        else:
            found.append(OTHER if of_slot and key[1] else NEW)
        place.append(take)
    return found, place


def _may_replace(new: tuple[object, ...], old: tuple[object, ...]) -> bool:
    """Without a time of day, many entries may stand at one day: there the words or the note must be the same."""
    return bool(new[1]) or (bool(new[3] or new[4]) and new[3:5] == old[3:5])


def _keys(days: pd.DataFrame) -> list[tuple[object, ...]]:
    """Name each entry by its content and the kind of its file; alike ones of a table are counted through."""
    table = days[SAME].assign(kind=days["origin"].map(kind_of).astype(str))
    table = table.assign(number=table.groupby(list(table.columns)).cumcount())
    return list(table.itertuples(index=False, name=None))


def _slot(key: tuple[object, ...]) -> tuple[object, ...]:
    return key[0], key[1], key[len(SAME)]


def _signs(days: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    cells = to_read(days)[COLUMNS[:-1]].itertuples(index=False, name=None)
    return np.array([digest("\0".join(row).encode())[:8] for row in cells], dtype=object)
