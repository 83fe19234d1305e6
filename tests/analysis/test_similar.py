"""Alike: which stretches sound like a corrected one, with voices made of numbers and with real ones."""

from __future__ import annotations

import numpy as np
import pandas as pd

from therapy_review import Journal, analyse
from therapy_review.analysis.analysis import rename
from therapy_review.analysis.similar import alike, hearing, relabel_alike
from therapy_review.journal.corrections import Correction, no_corrections, record
from therapy_review.turns.edits import apply, relabel
from therapy_review.turns.table import turns_table

# Client and therapist by turns; at 20, 40 and 60 s the engine gave the therapist's words to the client.
TALK = turns_table([(10 * i, 10 * i + 6, "client" if i % 2 == 0 else "therapist", 0.8) for i in range(12)])
WRONG = (20.0, 40.0, 60.0)


def voices(stretches: np.ndarray) -> np.ndarray:
    """A low voice and a high one, a little different every time."""
    high = np.isin(stretches[:, 0], WRONG) | (stretches[:, 0] // 10 % 2 == 1)
    angle = np.where(high, 1.4, 0.2) + 0.1 * np.sin(stretches[:, 0])
    return np.column_stack([np.cos(angle), np.sin(angle)])


def after(start: float, speaker: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    said = record(no_corrections(), relabel(TALK, start, start + 6, speaker))
    return apply(TALK, said), said


def test_stretches_in_the_voice_of_the_corrected_one_are_found():
    found = alike(*after(20, "therapist"), 20, 26, voices)
    assert found["start"].tolist() == [40.0, 60.0]
    assert found[["speaker", "to"]].drop_duplicates().to_numpy().tolist() == [["client", "therapist"]]
    assert (found["closer"] > 0).all()


def test_what_the_client_has_spoken_of_is_not_offered():
    turns, said = after(20, "therapist")
    said = record(said, [Correction(40, 46, "other", was="client")])
    assert alike(apply(turns, said), said, 20, 26, voices)["start"].tolist() == [60.0]


def test_nothing_is_alike_where_nobody_or_both_speak():
    for speaker in ("nobody", "both"):
        assert alike(*after(20, speaker), 20, 26, voices).empty


def test_short_words_and_two_at_once_are_left_out():
    short = turns_table([(43, 44, "therapist"), (66.4, 66.8, "client")])
    turns = pd.concat([TALK, short]).sort_values("start", ignore_index=True)
    said = record(no_corrections(), relabel(turns, 20, 26, "therapist"))
    assert alike(apply(turns, said), said, 20, 26, voices)["start"].tolist() == [60.0]


def test_all_that_sound_alike_are_changed_in_one_step():
    turns, said = after(20, "therapist")
    lines = relabel_alike(turns, alike(turns, said, 20, 26, voices))
    table = record(said, lines)
    changed = apply(TALK, table)
    assert changed.loc[changed["start"].isin(WRONG), "speaker"].eq("therapist").all()
    assert table["step"].tolist() == [1, 2, 2]


def test_in_a_practice_session_a_swallowed_voice_is_found_again(journal: Journal) -> None:
    session = journal.session("2026-01-29")
    truth = analyse(session)
    length = truth["end"] - truth["start"]
    wrong = truth[(truth["speaker"] == "therapist") & length.between(1.5, 4)]
    session.correct(
        line for a, b in wrong[["start", "end"]][1:].to_numpy() for line in relabel(truth, a, b, "client")
    )
    mistaken = rename(session)
    journal.store.remove(session.file("corrections.csv"))
    first = wrong.iloc[0]
    said = record(no_corrections(), [Correction(first["start"], first["end"], "therapist")])
    found = alike(mistaken, said, first["start"], first["end"], hearing(session))
    right = found["start"].round(3).isin(wrong["start"].round(3))
    assert right.sum() >= 0.8 * (len(wrong) - 1)
    assert right.mean() >= 0.8
