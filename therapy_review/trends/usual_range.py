"""Where a session stands beside the client's own sessions before it.

There is no normal to hold a session against. Its *usual range* is the middle half of the same measure over the
earlier sessions of the same phase (see `therapy_review.trends.table`), and half of all sessions lie outside it.
*Far out* is further from it than one and a half times its width (Tukey 1977, Exploratory Data Analysis, p. 44), and
twice as far while there are only five sessions to go by, so that where nothing changes fewer than one value in ten
is: no finding, only a place where it may be worth listening. Later sessions never change what was said of an
earlier one.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from therapy_review.measures import name_of

FEWEST_BEFORE = 5  # earlier sessions without which nothing is called usual
FENCE = 1.5  # widths of the usual range from which on a value is far out
SET_BESIDE = (
    "client_talk_share",
    "client_longest_turn",
    "long_silences",
    "longest_silence",
    "client_latency_median",
)
PLACES = ("", "far below", "below", "within", "above", "far above")
FAR = (PLACES[1], PLACES[-1])
SHORT_NAMES = {  # shorter than those of `MEASURES` where a chart has little room
    "talk_share": "part of the talking",
    "long_silences": "silences of 3 s or more",
    "latency_median": "time before answering, the middle one",
}


def usual(table: pd.DataFrame) -> pd.DataFrame:
    """Set each session's measures beside the usual range of the sessions before it.

    Parameters
    ----------
    table : DataFrame
        As from `therapy_review.trends.table.trends`: tidy, session, date, measure, speaker, value, unit, phase.

    Returns
    -------
    DataFrame
        The same rows in order of time within each measure and speaker, with n (earlier sessions of the phase that
        have a value), low, middle, high (quartiles and median of those, in the measure's unit; NaN under five) and
        place, one of `PLACES`: empty where there is no value or no range yet.

    Examples
    --------
    >>> days = pd.date_range("2026-01-08", periods=6, freq="7D")
    >>> table = pd.DataFrame({"session": days.astype(str), "date": days, "value": [4, 5, 6, 7, 8, 30.0]})
    >>> table = table.assign(measure="longest_silence", speaker="", unit="s", phase="")
    >>> usual(table)[["value", "n", "low", "middle", "high", "place"]].tail(1)
       value  n  low  middle  high      place
    5   30.0  5  5.0     6.0   7.0  far above
    """
    ordered = table.sort_values(["date", "session"], kind="stable")
    parts = [_beside_those_before(own) for _, own in ordered.groupby(["measure", "speaker"], sort=False)]
    empty = table.assign(n=0, low=np.nan, middle=np.nan, high=np.nan, place="")
    return pd.concat(parts, ignore_index=True) if parts else empty


def _beside_those_before(own: pd.DataFrame) -> pd.DataFrame:
    phase, values = own["phase"].fillna(""), own["value"].astype(float)
    before = values.groupby(phase).shift().groupby(phase)
    low, middle, high = (
        before.expanding(FEWEST_BEFORE).quantile(part).droplevel(0).reindex(own.index)
        for part in (0.25, 0.5, 0.75)
    )
    n = before.expanding().count().droplevel(0).reindex(own.index)
    # Of what is counted, one more or less is nothing unusual however alike the sessions before were.
    least = np.where(own["unit"] == "count", 1.0, 0.0)
    width = np.maximum(high - low, least) * FENCE * (1 + FEWEST_BEFORE / n.clip(lower=1))
    place = np.select(
        [
            values.isna() | middle.isna(),
            values < low - width,
            values < low,
            values <= high,
            values <= high + width,
        ],
        PLACES[:5],
        PLACES[5],
    )
    return own.assign(n=n.astype(int), low=low, middle=middle, high=high, place=place)


def far_out(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows whose value is far out.

    Parameters
    ----------
    table : DataFrame
        As from `usual`.

    Returns
    -------
    DataFrame
    """
    return table[table["place"].isin(FAR)]


def side_of(place: str) -> Literal["above", "below"]:
    """Tell on which side of the usual range a place lies; within counts as above.

    Parameters
    ----------
    place : str
        One of `PLACES`.

    Returns
    -------
    {"above", "below"}

    Examples
    --------
    >>> side_of("far below"), side_of("within")
    ('below', 'above')
    """
    return "below" if "below" in place else "above"


def label(measure: str, speaker: str = "") -> str:
    """Say in plain words what a measure is.

    Parameters
    ----------
    measure : str
        One of `therapy_review.measures.talk.MEASURES`.
    speaker : str
        Whose, where it belongs to one.

    Returns
    -------
    str

    Examples
    --------
    >>> label("talk_share", "client"), label("longest_silence")
    ('your part of the talking', 'the longest silence')
    """
    if measure not in SHORT_NAMES:
        return name_of(measure, speaker)
    whose = {"": "", "client": "your "}.get(speaker, f"the {speaker}'s ")
    return f"{whose}{SHORT_NAMES[measure]}"


def written(value: float, unit: str) -> str:
    """Write a value with its unit.

    Parameters
    ----------
    value : float
    unit : str
        ``share``, ``s``, ``count``, ``points``, ``Hz``, ``semitones`` or ``dB``.

    Returns
    -------
    str

    Examples
    --------
    >>> written(0.414, "share"), written(75, "s"), written(7.25, "count"), written(3, "points")
    ('41 %', '75 s', '7', '3')
    >>> written(196.4, "Hz"), written(-2.34, "dB")
    ('196 Hz', '-2.3 dB')
    """
    if unit == "share":
        return f"{100 * value:.0f} %"
    if unit == "s":
        return f"{value:.0f} s" if value >= 10 else f"{value:.1f} s"
    if unit in ("Hz", "semitones", "dB"):
        return f"{value:.0f} Hz" if unit == "Hz" else f"{value:.1f} {unit}"
    return f"{value:.0f}" if unit == "count" else f"{value:.3g}"
