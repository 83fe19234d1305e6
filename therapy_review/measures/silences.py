"""Silences, gaps and overlaps: what lies between the words, and where words meet.

Every function takes a turns table (see `therapy_review.turns.table`) and returns a tidy DataFrame. Times are
seconds from the recording's start. Definitions:

pause
    silence of 0.2 s or more inside one speaker's turn (Heldner & Edlund 2010)
gap, response latency
    silence between the end of one speaker's turn and the start of the other's; negative is overlap
long silence
    any silence of 3.0 s or more, with who spoke before and who broke it (Sharpley, Munro & Elly 2005)
talking at once
    overlap of 0.2 s or more at which the floor changes (Heldner & Edlund 2010)
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from therapy_review.turns import MIN_SILENCE, TOLERANCE, floor_turns, speakers

LONG_SILENCE = 3.0  # seconds
AT_ONCE = 0.2  # seconds


def silences(turns: pd.DataFrame, shortest: float = MIN_SILENCE) -> pd.DataFrame:
    """Every silence of so many seconds between first and last speech, with who spoke before and who broke it."""
    columns = ["start", "end", "duration", "before", "broken_by"]
    start, end = turns["start"].to_numpy(dtype=float), turns["end"].to_numpy(dtype=float)
    speaker = turns["speaker"].to_numpy(dtype=object)
    if len(turns) < 2:
        return pd.DataFrame({c: pd.Series(dtype=object if c in columns[3:] else float) for c in columns})
    latest = np.maximum.accumulate(end)
    # Who spoke before is whoever's voice went silent last.
    last = np.maximum.accumulate(np.where(end >= latest, np.arange(len(end)), 0))
    gap = start[1:] - latest[:-1]
    at = np.flatnonzero((gap > 0) & (gap >= shortest - TOLERANCE))
    table = {
        "start": latest[at],
        "end": start[at + 1],
        "duration": gap[at],
        "before": speaker[last[at]],
        "broken_by": speaker[at + 1],
    }
    return pd.DataFrame(table, columns=columns)


def pauses(turns: pd.DataFrame) -> pd.DataFrame:
    """Silences of 0.2 s and more inside one speaker's turn.

    Parameters
    ----------
    turns : DataFrame
        A turns table.

    Returns
    -------
    DataFrame
        Columns start, end, duration (s), speaker.

    References
    ----------
    Heldner & Edlund 2010, "Pauses, gaps and overlaps in conversations", Journal of Phonetics 38:555-568.

    Examples
    --------
    >>> from therapy_review.turns import turns_table
    >>> pauses(turns_table([(0, 2, "client"), (2.5, 4, "client"), (5, 6, "therapist")]))
       start  end  duration speaker
    0    2.0  2.5       0.5  client
    """
    quiet, turn = silences(turns), floor_turns(turns)
    # A silence lies inside a turn when that turn began before it and ends after it.
    which = np.searchsorted(turn["start"].to_numpy(), quiet["start"].to_numpy(), side="right") - 1
    inside = np.zeros(len(quiet), dtype=bool)
    if len(turn):
        inside = turn["end"].to_numpy()[which] >= quiet["end"].to_numpy() - TOLERANCE
    found = quiet[inside][["start", "end", "duration"]]
    return found.assign(speaker=turn["speaker"].to_numpy()[which[inside]]).reset_index(drop=True)


def gaps(turns: pd.DataFrame) -> pd.DataFrame:
    """Silence at every change of speaker; negative where the next one began before the last had ended.

    Parameters
    ----------
    turns : DataFrame
        A turns table.

    Returns
    -------
    DataFrame
        Columns time (s, where the earlier turn ends), before, responder, latency (s, the sign is kept).

    References
    ----------
    Heldner & Edlund 2010; Stivers et al. 2009, PNAS 106:10587-10592 (median about 0.2 s).

    Examples
    --------
    >>> from therapy_review.turns import turns_table
    >>> gaps(turns_table([(0, 2, "client"), (2.5, 4, "therapist"), (3.5, 6, "client")]))
       time     before  responder  latency
    0   2.0     client  therapist      0.5
    1   4.0  therapist     client     -0.5
    """
    turn = floor_turns(turns)
    start, end, who = (turn[name].to_numpy() for name in ("start", "end", "speaker"))
    table = {"time": end[:-1], "before": who[:-1], "responder": who[1:], "latency": start[1:] - end[:-1]}
    return pd.DataFrame(table)


def long_silences(turns: pd.DataFrame) -> pd.DataFrame:
    """Every silence of 3.0 s and more, with who spoke before and who broke it.

    Parameters
    ----------
    turns : DataFrame
        A turns table.

    Returns
    -------
    DataFrame
        As `silences`.

    References
    ----------
    Frankel, Levitt, Murray, Greenberg & Angus 2006, Psychotherapy Research 16:627-638 (silences of 3 s and
    more); Sharpley, Munro & Elly 2005, Counselling Psychology Quarterly 18:149-159 (who broke them).
    """
    return silences(turns, LONG_SILENCE)


def who_broke_silence(turns: pd.DataFrame) -> pd.DataFrame:
    """Count long silences by who spoke before and who broke them.

    References
    ----------
    Sharpley, Munro & Elly 2005.
    """
    quiet, people = long_silences(turns), speakers(turns)
    table = pd.crosstab(quiet["before"], quiet["broken_by"])
    return table.reindex(index=people, columns=people, fill_value=0).rename_axis(
        index="before", columns="broken_by"
    )


def overlaps(turns: pd.DataFrame) -> pd.DataFrame:
    """Where two speak at once, between speakers (the floor changes) or within one speaker's turn.

    Parameters
    ----------
    turns : DataFrame
        A turns table from something that can see overlap.

    Returns
    -------
    DataFrame
        Columns start, end, duration (s), kind (``between`` or ``within``).

    References
    ----------
    Heldner & Edlund 2010.

    Examples
    --------
    >>> from therapy_review.turns import turns_table
    >>> overlaps(turns_table([(0, 4, "client"), (1, 1.5, "therapist"), (3.5, 6, "therapist")]))[["start", "kind"]]
       start     kind
    0    1.0   within
    1    3.5  between
    """
    start, end = turns["start"].to_numpy(dtype=float), turns["end"].to_numpy(dtype=float)
    latest = np.maximum.accumulate(end)[:-1] if len(end) else end
    shared_end = np.minimum(end[1:], latest)
    at = np.flatnonzero(shared_end - start[1:] > TOLERANCE)
    begins, ends = start[1:][at], shared_end[at]
    changes = gaps(turns)
    low = (changes["time"] + changes["latency"]).to_numpy()  # where the next turn began
    high = changes["time"].to_numpy()
    between = np.array(
        [bool(((low < e) & (high > b)).any()) for b, e in zip(begins, ends, strict=True)], dtype=bool
    )
    kind = np.where(between, "between", "within")
    return pd.DataFrame({"start": begins, "end": ends, "duration": ends - begins, "kind": kind})
