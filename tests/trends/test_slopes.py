"""Slopes, quarters and what is carried over: worked by hand, or known beforehand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from therapy_review.errors import TrendsError
from therapy_review.trends.slopes import (
    MONTH,
    Slope,
    carried_over,
    kendall_tau,
    quarters,
    theil_sen,
    validate,
)


def weeks(n: int) -> pd.DatetimeIndex:
    return pd.date_range("2026-01-01", periods=n, freq="7D")


def test_the_slope_is_the_median_of_the_slopes_between_all_pairs():
    days = pd.to_datetime(["2026-01-01", "2026-01-08", "2026-01-15", "2026-01-22"])
    # Pairs a week apart 2, 0, 10, two weeks 1, 5, three weeks 4: in order 0, 1, 2, 4, 5, 10.
    assert theil_sen(days, [1, 3, 3, 13]).per_month == pytest.approx(3 * MONTH / 7)


def test_missed_weeks_count_as_the_time_they_are():
    close = theil_sen(["2026-01-01", "2026-01-08"], [3, 4]).per_month
    apart = theil_sen(["2026-01-01", "2026-01-29"], [3, 4]).per_month
    assert close == pytest.approx(4 * apart)


def test_one_odd_session_hardly_moves_the_slope():
    steady = list(range(1, 13))
    odd = [*steady[:-1], 1000]
    assert theil_sen(weeks(12), odd).per_month == pytest.approx(theil_sen(weeks(12), steady).per_month)


def test_tau_is_what_rises_less_what_falls():
    # Of six pairs five rise and one falls.
    assert kendall_tau(weeks(4), [1, 2, 4, 3]).tau == pytest.approx(4 / 6)


def test_tau_of_few_sessions_is_exact():
    # Of 120 orders of five, two are steady.
    assert kendall_tau(weeks(5), [1, 2, 3, 4, 5]).p == pytest.approx(2 / 120)


def test_the_quarters_are_of_sessions_and_by_medians():
    found = quarters(weeks(13), [1, 9, 2, 5, 5, 5, 5, 5, 5, 5, 7, 8, 20])
    assert found is not None
    assert (found.n, found.first, found.last, found.difference) == (3, 2, 8, 6)
    assert (found.first_until, found.last_from) == (weeks(13)[2], weeks(13)[10])
    assert found.low <= found.difference <= found.high
    assert found.low >= -2
    assert found.high <= 19


def test_the_same_numbers_always_give_the_same_interval():
    values = np.random.default_rng(3).normal(size=40)
    assert quarters(weeks(40), values) == quarters(weeks(40), values)


def test_under_eight_sessions_there_are_no_quarters():
    assert quarters(weeks(7), range(7)) is None
    assert quarters(weeks(8), range(8)) is not None


def test_an_interval_that_ends_at_zero_claims_nothing():
    assert Slope(0.5, 0.0, 1.0).spans_zero
    assert Slope(-0.5, -1.0, 0.0).spans_zero
    assert not Slope(0.5, 0.01, 1.0).spans_zero


def test_numbers_that_are_alike_do_not_pull_the_interval_to_zero():
    moods = [4, 4, 5, 4, 5, 5, 5, 6, 5, 6, 6, 6, 7, 6, 7, 7]
    found = theil_sen(weeks(16), moods)
    assert 0.4 < found.low < found.per_month < found.high
    never = theil_sen(weeks(16), [5] * 16)
    assert (never.low, never.high) == (0, 0)


def test_what_is_carried_over_is_found_and_widens_the_interval():
    rng = np.random.default_rng(5)
    rows = np.zeros(300)
    for i in range(1, 300):
        rows[i] = 0.6 * rows[i - 1] + rng.normal()
    assert carried_over(weeks(300), rows) == pytest.approx(0.6, abs=0.12)
    assert carried_over(weeks(300), rng.normal(size=300)) < 0.15
    free, held = theil_sen(weeks(300), rows), theil_sen(weeks(300), rows, carried=0.6)
    assert held.low < free.low < free.per_month == held.per_month < free.high < held.high


def test_too_few_sessions_for_what_is_carried_have_no_interval():
    assert theil_sen(weeks(6), range(6), carried=0.9).low == -math.inf


@pytest.mark.parametrize(
    ("days", "values", "says"),
    [
        (["2026-01-08", "2026-01-01"], [1, 2], "in order"),
        (["2026-01-01", None], [1, 2], "must be there"),
        (["2026-01-01"], [1, 2], "1 days and 2 numbers"),
        (["2026-01-01"], [math.inf], "without end"),
        (["2026-01-01"], ["calm"], "list of numbers"),
        (["some day"], [1], "list of days"),
    ],
)
def test_days_and_numbers_that_do_not_fit_are_refused_in_a_sentence(days: list, values: list, says: str):
    with pytest.raises(TrendsError, match=says):
        validate(days, values)
