from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from tests.conftest import reference
from therapy_review import open_journal
from therapy_review.diarization.segmentation import frame_times, voices_at_once
from therapy_review.diarization.voice_activity import MIN_SPEECH, speech_probability, stretches_of
from therapy_review.turns.table import MIN_SILENCE

DAY = "2026-02-05"
RATE = 16_000


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    return open_journal("data/practice").session(DAY).recording().read(0, 120)


def probability(samples: np.ndarray) -> np.ndarray:
    return speech_probability(samples, 1 - voices_at_once(samples)[:, 0])


def spoken(times: np.ndarray) -> np.ndarray:
    said = np.zeros(len(times), dtype=bool)
    for start, end in reference(DAY)[["start", "end"]].to_numpy():
        said |= (times >= start) & (times < end)
    return said


def is_heard(samples: np.ndarray) -> tuple[float, float]:
    """Give the part of speech that is missed, and the part of silence that is taken for speech."""
    sure = probability(samples) > 0.5
    truth = spoken(frame_times(len(sure)))
    return float((truth & ~sure).sum() / truth.sum()), float((sure & ~truth).sum() / (~truth).sum())


def test_speech_is_heard_and_silence_is_not(samples: np.ndarray) -> None:
    missed, false = is_heard(samples)
    assert missed < 0.08
    assert false < 0.2


def test_a_softer_or_louder_recording_is_heard_alike(samples: np.ndarray) -> None:
    plain, soft = probability(samples), probability(samples * np.float32(0.05))
    assert np.mean((plain > 0.5) == (soft > 0.5)) > 0.98


def test_speech_is_heard_where_a_program_leaves_nothing_but_zeros_between(samples: np.ndarray) -> None:
    said = spoken(np.arange(len(samples)) / RATE)
    switched = samples * np.convolve(said, np.ones(RATE // 10), "same").clip(0, 1).astype(np.float32)
    missed, false = is_heard(switched)
    assert missed < 0.08
    assert false < 0.2


def test_hiss_and_knocks_in_a_silence_are_not_speech(samples: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    empty = rng.normal(0, 0.0005, 60 * RATE).astype(np.float32)
    for at in rng.integers(0, len(empty) - RATE, 20):
        knock = rng.normal(size=RATE // 10) * np.exp(-np.arange(RATE // 10) / RATE / 0.01)
        empty[at : at + len(knock)] += (0.05 * knock).astype(np.float32)
    heard = np.concatenate([samples, empty])
    taken = probability(heard) > 0.5
    assert taken[frame_times(len(taken)) > len(samples) / RATE + 1].mean() < 0.02


def test_hiss_alone_is_not_speech() -> None:
    for level in (1e-4, 1e-2):
        hiss = np.random.default_rng(1).normal(0, level, 30 * RATE).astype(np.float32)
        assert (probability(hiss) > 0.5).mean() < 0.01


@given(st.lists(st.tuples(st.integers(1, 40), st.floats(0, 1)), min_size=1, max_size=30))
def test_stretches_are_apart_long_enough_and_where_somebody_is_heard(parts: list[tuple[int, float]]) -> None:
    sure = np.repeat([value for _, value in parts], [count for count, _ in parts])
    found = stretches_of(sure)
    length = found["end"] - found["start"]
    assert (length >= MIN_SPEECH).all()
    assert (found["start"].to_numpy()[1:] - found["end"].to_numpy()[:-1] >= MIN_SILENCE - 1e-9).all()
    times = frame_times(len(sure))
    for start, end in found.to_numpy():
        assert sure[(times > start) & (times < end)].max() >= 0.5
