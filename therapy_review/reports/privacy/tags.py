"""Mood tags: the client's own words for moods, searched for in a finished report.

They are short, so letters in a row can't tell them: a tag is found where its words stand next to each other, whole.
Words that a page says of itself ("calm", "you") are let pass, since there they tell nothing.
"""

from __future__ import annotations

import ast
import calendar
import contextlib
import functools
import html
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from therapy_review.errors import TherapyReviewError
from therapy_review.journal import days
from therapy_review.reports.privacy import texts as reading
from therapy_review.reports.privacy.texts import strings
from therapy_review.wording import NOTEBOOKS, PACKAGE

if TYPE_CHECKING:
    from therapy_review.journal import Journal

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


def tags_of(journal: Journal) -> list[str]:
    """Gather a journal's words for moods: of every session, and of the days between.

    Parameters
    ----------
    journal : Journal

    Returns
    -------
    list of str
    """
    found: set[str] = set()
    for session in journal.sessions:
        with contextlib.suppress(TherapyReviewError):  # what can't be read can't be shown either
            found.update(map(str, session.notes.tags))
    with contextlib.suppress(TherapyReviewError):
        found.update(days.tags(journal.days)["tag"].astype(str))
    return sorted(found)


class MoodTags:
    """Words for moods, made ready to be searched for in many reports.

    Parameters
    ----------
    tags : iterable of str
        From `tags_of`.
    known : iterable of str
        Texts whose words are no secret; from `said_anyway`.

    Examples
    --------
    >>> tags = MoodTags(["calm", "missing Ada"], ["Choose a calm place."])
    >>> tags.held_in("<p>Your words: <b>Missing Ada</b>.</p>"), tags.held_in("<p>A calm hour, nothing missing.</p>")
    (True, False)
    """

    def __init__(self, tags: Iterable[str], known: Iterable[str] = ()) -> None:
        own = {words for tag in tags if any(map(str.isalpha, "".join(words := _words(tag))))}
        passing = _found(own, (_words(text) for text in known))
        self._tags = own - passing

    def held_in(self, report: str) -> bool:
        """Tell whether a report names one of them.

        Parameters
        ----------
        report : str
            HTML or a notebook's JSON.

        Returns
        -------
        bool
        """
        return bool(_found(self._tags, map(_words, _texts(report))))


def said_anyway(journal: Journal, template: str, parameters: Iterable[object]) -> list[str]:
    """Give texts that a report may hold though a client uses the same words for moods.

    Parameters
    ----------
    journal : Journal
    template : str
        Its source.
    parameters : iterable of object
        What the client gave to it.

    Returns
    -------
    list of str
        What the program and the template say, names of days and months, and of those who are in the journal.
    """
    named = [value for value in journal.settings.values() if isinstance(value, str)]
    own = [*strings(json.loads(template)), *map(str, parameters)]
    return [*_program_says(), *own, *map(reading.undone, own), *named, journal.therapist, journal.name]


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
    dates: list[Iterable[str]] = [
        calendar.day_name,
        calendar.day_abbr,
        calendar.month_name,
        calendar.month_abbr,
    ]
    return (*said, *(each for names in dates for each in names), _OF_NOTEBOOKS)


def _texts(report: str) -> Iterator[str]:
    """Read a report as a person does, text for text."""
    for text in reading.texts(report):
        seen = html.unescape(_TAG.sub(_said, text))
        yield from {seen, reading.undone(seen)}


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
