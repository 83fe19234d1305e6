"""What of a chosen moment goes out, and what of it stays silent.

In a clip are only the voices of people who agreed. Where somebody else speaks, or may be speaking, it is silent,
with a margin around their words, and so where two speak at once: a voice can't be taken out of another's sound.
Everything here is a pure function; `therapy_review.sharing.plan` asks the agreements.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from therapy_review.errors import ShareError
from therapy_review.journal import Mark, marks
from therapy_review.turns import Span, intervals
from therapy_review.wording import seconds_in

# Seconds around somebody else's words; from 0.45 on no edge of one was left in the practice journal.
MARGIN = 0.5
EDGE = 0.05  # seconds around words that go out, where nobody else is near
LEAST = 0.2  # seconds: what is left between two silences and shorter is no word
SURE = 0.9  # a stretch below that confidence may be anybody's
# Seconds before and after a mark of a name without an end: it is put while one listens, so the name is over then.
NAME_BEFORE, NAME_LASTS = 2.5, 2.0
AROUND_NAME = 0.5  # seconds before and after a name that are silent as well
MOMENT = 20.0  # seconds of a clip made of a mark without an end


@dataclass(frozen=True)
class Clip:
    """One clip as it would go out; all times are seconds from the recording's start."""

    start: float
    end: float
    silent: tuple[Span, ...] = ()  # stretches of it
    by_choice: float = 0.0  # seconds silent because the client wants it: chosen now, or a trigger or a name
    left_out: tuple[str, ...] = ()  # speakers of the turns table whose words are left out
    unsure: float = 0.0  # seconds of words left out because it is not sure whose they are

    @property
    def seconds(self) -> float:
        """How long the clip is."""
        return self.end - self.start

    @property
    def seconds_silent(self) -> float:
        """How much of it is silent."""
        return intervals.length(self.silent)


def read_span(text: str) -> Span:
    """Read a stretch of a recording as people write it, in seconds.

    Examples
    --------
    >>> read_span("12:30-13:10"), read_span("0:41.5 - 0:43")
    ((750.0, 790.0), (41.5, 43.0))
    """
    parts = re.split(r"\s*[-\u2013\u2014]\s*", text.strip())
    try:
        start, end = (_moment(part) for part in parts)
    except ValueError as error:
        raise ShareError(
            f"{text.strip()!r} is no stretch of a recording; write it as in 12:30-13:10."
        ) from error
    if end <= start:
        raise ShareError(f"{text.strip()} ends before it begins; write the earlier time first.")
    return start, end


def _moment(text: str) -> float:
    whole, point, part = text.partition(".")
    if point and not part.isdecimal():
        raise ValueError(text)
    return seconds_in(whole) + (float(f"0.{part}") if point else 0.0)


def read_spans(text: str) -> list[Span]:
    """Read several stretches with commas, semicolons or new lines between them."""
    return [read_span(part) for part in re.split(r"[,;\n]", text) if part.strip()]


def of_mark(mark: Mark, duration: float) -> Span:
    """Choose the moment of a mark, within a recording's duration: twenty seconds where it has no end.

    Examples
    --------
    >>> of_mark(Mark(60, float("nan"), "proud moment"), 70.0), of_mark(Mark(60, 64, "proud moment"), 70.0)
    ((60.0, 70.0), (60.0, 64.0))
    """
    end = mark.end if mark.end > mark.start else mark.start + MOMENT
    return mark.start, min(end, duration)


def silenced_by_marks(table: pd.DataFrame) -> list[Span]:
    """Tell what stays silent because the client marked a trigger or a name there.

    Examples
    --------
    >>> silenced_by_marks(marks.add(marks.no_marks(), Mark(60, float("nan"), "name")))
    [(57.0, 62.5)]
    """
    names = [mark for mark in marks.marks_in(table) if mark.kind.strip().lower() == marks.NAME_MARK]
    ends = [
        (m.start, m.end) if m.end > m.start else (max(0.0, m.start - NAME_BEFORE), m.start + NAME_LASTS)
        for m in names
    ]
    return intervals.joined([*marks.closed_stretches(table), *intervals.widened(ends, AROUND_NAME)])


def clip(
    turns: pd.DataFrame, start: float, end: float, voices: Iterable[str], silence: Sequence[Span] = ()
) -> Clip:
    """Work out what of one moment goes out where not everybody agreed: the agreed voices' sure words alone.

    Examples
    --------
    >>> from therapy_review.turns import turns_table
    >>> talk = turns_table([(0, 4, "client"), (5, 7, "therapist"), (8, 9, "client")])
    >>> clip(talk, 1, 10, ["client"], [(1.5, 2)]).silent
    ((1.5, 2), (4.05, 7.95), (9.05, 10))
    """
    agreed, sure = turns["speaker"].isin(list(voices)), turns["confidence"] >= SURE
    others = intervals.widened(_spans(turns[~(agreed & sure)]), MARGIN)
    own = intervals.widened(_spans(turns[agreed & sure]), EDGE)
    audible = [
        part
        for a, b in intervals.within(own, start, end)
        for part in intervals.without([*others, *silence], a, b)
        if part[1] - part[0] >= LEAST
    ]
    here = turns[(turns["start"] < end) & (turns["end"] > start)]
    doubtful = here[here["speaker"].isin(list(voices)) & (here["confidence"] < SURE)]
    return Clip(
        start,
        end,
        tuple(intervals.without(audible, start, end)),
        intervals.length(intervals.within(silence, start, end)),
        tuple(sorted(set(here["speaker"]) - {*voices})),
        intervals.length(intervals.within(_spans(doubtful), start, end)),
    )


def _spans(turns: pd.DataFrame) -> list[Span]:
    return list(zip(turns["start"].tolist(), turns["end"].tolist(), strict=True))


def clip_of_all(start: float, end: float, silence: Sequence[Span] = ()) -> Clip:
    """Work out what of one moment goes out where everybody agreed: all but what is to be silent."""
    silent = intervals.within(silence, start, end)
    return Clip(start, end, tuple(silent), intervals.length(silent))
