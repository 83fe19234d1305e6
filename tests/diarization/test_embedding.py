from __future__ import annotations

import kaldi_native_fbank as knf
import numpy as np
import pytest

from tests.conftest import reference
from therapy_review import open_journal
from therapy_review.diarization.embedding import MARGIN, SAMPLE_RATE, SIZE, band_energies, embed, embed_along

DAY = "2026-01-29"


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    return open_journal("data/practice").session(DAY).recording().read()


@pytest.mark.parametrize(("start", "end"), [(20.0, 30.0), (41.0, 41.9), (60.0, 60.55)])
def test_band_energies_are_those_of_kaldi(samples: np.ndarray, start: float, end: float) -> None:
    options = knf.FbankOptions()
    options.frame_opts.dither, options.mel_opts.num_bins = 0.0, 80
    computer = knf.OnlineFbank(options)
    first, last = (round(t * SAMPLE_RATE) for t in (start - MARGIN, end + MARGIN))
    computer.accept_waveform(SAMPLE_RATE, samples[first:last])
    computer.input_finished()
    theirs = np.stack([computer.get_frame(i) for i in range(computer.num_frames_ready)])
    ours = band_energies(samples, np.array([start, end]))
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 1e-3


def test_one_person_sounds_more_like_themselves_than_like_the_other(samples: np.ndarray) -> None:
    turns = reference(DAY)
    turns = turns[turns["end"] - turns["start"] > 1.5]
    vectors = embed(samples, turns[["start", "end"]].to_numpy())
    assert vectors.shape == (len(turns), SIZE)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    same = turns["speaker"].to_numpy()[:, None] == turns["speaker"].to_numpy()
    alike, upper = vectors @ vectors.T, np.triu(np.ones_like(same), 1).astype(bool)
    assert np.median(alike[same & upper]) > np.quantile(alike[~same & upper], 0.98)


def test_windows_stay_within_their_stretch(samples: np.ndarray) -> None:
    stretches = np.array([(20.0, 20.3), (21.0, 33.5), (40.0, 41.0)])
    times, stretch, vectors = embed_along(samples, stretches, 0.8, 0.2)
    assert len(times) == len(stretch) == len(vectors)
    assert (np.diff(times[:, 0]) > 0).all()
    assert (times[:, 0] >= stretches[stretch, 0] - 1e-9).all()
    assert (times[:, 1] <= stretches[stretch, 1] + 1e-9).all()
    assert times[stretch == 0].tolist() == [[20.0, 20.3]]


def test_a_window_is_heard_as_the_whole_of_its_turn_is(samples: np.ndarray) -> None:
    turns = reference(DAY)
    long = turns[turns["end"] - turns["start"] > 3]
    whole = {who: embed(samples, own[["start", "end"]])[0] for who, own in long.groupby("speaker")}
    for who, own in long.groupby("speaker"):
        (other,) = whole.keys() - {who}
        _, _, vectors = embed_along(samples, own[["start", "end"]], 0.8, 0.4)
        assert (vectors @ whole[who] > vectors @ whole[other]).mean() > 0.95


def test_a_stretch_at_the_very_end_and_one_beyond_are_heard_all_the_same(samples: np.ndarray) -> None:
    end = len(samples) / SAMPLE_RATE
    vectors = embed(samples, [(end - 0.2, end), (end - 0.05, end + 1), (0.0, 0.1)])
    assert np.isfinite(vectors).all()
