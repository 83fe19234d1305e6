"""The simple systems that the engine is held against."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.diarization import ge2e
from benchmarks.diarization.baselines import ge2e_kmeans, mfcc_kmeans
from benchmarks.diarization.score import clipped, score
from tests.conftest import reference
from therapy_review import open_journal
from therapy_review.turns.table import validate


@pytest.fixture(scope="module")
def minute() -> np.ndarray:
    return open_journal("data/practice").session("2026-01-29").recording().read(0, 60)


@pytest.mark.parametrize("system", [ge2e_kmeans, mfcc_kmeans])
def test_a_baseline_tells_two_clean_voices_apart(system, minute) -> None:
    found = system(minute, 16_000)
    validate(found)
    result = score(clipped(reference("2026-01-29"), 60), found, 60)
    assert result["confusion"] < 0.05 * result["speech"]
    assert result["miss"] + result["false_alarm"] < 0.15 * result["speech"]


@pytest.mark.parametrize("system", [ge2e_kmeans, mfcc_kmeans])
def test_silence_is_nobodys(system) -> None:
    assert system(np.zeros(32_000, np.float32), 16_000).empty


def test_an_embedding_has_length_one_also_beyond_the_ends(minute) -> None:
    vectors = ge2e.embed(minute, np.array([-5.0, 0.0, 30.0, 59.9, 80.0]), 1.2)
    assert vectors.shape == (5, 256)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
