"""Tables that a client may write by hand: CSV as any program gives it, with any further columns."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from therapy_review.errors import JournalError


@dataclass(frozen=True)
class HandTable:
    r"""What such a table is made of, and how it is read and written.

    Parameters
    ----------
    name : str
        Its file's, as in ``marks.csv``.
    columns : sequence of str
    may_lack : sequence of str
        Which of these need not be there; they are then empty.
    numbers : mapping of str to callable
        Which of these hold numbers, NaN where nothing is said, and how one is written; all else is text.

    Examples
    --------
    >>> things = HandTable("things.csv", ["size", "what", "of"], ["of"], {"size": "{:.1f}".format})
    >>> things.read(b"what,size\nboat,4\nsea,\n")
       what  size of
    0  boat   4.0
    1   sea   NaN
    >>> things.written(things.read(b"what,size\nboat,4\nsea,\n"))
    b'what,size,of\nboat,4.0,\nsea,,\n'
    """

    name: str
    columns: Sequence[str]
    may_lack: Sequence[str] = ()
    numbers: Mapping[str, Callable[[float], str]] = field(default_factory=dict)

    def none(self) -> pd.DataFrame:
        """Make such a table without a row."""
        return pd.DataFrame({c: pd.Series(dtype=float if c in self.numbers else str) for c in self.columns})

    def read(self, data: bytes, where: str = "") -> pd.DataFrame:
        """Read such a table.

        Parameters
        ----------
        data : bytes
            CSV in UTF-8; columns may be in any order.
        where : str
            Where the file lies, for the sentence of an error; its name when empty.

        Returns
        -------
        DataFrame
            In the order of the file, with all its columns, and then those it lacks.

        Raises
        ------
        JournalError
            When it is no such table.
        """
        try:
            table = pd.read_csv(io.BytesIO(data), encoding="utf-8-sig", dtype=str, keep_default_na=False)
            if not isinstance(table.index, pd.RangeIndex):
                raise ValueError("Lines are longer than the first, which pandas takes for an index.")
            if not {*self.columns} - {*self.may_lack} <= {*table.columns}:
                raise ValueError(f"its columns are {', '.join(table.columns)}")
            table = table.assign(**{c: "" for c in self.may_lack if c not in table.columns}).fillna("")
            said = {c: table[c].str.strip() for c in self.numbers}
            numbers = {c: pd.to_numeric(one.mask(one == "")).astype(float) for c, one in said.items()}
        except ValueError as error:  # pandas' own errors are ValueErrors
            needed = ", ".join(c for c in self.columns if c not in self.may_lack)
            raise JournalError(
                f"{where or self.name} should be a table with the columns {needed}, in UTF-8; mend its first line "
                "or its numbers, and put words with a comma in double quotes."
            ) from error
        return table.assign(**numbers)

    def as_text(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give a table with its numbers as they are written."""
        texts = {
            c: ["" if math.isnan(n) else write(n) for n in table[c]] for c, write in self.numbers.items()
        }
        return table.assign(**{c: pd.Series(each, table.index, dtype=str) for c, each in texts.items()})

    def written(self, table: pd.DataFrame) -> bytes:
        """Write a table as the bytes of a file, with all columns it has."""
        return self.as_text(table).to_csv(index=False, lineterminator="\n").encode()
