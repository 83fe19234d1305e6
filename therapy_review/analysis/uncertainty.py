"""Least certain: where a minute of listening repairs the most.

Every stretch an engine heard is that speaker's only with some probability, its confidence. Where it is not, the
talk times of two people are wrong by the length of the stretch; asking costs the time it takes to hear whose voice
it is. The stretches with the most expected seconds of error for each second of listening come first. What no
answer about a stretch can repair, words that were not heard at all or breath taken for speech, stays.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from therapy_review.journal import no_corrections
from therapy_review.turns import TOLERANCE, spoken_of

AROUND = 1.0  # seconds to press play, and to answer
TOGETHER = 1.0  # seconds of silence at most between stretches that are asked about as one
AS_SURE = 0.15  # by how much the confidence of such stretches may differ
LONGEST = 8.0  # seconds of stretches put together: all are heard, for who begins may not be who goes on
DOUBT = 0.005  # no engine is surer than that
COLUMNS = ["start", "end", "speaker", "confidence", "error"]


def least_certain(
    turns: pd.DataFrame, minutes: float = 2.0, corrections: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Choose the stretches whose correction would change the measures most within some minutes of listening.

    Parameters
    ----------
    turns : DataFrame
        A turns table.
    minutes : float
        How long the client wants to listen.
    corrections : DataFrame, optional
        A corrections table; what it speaks of is not asked about again.

    Returns
    -------
    DataFrame
        The most worthwhile first: start, end (s), speaker (who is shown there), confidence, and error (the
        seconds that are expected to be given to the wrong one). Each is meant to be heard to its end; one turn
        alone may be long.

    Examples
    --------
    >>> from therapy_review.turns import turns_table
    >>> talk = turns_table([(0, 9, "client", 0.95), (10, 14, "client", 0.6), (15, 18, "therapist", 0.7)])
    >>> least_certain(talk, minutes=0.1)[["start", "end", "error"]]
       start   end  error
    0   10.0  14.0    1.6
    """
    pieces = _pieces(turns[~spoken_of(turns, no_corrections() if corrections is None else corrections)])
    cost = (pieces["end"] - pieces["start"]).to_numpy() + AROUND
    order = np.argsort(-pieces["error"].to_numpy() / cost, kind="stable")
    fits = np.cumsum(cost[order]) <= minutes * 60 + TOLERANCE
    return pieces.iloc[order[fits]].reset_index(drop=True)


def _pieces(turns: pd.DataFrame) -> pd.DataFrame:
    """Put neighbouring stretches of one speaker that are about as sure together, as far as one answer reaches."""
    start, end, sure = (turns[name].to_numpy(dtype=float) for name in ("start", "end", "confidence"))
    speaker = turns["speaker"].to_numpy(dtype=object)
    group, first = np.zeros(len(turns), dtype=int), 0
    for i in range(1, len(turns)):
        goes_on = speaker[i] == speaker[first] and start[i] - end[i - 1] <= TOGETHER
        if goes_on and end[i] - start[first] <= LONGEST and abs(sure[i] - sure[first]) <= AS_SURE:
            group[i] = group[i - 1]
        else:
            group[i], first = group[i - 1] + 1, i
    voiced = end - start
    rows = turns.assign(error=(1 - np.minimum(sure, 1 - DOUBT)) * voiced, voiced=voiced, sure=sure * voiced)
    by = rows.groupby(group)
    pieces = by.agg(
        start=("start", "min"), end=("end", "max"), speaker=("speaker", "first"), error=("error", "sum")
    )
    return pieces.assign(confidence=by["sure"].sum() / by["voiced"].sum())[COLUMNS]
