"""The measures of one session: hand-worked conversations first, then what holds for any conversation."""

from __future__ import annotations

import json
import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from tests.support.examples import examples
from therapy_review.errors import TurnsError
from therapy_review.measures import talk
from therapy_review.measures.silences import gaps, long_silences, overlaps, pauses, who_broke_silence
from therapy_review.turns.table import turns_table

# One short conversation, worked by hand. Silences: 3-3.5, 5-9, 12-12.4, 14-18, 20.5-21; overlap 20-20.5.
TALK = turns_table(
    [
        (2.0, 3.0, "therapist"),
        (3.5, 5.0, "therapist"),
        (9.0, 12.0, "client"),
        (10.0, 10.5, "therapist"),  # mm-hm
        (12.4, 14.0, "client"),
        (18.0, 20.5, "client"),
        (20.0, 20.5, "therapist"),  # wholly within the client's stretch: no turn
        (21.0, 22.0, "therapist"),
    ]
)
EMPTY = turns_table()


def row(turns: pd.DataFrame, **options: object) -> pd.Series:
    return talk.evaluate(turns, **options).iloc[0]  # type: ignore[arg-type]


# What is said in MEASURES, measure by measure.


def test_talk_time_is_all_voiced_time_of_a_speaker_backchannels_included():
    assert talk.talk_time(TALK) == pytest.approx({"therapist": 4.5, "client": 7.1})


def test_talk_share_leaves_silence_out_and_counts_overlap_for_both():
    assert talk.talk_share(TALK) == pytest.approx({"therapist": 4.5 / 11.6, "client": 7.1 / 11.6})


def test_session_share_shows_silence_and_is_taken_from_first_to_last_word():
    shares = row(TALK)[["therapist_session_share", "client_session_share", "silence_share"]].tolist()
    assert shares == pytest.approx([4.5 / 20, 7.1 / 20, 9.4 / 20])


def test_lead_in_and_lead_out_are_set_apart_from_the_session():
    measured = row(TALK, duration=30.0)
    names = ["lead_in", "session_start", "session_end", "lead_out"]
    assert measured[names].tolist() == [2.0, 2.0, 22.0, 8.0]
    assert math.isnan(row(TALK)["lead_out"])


def test_latency_belongs_to_the_one_who_answers():
    found = talk.latency(TALK).set_index("responder")
    assert found.loc["client", ["before", "n", "median"]].tolist() == ["therapist", 1, 4.0]
    assert found.loc["therapist", "median"] == pytest.approx(0.5)


def test_latency_keeps_its_sign_when_the_answer_comes_early():
    early = turns_table([(0, 4, "client"), (3.3, 6, "therapist")])
    assert gaps(early)["latency"].tolist() == pytest.approx([-0.7])
    assert row(early)["therapist_latency_median"] == pytest.approx(-0.7)


def test_latency_quartiles_are_those_of_the_single_answers():
    rows, at = [], 0.0
    for wait in (0.2, 0.4, 0.6, 0.8, 1.0):
        rows += [(at, at + 2, "therapist"), (at + 2 + wait, at + 5, "client")]
        at += 5.5
    measured = row(turns_table(rows))
    quartiles = measured[["client_latency_q1", "client_latency_median", "client_latency_q3"]].tolist()
    assert quartiles == pytest.approx([0.4, 0.6, 0.8])
    assert measured["client_latency_n"] == 5


def test_answers_to_somebody_else_are_not_mixed_with_answers_to_the_therapist():
    three = turns_table([(0, 2, "therapist"), (3, 5, "client"), (5.5, 8, "other"), (14, 16, "client")])
    assert row(three)["client_latency_median"] == pytest.approx(1.0)
    assert len(talk.latency(three)) == 3


def test_long_silence_lies_inside_a_turn_or_between_two():
    assert row(TALK)[["long_silences", "long_silences_inside_turn"]].tolist() == [2, 1]


def test_a_silence_of_exactly_three_seconds_is_long():
    assert row(turns_table([(0, 1.1, "client"), (4.1, 5, "therapist")]))["long_silences"] == 1
    assert row(turns_table([(0, 1.1, "client"), (4.09, 5, "therapist")]))["long_silences"] == 0


def test_longest_silence_is_given_with_its_time():
    measured = row(turns_table([(0, 1, "client"), (3, 4, "client"), (9, 10, "client")]))
    assert measured[["longest_silence", "longest_silence_start"]].tolist() == [5.0, 4.0]


def test_of_two_silences_equally_long_the_first_is_the_longest_wherever_the_clock_began():
    for clock in (0, 1, 777):
        said = [(2.0, 6.0, "therapist"), (7.12, 8.12, "therapist"), (9.24, 10.24, "therapist")]
        turns = turns_table([(start + clock, end + clock, who) for start, end, who in said])
        assert row(turns)["longest_silence_start"] == pytest.approx(6 + clock)


def test_talking_at_once_is_where_the_floor_changes_in_overlap():
    change = turns_table([(0, 4, "client"), (3.7, 6, "therapist")])
    assert row(change)[["talking_at_once", "within_overlaps"]].tolist() == [1, 0]


def test_an_overlap_shorter_than_a_fifth_of_a_second_is_not_talking_at_once():
    short = turns_table([(0, 4, "client"), (3.85, 6, "therapist")])
    assert row(short)["talking_at_once"] == 0


def test_an_mm_hm_while_the_other_speaks_is_an_overlap_within_and_no_turn():
    measured = row(TALK)
    assert overlaps(TALK)["kind"].tolist() == ["within", "within"]
    assert measured[["within_overlaps", "therapist_backchannels", "therapist_turns"]].tolist() == [2, 2, 2]


def test_overlap_is_missing_where_it_cannot_be_seen():
    blind = row(TALK, sees_overlap="no")
    assert blind[["talking_at_once", "within_overlaps"]].isna().all()
    assert blind["client_talk_time"] == row(TALK)["client_talk_time"]


def test_longest_turn_is_given_with_its_time_and_holds_its_pauses():
    assert row(TALK)[["client_longest_turn_start", "client_longest_turn"]].tolist() == [9.0, 11.5]


def test_balance_is_the_talk_share_in_five_equal_parts():
    said = turns_table([(0, 10, "client"), (10, 15, "client"), (15, 20, "therapist"), (40, 50, "therapist")])
    client = talk.balance(said)[lambda t: t["speaker"] == "client"]
    assert client["start"].tolist() == [0, 10, 20, 30, 40]
    assert client["share"].tolist() == pytest.approx([1.0, 0.5, np.nan, np.nan, 0.0], nan_ok=True)
    assert client["talk_time"].sum() == pytest.approx(15)


def test_the_floor_of_what_can_be_seen_is_kept_beside_the_measures():
    assert row(TALK, shortest_silence=0.4)["shortest_silence"] == 0.4


# The one row.


def test_every_column_has_words_and_a_unit():
    for name in talk.evaluate(TALK).columns:
        bare = name.removeprefix("client_").removeprefix("therapist_")
        described = bare in talk.MEASURES or name.startswith("long_silences_")
        assert described, name


def test_columns_of_one_person_are_the_same_for_everybody_heard():
    names = list(talk.evaluate(turns_table([(0, 1, "client"), (2, 3, "therapist"), (4, 5, "other")])).columns)
    for person in ("client", "therapist", "other"):
        assert [f"{person}_{name}" for name in talk.OF_ONE if f"{person}_{name}" in names] == [
            f"{person}_{name}" for name in talk.OF_ONE
        ]


def test_voices_without_names_are_measured_under_their_labels():
    voices = TALK.assign(speaker=TALK["speaker"].map({"client": "voice_2", "therapist": "voice_1"}))
    named, unnamed = row(TALK), row(voices)
    for name in talk.OF_ONE:
        assert unnamed[f"voice_2_{name}"] == pytest.approx(named[f"client_{name}"], nan_ok=True)
    assert unnamed["long_silences_voice_1_voice_2"] == 1


@pytest.mark.parametrize(
    "turns",
    [
        EMPTY,
        turns_table([(0, 1, "client")]),
        turns_table([(3, 4, "therapist")]),
        turns_table([(0, 1, "voice_1")]),
        turns_table([(0, 1, "other"), (9, 10, "other")]),
        TALK,
    ],
)
def test_any_table_gives_one_row_that_goes_into_json(turns):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        measured = talk.evaluate(turns)
        talk.balance(turns)
    assert len(measured) == 1
    read = json.loads(measured.iloc[0].to_json())
    assert read["long_silences"] == measured["long_silences"].iloc[0]


def test_nobody_heard_means_no_numbers_rather_than_zeros_about_somebody():
    measured = row(EMPTY, duration=60.0)
    assert measured[["session_start", "session_end", "silence_share", "longest_silence"]].isna().all()
    assert measured["long_silences"] == 0
    assert talk.talk_share(EMPTY) == {}


def test_a_client_alone_leaves_the_therapist_at_nothing():
    measured = row(turns_table([(0, 10, "client")]))
    assert measured[["client_talk_share", "therapist_talk_share"]].tolist() == [1.0, 0.0]
    assert talk.balance(turns_table([(0, 10, "client")]))["share"].tolist() == [1.0, 0.0] * 5


def test_a_table_that_is_no_turns_table_is_refused_at_the_door():
    broken = pd.DataFrame({"start": [2.0], "end": [1.0], "speaker": ["client"], "confidence": [1.0]})
    for measure in (talk.talk_time, talk.balance, talk.latency, talk.evaluate):
        with pytest.raises(TurnsError):
            measure(broken)


# What holds for any conversation.

lengths = st.floats(0.05, 12.0).map(lambda seconds: round(seconds, 2))


@st.composite
def conversations(draw: st.DrawFn, people: tuple[str, ...] = ("client", "therapist")) -> pd.DataFrame:
    rows = []
    for person in people:
        at = draw(lengths)
        for silence, voiced in draw(st.lists(st.tuples(lengths, lengths), min_size=1, max_size=12)):
            rows.append((round(at + silence, 2), round(at + silence + voiced, 2), person))
            at += silence + voiced
    return turns_table(rows)


TIMES = {"session_start", "session_end", "lead_in", "longest_silence_start"}


def assert_same(first: pd.Series, second: pd.Series, names: list[str]) -> None:
    assert first[names].tolist() == pytest.approx(second[names].tolist(), nan_ok=True, abs=1e-6)


@examples(60)
@given(conversations())
def test_shares_of_talk_add_up_to_one(turns):
    assert sum(talk.talk_share(turns).values()) == pytest.approx(1)
    assert talk.balance(turns)["talk_time"].sum() == pytest.approx(sum(talk.talk_time(turns).values()))
    totals = talk.balance(turns).groupby("part")["share"].sum(min_count=1).dropna()
    assert totals.to_numpy() == pytest.approx(1)


@examples(60)
@given(conversations())
def test_nobody_speaks_longer_than_the_session(turns):
    measured = row(turns)
    session = measured["session_end"] - measured["session_start"]
    for person in ("client", "therapist"):
        assert measured[f"{person}_talk_time"] <= session + 1e-6
        assert 0 <= measured[f"{person}_session_share"] <= 1 + 1e-9
    # Speech of both, less what they spoke at once, and silence fill the session.
    both = overlaps(turns)["duration"].sum()
    spoken = measured["client_talk_time"] + measured["therapist_talk_time"] - both
    assert spoken + measured["silence_share"] * session == pytest.approx(session)


@examples(40)
@given(conversations(), st.integers(1, 5000))
def test_starting_the_recorder_earlier_moves_times_and_changes_nothing_else(turns, seconds):
    later = turns.assign(start=turns["start"] + seconds, end=turns["end"] + seconds)
    first, second = row(turns), row(later)
    moved = [c for c in first.index if c in TIMES or c.endswith("_longest_turn_start")]
    assert_same(first, second, [c for c in first.index if c not in moved])
    assert (second[moved] - first[moved]).dropna().to_numpy() == pytest.approx(seconds)


@examples(40)
@given(conversations())
def test_swapping_the_two_people_swaps_their_columns(turns):
    swap = {"client": "therapist", "therapist": "client"}
    swapped = turns.assign(speaker=turns["speaker"].map(swap))
    first, second = row(turns), row(turns_table(swapped.to_numpy().tolist()))
    # Two who begin at the very same moment are told apart by their order in the table alone.
    if not turns["start"].duplicated().any():
        names = {f"{a}_{name}": f"{b}_{name}" for a, b in swap.items() for name in talk.OF_ONE}
        names |= {f"long_silences_{a}_{b}": f"long_silences_{swap[a]}_{swap[b]}" for a in swap for b in swap}
        own, other = first[list(names)].tolist(), second[list(names.values())].tolist()
        assert own == pytest.approx(other, nan_ok=True, abs=1e-6)


@examples(40)
@given(conversations())
def test_every_long_silence_is_counted_once_in_the_table_of_who_broke_it(turns):
    measured = row(turns)
    assert who_broke_silence(turns).to_numpy().sum() == measured["long_silences"]
    assert len(long_silences(turns)) == measured["long_silences"]


@examples(40)
@given(conversations(), st.sampled_from(["yes", "no"]))
def test_the_one_row_agrees_with_the_single_measures(turns, sees_overlap):
    measured = row(turns, sees_overlap=sees_overlap)
    inside = long_silences(turns)["start"].isin(pauses(turns)["start"])
    assert measured["long_silences_inside_turn"] == inside.sum()
    for person, share in talk.talk_share(turns).items():
        assert measured[f"{person}_talk_share"] == pytest.approx(share)
        length = measured["session_end"] - measured["session_start"]
        assert measured[f"{person}_session_share"] == pytest.approx(talk.talk_time(turns)[person] / length)
    if sees_overlap == "yes":
        assert measured["talking_at_once"] == (gaps(turns)["latency"] <= -0.2 + 1e-6).sum()
