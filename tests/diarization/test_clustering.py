from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from tests.support.examples import examples
from therapy_review.diarization.clustering import STEP, Voices, find_voices

SIZE = 32
MEANS = np.eye(3, SIZE)


def windows(who: list[int], noise: float = 0.12, seed: int = 0) -> np.ndarray:
    """Windows of voices at right angles, each with noise of its own."""
    vectors = MEANS[who] + np.random.default_rng(seed).normal(0, noise, (len(who), SIZE))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def found(who: list[int], stretch: list[int], count: int | None, noise: float = 0.12) -> Voices:
    return find_voices(windows(who, noise), np.full(len(who), 0.45), np.array(stretch, dtype=np.intp), count)


def same_parts(path: np.ndarray, who: list[int]) -> bool:
    """Whether two ways of naming windows part them alike."""
    return len(set(zip(path.tolist(), who, strict=True))) == len(set(path.tolist())) == len(set(who))


def in_turn(*lengths: int, voices: int = 2) -> tuple[list[int], list[int]]:
    who = [i % voices for i, length in enumerate(lengths) for _ in range(length)]
    stretch = [i for i, length in enumerate(lengths) for _ in range(length)]
    return who, stretch


@pytest.mark.parametrize("voices", [1, 2, 3])
def test_the_number_of_voices_is_found(voices: int) -> None:
    who, stretch = in_turn(*[40, 25, 60, 30, 45, 35], voices=voices)
    assert same_parts(found(who, stretch, None).path, who)
    assert same_parts(found(who, stretch, voices).path, who)


def test_a_few_odd_windows_are_no_voice_of_their_own() -> None:
    who, stretch = in_turn(100, 80, 100, 90)
    few = int(2.0 / STEP)  # two seconds
    assert len(found(who + [2] * few, stretch + [4] * few, None).means) == 2


def test_a_short_turn_between_two_long_ones_is_kept() -> None:
    who, stretch = in_turn(120, 4, 110)
    assert same_parts(found(who, stretch, 2).path, who)


def test_one_odd_window_within_a_stretch_is_not_a_turn() -> None:
    who = [0] * 60 + [1] * 60
    vectors = windows(who)
    vectors[30] = (0.55 * MEANS[0] + 0.6 * MEANS[1]).astype(np.float32)
    voices = find_voices(vectors, np.full(120, 0.45), np.repeat([0, 1], 60), 2)
    assert same_parts(voices.path, who)


@examples(30)
@given(st.lists(st.integers(2, 30), min_size=1, max_size=12), st.sampled_from([1, 2, 3, None]))
def test_whatever_is_heard_every_window_has_a_voice_and_probabilities_add_up(
    lengths: list[int], count: int | None
) -> None:
    who, stretch = in_turn(*lengths, voices=2)
    voices = found(who, stretch, count, noise=0.5)
    assert np.allclose(voices.posterior.sum(axis=1), 1)
    assert ((voices.path >= 0) & (voices.path < len(voices.means))).all()
    if count is not None:
        assert len(voices.means) == count
