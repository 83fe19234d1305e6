"""What a long silence was, in the client's words.

Nobody but the client says it, and nothing here guesses, scores or prefers one. Words on offer follow the kinds of
the Pausing Inventory Categorization System (Levitt 2001, Psychotherapy Research 11:295-309; Frankel et al. 2006);
any other word will do as well. What is said is kept in ``marks.csv`` as a mark of kind ``silence``: label is the
word, text is more of them. It belongs to the long silence it shares the most time with, so that it stays where it
was when turns are found anew; where no silence is seen there any more, it stays by itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from therapy_review.consent import SELF_REVIEW
from therapy_review.errors import NotAnalysedError
from therapy_review.journal import MEASURES_VERSION, Mark, marks_in
from therapy_review.measures import long_silences
from therapy_review.trends import cache
from therapy_review.trends.table import closed_sessions
from therapy_review.turns import turns_table

if TYPE_CHECKING:
    from therapy_review.journal import Journal, Session

SILENCE = "silence"  # the kind of a mark
NOT_SAID = "not said"
IN_OWN_WORDS = "in own words"  # where there is a text and no single word
# In the client's words, and the kind of the PICS each is nearest to; waiting has none.
KINDS: Mapping[str, str] = {
    "thinking": "reflective",
    "feeling": "emotional",
    "finding words": "expressive",
    "remembering": "mnemonic",
    "somewhere else": "associational",
    "stuck": "disengaged",
    "with you": "interactional",
    "waiting": "",
}
COLUMNS = ["start", "end", "duration", "before", "broken_by", "kind", "text"]
_VERSION = 1


def coded(silences: pd.DataFrame, marks: pd.DataFrame) -> pd.DataFrame:
    """Put what the client said beside the long silences.

    Where no silence is seen any more at what was said, nobody spoke before it and nobody broke it.

    Examples
    --------
    >>> found = long_silences(turns_table([(0, 1, "client"), (5, 6, "therapist")]))
    >>> from therapy_review.journal import marks
    >>> said = marks.add(marks.no_marks(), Mark(1.2, 5.1, "silence", "thinking"))
    >>> coded(found, said)[["start", "end", "kind"]]
       start  end      kind
    0    1.0  5.0  thinking
    """
    rows: list[dict[str, Any]] = silences.assign(kind="", text="").to_dict("records")  # type: ignore[assignment]
    said, taken, placed = _said(marks), set[int](), set[Mark]()
    pairs = [(_shared(mark, row), at, mark) for mark in said for at, row in enumerate(rows)]
    for shared, at, mark in sorted(pairs, key=lambda pair: -pair[0]):
        if shared > 0 and at not in taken and mark not in placed:
            taken.add(at)
            placed.add(mark)
            rows[at] |= {"kind": mark.label, "text": mark.text}
    alone = [
        {**_times(mark), "before": "", "broken_by": "", "kind": mark.label, "text": mark.text}
        for mark in said
        if mark not in placed
    ]
    return pd.DataFrame([*rows, *alone], columns=COLUMNS).sort_values("start", ignore_index=True)


def long_silences_of(session: Session, use: str = SELF_REVIEW) -> pd.DataFrame:
    """Give the long silences of a session with what the client said of them, as from `coded`.

    Everybody heard must have agreed to the use they are looked at for. Of a session without turns it is what was
    said before they went.
    """
    # Turns found elsewhere, without the recording here, are the client's to look at alone.
    if session.has_recording or (use != SELF_REVIEW and session.made_from()):
        session.require(use)
    return _long_silences(session)


def _long_silences(session: Session) -> pd.DataFrame:
    try:
        turns = session.turns
    except NotAnalysedError:
        turns = turns_table()
    return coded(long_silences(turns), session.marks)


def say(session: Session, start: float, end: float, kind: str, text: str = "") -> None:
    """Keep what a silence was, in one word or more; saved at once, and no word at all takes it back."""
    after = Mark(start, end, SILENCE, kind.strip(), text.strip())
    here = {"start": after.start, "end": after.end}
    there = [mark for mark in _said(session.marks) if _shared(mark, here) > 0]
    before = max(there, key=lambda mark: _shared(mark, here), default=None)
    if not (after.label or after.text):
        if before is not None:
            session.remove_mark(before)
    elif before is None:
        session.add_mark(after)
    else:
        session.change_mark(before, after)


def by_session(journal: Journal, use: str = SELF_REVIEW) -> pd.DataFrame:
    """Count the long silences (n, seconds) of every session by what the client said they were, a row a kind.

    The kind is `NOT_SAID` where nothing was said, and `IN_OWN_WORDS` where there is no single word. A session in
    which no long silence is known has one row: n is 0 where there was none, NaN where nobody can tell, for it has
    no turns, is closed to that use, or its ``marks.csv`` can't be read.
    """
    found = cache.of_each_session(journal, "silences", _count, [_VERSION, MEASURES_VERSION])
    hidden = closed_sessions(journal, use)
    unknown = [{"kind": NOT_SAID, "n": None, "seconds": None}]
    rows = [
        {"session": name, "date": pd.Timestamp(name[:10]), **one}
        for name, counts in found.items()
        for one in (None if name in hidden else counts) or unknown
    ]
    table = pd.DataFrame(rows, columns=["session", "date", "kind", "n", "seconds"])
    return table.astype({"n": float, "seconds": float})


def _count(session: Session) -> list[dict[str, Any]]:
    """Count a session's long silences by kind; an empty list where nobody can tell."""
    found = _long_silences(session)
    if found.empty:
        try:
            session.derived("turns.csv")
        except NotAnalysedError:
            return []
        return [{"kind": NOT_SAID, "n": 0, "seconds": 0.0}]
    words = found["kind"].where(
        found["kind"] != "", found["text"].map(lambda text: IN_OWN_WORDS if text else NOT_SAID)
    )
    seconds = found["duration"].groupby(words).agg(["size", "sum"])
    return [
        {"kind": str(kind), "n": int(n), "seconds": round(float(s), 3)} for kind, n, s in seconds.itertuples()
    ]


def _said(marks: pd.DataFrame) -> list[Mark]:
    return marks_in(marks[marks["kind"].str.strip() == SILENCE])


def _times(mark: Mark) -> dict[str, float]:
    end = mark.start if math.isnan(mark.end) else mark.end
    return {"start": mark.start, "end": end, "duration": end - mark.start}


def _shared(mark: Mark, silence: Mapping[str, Any]) -> float:
    """Seconds a mark and a silence share; a moment within it counts as a little."""
    times = _times(mark)
    shared = min(times["end"], silence["end"]) - max(times["start"], silence["start"])
    return max(shared, 1e-6) if shared >= 0 else 0.0
