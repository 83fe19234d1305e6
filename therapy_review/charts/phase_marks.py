"""Phase marks: from where on sessions were held or heard otherwise, and which single ones were, as charts say it.

Every row has the phases of its own numbers (see `therapy_review.trends.table`): another microphone breaks the line
of what comes from sound, and leaves moods alone. On the path a change that several rows share is one mark with one
number; in other charts what is not the same is named under the row it matters to.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from therapy_review.charts.base import FAINT, INK, LETTERS, QUIET
from therapy_review.trends import NOTHING_NOTED, in_a_row, runs
from therapy_review.wording import counted, day

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CLOSE = 3.5  # days: a line stands no further before its first session
LANE = 0.18  # inches
LANES = 6  # so many ways of single sessions have a lane of their own
SMALL = 8.5  # points
WIDTH = 6.2 * 72  # points: about that of the axes
NAMED = 22  # letters of a lane's name
OTHERWISE = "otherwise"
LETTERS_UNDER = 125  # that fit under a row, in a line
LINE_UNDER = 0.16  # inches: the height of one line of them
OVER_TIME = "A dotted line: from there on, sessions were held or heard in another way, named under the row."
APART = "Sessions held or heard in another way, named under the row, have a range of their own."
BESIDE = "What is named under a row was not the same in all of its sessions, and may be why they differ."


@dataclass(frozen=True)
class Begun:
    """A phase that lasts, where it begins: what is not as before, and the rows whose line it breaks."""

    session: str
    changed: tuple[str, ...]
    rows: tuple[str, ...]


@dataclass(frozen=True)
class Phases:
    """What was not the same in all sessions: in order of time, and by what was otherwise in single ones."""

    begun: tuple[Begun, ...]
    apart: Mapping[str, Sequence[str]]


def phases(lines: Mapping[str, pd.DataFrame]) -> Phases:
    """Find where phases begin, and the sessions between them that are otherwise.

    Each line has the sessions, in order of time, that have a value in its row, and their phases.

    Examples
    --------
    >>> line = pd.DataFrame({"session": list("abcdefg"), "phase": ["", "", "", "online", "Anna", "Anna", "Anna"]})
    >>> phases({"mood": line})
    Phases(begun=(Begun(session='e', changed=('Anna',), rows=('mood',)),), apart={'online': ['d']})
    """
    read = [_Line.of(row, line) for row, line in lines.items()]
    marks: list[Begun] = []
    changes = [one for line in read for one in line.changes()]
    for last_before, found in sorted(changes, key=lambda change: (change[1].session, change[0])):
        # A row without a number at the very session tells of the change later; it is the same one.
        same = next(
            (m for m in marks if last_before < m.session and set(m.changed) & set(found.changed)), None
        )
        if same is None:
            marks.append(found)
        else:
            changed = tuple(dict.fromkeys((*same.changed, *found.changed)))
            marks[marks.index(same)] = replace(same, changed=changed)
    begun = tuple(replace(m, rows=tuple(line.row for line in read if line.breaks_at(m))) for m in marks)
    lasts = {name: parts for line in read for name, parts in line.lasts().items()}
    apart: dict[str, set[str]] = {}
    for name, part in (one for line in read for one in line.apart()):
        if part not in lasts.get(name, ()):  # else another row, with more numbers, shows that it lasts
            apart.setdefault(part, set()).add(name)
    often = sorted(apart, key=lambda part: (-len(apart[part]), part))
    return Phases(begun, {part: sorted(apart[part]) for part in often})


@dataclass(frozen=True)
class _Line:
    """The numbers of one row, by their phases."""

    row: str
    names: Sequence[str]
    told: Sequence[str]
    lasting: Sequence[tuple[int, int, str]]  # first and last place of each phase that lasts, and its name

    @classmethod
    def of(cls, row: str, line: pd.DataFrame) -> _Line:
        names, told = line["session"].tolist(), line["phase"].fillna("").tolist()
        return cls(row, names, told, runs(told))

    def changes(self) -> list[tuple[str, Begun]]:
        """Give each phase that begins, after the last session of the one before."""
        found = []
        for (_, end, before), (start, _, now) in pairwise(self.lasting):
            changed, first = _changed(before, now), self._first(end, before, start, now)
            found.append((self.names[end], Begun(self.names[first], changed, (self.row,))))
        return found

    def _first(self, end: int, before: str, start: int, now: str) -> int:
        # A session that was otherwise in something else as well may have been the first with what is new.
        while start - 1 > end and set(_changed(before, now)) <= set(_changed(before, self.told[start - 1])):
            start -= 1
        return start

    def breaks_at(self, mark: Begun) -> bool:
        """Tell whether numbers before and from there on differ in what changed, however few they are."""
        before = [phase for name, phase in zip(self.names, self.told, strict=True) if name < mark.session]
        if not before or len(before) == len(self.told):
            return False
        return bool({*_changed(before[-1], self.told[len(before)])} & {*mark.changed})

    def lasts(self) -> dict[str, tuple[str, ...]]:
        """Tell of each session in a phase that lasts what that is."""
        return {
            self.names[place]: tuple(phase.split(", "))
            for start, end, phase in self.lasting
            for place in range(start, end + 1)
            if self.told[place] == phase
        }

    def apart(self) -> Iterator[tuple[str, str]]:
        """Tell of each session of no phase that lasts what was otherwise than in the one that is nearest to it."""
        for place, phase in enumerate(self.told):
            near = [one for start, end, one in self.lasting if start <= place <= end]
            if not near:
                near = [one for _, end, one in self.lasting if end < place][-1:]
                near += [one for start, _, one in self.lasting if start > place][:1]
                if self._is_early(place):  # it has what comes later to last, and what lies between has not
                    near = near[:1]
            if phase not in near:
                ways = [_changed(one, phase) for one in near]
                least = min(ways, key=lambda way: (any(part.startswith("not “") for part in way), len(way)))
                yield from ((self.names[place], part) for part in least)

    def _is_early(self, place: int) -> bool:
        return any(
            end < place < self._first(end, before, start, now) and self.told[place] == now
            for (_, end, before), (start, _, now) in pairwise(self.lasting)
        )


def _changed(before: str, now: str) -> tuple[str, ...]:
    """Name what a phase has that the one before had not, or else what it has no more."""
    was, has = ([part for part in phase.split(", ") if part] for phase in (before, now))
    return tuple(part for part in has if part not in was) or tuple(
        f"not “{part}”" for part in was if part not in has
    )


def height(found: Phases, days: Mapping[str, float]) -> float:
    """Tell how high (inches) the strip has to be in which phases are numbered and single sessions stand."""
    return LANE * (1 + max(_lanes(found, days), default=-1) + len(_apart(found)))


def below(found: Phases) -> list[str]:
    """Say in lines what the numbers stand for.

    Examples
    --------
    >>> below(Phases((Begun("2026-01-08", ("clip-on",), ("talk",)),), {}))
    ['1   from Thursday 8 January 2026 on: clip-on']
    """
    return [
        line
        for number, one in enumerate(found.begun, 1)
        for line in textwrap.wrap(
            f"{number}   from {_day(one.session)} on: {', '.join(one.changed)}",
            LETTERS,
            subsequent_indent="     ",
        )
    ]


def _day(session: str) -> str:
    return day(pd.Timestamp(session[:10]).date())


def in_words(found: Phases) -> str:
    """Tell the phases to somebody who does not see them."""
    said = [f"From {_day(one.session)} on: {', '.join(one.changed)}." for one in found.begun]
    said += [f"{counted(len(own), 'single session')}: {part}." for part, own in found.apart.items()]
    return " ".join(said)


def caption(found: Phases) -> str:
    """Say what the lines and strokes are."""
    lines = (
        "From a dotted line on, sessions were held or heard otherwise, as said below the dates; what stands on its "
        "two sides does not compare."
    )
    is_closed = any("in another way" in part or "as at first" in part for part in found.apart)
    strokes = "A stroke in a lane above the dates is a single session that was as the lane says."
    if is_closed:
        strokes = "A stroke is a session held in another way, which is not opened."
    return " ".join([lines] * bool(found.begun) + [strokes] * bool(found.apart))


def mark(axes: Mapping[str, Axes], strip: Axes, found: Phases, days: Mapping[str, float]) -> None:
    """Draw a dotted line where a phase begins in the rows it breaks, and number it in the strip."""
    lanes = _lanes(found, days)
    first = 1 + max(lanes, default=-1)
    for number, (one, lane) in enumerate(zip(found.begun, lanes, strict=True), 1):
        at = _before(one.session, days)
        for row in one.rows:
            axes[row].axvline(at, color=FAINT, linewidth=1.1, linestyle=":", zorder=0)
        strip.plot([at, at], [-0.5, lane - 0.4], color=FAINT, linewidth=1.1, linestyle=":", zorder=0)
        strip.text(at, lane, str(number), ha="center", va="center", fontsize=SMALL, color=INK)
    apart = _apart(found)
    for lane, own in enumerate(apart.values(), first):
        strip.axhline(lane, color=QUIET, linewidth=0.5, zorder=0)
        strip.plot([days[name] for name in own], [lane] * len(own), "|", color=INK, markersize=6)
    names = [textwrap.shorten(part, NAMED, placeholder=" …") for part in apart]
    begins = [(0, "from here")] if found.begun else []
    ticks = [*begins, *enumerate(names, first)]
    strip.set_yticks([at for at, _ in ticks], [text for _, text in ticks], fontsize=SMALL, color=FAINT)
    strip.set_ylim(first + len(apart) - 0.5, -0.5)
    if said := below(found):
        strip.set_xlabel(
            "\n".join(said), loc="left", fontsize=SMALL, color=INK, labelpad=5, multialignment="left"
        )


def _before(session: str, days: Mapping[str, float]) -> float:
    """Place a line close before a session, and never before the one that was earlier."""
    at = days[session]
    earlier = max((day for day in days.values() if day < at), default=at - 2 * CLOSE)
    return max((earlier + at) / 2, at - CLOSE)


def _lanes(found: Phases, days: Mapping[str, float]) -> list[int]:
    """Give each number the first lane in which it has room."""
    lanes, ends = [], list[float]()
    day_wide = WIDTH / max(max(days.values()) - min(days.values()), 14) if days else 1
    for number, one in enumerate(found.begun, 1):
        at, wide = _before(one.session, days) * day_wide, 0.7 * SMALL * len(str(number)) + 3
        lane = next((i for i, end in enumerate(ends) if at - wide / 2 >= end), len(ends))
        ends[lane:] = [at + wide / 2, *ends[lane + 1 :]]
        lanes.append(lane)
    return lanes


def _apart(found: Phases) -> dict[str, Sequence[str]]:
    """Give the lanes of single sessions; where there are too many ways, the rarest share one."""
    every = list(found.apart.items())
    own, rest = (every, []) if len(every) <= LANES else (every[: LANES - 1], every[LANES - 1 :])
    shared = {OTHERWISE: sorted({name for _, names in rest for name in names})} if rest else {}
    return {**dict(own), **shared}


def over_time(own: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Find the first session of each later phase that lasts, and say what stands under the row, if anything.

    The line has its sessions in order of time.
    """
    if own["phase"].nunique() < 2:
        return own.iloc[:0], ""
    lasts = pd.Series(in_a_row(own["phase"].tolist()), index=own.index)
    lasting, around = own[lasts], own["phase"].where(lasts).ffill().bfill()
    apart = own[own["phase"] != around]
    new = lasting["phase"] != lasting["phase"].shift()
    begun = lasting[new].iloc[1:]
    usual = lasting["phase"].unique().tolist()
    shared = _shared(usual if len(usual) > 1 else own["phase"].unique().tolist())
    said = [
        f"From {d.day} {d:%B %Y}: {_short(p, shared)}"
        for d, p in begun[["date", "phase"]].itertuples(index=False)
    ]
    known = {part for phase in usual for part in phase.split(", ")}
    other = Counter(_short(phase, known) for phase in apart["phase"])
    said += [f"{counted(n, 'session')} apart: {name}" for name, n in other.items()]
    return begun, "; ".join(said)


def beside(sides: Sequence[tuple[str, pd.Series]]) -> str:
    """Name what differs between groups of sessions that stand beside each other.

    Examples
    --------
    >>> early, recent = pd.Series(["old phone"] * 2), pd.Series(["clip-on", "clip-on", "online, clip-on"])
    >>> beside([("early", early), ("recent", recent)])
    'early: old phone; recent: clip-on, 1 of 3 online'
    """
    if len({phase for _, phases in sides for phase in phases}) < 2:
        return ""
    most = [str(phases.mode().iloc[0]) for _, phases in sides]
    shared, said = _shared(most), []
    for (called, phases), usual in zip(sides, most, strict=True):
        parts = [_short(usual, shared)] if len(set(most)) > 1 else []
        for phase, n in phases[phases != usual].value_counts().items():
            parts.append(f"{n} of {len(phases)} {_short(str(phase), {*usual.split(', '), *shared})}")
        if parts:
            said.append(f"{called}: {', '.join(parts)}")
    return "; ".join(said)


def write_under(ax: Axes, text: str) -> None:
    """Write under a row what differs in it, if anything does."""
    if text:
        ax.set_xlabel(
            "\n".join(textwrap.wrap(text, LETTERS_UNDER)), loc="left", fontsize=8.5, color=FAINT, labelpad=3
        )


def room_under(texts: Sequence[str]) -> float:
    """Tell how much higher (inches) a chart has to be for what is written under its rows."""
    return LINE_UNDER * sum(len(textwrap.wrap(text, LETTERS_UNDER)) for text in texts)


def _shared(phases: Sequence[str]) -> set[str]:
    return set.intersection(*(set(phase.split(", ")) for phase in phases))


def _short(phase: str, known: set[str]) -> str:
    """Leave out of a phase's name what is known anyway."""
    return ", ".join(part for part in phase.split(", ") if part not in known) or NOTHING_NOTED
