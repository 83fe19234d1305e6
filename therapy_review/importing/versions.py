"""Versions of entries: what a newer file tells otherwise takes the place of what an older one told.

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

import numpy as np
import pandas as pd

from therapy_review.errors import ImportFileError
from therapy_review.journal import COLUMNS, SIGN, UNTIL, in_order, kind_of, to_read, with_moods
from therapy_review.storage import digest

SAME = ["date", "time", "mood_name", "tags", "note"]  # two that agree in these are one
NEW, THERE = "new", "there already"
NEWER, OTHER = "newer than what is here", "new, beside another version"
TAKE_NEWER, KEEP_BOTH = "take the newer version", "keep both"


def merge(
    days: pd.DataFrame, new: pd.DataFrame, versions: str = TAKE_NEWER
) -> tuple[pd.DataFrame, list[str]]:
    r"""Add the entries of a file that are not there yet, and tell of each whether it is.

    Examples
    --------
    >>> from therapy_review.journal.days import none
    >>> from therapy_review.journal import read
    >>> head = b"date,time,mood,mood_name,origin\n"
    >>> one = read(head + b"2026-03-04,20:39,5,meh,daylio 1 a.csv\n", "")
    >>> renamed = read(head + b"2026-03-04,20:39,5,so lala,daylio 2 b.csv\n", "")
    >>> both, found = merge(merge(none(), one)[0], renamed)
    >>> both[["mood_name", "origin"]].to_numpy().tolist(), found
    ([['so lala', 'daylio 1 a.csv']], ['newer than what is here'])
    >>> merge(both, one)[1]
    ['there already']
    """
    found, places = _matched(days, new, versions)
    comes = np.isin(found, (NEW, NEWER, OTHER))
    if not comes.any():
        return days, found
    after, told = _signed(days).copy(), new.assign(**{SIGN: _signs(new)})
    content = COLUMNS[:-1]
    for row, place in enumerate(places):
        if place is not None:
            signs = f"{after[SIGN][place]} {told[SIGN][row]}"
            after.loc[place, [*content, SIGN]] = [*told.loc[row, content], signs]
    adds = told[np.isin(found, (NEW, OTHER))].reindex(columns=after.columns, fill_value="")
    return in_order(pd.concat([part for part in (after, adds) if len(part)], ignore_index=True)), found


def remove(days: pd.DataFrame, origin: str) -> pd.DataFrame:
    """Take away what came from one file."""
    gone = days["origin"] == origin
    rest = days[~gone]
    if UNTIL in days.columns:
        of_gone = days.loc[gone & (days[UNTIL] != ""), ["date", "time", UNTIL]].itertuples(index=False)
        later = {(date, time): third for date, time, third in of_gone}  # what was replaced twice stays so
        slots = zip(rest["date"], rest["time"], rest[UNTIL], strict=True)
        until = [later.get((date, time), "") if one == origin else one for date, time, one in slots]
        rest = rest.assign(**{UNTIL: until})
    unused = [one for one in (UNTIL, SIGN) if one in rest.columns and (rest[one] == "").all()]
    return rest.drop(columns=unused).reset_index(drop=True)


def renumbered(
    days: pd.DataFrame, kind: str, values: Mapping[str, float], were: Mapping[str, float]
) -> pd.DataFrame:
    """Give words for moods other numbers; what was changed by hand stays so."""
    after = with_moods(days, kind, values, were)
    if SIGN not in days.columns or after["mood"].equals(days["mood"]):
        return after
    each = zip(days[SIGN], _signs(days), _signs(after), strict=True)
    signs = [f"{kept.removesuffix(was)}{now}" if kept.endswith(was) else kept for kept, was, now in each]
    return after.assign(**{SIGN: signs})


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
        "older one, and stays when the file is taken out again. What you wrote here by hand stays, too."
    )


def _signed(days: pd.DataFrame) -> pd.DataFrame:
    return days if SIGN in days.columns else days.assign(**{SIGN: ""})


def _matched(days: pd.DataFrame, new: pd.DataFrame, versions: str) -> tuple[list[str], list[int | None]]:
    """Find for each new entry what it is, and the row whose place it takes."""
    if versions not in (TAKE_NEWER, KEEP_BOTH):
        raise ImportFileError(f"{versions} is no way to treat versions; say {TAKE_NEWER} or {KEEP_BOTH}.")
    old, its = _keys(days), _keys(new)
    here, now = set(old), set(its)
    counts = days[UNTIL] == "" if UNTIL in days.columns else [True] * len(days)
    own: list[bool] = []  # whether a row is as it was brought in; all else the client wrote
    past: Counter[tuple[object, ...]] = Counter()  # what stood in the place of a row before
    changed: dict[tuple[object, ...], list[int]] = {}  # what is told otherwise now, by day and time
    rows = zip(old, counts, _signed(days)[SIGN], _signs(days), strict=True)
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
        if key in here or past[_slot(key), sign]:
            past[_slot(key), sign] -= key not in here
            older, status = None, THERE
        elif older is None:
            status = OTHER if others and key[1] else NEW
        elif versions == KEEP_BOTH:
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
