"""The noises voice activity is fitted to: they add to a sound as loud as they say, and leave its length alone."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.diarization.noises import HISS, disturbed, hissing
from therapy_review import open_journal


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    return open_journal("data/practice").session("2026-01-29").recording().read(0, 60)


@pytest.mark.parametrize("spoil", [disturbed, hissing])
def test_the_same_chance_gives_the_same_noise_over_the_same_sound(spoil, samples: np.ndarray) -> None:
    before = samples.copy()
    once, again, other = (spoil(np.random.default_rng(seed), samples) for seed in (1, 1, 2))
    assert once.shape == samples.shape
    assert once.dtype == np.float32
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)
    assert np.array_equal(samples, before)


def test_hiss_is_as_far_below_speech_as_it_says(samples: np.ndarray) -> None:
    size = np.abs(samples)
    speech = size[size > size.mean()].mean()
    for seed in range(5):
        hiss = hissing(np.random.default_rng(seed), samples) - samples
        assert HISS[0] - 0.5 <= 20 * np.log10(hiss.std() / speech) <= HISS[1] + 0.5


def test_noises_come_and_go(samples: np.ndarray) -> None:
    added = disturbed(np.random.default_rng(3), samples) - samples
    heard = np.abs(added[: len(added) // 1600 * 1600]).reshape(-1, 1600).max(axis=1) > 0
    assert 0.02 < heard.mean() < 0.9
