"""The player of one moment: quiet, short, asked for, and kept nowhere."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.conftest import decoded, root_of
from therapy_review import Journal, Session
from therapy_review.display.still import STILL, Still
from therapy_review.player.moment import LONGEST, Moment, moments_to_hear
from therapy_review.player.playback import LOUDEST
from therapy_review.sound.opus import DELAY, PACKET, head

TAKEN_BACK = '\n[[revocation]]\nagreement = "a2"\non = {}\n'
HEARD_RATE = 48_000
Answer = tuple[dict[str, Any], list[bytes]]


class Page:
    """Stands where the browser would be: asks as moment.js asks, and keeps what the kernel answers."""

    def __init__(self, moment: Moment, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: list[Answer] = []
        self.moment = moment
        monkeypatch.setattr(
            moment, "send", lambda content, buffers=None: self.answers.append((content, buffers or []))
        )

    def ask(self, kind: str, **more: object) -> Answer:
        self.moment._handle_custom_msg({"kind": kind, **more}, [])
        return self.answers[-1] if self.answers else ({}, [])

    def everything(self, start: float) -> list[tuple[float, np.ndarray]]:
        """Ask on until nothing new comes; give the time each piece begins, and its sound."""
        heard, at = [], start
        while True:
            content, pieces = self.ask("sound", **{"from": at, "ticket": 1})
            heard += zip(content["at"], map(decoded, pieces), strict=True)
            if content["until"] <= at or not pieces:
                return heard
            at = content["until"]


def covered(heard: list[tuple[float, np.ndarray]]) -> tuple[float, float]:
    """From when to when something is heard."""
    return min(at for at, _ in heard), max(at + len(sound) / HEARD_RATE for at, sound in heard)


@pytest.fixture
def session(heard: Journal) -> Session:
    return heard.session("2026-03-05")


def test_play_opens_the_moment_and_then_asks_for_its_sound(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(Moment(session, 60.0, 63.0, "why"), monkeypatch)
    content, buffers = page.ask("open")
    assert content == {"kind": "opened", "duration": pytest.approx(243.3, abs=0.1)}
    assert buffers == [head()]
    content, pieces = page.ask("sound", **{"from": 60.0, "ticket": 7})
    assert content == {"kind": "sound", "ticket": 7, "at": [60.0 - DELAY], "until": 63.0}
    assert len(pieces) == 1


def test_what_is_heard_is_the_moment_of_the_recording_and_quiet(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((at, sound),) = Page(Moment(session, 60.0, 64.5), monkeypatch).everything(60.0)
    raw = session.recording("self_review").read(at, at + len(sound) / HEARD_RATE, rate=HEARD_RATE)
    # Everybody is brought to a level of their own, so that only the shape is compared.
    assert np.corrcoef(sound[: len(raw)], raw)[0, 1] > 0.95
    assert np.abs(sound).max() < LOUDEST * 1.3  # what the limiter allows, and what Opus makes of it


def test_nothing_is_sent_before_play_is_pressed_or_for_anything_else(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(Moment(session, 60.0, 62.0), monkeypatch)
    assert page.answers == []
    for kind in ("something", "play", "mark", "hear_closed"):
        page.ask(kind, at=60.0)
    assert page.answers == []


def test_no_trait_ever_holds_sound(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = Moment(session, 60.0, 66.0, "why")
    before = moment.get_state()
    page = Page(moment, monkeypatch)
    page.ask("open")
    assert page.everything(60.0)
    after = moment.get_state()
    assert {name: value for name, value in after.items() if before[name] != value} == {}
    own = {name: value for name, value in after.items() if name[0] != "_"}
    assert len(json.dumps(own, default=str)) < 500  # a piece of sound would be 20,000 bytes


@pytest.mark.parametrize("kind", ["open", "sound"])
def test_without_agreement_a_sentence_comes_and_no_sound(
    session: Session, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    moment = Moment(session, 60.0, 66.0)
    session.journal.store.remove("agreements.toml")
    content, buffers = Page(moment, monkeypatch).ask(kind, **{"from": 60.0, "ticket": 3})
    assert (content["kind"], content["ticket"]) == ("sorry", 3)
    assert "no agreement" in content["sentence"]
    assert buffers == []


def test_an_agreement_taken_back_today_closes_the_very_next_request(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(Moment(session, 60.0, 80.0), monkeypatch)
    content, pieces = page.ask("sound", **{"from": 60.0, "ticket": 1})
    assert pieces
    file = root_of(session.journal) / "agreements.toml"
    file.write_text(file.read_text() + TAKEN_BACK.format(session.journal.today()))
    content, pieces = page.ask("sound", **{"from": content["until"], "ticket": 1})
    assert content["kind"] == "sorry"
    assert "the therapist" in content["sentence"]
    assert pieces == []


def test_damaged_sound_is_one_sentence_in_place_of_the_moment(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = root_of(session.journal) / session.file("recording.m4a")
    before = file.stat()
    file.write_bytes(bytes(before.st_size))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # as a failing disk would leave it
    content, buffers = Page(Moment(session, 60.0, 66.0), monkeypatch).ask("sound", **{"from": 60.0})
    assert content["kind"] == "sorry"
    assert "recording.m4a" in content["sentence"]
    assert buffers == []


def test_another_recording_is_not_played_before_it_was_analysed(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(Moment(session, 60.0, 66.0), monkeypatch)
    page.ask("open")
    session.journal.store.write(session.file("recording.m4a"), b"another one")
    for kind in ("open", "sound"):
        content, buffers = page.ask(kind, **{"from": 60.0})
        assert content["kind"] == "sorry"
        assert "something changed since" in content["sentence"]
        assert buffers == []


def test_a_session_that_was_not_analysed_is_a_sentence_too(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, _ = Page(Moment(journal.session("2026-03-05"), 60.0, 66.0), monkeypatch).ask("open")
    assert content["kind"] == "sorry"
    assert "worked out yet" in content["sentence"]


def test_no_moment_is_longer_than_thirty_seconds(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = Moment(session, 60.0, 200.0)
    assert moment.end - moment.start == LONGEST
    first, last = covered(Page(moment, monkeypatch).everything(60.0))
    assert first == pytest.approx(60.0, abs=PACKET)
    assert last == pytest.approx(60.0 + LONGEST, abs=PACKET)


@pytest.mark.parametrize("asked_for", [0.0, 59.0, 61.0, 62.1, 100.0, 1e9, -5.0])
def test_the_page_cannot_ask_for_another_stretch(
    session: Session, monkeypatch: pytest.MonkeyPatch, asked_for: float
) -> None:
    moment = Moment(session, 60.0, 62.0)
    page = Page(moment, monkeypatch)
    moment.set_state({"start": 0.0, "end": 240.0})  # as a message from the page would
    if heard := page.everything(asked_for):
        first, last = covered(heard)
        assert first >= 60.0 - PACKET
        assert last <= 62.0 + PACKET


def test_what_the_client_closed_is_not_in_a_moment_either(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.journal.store.write(session.file("marks.csv"), b"start,end,kind\n62,,trigger\n")
    heard = Page(Moment(session, 58.0, 70.0), monkeypatch).everything(58.0)
    assert all(at + len(sound) / HEARD_RATE <= 60.0 or at >= 67.0 for at, sound in heard)
    assert covered(heard) == (pytest.approx(58.0, abs=PACKET), pytest.approx(70.0, abs=PACKET))


def test_where_a_notebook_is_only_read_moments_are_lines_to_read(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.DataFrame({"start": [75.0], "end": [90.0], "why": ["You <said>"]})
    (player,) = moments_to_hear(session, table).children
    assert isinstance(player, Moment)
    monkeypatch.setenv(STILL, "1")
    shown = moments_to_hear(session, table)
    assert isinstance(shown, Still)
    assert "<strong>1:15</strong> You &lt;said&gt;" in shown.markup
    assert Moment(session, 75.0, 90.0, "Here")._repr_mimebundle_()["text/plain"] == "1:15 Here"
