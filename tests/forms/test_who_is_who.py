"""Who is who: one answer names everybody, clips are clear, and what was wrong can be put right."""

from __future__ import annotations

from typing import Any

import ipywidgets as w
import pytest
from hypothesis import given

from tests.support.examples import examples
from tests.support.widgets import everything_in, state
from tests.turns.test_table import conversations
from therapy_review import Journal, Session
from therapy_review.analysis.analysis import analyse, rename
from therapy_review.analysis.external_turns import use_turns
from therapy_review.display.still import STILL
from therapy_review.forms.who_is_who import CLIP, CLIPS, clips_to_ask_about, who_is_who
from therapy_review.player import Moment
from therapy_review.turns.edits import relabel
from therapy_review.turns.table import are_named, turns_table

NOTHING_SAID = turns_table()


@pytest.fixture
def session(heard: Journal) -> Session:
    return heard.session("2026-03-05")


def test_every_clip_is_of_one_voice_alone_and_short() -> None:
    heard = turns_table([(0, 20, "voice_1"), (25, 29, "voice_2"), (28, 33, "voice_1"), (40, 44, "voice_2")])
    clips = clips_to_ask_about(heard, NOTHING_SAID)
    assert clips.to_numpy().tolist() == [[0, 6], [40, 44]]


@examples(60)
@given(conversations(), conversations(("client",)))
def test_clips_are_few_clear_new_and_in_order_of_time(heard: Any, said: Any) -> None:
    clips = clips_to_ask_about(heard, said)
    assert len(clips) <= CLIPS
    assert clips["start"].is_monotonic_increasing
    for clip in clips.itertuples():
        assert CLIP[0] - 1e-6 <= clip.end - clip.start <= CLIP[1] + 1e-6
        assert ((heard["start"] < clip.end) & (heard["end"] > clip.start)).sum() == 1
        assert not ((said["start"] < clip.end) & (said["end"] > clip.start)).any()


def test_both_voices_are_asked_about_though_one_is_surer() -> None:
    rows = [(10 * i, 10 * i + 5, "voice_1", 0.9) for i in range(5)] + [(60, 65, "voice_2", 0.5)]
    clips = clips_to_ask_about(turns_table(rows), NOTHING_SAID)
    assert len(clips) == CLIPS
    assert clips["start"].iloc[-1] == 60


def test_one_answer_names_both_and_the_others_are_thanked_for(session: Session) -> None:
    session.journal.store.remove(session.file("corrections.csv"))
    rename(session)
    form = who_is_who(session)
    questions = [one for one in everything_in(form) if isinstance(one, Moment)]
    assert len(questions) == 3
    buttons = [one for one in everything_in(form) if isinstance(one, w.Button)]
    assert [one.description for one in buttons] == ["This is me", "Not me"] * 3
    buttons[1].click()
    assert session.corrections["speaker"].tolist() == ["therapist"]
    assert set(session.turns["speaker"]) == {"client", "therapist"}
    assert "Thank you" in state(form)
    assert [one.icon for one in buttons[:2]] == ["", "check"]
    assert "which voice" in who_is_who(session).children[0].value


def press(form: Any, name: str) -> None:
    next(one for one in everything_in(form) if isinstance(one, w.Button) and name in one.description).click()


def test_who_was_taken_for_one_another_change_places_and_back(session: Session) -> None:
    form, before = who_is_who(session), session.turns
    press(form, "other way round")
    assert "changed places" in state(form)
    other = {"client": "therapist", "therapist": "client"}
    assert session.turns["speaker"].tolist() == [other[who] for who in before["speaker"]]
    press(form, "other way round")
    assert session.turns["speaker"].tolist() == before["speaker"].tolist()


def test_answers_are_taken_back_and_asked_for_again_and_other_corrections_stay(session: Session) -> None:
    form = who_is_who(session)
    start, end = session.turns.query("speaker == 'client'").iloc[0][["start", "end"]]
    lines = relabel(session.turns, start, end, "therapist")
    session.correct(lines)
    rename(session)
    press(form, "other way round")
    press(form, "Ask me again")
    assert "taken back" in state(form)
    assert len([one for one in everything_in(form) if isinstance(one, Moment)]) == 3
    assert session.corrections["start"].tolist() == [line.start for line in lines if line.was != "therapist"]
    assert set(session.corrections["speaker"]) == {"client"}
    assert not are_named(session.turns)


def test_names_that_turns_brought_along_can_change_places_but_are_not_asked_for(session: Session) -> None:
    session.journal.store.remove(session.file("corrections.csv"))
    use_turns(session, turns_table([(0, 4, "therapist"), (5, 9, "client")]), "pyannote")
    analyse(session)
    form = who_is_who(session)
    assert "brought in" in form.children[0].value
    assert len([one for one in everything_in(form) if isinstance(one, w.Button)]) == 1
    press(form, "other way round")
    assert session.turns["speaker"].tolist() == ["client", "therapist"]


def test_in_a_page_that_is_only_read_nothing_is_to_be_pressed(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STILL, "1")
    assert "which voice" in who_is_who(session).markup


def test_with_a_third_voice_each_is_asked_about_and_the_last_one_follows(session: Session) -> None:
    session.journal.store.remove(session.file("corrections.csv"))
    rename(session)
    # Somebody else comes in for the last minute: told by a table, as another program would bring it.
    heard = session.turns
    last = heard["start"] > heard["end"].max() - 60
    use_turns(session, heard.assign(speaker=heard["speaker"].where(~last, "voice_3")), "by hand")
    analyse(session)
    form = who_is_who(session)
    buttons = [one for one in everything_in(form) if isinstance(one, w.Button)]
    assert [one.description for one in buttons] == ["This is me", "My therapist", "Somebody else"] * 3
    buttons[0].click()
    assert "other voices" in state(form)
    assert not are_named(session.turns)
    buttons[4].click()
    assert set(session.turns["speaker"]) == {"client", "therapist", "other"}
    assert "Thank you" in state(form)


def test_with_a_third_person_in_the_room_the_therapist_is_asked_for_by_name(session: Session) -> None:
    session.journal.store.remove(session.file("corrections.csv"))
    session.save_notes(session.notes.changed(participants=("client", "therapist", "Sam")))
    rename(session)
    form = who_is_who(session)
    [one for one in everything_in(form) if isinstance(one, w.Button)][2].click()
    assert session.corrections["speaker"].tolist() == ["other"]
    assert "therapist" not in set(session.turns["speaker"])


def test_an_answer_that_cannot_be_kept_is_said_and_the_form_stays(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.journal.store.remove(session.file("corrections.csv"))
    rename(session)
    form = who_is_who(session)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    next(one for one in everything_in(form) if isinstance(one, w.Button)).click()
    assert "free some space" in state(form)


def test_where_nobody_speaks_long_enough_nothing_is_asked(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "turns", turns_table([(0, 1, "voice_1"), (2, 3, "voice_2")]))
    assert "long enough" in who_is_who(session).markup
