"""Tables that a client may write by hand: CSV as any program gives it, with any further columns."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pandas as pd

from therapy_review.errors import JournalError


def read(
    data: bytes, where: str, columns: Sequence[str], may_lack: Sequence[str], numbers: Sequence[str]
) -> pd.DataFrame:
    r"""Read such a table.

    Parameters
    ----------
    data : bytes
        CSV in UTF-8; columns may be in any order.
    where : str
        The file's name, for the sentence of an error.
    columns : sequence of str
        What the table is made of.
    may_lack : sequence of str
        Which of these need not be there; they are then empty.
    numbers : sequence of str
        Which of these hold numbers, NaN where nothing is said; all else is text.

    Returns
    -------
    DataFrame
        In the order of the file, with all its columns, and then those it lacks.

    Raises
    ------
    JournalError
        When it is no such table.

    Examples
    --------
    >>> read(b"what,size\nboat,4\nsea,\n", "things.csv", ["size", "what", "of"], ["of"], ["size"])
       what  size of
    0  boat   4.0
    1   sea   NaN
    """
    try:
        table = pd.read_csv(io.BytesIO(data), encoding="utf-8-sig", dtype=str, keep_default_na=False)
        if not isinstance(table.index, pd.RangeIndex):
            raise ValueError("Lines are longer than the first, which pandas takes for an index.")
        table = table.assign(**{c: "" for c in may_lack if c not in table.columns}).fillna("")
        said = {c: table[c].str.strip() for c in columns}
        return table.assign(**{c: pd.to_numeric(said[c].mask(said[c] == "")).astype(float) for c in numbers})
    except (ValueError, KeyError, pd.errors.ParserError) as error:
        needed = ", ".join(c for c in columns if c not in may_lack)
        raise JournalError(
            f"{where} should be a table with the columns {needed}, in UTF-8; mend its first line or its numbers, "
            "and put words with a comma in double quotes."
        ) from error
