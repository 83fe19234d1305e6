"""Formats: rows of turns from the bytes of each kind of file, and the bytes from a turns table.

Nothing here judges the rows; `therapy_review.turns.exchange` is the door, makes a well-formed table of them and
says what is wrong. A reader takes bytes and the file's name for its errors, a writer a turns table of three
decimals and the recording's name.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from therapy_review.errors import MissingPackageError, TurnsError
from therapy_review.hints import install_line
from therapy_review.turns.table import COLUMNS

PARQUET = install_line("parquet")

# What neither XML nor a line of text can carry: control characters, other line ends, halves of characters.
_UNWRITABLE = "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]"
_CONFIDENCE = re.compile(r"confidence (\d+(?:\.\d+)?)")

Row = Sequence[object]  # start, end (s), speaker, confidence; the last may be missing


@dataclass(frozen=True)
class Format:
    """One kind of file: what it is called, how it is read and written, which names it can't hold."""

    label: str
    read: Callable[[bytes, str], Iterator[Row]]
    write: Callable[[pd.DataFrame, str], bytes] | None
    unwritable: re.Pattern[str] = re.compile(_UNWRITABLE)


def number(value: Any) -> float:
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
        start, length, speaker = float(fields[3]), float(fields[4]), _unescaped(fields[7])
        yield start, start + length, speaker, fields[8] if len(fields) > 8 else None
    if len(files) > 1:
        raise TurnsError(
            f"{name} holds the turns of {len(files)} recordings ({', '.join(sorted(files)[:5])}); keep the "
            "lines of one of them in a file of their own."
        )


def _write_rttm(turns: pd.DataFrame, name: str) -> bytes:
    file = _escaped(re.sub(_UNWRITABLE, "", name)) or "recording"
    lines = [
        f"SPEAKER {file} 1 {start:.3f} {end - start:.3f} <NA> <NA> {_escaped(speaker)} {confidence:g} <NA>\n"
        for start, end, speaker, confidence in turns.itertuples(index=False)
    ]
    return "".join(lines).encode()


def _escaped(name: str) -> str:
    return name.replace("%", "%25").replace(" ", "%20")


def _unescaped(name: str) -> str:
    return name.replace("%20", " ").replace("%25", "%")


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
    tiers = [
        {
            "class": "IntervalTier",
            "name": speaker,
            "xmin": 0.0,
            "xmax": last,
            "entries": [
                (start, end, f"confidence {c:g}") for start, end, _, c in own.itertuples(index=False)
            ],
        }
        for speaker, own in turns.groupby("speaker", sort=False)
    ]
    grid = {"xmin": 0.0, "xmax": last, "tiers": tiers}
    # Without a shortest interval, for praatio would otherwise drop what is brief.
    text: str = textgrid_io.getTextgridAsStr(
        grid,
        "long_textgrid",
        includeBlankSpaces=True,
        minimumIntervalLength=None,
    )
    return text.encode()


def _said_in(text: str | None) -> float:
    found = _CONFIDENCE.fullmatch((text or "").strip())
    return float(found.group(1)) if found else 1.0


# ELAN: pympi writes it; it opens files by path alone, so reading walks the few elements that hold turns.


def _read_eaf(data: bytes, _name: str) -> Iterator[Row]:
    try:
        document = ElementTree.fromstring(data)  # expat itself stops entities that grow
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error
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
            yield number(start) / 1000, number(end) / 1000, speaker, said


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
    out = io.BytesIO()
    turns.to_parquet(out, engine="pyarrow", index=False)
    return out.getvalue()


def _need_pyarrow() -> None:
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise MissingPackageError(
            f"Parquet files need the package pyarrow, which is not installed; to add it: {PARQUET}"
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
