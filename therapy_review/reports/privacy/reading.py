r"""A finished report as texts that can be searched, however they are written into it.

What is searched for may stand in a report as HTML, in a notebook's JSON, in a drawing, in a file that can be
downloaded from within the page, or as a program writes a text down for itself, with ``\n`` for the end of a line.
"""

from __future__ import annotations

import contextlib
import json
import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from therapy_review import fonts

# Of a long address the lines may be broken. Only what looks like base64 is taken along from a next line, for words
# that follow an address are words.
_ADDRESS = re.compile(
    r"[dD][aA][tT][aA]:([\w+-]+/[\w.+-]+)?(?:;[\w=.-]+)*?"
    r"(?:;[bB][aA][sS][eE]64,([A-Za-z0-9+/_-]*(?:%[0-9a-fA-F]{2}[A-Za-z0-9+/_-]*)*"
    r"(?:\s+[A-Za-z0-9+/_-]{40,})*(?:\s+[A-Za-z0-9+/_-]+(?==))?=*)"
    r"|,[^\"'<>\s]+)"
)
_KIND = re.compile(r"(?:text|image|application)/[\w.+-]+")  # of an output, as in text/plain
# The names that notebooks have for their parts; any other may be a word of the client's.
# fmt: off
_OF_THE_FORMAT = frozenset({
    "alt", "attachments", "cell_type", "cells", "codemirror_mode", "collapsed", "data", "display_name",
    "editable", "ename", "evalue", "execution_count", "file_extension", "height", "id", "jupyter", "kernelspec",
    "language", "language_info", "metadata", "mimetype", "name", "nbconvert_exporter", "nbformat",
    "nbformat_minor", "needs_background", "output_type", "outputs", "outputs_hidden", "pygments_lexer",
    "scrolled", "source", "source_hidden", "tags", "text", "therapy_review", "traceback", "version", "width",
})
# fmt: on
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")  # in scripts
# As Python and JSON write them; a text that was written down twice has its backslashes doubled.
_WRITTEN = re.compile(
    r"\\+(?:[nrtvf]|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U(000[0-9a-fA-F]{5}|0010[0-9a-fA-F]{4}))"
)


def texts(report: str) -> Iterator[str]:
    """Give what a report holds, text for text: a page is one, a notebook has many, and so has each file within.

    Examples
    --------
    >>> list(texts('<a href="data:text/plain;base64,U2F0dXJkYXk=">x</a>'))
    ['<a href="Saturday">x</a>', 'Saturday']
    """
    parts: Iterator[str] = iter([report.replace(fonts.style(), "")])
    if report.startswith("{"):
        with contextlib.suppress(ValueError):
            parts = strings(json.loads(report))
    for part in parts:
        carried: list[str] = []
        yield drawn(part, carried)
        yield from carried


def drawn(report: str, carried: list[str] | None = None) -> str:
    """Put in place of pictures and files what can be read in them, and of escaped signs the signs."""

    def put(address: re.Match[str]) -> str:
        said = _carried(address)
        if carried is not None and said.strip():
            carried.append(said)
        return said

    return _ESCAPED.sub(lambda sign: chr(int(sign[1], 16)), _ADDRESS.sub(put, report))


def undone(text: str) -> str:
    r"""Read a text as it was before a program wrote it down: ``\n`` ends a line, ``\xe4`` is an ä.

    Examples
    --------
    >>> undone(ascii("Ängste"))
    "'Ängste'"
    >>> undone(repr("at\nhome")).split()
    ["'at", "home'"]
    """
    return _WRITTEN.sub(_sign, text)


def _sign(written: re.Match[str]) -> str:
    number = written[1] or written[2] or written[3]
    return chr(int(number, 16)) if number else " "


def _carried(address: re.Match[str]) -> str:
    """Give what an address holds; a picture made of points says nothing that could be read."""
    kind, data = (address[1] or "").lower(), address[2]
    if data is None:
        return unquote(address[0])
    if kind.startswith("image/") and "svg" not in kind:
        return " "
    signs = re.sub(r"[\s=]", "", unquote(data)).replace("-", "+").replace("_", "/")
    signs = signs[: len(signs) - (len(signs) % 4 == 1)]  # one sign alone is less than a letter
    with contextlib.suppress(ValueError):
        return drawn(b64decode(signs + "=" * (-len(signs) % 4)).decode("utf-8", "replace"))
    return " "


def strings(value: Any) -> Iterator[str]:
    """Give every string of a notebook that is no picture; a text kept line by line is one.

    Names count as well, but for those of a notebook's own parts.
    """
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield "".join(part if isinstance(part, str) else " ".join(strings(part)) for part in value)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name not in ("image/png", "image/jpeg"):
                if name not in _OF_THE_FORMAT and not _KIND.fullmatch(name):
                    yield name
                yield from strings(part)
