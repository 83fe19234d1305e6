from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tests.conftest import reference
from therapy_review import open_journal
from therapy_review.diarization.segmentation import HOP, frame_times, voices_at_once

RATE = 16_000
DAY = "2026-01-29"


@pytest.mark.parametrize("seconds", [0.01, 1.0, 9.9, 10.0, 10.3, 25.0])
def test_every_frame_of_a_sound_of_any_length_is_heard(seconds: float) -> None:
    samples = open_journal("data/practice").session(DAY).recording().read(0, 30)[: round(seconds * RATE)]
    heard = voices_at_once(samples)
    assert heard.shape == (-(-len(samples) // HOP), 3)
    assert np.allclose(heard.sum(axis=1), 1, atol=1e-3)


def test_how_many_are_heard_does_not_depend_on_how_chunks_are_batched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    samples = open_journal("data/practice").session(DAY).recording().read(0, 40)
    whole = voices_at_once(samples)
    monkeypatch.setattr("therapy_review.diarization.segmentation.BATCH", 1)
    assert np.allclose(whole, voices_at_once(samples), atol=1e-4)


def test_two_who_speak_at_once_are_heard() -> None:
    samples = open_journal("data/practice").session(DAY).recording().read()
    turns = reference(DAY)
    longest = turns.assign(length=turns["end"] - turns["start"]).sort_values("length")
    one, other = (longest[longest["speaker"] == who].iloc[-1] for who in ("client", "therapist"))
    pieces = [samples[int(turn["start"] * RATE) :][: 4 * RATE] for turn in (one, other)]
    both = pieces[0] / np.std(pieces[0]) + pieces[1] / np.std(pieces[1])
    alone = pieces[0] / np.std(pieces[0])
    assert voices_at_once(np.float32(0.05) * both)[:, 2].mean() > 0.6
    assert voices_at_once(np.float32(0.05) * alone)[:, 2].mean() < 0.1


def test_frames_follow_each_other_by_their_own_length() -> None:
    assert np.allclose(np.diff(frame_times(100)), HOP / RATE)


HELD = """
from pathlib import Path
import numpy as np
from therapy_review.diarization.segmentation import voices_at_once
voices_at_once(np.zeros(60 * 16_000, np.float32))
status = Path("/proc/self/status").read_text()
print(*(status.split(f"{name}:")[1].split()[0] for name in ("VmHWM", "VmRSS")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux tells of memory")
def test_what_the_network_worked_in_is_handed_back() -> None:
    run = subprocess.run([sys.executable, "-c", HELD], check=True, capture_output=True, text=True)
    most, left = (int(kilobytes) / 1024 for kilobytes in run.stdout.split())
    assert most - left > 20
