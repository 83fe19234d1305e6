"""The benchmark's own sound: what is simulated must be what the reference says."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pyroomacoustics", reason="the benchmark's rooms need pyroomacoustics, a dev dependency")

from benchmarks.diarization import readers, simulate
from benchmarks.diarization.cases import TUNING_READERS, both_new, series_pairs, standard_cases
from benchmarks.diarization.simulate import CONDITIONS, SAMPLE_RATE, Case
from therapy_review.turns.table import backchannels, floor_turns, validate

needs_speech = pytest.mark.skipif(
    not readers.there(),
    reason="speech and rhythms to simulate from are not in ../shared beside the repository",
)
MINUTE = Case("minute", ("3080", "2414"), 1, 1.0, "room")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(simulate, "BUILD", tmp_path)


@needs_speech
def test_the_same_case_gives_the_same_sound_and_turns_made_or_kept() -> None:
    made, turns = simulate.simulate(MINUTE)
    kept, turns_kept = simulate.simulate(MINUTE)
    again, turns_again = simulate._heard(MINUTE)
    assert made.dtype == kept.dtype == np.float32
    assert len(made) == 60 * SAMPLE_RATE
    assert np.array_equal(made, kept)
    assert np.abs(made - again).max() < 1e-4
    assert turns.equals(turns_kept)
    assert turns.equals(turns_again)


@needs_speech
def test_another_seed_gives_another_session() -> None:
    _, one = simulate.simulate(MINUTE)
    _, other = simulate.simulate(Case("minute", MINUTE.pair, 2, 1.0, "room"))
    assert not one.equals(other)


@needs_speech
def test_the_reference_is_a_turns_table_with_silences_overlaps_and_backchannels() -> None:
    _, turns = simulate.simulate(Case("minutes", MINUTE.pair, 5, 6.0, "room"))
    validate(turns)
    assert set(turns["speaker"]) == {"client", "therapist"}
    for _, own in turns.groupby("speaker"):
        assert (own["start"].to_numpy()[1:] - own["end"].to_numpy()[:-1]).min() >= 0.2 - 1e-6
    floors = floor_turns(turns)
    latency = floors["start"].to_numpy()[1:] - floors["end"].to_numpy()[:-1]
    assert -1.0 <= latency.min() < -0.1
    assert 3.0 < latency.max() < 20.0
    inside = backchannels(turns)
    assert len(inside) >= 3
    assert (inside["end"] - inside["start"]).median() <= 1.0


@needs_speech
@pytest.mark.parametrize("condition", CONDITIONS)
def test_sound_begins_where_the_reference_says(condition: str) -> None:
    from scipy.signal import correlate

    case = Case("minute", MINUTE.pair, 3, 1.0, condition)
    dry = sum(simulate._said(case).tracks.values())
    heard, _ = simulate.simulate(case)
    assert len(heard) == len(dry)
    lag = int(np.argmax(correlate(heard, dry, method="fft"))) - (len(dry) - 1)
    assert abs(lag) <= 16  # a millisecond


@needs_speech
def test_everybody_has_one_level_and_one_spectrum() -> None:
    voices = [
        np.concatenate([r.samples[a:b] for a, b in zip(r.start, r.end, strict=True)])
        for r in map(readers.read, readers.SEX)
    ]
    bands = np.array([readers.even_bands(voice) for voice in voices])
    levels = [readers.level(voice) for voice in voices]
    assert np.ptp(bands, axis=0).max() < 1.0
    assert 20 * np.log10(max(levels) / min(levels)) < 0.1


@needs_speech
def test_each_of_two_tracks_holds_mostly_its_own_voice() -> None:
    tracks, turns = simulate.as_tracks(MINUTE)
    assert tracks.shape == (2, 60 * SAMPLE_RATE)
    says = np.zeros(tracks.shape, dtype=bool)
    for row, role in enumerate(("client", "therapist")):
        for start, end in turns.loc[turns["speaker"] == role, ["start", "end"]].to_numpy():
            says[row, int(start * SAMPLE_RATE) : int(end * SAMPLE_RATE)] = True
    for own, other in ((0, 1), (1, 0)):
        alone = says[own] & ~says[other]
        softer = np.square(tracks[other, alone]).mean() / np.square(tracks[own, alone]).mean()
        assert 10 * np.log10(softer) < -14


@needs_speech
def test_a_series_brings_another_device_every_time() -> None:
    pair = ("3080", "2414")
    one, other = (sound for sound, _ in simulate.simulate_series(pair, sessions=2))
    difference = np.abs(readers.even_bands(one) - readers.even_bands(other))
    assert np.ptp(difference) > 3


def test_tuning_cases_hold_no_voice_that_is_new_to_the_held_out_ones() -> None:
    tuning, held_out = standard_cases("tuning"), standard_cases("held_out")
    assert len(tuning) + len(held_out) >= 48
    assert all(set(case.pair) <= set(TUNING_READERS) for case in tuning)
    assert not any(set(case.pair) <= set(TUNING_READERS) for case in held_out)
    assert sum(map(both_new, held_out)) >= 8
    assert {name for case in held_out for name in case.pair} == set(readers.SEX)


def test_ten_pairs_are_there_for_series() -> None:
    pairs = series_pairs()
    assert len(set(pairs)) == 10
    assert {name for pair in pairs for name in pair} == set(readers.SEX)
