"""The benchmark's scores: hand-made tables of turns with known faults."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, strategies as st
from pyannote.core import Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate

from benchmarks.diarization.score import CAUSES, KINDS, annotation, pooled, score, sureness
from tests.support.examples import examples
from therapy_review.turns.table import turns_table

REAL = turns_table(
    [(0, 10, "client"), (11, 21, "therapist"), (20, 26, "client"), (30, 40, "therapist"), (41, 60, "client")]
)


def swapped(turns: pd.DataFrame) -> pd.DataFrame:
    return turns.assign(speaker=turns["speaker"].map({"client": "voice_2", "therapist": "voice_1"}))


def test_the_reference_against_itself_is_without_error_under_any_names() -> None:
    result = score(REAL, swapped(REAL), 60)
    assert all(result[kind] == 0 for kind in KINDS)
    assert result["collar_errors"] == result["share_error"] == result["swallowed"] == 0
    assert result["turns_found"] == result["turns_reference"] == 5
    assert pooled(pd.DataFrame([result]))["DER"] == 0


def test_a_swallowed_speaker_is_detected() -> None:
    found = turns_table([(0, 10, "voice_1"), (11, 26, "voice_1"), (30, 40, "voice_1"), (41, 60, "voice_1")])
    result = score(REAL, found, 60)
    assert result["swallowed"] == 1
    assert result["share_error"] == pytest.approx(100 - 100 * 35 / 55)
    assert result["confusion_mistaken"] == pytest.approx(8.5 + 9.5)
    assert result["miss_overlap"] == pytest.approx(0.5)


def test_errors_near_a_boundary_of_the_reference_are_put_down_to_it() -> None:
    found = REAL.assign(start=REAL["start"] + 0.1, end=REAL["end"] - 0.1)
    result = score(REAL, found, 60)
    assert result["miss"] == pytest.approx(result["miss_boundary"]) == pytest.approx(1.0)
    assert result["collar_errors"] == pytest.approx(0)


def test_a_voice_in_a_silence_is_an_error_of_voice_activity() -> None:
    found = turns_table([*REAL.to_numpy().tolist(), (27, 29, "therapist")])
    result = score(REAL, found, 60)
    assert result["false_alarm_voice_activity"] == result["false_alarm"] == pytest.approx(2.0)


def test_two_voices_where_there_is_one_are_an_error_of_overlap() -> None:
    found = turns_table([*REAL.to_numpy().tolist(), (45, 48, "therapist")])
    result = score(REAL, found, 60)
    assert result["false_alarm_overlap"] == result["false_alarm"] == pytest.approx(3.0)


def test_only_the_asked_length_is_scored() -> None:
    found = swapped(REAL[REAL["start"] < 30])
    assert score(REAL, found, 30)["miss"] == 0
    assert score(REAL, found, 60)["miss"] == pytest.approx(29.0)


def test_nothing_found_is_all_missed() -> None:
    result = score(REAL, turns_table(), 60)
    assert result["miss"] == result["speech"] == pytest.approx(55.0)
    assert result["swallowed"] == 2


def test_confidence_is_held_against_what_most_of_a_stretch_is() -> None:
    found = turns_table(
        [
            (0, 10, "voice_1", 0.9),
            (11, 19, "voice_2", 0.8),
            (19, 26, "voice_1", 0.7),
            (30, 60, "voice_1", 0.4),
        ]
    )
    table = sureness(REAL, found)
    assert table["right"].tolist() == [True, True, True, True]
    wrong = sureness(REAL, found.assign(speaker=["voice_1", "voice_2", "voice_2", "voice_1"]))
    assert wrong["right"].tolist() == [True, True, False, True]


stretches = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 60)), min_size=1, max_size=8)


def _table(own: dict[str, list[tuple[int, int]]]) -> pd.DataFrame:
    rows = []
    for who, parts in own.items():
        at = 0
        for silence, length in parts:
            rows.append(((at + silence) / 10, (at + silence + length) / 10, who))
            at += silence + length
    return turns_table(rows)


@pytest.mark.filterwarnings("ignore:invalid value")  # nothing may lie beyond the collar
@examples(50)
@given(stretches, stretches, stretches, stretches)
def test_the_rate_is_pyannotes_and_kinds_and_causes_add_up_to_it(a, b, c, d) -> None:
    real, found = _table({"client": a, "therapist": b}), _table({"voice_1": c, "voice_2": d})
    row = score(real, found, 100.0)
    known = DiarizationErrorRate()(annotation(real), annotation(found), uem=Timeline([Segment(0, 100)]))
    whole = pooled(pd.DataFrame([row]))
    assert whole["DER"] == pytest.approx(100 * known)
    assert sum(whole[cause] for cause in CAUSES) == pytest.approx(whole["DER"])
