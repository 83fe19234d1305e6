"""Private: what a finished report must not hold, taken out where it is known to be, and searched for at the end.

papermill leaves the parameters twice, times, and the folders of this computer; a kernel leaves warnings with paths.
Words of the client's own (notes, marks, what was said) belong into a report only when they were asked for.
"""

from __future__ import annotations

import contextlib
import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from therapy_review.errors import TherapyReviewError

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from therapy_review.session import Session

LONG = 24  # letters in a row that two texts share by chance no more
SHORT = 12  # letters; a note as short as this is looked for whole, one that is shorter not at all
ADDED = "injected-parameters"  # the tag papermill gives to the cell it adds
_PICTURE = re.compile(r"data:image/[a-z+]+;base64,[A-Za-z0-9+/=\s]+")
_SOUND = re.compile(r"<(?:audio|video)\b|data:(?:audio|video)/|\"(?:audio|video)/[\w.+-]+\"", re.IGNORECASE)


def tidied(notebook: NotebookNode) -> NotebookNode:
    """Take out of an executed notebook what papermill and the kernel left about this run and this computer.

    Parameters
    ----------
    notebook : NotebookNode
        Changed in place.

    Returns
    -------
    NotebookNode
        The same; two runs of one template on one session give one and the same.
    """
    for name in ("papermill", "widgets"):
        notebook.metadata.pop(name, None)
    for cell in notebook.cells:
        for name in ("papermill", "execution"):
            cell.metadata.pop(name, None)
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]  # papermill gives an empty list to every cell
        if ADDED in cell.metadata.get("tags", []):
            cell.metadata["jupyter"], cell["id"] = {"source_hidden": True}, ADDED
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    return notebook


def words_of(session: Session) -> list[str]:
    """Gather what the client wrote in words of their own about a session, and what was said in it.

    Parameters
    ----------
    session : Session

    Returns
    -------
    list of str
        Free text of the notes, what to bring next, labels and texts of marks, lines of the transcript.
    """
    # What can't be read can't be shown either.
    texts: list[str] = []
    with contextlib.suppress(TherapyReviewError):
        written = session.notes
        texts += [written.text, written.bring_next]
    with contextlib.suppress(TherapyReviewError):
        marks = session.marks
        texts += [*marks["label"].fillna("").tolist(), *marks["text"].fillna("").tolist()]
    with contextlib.suppress(TherapyReviewError):
        texts += session.transcript()["text"].tolist()
    return [text for text in texts if text.strip()]


def holds_words(report: str, words: Iterable[str]) -> bool:
    """Tell whether a report holds words that are to stay private, whole or in part.

    Parameters
    ----------
    report : str
        HTML or a notebook's JSON.
    words : iterable of str
        From `words_of`.

    Returns
    -------
    bool
        True when 24 letters in a row, or the whole of a shorter text of 12 or more, are the same; signs, spaces and
        markup between them count for nothing.

    Examples
    --------
    >>> holds_words("<p>I said <b>nothing</b> about the boat at all.</p>", ["Nothing about the boat at all"])
    True
    >>> holds_words("<p>The longest silence, 9 seconds.</p>", ["I was silent for a long time"])
    False
    """
    readings = _readings(report)
    windows = {plain[at : at + LONG] for plain in readings for at in range(len(plain) - LONG + 1)}
    for text in map(_letters, words):
        if len(text) < LONG:
            if len(text) >= SHORT and any(text in plain for plain in readings):
                return True
        elif any(text[at : at + LONG] in windows for at in range(len(text) - LONG + 1)):
            return True
    return False


def holds_sound(report: str) -> bool:
    """Tell whether a report holds, or would play, sound or video.

    Parameters
    ----------
    report : str
        HTML or a notebook's JSON.

    Returns
    -------
    bool

    Examples
    --------
    >>> holds_sound('<audio src="data:audio/wav;base64,UklGR">'), holds_sound("<p>audio/visual</p>")
    (True, False)
    """
    return bool(_SOUND.search(report))


def _readings(report: str) -> tuple[str, str]:
    """Read a report as its letters alone: once as HTML, and once as plain text, in which ``<`` is just a sign."""
    if report.startswith("{"):
        with contextlib.suppress(ValueError):
            report = " ".join(_strings(json.loads(report)))
    report = _PICTURE.sub(" ", report)
    return _letters(html.unescape(re.sub(r"<[^<>]*>", _attributes, report))), _letters(html.unescape(report))


def _letters(text: str) -> str:
    """Reduce a text to its letters and digits, so that line breaks, signs and quotes hide nothing."""
    return "".join(filter(str.isalnum, text.casefold()))


def _attributes(tag: re.Match[str]) -> str:
    # Of a tag only what a person may read or hear counts, so that words around it are still next to each other.
    said = re.findall(r"(?:alt|title|aria-label)\s*=\s*\"([^\"]*)\"", tag[0])
    return f" {' '.join(said)} " if said else ""


def _strings(value: Any) -> Iterator[str]:
    """Give every string of a notebook that is no picture; a text kept line by line is one."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield "".join(part if isinstance(part, str) else " ".join(_strings(part)) for part in value)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name not in ("image/png", "image/jpeg"):
                yield from _strings(part)
