"""Usual: where a session stands beside the client's own sessions before it.

There is no normal to hold a session against. Its *usual range* is the middle half of the same measure over the
earlier sessions of the same phase (heard in the same way, see `therapy_review.trends`), and half of all sessions lie
outside it. *Far out* is further from it than one and a half times its width (Tukey 1977, Exploratory Data Analysis,
p. 44), and twice as far while there are only five sessions to go by, so that where nothing changes fewer than one value
in ten is: no finding, only a place where it may be worth listening. Later sessions never change what was said of
an earlier one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from therapy_review.measures import MEASURES, OF_ONE

FEWEST = 5  # earlier sessions without which nothing is called usual
FENCE = 1.5  # widths of the usual range from which on a value is far out
SHOWN = (
    "client_talk_share",
    "client_longest_turn",
    "long_silences",
    "longest_silence",
    "client_latency_median",
)
PLACES = ("", "far below", "below", "within", "above", "far above")
COLUMNS = ["session", "date", "phase", "measure", "value", "n", "low", "middle", "high", "place"]


def usual(sessions: pd.DataFrame, measures: Sequence[str] = SHOWN) -> pd.DataFrame:
    """Set each session's measures beside the usual range of the sessions before it.

    Parameters
    ----------
    sessions : DataFrame
        As from `therapy_review.trends.sessions_table`: session, date, a column a measure, and phase where sessions
        are not all of one.
    measures : sequence of str
        Columns to look at; those the table lacks are left out.

    Returns
    -------
    DataFrame
        Tidy, one row a session and measure, in order of time: session, date, phase, measure, value (NaN where it
        was not measured), n (earlier sessions of the phase that have it), low, middle, high (quartiles and median of
        those; NaN under five) and place, one of `PLACES`: empty where there is no value or no range yet.

    Examples
    --------
    >>> days = pd.date_range("2026-01-08", periods=6, freq="7D")
    >>> table = pd.DataFrame({"session": days.strftime("%Y-%m-%d"), "date": days})
    >>> found = usual(table.assign(longest_silence=[4, 5, 6, 7, 8, 30.0]), ["longest_silence"])
    >>> found[["value", "low", "high", "place"]].tail(1)
       value  low  high      place
    5   30.0  5.0   7.0  far above
    """
    ordered = sessions.sort_values(["date", "session"], ignore_index=True)
    phase = ordered["phase"] if "phase" in ordered else pd.Series(1, index=ordered.index)
    head = ordered[["session", "date"]].assign(phase=phase)
    tables = [
        _beside_those_before(head, ordered[measure].astype(float), phase, measure)
        for measure in measures
        if measure in ordered
    ]
    return pd.concat(tables, ignore_index=True)[COLUMNS] if tables else pd.DataFrame(columns=COLUMNS)


def _beside_those_before(
    head: pd.DataFrame, values: pd.Series, phase: pd.Series, measure: str
) -> pd.DataFrame:
    before = values.groupby(phase).shift()
    so_far = before.groupby(phase).expanding(FEWEST)
    low, middle, high = (
        so_far.quantile(part).droplevel(0).reindex(values.index) for part in (0.25, 0.5, 0.75)
    )
    n = before.groupby(phase).expanding().count().droplevel(0).reindex(values.index)
    # Of what is counted, one more or less is nothing unusual however alike the sessions before were.
    width = (high - low).clip(lower=1.0 if unit(measure) == "count" else 0.0) * FENCE * (1 + FEWEST / n)
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
    return head.assign(
        measure=measure, value=values, n=n.astype(int), low=low, middle=middle, high=high, place=place
    )


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
    return table[table["place"].isin(("far below", "far above"))]


def unit(measure: str) -> str:
    """Tell what a measure is counted in.

    Parameters
    ----------
    measure : str
        A column of `therapy_review.measures.evaluate`.

    Returns
    -------
    str
        ``s``, ``share`` or ``count``; empty where it is not known.

    Examples
    --------
    >>> unit("client_talk_share"), unit("longest_silence")
    ('share', 's')
    """
    return MEASURES.get(_of_whom(measure)[1], ("", ""))[1]


def label(measure: str) -> str:
    """Say in plain words what a measure is.

    Parameters
    ----------
    measure : str
        A column of `therapy_review.measures.evaluate`.

    Returns
    -------
    str

    Examples
    --------
    >>> label("client_talk_share"), label("longest_silence")
    ('your part of all talking', 'longest silence')
    """
    whose, name = _of_whom(measure)
    said = MEASURES.get(name, (measure.replace("_", " "), ""))[0]
    if not whose:
        return said
    return f"{'your' if whose == 'client' else f'the {whose}’s'} {said}"


def _of_whom(measure: str) -> tuple[str, str]:
    whose, _, name = measure.partition("_")
    return (whose, name) if name in OF_ONE else ("", measure)


def written(value: float, measure: str) -> str:
    """Write a value with its unit.

    Parameters
    ----------
    value : float
    measure : str
        A column of `therapy_review.measures.evaluate`.

    Returns
    -------
    str

    Examples
    --------
    >>> written(0.414, "client_talk_share"), written(75, "longest_silence"), written(3, "long_silences")
    ('41 %', '75 s', '3')
    """
    return {
        "share": f"{100 * value:.0f} %",
        "s": f"{value:.0f} s" if value >= 10 else f"{value:.1f} s",
    }.get(unit(measure), f"{value:g}")
