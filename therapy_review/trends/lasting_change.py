"""Whether numbers that were noted session by session are called changed.

One rule says so of a line (`change`): from `FEWEST` sessions on, where the slope's interval does not hold zero and
Kendall's test agrees at 2 %, and where without the newest session it agreed at 5 %, so that no single one makes a
change. The quarters only tell its size: they never claim one, for two chances to be wrong make more than one. For
the lines of one page there is `together`, so that of fifty pages on which nothing changes, one at most claims
anything.

Who looks every week looks often, and each look is another chance to be wrong (Armitage, McPherson & Rowe 1969, JRSS
A 132:235-244). One stricter level at every look, as Pocock has it (1977, Biometrika 64:191-199), here makes a third
fewer years of looks wrong, and misses at most eight more of a hundred changes that are there. A level that falls
with the number of sessions (Lan & DeMets 1983, Biometrika 70:659-663), so that a whole year is wrong at 5 %, would
hide up to half of what is told. See docs/trends.md for the numbers.

See `therapy_review.trends.slopes` for what is computed. Source of `together`: Holm 1979, Scand. J. Statistics
6:65-70.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from therapy_review.trends import slopes
from therapy_review.trends.slopes import Column, Quarters, Slope, Tau

FEWEST = 5  # sessions; of fewer nothing is called a trend
SURE = 0.02  # Kendall's p of a claim lies below; less than one look would need, for there are many
HELD = 0.05  # and without the newest session it lay below this

Direction = Literal["higher", "lower", "too early to say"]


@dataclass(frozen=True)
class Change:
    """All that is known of one line of numbers: n of them, from the day `start` to `end`.

    Of fewer than `FEWEST`, or where all were on one day, there is neither slope nor tau. p is how often chance
    alone does as much; not smaller than `SURE` allows where without the newest session it was less sure, and 1
    where nothing may be claimed whatever the level.
    """

    n: int
    start: pd.Timestamp | None
    end: pd.Timestamp | None
    slope: Slope | None
    tau: Tau | None
    quarters: Quarters | None
    p: float
    direction: Direction


def direction(n: int, slope: Slope | None, tau: Tau | None, level: float = SURE) -> Direction:
    """Say what may be claimed where Kendall's p has to lie below a level: the one rule of all sentences and charts.

    Examples
    --------
    >>> direction(12, Slope(0.3, 0.1, 0.5), Tau(0.6, 0.01)), direction(12, Slope(0.3, -0.1, 0.5), Tau(0.6, 0.01))
    ('higher', 'too early to say')
    """
    if n < FEWEST or slope is None or tau is None or slope.spans_zero or not tau.p < level:
        return "too early to say"
    return "higher" if slope.per_month > 0 else "lower"


def change(dates: Column, values: Column) -> Change:
    """Compute all that is known of one line of numbers.

    Parameters
    ----------
    dates, values : sequence
        See `therapy_review.trends.slopes.validate`; of one phase only.

    Returns
    -------
    Change

    Examples
    --------
    >>> change(pd.date_range("2026-01-01", periods=8, freq="7D"), [3, 3, 4, 4, 5, 6, 6, 7]).direction
    'higher'
    """
    line = slopes.validate(dates, values)
    start, end = (line.index[0], line.index[-1]) if len(line) else (None, None)
    if len(line) < FEWEST or start == end:
        return Change(len(line), start, end, None, None, None, 1.0, "too early to say")
    carried = slopes.carried_over(line.index, line)
    slope, tau = _look(line, carried)
    found, p = direction(len(line), slope, tau), tau.p
    if len(line) > FEWEST:
        slope_before, tau_before = _look(line.iloc[:-1], carried)
        before = direction(len(line) - 1, slope_before, tau_before, HELD)
        found = found if before == found else "too early to say"
        p = max(p, tau_before.p * SURE / HELD)
    p = 1.0 if found == "too early to say" else p
    return Change(len(line), start, end, slope, tau, slopes.quarters(line.index, line), p, found)


def _look(line: pd.Series, carried: float) -> tuple[Slope, Tau]:
    return slopes.theil_sen(line.index, line, carried), slopes.kendall_tau(line.index, line, carried)


def together(found: Sequence[Change]) -> list[Change]:
    """Claim of the lines of one page only what may be claimed of all of them together (Holm 1979)."""
    said = list(found)
    open_ = [at for at, one in enumerate(found) if one.slope is not None]
    holds = True
    for rank, at in enumerate(sorted(open_, key=lambda at: found[at].p)):
        holds = holds and found[at].p < SURE / (len(open_) - rank)
        if not holds:
            said[at] = replace(found[at], direction="too early to say")
    return said


def current_phase(table: pd.DataFrame) -> pd.DataFrame:
    """Give the rows with a value of the phase the client is in; no line goes from one phase into another.

    It is the one that most of the newest ten numbers belong to: a single session online between others is not
    where the client is.
    """
    there = table[table["value"].notna()].sort_values("session")
    if there.empty:
        return there
    newest = there["phase"].iloc[: -2 * FEWEST - 1 : -1]  # from the newest back, so that it wins a tie
    here: pd.DataFrame = there[there["phase"] == max(dict.fromkeys(newest), key=newest.tolist().count)]
    return here


def change_of(table: pd.DataFrame) -> Change:
    """Compute what is known of the rows of one measure and speaker, in their current phase.

    Each has its own chance to be wrong: of fifty lines without any change, about one is called changed. What
    stands on one page is claimed `together`.
    """
    own = current_phase(table)
    return change(own["date"], own["value"])
