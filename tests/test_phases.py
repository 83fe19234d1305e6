"""Phases: named short on a chart, and told apart in a sentence by what changed alone."""

from __future__ import annotations

import pytest

from therapy_review.phases import names, ways, which


def told(part: str, *values: str) -> list[str]:
    return which([{part: value} for value in values], [True] * len(values), [part])


@pytest.mark.parametrize(
    ("part", "values", "first", "last"),
    [
        ("microphone", ("phone", "clip-on"), "before a change of microphone", "after a change of microphone"),
        ("microphone", ("", "clip-on"), "before you noted the microphone", "since you note the microphone"),
        ("therapist", ("Dana", "Kim"), "before a change of therapist", "with another therapist"),
        ("therapist", ("", "Kim"), "before you noted with whom", "since you note with whom"),
        ("setting", ("", "online"), "before you met online", "since you meet online"),
        ("setting", ("online", ""), "when you met online", "since you no longer meet online"),
        (
            "setting",
            ("online", "walking"),
            "when you met online",
            'since you note "walking" as the setting',
        ),
    ],
)
def test_what_changed_once_is_told_by_the_change(part: str, values: tuple, first: str, last: str):
    assert told(part, *values) == [first, last]


def test_what_comes_and_goes_is_told_by_what_it_was():
    apart = "where you did not meet online"
    assert told("setting", "", "online", "") == [apart, "held online", apart]
    assert told("therapist", "Dana", "Kim", "Dana") == ["with Dana", "with Kim", "with Dana"]
    assert told("setting", "", "online", "walking", "")[0] == "without a note on the setting"


def test_only_what_differs_is_named_and_a_session_without_a_value_has_no_phase():
    every = [{"therapist": "Dana", "microphone": mic} for mic in ("phone", "phone", "clip-on")]
    there = [True, False, True]
    assert names(every, there, ["therapist", "microphone"]) == ["phone", "", "clip-on"]
    assert which(every, there, ["therapist", "microphone"]) == [
        "before a change of microphone",
        "",
        "after a change of microphone",
    ]
    assert which(every, [True, True, False], ["microphone"]) == ["", "", ""]


def test_ways_of_listening_are_numbered_as_they_came():
    own = {"therapist": "", "setting": "", "microphone": ""}
    heard = [("a 1.0", 0.2), (None, None), ("a 1.0", 0.25), ("a 1.0", 0.2), ("b", 0.25)]
    read = {
        str(at): {
            "way": own,
            "engine": engine,
            "measures": {} if floor is None else {"shortest_silence": floor},
        }
        for at, (engine, floor) in enumerate(heard)
    }
    found = [way["listening"] for way in ways(read)]
    assert found == [
        f"the program's {nth} way of listening" if nth else ""
        for nth in ("first", "", "second", "first", "third")
    ]
