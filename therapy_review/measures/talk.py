"""Turns in, numbers out: what is measured of one session.

Conventions. Times are seconds from the recording's start. Every function takes a turns table, checks it, and
returns plain numbers, a dict by speaker, or a tidy DataFrame. *Session* means first to last speech; what lies
before and after is lead-in and lead-out. Definitions:

- voiced stretch: speech of one speaker with no silence of 0.2 s or more inside (Heldner & Edlund 2010)
- turn: consecutive voiced stretches of one speaker, see `therapy_review.turns.table.floor_turns`
- pause, gap, long silence, overlap: what lies between the words, see `therapy_review.measures.silences`
- latency: gaps by responder, within one pair of speakers only; an answer to somebody else is another thing
- talk share: part of all talk (silence left out); session share: part of the session (silence shown)

Sources: Sacks, Schegloff & Jefferson 1974, Language 50:696-735 (turns); Heldner & Edlund 2010, Journal of
Phonetics 38:555-568 (0.2 s, pauses, gaps, overlaps); Stivers et al. 2009, PNAS 106:10587-10592 (latency);
Sharpley, Munro & Elly 2005, Counselling Psychology Quarterly 18:149-159, and Frankel, Levitt, Murray, Greenberg &
Angus 2006, Psychotherapy Research 16:627-638 (long silences). None of these has a right value.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from therapy_review.measures.silences import (
    AT_ONCE,
    LONG_SILENCE,
    gaps,
    overlaps,
    pauses,
    silences,
    who_broke_silence,
)
from therapy_review.turns import MIN_SILENCE, TOLERANCE, backchannels, floor_turns, speakers, validate

PARTS = 5


def talk_time(turns: pd.DataFrame) -> dict[str, float]:
    """Total voiced time of each speaker: all their voiced stretches (Heldner & Edlund 2010) added up.

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
    return float(turns["start"].min()), float(turns["end"].max())


def balance(turns: pd.DataFrame) -> pd.DataFrame:
    """Talk share in equal parts of the session, NaN where nobody spoke; one row a part and speaker."""
    validate(turns)
    first, last = session_bounds(turns)
    edges = np.linspace(first, last, PARTS + 1) if len(turns) else np.array([])
    rows = []
    for part, (start, end) in enumerate(pairwise(edges.tolist()), 1):
        within = (turns["end"].clip(upper=end) - turns["start"].clip(lower=start)).clip(lower=0)
        own = within.groupby(turns["speaker"]).sum().to_dict()
        total = sum(own.values())
        for speaker in speakers(turns):
            seconds = own.get(speaker, 0.0)
            share = seconds / total if total > TOLERANCE else np.nan
            rows.append((part, start, end, speaker, seconds, share))
    return pd.DataFrame(rows, columns=["part", "start", "end", "speaker", "talk_time", "share"])


def latency(turns: pd.DataFrame) -> pd.DataFrame:
    """How long each speaker took before answering each other one: how often, median and quartiles (s).

    Negative where the answer began before the other had ended: the sign is kept. Heldner & Edlund 2010; in everyday
    talk a median is about 0.2 s (Stivers et al. 2009).

    Examples
    --------
    >>> from therapy_review.turns import turns_table
    >>> latency(turns_table([(0, 2, "client"), (2.5, 4, "therapist"), (3.5, 6, "client")]))
          before  responder  n   q1  median   q3
    0     client  therapist  1  0.5     0.5  0.5
    1  therapist     client  1 -0.5    -0.5 -0.5
    """
    validate(turns)
    rows = [
        (*pair, len(own), *np.quantile(own["latency"].to_numpy(dtype=float), [0.25, 0.5, 0.75]).tolist())
        for pair, own in gaps(turns).groupby(["before", "responder"])
    ]
    return pd.DataFrame(rows, columns=["before", "responder", "n", "q1", "median", "q3"])


# What the columns of `evaluate` mean, for labels: in plain words, and the unit. Those of `OF_ONE` have the speaker
# before them in a column's name.
MEASURES: Mapping[str, tuple[str, str]] = {
    "session_start": ("first word", "s"),
    "session_end": ("last word", "s"),
    "lead_in": ("recorded before the first word", "s"),
    "lead_out": ("recorded after the last word", "s"),
    "silence_share": ("part of the session nobody filled", "share"),
    "long_silences": ("silences of three seconds or more", "count"),
    "long_silence_time": ("time in those silences", "s"),
    "longest_silence": ("longest silence", "s"),
    "longest_silence_start": ("where the longest silence begins", "s"),
    "long_silences_inside_turn": ("of those, inside one turn", "count"),
    "within_overlaps": ("both at once within one turn", "count"),
    "talking_at_once": ("both at once where the other went on", "count"),
    "shortest_silence": ("shortest silence that can be seen", "s"),
    "talk_time": ("time spoken", "s"),
    "talk_share": ("part of all talking", "share"),
    "session_share": ("part of the session", "share"),
    "turns": ("turns", "count"),
    "backchannels": ('short "mm-hm"s', "count"),
    "pauses": ("pauses within own turns", "count"),
    "pause_median": ("middle length of those pauses", "s"),
    "latency_n": ("answers to the other", "count"),
    "latency_q1": ("time before answering, a quarter were shorter", "s"),
    "latency_median": ("time before answering, the middle one", "s"),
    "latency_q3": ("time before answering, a quarter were longer", "s"),
    "longest_turn": ("longest turn", "s"),
    "longest_turn_start": ("where the longest turn begins", "s"),
}
OF_ONE = tuple(MEASURES)[tuple(MEASURES).index("talk_time") :]


def evaluate(
    turns: pd.DataFrame,
    *,
    shortest_silence: float = MIN_SILENCE,
    sees_overlap: Literal["yes", "no"] = "yes",
    duration: float | None = None,
) -> pd.DataFrame:
    """Compute every measure of one session.

    Parameters
    ----------
    turns : DataFrame
        A turns table.
    shortest_silence : float
        Seconds; the floor of what found the turns, kept beside the measures.
    sees_overlap : {"yes", "no"}
        Whether what found the turns can see two people at once; without, those measures are missing.
    duration : float, optional
        Seconds the recording lasts; the lead-out is missing without it.

    Returns
    -------
    DataFrame
        One row of numbers or NaN. Columns are the keys of `MEASURES`; those in `OF_ONE` begin with the speaker
        (``client_talk_share``), and ``long_silences_client_therapist`` counts long silences after the client's
        words that the therapist broke. Client and therapist have columns even when only one of them speaks.
        Latencies are of answers to one another; anybody else's are of answers to the client.

    Examples
    --------
    >>> from therapy_review.turns import turns_table
    >>> row = evaluate(turns_table([(0, 3, "client"), (7, 8, "therapist")]))
    >>> row[["client_talk_share", "long_silences", "long_silences_client_therapist"]].iloc[0].tolist()
    [0.75, 1.0, 1.0]
    """
    validate(turns)
    start, end = session_bounds(turns)
    every, inside, changes = silences(turns, 0.0).round(6), pauses(turns), gaps(turns)
    quiet = every.loc[every["duration"] >= LONG_SILENCE - TOLERANCE, "duration"]
    longest = every.sort_values("duration", ascending=False, kind="stable").head(1)
    within = at_once = np.nan
    if sees_overlap == "yes":
        within = int((overlaps(turns)["kind"] == "within").sum())
        at_once = int((changes["latency"] <= -AT_ONCE + TOLERANCE).sum())
    row: dict[str, float] = {
        "session_start": start,
        "session_end": end,
        "lead_in": start,
        "lead_out": np.nan if duration is None else max(0.0, duration - end),
        "silence_share": float(every["duration"].sum()) / (end - start) if len(turns) else np.nan,
        "long_silences": len(quiet),
        "long_silence_time": float(quiet.sum()),
        "longest_silence": float(longest["duration"].max()),
        "longest_silence_start": float(longest["start"].max()),
        "long_silences_inside_turn": int((inside["duration"] >= LONG_SILENCE - TOLERANCE).sum()),
        "within_overlaps": within,
        "talking_at_once": at_once,
        "shortest_silence": shortest_silence,
    }
    row |= _of_each(turns, inside)
    for before, counts in who_broke_silence(turns).to_dict("index").items():
        row |= {f"long_silences_{before}_{after}": int(count) for after, count in counts.items()}
    return pd.DataFrame([row])


def _of_each(turns: pd.DataFrame, inside: pd.DataFrame) -> dict[str, float]:
    """Give the measures that belong to one speaker, for every speaker."""
    people, rest, held = speakers(turns), inside.groupby("speaker")["duration"], floor_turns(turns)
    taken, short = (part["speaker"].value_counts().to_dict() for part in (held, backchannels(turns)))
    often, middle = rest.size().to_dict(), rest.median().to_dict()
    answers = {(a[0], a[1]): a[2:] for a in latency(turns).to_numpy().tolist()}
    # Rounded, so that of equal ones the first is the longest, and not the one that a last digit favours.
    lasting = held.assign(duration=(held["end"] - held["start"]).round(6))
    lasting = lasting.sort_values("duration", ascending=False, kind="stable").drop_duplicates("speaker")
    longest = {t[0]: t[1:] for t in lasting[["speaker", "duration", "start"]].to_numpy().tolist()}
    seconds, (first, last) = talk_time(turns), session_bounds(turns)
    total = sum(seconds.values())
    row: dict[str, float] = {}
    for person in people:
        other = people[0] if person != people[0] else people[min(1, len(people) - 1)]
        own = seconds.get(person, 0.0)
        values = (
            *(own, own / total, own / (last - first)),
            *(count.get(person, 0) for count in (taken, short, often)),
            middle.get(person, np.nan),
            *answers.get((other, person), (0, np.nan, np.nan, np.nan)),
            *longest.get(person, (np.nan, np.nan)),
        )
        row |= {f"{person}_{name}": value for name, value in zip(OF_ONE, values, strict=True)}
    return row
