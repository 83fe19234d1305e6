"""What a notebook shows where nobody can press a button: in a batch run, a report, a printed page.

A widget has no meaning once its kernel is gone. While papermill runs a notebook, every live part therefore shows
its still form, plain HTML that says what would be there and how to get it.
"""

from __future__ import annotations

import html
import os

SHOWN, LEFT_OUT = "shown", "left out"  # what a report does with the client's own sentences
STILL = "THERAPY_REVIEW_STILL"  # set for kernels whose notebook is only going to be read
OPENS = "THERAPY_REVIEW_OPENS"  # the command by which their reader opens the journal; none where others read


class Still:
    """A piece of HTML a notebook shows as it is.

    Parameters
    ----------
    markup : str
        HTML.
    text : str
        The same in plain words.
    """

    def __init__(self, markup: str, text: str = "") -> None:
        self.markup = markup
        self.text = text

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.markup, "text/plain": self.text or html.unescape(self.markup)}


def is_still() -> bool:
    """Tell whether this kernel's notebook is only going to be read.

    Returns
    -------
    bool
    """
    return bool(os.environ.get(STILL))


def how_to_open() -> str:
    """Give the command by which the reader opens the journal, as HTML; empty in a page for others."""
    return code(opens) if (opens := os.environ.get(OPENS)) else ""


def how_to_start() -> str:
    """Say how what is still here comes alive, as the beginning of a sentence.

    Returns
    -------
    str
        HTML.

    Examples
    --------
    >>> how_to_start()
    'Open the workbook and choose Run ▸ Run All Cells'
    """
    opened = f" with {how_to_open()}" if how_to_open() else ""
    return f"Open the workbook{opened} and choose Run ▸ Run All Cells"


def code(line: str) -> str:
    """Show a line that can be typed, as HTML.

    Parameters
    ----------
    line : str

    Returns
    -------
    str

    Examples
    --------
    >>> code("therapy-review add FILE --journal 'a & b'")
    "<code>therapy-review add FILE --journal 'a &amp; b'</code>"
    """
    return f"<code>{html.escape(line, quote=False)}</code>"
