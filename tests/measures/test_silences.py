"""Silences and overlaps of hand-worked conversations, one by one."""

from __future__ import annotations

import pytest

from tests.measures.test_talk import TALK
from therapy_review.measures.silences import long_silences, pauses, who_broke_silence
from therapy_review.turns.table import turns_table


def test_pauses_lie_inside_a_turn_and_belong_to_its_speaker():
    found = pauses(TALK)
    assert found["speaker"].tolist() == ["therapist", "client", "client"]
    assert found["duration"].tolist() == pytest.approx([0.5, 0.4, 4.0])


def test_a_silence_shorter_than_a_fifth_of_a_second_is_no_pause():
    assert pauses(turns_table([(0, 1, "client"), (1.19, 2, "client")])).empty
    assert len(pauses(turns_table([(0, 1, "client"), (1.2, 2, "client")]))) == 1


def test_long_silence_is_credited_to_who_breaks_it():
    found = long_silences(TALK)
    assert found["before"].tolist() == ["therapist", "client"]
    assert found["broken_by"].tolist() == ["client", "client"]
    table = who_broke_silence(TALK)
    assert table.loc["therapist", "client"] == 1
    assert table.loc["client", "client"] == 1
    assert table.to_numpy().sum() == 2


def test_a_long_silence_after_overlap_began_when_the_last_voice_fell_silent():
    said = turns_table([(0, 5, "client"), (4, 4.5, "therapist"), (9, 10, "therapist")])
    found = long_silences(said).iloc[0]
    assert (found["start"], found["before"], found["broken_by"]) == (5.0, "client", "therapist")
