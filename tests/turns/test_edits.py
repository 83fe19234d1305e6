"""The acts by which a client corrects turns: what each says, and what it leaves alone."""

from __future__ import annotations

import pandas as pd
import pytest

from therapy_review.errors import TurnsError
from therapy_review.journal.corrections import Correction, no_corrections, record, undo
from therapy_review.turns.edits import add, apply, delete, merge, relabel, split
from therapy_review.turns.table import turns_table

TALK = turns_table([(0, 4, "client", 0.9), (5, 9, "therapist", 0.7), (9.5, 12, "therapist", 0.8)])


def after(*step: Correction, turns: pd.DataFrame = TALK) -> list[tuple[float, float, str]]:
    table = apply(turns, record(no_corrections(), step))
    return [tuple(row) for row in table[["start", "end", "speaker"]].to_numpy().tolist()]


def test_a_stretch_is_given_to_somebody_else_and_its_pauses_stay():
    given = after(*relabel(TALK, 5, 12, "client"))
    assert given == [(0, 4, "client"), (5, 9, "client"), (9.5, 12, "client")]


def test_of_two_at_once_one_can_be_given_to_somebody_else_and_the_other_stays():
    both = turns_table([(0, 9, "client"), (4, 6, "therapist"), (10, 12, "therapist")])
    assert after(*relabel(both, 4, 6, "other", was="therapist"), turns=both)[:2] == [
        (0, 9, "client"),
        (4, 6, "other"),
    ]
    assert after(*relabel(both, 4, 6, "client", was="therapist"), turns=both)[0] == (0, 9, "client")
    assert len(relabel(both, 0, 12, "client", was="client")) == 3
    assert relabel(both, 10, 12, "therapist", was="client") == []


def test_a_stretch_is_split_where_the_voice_changes():
    assert after(*split(TALK, 7, "client"))[1:3] == [(5, 7, "therapist"), (7, 9, "client")]


def test_two_stretches_are_merged_under_who_speaks_first():
    assert after(*merge(TALK, 6)) == [(0, 4, "client"), (5, 12, "therapist")]
    assert after(*merge(TALK, 1)) == [(0, 9, "client"), (9.5, 12, "therapist")]


def test_a_word_that_was_not_heard_is_added_also_over_somebody_elses():
    assert (4.2, 4.7, "client") in after(*add(TALK, 4.2, 4.7, "client"))
    over = after(*add(TALK, 6, 6.5, "client"))
    assert (6, 6.5, "client") in over
    assert (5, 9, "therapist") in over


def test_one_voice_is_deleted_and_the_other_stays():
    both = turns_table([(0, 4, "client"), (1, 2, "therapist")])
    assert after(*delete(both, 1, 2, "therapist"), turns=both) == [(0, 4, "client")]
    assert after(*delete(TALK, 0, 4, "client")) == [(5, 9, "therapist"), (9.5, 12, "therapist")]


def test_several_acts_can_be_one_step_and_are_taken_back_at_once():
    alike = [*relabel(TALK, 5, 9, "client"), *relabel(TALK, 9.5, 12, "client")]
    table = record(record(no_corrections(), relabel(TALK, 0, 4, "client")), alike)
    assert undo(table)["start"].tolist() == [0.0]


def test_acts_need_somebody_who_speaks_there():
    with pytest.raises(TurnsError, match=r"heard at 4\.5 s"):
        split(TALK, 4.5, "client")
    with pytest.raises(TurnsError, match="to merge with"):
        merge(TALK, 10)
    assert relabel(TALK, 4.2, 4.8, "client") == []


def test_a_voice_without_a_name_is_no_speaker_of_a_correction():
    voices = turns_table([(0, 4, "voice_1"), (5, 9, "voice_2")])
    with pytest.raises(TurnsError, match="voice is whose"):
        add(voices, 1, 2, "client")
    assert relabel(voices, 0, 4, "client") == [Correction(0, 4, "client")]
