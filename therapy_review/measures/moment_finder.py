"""Moments worth hearing: short stretches of one session, chosen by what can be counted.

Why a moment matters is not for a program to say; it says what it counted and leaves the rest to the client. Each
finder gives its best few candidates; the client's own marks come first, then one moment of each kind, then what
room is left. No moment touches a stretch the client marked as a trigger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from therapy_review.journal import PROUD, closed_stretches
from therapy_review.measures.silences import gaps, long_silences
from therapy_review.turns import Span, floor_turns, speakers, validate

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST = 30.0  # seconds a moment lasts at most
SHORTEST = 2.0  # seconds; less is over before one listens
WORTH_IT = 5.0  # seconds a second or third longest turn must have
HOW_MANY = 5
BEFORE_SILENCE, AFTER_SILENCE = 5.0, 10.0  # seconds to hear of the words around it
EXCHANGE = 20.0  # seconds: the window in which changes of the floor are counted
FEWEST_CHANGES = 4
WINDOW = 60.0  # seconds on either side of a turn of the balance
LEAST_TURNED = 0.3  # change of the talk share below which the balance is not said to have turned
LEAST_TALK = 10.0  # seconds of talk a window needs for its share to mean anything
COLUMNS = ["start", "end", "kind", "why"]
HELD_DEAR = (*PROUD, "bookmark")  # kinds of marks, the proud ones first
RANKS = ("", "second ", "third ")

Found = tuple[float, float, str, str]


def moments(turns: pd.DataFrame, marks: pd.DataFrame | None = None, n: int = HOW_MANY) -> pd.DataFrame:
    """Choose up to `n` moments of a session worth hearing again.

    Parameters
    ----------
    turns : DataFrame
        A turns table.
    marks : DataFrame, optional
        The client's own marks: start, end (s), kind, label, text. Proud moments and bookmarks come first; what
        is marked as a trigger is left out.
    n : int
        How many at most.

    Returns
    -------
    DataFrame
        Columns start, end (s; at most thirty seconds, none over another), kind, why (a sentence), in order of
        time. Fewer than `n` when the session has no more to offer.

    Raises
    ------
    TurnsError
        When `turns` is no turns table.

    Examples
    --------
    >>> from therapy_review.turns import turns_table
    >>> moments(turns_table([(0, 9, "therapist"), (15, 30, "client")]))[["start", "end", "kind"]]
       start   end             kind
    0    4.0  25.0  longest silence
    """
    validate(turns)
    away, chosen = [] if marks is None else closed_stretches(marks), list[Found]()
    offers = [_cut(find(turns), turns) for find in _FINDERS] if len(turns) else []
    # The best of each kind before the second best of any; every mark is a kind of its own.
    single = [found for few in offers for found in few]
    for offer in [*([mark] for mark in _marked(marks)), *offers, *([found] for found in single)]:
        taken = [*away, *(one[:2] for one in chosen)]
        found = next((found for found in offer if _fits(found, taken)), None)
        if found and len(chosen) < n:
            chosen.append(found)
    return pd.DataFrame(sorted(chosen), columns=COLUMNS)


def behind(
    turns: pd.DataFrame,
    measure: str,
    speaker: str = "",
    *,
    side: Literal["above", "below"] = "above",
    marks: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Find the moments behind a number: where in the session it can be heard best.

    Parameters
    ----------
    turns : DataFrame
        A turns table.
    measure, speaker : str
        As in `therapy_review.trends.table.trends`: a measure and, where it belongs to one, whose it is.
    side : {"above", "below"}
        Whether the number was a high one. Behind a small part of the talking lies somebody else's longest turn.
    marks : DataFrame, optional
        The client's marks; what is marked as a trigger is left out.

    Returns
    -------
    DataFrame
        Up to three, the nearest first: start, end (s; at most thirty seconds), kind, why (a sentence). None where
        the measure has no place of its own, as a middle of many has not.

    Examples
    --------
    >>> from therapy_review.turns import turns_table
    >>> turns = turns_table([(0, 9, "therapist"), (15, 30, "client")])
    >>> behind(turns, "longest_silence")[["start", "end", "why"]].values.tolist()
    [[4.0, 25.0, 'The longest silence, 6 seconds; then you spoke first.']]
    """
    validate(turns)
    found: list[Found] = []
    if "silence" in measure:
        found = _silences(turns)
    elif measure in ("talk_share", "session_share", "talk_time", "longest_turn"):
        others = [who for who in speakers(turns) if who != speaker]
        elsewhere = side == "below" and measure != "longest_turn" and bool(others)
        found = _longest_turn(turns, others[0] if elsewhere else speaker)
    elif measure.startswith("latency"):
        found = _answers(turns, speaker, side)
    away = [] if marks is None else closed_stretches(marks)
    return pd.DataFrame([one for one in _cut(found, turns) if _fits(one, away)], columns=COLUMNS)


def _cut(found: list[Found], turns: pd.DataFrame) -> list[Found]:
    last, begun = turns["end"].max(), [(max(0.0, start), end, kind, why) for start, end, kind, why in found]
    return [(start, min(end, start + LONGEST, float(last)), kind, why) for start, end, kind, why in begun]


def _fits(found: Found, taken: Iterable[Span]) -> bool:
    low, high = found[:2]
    return high - low >= SHORTEST and all(high <= start or low >= stop for start, stop in taken)


def _marked(marks: pd.DataFrame | None) -> list[Found]:
    if marks is None:
        return []
    dear = marks[marks["kind"].isin(HELD_DEAR)]
    order = dear["kind"].map(HELD_DEAR.index).sort_values(kind="stable").index
    found = []
    for mark in dear.loc[order].to_dict("records"):
        words: dict[str, Any] = {str(column): value for column, value in mark.items() if pd.notna(value)}
        start, said = max(0.0, words["start"] - 2), words.get("label") or words.get("text")
        end = max(words.get("end", 0.0), words["start"] + 10)
        why = f"You marked this: {said}." if said else "You marked this."
        found.append((start, min(end, start + LONGEST), "mark", why))
    return found


def _silences(turns: pd.DataFrame) -> list[Found]:
    quiet = long_silences(turns).round(6).sort_values("duration", ascending=False, kind="stable")
    found = []
    for rank, silence in zip(RANKS, quiet.to_dict("records"), strict=False):
        end = silence["end"] + AFTER_SILENCE
        # Of a very long silence its end is heard: who breaks it belongs to it.
        start = max(silence["start"] - BEFORE_SILENCE, end - LONGEST)
        who = {"client": "you", "therapist": "the therapist"}.get(silence["broken_by"], "somebody")
        why = f"The {rank}longest silence, {silence['duration']:.0f} seconds; then {who} spoke first."
        found.append((start, end, f"{rank or 'longest '}silence", why))
    return found


def _longest_turn(turns: pd.DataFrame, who: str = "client") -> list[Found]:
    held = floor_turns(turns)
    named = who in set(held["speaker"])
    own = held[held["speaker"] == who] if named else held
    own = own.assign(length=(own["end"] - own["start"]).round(6)).sort_values(
        "length", ascending=False, kind="stable"
    )
    found = []
    for rank, turn in zip(RANKS, own.to_dict("records"), strict=False):
        if rank and turn["length"] < WORTH_IT:
            break
        part = ", from its beginning" if turn["length"] > LONGEST else ""
        whose = ("Your" if who == "client" else f"The {who}'s") if named else "The"
        why = f"{whose} {rank}longest turn, {turn['length']:.0f} seconds{part}."
        found.append((turn["start"], turn["end"] + 1, f"{rank or 'longest '}turn", why))
    return found


def _answers(turns: pd.DataFrame, who: str, side: str) -> list[Found]:
    """Find the answers of one speaker that were longest in coming, or quickest."""
    own = gaps(turns)
    own = own[own["responder"] == who].sort_values("latency", ascending=side == "below", kind="stable")
    found = []
    for answer in own.head(len(RANKS)).to_dict("records"):
        waited = float(answer["latency"])
        begins = float(answer["time"]) + waited
        before = min(float(answer["time"]), begins) - BEFORE_SILENCE
        whose = "you answered" if who == "client" else f"the {who} answered"
        after = f"after {waited:.1f} seconds" if waited >= 0 else "before the other had ended"
        found.append((before, begins + AFTER_SILENCE, "answer", f"Here {whose} {after}."))
    return found


def _quickest_exchange(turns: pd.DataFrame) -> list[Found]:
    held = floor_turns(turns)
    began = held["start"].to_numpy(dtype=float)[1:]  # where each next turn begins, the floor has changed
    changes = np.searchsorted(began, began + EXCHANGE, side="right") - np.arange(len(began))
    found: list[Found] = []
    for first in np.argsort(-changes, kind="stable").tolist():
        start, end = began[first] - 3, began[first] + EXCHANGE + 2
        apart = all(end <= other[0] or start >= other[1] for other in found)
        if changes[first] >= FEWEST_CHANGES and apart and len(found) < len(RANKS):
            which = "A quick exchange" if found else "The quickest exchange"
            why = f"{which}: the floor changed {changes[first]} times in {EXCHANGE:.0f} seconds."
            found.append((float(start), float(end), f"{'quick' if found else 'quickest'} exchange", why))
    return found


def _balance_turned(turns: pd.DataFrame) -> list[Found]:
    """Find where a minute's talk share differs most from that of the minute before."""
    who = speakers(turns)[0]
    first, last = float(turns["start"].min()), float(turns["end"].max())
    times = np.arange(first + WINDOW, last - WINDOW, 1.0)
    if len(times) == 0:
        return []
    own, every = (_spoken_around(part, times) for part in (turns[turns["speaker"] == who], turns))
    (own_before, own_after), (before, after) = own, every
    enough = (before >= LEAST_TALK) & (after >= LEAST_TALK)
    shares = own_before / np.maximum(before, 1), own_after / np.maximum(after, 1)
    turned = np.where(enough, np.abs(shares[1] - shares[0]), 0.0)
    at = int(np.argmax(turned))
    if turned[at] < LEAST_TURNED:
        return []
    whose = "yours" if who == "client" else "one voice's"
    why = (
        f"Around here the talking turned: of the minute before, {shares[0][at]:.0%} was {whose}, of the minute "
        f"after, {shares[1][at]:.0%}."
    )
    return [(float(times[at]) - 10, float(times[at]) + 15, "balance turned", why)]


def _spoken_around(
    own: pd.DataFrame, times: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seconds spoken in the window before each time and in the window after it."""
    edges = np.concatenate([times - WINDOW, times, times + WINDOW])
    # Up to a time t, speech is the sum of t - start over what has begun, less that of t - end over what has ended.
    spoken = _since(own["start"], edges) - _since(own["end"], edges)
    low, middle, high = np.split(spoken, 3)
    return middle - low, high - middle


def _since(events: pd.Series, times: NDArray[np.float64]) -> NDArray[np.float64]:
    order = np.sort(events.to_numpy(dtype=float))
    past = np.searchsorted(order, times)
    gone: NDArray[np.float64] = past * times - np.concatenate([[0.0], np.cumsum(order)])[past]
    return gone


def _answer_after_listening(turns: pd.DataFrame) -> list[Found]:
    held = floor_turns(turns)
    changes = gaps(turns)
    at = np.flatnonzero((changes["before"] == "therapist") & (changes["responder"] == "client"))
    if len(at) == 0:
        return []
    length = (held["end"] - held["start"]).to_numpy(dtype=float)
    first = int(at[np.argmax(length[at])])
    answer = held.iloc[first + 1]
    why = f"What you said after you had listened longest, {length[first]:.0f} seconds."
    return [(float(answer["start"]) - 3, float(answer["end"]) + 1, "answer", why)]


# In the order in which they are preferred when two would overlap.
_FINDERS: tuple[Callable[[pd.DataFrame], list[Found]], ...] = (
    _silences,
    _longest_turn,
    _quickest_exchange,
    _balance_turned,
    _answer_after_listening,
)
