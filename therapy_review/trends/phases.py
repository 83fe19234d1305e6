"""Phases: which sessions were held and heard in the same way, and how the others are told apart in plain words.

No line joins two phases. Each has a short name for a chart, made of what differs, and words for a sentence, which
name only what changed: ``after a change of microphone``, ``since you meet online``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from therapy_review.wording import ORDINALS

WAYS = ("therapist", "setting", "microphone", "turns", "floor")  # the first two matter to moods too
HOLDS = ("therapist", "microphone")  # until another note says otherwise
OWN = ("segmentation-", "silero-", "built-in")  # so begin the names of the program's own engines
SEEN = "silences from "
NOTHING_NOTED = "nothing noted"  # a phase of which the notes say nothing, beside others of which they do
ONLINE = "online"
LASTS = 3  # sessions from which on a phase is one that lasts, and parts two times with one therapist
AGAIN = re.compile(r" for the \w+ time$")

Setting = Mapping[str, str]


def ways(read: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """Tell in what way each session was held and heard, by its notes, its engine and its measures.

    Another maker's program, or a hand, that found the turns is called by its name.
    """
    own, found = dict[str, str](), []
    for one, way in zip(read.values(), in_times(lasting([one["way"] for one in read.values()])), strict=True):
        engine, least = one["engine"] or "", one["measures"].get("shortest_silence")
        if engine.startswith(OWN) and engine not in own:
            own[engine] = f"the program's {_nth(len(own) + 1)} version" if own else "by the program"
        by = own.get(engine, engine.replace(", ", " "))  # a comma parts one name from the next
        seen = "" if least is None or math.isnan(least) else f"{SEEN}{least:g} s"
        found.append({**way, "turns": f"turns: {by}" if by else "", "floor": seen})
    return found


def held(noted: Sequence[Setting]) -> list[tuple[str, ...]]:
    """Tell with whom and in which setting each session was held: alike where no change breaks the line of moods.

    `noted` is what the notes say, in order of time.

    Examples
    --------
    >>> none = {"therapist": "", "setting": "", "microphone": ""}
    >>> held([{**none, "therapist": "Dana"}, {**none, "setting": "online"}])
    [('Dana', ''), ('Dana', 'online')]
    """
    return [tuple(way[part] for part in WAYS[:2]) for way in in_times(lasting(noted))]


def lasting(noted: Sequence[Setting]) -> list[dict[str, str]]:
    """Let therapist and microphone hold until another note says otherwise; the setting counts for its session.

    Examples
    --------
    >>> none = {"therapist": "", "setting": "", "microphone": ""}
    >>> [way["microphone"] for way in lasting([none, {**none, "microphone": "clip-on"}, none])]
    ['', 'clip-on', 'clip-on']
    """
    holds, found = {"therapist": "", "microphone": ""}, []
    for one in noted:
        holds = {name: one[name] or before for name, before in holds.items()}
        found.append({**holds, "setting": one["setting"]})
    return found


def in_times(held_so: Sequence[Setting]) -> list[dict[str, str]]:
    """Tell separate times with one therapist apart; somebody who stood in for a session or two parts none.

    Examples
    --------
    >>> names = ["Dana"] * 4 + ["Kim"] * 3 + ["Dana", "Lee", "Dana"]
    >>> [way["therapist"] for way in in_times([{"therapist": name} for name in names])][-3:]
    ['Dana for the second time', 'Lee', 'Dana for the second time']
    """
    last, times = dict[str, int](), dict[str, int]()
    found = []
    for at, way in enumerate(held_so):
        who = way["therapist"]
        if who:
            apart = at - last.get(who, -1) > LASTS
            times[who] = times.get(who, 0) + (apart or who not in times)
            last[who] = at
        again = f" for the {_nth(times[who])} time" if who and times[who] > 1 else ""
        found.append({**way, "therapist": f"{who}{again}"})
    return found


def _nth(number: int) -> str:
    return ORDINALS[number] if number < len(ORDINALS) else f"{number}th"


def runs(told: Sequence[str]) -> list[tuple[int, int, str]]:
    """Find the runs of a phase that last; each other one gives way to those around it, the shortest first.

    Parameters
    ----------
    told : sequence of str
        The phase of each session, in order of time.

    Returns
    -------
    list of (int, int, str)
        First and last place of each run, and its phase; one at least, however few sessions there are.

    Examples
    --------
    >>> runs(["", "", "", "online", "", "Anna", "Anna", "Anna"])
    [(0, 4, ''), (5, 7, 'Anna')]
    """
    found = [
        (phase, [place for place, _ in own]) for phase, own in groupby(enumerate(told), lambda one: one[1])
    ]
    while len(found) > 1 and min(len(own) for _, own in found) < LASTS:
        often = {phase: told.count(phase) for phase, _ in found}
        found.remove(min(found, key=lambda run: (len(run[1]), often[run[0]])))
        joined = groupby(found, lambda run: run[0])
        found = [(phase, [place for _, own in alike for place in own]) for phase, alike in joined]
    return [(own[0], own[-1], phase) for phase, own in found]


def in_a_row(told: Sequence[str]) -> list[bool]:
    """Tell of each session whether it is one of so many in a row that their phase is one that lasts.

    Parameters
    ----------
    told : sequence of str
        The phase of each session, in order of time.

    Returns
    -------
    list of bool

    Examples
    --------
    >>> in_a_row(["online", "online", "", "", ""])
    [False, False, True, True, True]
    """
    rows = [list(own) for _, own in groupby(told)]
    return [len(own) >= LASTS for own in rows for _ in own]


def names(every: Sequence[Setting], there: Sequence[bool], parts: Iterable[str]) -> list[str]:
    """Name the phase of each session that is there by what is not the same in all of them, or is not so any more.

    Empty where all is one phase, and for a session without a value.

    Examples
    --------
    >>> names([{"setting": ""}, {"setting": "online"}], [True, True], ["setting"])
    ['nothing noted', 'online']
    """
    differ = _differing(every, there, parts)
    return [
        (", ".join(way[part] for part in differ if way[part]) or NOTHING_NOTED) if differ and is_there else ""
        for way, is_there in zip(every, there, strict=True)
    ]


def which(every: Sequence[Setting], there: Sequence[bool], parts: Iterable[str]) -> list[str]:
    """Tell each session's phase from the others by what changed, to be read after "those"; empty as in `names`.

    Examples
    --------
    >>> which([{"setting": ""}, {"setting": "online"}], [True, True], ["setting"])
    ['before you met online', 'since you meet online']
    """
    differ = _differing(every, there, parts)
    told = [
        {part: way[part] for part in differ} if is_there else {}
        for way, is_there in zip(every, there, strict=True)
    ]
    words: dict[tuple[tuple[str, str], ...], str] = {(): ""}
    now = _now(every)
    for way in told:
        if (key := tuple(way.items())) not in words:
            lines = {
                part: [*(w[part] for w in told if w), *([now[part]] if part in now else [])] for part in way
            }
            *first, last = [_apart(part, way[part], line) for part, line in lines.items()]
            words[key] = f"{', '.join(first)} and {last}" if first else last
    return [words[tuple(way.items())] for way in told]


def _differing(every: Sequence[Setting], there: Sequence[bool], parts: Iterable[str]) -> list[str]:
    present = [way for way, is_there in zip(every, there, strict=True) if is_there]
    now = _now(every) if present else {}
    return [
        part
        for part in parts
        if len({*(way[part] for way in present), *([now[part]] if part in now else [])}) > 1
    ]


def _now(every: Sequence[Setting]) -> dict[str, str]:
    """Tell in what way the newest session was held, but for what counts for that session alone."""
    return {part: every[-1][part] for part in HOLDS if part in every[-1]} if every else {}


def _apart(part: str, own: str, line: Sequence[str]) -> str:
    """Say how one part of a phase differs: since or before a change where there was one, else what it was."""
    here = [at for at, one in enumerate(line) if one == own]
    rest = [at for at, one in enumerate(line) if one != own]
    others = {line[at] for at in rest}
    if here[0] > rest[-1]:
        return _since(part, own, others)
    return _before(part, own, others) if here[-1] < rest[0] else _among(part, own, others)


def _since(part: str, own: str, others: set[str]) -> str:
    if part == "setting":
        if not own:
            return f"since you {'no longer meet online' if others == {ONLINE} else 'note no setting'}"
        return "since you meet online" if own == ONLINE else f'since you note "{own}" as the setting'
    if part == "turns":
        return "since the turns were found in another way"
    if part == "floor":
        return f"since silences are seen {_from(own)}"
    if others == {""}:  # it may have been the same before, and not noted
        return f"since you note {'with whom' if part == 'therapist' else 'the microphone'}"
    if part == "therapist":
        return f"with {own}" if AGAIN.search(own) else "with another therapist"
    return "after a change of microphone"


def _before(part: str, own: str, others: set[str]) -> str:
    if part == "setting":
        if others == {ONLINE}:
            return "before you met online"
        return "when you met online" if own == ONLINE else "before you noted another setting"
    if part == "turns":
        return "before the turns were found in another way"
    if part == "floor":
        return f"when silences were seen {_from(own)}"
    if not own:
        return f"before you noted {'with whom' if part == 'therapist' else 'the microphone'}"
    return f"before a change of {part}"


def _among(part: str, own: str, others: set[str]) -> str:
    if part == "setting":
        if not own:
            return "where you did not meet online" if others == {ONLINE} else "without a note on the setting"
        return "held online" if own == ONLINE else f'with "{own}" as the setting'
    if part == "turns":
        return "with turns found in the same way"
    if part == "floor":
        return f"with silences seen {_from(own)}"
    if not own:
        return f"without a note on the {part}"
    return f"with {own}" if part == "therapist" else f'recorded with "{own}"'


def _from(floor: str) -> str:
    return f"from {floor.removeprefix(SEEN)} on" if floor else "in another way"
