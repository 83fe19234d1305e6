"""Private: what a finished report must not hold, taken out where it is known to be, and searched for at the end.

papermill leaves the parameters twice, times, and the folders of this computer; a kernel leaves warnings with paths.
Words of the client's own (notes, marks, what was said) belong into a report only when they were asked for.
"""

from __future__ import annotations

import contextlib
import functools
import html
import re
from calendar import day_abbr, day_name, month_abbr, month_name
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import unquote

import numpy as np

from therapy_review.consent import SELF_REVIEW
from therapy_review.errors import TherapyReviewError
from therapy_review.journal import letters, shared_notes
from therapy_review.reports.privacy import texts as reading
from therapy_review.wording import NOTEBOOKS, PACKAGE

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from numpy.typing import NDArray

    from therapy_review.journal import Journal, Session

LONG = 24  # letters in a row that two texts share by chance no more
SHORT = 12  # letters; a text, line or sentence as short as this is looked for whole, a shorter one not at all
ADDED = "injected-parameters"  # the tag papermill gives to the cell it adds
_ODD = np.uint64(0x9E3779B97F4A7C15)  # to mix numbers with; any large odd one does
_ALNUM = re.compile(r"[^\W_]+")
_ENDS = re.compile(r"[.!?…;]+[^\w\s]*\s+|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")  # of sentences and lines
_OF_DATES = "|".join(filter(None, (*day_name, *day_abbr, *month_name, *month_abbr)))
_DATES = re.compile(rf"\b(?:{_OF_DATES})\b", re.IGNORECASE)
_NUMBERS = re.compile(r"\d+")
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
        texts += shared_notes.kept(session)["text"].tolist()
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
        plain: set[str] = set()
        for text in texts:
            plain |= {whole := _letters(text), _NUMBERS.sub("", whole)}
            plain |= _short_parts(text)
        self._texts = sorted(text for text in plain if len(text) >= SHORT)
        stretches = [
            (text[at : at + SHORT], number)
            for number, text in enumerate(self._texts)
            for at in range(0, len(text) - SHORT + 1, LONG - SHORT + 1)
        ]
        found = _as_numbers("".join(stretch for stretch, _ in stretches))[::SHORT]
        order = found.argsort()
        self._hashes, self._owners = found[order], np.array([number for _, number in stretches], int)[order]

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
            True when 24 letters in a row, or the whole of a shorter text, line or sentence of 12 or more, are the
            same; signs, spaces and markup between them count for nothing.
        """
        return any(self._held_in(plain) for plain in _readings(report))

    def _held_in(self, plain: str) -> bool:
        there = np.unique(_as_numbers(plain))
        first, last = (np.searchsorted(self._hashes, there, side) for side in ("left", "right"))
        shared = [self._owners[start:end] for start, end in zip(first, last, strict=True) if end > start]
        if not shared:
            return False
        windows = {plain[at : at + LONG] for at in range(len(plain) - LONG + 1)}
        for text in (self._texts[number] for number in np.unique(np.concatenate(shared))):
            if len(text) < LONG:
                # Where the program says "{n} minutes of silence", a line with any number in it is no secret.
                bare = _NUMBERS.sub("", text)
                found = [bare if len(bare) >= SHORT else text] if text in plain else []
            else:
                found = [w for at in range(len(text) - LONG + 1) if (w := text[at : at + LONG]) in windows]
            if any(one not in self._known for one in found):
                return True
        return False


def holds_words(report: str, words: Iterable[str], known: Iterable[str] = ()) -> bool:
    """Tell whether a report holds words that are to stay private; see `Private`.

    Parameters
    ----------
    report : str
        HTML or a notebook's JSON.
    words : iterable of str
        From `words_of`.
    known : iterable of str
        Texts that are no secret.

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
    return Private(words, " ".join(map(_letters, known))).held_in(report)


def our_words(template: str, named: Iterable[str] = ()) -> str:
    """Give what the program, the notebooks that come along and a template say, as letters alone.

    Parameters
    ----------
    template : str
        Its source.
    named : iterable of str
        What a report says beside: who is in the journal, and where they meet.

    Returns
    -------
    str
    """
    return " ".join(
        [_program_words(), _letters(template), _letters(reading.undone(template)), *map(_letters, named)]
    )


@functools.cache
def _program_words() -> str:
    sources = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.html"), *NOTEBOOKS.glob("*.ipynb")]
    texts = [path.read_text(encoding="utf-8") for path in sorted(sources)]
    # In a source a line's end is written as backslash and n, in a report it is none.
    return " ".join(_letters(way) for text in texts for way in (text, reading.undone(text)))


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

    As HTML; as plain text, in which ``<`` is just a sign; as an address, in which ``%20`` is a space; both as a
    program writes a text down, with signs behind backslashes; and as HTML without numbers, for those of a table's
    rows stand between its words.
    """
    report = " ".join(reading.texts(report))
    seen, plain = html.unescape(re.sub(r"<[^<>]*>", _attributes, report)), html.unescape(report)
    tables = {*map(_letters, {seen, reading.undone(seen)})}
    others = {*map(_letters, {plain, unquote(plain), reading.undone(plain)})}
    return {*tables, *others, *(_NUMBERS.sub("", table) for table in tables)}


def _letters(text: str) -> str:
    """Reduce a text to its letters and digits, so that line breaks, signs and quotes hide nothing."""
    return "".join(_ALNUM.findall(text.casefold()))


def _as_numbers(plain: str) -> NDArray[np.uint64]:
    """Give a number for every twelve letters in a row, the same for the same letters."""
    signs = np.frombuffer(plain.encode("utf-32-le"), np.uint32).astype(np.uint64)
    count = max(len(signs) - SHORT + 1, 0)
    found = np.zeros(count, np.uint64)
    for at in range(SHORT):
        found *= _ODD  # what is too large for 64 bits falls off
        found += signs[at : at + count]
    return found


def _short_parts(text: str) -> set[str]:
    """Give a text's lines and sentences that are too short to be found as a part of the whole.

    Each with its numbers and without. A date says nothing that is not said by the report's heading, so the letters
    of its names do not count.
    """
    found: set[str] = set()
    for part in _ENDS.split(text):
        if len(plain := _letters(part)) < SHORT:
            continue
        bare = _NUMBERS.sub("", plain)
        if len(bare) < LONG and len(_NUMBERS.sub("", _letters(_DATES.sub("", part)))) >= SHORT:
            found |= {each for each in (plain, bare) if SHORT <= len(each) < LONG}
    return found


def _attributes(tag: re.Match[str]) -> str:
    # Of a tag only what a person may read or hear counts, so that words around it are still next to each other.
    said = re.findall(r"(?:alt|title|aria-label)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", tag[0])
    return f" {' '.join(map(''.join, said))} " if said else ""
