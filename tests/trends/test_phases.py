"""Phases: named short on a chart, and told apart in a sentence by what changed alone."""

from __future__ import annotations

import math

import pytest
from syrupy.assertion import SnapshotAssertion

from therapy_review.diarization.engine import ENGINE
from therapy_review.trends.phases import WAYS, held, in_times, names, ways, which


def told(part: str, *values: str) -> list[str]:
    return which([{part: value} for value in values], [True] * len(values), [part])


CHANGED = [
    ("microphone", "phone", "clip-on"),
    ("microphone", "", "clip-on"),
    ("therapist", "Dana", "Kim"),
    ("therapist", "", "Kim"),
    ("therapist", "Dana", "Kim", "Dana"),
    ("setting", "", "online"),
    ("setting", "online", ""),
    ("setting", "online", "walking"),
    ("setting", "", "online", ""),
    ("setting", "", "online", "walking", ""),
]


def test_what_changed_once_is_told_by_the_change_and_what_comes_and_goes_by_what_it_was(
    snapshot: SnapshotAssertion,
):
    assert snapshot == {", ".join(value or "nothing" for value in case): told(*case) for case in CHANGED}


def test_only_what_differs_is_named_and_a_session_without_a_value_has_no_phase():
    every = [{"therapist": "Dana", "microphone": mic} for mic in ("phone", "phone", "clip-on")]
    there = [True, False, True]
    assert names(every, there, ["therapist", "microphone"]) == ["phone", "", "clip-on"]
    assert which(every, there, ["therapist", "microphone"]) == [
        "before a change of microphone",
        "",
        "after a change of microphone",
    ]
    assert which(every, [True, True, False], ["therapist"]) == ["", "", ""]


def heard_so(*heard: tuple[str | None, float | None]) -> list[dict[str, str]]:
    own = {"therapist": "", "setting": "", "microphone": ""}
    return ways(
        {
            str(at): {
                "way": own,
                "engine": engine,
                "measures": {} if floor is None else {"shortest_silence": floor},
            }
            for at, (engine, floor) in enumerate(heard)
        }
    )


def test_what_found_the_turns_is_named_and_so_is_the_shortest_silence_it_can_see():
    every = heard_so(
        (ENGINE, 0.2), (None, None), ("labelled by hand", 0.2), (ENGINE, 0.25), ("built-in 9", 0.25)
    )
    assert [way["turns"] for way in every] == [
        "turns: by the program",
        "",
        "turns: labelled by hand",
        "turns: by the program",
        "turns: the program's second version",
    ]
    there = [True, False, True, True, True]
    assert names(every, there, WAYS)[2] == "turns: labelled by hand, silences from 0.2 s"
    assert names(every[:3], there[:3], WAYS)[2] == "turns: labelled by hand"
    assert names(every[3:], there[3:], WAYS)[0] == "turns: by the program"
    (named,) = heard_so(("pyannote.audio 4.0, community", math.nan))
    assert (named["turns"], named["floor"]) == ("turns: pyannote.audio 4.0 community", "")


def test_a_sentence_says_whether_the_turns_or_the_silences_were_found_otherwise():
    by_hand = heard_so((ENGINE, 0.2), ("labelled by hand", 0.2))
    assert which(by_hand, [True] * 2, WAYS) == [
        f"{when} the turns were found in another way" for when in ("before", "since")
    ]
    floors = heard_so((ENGINE, 0.2), (ENGINE, 0.25))
    assert which(floors, [True] * 2, WAYS) == [
        "when silences were seen from 0.2 s on",
        "since silences are seen from 0.25 s on",
    ]
    assert which(heard_so((ENGINE, 0.2), ("x", 0.25), (ENGINE, 0.2)), [True] * 3, WAYS)[1] == (
        "with turns found in the same way and with silences seen from 0.25 s on"
    )


# Separate times with one therapist


def with_whom(*therapists: str) -> list[dict[str, str]]:
    return [
        {"therapist": name, "setting": "", "microphone": "", "turns": "", "floor": ""} for name in therapists
    ]


def test_two_times_with_one_therapist_are_two_phases_and_are_told_apart():
    ways = in_times(with_whom(*["Dana"] * 5, *["Kim"] * 5, *["Dana"] * 5))
    there = [True] * 15
    assert names(ways, there, WAYS)[::5] == ["Dana", "Kim", "Dana for the second time"]
    assert which(ways, there, WAYS)[::5] == [
        "before a change of therapist",
        "with Kim",
        "with Dana for the second time",
    ]


@pytest.mark.parametrize(("stood_in", "times"), [(1, 1), (2, 1), (3, 2)])
def test_somebody_who_stood_in_for_a_session_or_two_parts_no_time(stood_in: int, times: int):
    ways = in_times(with_whom(*["Dana"] * 5, *["Kim"] * stood_in, *["Dana"] * 5))
    assert len({way["therapist"] for way in ways} - {"Kim"}) == times


def test_totals_of_the_first_time_are_not_alike_those_of_the_second():
    ways = held(with_whom(*["Dana"] * 4, *["Kim"] * 4, "Dana", ""))
    assert ways[-1] == ways[-2] != ways[0]


def test_what_has_no_number_since_a_change_is_told_to_be_from_before():
    ways, there = with_whom(*["Dana"] * 5, *["Kim"] * 5), [True] * 5 + [False] * 5
    assert names(ways, there, WAYS) == ["Dana"] * 5 + [""] * 5
    assert which(ways, there, WAYS) == ["before a change of therapist"] * 5 + [""] * 5
    online = [{**way, "therapist": "", "setting": "online" if at == 9 else ""} for at, way in enumerate(ways)]
    assert names(online, there, WAYS) == [""] * 10  # a single session online is not where the client is
