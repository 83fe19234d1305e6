"""Tables as text, as other programs write them: any usual encoding and separator, and lines that are damaged.

A quote that was never closed would swallow the rest of a file; here it costs its own line.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from therapy_review.errors import ImportFileError

SEPARATORS = ",;\t"
SNIFFED = 4096  # bytes
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True)
class DamagedLine:
    """A line of a file that can't be brought in.

    Parameters
    ----------
    line : int
        As an editor counts them, from 1.
    why : str
        What is wrong with it, as part of a sentence.
    """

    line: int
    why: str


@dataclass(frozen=True)
class TextRow:
    """A good line of a table.

    Parameters
    ----------
    line : int
        Where it begins, as an editor counts, from 1.
    fields : dict of str to str
        By the names of the columns.
    """

    line: int
    fields: dict[str, str]


@dataclass(frozen=True)
class TextTable:
    """A table as it was read.

    Parameters
    ----------
    header : tuple of str
        Names of the columns; a name that comes twice is numbered.
    rows : list of TextRow
    damaged : list of DamagedLine
    """

    header: tuple[str, ...]
    rows: list[TextRow] = field(default_factory=list)
    damaged: list[DamagedLine] = field(default_factory=list)


def read_text_table(data: bytes, name: str) -> TextTable:
    r"""Read a table with a line of column names.

    Parameters
    ----------
    data : bytes
        UTF-8 or UTF-16, or else Windows-1252; columns separated by comma, semicolon or tab.
    name : str
        The file's name, for the sentence of an error.

    Returns
    -------
    TextTable

    Raises
    ------
    ImportFileError
        When there is nothing in it, or nothing but a line.

    Examples
    --------
    >>> table = read_text_table(b'day;mood\n2026-03-04;"so\nso"\n2026-03-05\n', "m.csv")
    >>> table.rows
    [TextRow(line=2, fields={'day': '2026-03-04', 'mood': 'so\nso'})]
    >>> table.damaged
    [DamagedLine(line=4, why='has 1 field in place of 2')]
    """
    lines = list(io.StringIO(decoded(data), newline=""))
    said = [line.strip().lower() for line in lines]
    # A line "sep=;" is how spreadsheets are told.
    first = next((n for n, line in enumerate(said) if line and not line.startswith("sep=")), None)
    if first is None:
        raise ImportFileError(f"There is nothing in {name}; choose the file that was exported.")
    outside_quotes = "".join(lines[first].split('"')[::2])
    separator = max(SEPARATORS, key=outside_quotes.count)
    records = _records(lines, first, separator)
    _, names = next(records)
    if isinstance(names, str) or len(names) < 2:
        raise ImportFileError(
            f"{name} is not a table: its first line should name its columns, with commas or semicolons between "
            "them. Choose the file that was exported as CSV."
        )
    table = TextTable(tuple(_told_apart([one.strip() for one in names])))
    for line, fields in records:
        if isinstance(fields, str):
            table.damaged.append(DamagedLine(line, fields))
        elif len(fields) != len(names):
            found = f"{len(fields)} field{'s' * (len(fields) != 1)}"
            table.damaged.append(DamagedLine(line, f"has {found} in place of {len(names)}"))
        else:
            table.rows.append(TextRow(line, dict(zip(table.header, fields, strict=True))))
    return table


def decoded(data: bytes) -> str:
    """Decode text: UTF-8 or UTF-16 where it is that, and Windows-1252 otherwise.

    Examples
    --------
    >>> decoded("müde".encode()) == decoded("müde".encode("cp1252")) == decoded("müde".encode("utf-16"))
    True
    """
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), _unmarked(data))
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _unmarked(data: bytes) -> str:
    """Tell UTF-16 without its mark by its zeros: of a letter of the Latin script, every other byte is one."""
    start = data[:SNIFFED]
    zeros = {"utf-16-le": start[1::2].count(0), "utf-16-be": start[::2].count(0)}
    likely = max(zeros, key=lambda name: zeros[name])
    # Even a table in Chinese has its days and commas; a stray zero in other text is not enough.
    many = zeros[likely] * 32 >= len(start) and zeros[likely] > 4 * min(zeros.values())
    return likely if many and len(data) % 2 == 0 else "utf-8"


def _records(lines: list[str], at: int, separator: str) -> Iterator[tuple[int, list[str] | str]]:
    """Give each record with the line it begins at: its fields, or what is wrong with it."""
    while at < len(lines):
        rest = (lines[number] for number in range(at, len(lines)))
        reader = csv.reader(rest, delimiter=separator, strict=True)
        try:
            fields: list[str] | str = next(reader)
            length = reader.line_num
        except csv.Error:
            # Whatever the open quote took in, the next line is looked at for itself.
            fields, length = "has a quotation mark that is not closed, or not doubled", 1
        if any(line.strip() for line in lines[at : at + length]):
            yield at + 1, fields
        at += length


def _told_apart(names: list[str]) -> Iterator[str]:
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name} ({seen[name]})"
