"""Least certain: what two minutes of listening are spent on."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings, strategies as st

from therapy_review.analysis.uncertainty import AROUND, DOUBT, LONGEST, least_certain
from therapy_review.journal.corrections import Correction, no_corrections, record
from therapy_review.measures.talk import talk_share
from therapy_review.turns.edits import apply, relabel
from therapy_review.turns.table import turns_table

TALK = turns_table(
    [
        (0, 10, "client", 0.99),
        (11, 13, "therapist", 0.6),
        (14, 22, "client", 0.7),
        (23, 24, "therapist", 0.95),
        (25, 27, "client", 0.9),
    ]
)


def starts(asked: pd.DataFrame) -> list[float]:
    return asked["start"].tolist()


def test_what_could_be_most_wrong_for_a_second_of_listening_comes_first():
    assert starts(least_certain(TALK))[:2] == [14.0, 11.0]
    assert least_certain(TALK)["error"].round(3).tolist()[:2] == [2.4, 0.8]


def test_a_stretch_costs_what_it_takes_to_hear_all_that_the_answer_speaks_for():
    long = turns_table([(0, 20, "client", 0.9), (30, 34, "therapist", 0.8)])
    assert starts(least_certain(long, minutes=(4 + AROUND) / 60)) == [30.0]
    assert starts(least_certain(long, minutes=(24 + 2 * AROUND) / 60)) == [30.0, 0.0]


def test_stretches_asked_about_together_are_no_longer_than_one_listens_for():
    talk = turns_table([(3 * i, 3 * i + 2.5, "client", 0.7) for i in range(10)])
    asked = least_certain(talk, minutes=10)
    assert (asked["end"] - asked["start"]).max() <= LONGEST
    assert len(asked) == 5


def test_no_more_is_asked_than_there_is_time_for():
    many = turns_table([(10 * i, 10 * i + 6, "client", 0.7) for i in range(100)])
    assert len(least_certain(many, minutes=2)) == 17
    assert least_certain(many, minutes=0).empty


def test_what_was_spoken_of_is_not_asked_about_again():
    said = record(no_corrections(), [Correction(14, 22, "client")])
    assert 14.0 not in starts(least_certain(TALK, 2, said))


def test_neighbouring_stretches_that_are_about_as_sure_are_one_question():
    near = turns_table([(0, 3, "client", 0.7), (3.4, 5, "client", 0.65), (7, 9, "client", 0.7)])
    assert least_certain(near)[["start", "end"]].to_numpy().tolist() == [[0, 5], [7, 9]]
    unlike = turns_table([(0, 3, "client", 0.99), (3.4, 5, "client", 0.6)])
    assert len(least_certain(unlike)) == 2
    between = turns_table([(0, 3, "client", 0.7), (3.1, 3.3, "therapist", 0.9), (3.4, 5, "client", 0.7)])
    assert len(least_certain(between)) == 3


def test_nothing_is_asked_where_nobody_speaks():
    assert least_certain(turns_table()).empty


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(1, 40), st.integers(1, 90), st.floats(0, 1), st.sampled_from("ct")), max_size=40
    ),
    st.floats(0, 3),
)
def test_any_questions_fit_the_time_and_lie_apart(drawn, minutes):
    now, talk = 0.0, []
    for silence, length, sure, who in drawn:
        talk.append((now + silence / 10, now + (silence + length) / 10, who, sure))
        now = talk[-1][1]
    turns = turns_table(talk)
    asked = least_certain(turns, minutes)
    length = asked["end"] - asked["start"]
    assert (length + AROUND).sum() <= minutes * 60 + 1e-3
    ordered = asked.sort_values("start")
    assert (ordered["start"].to_numpy()[1:] >= ordered["end"].to_numpy()[:-1] - 1e-9).all()
    assert (asked["error"] >= DOUBT * 0.1 - 1e-9).all()
    worth = (asked["error"] / (length + AROUND)).to_numpy()
    assert (np.diff(worth) <= 1e-9).all()


def simulated(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Half an hour of talk, and what an engine makes of it that is sure of nine turns in ten and knows of which: it
    gives a turn to the wrong one as often as its confidence says."""
    rng = np.random.default_rng(seed)
    truth, heard, now, who = [], [], 0.0, 0
    while now < 1800:
        who, sure = 1 - who, 1 - 0.5 * rng.beta(0.05, 0.8)
        said = who if rng.random() < sure else 1 - who
        for length in np.clip(rng.lognormal(0.9, 0.8, rng.integers(1, 4)), 0.3, 20):
            truth.append((now, now + length, ("client", "therapist")[who]))
            heard.append((now, now + length, ("client", "therapist")[said], sure))
            now += length + rng.uniform(0.3, 0.9)
    return turns_table(heard), turns_table(truth)


def answered(heard: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Answer every question by who is heard in the first seconds of it."""
    said = no_corrections()
    for start, end in least_certain(heard)[["start", "end"]].itertuples(index=False):
        first = truth[(truth["start"] <= start + 0.01) & (truth["end"] > start + 0.01)]
        said = record(said, relabel(heard, start, end, first["speaker"].iloc[0]))
    return apply(heard, said)


def test_two_minutes_of_perfect_answers_at_least_halve_the_error_of_the_talk_share():
    before, after = [], []
    for seed in range(20):
        heard, truth = simulated(seed)
        real = talk_share(truth)["client"]
        before.append(abs(talk_share(heard)["client"] - real))
        after.append(abs(talk_share(answered(heard, truth))["client"] - real))
    assert np.mean(after) <= np.mean(before) / 2
