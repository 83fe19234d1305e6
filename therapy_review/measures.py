"""Measures: turns in, numbers out.

Conventions. Times are seconds from the recording's start. Every function takes a turns table (see
`therapy_review.turns`: one row a voiced stretch, silences of 0.2 s and more cut out) and returns plain numbers,
a dict by speaker, or a tidy DataFrame. *Session* means first to last speech; what lies before and after is
lead-in and lead-out. Definitions:

voiced stretch
    speech of one speaker with no silence of 0.2 s or more inside (Heldner & Edlund 2010)
turn
    consecutive voiced stretches of one speaker, see `therapy_review.turns.floor_turns`
pause, gap, long silence, overlap
    what lies between the words, see `therapy_review.silences`

None of these has a right value.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd

from therapy_review.silences import (
    latency_quartiles,
    long_silences,
    overlaps,
    pauses,
    silences,
    talking_at_once,
    who_broke_silence,
)
from therapy_review.turns import MIN_SILENCE, backchannels, floor_turns, speakers, validate

PARTS = 5

Number = TypeVar("Number", float, pd.Series)


def talk_time(turns: pd.DataFrame) -> dict[str, float]:
    """Total voiced time of each speaker.

    Parameters
    ----------
    turns : DataFrame
        A turns table.

    Returns
    -------
    dict of str to float
        Seconds, by speaker.

    Examples
    --------
    >>> from therapy_review.turns import turns_table
    >>> talk_time(turns_table([(0, 3, "client"), (4, 5, "therapist"), (6, 8, "client")]))
    {'client': 5.0, 'therapist': 1.0}
    """
    validate(turns)
    voiced = (turns["end"] - turns["start"]).groupby(turns["speaker"]).sum()
    return {str(speaker): float(seconds) for speaker, seconds in voiced.items()}


def talk_share(turns: pd.DataFrame) -> dict[str, float]:
    """Each speaker's part of all talk time; overlap counts for both, silence for nobody.

    Parameters
    ----------
    turns : DataFrame
        A turns table.

    Returns
    -------
    dict of str to float
        0 to 1, by speaker; they add up to 1.

    Examples
    --------
    >>> from therapy_review.turns import turns_table
    >>> talk_share(turns_table([(0, 3, "client"), (4, 5, "therapist")]))
    {'client': 0.75, 'therapist': 0.25}
    """
    seconds = talk_time(turns)
    total = sum(seconds.values())
    return {speaker: own / total for speaker, own in seconds.items()}


def session_share(turns: pd.DataFrame) -> dict[str, float]:
    """Each speaker's part of the session, with ``silence`` for what nobody filled.

    Parameters
    ----------
    turns : DataFrame
        A turns table.

    Returns
    -------
    dict of str to float
        0 to 1, by speaker and ``silence``; overlap counts for both, so they add up to 1 only without any.

    Examples
    --------
    >>> from therapy_review.turns import turns_table
    >>> session_share(turns_table([(1, 4, "client"), (5, 6, "therapist")]))
    {'client': 0.6, 'therapist': 0.2, 'silence': 0.2}
    """
    seconds = talk_time(turns)
    if not seconds:
        return {}
    start, end = session_bounds(turns)
    quiet = float(silences(turns, 0.0)["duration"].sum())
    return {speaker: own / (end - start) for speaker, own in {**seconds, "silence": quiet}.items()}


def session_bounds(turns: pd.DataFrame) -> tuple[float, float]:
    """First and last moment of speech.

    Parameters
    ----------
    turns : DataFrame
        A turns table.

    Returns
    -------
    tuple of float
        Start and end in seconds; both NaN when nobody speaks.
    """
    if turns.empty:
        return float("nan"), float("nan")
    return float(turns["start"].min()), float(turns["end"].max())


def longest_turns(turns: pd.DataFrame) -> pd.DataFrame:
    """Longest turn of each speaker, with its time so that it can be played.

    Parameters
    ----------
    turns : DataFrame
        A turns table.

    Returns
    -------
    DataFrame
        Columns speaker, start, end, duration (s; from first to last word, pauses included).
    """
    turn = floor_turns(turns)
    turn = turn.assign(duration=turn["end"] - turn["start"])
    longest = turn.sort_values("duration", ascending=False, kind="stable").drop_duplicates("speaker")
    return longest.sort_values("speaker")[["speaker", "start", "end", "duration"]].reset_index(drop=True)


def balance(turns: pd.DataFrame, parts: int = PARTS) -> pd.DataFrame:
    """Talk share in equal parts of the session.

    Parameters
    ----------
    turns : DataFrame
        A turns table.
    parts : int
        How many.

    Returns
    -------
    DataFrame
        Tidy, one row a part and speaker: part (1 to `parts`), start, end (s), speaker, talk_time (s), share (of
        the talk in that part; NaN where nobody spoke).
    """
    first, last = session_bounds(turns)
    edges = np.linspace(first, last, parts + 1) if len(turns) else np.array([])
    rows = []
    for part, (start, end) in enumerate(pairwise(edges), 1):
        within = (turns["end"].clip(upper=end) - turns["start"].clip(lower=start)).clip(lower=0)
        own = within.groupby(turns["speaker"]).sum()
        total = float(own.sum())
        for speaker in speakers(turns):
            seconds = float(own[speaker])
            share = seconds / total if total > 0 else float("nan")
            rows.append((part, float(start), float(end), speaker, seconds, share))
    return pd.DataFrame(rows, columns=["part", "start", "end", "speaker", "talk_time", "share"])


def mood_change(before: Number, after: Number) -> Number:
    """Mood after minus mood before.

    Parameters
    ----------
    before, after : float or Series
        1 to 10.

    Returns
    -------
    float or Series

    Examples
    --------
    >>> mood_change(3, 5)
    2
    """
    return after - before


# What the columns of `evaluate` mean, for labels: the part behind the speaker, in plain words, and its unit.
MEASURES: Mapping[str, tuple[str, str]] = {
    "talk_time": ("time spoken", "s"),
    "talk_share": ("part of all talking", "share"),
    "session_share": ("part of the session", "share"),
    "turns": ("turns", "count"),
    "backchannels": ('short "mm-hm"s', "count"),
    "pauses": ("pauses within own turns", "count"),
    "pause_median": ("middle length of those pauses", "s"),
    "latency_q1": ("time before answering, lower quartile", "s"),
    "latency_median": ("time before answering, middle", "s"),
    "latency_q3": ("time before answering, upper quartile", "s"),
    "longest_turn": ("longest turn", "s"),
    "longest_turn_start": ("where the longest turn begins", "s"),
    "session_start": ("first word", "s"),
    "session_end": ("last word", "s"),
    "silence_share": ("part of the session nobody filled", "share"),
    "long_silences": ("silences of three seconds or more", "count"),
    "long_silence_time": ("time in those silences", "s"),
    "longest_silence": ("longest silence", "s"),
    "within_overlaps": ("overlaps within a turn", "count"),
    "talking_at_once": ("talking at once", "count"),
    "shortest_silence": ("shortest silence that can be seen", "s"),
}


def evaluate(
    turns: pd.DataFrame,
    *,
    shortest_silence: float = MIN_SILENCE,
    sees_overlap: Literal["yes", "no"] = "yes",
) -> pd.DataFrame:
    """Compute every measure of one session.

    Parameters
    ----------
    turns : DataFrame
        A turns table.
    shortest_silence : float
        Seconds; the floor of what found the turns, kept beside the measures.
    sees_overlap : {"yes", "no"}
        Whether what found the turns can see two people talking at once; without, those measures are missing.

    Returns
    -------
    DataFrame
        One row. Columns are the keys of `MEASURES`; those of one person begin with the speaker
        (``client_talk_share``), and ``silences_client_therapist`` counts long silences that began after the
        client's words and were broken by the therapist.

    Examples
    --------
    >>> from therapy_review.turns import turns_table
    >>> row = evaluate(turns_table([(0, 3, "client"), (7, 8, "therapist")]))
    >>> row[["client_talk_share", "long_silences", "silences_client_therapist"]].iloc[0].tolist()
    [0.75, 1.0, 1.0]
    """
    validate(turns)
    start, end = session_bounds(turns)
    quiet = long_silences(turns)
    seen = sees_overlap == "yes"
    row: dict[str, Any] = {
        "session_start": start,
        "session_end": end,
        "silence_share": session_share(turns).get("silence", float("nan")),
        "long_silences": len(quiet),
        "long_silence_time": float(quiet["duration"].sum()),
        "longest_silence": float(silences(turns)["duration"].max()),
        "within_overlaps": int((overlaps(turns)["kind"] == "within").sum()) if seen else None,
        "talking_at_once": talking_at_once(turns) if seen else None,
        "shortest_silence": shortest_silence,
    }
    for speaker in speakers(turns):
        row |= {f"{speaker}_{name}": value for name, value in _of_one(turns, speaker).items()}
    broken = who_broke_silence(turns)
    for before in broken.index:
        row |= {f"silences_{before}_{after}": int(broken.loc[before, after]) for after in broken.columns}
    return pd.DataFrame([row])


def _of_one(turns: pd.DataFrame, speaker: str) -> dict[str, float | int]:
    missing = float("nan")
    rest = pauses(turns)
    own_pauses = rest.loc[rest["speaker"] == speaker, "duration"]
    latency = latency_quartiles(turns).set_index("responder").reindex([speaker]).iloc[0]
    longest = longest_turns(turns).set_index("speaker").reindex([speaker]).iloc[0]
    return {
        "talk_time": talk_time(turns).get(speaker, 0.0),
        "talk_share": talk_share(turns).get(speaker, 0.0),
        "session_share": session_share(turns).get(speaker, 0.0),
        "turns": int((floor_turns(turns)["speaker"] == speaker).sum()),
        "backchannels": int((backchannels(turns)["speaker"] == speaker).sum()),
        "pauses": len(own_pauses),
        "pause_median": float(own_pauses.median()) if len(own_pauses) else missing,
        **{f"latency_{name}": float(latency[name]) for name in ("q1", "median", "q3")},
        "longest_turn": float(longest["duration"]),
        "longest_turn_start": float(longest["start"]),
    }
