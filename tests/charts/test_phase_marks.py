"""Where phases begin on the path: what a change is called, which rows it breaks, and which sessions stand apart."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
from hypothesis import example, given, strategies as st

from therapy_review.charts.phase_marks import Phases, caption, phases
from therapy_review.trends.phases import LASTS

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
    assert caption(closed) == "A stroke is a session held in another way, which is not opened."
    assert "as the lane says" in caption(Phases((), {"online": ["a"]}))
