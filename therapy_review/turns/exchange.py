"""Turns in the files of other programs, written and read back the same.

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

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from therapy_review.errors import MissingPackageError, TurnsError
from therapy_review.hints import install_line
from therapy_review.storage import PlainStore
from therapy_review.turns.table import COLUMNS, merge_stretches, turns_table

DECIMALS = 3
# What neither XML nor a line of text can carry: control characters, other line ends, halves of characters.
_UNWRITABLE = "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]"
_CONFIDENCE = re.compile(r"confidence (\d+(?:\.\d+)?)")

Row = Sequence[object]  # start, end (s), speaker, confidence; the last may be missing
_READING_FAILS = (
    *(ValueError, LookupError, TypeError, AttributeError, OSError, NotImplementedError, RecursionError),
    SyntaxError,  # as ElementTree says that XML is none
)


@dataclass(frozen=True)
class Format:
    """One kind of file: what it is called, how it is read and written, which names it can't hold."""

    label: str
    read: Callable[[bytes, str], Iterator[Row]]
    write: Callable[[pd.DataFrame, str], bytes] | None
    unwritable: re.Pattern[str] = re.compile(_UNWRITABLE)


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
    return decode_turns(data, file_format or path.suffix, path.name)


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
    PlainStore(path.parent).write(path.name, encode_turns(turns, file_format or path.suffix, path.stem))


def decode_turns(data: bytes, file_format: str, name: str) -> pd.DataFrame:
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
    >>> decode_turns(b"start,end,speaker\n0,1.5,Anna\n2,,\n", "csv", "turns.csv")
    Traceback (most recent call last):
    ...
    therapy_review.errors.TurnsError: Turn 2 in turns.csv has a time that is missing or no number; mend it...
    """
    chosen = _format(file_format, name, FORMATS)
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


def encode_turns(turns: pd.DataFrame, file_format: str, name: str) -> bytes:
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
    >>> encode_turns(turns_table([(0, 1.5, "Anna Maria", 0.93)]), "rttm", "2026-01-08")
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
        first, last = _number(start), _number(end)
        if not (np.isfinite(first) and np.isfinite(last)):
            raise TurnsError(f"Turn {place} in {name} has a time that is missing or no number; mend it.")
        if first < 0 or last < first:
            wrong = "starts before the recording" if first < 0 else "ends before it starts"
            raise TurnsError(f"Turn {place} in {name} {wrong} ({first:g} to {last:g} s); mend its times.")
        first, last, who = round(first, DECIMALS), round(last, DECIMALS), _name(speaker)
        if first == last or not who:
            left_out += 1
            continue
        confidence = _number(sure[0]) if sure else 1.0
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


def _format(file_format: str, name: str, offered: Iterable[str]) -> Format:
    chosen = FORMATS.get(file_format.lower().removeprefix("."))
    if chosen is None:
        raise TurnsError(f"{name} is of no kind that holds turns here; choose one of: {', '.join(offered)}.")
    return chosen


def _number(value: Any) -> float:
    """Return a number as a float; NaN when it is none."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return np.nan


def _text(data: bytes) -> str:
    # Praat writes UTF-16 as soon as a name is not plain ASCII.
    return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")


# RTTM: pyannote's reader and writer leave confidence out, and read a speaker called NA as none.


def _read_rttm(data: bytes, name: str) -> Iterator[Row]:
    files: set[str] = set()
    for line in _text(data).split("\n"):
        fields = re.split(r"[ \t]+", line.strip(" \t\r"))
        if fields[0] != "SPEAKER":  # comments, speakers' particulars, words, noises
            continue
        files.add(fields[1])
        start, speaker = float(fields[3]), fields[7].replace("%20", " ").replace("%25", "%")
        yield start, start + float(fields[4]), speaker, fields[8] if len(fields) > 8 else None
    if len(files) > 1:
        raise TurnsError(
            f"{name} holds the turns of {len(files)} recordings ({', '.join(sorted(files)[:5])}); keep the "
            "lines of one of them in a file of their own."
        )


def _write_rttm(turns: pd.DataFrame, name: str) -> bytes:
    def escaped(text: str) -> str:
        return text.replace("%", "%25").replace(" ", "%20")

    file = escaped(re.sub(_UNWRITABLE, "", name)) or "recording"
    return "".join(
        f"SPEAKER {file} 1 {start:.3f} {end - start:.3f} <NA> <NA> {escaped(speaker)} {confidence:g} <NA>\n"
        for start, end, speaker, confidence in turns.itertuples(index=False)
    ).encode()


# Praat: praatio reads and writes the text of both its text formats; it finds its way by these words.

_IN_TEXTGRID = re.compile(rf"{_UNWRITABLE}|(item|intervals|points) ?\[")


def _read_textgrid(data: bytes, name: str) -> Iterator[Row]:
    from praatio.utilities import errors, textgrid_io

    if data.startswith(b"ooBinaryFile"):
        raise TurnsError(f"{name} is a binary TextGrid; in Praat, save it as a text file and take that.")
    try:
        grid = textgrid_io.parseTextgridStr(_text(data))
    except errors.PraatioException as error:
        raise ValueError(str(error)) from error
    for tier in grid["tiers"]:
        if tier["class"] == "IntervalTier":
            for start, end, text in tier["entries"]:
                yield start, end, tier["name"], _said_in(text)


def _write_textgrid(turns: pd.DataFrame, _name: str) -> bytes:
    from praatio.utilities import textgrid_io

    last = float(turns["end"].max())
    tiers = []
    for speaker, own in turns.groupby("speaker", sort=False):
        said = [(start, end, f"confidence {sure:g}") for start, end, _, sure in own.itertuples(index=False)]
        tiers.append({"class": "IntervalTier", "name": speaker, "xmin": 0.0, "xmax": last, "entries": said})
    grid = {"xmin": 0.0, "xmax": last, "tiers": tiers}
    # Without a shortest interval, for praatio would otherwise drop what is brief.
    text: str = textgrid_io.getTextgridAsStr(
        grid, "long_textgrid", includeBlankSpaces=True, minimumIntervalLength=None
    )
    return text.encode()


def _said_in(text: str | None) -> float:
    found = _CONFIDENCE.fullmatch((text or "").strip())
    return float(found.group(1)) if found else 1.0


# ELAN: pympi writes it; it opens files by path alone, so reading walks the few elements that hold turns.


def _read_eaf(data: bytes, _name: str) -> Iterator[Row]:
    document = ElementTree.fromstring(data)  # expat itself stops entities that grow
    if document.tag != "ANNOTATION_DOCUMENT":
        raise ValueError(f"its root is {document.tag}")
    times = {slot.get("TIME_SLOT_ID"): slot.get("TIME_VALUE") for slot in document.iter("TIME_SLOT")}
    for tier in document.iter("TIER"):
        if tier.get("PARENT_REF"):  # words, translations and the like, within a turn of another tier
            continue
        speaker = tier.get("PARTICIPANT") or tier.get("TIER_ID")
        for found in tier.iter("ALIGNABLE_ANNOTATION"):
            start, end = (times[found.get(f"TIME_SLOT_REF{side}")] for side in (1, 2))
            said = _said_in(found.findtext("ANNOTATION_VALUE"))
            yield _number(start) / 1000, _number(end) / 1000, speaker, said


def _write_eaf(turns: pd.DataFrame, _name: str) -> bytes:
    from pympi import Elan

    document = Elan.Eaf(author="")
    document.remove_tier("default")
    for speaker in turns["speaker"].unique():
        document.add_tier(speaker, part=speaker)
    for start, end, speaker, confidence in turns.itertuples(index=False):
        document.add_annotation(speaker, round(start * 1000), round(end * 1000), f"confidence {confidence:g}")
    text: str = Elan.to_string(document)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode()


# Tables


def _rows_of(table: pd.DataFrame, name: str) -> Iterator[Row]:
    missing = [column for column in COLUMNS[:3] if column not in table.columns]
    if missing:
        raise TurnsError(
            f"{name} has no column {missing[0]}; it needs start, end and speaker, and may have confidence."
        )
    found = [column for column in COLUMNS if column in table.columns]
    return table[found].itertuples(index=False, name=None)


def _read_csv(data: bytes, name: str) -> Iterator[Row]:
    return _rows_of(pd.read_csv(io.StringIO(_text(data)), dtype=str, na_filter=False), name)


def _write_csv(turns: pd.DataFrame, _name: str) -> bytes:
    return turns.to_csv(index=False, lineterminator="\n").encode()


def _read_parquet(data: bytes, name: str) -> Iterator[Row]:
    _need_pyarrow()
    return _rows_of(pd.read_parquet(io.BytesIO(data), engine="pyarrow"), name)


def _write_parquet(turns: pd.DataFrame, _name: str) -> bytes:
    _need_pyarrow()
    return turns.to_parquet(engine="pyarrow", index=False)


def _need_pyarrow() -> None:
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise MissingPackageError(
            f"Parquet files need the package pyarrow, which is not installed; to add it: "
            f"{install_line('parquet')}"
        ) from error


# Whisper with speakers (whisperX and its kin)


def _read_whisper(data: bytes, name: str) -> Iterator[Row]:
    content = json.loads(_text(data))
    if isinstance(content, dict):
        result = content.get("result")
        content = content.get("segments", result.get("segments") if isinstance(result, dict) else None)
    if not isinstance(content, list):
        raise TurnsError(
            f"{name} holds no list of segments; save Whisper's result as JSON, with speakers, and take that."
        )
    for segment in content:
        words = [word for word in segment.get("words") or () if word.get("speaker") and _timed(word)]
        # A segment can hold words of both; silences within one person's words are not to be had from a transcript.
        for speaker, run in groupby(words, key=lambda word: word["speaker"]):
            said = list(run)
            yield said[0]["start"], said[-1]["end"], speaker
        if not words:
            timed = _timed(segment)
            yield (segment["start"], segment["end"], segment.get("speaker")) if timed else (0.0, 0.0, None)


def _timed(piece: dict[str, Any]) -> bool:
    return piece.get("start") is not None and piece.get("end") is not None


FORMATS = {
    "rttm": Format("RTTM", _read_rttm, _write_rttm),
    "textgrid": Format("TextGrid", _read_textgrid, _write_textgrid, _IN_TEXTGRID),
    "eaf": Format("ELAN", _read_eaf, _write_eaf),
    "csv": Format("CSV", _read_csv, _write_csv),
    "parquet": Format("Parquet", _read_parquet, _write_parquet),
    "json": Format("Whisper's JSON", _read_whisper, None),
}
