"""Usual: a session stands beside the client's own sessions before it, and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from therapy_review.trends.usual_range import FEWEST_BEFORE, PLACES, far_out, usual


def table_of(values: list[float], phases: list[str] | None = None, unit: str = "s") -> pd.DataFrame:
    days = pd.date_range("2025-01-02", periods=len(values), freq="7D")
    table = pd.DataFrame({"session": days.strftime("%Y-%m-%d"), "date": days, "value": values})
    return table.assign(measure="longest_silence", speaker="", unit=unit, phase=phases or "")


def test_the_range_is_the_middle_half_of_the_sessions_before_and_not_of_this_one() -> None:
    row = usual(table_of([1, 2, 3, 4, 5, 100])).iloc[-1]
    assert (row["n"], row["low"], row["middle"], row["high"]) == (5, 2, 3, 4)


def test_under_five_sessions_before_nothing_is_called_usual() -> None:
    found = usual(table_of([1, 2, 3, 4, 5, 6]))
    assert found["place"].tolist()[:FEWEST_BEFORE] == [""] * FEWEST_BEFORE
    assert found["middle"].isna().tolist() == [True] * FEWEST_BEFORE + [False]


def test_sessions_that_were_not_measured_do_not_count_and_have_no_place() -> None:
    found = usual(table_of([1, 2, np.nan, 3, 4, 5, np.nan, 3]))
    assert found["n"].tolist() == [0, 1, 2, 2, 3, 4, 5, 5]
    assert found["place"].tolist()[-2:] == ["", "within"]


def test_a_new_phase_begins_anew_and_an_earlier_one_that_comes_back_goes_on() -> None:
    phases = ["room"] * 6 + ["online"] + ["room"]
    found = usual(table_of([1, 2, 3, 4, 5, 3, 90, 3], phases))
    assert found["n"].tolist()[-2:] == [0, 6]
    assert found["place"].tolist()[-2:] == ["", "within"]


def test_places_are_named_from_far_below_to_far_above() -> None:
    before = [10.0, 11, 12, 13, 14]
    places = [usual(table_of([*before, value])).iloc[-1]["place"] for value in (4.9, 10.0, 12.0, 14.0, 19.1)]
    assert places == list(PLACES[1:])


def test_of_what_is_counted_two_more_than_always_is_not_far_out() -> None:
    assert usual(table_of([3, 3, 3, 3, 3, 5], unit="count")).iloc[-1]["place"] == "above"
    assert usual(table_of([3, 3, 3, 3, 3, 7], unit="count")).iloc[-1]["place"] == "far above"


def test_two_sessions_of_one_day_are_two_in_their_order() -> None:
    table = table_of([1, 2, 3, 4, 5, 6])
    table.loc[5, ["session", "date"]] = ["2025-01-30-2", table.loc[4, "date"]]
    assert usual(table.sample(frac=1, random_state=0))["value"].tolist() == [1, 2, 3, 4, 5, 6]


@given(st.lists(st.floats(0, 100), min_size=6, max_size=30), st.integers(1, 5))
def test_a_later_session_never_changes_what_was_said_of_an_earlier_one(values: list[float], cut: int) -> None:
    whole, part = usual(table_of(values)), usual(table_of(values[:-cut]))
    pd.testing.assert_frame_equal(whole.iloc[: len(part)], part)


@pytest.mark.slow
def test_where_nothing_changes_fewer_than_one_value_in_ten_is_far_out() -> None:
    rng = np.random.default_rng(0)
    for number in (6, 8, 12, 40):
        tables = []
        for trial in range(75):
            kinds = (rng.normal(10, 2, number), np.exp(rng.normal(2, 0.4, number)))
            tables += [table_of(list(v)).assign(measure=f"{trial} {k}") for k, v in enumerate(kinds)]
        found = usual(pd.concat(tables)).groupby("measure").tail(1)
        assert len(far_out(found)) / len(found) < 0.1, number


def test_of_nothing_there_is_nothing() -> None:
    found = usual(table_of([]))
    assert list(found.columns)[-5:] == ["n", "low", "middle", "high", "place"]
    assert found.empty
