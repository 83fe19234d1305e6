"""Where phases begin: what a change is called, which rows it breaks, which sessions stand apart."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
from hypothesis import example, given, strategies as st
from matplotlib.collections import PathCollection

from therapy_review.charts.early_recent import then_and_now
from therapy_review.charts.phase_marks import (
    APART,
    BESIDE,
    OVER_TIME,
    Phases,
    caption,
    over_time,
    phases,
)
from therapy_review.charts.usual_range import usual_over_time
from therapy_review.trends.early_recent import Sides
from therapy_review.trends.overview import Way
from therapy_review.trends.phases import LASTS
from therapy_review.trends.usual_range import usual

NAMES = st.sampled_from(["", "online", "Anna", "Anna, online", "Ben, clip-on", "nothing noted"])


def line(told: str | list[str], of: dict[str, str] | None = None) -> pd.DataFrame:
    phase = [(of or {}).get(one, one) for one in told]
    return pd.DataFrame({"session": [f"{n:03}" for n in range(len(phase))], "phase": phase})


def begun(found: object) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.session, one.changed) for one in found.begun]  # type: ignore[attr-defined]


WAYS = {"a": "Anna, phone", "b": "Anna, clip-on", "c": "Ben, clip-on", "o": "Anna, phone, online"}


def test_only_what_changed_is_named() -> None:
    found = phases({"talk": line("aaabbbccc", WAYS)})
    assert begun(found) == [("003", ("clip-on",)), ("006", ("Ben",))]
    assert found.apart == {}


def test_what_is_no_more_is_named_as_that() -> None:
    assert begun(phases({"mood": line("oooaaa", WAYS)})) == [("003", ("not “online”",))]


def test_single_sessions_stand_apart_and_do_not_begin_a_phase_however_often() -> None:
    found = phases({"mood": line("aaoaoaaoaa", WAYS)})
    assert begun(found) == []
    assert found.apart == {"online": ["002", "004", "007"]}


def test_a_session_apart_just_where_a_phase_begins_is_apart_in_one_thing_and_the_phases_first_in_the_other() -> (
    None
):
    found = phases({"talk": line(["phone"] * 3 + ["clip-on, online"] + ["clip-on"] * 3)})
    assert begun(found) == [("003", ("clip-on",))]
    assert found.apart == {"online": ["003"]}


def test_a_change_shared_by_rows_is_one_mark_though_one_row_tells_of_it_later() -> None:
    every, some = line("aaaaaaacccccc", WAYS), line("aaaaaaacccccc", WAYS).iloc[::4]
    found = phases({"mood": every, "scores": some, "tags": line("a", WAYS)})
    (one,) = found.begun
    assert (one.session, one.rows) == ("007", ("mood", "scores"))
    assert found.apart == {}


def test_rows_of_one_phase_are_not_broken() -> None:
    found = phases({"mood": line([""] * 9), "talk": line("aaabbbbbb", WAYS)})
    assert [one.rows for one in found.begun] == [("talk",)]


@given(st.lists(NAMES, max_size=40))
@example(["", "", "", "Anna", "online", "online", "Anna", "Anna", "Anna"])
def test_every_session_is_in_a_phase_that_lasts_or_said_to_be_apart(told: list[str]) -> None:
    found = phases({"mood": line(told)})
    firsts = [one.session for one in found.begun]
    assert firsts == sorted(set(firsts))
    assert all(one.changed for one in found.begun)
    if len(set(told)) <= 1:
        assert (found.begun, found.apart) == ((), {})
    starts = [0, *map(int, firsts), len(told)]
    apart = {name for own in found.apart.values() for name in own}
    for start, end in pairwise(starts):
        own = {told[n] for n in range(start, end) if f"{n:03}" not in apart}
        assert len(own) <= 1 or end - start < LASTS


def test_what_is_not_opened_is_said_to_be_so() -> None:
    closed = Phases((), {"in another way": ["a"]})
    assert caption(closed).endswith("not opened.")
    assert "the lane says" in caption(Phases((), {"online": ["a"]}))


def measured(
    phases: list[str], values: list[float] | None = None, measure: str = "talk_share"
) -> pd.DataFrame:
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
    begun, text = over_time(measured(CHANGED))
    assert begun["date"].tolist() == [pd.Timestamp("2026-02-26")]
    assert text == "From 26 February 2026: clip-on; 1 session apart: online"
    assert over_time(measured(["phone"] * 5))[1] == ""
    assert over_time(measured([""] * 3))[1] == ""


def test_where_the_usual_range_begins_anew_a_line_stands_with_its_name_under_the_row() -> None:
    chart = usual_over_time(usual(measured(CHANGED)))
    (row,) = chart.rows
    dotted = [one for one in row.ax.lines if one.get_linestyle() == ":"]
    assert [one.get_xdata()[0] for one in dotted] == [row.days[8] - 3.5]
    assert row.ax.get_xlabel() == "From 26 February 2026: clip-on; 1 session apart: online"
    assert OVER_TIME in chart.caption
    assert row.ax.get_xlabel() in chart.alt


def test_sessions_apart_alone_are_named_without_a_line() -> None:
    chart = usual_over_time(usual(measured(["nothing noted"] * 7 + ["online"] + ["nothing noted"] * 2)))
    assert chart.rows[0].ax.get_xlabel() == "1 session apart: online"
    assert APART in chart.caption
    assert OVER_TIME not in chart.caption


def test_where_all_is_one_phase_nothing_is_said() -> None:
    chart = usual_over_time(usual(measured([""] * 8)))
    assert chart.rows[0].ax.get_xlabel() == ""
    assert OVER_TIME not in chart.caption
    assert APART not in chart.caption


def test_early_and_recent_name_what_differs_under_the_row_and_in_the_caption() -> None:
    chart = then_and_now(*way_of(measured(CHANGED)))
    assert chart.axes[0].get_xlabel() == "early: phone; recent: clip-on, 1 of 8 online"
    assert BESIDE in chart.caption
    assert "(early: phone" in chart.alt


def test_one_session_apart_on_one_side_is_named_too() -> None:
    chart = then_and_now(*way_of(measured(["nothing noted"] * 7 + ["online"])))
    assert chart.axes[0].get_xlabel() == "recent: 1 of 4 online"
    assert BESIDE not in then_and_now(*way_of(measured([""] * 8))).caption


def dots(table: pd.DataFrame) -> list[list[float]]:
    found = [
        one for one in then_and_now(*way_of(table)).axes[0].collections if isinstance(one, PathCollection)
    ]
    return [one.get_offsets()[:, 0].tolist() for one in found]


def test_every_value_is_drawn_where_it_is_and_equal_ones_are_one_dot() -> None:
    table = measured([""] * 8, [5, 5, 2, 9, 5, 4, 4, 10], "mood_after").assign(speaker="", unit="points")
    assert dots(table) == [[2, 5, 9], [4, 5, 10]]


def test_only_in_a_crowd_near_values_are_drawn_as_one() -> None:
    few = [0.5 + 0.0001 * n for n in range(40)]
    assert [len(side) for side in dots(measured([""] * 40, few))] == [20, 20]
    many = [0.5 + 0.0001 * n for n in range(200)]
    sides = dots(measured([""] * 200, many))
    assert all(len(side) < 40 for side in sides)
    assert min(sides[0]) >= 0.5
    assert max(sides[1]) <= many[-1]
