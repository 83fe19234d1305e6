"""Private: what a finished report must not hold, taken out where it is known to be, and searched for at the end.

papermill leaves the parameters twice, times, and the folders of this computer; a kernel leaves warnings with paths.
Words of the client's own (notes, marks, what was said) belong into a report only when they were asked for.
"""

from __future__ import annotations

import contextlib
import functools
import html
import json
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import numpy as np

from therapy_review import letters, together_notes
from therapy_review.agreement import SELF_REVIEW
from therapy_review.batch.templates import FOLDER
from therapy_review.errors import TherapyReviewError

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from therapy_review.journal import Journal
    from therapy_review.session import Session

LONG = 24  # letters in a row that two texts share by chance no more
SHORT = 12  # letters; a note as short as this is looked for whole, one that is shorter not at all
ADDED = "injected-parameters"  # the tag papermill gives to the cell it adds
_PICTURE = re.compile(r"data:image/([a-z+]+)(?:;[\w=-]+)*?(?:(;base64),([A-Za-z0-9+/=\s]+)|,[^\"'<>\s]+)")
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
_NUMBERS = re.compile(r"\d+")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")  # in scripts
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


def words_of(session: Session, use: str = SELF_REVIEW) -> list[str]:
    """Gather what the client wrote in words of their own about a session, and what was said in it.

    Parameters
    ----------
    session : Session
    use : str
        What its transcript is opened for.

    Returns
    -------
    list of str
        Free text of the notes, what to bring next, labels and texts of marks, lines of the transcript, and what was
        written down together with the therapist.
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
        texts += session.transcript(use)["text"].tolist()
    with contextlib.suppress(TherapyReviewError):
        texts += together_notes.kept(session)["text"].tolist()
    return [text for text in texts if text.strip()]


def words_beside(journal: Journal) -> list[str]:
    """Gather what the client wrote between the sessions: letters, and notes of days.

    Parameters
    ----------
    journal : Journal

    Returns
    -------
    list of str
    """
    texts: list[str] = []
    with contextlib.suppress(TherapyReviewError):
        texts += journal.days["note"].fillna("").astype(str).tolist()
    with contextlib.suppress(TherapyReviewError, UnicodeDecodeError):
        texts += [one.text for one in letters.read(journal.store.read(letters.FILE).decode())]
    return [text for text in texts if text.strip()]


class Private:
    """Texts that are to stay private, made ready to be searched for in many reports.

    Of each text only every thirteenth stretch of twelve letters is kept as a number, for any 24 letters in a row
    hold one of them whole. What shares such a stretch with a report is then compared letter by letter.

    Parameters
    ----------
    texts : iterable of str
        From `words_of` and `words_beside`.
    known : str
        What is no secret though a client may have written the same: what a page says of itself; from `our_words`.
    """

    def __init__(self, texts: Iterable[str], known: str = "") -> None:
        self._known = f"{known} {_NUMBERS.sub('', known)}"
        plain = {text for whole in map(_letters, texts) for text in (whole, _NUMBERS.sub("", whole))}
        self._texts = sorted(text for text in plain if len(text) >= SHORT)
        stretches = [
            (hash(plain[at : at + SHORT]), number)
            for number, plain in enumerate(self._texts)
            for at in range(0, len(plain) - SHORT + 1, LONG - SHORT + 1)
        ]
        found = np.array(stretches, dtype=np.int64).reshape(-1, 2)
        found = found[found[:, 0].argsort()]
        self._hashes, self._owners = found[:, 0].copy(), found[:, 1].copy()

    def held_in(self, report: str) -> bool:
        """Tell whether a report holds any of them, whole or in part.

        Words in its text, in attributes, comments and scripts and in drawings (SVG) are found. A picture made of
        points (PNG, JPEG) can't be searched: what a template draws into one stays unseen, and so does a text it
        takes apart, with other words between its own.

        Parameters
        ----------
        report : str
            HTML or a notebook's JSON.

        Returns
        -------
        bool
            True when 24 letters in a row, or the whole of a shorter text of 12 or more, are the same; signs, spaces
            and markup between them count for nothing.
        """
        return any(self._held_in(plain) for plain in _readings(report))

    def _held_in(self, plain: str) -> bool:
        count = len(plain) - SHORT + 1
        there = np.unique(np.fromiter((hash(plain[at : at + SHORT]) for at in range(count)), np.int64))
        first, last = (np.searchsorted(self._hashes, there, side) for side in ("left", "right"))
        shared = [self._owners[start:end] for start, end in zip(first, last, strict=True) if end > start]
        if not shared:
            return False
        windows = {plain[at : at + LONG] for at in range(len(plain) - LONG + 1)}
        for text in (self._texts[number] for number in np.unique(np.concatenate(shared))):
            if len(text) < LONG:
                found = [text] if text in plain else []
            else:
                found = [w for at in range(len(text) - LONG + 1) if (w := text[at : at + LONG]) in windows]
            if any(one not in self._known for one in found):
                return True
        return False


def holds_words(report: str, words: Iterable[str]) -> bool:
    """Tell whether a report holds words that are to stay private; see `Private`.

    Parameters
    ----------
    report : str
        HTML or a notebook's JSON.
    words : iterable of str
        From `words_of`.

    Returns
    -------
    bool

    Examples
    --------
    >>> holds_words("<p>I said <b>nothing</b> about the boat at all.</p>", ["Nothing about the boat at all"])
    True
    >>> holds_words("<p>The longest silence, 9 seconds.</p>", ["I was silent for a long time"])
    False
    """
    return Private(words).held_in(report)


def our_words(template: str) -> str:
    """Give what the program, the notebooks that come along and a template say, as letters alone.

    Parameters
    ----------
    template : str
        Its source.

    Returns
    -------
    str
    """
    return f"{_program_words()} {_letters(template)}"


@functools.cache
def _program_words() -> str:
    package = Path(__file__).resolve().parents[1]
    sources = [*package.rglob("*.py"), *package.glob("*.html"), *FOLDER.glob("*.ipynb")]
    return " ".join(_letters(path.read_text(encoding="utf-8")) for path in sorted(sources))


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


def _readings(report: str) -> set[str]:
    """Read a report as its letters alone, in every way in which words may stand in it.

    As HTML; as plain text, in which ``<`` is just a sign; as an address, in which ``%20`` is a space; and as HTML
    without numbers, for those of a table's rows stand between its words.
    """
    if report.startswith("{"):
        with contextlib.suppress(ValueError):
            report = " ".join(strings(json.loads(report)))
    report = drawn(report)
    seen, plain = html.unescape(re.sub(r"<[^<>]*>", _attributes, report)), html.unescape(report)
    return {*map(_letters, (seen, plain, unquote(plain))), _NUMBERS.sub("", _letters(seen))}


def drawn(report: str) -> str:
    """Put in place of pictures what can be read in them, and of escaped signs the signs.

    Parameters
    ----------
    report : str

    Returns
    -------
    str
    """
    return _ESCAPED.sub(lambda sign: chr(int(sign[1], 16)), _PICTURE.sub(_drawn, report))


def _drawn(picture: re.Match[str]) -> str:
    """Give a drawing as the markup it is; a picture made of points says nothing that could be read."""
    kind, encoded, data = picture.groups()
    if not encoded:
        return unquote(picture[0])
    if "svg" not in kind:
        return " "
    with contextlib.suppress(ValueError):
        return b64decode(data).decode("utf-8", "replace")
    return " "


def _letters(text: str) -> str:
    """Reduce a text to its letters and digits, so that line breaks, signs and quotes hide nothing."""
    return "".join(filter(str.isalnum, text.casefold()))


def _attributes(tag: re.Match[str]) -> str:
    # Of a tag only what a person may read or hear counts, so that words around it are still next to each other.
    said = re.findall(r"(?:alt|title|aria-label)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", tag[0])
    return f" {' '.join(map(''.join, said))} " if said else ""


def strings(value: Any) -> Iterator[str]:
    """Give every string of a notebook that is no picture; a text kept line by line is one.

    Names count as well, but for those of a notebook's own parts.

    Parameters
    ----------
    value : object
        Plain values, as from JSON.

    Yields
    ------
    str
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
