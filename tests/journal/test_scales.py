"""Scales: totals, and what may be said of two of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st
from syrupy.assertion import SnapshotAssertion

from therapy_review.errors import JournalError
from therapy_review.journal.scales import (
    BUILT_IN_SCALES,
    GAD7,
    PHQ9,
    Scale,
    answers_in,
    change_in_words,
    cut_off_in_words,
    is_possible_total,
    reliable_change,
    scales_of,
    total_of,
)

BOTH = st.sampled_from([PHQ9, GAD7])
SLEEP = {"name": "Sleep, from my diary", "low": 0, "high": 10, "higher_is": "easier"}


def own(**scales: object) -> dict[str, Any]:
    return {"scales": scales}


def test_the_questionnaires_ask_what_their_makers_ask() -> None:
    assert (len(PHQ9.items), PHQ9.high, len(GAD7.items), GAD7.high) == (9, 27, 7, 21)
    assert PHQ9.options == GAD7.options
    assert PHQ9.options == ("Not at all", "Several days", "More than half the days", "Nearly every day")
    assert PHQ9.items[0] == "Little interest or pleasure in doing things"
    assert PHQ9.items[8] == "Thoughts that you would be better off dead or of hurting yourself in some way"
    assert PHQ9.tender == (8,)
    assert GAD7.items[6] == "Feeling afraid as if something awful might happen"


@pytest.mark.parametrize(
    ("scale", "answers", "sum_of_them"),
    [
        (PHQ9, (0, 0, 0, 0, 0, 0, 0, 0, 0), 0),
        (PHQ9, (3, 3, 3, 3, 3, 3, 3, 3, 3), 27),
        (PHQ9, (2, 2, 3, 2, 1, 2, 1, 0, 1), 14),  # 2+2+3+2+1+2+1+0+1
        (PHQ9, (2, 2, 3, 2, 1, 2, 1, 0, None), None),
        (GAD7, (2, 1, 1, 3, 0, 2, 1), 10),  # 2+1+1+3+0+2+1
        (GAD7, (2, 1, 1, 3, 0, 2), None),
        (GAD7, (2, 1, 1, 3, 0, 2, 4), None),  # 4 is no answer on offer
        (GAD7, (), None),
    ],
)
def test_a_total_is_the_sum_of_all_answers_and_nothing_is_guessed(
    scale: Any, answers: tuple[int | None, ...], sum_of_them: int | None
) -> None:
    assert total_of(scale, answers) == sum_of_them


@given(BOTH, st.data())
def test_every_total_is_in_range_and_each_answer_moves_it_by_itself(scale: Any, data: Any) -> None:
    answers = data.draw(st.lists(st.integers(0, 3), min_size=len(scale.items), max_size=len(scale.items)))
    summed = total_of(scale, answers)
    assert summed is not None
    assert is_possible_total(scale, summed)
    item = data.draw(st.integers(0, len(answers) - 1))
    assert total_of(scale, [*answers[:item], 0, *answers[item + 1 :]]) == summed - answers[item]
    assert answers_in(scale, answers) == tuple(answers)


@pytest.mark.parametrize(
    ("scale", "before", "after", "label"),
    [
        # PHQ-9: six points or more (NHS Talking Therapies manual)
        (PHQ9, 16, 10, "lower"),
        (PHQ9, 16, 11, "within error"),
        (PHQ9, 4, 10, "higher"),
        (PHQ9, 12, 12, "within error"),
        # GAD-7: four points or more
        (GAD7, 13, 9, "lower"),
        (GAD7, 13, 10, "within error"),
        (GAD7, 9, 12, "within error"),
    ],
)
def test_reliable_change_as_worked_out_by_hand(scale: Any, before: int, after: int, label: str) -> None:
    assert reliable_change(scale, before, after) == label


def test_what_is_said_of_two_totals_and_of_a_line(snapshot: SnapshotAssertion) -> None:
    drawn = SLEEP | {"cut_off": 6}
    known = scales_of(own(sleep=drawn, core=drawn | {"cut_off_source": "Barkham 2013"}), "journal.toml")
    other_way = scales_of(own(phq9={"higher_is": "easier"}, gad7={"higher_is": ""}), "journal.toml")
    totals = [(PHQ9, 16, 10), (PHQ9, 16, 11), (PHQ9, 4, 10), (PHQ9, 12, 12), (known["sleep"], 3, 5.5)]
    said = [change_in_words(scale, before, after, "in March") for scale, before, after in totals]
    lines = [PHQ9, other_way["phq9"], other_way["gad7"], known["sleep"], known["core"]]
    said += [*map(cut_off_in_words, lines), cut_off_in_words(known["sleep"], "Robin's")]
    assert said == snapshot


@given(BOTH, st.integers(0, 27), st.integers(0, 27))
def test_to_look_from_the_other_end_turns_lower_into_higher(scale: Any, before: int, after: int) -> None:
    there, back = reliable_change(scale, before, after), reliable_change(scale, after, before)
    assert {"lower": "higher", "higher": "lower"}.get(there, there) == back


@given(BOTH, st.integers(0, 27), st.integers(0, 27))
def test_no_word_of_a_difference_judges_or_diagnoses(scale: Any, before: int, after: int) -> None:
    said = change_in_words(scale, before, after, "in March")
    for word in ("better", "worse", "improv", "deteriorat", "recover", "severe", "mild", "depress", "anxi"):
        assert word not in said


def test_where_nothing_is_known_of_a_scale_that_is_said() -> None:
    sleep = scales_of(own(sleep=SLEEP), "journal.toml")["sleep"]
    assert reliable_change(sleep, 3, 9) == "unknown"


# What journal.toml may say


def test_each_number_has_its_source_and_the_journal_may_give_others() -> None:
    assert (PHQ9.cut_off, PHQ9.reliable_change, GAD7.cut_off, GAD7.reliable_change) == (10, 6, 8, 4)
    assert all(scale.cut_off_source and scale.change_source for scale in BUILT_IN_SCALES.values())
    told = own(
        gad7={"reliable_change": 6, "change_source": "Bischoff 2020", "cut_off": 10},
        phq9={"only_total": True},
    )
    found = scales_of(told, "journal.toml")
    assert (found["gad7"].reliable_change, found["gad7"].change_source) == (6, "Bischoff 2020")
    assert (found["gad7"].cut_off, found["gad7"].cut_off_source) == (10, "your journal.toml")
    assert reliable_change(found["gad7"], 13, 9) == "within error"
    assert not found["phq9"].asks
    assert found["phq9"].items == PHQ9.items


@pytest.mark.parametrize(
    ("scales", "said"),
    [
        ({"sleep": {"name": "Sleep"}}, "lacks low and high"),
        ({"sleep": SLEEP | {"low": "none"}}, "as a number"),
        ({"sleep": SLEEP | {"low": True}}, "as a number"),
        ({"sleep": SLEEP | {"low": 10}}, "below its high"),
        ({"sleep": SLEEP | {"higher_is": "good"}}, '"harder" or "easier"'),
        ({"sleep": SLEEP | {"name": " "}}, "has no name"),
        ({"phq9": {"items": ["Mine"]}}, "says items"),
        ({"phq9": {"only_total": "yes"}}, "true or false"),
        ({"sleep": 3}, "[scales.sleep]"),
    ],
)
def test_a_scale_that_cannot_be_used_is_one_sentence(scales: dict[str, object], said: str) -> None:
    with pytest.raises(JournalError) as raised:
        scales_of({"scales": scales}, "mine/journal.toml")
    assert said in str(raised.value)
    assert "mine/journal.toml" in str(raised.value)


def test_a_cut_off_names_its_source_and_no_diagnosis() -> None:
    said = cut_off_in_words(PHQ9)
    assert PHQ9.cut_off_source in said
    assert "no diagnosis" in said
    assert cut_off_in_words(Scale("mine", "Mine", 0, 10)) == ""


@pytest.mark.parametrize("higher_is", ["harder", "easier"])
def test_of_a_line_the_client_drew_nobody_looks_more_closely(higher_is: str) -> None:
    drawn = {**SLEEP, "higher_is": higher_is, "cut_off": 6}
    told = scales_of(own(sleep=drawn, core={**drawn, "cut_off_source": "Barkham 2013"}), "journal.toml")
    moved = scales_of(own(gad7={"cut_off": 10}), "journal.toml")["gad7"]
    for scale in (told["sleep"], told["core"], moved):
        assert "services" not in cut_off_in_words(scale)
    assert "Robin's own" in cut_off_in_words(told["sleep"], "Robin's")
    assert "Barkham 2013" in cut_off_in_words(told["core"])
