r"""What a finished report must not hold, taken out where it is known to be, and searched for at the end.

papermill leaves the parameters twice, times, and the folders of this computer; a kernel leaves warnings with paths.
Words of the client's own (notes, marks, what was said) belong into a report only when they were asked for. They may
stand in it as HTML, in a notebook's JSON, in a drawing, in a file that can be downloaded from within the page, or
as a program writes a text down for itself, with ``\n`` for the end of a line.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import html
import json
import re
from base64 import b64decode
from calendar import day_abbr, day_name, month_abbr, month_name
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import numpy as np

from therapy_review import fonts
from therapy_review.consent import SELF_REVIEW
from therapy_review.errors import TherapyReviewError
from therapy_review.journal import days, letters, shared_notes
from therapy_review.wording import NOTEBOOKS, PACKAGE

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from numpy.typing import NDArray

    from therapy_review.journal import Journal, Session

LONG = 24  # letters in a row that two texts share by chance no more
SHORT = 12  # letters; a text, line or sentence as short as this is looked for whole, a shorter one not at all
ADDED = "injected-parameters"  # the tag papermill gives to the cell it adds
_ODD = np.uint64(0x9E3779B97F4A7C15)  # to mix numbers with; any large odd one does
_ENDS = re.compile(r"[.!?…;]+[^\w\s]*\s+|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")  # of sentences and lines
_OF_DATES = "|".join(filter(None, (*day_name, *day_abbr, *month_name, *month_abbr)))
_DATES = re.compile(rf"\b(?:{_OF_DATES})\b", re.IGNORECASE)
_NUMBERS = re.compile(r"\d+")
_SOUND = re.compile(r"<(?:audio|video)\b|data:(?:audio|video)/|\"(?:audio|video)/[\w.+-]+\"", re.IGNORECASE)
Words = tuple[str, ...]
_WORD = re.compile(r"[^\W_]+")
_TAG = re.compile(r"<!--|-->|<[^<>]*>")
# Of a tag's attributes those that say something; the others are how a page is built.
_SAYS = re.compile(
    r"\b(?:alt|title|aria-label|value|placeholder|data-[\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')"
)
_OF_NOTEBOOKS = (
    "code markdown raw stream stdout error display data execute result text plain python ipython x nbconvert"
)
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


def tidied(notebook: NotebookNode) -> NotebookNode:
    """Take out of an executed notebook what papermill and the kernel left about this run and this computer.

    Two runs of one template on one session give one and the same; it is changed in place.
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
    """Gather what the client wrote in their own words about a session, and what was said in it, as `use` opens it.

    That is the text of notes, what to bring next, labels and texts of marks, lines of the transcript, and what was
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
    """Gather what the client wrote between the sessions: letters, and notes of days."""
    texts: list[str] = []
    with contextlib.suppress(TherapyReviewError):
        texts += journal.days["note"].fillna("").astype(str).tolist()
    with contextlib.suppress(TherapyReviewError, UnicodeDecodeError):
        texts += [one.text for one in letters.read(journal.store.read(letters.FILE).decode())]
    return [text for text in texts if text.strip()]


class Private:
    """Texts that are to stay private, made ready to be searched for in many reports.

    Of each text only every thirteenth stretch of twelve letters is kept as a number, for any 24 letters in a row
    hold one of them whole. What shares such a stretch with a report is then compared letter by letter. `known` is
    no secret though a client may have written the same: what a page says of itself, from `our_words`.
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

        It does when 24 letters in a row, or the whole of a shorter text, line or sentence of 12 or more, are the
        same; signs, spaces and markup between them count for nothing. Words in its text, in attributes, comments
        and scripts and in drawings (SVG) are found. A picture made of points (PNG, JPEG) can't be searched: what a
        template draws into one stays unseen, and so does a text it takes apart, with other words between its own.
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
    """Tell whether a report, HTML or a notebook's JSON, holds words that are to stay private; see `Private`."""
    return Private(words, " ".join(map(_letters, known))).held_in(report)


def our_words(template: str, named: Iterable[str] = ()) -> str:
    """Give what the program, the notebooks that come along and a template's source say, as letters alone.

    What a report says beside is `named`: who is in the journal, and where they meet.
    """
    return " ".join([_program_words(), _letters(template), _letters(undone(template)), *map(_letters, named)])


@functools.cache
def _program_words() -> str:
    sources = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.html"), *NOTEBOOKS.glob("*.ipynb")]
    texts = [path.read_text(encoding="utf-8") for path in sorted(sources)]
    # In a source a line's end is written as backslash and n, in a report it is none.
    return " ".join(_letters(way) for text in texts for way in (text, undone(text)))


def holds_sound(report: str) -> bool:
    """Tell whether a report, HTML or a notebook's JSON, holds, or would play, sound or video."""
    return bool(_SOUND.search(report))


def _readings(report: str) -> set[str]:
    """Read a report as its letters alone, in every way in which words may stand in it.

    As HTML; as plain text, in which ``<`` is just a sign; as an address, in which ``%20`` is a space; both as a
    program writes a text down, with signs behind backslashes; and as HTML without numbers, for those of a table's
    rows stand between its words.
    """
    report = " ".join(texts(report))
    seen, plain = html.unescape(re.sub(r"<[^<>]*>", _attributes, report)), html.unescape(report)
    tables = {*map(_letters, {seen, undone(seen)})}
    others = {*map(_letters, {plain, unquote(plain), undone(plain)})}
    return {*tables, *others, *(_NUMBERS.sub("", table) for table in tables)}


def _letters(text: str) -> str:
    """Reduce a text to its letters and digits, so that line breaks, signs and quotes hide nothing."""
    return "".join(_WORD.findall(text.casefold()))


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


def tags_of(journal: Journal) -> list[str]:
    """Gather a journal's words for moods: of every session, and of the days between."""
    found: set[str] = set()
    for session in journal.sessions:
        with contextlib.suppress(TherapyReviewError):  # what can't be read can't be shown either
            found.update(map(str, session.notes.tags))
    with contextlib.suppress(TherapyReviewError):
        found.update(days.tags(journal.days)["tag"].astype(str))
    return sorted(found)


class MoodTags:
    """Words for moods, made ready to be searched for in many reports.

    They are short, so letters in a row can't tell them: a tag is found where its words stand next to each other,
    whole. What a page says of itself ("calm", "you"), from `said_anyway`, is let pass, for there it tells nothing.
    """

    def __init__(self, tags: Iterable[str], known: Iterable[str] = ()) -> None:
        own = {words for tag in tags if any(map(str.isalpha, "".join(words := _words(tag))))}
        passing = _found(own, (_words(text) for text in known))
        self._tags = own - passing

    def held_in(self, report: str) -> bool:
        """Tell whether a report names one of them."""
        return bool(_found(self._tags, map(_words, _texts(report))))


def said_anyway(journal: Journal, template: str, parameters: Iterable[object]) -> list[str]:
    """Give texts that a report may hold though a client uses the same words for moods.

    They are what the program, the template's source and its parameters say, and names of days, months and people.
    """
    named = [value for value in journal.settings.values() if isinstance(value, str)]
    own = [*strings(json.loads(template)), *map(str, parameters)]
    return [*_program_says(), *own, *map(undone, own), *named, journal.therapist, journal.name]


@functools.cache
def _program_says() -> tuple[str, ...]:
    """Gather what the program can say: the texts in its source, without comments and descriptions."""
    said = list[str]()
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        beside = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        said += [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in beside
        ]
    said += [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.html")]
    for path in NOTEBOOKS.glob("*.ipynb"):
        said += strings(json.loads(path.read_text(encoding="utf-8")))
    return (*said, *day_name, *day_abbr, *month_name, *month_abbr, _OF_NOTEBOOKS)


def _texts(report: str) -> Iterator[str]:
    """Read a report as a person does, text for text."""
    for text in texts(report):
        seen = html.unescape(_TAG.sub(_said, text))
        yield from {seen, undone(seen)}


def _said(tag: re.Match[str]) -> str:
    return f" {' '.join(''.join(found) for found in _SAYS.findall(tag[0]))} "


def _words(text: str) -> Words:
    return tuple(_WORD.findall(text.casefold()))


def _found(tags: set[Words], texts: Iterable[Words]) -> set[Words]:
    """Choose the tags whose words stand next to each other in one of the texts."""
    by_first, found = defaultdict[str, list[Words]](list), set[Words]()
    for tag in tags:
        by_first[tag[0]].append(tag)
    for text in texts:
        for at, word in enumerate(text):
            found.update(tag for tag in by_first.get(word, ()) if text[at : at + len(tag)] == tag)
    return found


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
