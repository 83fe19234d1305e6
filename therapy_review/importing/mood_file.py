"""What a file of moods holds, whichever program wrote it.

A *mood reader* is any callable ``reader(data, name) -> MoodFile`` that takes a file's bytes and its name, raises
`ImportFileError` when it is no such file, and lists every line it can't use.
`therapy_review.importing.daylio.read_daylio` is one, `therapy_review.importing.mood_table.table_reader` makes one
for any other table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd

from therapy_review.journal import as_kept, days
from therapy_review.storage import Damaged
from therapy_review.wording import counted


@dataclass(frozen=True)
class MoodFile:
    """The entries of a file, before anything is done about them.

    Parameters
    ----------
    kind : str
        One word for the kind of file, as in ``daylio``.
    name : str
        The file's name.
    entries : DataFrame
        A days table in the order of the file; ``mood`` is NaN where `names` are still to be given numbers.
    damaged : tuple of Damaged
        The lines left out, and why.
    left_out : tuple of str
        Columns of the file that have no place in the journal.
    timeless : int
        How many entries have no time of day because theirs could not be read.
    """

    kind: str
    name: str
    entries: pd.DataFrame
    damaged: tuple[Damaged, ...] = ()
    left_out: tuple[str, ...] = ()
    timeless: int = 0

    @property
    def about_times(self) -> str:
        """A sentence about times of day that could not be read; empty where all could."""
        what = counted(self.timeless, "entry comes", "entries come")
        said = f"{what} in without a time of day: what stands in the file for it is not clear."
        return said if self.timeless else ""

    @property
    def names(self) -> list[str]:
        """The words for moods that have no number of their own, the most frequent first."""
        words = self.entries["mood_name"][self.entries["mood"].isna() & (self.entries["mood_name"] != "")]
        return [str(word) for word in words.value_counts(sort=True).index]

    @property
    def origin(self) -> str:
        """What the entries are said to come from."""
        return str(self.entries["origin"].iloc[0]) if len(self.entries) else ""


MoodReader = Callable[[bytes, str], MoodFile]


@dataclass(frozen=True)
class Entry:
    """One entry of a file."""

    date: str
    time: str | None
    mood: float
    mood_name: str
    tags: Iterable[str] = ()
    note: str = ""


def mood_file(
    kind: str,
    data: bytes,
    name: str,
    lines: Iterable[Entry | Damaged],
    left_out: Iterable[str] = (),
) -> MoodFile:
    """Put together what was read from the lines of a file."""
    lines, origin = list(lines), days.origin_of(kind, data, name)
    entries = [one for one in lines if isinstance(one, Entry)]
    rows = [
        (
            one.date,
            one.time or "",
            one.mood,
            as_kept(one.mood_name),
            _joined(one.tags),
            as_kept(one.note),
            origin,
        )
        for one in entries
    ]
    table = pd.DataFrame(rows, columns=days.COLUMNS).astype(days.none().dtypes.to_dict())
    damaged = sorted((one for one in lines if isinstance(one, Damaged)), key=lambda one: one.line)
    timeless = sum(one.time is None for one in entries)
    return MoodFile(kind, name, table, tuple(damaged), tuple(left_out), timeless)


def _joined(tags: Iterable[str]) -> str:
    words = (" ".join(as_kept(tag).replace("|", "/").split()) for tag in tags)
    return days.BETWEEN_TAGS.join(dict.fromkeys(word for word in words if word))
