"""Pitch and loudness on pages: only where they are asked for, kept once known, stopped when the client says so."""

from __future__ import annotations

import html
from typing import Any

import ipywidgets as w
import pandas as pd
import pytest

from tests.charts.test_prosody import OF_TWO
from tests.conftest import root_of
from therapy_review import Journal, Session
from therapy_review.charts.base import Chart
from therapy_review.charts.prosody import NOTHING_ACROSS
from therapy_review.consent.agreement import REPORT
from therapy_review.display.parts import Shown
from therapy_review.display.still import SHOWN, STILL, Still
from therapy_review.measures import pitch_loudness
from therapy_review.measures.pitch_loudness import CAUTION
from therapy_review.pages.over_time import HowFar
from therapy_review.pages.prosody import SHOWN as OF_THE_CLIENT, VoicesView, not_worked_out, voices_view
from therapy_review.pages.session import SessionPage, session_report
from therapy_review.trends.table import trends


@pytest.fixture
def listened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What pyin would take seconds for is known; by what was listened to. Asking and keeping are the real ones."""
    heard: list[str] = []

    def known(recording: Any, _turns: pd.DataFrame) -> pd.DataFrame:
        heard.append(str(recording))
        return OF_TWO

    monkeypatch.setattr(pitch_loudness, "ranges", known)
    return heard


def name_microphone(session: Session, microphone: str) -> None:
    session.save_notes(session.notes.changed(microphone=microphone))


def one(parts: Any, kind: type) -> Any:
    (found,) = [thing for thing in parts.things if isinstance(thing, kind)]
    return found


# The report of a session


def test_a_report_that_was_not_asked_for_voices_listens_to_none(heard: Journal, listened: list[str]):
    shown = SessionPage(heard.sessions[-1]).voices()
    assert (shown.markup, listened) == ("", [])


def test_a_report_that_was_asked_shows_them_and_listens_once(heard: Journal, listened: list[str]):
    for _ in range(2):
        page = session_report(root_of(heard), voices=SHOWN)
        parts = page.voices()
        assert isinstance(parts, Shown)
        assert CAUTION in one(parts, Chart).caption
    assert len(listened) == 1


def test_a_report_shows_no_voices_without_an_agreement_to_reports(heard: Journal, listened: list[str]):
    agreements = heard.store.read("agreements.toml")
    heard.store.write("agreements.toml", agreements.replace(b'"report"', b'"self_review"'))
    shown = SessionPage(heard.sessions[-1], REPORT, voices=SHOWN).voices()
    assert isinstance(shown, Still)
    assert "agree" in shown.text
    assert listened == []


# How far you have come


def buttons(view: Any) -> dict[str, Any]:
    return {
        button.description: button
        for row in view.children
        if isinstance(row, w.HBox)
        for button in row.children
        if button.layout.display != "none"
    }


def test_without_a_named_microphone_nothing_is_offered_and_it_says_how(heard: Journal, listened: list[str]):
    view = voices_view(heard)
    assert html.escape(NOTHING_ACROSS) in view.children[1].value
    assert CAUTION.split(".")[0] in view.children[1].value
    assert buttons(view) == {}
    assert listened == []


def test_nothing_is_listened_to_before_the_button_and_then_it_is_kept(heard: Journal, listened: list[str]):
    name_microphone(heard.sessions[0], "phone")
    page = VoicesView(heard)
    assert listened == []
    (begin,) = buttons(page.box).values()
    assert "2 sessions" in begin.description
    begin.click()
    assert page.working is not None
    page.working.join()
    assert len(listened) == 2
    assert buttons(page.box) == {}
    assert "last 200 Hz" in page.box.children[1].value
    assert trends(heard, OF_THE_CLIENT)["value"].notna().sum() == 8
    assert not_worked_out(heard) == []


def test_it_stops_after_the_session_it_is_at(heard: Journal, monkeypatch: pytest.MonkeyPatch):
    name_microphone(heard.sessions[0], "phone")
    page, done = VoicesView(heard), []

    def worked_out(session: Session) -> None:
        done.append(session.name)
        buttons(page.box)["Stop"].click()

    monkeypatch.setattr(pitch_loudness, "prosody", worked_out)
    (begin,) = buttons(page.box).values()
    begin.click()
    assert page.working is not None
    page.working.join()
    assert len(done) == 1


def test_what_hinders_is_said_and_the_rest_goes_on(heard: Journal, listened: list[str]):
    name_microphone(heard.sessions[0], "phone")
    page = VoicesView(heard)
    heard.store.write("agreements.toml", b"")
    (begin,) = buttons(page.box).values()
    begin.click()
    assert page.working is not None
    page.working.join()
    assert "agree" in page.box.children[-1].value
    assert listened == []


def test_in_batch_only_what_is_known_is_shown(
    heard: Journal, listened: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(STILL, "1")
    name_microphone(heard.sessions[0], "phone")
    shown = HowFar(heard).voices()
    assert "Of 2 sessions" in shown.markup
    assert listened == []
    for session in not_worked_out(heard):
        pitch_loudness.prosody(session)
    assert "last 200 Hz" in HowFar(heard).voices().markup
