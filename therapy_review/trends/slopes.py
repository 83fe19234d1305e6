"""Slopes: how numbers that were noted session by session moved, and how surely.

Conventions. `dates` (days, in order) and `values` (numbers; NaN where a session has none, which is left out) have
the same length. Slopes are in the values' unit a month of 30.44 days; missed weeks count as the time they are, and
nothing is filled in. Definitions:

slope
    median of the slopes between all pairs of sessions, with its 95 % interval (Theil 1950; Sen 1968)
tau
    how often of two sessions the later one is higher, less how often it is lower (Kendall 1938)
carried
    how much of a session's distance from the line stays in the next one (lag-1 autocorrelation, see `carried_over`)
quarters
    median of the last quarter of sessions less that of the first, with a 95 % bootstrap interval

Good and bad weeks come in rows, and rows look like change; interval and test are therefore widened by what is
carried over. Numbers that are alike (moods are whole) stand for all that would be rounded to them: else many pairs
have a slope of exactly zero, and an interval would end there that is on one side of it.

Sources: Theil 1950, Proc. KNAW 53:386-392; Sen 1968, JASA 63:1379-1389; Kendall 1938, Biometrika 30:81-93; Yue &
Wang 2004, Water Resources Management 18:201-218 (rank tests on a smaller effective number of sessions); van
Giersbergen 2005, Economics Letters (a correlation r beside a fitted line comes out too small by (2 + 4r)/n);
Efron & Tibshirani 1993, An introduction to the bootstrap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from therapy_review.errors import TrendsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVEL = 0.95
MONTH = 30.4375  # days
QUARTERS_FROM = 8  # sessions, so that a quarter holds two and their median can vary
RESAMPLES = 1999
CARRIED_FROM = 7  # sessions; of fewer nobody can tell, and correcting for it would hide whatever there is
MOST_CARRIED = 0.95
_Z = 1.959964  # of LEVEL
# What the difference of two rounded numbers may be off by, in parts of the last figure: eight equally likely ones.
_HALF = 1 - np.sqrt((np.arange(4) + 0.5) / 4)
_ROUNDED = np.concatenate([-_HALF, _HALF[::-1]])

Column = Sequence[Any] | pd.Series | pd.Index


@dataclass(frozen=True)
class Slope:
    """The Theil-Sen slope with its 95 % interval, which has no ends where the sessions are too few for one."""

    per_month: float
    low: float
    high: float

    @property
    def spans_zero(self) -> bool:
        """Whether zero lies in the interval, its ends included."""
        return not (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class Tau:
    """Kendall's tau, NaN where all values are alike; p is how often chance alone does as much."""

    tau: float
    p: float


@dataclass(frozen=True)
class Quarters:
    """Medians of the first quarter of sessions and of the last, n each; low and high bound their difference."""

    n: int
    first: float
    last: float
    low: float
    high: float
    first_until: pd.Timestamp
    last_from: pd.Timestamp

    @property
    def difference(self) -> float:
        """Last less first."""
        return self.last - self.first


def validate(dates: Column, values: Column) -> pd.Series:
    """Check days and numbers, and put them together by day without those that are missing.

    Two sessions on one day are two.
    """
    try:
        days = pd.DatetimeIndex(pd.to_datetime(pd.Series(list(dates), dtype=object)))
        numbers = pd.to_numeric(pd.Series(list(values), dtype=object)).to_numpy(dtype=float)
    except (ValueError, TypeError) as error:
        raise TrendsError("A trend needs a list of days and a list of numbers.") from error
    if len(days) != len(numbers):
        raise TrendsError(f"There are {len(days)} days and {len(numbers)} numbers; give one for each.")
    if days.hasnans or not days.is_monotonic_increasing:
        raise TrendsError("The days of a trend must be there and in order of time; sort them first.")
    if np.isinf(numbers).any():
        raise TrendsError("A number of the trend is without end; leave it out.")
    return pd.Series(numbers, index=days).dropna()


def theil_sen(dates: Column, values: Column, carried: float = 0.0) -> Slope:
    """Slope of the line through the sessions, hardly moved by single odd ones (Theil 1950; Sen 1968).

    The interval is widened by what `carried_over` finds.
    """
    from scipy import stats

    line = validate(dates, values)
    months = _months(line)
    if len(line) < 2 or months[0] == months[-1]:
        return Slope(math.nan, -math.inf, math.inf)
    n, z = len(line), _Z * _wider(carried)
    # Where chance alone spreads over more pairs than there are, no pair can bound an interval.
    bounded = z * math.sqrt(n * (n - 1) * (2 * n + 5) / 18) <= n * (n - 1) / 2
    outside = 2 * float(stats.norm.sf(z if bounded else _Z))  # which scipy takes for the level, too
    slope, _, low, high = (float(one) for one in stats.theilslopes(line.to_numpy(), months, alpha=outside))
    if not bounded:
        return Slope(slope, -math.inf, math.inf)
    if line.nunique() < n:
        low, high = _interval_of_rounded(months, line.to_numpy(), z)
    return Slope(slope, min(low, slope), max(high, slope))


def _interval_of_rounded(months: NDArray[np.float64], values: NDArray[Any], z: float) -> tuple[float, float]:
    """Give Sen's interval where numbers are alike, each standing for all that would be rounded to it."""
    earlier, later = np.triu_indices(len(values), 1)
    apart, moved = months[later] - months[earlier], values[later] - values[earlier]
    gaps = np.diff(np.unique(values))
    off = (gaps.min() if len(gaps) else 0.0) * _ROUNDED
    slopes = ((moved[:, None] + off) / np.where(apart > 0, apart, np.nan)[:, None]).ravel()
    slopes = slopes[~np.isnan(slopes)]
    # Chance spreads over so many pairs (Sen 1968); of sessions on one day there are fewer.
    _, alike = np.unique(months, return_counts=True)
    n = len(values)
    spread = math.sqrt(
        (n * (n - 1) * (2 * n + 5) - float((alike * (alike - 1) * (2 * alike + 5)).sum())) / 18
    )
    part = min(0.5, z * spread * len(off) / 2 / len(slopes))
    low, high = np.quantile(slopes, [0.5 - part, 0.5 + part])
    return float(low), float(high)


def kendall_tau(dates: Column, values: Column, carried: float = 0.0) -> Tau:
    """How steadily later sessions are higher or lower (Kendall 1938), exact for few sessions without ties.

    What `carried_over` finds makes p larger (Yue & Wang 2004).
    """
    from scipy import stats

    line = validate(dates, values)
    if len(line) < 2 or line.nunique() < 2 or line.index[0] == line.index[-1]:
        return Tau(math.nan, 1.0)
    found = stats.kendalltau(_months(line), line.to_numpy())
    z = float(stats.norm.isf(max(float(found.pvalue), 1e-300) / 2)) / _wider(carried)
    return Tau(float(found.statistic), min(1.0, 2 * float(stats.norm.sf(z))))


def carried_over(dates: Column, values: Column) -> float:
    """How much of a session's distance from the line stays in the next: lag-1 autocorrelation, freed of bias.

    0 to 0.95; sessions count as equally far apart here.
    """
    line = validate(dates, values)
    n = len(line)
    if n < CARRIED_FROM or line.index[0] == line.index[-1]:
        return 0.0
    rest = line.to_numpy() - theil_sen(line.index, line).per_month * _months(line)
    rest = rest - rest.mean()
    power = float(rest @ rest)
    if power <= 1e-12 * max(1.0, float(np.abs(line).max()) ** 2):
        return 0.0
    seen = float(rest[1:] @ rest[:-1]) / power
    return min(max((seen * n + 2) / (n - 4), 0.0), MOST_CARRIED)


def quarters(dates: Column, values: Column) -> Quarters | None:
    """First quarter of the sessions against the last, by medians; the same numbers give the same interval."""
    from scipy import stats

    line = validate(dates, values)
    if len(line) < QUARTERS_FROM:
        return None
    n = len(line) // 4
    first, last = line.iloc[:n], line.iloc[-n:]
    found = stats.bootstrap(
        (last.to_numpy(), first.to_numpy()),
        lambda last, first, axis: np.median(last, axis=axis) - np.median(first, axis=axis),
        n_resamples=RESAMPLES,
        vectorized=True,
        confidence_level=LEVEL,
        method="percentile",
        random_state=np.random.default_rng(0),
    ).confidence_interval
    return Quarters(
        n=n,
        first=float(first.median()),
        last=float(last.median()),
        low=float(found.low),
        high=float(found.high),
        first_until=pd.Timestamp(first.index[-1]),
        last_from=pd.Timestamp(last.index[0]),
    )


def _months(line: pd.Series) -> NDArray[np.float64]:
    days = (line.index - line.index[0]) / pd.Timedelta(days=1) if len(line) else np.zeros(0)
    return np.asarray(days, dtype=float) / MONTH


def _wider(carried: float) -> float:
    """By how much chance spreads further when the sessions tell as much as fewer ones would."""
    return math.sqrt((1 + carried) / (1 - carried))
