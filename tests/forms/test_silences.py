"""The form for long silences: usable without hearing anything, and every word saved at once."""

from __future__ import annotations

from typing import Any

import ipywidgets as w
import pytest

from tests.support.widgets import everything_in
from therapy_review import Journal, Session
from therapy_review.display.still import STILL
from therapy_review.forms.silences import BEFORE, silence_form
from therapy_review.journal.marks import Mark
from therapy_review.player import Moment
from therapy_review.trends.kinds_of_silence import KINDS, long_silences_of, say


@pytest.fixture
def session(heard: Journal) -> Session:
    return heard.session("2026-03-05")


@pytest.fixture(autouse=True)
def all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("therapy_review.forms.silences.AT_ONCE", 99)


def of_kind(form: Any, kind: type) -> list[Any]:
    return [one for one in everything_in(form) if isinstance(one, kind)]


def words(form: Any) -> list[Any]:
    return [one for one in of_kind(form, w.Text) if not isinstance(one, w.Combobox)]


def test_every_long_silence_has_a_field_for_a_word_and_one_for_more(session: Session):
    form = silence_form(session)
    assert len(of_kind(form, w.Combobox)) == len(words(form)) == len(long_silences_of(session)) > 8
    assert of_kind(form, w.Combobox)[0].options == tuple(KINDS)


def test_leaving_a_field_saves_it(session: Session):
    form = silence_form(session)
    of_kind(form, w.Combobox)[1].value = "thinking"
    words(form)[1].value = "of the garden"
    assert long_silences_of(session)[["kind", "text"]].iloc[1].tolist() == ["thinking", "of the garden"]
    assert "Saved" in of_kind(form, w.HTML)[0].value


def test_a_word_of_ones_own_is_as_good_as_one_on_offer(session: Session):
    of_kind(silence_form(session), w.Combobox)[0].value = "listening to the rain"
    assert long_silences_of(session)["kind"].iloc[0] == "listening to the rain"


def test_what_was_said_before_is_there_again_and_can_be_taken_back(session: Session):
    row = long_silences_of(session).iloc[0]
    say(session, row["start"], row["end"], "feeling", "warm")
    form = silence_form(session)
    assert (of_kind(form, w.Combobox)[0].value, words(form)[0].value) == ("feeling", "warm")
    of_kind(form, w.Combobox)[0].value = ""
    words(form)[0].value = ""
    assert session.marks.empty


def test_a_form_that_is_only_looked_at_writes_nothing(session: Session):
    silence_form(session)
    assert not session.journal.store.exists(session.file("marks.csv"))


def test_with_the_sound_on_each_can_be_heard_with_the_words_around_it_and_none_plays_by_itself(
    session: Session,
):
    players = of_kind(silence_form(session), Moment)
    starts = [max(0, start - BEFORE) for start in long_silences_of(session)["start"]]
    assert [player.start for player in players] == pytest.approx(starts)


def test_with_the_sound_off_nothing_can_play_and_everything_can_be_said(session: Session):
    form = silence_form(session, sound="off")
    assert not of_kind(form, Moment)
    lines = [one.value for one in of_kind(form, w.HTML)][1:]
    assert len(lines) == len(of_kind(form, w.Combobox))
    assert all("seconds at " in line and " spoke before, " in line for line in lines)
    of_kind(form, w.Combobox)[0].value = "waiting"
    assert long_silences_of(session)["kind"].iloc[0] == "waiting"


def test_without_a_recording_the_form_is_there_without_players(session: Session):
    session.add_mark(Mark(20, 26, "silence", "stuck"))
    notes_only = session.journal.session("2026-02-12")
    say(notes_only, 20, 26, "stuck")
    form = silence_form(notes_only)
    assert not of_kind(form, Moment)
    assert of_kind(form, w.Combobox)[0].value == "stuck"
    assert "your words stay" in of_kind(form, w.HTML)[1].value


def test_when_there_are_many_the_longest_come_first_and_the_others_on_request(
    session: Session, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("therapy_review.forms.silences.AT_ONCE", 1)
    found = long_silences_of(session)
    say(session, found["start"].min(), found["end"].min(), "feeling")
    form = silence_form(session, sound="off")
    (button,) = of_kind(form, w.Button)
    assert [one.value for one in of_kind(form, w.Combobox)] == ["feeling", ""]  # and what was said is in view
    assert f"of {found['duration'].max():.0f} seconds" in of_kind(form, w.HTML)[2].value
    of_kind(form, w.Combobox)[1].value = "thinking"
    button.click()
    fields = of_kind(form, w.Combobox)
    assert len(fields) == len(found)
    assert fields[int(found["duration"].to_numpy().argmax())].value == "thinking"
    assert button.layout.display == "none"


def test_what_could_not_be_saved_is_said_and_stays_in_the_form(
    session: Session, monkeypatch: pytest.MonkeyPatch
):
    form = silence_form(session)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("os.fsync", full)
        of_kind(form, w.Combobox)[0].value = "stuck"
    assert "Not saved" in of_kind(form, w.HTML)[0].value
    assert of_kind(form, w.Combobox)[0].value == "stuck"


def test_in_a_report_it_is_a_list_of_what_was_said(session: Session, monkeypatch: pytest.MonkeyPatch):
    row = long_silences_of(session).iloc[0]
    say(session, row["start"], row["end"], "thinking", "<of> her")
    monkeypatch.setenv(STILL, "1")
    still = silence_form(session)
    assert "thinking, <of> her" in still.text
    assert "thinking, &lt;of&gt; her" in still.markup
    assert still.text.count("not said") == len(long_silences_of(session)) - 1


def test_a_session_without_long_silences_says_so(heard: Journal):
    assert "No silence of" in silence_form(heard.session("2026-02-12")).text
