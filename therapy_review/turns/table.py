"""Who held the floor when, as a table.

A *turns table* is a DataFrame with the columns ``start``, ``end`` (seconds from the recording's start, float64),
``speaker`` (str) and ``confidence`` (float64, 0 to 1), ordered by time. One row is one *voiced stretch* of a
turn: silences of 0.2 s and more are cut out (Heldner & Edlund 2010). Rows of different speakers may lie over
each other, rows of one speaker may not. Speakers are ``client``, ``therapist`` and ``other`` once they are
named; before that they are the engine's ``voice_1``, ``voice_2`` in the order in which they are first heard.
Everything here is a pure function.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from therapy_review.consent import ROLES
from therapy_review.errors import TurnsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS = ["start", "end", "speaker", "confidence"]
MIN_SILENCE = 0.2  # seconds; Heldner & Edlund 2010
BACKCHANNEL = 1.0  # seconds
CLEAR = 0.75  # part of the answered time that must agree before a voice is named
TOLERANCE = 1e-6  # seconds; times come from files written to the millisecond


def turns_table(rows: Iterable[Sequence[object]] = ()) -> pd.DataFrame:
    """Make a well-formed turns table.

    Parameters
    ----------
    rows : iterable of (start, end, speaker) or (start, end, speaker, confidence)
        In any order; seconds. Confidence is 1 where it is left out.

    Returns
    -------
    DataFrame
        Columns start, end, speaker, confidence.

    Raises
    ------
    TurnsError
        When the rows make no turns table.

    Examples
    --------
    >>> turns_table([(2.0, 3.5, "therapist"), (0.0, 1.5, "client", 0.9)])
       start  end    speaker  confidence
    0    0.0  1.5     client         0.9
    1    2.0  3.5  therapist         1.0
    """
    full = [tuple(row) if len(row) == 4 else (*row, 1.0) for row in rows]
    types = {"start": float, "end": float, "speaker": str, "confidence": float}
    table = pd.DataFrame(full, columns=COLUMNS).astype(types)
    table = table.sort_values(["start", "end"], kind="stable", ignore_index=True)
    validate(table)
    return table


def validate(turns: pd.DataFrame) -> None:
    """Check that a table is a turns table.

    Parameters
    ----------
    turns : DataFrame

    Raises
    ------
    TurnsError
        When a column is missing, a time is no number or negative, an end comes before its start, the rows are
        not in order of time, or one speaker has two stretches at once.
    """
    missing = [name for name in COLUMNS if name not in turns.columns]
    if missing:
        raise TurnsError(f"The table of turns has no column {missing[0]}; it needs {', '.join(COLUMNS)}.")
    start, end = (turns[name].to_numpy(dtype=float) for name in ("start", "end"))
    if not (np.isfinite(start).all() and np.isfinite(end).all() and (start >= 0).all()):
        raise TurnsError("The table of turns has a time that is missing or before the recording's start.")
    if (end <= start).any():
        row = int(np.argmax(end <= start))
        raise TurnsError(f"Row {row + 1} of the table of turns ends before it starts; mend its times.")
    if (np.diff(start) < 0).any():
        raise TurnsError("The rows of the table of turns are not in order of time; sort them by start.")
    for speaker, own in turns.groupby("speaker", sort=False):
        if (own["start"].to_numpy()[1:] < own["end"].to_numpy()[:-1] - TOLERANCE).any():
            raise TurnsError(
                f"Two stretches of {speaker} lie over each other in the table of turns; join them."
            )


def merge_stretches(turns: pd.DataFrame, min_silence: float = MIN_SILENCE) -> pd.DataFrame:
    """Join stretches of one speaker with less silence between them than can count as one.

    Parameters
    ----------
    turns : DataFrame
        A turns table, or one in which stretches of one speaker still lie over each other.
    min_silence : float
        Seconds; 0 joins only what lies over each other.

    Returns
    -------
    DataFrame
        A turns table; the confidence of a joined stretch is the mean over its parts' time.

    Examples
    --------
    >>> merge_stretches(turns_table([(0, 1, "client"), (1.1, 2, "client"), (2.5, 3, "client")]))[["start", "end"]]
       start  end
    0    0.0  2.0
    1    2.5  3.0
    """
    parts = []
    for _, own in turns.groupby("speaker", sort=False):
        silence = own["start"].to_numpy()[1:] - np.maximum.accumulate(own["end"].to_numpy())[:-1]
        group = np.concatenate([[0], np.cumsum(silence >= min_silence - TOLERANCE)])
        parts.append(_joined(own, group))
    if not parts:
        return turns_table()
    return pd.concat(parts).sort_values(["start", "end"], kind="stable", ignore_index=True)[COLUMNS]


def _joined(rows: pd.DataFrame, group: NDArray[np.intp]) -> pd.DataFrame:
    """Put the rows of each group, which follow one another, into one: from the first start to the last end."""
    first = np.flatnonzero(np.diff(group, prepend=-1))
    start, end, confidence = (rows[name].to_numpy(dtype=float) for name in ("start", "end", "confidence"))
    voiced = np.add.reduceat(end - start, first)
    return pd.DataFrame(
        {
            "start": np.minimum.reduceat(start, first),
            "end": np.maximum.reduceat(end, first),
            "speaker": rows["speaker"].take(first).array,
            "confidence": np.add.reduceat((end - start) * confidence, first) / voiced,
            "voiced": voiced,
            "stretches": np.diff(np.append(first, len(rows))),
        }
    )


def floor_turns(turns: pd.DataFrame) -> pd.DataFrame:
    """Gather voiced stretches into turns: who held the floor, one after the other.

    A turn is made of consecutive voiced stretches of one speaker with no other speaker's turn between. What
    another says wholly within one stretch, or in at most 1.0 s between two stretches of the same turn, is a
    backchannel (or an attempt that failed) and does not end it.

    Parameters
    ----------
    turns : DataFrame
        A turns table.

    Returns
    -------
    DataFrame
        One row a turn, in order of time: start, end (s), speaker, confidence, voiced (s, its stretches added
        up), stretches (how many).

    References
    ----------
    Sacks, Schegloff & Jefferson 1974; Heldner & Edlund 2010, Journal of Phonetics 38:555-568.

    Examples
    --------
    >>> said = turns_table([(0, 3, "client"), (3.2, 3.6, "therapist"), (4, 6, "client"), (7, 9, "therapist")])
    >>> floor_turns(said)[["start", "end", "speaker", "voiced", "stretches"]]
       start  end    speaker  voiced  stretches
    0    0.0  6.0     client     5.0          2
    1    7.0  9.0  therapist     2.0          1
    """
    holding = turns[_holds_floor(turns)]
    if holding.empty:
        return turns_table().assign(voiced=0.0, stretches=0)
    table = _joined(holding, _runs(holding["speaker"]))
    columns = [*COLUMNS, "voiced", "stretches"]
    return table.reset_index(drop=True)[columns]


def backchannels(turns: pd.DataFrame) -> pd.DataFrame:
    """Give the stretches that hold no floor: short "mm-hm"s, and attempts that failed.

    Parameters
    ----------
    turns : DataFrame
        A turns table.

    Returns
    -------
    DataFrame
        A turns table.

    Examples
    --------
    >>> said = turns_table([(0, 3, "client"), (3.2, 3.6, "therapist"), (4, 6, "client")])
    >>> backchannels(said)["speaker"].tolist()
    ['therapist']
    """
    return turns[~_holds_floor(turns)].reset_index(drop=True)


def _runs(speakers: pd.Series[str]) -> NDArray[np.intp]:
    """Give each run of one and the same speaker a number."""
    codes = pd.factorize(speakers)[0]
    return np.concatenate([[0], np.cumsum(np.diff(codes) != 0)]).astype(np.intp)


def _holds_floor(turns: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell of each stretch whether it is part of a turn."""
    start, end = (turns[name].to_numpy(dtype=float) for name in ("start", "end"))
    # First what lies wholly within a stretch of somebody else; one's own stretches never lie over each other.
    order = np.lexsort((-end, start))
    latest = np.maximum.accumulate(end[order])
    inside = np.zeros(len(turns), dtype=bool)
    inside[order[1:]] = end[order][1:] <= latest[:-1] + TOLERANCE
    holds = ~inside
    rows = np.flatnonzero(holds)
    if len(rows) == 0:
        return holds
    # Then what fits between two stretches of one speaker's turn: the floor never left that speaker.
    speakers = turns["speaker"].to_numpy()[rows]
    run_of = _runs(turns["speaker"].iloc[rows])
    first = np.flatnonzero(np.diff(run_of, prepend=-1))
    last = np.append(first[1:], len(rows)) - 1
    floor = speakers[first[0]]
    for run in range(1, len(first)):
        speaker = speakers[first[run]]
        if speaker == floor:
            continue
        goes_on = run + 1 < len(first) and speakers[first[run + 1]] == floor
        if goes_on and end[rows[last[run]]] - start[rows[first[run]]] <= BACKCHANNEL + TOLERANCE:
            holds[rows[first[run] : last[run] + 1]] = False
        else:
            floor = speaker
    return holds


def are_named(turns: pd.DataFrame) -> bool:
    """Tell whether the speakers are people by role rather than the engine's voices.

    Parameters
    ----------
    turns : DataFrame
        A turns table.

    Returns
    -------
    bool

    Examples
    --------
    >>> are_named(turns_table([(0, 1, "voice_1")])), are_named(turns_table([(0, 1, "client")]))
    (False, True)
    """
    return bool(turns["speaker"].isin(ROLES).all())


def speakers(turns: pd.DataFrame) -> list[str]:
    """Everybody heard: client and therapist first, then others or unnamed voices in order.

    Parameters
    ----------
    turns : DataFrame
        A turns table.

    Returns
    -------
    list of str
    """
    heard = set(turns["speaker"])
    known = ["client", "therapist"] if heard and are_named(turns) else []
    return known + sorted(str(speaker) for speaker in heard - set(known))


def name_speakers(turns: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Give the engine's voices the roles that the client's answers say, or leave them unnamed.

    Each answer speaks for the voice heard most within it, as long as that is heard. Voices get the roles, no two
    the same, with which most of the answered time agrees; where that is less than three quarters of it, nothing is
    named: a wrong name is worse than none. When one of two voices is known to be the client's or the
    therapist's, the other is the other one's; when both are known, a third voice is somebody else's.

    Parameters
    ----------
    turns : DataFrame
        A turns table with voices.
    answers : DataFrame
        What the client said about moments: start, end (s), speaker (a role).

    Returns
    -------
    DataFrame
        The turns table, under roles or unchanged.

    Examples
    --------
    >>> heard = turns_table([(0, 4, "voice_1"), (5, 9, "voice_2")])
    >>> said = pd.DataFrame({"start": [6.0], "end": [8.0], "speaker": ["client"]})
    >>> name_speakers(heard, said)["speaker"].tolist()
    ['therapist', 'client']
    """
    votes = _votes(turns, answers)
    voices = turns["speaker"].unique().tolist()
    if votes.empty:
        return turns
    from scipy.optimize import linear_sum_assignment

    seconds = votes.to_numpy(dtype=float)
    voice, role = linear_sum_assignment(seconds, maximize=True)
    heard = seconds[voice, role]
    if heard.sum() < CLEAR * seconds.sum():
        return turns
    best = zip(votes.index[voice[heard > 0]], votes.columns[role[heard > 0]], strict=True)
    roles = {str(voice): str(role) for voice, role in best}
    rest = [voice for voice in voices if voice not in roles]
    if len(voices) == 2 and len(rest) == 1:
        other = {"client": "therapist", "therapist": "client"}.get(next(iter(roles.values())))
        if other:
            roles[rest.pop()] = other
    if len(rest) == 1 and {"client", "therapist"} <= set(roles.values()):
        roles[rest.pop()] = "other"
    if rest:
        return turns
    return turns.assign(speaker=turns["speaker"].map(roles))


def _votes(turns: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Add up for how many seconds of each voice (rows) the answers say each role (columns)."""
    votes = []
    for start, end, role in zip(
        *(answers[name].tolist() for name in ("start", "end", "speaker")), strict=True
    ):
        shared = (turns["end"].clip(upper=end) - turns["start"].clip(lower=start)).clip(lower=0)
        heard = shared.groupby(turns["speaker"]).sum()
        if len(heard) and heard.max() > 0:
            votes.append((heard.idxmax(), role, heard.max()))
    table = pd.DataFrame(votes, columns=["voice", "role", "seconds"])
    return table.pivot_table(index="voice", columns="role", values="seconds", aggfunc="sum", fill_value=0.0)
