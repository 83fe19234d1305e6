"""The benchmark's table: what each system is asked, and how sessions are put together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("pyroomacoustics", reason="the benchmark's rooms need pyroomacoustics, a dev dependency")

from benchmarks.diarization import __main__ as benchmark, sessions
from benchmarks.diarization.report import calibration, calibration_chart, markdown, table
from benchmarks.diarization.sessions import Session, read_rttm
from therapy_review.diarization.engine import ENGINE
from therapy_review.errors import RecordingError
from therapy_review.turns.table import turns_table

REAL = turns_table([(0, 10, "client"), (11, 20, "therapist")])
ABOUT = {"condition": "phone", "mix": "male-male", "new_voices": 2}


def perfect(samples, sample_rate, speakers=2):
    if speakers != 2:
        raise RecordingError("Who spoke when can be found for 2 people.")
    return REAL.assign(confidence=[0.9, 0.97])


def one_voice(samples, sample_rate, speakers=2):
    return turns_table([(0, 20, "voice_1")])


@pytest.fixture
def rows(monkeypatch) -> tuple[list[dict[str, object]], list[pd.DataFrame]]:
    monkeypatch.setattr(benchmark, "SYSTEMS", {"perfect": perfect, "one_voice": one_voice})
    session = Session("held_out", "s", lambda: (np.zeros(20 * 16_000, np.float32), REAL), about=ABOUT)
    return benchmark.listen(session, ["perfect", "one_voice"])


def test_every_system_is_scored_on_the_same_session(rows) -> None:
    scores, sure = rows
    assert [row["system"] for row in scores] == ["perfect", "one_voice"]
    assert [row["swallowed"] for row in scores] == [0, 1]
    assert [len(each) for each in sure] == [2, 1]


def test_a_system_for_two_voices_is_asked_for_two_where_there_are_more(monkeypatch) -> None:
    monkeypatch.setattr(benchmark, "SYSTEMS", {"perfect": perfect})
    session = Session("ami_others", "s", lambda: (np.zeros(16_000, np.float32), REAL), speakers=4)
    scores, sure = benchmark.listen(session, ["perfect"])
    assert scores[0]["speakers_asked"] == 2
    assert sure == []


def test_other_systems_keep_the_scores_of_an_earlier_run_on_the_same_sound(rows, tmp_path) -> None:
    file = tmp_path / "cases.csv"
    assert benchmark.kept(file, ["perfect"]).empty
    pd.DataFrame(rows[0]).assign(sound=benchmark.version()[:12]).to_csv(file)
    assert benchmark.kept(file, ["perfect"])["system"].tolist() == ["one_voice"]
    pd.DataFrame(rows[0]).assign(sound="other").to_csv(file)
    assert benchmark.kept(file, ["perfect"]).empty


def test_the_table_has_a_row_for_all_and_for_each_condition_mix_and_new_voices(rows) -> None:
    scores = pd.DataFrame(rows[0]).assign(seconds_an_hour=60.0)
    found = table(scores)
    assert found["group"].unique().tolist() == [
        "held out",
        "held out: phone",
        "held out: male-male",
        "held out: both voices new",
    ]
    assert (found.loc[found["system"] == "perfect", "DER"] == 0).all()
    # Nine seconds of the wrong voice and one of silence, of nineteen that are spoken.
    assert found.loc[found["system"] == "one_voice", "DER"].tolist() == pytest.approx([100 * 10 / 19] * 4)
    text = markdown(scores, calibration(pd.concat(rows[1])))
    assert "| held out: phone | one_voice | 1 |" in text


def test_the_report_names_the_engine_that_made_the_rows_and_not_todays(monkeypatch) -> None:
    monkeypatch.setattr(benchmark, "SYSTEMS", {"engine": perfect, "one_voice": one_voice})
    monkeypatch.setattr(benchmark, "ENGINE", "older-1")
    session = Session("held_out", "s", lambda: (np.zeros(20 * 16_000, np.float32), REAL), about=ABOUT)
    scores = pd.DataFrame(benchmark.listen(session, ["engine", "one_voice"])[0]).assign(seconds_an_hour=60.0)
    assert scores["engine"].tolist() == ["older-1", ""]
    head = markdown(scores, pd.DataFrame()).split("|")[0]
    assert "the engine is\n`older-1`." in head
    assert ENGINE not in head


def test_calibration_is_kept_of_systems_that_are_not_run_and_shown(tmp_path, rows) -> None:
    file = tmp_path / "calibration.csv"
    assert benchmark.kept_bins(file, []).empty
    calibration(pd.concat(rows[1])).to_csv(file, index=False)
    assert benchmark.kept_bins(file, ["perfect"]).empty
    bins = benchmark.kept_bins(file, ["one_voice"])
    assert set(bins["system"]) == {"perfect"}
    text = markdown(pd.DataFrame(rows[0]).assign(seconds_an_hour=60.0), bins)
    assert "](calibration_perfect.png)" in text


def test_calibration_counts_the_right_ones_by_stretches_and_by_time() -> None:
    sure = pd.DataFrame(
        {
            "system": "s",
            "confidence": [0.55, 0.58, 0.97],
            "seconds": [3.0, 1.0, 5.0],
            "right": [True, False, True],
        }
    )
    bins = calibration(sure)
    assert bins["right_turns"].tolist() == [0.5, 1.0]
    assert bins["right_time"].tolist() == [0.75, 1.0]
    assert bins["stretches"].tolist() == [2, 1]
    assert calibration(sure.assign(confidence=1.0)).empty
    assert calibration_chart(bins).png().startswith(b"\x89PNG")


def test_a_reference_is_read_up_to_what_is_scored(tmp_path) -> None:
    file = tmp_path / "x.rttm"
    file.write_text(
        "SPEAKER x 1 1.0 2.0 <NA> <NA> a <NA> <NA>\nSPEAKER x 1 29.0 5.0 <NA> <NA> b <NA> <NA>\n"
        "SPEAKER x 1 31.0 5.0 <NA> <NA> a <NA> <NA>\n"
    )
    assert read_rttm(file, 30.0)[["start", "end", "speaker"]].to_numpy().tolist() == [
        [1.0, 3.0, "a"],
        [29.0, 30.0, "b"],
    ]


def test_the_practice_journal_is_listened_to() -> None:
    assert len(sessions.practice()) == 7
