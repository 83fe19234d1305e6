"""Whatever lies in a session as its recording: one sentence where it can't be used, and the rest goes on."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from tests.conftest import PRACTICE
from therapy_review import create_journal
from therapy_review.commands.check import check
from therapy_review.consent import agreements_file
from therapy_review.journal.journal import Journal
from therapy_review.pages import session
from therapy_review.storage.plain import PlainStore

M4A = PRACTICE / "sessions/2026-01-08/recording.m4a"


def ten_hours() -> bytes:
    """A recorder that was left running: silence at a rate so low that it is quickly written."""
    out, rate = io.BytesIO(), 100
    with av.open(out, "w", format="flac") as file:
        stream = file.add_stream("flac", rate=rate, layout="mono")
        for minute in range(600):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 60 * rate), np.int16), "s16", "mono")
            frame.sample_rate, frame.pts = rate, minute * 60 * rate
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()


def video_without_sound() -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 64
        for _ in range(10):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")))
        file.mux(stream.encode(None))
    return out.getvalue()


def wav(rate: int, channels: int) -> bytes:
    """Two seconds of a tone on every channel."""
    out = io.BytesIO()
    tone = 0.1 * np.sin(2 * np.pi * 220 * np.arange(2 * rate) / rate)
    soundfile.write(out, np.tile(tone[:, None], (1, channels)), rate, format="WAV")
    return out.getvalue()


ODD = {
    "2026-01-01": ("recording.flac", ten_hours, "10 hours long"),
    "2026-01-02": ("recording.mp4", video_without_sound, "no sound"),
    "2026-01-03": ("recording.m4a", bytes, "is empty"),
    "2026-01-04": ("recording.m4a", lambda: M4A.read_bytes()[:200_000], "damaged, cut short"),
    "2026-01-05": ("recording.m4a", lambda: b"Dear diary, " * 100, "not a recording"),
}
USABLE = {
    "2026-01-06": ("recording.wav", lambda: wav(8000, 1)),
    "2026-01-07": ("recording.wav", lambda: wav(48000, 8)),
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Journal:
    journal = create_journal(tmp_path_factory.mktemp("odd") / "mine", client="A", therapist="B")
    agreed = b""
    for who in ("client", "therapist"):
        agreed = agreements_file.append(agreed, who, ["self_review"], given_from=journal.today(), name=who)
    journal.store.write("agreements.toml", agreed)
    for day, (name, make, *_) in {**ODD, **USABLE}.items():
        journal.store.write(f"sessions/{day}/{name}", make())
    return journal


def test_check_says_one_sentence_for_each(odd: Journal) -> None:
    found = check(odd)
    assert len(found) == len(ODD)
    for sentence, (day, (name, _, said)) in zip(found, ODD.items(), strict=True):
        assert f"{day}/{name}" in sentence
        assert said in sentence


def test_analyse_says_one_sentence_for_each_and_goes_on_with_the_others(odd: Journal) -> None:
    assert isinstance(odd.store, PlainStore)
    program = Path(sys.executable).with_name("therapy-review")
    words = [program, "analyse", "--journal", odd.store.root]
    done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (1, "")
    for day, (name, _, said) in ODD.items():
        (sentence,) = [line for line in done.stdout.splitlines() if f"{day}/{name}" in line]
        assert said in sentence
    for day in USABLE:
        assert odd.session(day).measures["session_start"].size == 1


@pytest.mark.parametrize("day", ODD)
def test_a_notebook_shows_the_sentence_in_place_of_the_chart(day: str, odd: Journal) -> None:
    page = session.SessionPage(odd.session(day))
    for part in (page.session_map()._draw(), page.player(), page.moments(), page.who_is_who()):
        assert ODD[day][2] in part.text
    assert "You met B on" in page.held().markup
