"""The player of one moment: quiet, short, asked for, and kept nowhere."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import root_of
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from therapy_review import Journal
from therapy_review.player.moment import LEVEL, LONGEST, MOST_GAIN, Moment, level, moments_to_hear
from therapy_review.still import STILL, Still


class Page:
    """Stands where the browser would be: asks as moment.js asks, and keeps what the kernel answers."""

    def __init__(self, moment: Moment, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: list[tuple[dict[str, Any], list[bytes]]] = []
        self.moment = moment
        monkeypatch.setattr(
            moment, "send", lambda content, buffers=None: self.answers.append((content, buffers or []))
        )

    def press(self, kind: str = "play") -> tuple[dict[str, Any], list[bytes]]:
        self.moment._handle_custom_msg({"kind": kind}, [])
        return self.answers[-1] if self.answers else ({}, [])


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples.astype(float) ** 2)))


def test_play_brings_the_moment_as_binary_samples_at_a_quiet_level(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = journal.session("2026-03-05")
    content, (buffer,) = Page(Moment(session, 60.0, 66.5, "why"), monkeypatch).press()
    assert content == {"kind": "sound", "rate": 16_000}
    samples = np.frombuffer(buffer, "<i2") / 32767
    assert len(samples) == pytest.approx(6.5 * 16_000, abs=1)
    assert rms(samples) == pytest.approx(LEVEL, rel=0.02)
    raw = session.recording("self_review").read(60.0, 66.5)
    assert np.corrcoef(samples, raw)[0, 1] > 0.999


def test_nothing_is_sent_before_play_is_pressed_or_for_anything_else(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(Moment(journal.session("2026-03-05"), 60.0, 62.0), monkeypatch)
    assert page.answers == []
    page.press("something")
    assert page.answers == []


def test_no_trait_ever_holds_sound(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = Moment(journal.session("2026-03-05"), 60.0, 66.0, "why")
    before = moment.get_state()
    Page(moment, monkeypatch).press()
    after = moment.get_state()
    assert {name: value for name, value in after.items() if before[name] != value} == {}
    own = {name: value for name, value in after.items() if name[0] != "_"}
    assert len(json.dumps(own, default=str)) < 500  # a tenth of a second of sound alone would be 3,200 bytes


def test_without_agreement_a_sentence_comes_and_no_sound(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = Moment(journal.session("2026-03-05"), 60.0, 66.0)
    journal.store.remove("agreements.toml")
    content, buffers = Page(moment, monkeypatch).press()
    assert content["kind"] == "sorry"
    assert "no agreement in force from you and the therapist" in content["sentence"]
    assert buffers == []


def test_an_agreement_taken_back_today_closes_the_very_next_press(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(Moment(journal.session("2026-03-05"), 60.0, 62.0), monkeypatch)
    assert page.press()[0]["kind"] == "sound"
    file = root_of(journal) / "agreements.toml"
    taken_back = f'\n[[revocation]]\nagreement = "a2"\non = {journal.today()}\n'
    file.write_text(file.read_text() + taken_back)
    content, buffers = page.press()
    assert content["kind"] == "sorry"
    assert "the therapist" in content["sentence"]
    assert buffers == []


def test_damaged_sound_is_one_sentence_in_place_of_the_moment(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root_of(journal) / "sessions/2026-03-05/recording.m4a").write_bytes(b"no sound at all")
    content, buffers = Page(Moment(journal.session("2026-03-05"), 60.0, 66.0), monkeypatch).press()
    assert content["kind"] == "sorry"
    assert "recording.m4a" in content["sentence"]
    assert buffers == []


def test_no_moment_is_longer_than_thirty_seconds(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = Moment(journal.session("2026-03-05"), 60.0, 200.0)
    assert moment.end - moment.start == LONGEST
    _, (buffer,) = Page(moment, monkeypatch).press()
    assert len(buffer) <= 2 * LONGEST * 16_000 + 4


def test_the_page_cannot_ask_for_another_stretch(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = Moment(journal.session("2026-03-05"), 60.0, 62.0)
    page = Page(moment, monkeypatch)
    moment.set_state({"start": 0.0, "end": 240.0})  # as a message from the page would
    _, (buffer,) = page.press()
    assert len(buffer) == pytest.approx(2 * 2.0 * 16_000, abs=4)
    expected = level(journal.session("2026-03-05").recording("self_review").read(60.0, 62.0))
    assert np.abs(np.frombuffer(buffer, "<i2") / 32767 - expected).max() < 1e-3


sound = arrays(np.float32, st.integers(0, 800), elements=st.floats(-1, 1, width=32, allow_subnormal=False))


@settings(deadline=None)
@given(sound)
def test_a_levelled_moment_is_never_louder_than_quiet_speech(samples: np.ndarray) -> None:
    levelled = level(samples)
    assert levelled.dtype == np.float32
    assert levelled.shape == samples.shape
    assert np.abs(levelled).max(initial=0) <= 1
    if len(samples):
        assert rms(levelled) <= LEVEL * 1.001
        assert rms(levelled) <= rms(samples) * MOST_GAIN * 1.001 + 1e-9


def test_a_nearly_silent_moment_stays_nearly_silent_and_silence_stays_silence() -> None:
    rng = np.random.default_rng(1)
    hiss = (rng.standard_normal(16_000) * 0.0005).astype(np.float32)
    assert rms(level(hiss)) == pytest.approx(rms(hiss) * MOST_GAIN, rel=1e-3)
    assert not level(np.zeros(100, np.float32)).any()


def test_where_a_notebook_is_only_read_moments_are_lines_to_read(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = journal.session("2026-03-05")
    table = pd.DataFrame({"start": [75.0], "end": [90.0], "why": ["You <said>"]})
    (player,) = moments_to_hear(session, table).children
    assert isinstance(player, Moment)
    monkeypatch.setenv(STILL, "1")
    shown = moments_to_hear(session, table)
    assert isinstance(shown, Still)
    assert "<strong>1:15</strong> You &lt;said&gt;" in shown.markup
    assert Moment(session, 75.0, 90.0, "Here")._repr_mimebundle_()["text/plain"] == "1:15 Here"
