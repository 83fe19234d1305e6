"""Interchange: turns in the files of other programs, written and read back the same.

========== ============================ =====================================================================
suffix     read and written by           how turns lie in it
========== ============================ =====================================================================
.rttm      pyannote, NIST's tools        one SPEAKER line a stretch; a space in a name is written ``%20``
.TextGrid  Praat                         one interval tier a speaker, an interval with any text a stretch
.eaf       ELAN                          one tier a speaker, an annotation a stretch; whole milliseconds
.csv       spreadsheets, pandas          columns start, end (s), speaker, confidence
.parquet   pandas, DuckDB, R             the same columns
.json      Whisper with speakers (read)  ``segments`` with start, end, speaker; words with speakers count first
========== ============================ =====================================================================

Times and confidence are kept to three decimals in all of them, so that a table written to one reads the same from
any other. Praat and ELAN have no field for confidence: it is the text of each interval (``confidence 0.93``), and
any other text there counts as 1. Files are decoded from and encoded to bytes in memory: no library is given a path,
for some leave copies behind (pympi a ``.bak``), and sealed journals have no plain files to open.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from therapy_review.errors import TurnsError
from therapy_review.storage import PlainStore
from therapy_review.turns.formats import FORMATS, Format, Row, number
from therapy_review.turns.table import COLUMNS, merge_stretches, turns_table

DECIMALS = 3

_READING_FAILS = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OSError,
    NotImplementedError,
    RecursionError,
)


def read_turns(path: str | Path, file_format: str = "") -> pd.DataFrame:
    """Read turns that another program wrote.

    Parameters
    ----------
    path : str or Path
        The file.
    file_format : str
        One of `FORMATS`, as in ``rttm``; by the file's suffix when left out.

    Returns
    -------
    DataFrame
        A turns table (see `therapy_review.turns.table`). Stretches of one speaker that lay over each other are
        joined; those without a speaker or without length are left out, and ``attrs["left_out"]`` says how many.

    Raises
    ------
    TurnsError
        When the file is missing, of another kind, damaged or empty, or holds turns of several recordings.
    MissingPackageError
        When it is a Parquet file and pyarrow is not installed.

    Examples
    --------
    >>> read_turns("tests/reference/2026-01-08.rttm").head(2)
       start   end    speaker  confidence
    0   2.63  4.96  therapist         1.0
    1   5.24  8.24  therapist         1.0
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TurnsError(f"{path} can't be read; see that the file is there and is yours.") from error
    return decode(data, file_format or path.suffix, path.name)


def write_turns(turns: pd.DataFrame, path: str | Path, file_format: str = "") -> None:
    """Write turns for another program; a file of that name is replaced.

    Parameters
    ----------
    turns : DataFrame
        A turns table.
    path : str or Path
        The file.
    file_format : str
        One of `FORMATS` but ``json``; by the file's suffix when left out.

    Raises
    ------
    TurnsError
        When there are no turns, a speaker's name can't be written there, or the kind of file is unknown.
    JournalError
        When the disk is full or may not be written to.
    MissingPackageError
        When it is a Parquet file and pyarrow is not installed.
    """
    path = Path(path)
    PlainStore(path.parent).write(path.name, encode(turns, file_format or path.suffix, path.stem))


def decode(data: bytes, file_format: str, name: str) -> pd.DataFrame:
    r"""Make a turns table of a file's bytes, as `read_turns` does.

    Parameters
    ----------
    data : bytes
    file_format : str
        One of `FORMATS`.
    name : str
        What to call the file in errors.

    Returns
    -------
    DataFrame

    Examples
    --------
    >>> decode(b"start,end,speaker\n0,1.5,Anna\n2,,\n", "csv", "turns.csv")
    Traceback (most recent call last):
    ...
    therapy_review.errors.TurnsError: Turn 2 in turns.csv has a time that is missing or no number; mend it...
    """
    chosen = _format(file_format, name)
    try:
        rows = list(chosen.read(data, name))
    except _READING_FAILS as error:
        raise TurnsError(
            f"{name} can't be read as {chosen.label}; export it once more from the program it came from, or give "
            f"it the suffix of what it is ({', '.join(FORMATS)})."
        ) from error
    turns = well_formed(rows, name)
    if turns.empty:
        raise TurnsError(f"There are no turns with a speaker in {name}; export it once more, with speakers.")
    return turns


def encode(turns: pd.DataFrame, file_format: str, name: str) -> bytes:
    r"""Make a file's bytes of a turns table, as `write_turns` does.

    Parameters
    ----------
    turns : DataFrame
        A turns table.
    file_format : str
        One of `FORMATS` but ``json``.
    name : str
        What the recording is called; RTTM says so in every line.

    Returns
    -------
    bytes

    Examples
    --------
    >>> encode(turns_table([(0, 1.5, "Anna Maria", 0.93)]), "rttm", "2026-01-08")
    b'SPEAKER 2026-01-08 1 0.000 1.500 <NA> <NA> Anna%20Maria 0.93 <NA>\n'
    """
    written = [one for one, kind in FORMATS.items() if kind.write]
    chosen = _format(file_format, name, written)
    if chosen.write is None:
        raise TurnsError(
            f"Turns are read from {chosen.label} but not written; choose one of: {', '.join(written)}."
        )
    table = well_formed(turns[COLUMNS].itertuples(index=False), name)
    if table.empty:
        raise TurnsError("There are no turns to write; find out first who spoke when.")
    for speaker in table["speaker"].unique():
        if chosen.unwritable.search(speaker):
            raise TurnsError(
                f"The speaker's name {speaker!r} can't be written into {chosen.label}; give a simpler name."
            )
    return chosen.write(table, name)


def well_formed(rows: Iterable[Row], name: str) -> pd.DataFrame:
    """Make a turns table of what came from elsewhere, and mend what can be mended without guessing.

    Parameters
    ----------
    rows : iterable of (start, end, speaker) or (start, end, speaker, confidence)
        In any order; seconds. A confidence that is missing or not between 0 and 1 counts as 1.
    name : str
        What to call their source in errors.

    Returns
    -------
    DataFrame
        A turns table as `read_turns` describes it; it may be empty.

    Raises
    ------
    TurnsError
        When a time is missing, no number or before the recording's start, or a turn ends before it starts.

    Examples
    --------
    >>> well_formed([(0, 2, "A"), (1, 3, "A"), (4, 4, "B"), (5, 6, None)], "turns.rttm").attrs
    {'left_out': 2}
    """
    kept, left_out = [], 0
    for place, (start, end, speaker, *sure) in enumerate(rows, 1):
        first, last = number(start), number(end)
        if not (np.isfinite(first) and np.isfinite(last)):
            raise TurnsError(f"Turn {place} in {name} has a time that is missing or no number; mend it.")
        if first < 0 or last < first:
            wrong = "starts before the recording" if first < 0 else "ends before it starts"
            raise TurnsError(f"Turn {place} in {name} {wrong} ({first:g} to {last:g} s); mend its times.")
        first, last, who = round(first, DECIMALS), round(last, DECIMALS), _name(speaker)
        if first == last or not who:
            left_out += 1
            continue
        confidence = number(sure[0]) if sure else 1.0
        kept.append((first, last, who, round(confidence, DECIMALS) if 0 <= confidence <= 1 else 1.0))
    # With the speaker's name as the last key, the same turns are the same table, whatever the order of a file.
    table = turns_table() if not kept else pd.DataFrame(sorted(kept), columns=COLUMNS)
    latest = table.groupby("speaker")["end"].cummax().groupby(table["speaker"]).shift()
    if (table["start"] < latest).any():
        table = merge_stretches(table, 0.0).sort_values(["start", "end", "speaker"]).round(DECIMALS)
    turns = turns_table(table.itertuples(index=False))
    turns.attrs["left_out"] = left_out
    return turns


def _name(speaker: object) -> str:
    missing = speaker is None or (isinstance(speaker, float) and np.isnan(speaker)) or speaker is pd.NA
    name = "" if missing else str(speaker)
    return name if name.strip() else ""


def _format(file_format: str, name: str, offered: Iterable[str] = FORMATS) -> Format:
    chosen = FORMATS.get(file_format.lower().removeprefix("."))
    if chosen is None:
        raise TurnsError(f"{name} is of no kind that holds turns here; choose one of: {', '.join(offered)}.")
    return chosen
