"""Scales: questionnaires whose totals are kept with a session, and what a difference between two totals can mean.

A total is a sum of answers, or a number brought from elsewhere. PHQ-9 and GAD-7 are here with their questions, for
these are in the public domain; whatever else a client fills in is a number with a name and a range, described in
``journal.toml``::

    [scales.sleep]
    name = "Sleep, from my diary"
    low = 0
    high = 10
    higher_is = "easier"        # or "harder"; left out where neither is true
    reliable_change = 3         # if it is known, with `change_source`

The same keys under ``[scales.phq9]`` and ``[scales.gad7]`` take the place of what stands here, and
``only_total = true`` asks for the total in place of the questions. ``cut_off``, ``reliable_change`` and their
sources ``cut_off_source``, ``change_source`` may be given for every scale.

What a form adds lies in ``scales.toml``, one part each, as under ``[scales]`` of the settings, which win. The
settings of a sealed journal can be read without its passphrase; what somebody counts of themselves is sealed with
the rest.

What is said of two totals says how they differ, and whether answers vary as much by themselves. It never says what
that means.

References
----------
K. Kroenke, R. L. Spitzer & J. B. W. Williams (2001), The PHQ-9, J. Gen. Intern. Med. 16, 606-613.
R. L. Spitzer, K. Kroenke, J. B. W. Williams & B. Löwe (2006), A brief measure for assessing generalized anxiety
disorder: the GAD-7, Arch. Intern. Med. 166, 1092-1097.
NHS England, NHS Talking Therapies for anxiety and depression manual: cut-offs 10 and 8, reliable change 6 and 4.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from therapy_review.errors import JournalError
from therapy_review.storage import Store, if_there

FILE = "scales.toml"
OFTEN = ("Not at all", "Several days", "More than half the days", "Nearly every day")
HIGHER_IS = ("harder", "easier", "")
LOWER, HIGHER, WITHIN, UNKNOWN = "lower", "higher", "within error", "unknown"
MANUAL = "NHS Talking Therapies manual"
OWN = "your journal.toml"
_NUMBERS = ("low", "high", "cut_off", "reliable_change")


@dataclass(frozen=True)
class Scale:
    """A questionnaire or a number of the client's own.

    Parameters
    ----------
    key : str
        What its total is called in the notes, as in ``phq9``.
    name : str
        What it is called to read.
    low, high : float
        The smallest and the largest total.
    higher_is : str
        ``harder``, ``easier``, or empty where neither is true.
    question : str
        What is asked before the items.
    items : tuple of str
        The questions, word for word; none where only the total is known.
    options : tuple of str
        The answers to choose from; the first counts 0, the next 1, and so on.
    cut_off : float or None
        From this total on, services look more closely.
    reliable_change : float or None
        A difference of this size or more is more than measurement error usually gives.
    cut_off_source, change_source : str
        Where the two numbers are from.
    made_by : str
        Whose work the questions are.
    tender : tuple of int
        Items, counted from 0, at which it is said where help can be found when they are answered above 0.
    only_total : bool
        Whether the client would rather give the total alone.
    """

    key: str
    name: str
    low: float
    high: float
    higher_is: str = ""
    question: str = ""
    items: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    cut_off: float | None = None
    reliable_change: float | None = None
    cut_off_source: str = ""
    change_source: str = ""
    made_by: str = ""
    tender: tuple[int, ...] = ()
    only_total: bool = False

    @property
    def asks(self) -> bool:
        """Whether its questions are asked, and not the total alone."""
        return bool(self.items) and not self.only_total


PHQ9 = Scale(
    key="phq9",
    name="PHQ-9",
    low=0,
    high=27,
    higher_is="harder",
    question="Over the last 2 weeks, how often have you been bothered by any of the following problems?",
    items=(
        "Little interest or pleasure in doing things",
        "Feeling down, depressed, or hopeless",
        "Trouble falling or staying asleep, or sleeping too much",
        "Feeling tired or having little energy",
        "Poor appetite or overeating",
        "Feeling bad about yourself — or that you are a failure or have let yourself or your family down",
        "Trouble concentrating on things, such as reading the newspaper or watching television",
        "Moving or speaking so slowly that other people could have noticed? Or the opposite — being so fidgety "
        "or restless that you have been moving around a lot more than usual",
        "Thoughts that you would be better off dead or of hurting yourself in some way",
    ),
    options=OFTEN,
    cut_off=10,
    reliable_change=6,
    cut_off_source="Kroenke, Spitzer & Williams 2001",
    change_source=MANUAL,
    made_by="Developed by Robert L. Spitzer, Janet B. W. Williams, Kurt Kroenke and colleagues",
    tender=(8,),
)
GAD7 = Scale(
    key="gad7",
    name="GAD-7",
    low=0,
    high=21,
    higher_is="harder",
    question="Over the last 2 weeks, how often have you been bothered by the following problems?",
    items=(
        "Feeling nervous, anxious or on edge",
        "Not being able to stop or control worrying",
        "Worrying too much about different things",
        "Trouble relaxing",
        "Being so restless that it is hard to sit still",
        "Becoming easily annoyed or irritable",
        "Feeling afraid as if something awful might happen",
    ),
    options=OFTEN,
    cut_off=8,
    reliable_change=4,
    cut_off_source=MANUAL,
    change_source=MANUAL,
    made_by=PHQ9.made_by,
)
BUILT_IN_SCALES = {scale.key: scale for scale in (PHQ9, GAD7)}
_MAY_SET = {f.name for f in fields(Scale)} - {"key", "question", "items", "options", "made_by", "tender"}


def scales_of(settings: Mapping[str, Any], where: str) -> dict[str, Scale]:
    """Give the scales of a journal: the built-in ones, as its settings change them, then the client's own.

    Examples
    --------
    >>> own = {"scales": {"sleep": {"name": "Sleep", "low": 0, "high": 10, "higher_is": "easier"}}}
    >>> list(scales_of(own, "journal.toml"))
    ['phq9', 'gad7', 'sleep']
    """
    told = settings.get("scales", {})
    if not isinstance(told, Mapping) or not all(isinstance(one, Mapping) for one in told.values()):
        raise JournalError(f"The scales in {where} need a part of their own each, as in [scales.sleep].")
    found = dict(BUILT_IN_SCALES)
    for key, values in told.items():
        found[key] = _scale(key, values, f"[scales.{key}] in {where}")
    return found


def _scale(key: str, values: Mapping[str, Any], part: str) -> Scale:
    if unknown := sorted(set(values) - _MAY_SET):
        raise JournalError(
            f"{part} says {', '.join(unknown)}, which no scale has; it may say {', '.join(sorted(_MAY_SET))}."
        )
    values = dict(values)
    for name in _NUMBERS:
        if name in values and not _is_number(values[name]):
            raise JournalError(f"{name} of {part} is {values[name]}; write it as a number.")
    for number, source in (("cut_off", "cut_off_source"), ("reliable_change", "change_source")):
        if number in values:  # another number is not from the source of the first
            values.setdefault(source, OWN)
    if key in BUILT_IN_SCALES:
        scale = replace(BUILT_IN_SCALES[key], **values)
    elif missing := [name for name in ("name", "low", "high") if name not in values]:
        raise JournalError(f"{part} lacks {' and '.join(missing)}; give its name, its low and its high end.")
    else:
        scale = Scale(key=key, **values)
    if not isinstance(scale.name, str) or not scale.name.strip():
        raise JournalError(f"{part} has no name; give it one to read, in quotes.")
    if not scale.low < scale.high:
        raise JournalError(
            f"{part} goes from {scale.low} to {scale.high}; its low end must be below its high."
        )
    if scale.higher_is not in HIGHER_IS:
        raise JournalError(f'higher_is of {part} is {scale.higher_is}; write "harder" or "easier".')
    if not isinstance(scale.only_total, bool):
        raise JournalError(f"only_total of {part} is {scale.only_total}; write true or false.")
    return scale


def kept(store: Store, settings: Mapping[str, Any]) -> dict[str, Scale]:
    """Give every scale by its key in the notes: those the settings describe, then those added in the form."""
    described = scales_of(settings, store.where("journal.toml"))
    own = scales_of({"scales": _added(store)}, store.where(FILE))
    return described | {key: scale for key, scale in own.items() if key not in described}


def _added(store: Store) -> dict[str, Any]:
    """Read the numbers that were added, each as under ``[scales]`` of the settings."""
    if (data := if_there(store.read, FILE)) is None:
        return {}
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except ValueError as error:
        raise JournalError(
            f"{store.where(FILE)} can't be read ({error}); mend that line, or put an older copy in its place. Your "
            "numbers in the notes are safe."
        ) from error


def add(
    store: Store,
    settings: Mapping[str, Any],
    name: str,
    low: str,
    high: str,
    higher_is: str = "",
    taken: Collection[str] = (),
) -> Scale:
    """Add a number of the client's own, for this session and the next ones, or nothing where something is wrong.

    `low` and `high` are as they were typed, and `taken` are keys that mean something else.
    """
    import tomlkit

    name = " ".join(name.split())
    if not name:
        raise JournalError("The number has no name yet; give it one, as in Sleep.")
    ends = [_number(text, which) for text, which in ((low, "smallest"), (high, "largest"))]
    if not ends[0] < ends[1]:
        raise JournalError(
            f"It would go from {digits(ends[0])} to {digits(ends[1])}; the smallest must be below the largest."
        )
    with store.writing():
        there = kept(store, settings)  # a file that can't be read is not added to
        if name.casefold() in {scale.name.casefold() for scale in there.values()}:
            raise JournalError(f"There is a number called {name} already; open it in the list above.")
        key = _key(name, {*there, *taken})
        described = {"name": name, "low": _short(ends[0]), "high": _short(ends[1])}
        described |= {"higher_is": higher_is} if higher_is else {}
        scale = scales_of({"scales": {key: described}}, FILE)[key]
        before = if_there(store.read, FILE) or b""
        content = tomlkit.parse(before.decode("utf-8-sig"))
        content[key] = described
        store.write(FILE, tomlkit.dumps(content).encode())
    return scale


def _number(text: str, which: str) -> float:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        said = f"“{text.strip()}”" if text.strip() else "not there yet"
        raise JournalError(f"Its {which} number is {said}; write it as a number, as in 10.") from None


def _short(value: float) -> float:
    return int(value) if value.is_integer() else value


def _key(name: str, taken: set[str]) -> str:
    """Make what the number is called in the notes; of two alike, the second is numbered."""
    word = re.sub(r"\W+", "_", name.casefold()).strip("_") or "number"
    return next(key for key in (word, *(f"{word}_{n}" for n in range(2, len(taken) + 3))) if key not in taken)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def answers_in(scale: Scale, given: Sequence[int | None]) -> tuple[int | None, ...]:
    """Give one answer an item, None where there is none or none that is on offer.

    Parameters
    ----------
    scale : Scale
    given : sequence of int or None
        As they stand in the notes.

    Returns
    -------
    tuple of int or None, one an item

    Examples
    --------
    >>> answers_in(GAD7, [0, 3, 4])
    (0, 3, None, None, None, None, None)
    """
    padded = [*given, *[None] * len(scale.items)][: len(scale.items)]
    return tuple(one if one in range(len(scale.options)) else None for one in padded)


def total_of(scale: Scale, given: Sequence[int | None]) -> int | None:
    """Add up the answers.

    Parameters
    ----------
    scale : Scale
    given : sequence of int or None
        One an item.

    Returns
    -------
    int or None
        None until every item is answered: what was left open is never guessed.

    Examples
    --------
    >>> total_of(GAD7, [1, 2, 0, 3, 1, 0, 1]), total_of(GAD7, [1, 2, None, 3, 1, 0, 1])
    (8, None)
    """
    answers = answers_in(scale, given)
    known = [one for one in answers if one is not None]
    return sum(known) if answers and len(known) == len(answers) else None


def is_possible_total(scale: Scale, value: float) -> bool:
    """Tell whether a total is one the scale can have; a sum of answers is a whole number.

    Parameters
    ----------
    scale : Scale
    value : float

    Returns
    -------
    bool

    Examples
    --------
    >>> is_possible_total(PHQ9, 27), is_possible_total(PHQ9, 28), is_possible_total(PHQ9, 7.5)
    (True, False, False)
    """
    whole = not scale.items or float(value).is_integer()
    return _is_number(value) and scale.low <= value <= scale.high and whole


def reliable_change(scale: Scale, before: float, after: float) -> str:
    """Tell whether two totals differ by more than measurement error usually gives.

    References
    ----------
    N. S. Jacobson & P. Truax (1991), Clinical significance, J. Consult. Clin. Psychol. 59, 12-19.

    Examples
    --------
    >>> reliable_change(PHQ9, 16, 10), reliable_change(PHQ9, 16, 11), reliable_change(GAD7, 9, 13)
    ('lower', 'within error', 'higher')
    """
    if scale.reliable_change is None:
        return UNKNOWN
    if abs(after - before) < scale.reliable_change:
        return WITHIN
    return LOWER if after < before else HIGHER


def cut_off_in_words(scale: Scale, whose: str = "your") -> str:
    """Say what a cut-off is: where it is from, and that a number is no diagnosis.

    Parameters
    ----------
    scale : Scale
    whose : str
        Whose journal it is, where somebody else reads it too, as in ``Robin's``.

    Returns
    -------
    str
        One sentence. Of a line the client drew, only whose it is; of another scale's, only where it is from. Empty
        where there is none.

    Examples
    --------
    >>> cut_off_in_words(GAD7)
    'From 8 on, services often look more closely (NHS Talking Therapies manual); a number alone is no diagnosis, and
    weeks differ.'
    >>> cut_off_in_words(Scale("sleep", "Sleep", 0, 10, "easier", cut_off=6, cut_off_source=OWN))
    'The line at 6 is your own.'
    """
    if scale.cut_off is None:
        return ""
    line = digits(scale.cut_off)
    if scale.cut_off_source == OWN or not scale.cut_off_source:
        return f"The line at {line} is {whose} own."
    if scale.key not in BUILT_IN_SCALES:
        return f"The line at {line} is from {scale.cut_off_source}; a number alone is no diagnosis."
    way = {"harder": "From {} on", "easier": "Up to {}"}.get(scale.higher_is, "Around {}").format(line)
    return (
        f"{way}, services often look more closely ({scale.cut_off_source}); a number alone is no diagnosis, and "
        "weeks differ."
    )


def change_in_words(scale: Scale, before: float, after: float, when: str) -> str:
    """Say how a total differs from an earlier one.

    Parameters
    ----------
    scale : Scale
    before, after : float
        Totals.
    when : str
        When the earlier one was given, as in ``in March``.

    Returns
    -------
    str
        Part of a sentence, without its full stop.

    Examples
    --------
    >>> change_in_words(PHQ9, 16, 10, "in March")
    '6 lower than in March, by more than measurement error would usually give'
    >>> change_in_words(PHQ9, 16, 18, "in March")
    '2 higher than in March; answers vary by that much by themselves'
    """
    if after == before:
        return f"the same as {when}"
    size, way = digits(abs(after - before)), "lower" if after < before else "higher"
    return f"{size} {way} than {when}" + {
        WITHIN: "; answers vary by that much by themselves",
        UNKNOWN: "; how much answers vary by themselves isn't known for this scale",
    }.get(reliable_change(scale, before, after), ", by more than measurement error would usually give")


def digits(value: float) -> str:
    """Write a total without needless zeros.

    Parameters
    ----------
    value : float

    Returns
    -------
    str

    Examples
    --------
    >>> digits(12.0), digits(7.5)
    ('12', '7.5')
    """
    return f"{value:.10g}"
