"""Picture: what a player's page draws of a session, as plain values to be sent.

Nothing of it is ever a trait of a widget, for a notebook may be saved with those: the client's words go to the page
alone.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from therapy_review import wording
from therapy_review.analysis import review
from therapy_review.charts import name
from therapy_review.errors import TherapyReviewError
from therapy_review.journal import marks
from therapy_review.measures import long_silences, overlaps
from therapy_review.turns import are_named, backchannels, floor_turns, speakers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from therapy_review.journal import Session

FULL = 127  # of a byte with a sign


Shows = Callable[[marks.Mark], bool]


def picture(
    session: Session,
    *,
    use: str = "self_review",
    shows: Shows = lambda _: True,
    names: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Gather what a page draws: people, turns, silences, marks, what was said."""
    turns, now = session.turns, marks_now(session, shows)
    people = speakers(turns)
    lane = {person: place for place, person in enumerate(people)}
    units = pd.concat([floor_turns(turns).assign(short=0), backchannels(turns).assign(short=1)])
    units = units.sort_values(["start", "end"], kind="stable")
    return {
        "title": wording.day(session.date),
        "session": session.name,
        "duration": session.duration,
        "people": [{"role": person, "name": name(person, names)} for person in people],
        "named": are_named(turns),
        "stretches": _rows(turns, ["start", "end"], lane),
        "turns": _rows(units, ["start", "end", "short"], lane),
        "silences": _rows(long_silences(turns), ["start", "end"]),
        "overlaps": _rows(overlaps(turns), ["start", "end"]),
        "lines": _lines(session, use),
        "kinds": list(marks.KINDS),
        "answers": {**review.ANSWERS, **(names or {})},
        "marks_called": "Marks" if names else "Your marks",
        "offer": review.offer(session),
        **now,
    }


def marks_now(session: Session, shows: Shows = lambda _: True) -> dict[str, Any]:
    """Gather the marks as they stand in the file."""
    table = session.marks
    rows = sorted(filter(shows, marks.marks_in(table)), key=lambda mark: mark.start)
    return {
        "marks": [as_sent(mark) for mark in rows],
        "closed": [list(s) for s in marks.closed_stretches(table)],
    }


def as_sent(mark: marks.Mark) -> dict[str, Any]:
    """Put a mark into plain values.

    Examples
    --------
    >>> as_sent(marks.Mark(3, math.nan, "question"))
    {'start': 3.0, 'end': None, 'kind': 'question', 'label': '', 'text': ''}
    """
    end = None if math.isnan(mark.end) else mark.end
    sent = {"start": mark.start, "end": end, "kind": mark.kind, "label": mark.label, "text": mark.text}
    return {**sent, "by": mark.by} if mark.by else sent


def as_mark(sent: dict[str, Any]) -> marks.Mark:
    """Make a mark of what a page sent."""
    end = sent.get("end")
    return marks.Mark(
        float(sent["start"]),
        math.nan if end is None else float(end),
        str(sent["kind"]),
        str(sent.get("label", "")),
        str(sent.get("text", "")),
        str(sent.get("by", "")),
    )


def waveform(peaks: NDArray[np.float32]) -> bytes:
    """Put a waveform into bytes: how far the sound reaches, 32 times a second, 0 to 127."""
    high = np.abs(peaks).max(axis=1, initial=0.0)
    usual = float(np.quantile(high, 0.995)) if len(high) else 0.0
    scaled = np.clip(high / usual, 0, 1) if usual > 0 else high
    return bytes((np.sqrt(scaled) * FULL).astype(np.uint8))


def _rows(table: pd.DataFrame, columns: list[str], lane: dict[str, int] | None = None) -> list[list[float]]:
    values = [table[column].astype(float).round(3).tolist() for column in columns]
    if lane is not None:
        values.append([float(lane[person]) for person in table["speaker"]])
    return [list(row) for row in zip(*values, strict=True)]


def _lines(session: Session, use: str) -> list[list[Any]]:
    # Words that can't be read do not keep the client from listening; `check` says what is wrong with them.
    with contextlib.suppress(TherapyReviewError):
        cues = session.transcript(use)
        return [list(row) for row in zip(cues["start"], cues["end"], cues["text"], strict=True)]
    return []
