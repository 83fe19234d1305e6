"""Phase marks: where sessions were held or heard in another way is seen and named, and nowhere else."""

from __future__ import annotations

import pandas as pd
from matplotlib.collections import PathCollection

from therapy_review.charts.early_recent import then_and_now
from therapy_review.charts.phase_marks_rules import APART, BESIDE, OVER_TIME, over_time
from therapy_review.charts.usual_range import usual_over_time
from therapy_review.trends.early_recent import Sides
from therapy_review.trends.overview import Way
from therapy_review.trends.usual_range import usual


def line(phases: list[str], values: list[float] | None = None, measure: str = "talk_share") -> pd.DataFrame:
    days = pd.date_range("2026-01-01", periods=len(phases), freq="7D")
    table = pd.DataFrame({"session": days.strftime("%Y-%m-%d"), "date": days, "phase": phases})
    values = values or [0.5 + 0.01 * (n % 5) for n in range(len(phases))]
    return table.assign(
        value=values,
        measure=measure,
        speaker="client",
        unit="share",
        name="it",
        which="",
        reliable_change=float("nan"),
    )


def way_of(table: pd.DataFrame) -> tuple[Way, Sides]:
    tags = table[["session", "date"]].assign(tag="")
    names = table["session"].tolist()
    return Way(table, tags, tags.iloc[:0], {}), Sides(
        tuple(names[: len(names) // 2]), tuple(names[len(names) // 2 :])
    )


CHANGED = ["phone"] * 8 + ["clip-on"] * 4 + ["online, clip-on"] + ["clip-on"] * 3


def test_only_a_phase_that_lasts_begins_and_a_session_apart_is_counted() -> None:
    begun, text = over_time(line(CHANGED))
    assert begun["date"].tolist() == [pd.Timestamp("2026-02-26")]
    assert text == "From 26 February 2026: clip-on; 1 session apart: online"
    assert over_time(line(["phone"] * 5))[1] == ""
    assert over_time(line([""] * 3))[1] == ""


def test_where_the_usual_range_begins_anew_a_line_stands_with_its_name_under_the_row() -> None:
    chart = usual_over_time(usual(line(CHANGED)))
    (row,) = chart.rows
    dotted = [one for one in row.ax.lines if one.get_linestyle() == ":"]
    assert [one.get_xdata()[0] for one in dotted] == [row.days[8] - 3.5]
    assert row.ax.get_xlabel() == "From 26 February 2026: clip-on; 1 session apart: online"
    assert OVER_TIME in chart.caption
    assert row.ax.get_xlabel() in chart.alt


def test_sessions_apart_alone_are_named_without_a_line() -> None:
    chart = usual_over_time(usual(line(["nothing noted"] * 7 + ["online"] + ["nothing noted"] * 2)))
    assert chart.rows[0].ax.get_xlabel() == "1 session apart: online"
    assert APART in chart.caption
    assert OVER_TIME not in chart.caption


def test_where_all_is_one_phase_nothing_is_said() -> None:
    chart = usual_over_time(usual(line([""] * 8)))
    assert chart.rows[0].ax.get_xlabel() == ""
    assert OVER_TIME not in chart.caption
    assert APART not in chart.caption


def test_early_and_recent_name_what_differs_under_the_row_and_in_the_caption() -> None:
    chart = then_and_now(*way_of(line(CHANGED)))
    assert chart.axes[0].get_xlabel() == "early: phone; recent: clip-on, 1 of 8 online"
    assert BESIDE in chart.caption
    assert "not all held or heard in the same way (early: phone" in chart.alt


def test_one_session_apart_on_one_side_is_named_too() -> None:
    chart = then_and_now(*way_of(line(["nothing noted"] * 7 + ["online"])))
    assert chart.axes[0].get_xlabel() == "recent: 1 of 4 online"
    assert BESIDE not in then_and_now(*way_of(line([""] * 8))).caption


def dots(table: pd.DataFrame) -> list[list[float]]:
    found = [
        one for one in then_and_now(*way_of(table)).axes[0].collections if isinstance(one, PathCollection)
    ]
    return [one.get_offsets()[:, 0].tolist() for one in found]


def test_every_value_is_drawn_where_it_is_and_equal_ones_are_one_dot() -> None:
    table = line([""] * 8, [5, 5, 2, 9, 5, 4, 4, 10], "mood_after").assign(speaker="", unit="points")
    assert dots(table) == [[2, 5, 9], [4, 5, 10]]


def test_only_in_a_crowd_near_values_are_drawn_as_one() -> None:
    few = [0.5 + 0.0001 * n for n in range(40)]
    assert [len(side) for side in dots(line([""] * 40, few))] == [20, 20]
    many = [0.5 + 0.0001 * n for n in range(200)]
    sides = dots(line([""] * 200, many))
    assert all(len(side) < 40 for side in sides)
    assert min(sides[0]) >= 0.5
    assert max(sides[1]) <= many[-1]
