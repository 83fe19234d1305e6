"""What the kept results of the diarization benchmark must show; nothing is listened to."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

RESULTS = Path(__file__).parents[2] / "benchmarks" / "diarization" / "results"
WRONG = ["miss", "false_alarm", "confusion"]
BASELINES = ["mfcc_kmeans", "ge2e_kmeans"]


@pytest.fixture(scope="module")
def cases() -> pd.DataFrame:
    found = pd.read_csv(RESULTS / "cases.csv")
    return found.assign(
        der=100 * found[WRONG].sum(axis=1) / found["speech"],
        der_collar=100 * found["collar_errors"] / found["collar_speech"],
        confused=100 * found["confusion"] / found["speech"],
        share=found["share_error"].abs(),
    )


@pytest.mark.parametrize("groups", [["tuning", "held_out"], ["held_out"]])
def test_who_speaks_is_heard_in_simulated_sessions(cases: pd.DataFrame, groups: list[str]) -> None:
    own = cases[(cases["system"] == "engine") & cases["group"].isin(groups)]
    assert len(own) >= (40 if len(groups) == 2 else 36)
    assert own["der"].mean() <= 12
    assert own["der_collar"].mean() <= 4
    assert own["confused"].mean() <= 1
    assert own["share"].mean() <= 1.5
    assert own["share"].max() <= 4
    assert (own["swallowed"] == 0).all()


@pytest.mark.parametrize("baseline", BASELINES)
def test_meetings_of_two_are_heard_better_than_by_the_baselines(cases: pd.DataFrame, baseline: str) -> None:
    meetings = cases[cases["group"] == "ami_two"].groupby("system")[["der", "der_collar", "confused"]].mean()
    assert (meetings.loc["engine"] < meetings.loc[baseline]).all()


def test_every_row_of_the_engine_names_one_and_the_same(cases: pd.DataFrame) -> None:
    names = set(cases.loc[cases["system"] == "engine", "engine"])
    assert len(names) == 1
    assert all(isinstance(name, str) for name in names)


def test_whom_the_print_names_it_names_rightly_and_few_are_referred_back() -> None:
    series = pd.read_csv(RESULTS / "series.csv")
    assert set(series["outcome"]) <= {"right", "referred back"}
    # In the way "mistake" the first answer was wrong: asking again is what is wanted there.
    usual = series[series["way"] != "mistake"]
    assert set(usual["way"]) == {"nothing", "answers", "every"}
    assert (usual.groupby("way")["pair"].nunique() == 10).all()
    assert ((usual["outcome"] == "referred back").groupby(usual["way"]).mean() <= 0.05).all()


def test_the_calibration_plot_is_shown_beside_the_results() -> None:
    assert "](calibration_engine.png)" in (RESULTS / "README.md").read_text(encoding="utf-8")
    assert (RESULTS / "calibration_engine.png").exists()
