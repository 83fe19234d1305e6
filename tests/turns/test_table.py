"""Turns: what holds for the table of any conversation."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import assume, given, strategies as st

from tests.support.examples import examples
from therapy_review.errors import TurnsError
from therapy_review.turns.table import (
    BACKCHANNEL,
    MIN_SILENCE,
    backchannels,
    floor_turns,
    merge_stretches,
    name_speakers,
    speakers,
    turns_table,
    validate,
)

unhurried = examples(80)
WITHIN = 1e-6  # seconds


@st.composite
def conversations(draw: st.DrawFn, names: tuple[str, ...] = ("voice_1", "voice_2")) -> pd.DataFrame:
    """Any table of turns on a grid of 0.05 s; people may talk at once, nobody over themselves."""
    table = []
    for name in names:
        now = 0
        for gap, length in draw(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 60)), max_size=9)):
            now += gap
            table.append((now / 20, (now + length) / 20, name, draw(st.sampled_from([0.4, 0.7, 1.0]))))
            now += length
    return turns_table(table)


def voiced(turns: pd.DataFrame) -> float:
    return float((turns["end"] - turns["start"]).sum())


def times(turns: pd.DataFrame) -> list[tuple[float, float, str]]:
    return list(zip(turns["start"].round(6), turns["end"].round(6), turns["speaker"], strict=True))


@unhurried
@given(conversations())
def test_the_floor_goes_from_one_to_another_in_order_of_time(turns: pd.DataFrame) -> None:
    floor = floor_turns(turns)
    assert (floor["speaker"] != floor["speaker"].shift()).all()
    assert floor["start"].is_monotonic_increasing
    assert floor["end"].is_monotonic_increasing


@unhurried
@given(conversations())
def test_every_stretch_is_part_of_a_turn_or_a_backchannel_and_never_both(turns: pd.DataFrame) -> None:
    floor, beside = floor_turns(turns), backchannels(turns)
    assert floor["stretches"].sum() + len(beside) == len(turns)
    assert floor["voiced"].sum() + voiced(beside) == pytest.approx(voiced(turns))


@unhurried
@given(conversations())
def test_a_turn_holds_no_more_than_its_own_speaker_said_within_it(turns: pd.DataFrame) -> None:
    for turn in floor_turns(turns).itertuples():
        own = turns[turns["speaker"] == turn.speaker]
        inside = own[(own["start"] >= turn.start - WITHIN) & (own["end"] <= turn.end + WITHIN)]
        assert turn.voiced <= voiced(inside) + WITHIN
        assert turn.voiced <= turn.end - turn.start + WITHIN
        assert {turn.start} <= set(own["start"])
        assert {turn.end} <= set(own["end"])
        assert own["confidence"].min() - WITHIN <= turn.confidence <= own["confidence"].max() + WITHIN


@unhurried
@given(conversations())
def test_a_backchannel_lies_within_a_turn_and_is_short_unless_another_speaks_through_it(
    turns: pd.DataFrame,
) -> None:
    floor = floor_turns(turns)
    for one in backchannels(turns).itertuples():
        assert ((floor["start"] <= one.start + WITHIN) & (floor["end"] >= one.end - WITHIN)).any()
        others = turns[turns["speaker"] != one.speaker]
        through = (others["start"] <= one.start + WITHIN) & (others["end"] >= one.end - WITHIN)
        assert through.any() or one.end - one.start <= BACKCHANNEL + WITHIN


@unhurried
@given(conversations(), st.integers(1, 4000))
def test_turns_do_not_depend_on_when_the_recorder_was_started_or_on_names(
    turns: pd.DataFrame, later: int
) -> None:
    moved = turns.assign(start=turns["start"] + later / 20, end=turns["end"] + later / 20)
    other = {"voice_1": "therapist", "voice_2": "client"}
    renamed = moved.assign(speaker=moved["speaker"].map(other).astype(str))
    was, now = floor_turns(turns), floor_turns(renamed)
    assert now["start"].tolist() == pytest.approx((was["start"] + later / 20).tolist())
    assert now["end"].tolist() == pytest.approx((was["end"] + later / 20).tolist())
    assert now["speaker"].tolist() == [other[name] for name in was["speaker"]]


def test_a_short_word_between_does_not_end_a_turn_and_a_longer_one_does() -> None:
    def floor(words: float) -> list[str]:
        said = [(0, 3, "client"), (3.2, 3.2 + words, "therapist"), (5, 8, "client")]
        return list(floor_turns(turns_table(said))["speaker"])

    assert floor(1.0) == ["client"]
    assert floor(1.1) == ["client", "therapist", "client"]


def test_a_short_last_word_is_a_turn_of_its_own() -> None:
    table = turns_table([(0, 3, "client"), (3.5, 3.9, "therapist")])
    assert floor_turns(table)["speaker"].tolist() == ["client", "therapist"]


@unhurried
@given(conversations())
def test_joined_stretches_leave_no_silence_too_short_to_count(turns: pd.DataFrame) -> None:
    joined = merge_stretches(turns)
    validate(joined)
    for _, own in joined.groupby("speaker"):
        silences = own["start"].to_numpy()[1:] - own["end"].to_numpy()[:-1]
        assert (silences >= MIN_SILENCE - WITHIN).all()


@unhurried
@given(conversations())
def test_joining_loses_no_speech_and_adds_no_long_silence(turns: pd.DataFrame) -> None:
    joined = merge_stretches(turns)
    for name, own in turns.groupby("speaker"):
        theirs = joined[joined["speaker"] == name]
        for one in own.itertuples():
            assert ((theirs["start"] <= one.start) & (theirs["end"] >= one.end)).any()
        assert set(theirs["start"]) <= set(own["start"])
        assert set(theirs["end"]) <= set(own["end"])
        assert voiced(theirs) - voiced(own) <= MIN_SILENCE * (len(own) - len(theirs)) + WITHIN


@unhurried
@given(conversations())
def test_joining_twice_is_joining_once(turns: pd.DataFrame) -> None:
    once = merge_stretches(turns)
    pd.testing.assert_frame_equal(merge_stretches(once), once)


@unhurried
@given(conversations(), st.sampled_from(["client", "therapist"]), st.data())
def test_one_answer_names_both_voices_and_moves_no_time(
    turns: pd.DataFrame, role: str, data: st.DataObject
) -> None:
    clear = [one for one in turns.itertuples() if _alone(turns, one.start, one.end)]
    assume(clear and turns["speaker"].nunique() == 2)
    asked = data.draw(st.sampled_from(clear))
    answers = pd.DataFrame({"start": [asked.start], "end": [asked.end], "speaker": [role]})
    named = name_speakers(turns, answers)
    assert named[["start", "end", "confidence"]].equals(turns[["start", "end", "confidence"]])
    roles = dict(zip(turns["speaker"], named["speaker"], strict=True))
    assert roles[asked.speaker] == role
    assert set(roles.values()) == {"client", "therapist"}


def _alone(turns: pd.DataFrame, start: float, end: float) -> bool:
    return int(((turns["start"] < end) & (turns["end"] > start)).sum()) == 1


@unhurried
@given(conversations(("voice_1", "voice_2", "voice_3")), conversations(("client", "therapist", "other")))
def test_either_everybody_gets_a_name_of_their_own_or_nobody_does(
    turns: pd.DataFrame, said: pd.DataFrame
) -> None:
    named = name_speakers(turns, said)
    if set(named["speaker"]) & {"client", "therapist", "other"}:
        pairs = set(zip(turns["speaker"], named["speaker"], strict=True))
        assert len(pairs) == turns["speaker"].nunique() == named["speaker"].nunique()
    else:
        assert times(named) == times(turns)


def test_when_client_and_therapist_are_known_a_third_voice_is_somebody_else() -> None:
    heard = turns_table([(0, 4, "voice_1"), (5, 9, "voice_2"), (10, 14, "voice_3")])
    one = turns_table([(5, 8, "client")])
    assert name_speakers(heard, one).equals(heard)
    two = turns_table([(0, 3, "therapist"), (5, 8, "client")])
    assert name_speakers(heard, two)["speaker"].tolist() == ["therapist", "client", "other"]


@unhurried
@given(conversations())
def test_without_an_answer_nobody_is_named(turns: pd.DataFrame) -> None:
    assert name_speakers(turns, turns_table()).equals(turns)


def test_client_and_therapist_come_first_whoever_speaks_first() -> None:
    assert speakers(turns_table([(0, 1, "other"), (1, 2, "therapist")])) == ["client", "therapist", "other"]
    assert speakers(turns_table([(0, 1, "voice_2"), (1, 2, "voice_1")])) == ["voice_1", "voice_2"]
    assert speakers(turns_table()) == []


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([(3.0, 2.0, "client")], "before it starts"),
        ([(-1.0, 2.0, "client")], "the recording's start"),
        ([(float("nan"), 2.0, "client")], "missing"),
        ([(0.0, 2.0, "client"), (1.0, 3.0, "client")], "Two stretches of client"),
    ],
)
def test_rows_that_make_no_table_of_turns_are_refused_with_a_reason(
    rows: list[tuple[float, float, str]], why: str
) -> None:
    with pytest.raises(TurnsError, match=why):
        turns_table(rows)


def test_a_table_without_a_column_or_out_of_order_is_no_table_of_turns() -> None:
    table = turns_table([(0, 1, "client"), (2, 3, "therapist")])
    with pytest.raises(TurnsError, match="no column confidence"):
        validate(table.drop(columns="confidence"))
    with pytest.raises(TurnsError, match="order of time"):
        validate(table[::-1])


def test_answers_that_contradict_each_other_name_nobody_and_one_slip_among_many_does_no_harm() -> None:
    heard = turns_table([(10 * i, 10 * i + 5, f"voice_{1 + i % 2}") for i in range(8)])

    def named(*said: str) -> list[str]:
        starts = [20.0 * i for i in range(len(said))]  # all of voice_1
        answers = pd.DataFrame({"start": starts, "end": [s + 4 for s in starts], "speaker": said})
        return sorted(set(name_speakers(heard, answers)["speaker"]))

    assert named("client", "therapist") == ["voice_1", "voice_2"]
    assert named("client", "client", "client", "therapist") == ["client", "therapist"]
