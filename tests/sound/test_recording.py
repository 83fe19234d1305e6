from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import PRACTICE, RECORDED
from therapy_review.errors import RecordingError
from therapy_review.sound.recording import Recording, waveform_peaks


def recording(data: bytes) -> Recording:
    return Recording(lambda: io.BytesIO(data), "recording.m4a")


def practice(day: str) -> Recording:
    (path,) = (PRACTICE / "sessions" / day).glob("recording.*")
    return Recording(lambda: path.open("rb"), path.name)


@pytest.mark.parametrize("day", RECORDED)
def test_any_format_is_read_anywhere_as_it_is_read_from_the_start(day: str) -> None:
    opened = practice(day)
    whole = opened.read()
    assert whole.dtype == np.float32
    assert abs(opened.duration - len(whole) / 16000) < 0.1
    for start in (0.3, 47.25, 121.0):
        piece = opened.read(start, start + 2)
        there = whole[round(start * 16000) :][: len(piece)]
        assert len(piece) == 32000
        # not equal: AAC fills quiet bands with noise of its own
        assert np.corrcoef(piece, there)[0, 1] > 0.95


def test_blocks_add_up_to_the_whole() -> None:
    opened = practice("2026-01-29")
    assert np.array_equal(np.concatenate(list(opened.blocks(7.0))), opened.read())


def test_peaks_hold_every_sample() -> None:
    whole = practice("2026-01-29").read()
    peaks = waveform_peaks(whole, 200)
    assert peaks.shape == (200, 2)
    assert (peaks[:, 0].min(), peaks[:, 1].max()) == (whole.min(), whole.max())


@pytest.mark.parametrize("data", [b"", b"these are no sounds at all" * 50])
def test_what_is_no_sound_is_said_in_one_sentence(data: bytes) -> None:
    with pytest.raises(
        RecordingError, match=r"recording\.m4a .*copy it again|recording\.m4a .*Copy it again"
    ):
        recording(data).read()


def test_a_file_cut_short_gives_what_is_there() -> None:
    data = (PRACTICE / "sessions/2026-01-29/recording.opus").read_bytes()
    half = recording(data[: len(data) // 2]).read()
    assert 90 < len(half) / 16000 < 140


def test_an_m4a_cut_short_is_said_to_be_damaged() -> None:
    data = (PRACTICE / "sessions/2026-01-08/recording.m4a").read_bytes()
    with pytest.raises(RecordingError, match="damaged, cut short"):
        recording(data[: len(data) // 2]).read()


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (48000, 8)])
def test_any_rate_and_number_of_channels_becomes_one_at_16_khz(rate: int, channels: int) -> None:
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(3 * rate) / rate)
    out = io.BytesIO()
    soundfile.write(out, np.tile(tone[:, None], (1, channels)), rate, format="WAV")
    samples = recording(out.getvalue()).read()
    assert abs(len(samples) - 48000) < 100
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.05)


def test_a_title_in_an_old_encoding_keeps_nothing_from_being_heard(tmp_path: Path) -> None:
    file = tmp_path / "titled.wav"
    with soundfile.SoundFile(file, "w", 16_000, 1) as sound:
        sound.title = "Gesprach"
        sound.write(np.full(16_000, 0.1, np.float32))
    data = file.read_bytes().replace(b"Gesprach", "Gespräch".encode("latin-1"))
    assert b"Gespr\xe4ch" in data
    assert len(Recording(lambda: io.BytesIO(data), "titled.wav").read()) == 16_000


def test_a_stretch_beyond_its_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no stretch from 5 s to 2 s"):
        practice("2026-01-29").read(5, 2)
