"""Two minutes of listening, pressed through button by button."""

from __future__ import annotations

from collections.abc import Iterator

import ipywidgets as w
import pandas as pd
import pytest

from therapy_review import Journal, Session, analyse
from therapy_review.correcting import relabel
from therapy_review.listening import DONE, two_minutes
from therapy_review.pages import session_report
from therapy_review.player import Moment
from therapy_review.still import STILL, Still


@pytest.fixture
def session(journal: Journal) -> Session:
    opened = journal.session("2026-01-29")
    analyse(opened)
    return opened


def parts(box: w.Box) -> Iterator[w.Widget]:
    for child in box.children:
        yield child
        if isinstance(child, w.Box):
            yield from parts(child)


def press(box: w.Box, text: str) -> None:
    next(p for p in parts(box) if isinstance(p, w.Button) and p.description == text).click()


def buttons(box: w.Box) -> list[str]:
    return [p.description for p in parts(box) if isinstance(p, w.Button)]


def heard(box: w.Box) -> list[float]:
    return [p.start for p in parts(box) if isinstance(p, Moment)]


def says(box: w.Box) -> str:
    return next(p.value for p in parts(box) if isinstance(p, w.HTML))


def shown(session: Session, at: float) -> str:
    turns = session.turns
    return turns.loc[(turns["start"] <= at + 0.01) & (turns["end"] > at + 0.01), "speaker"].iloc[0]


WORDS = {"client": "Me", "therapist": "My therapist"}


def test_it_stays_quiet_until_it_is_begun(session: Session) -> None:
    box = two_minutes(session)
    assert heard(box) == []
    assert buttons(box) == ["Two minutes of listening"]
    press(box, "Two minutes of listening")
    assert len(heard(box)) == 1
    assert buttons(box) == ["Me", "My therapist", "Somebody else", "Both at once", "Nobody", "Skip"]
    assert says(box).startswith("<em>Stretch 1 of ")


def test_no_more_than_four_seconds_are_heard_of_a_stretch(session: Session) -> None:
    box = two_minutes(session)
    press(box, "Two minutes of listening")
    moment = next(p for p in parts(box) if isinstance(p, Moment))
    assert 0 < moment.end - moment.start <= 4.0 + 1e-6


def test_an_answer_that_agrees_is_kept_and_the_next_stretch_comes(session: Session) -> None:
    box, lines = two_minutes(session), len(session.corrections)
    press(box, "Two minutes of listening")
    (first,) = heard(box)
    press(box, WORDS[shown(session, first)])
    assert len(session.corrections) > lines
    assert heard(box) != [first]
    assert says(box).startswith("<em>Stretch 2 of ")


def test_a_skipped_stretch_changes_nothing(session: Session) -> None:
    box, file = two_minutes(session), session.file("corrections.csv")
    before = session.journal.store.read(file)
    press(box, "Two minutes of listening")
    press(box, "Skip")
    assert session.journal.store.read(file) == before
    assert says(box).startswith("<em>Stretch 2 of ")


def test_an_answer_that_changes_something_is_measured_and_can_be_taken_back(session: Session) -> None:
    box, before, measured = two_minutes(session), session.turns, session.measures
    press(box, "Two minutes of listening")
    (first,) = heard(box)
    press(box, "Nobody")
    assert not session.measures.equals(measured)
    press(box, "Take back the last answer")
    pd.testing.assert_frame_equal(session.turns, before)
    assert heard(box) == [first]
    assert "Take back the last answer" not in buttons(box)


@pytest.fixture
def mistaken(session: Session, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session in which the engine gave some of the therapist's words to the client, and was not sure."""
    turns = session.turns
    wrong = (turns["speaker"] == "therapist") & (turns["end"] - turns["start"]).between(1.5, 4)
    worse = turns.assign(
        speaker=turns["speaker"].where(~wrong, "client"), confidence=turns["confidence"].where(~wrong, 0.5)
    )
    monkeypatch.setattr("therapy_review.analysis.corrected", lambda voices, said: _over(worse, said))
    session.correct(relabel(turns, turns["start"].iloc[0], turns["end"].iloc[0], turns["speaker"].iloc[0]))
    analyse(session)
    return session


def _over(turns: pd.DataFrame, said: pd.DataFrame) -> pd.DataFrame:
    from therapy_review.correcting import apply

    return apply(turns, said)


def test_stretches_that_sound_alike_are_counted_heard_and_only_then_changed(mistaken: Session) -> None:
    box = two_minutes(mistaken)
    press(box, "Two minutes of listening")
    press(box, "My therapist")
    assert "sound like this one" in says(box)
    once = mistaken.turns
    change = next(text for text in buttons(box) if text.startswith("Change these "))
    assert len(heard(box)) == 2
    press(box, change)
    count = int(change.removeprefix("Change these "))
    more = mistaken.measures["therapist_talk_time"].iloc[0]
    assert count > 2
    assert more > (once.loc[once["speaker"] == "therapist", "end"] - once["start"]).sum()
    press(box, "Take back the last answer")
    pd.testing.assert_frame_equal(mistaken.turns, once)


def test_what_sounds_alike_may_be_left_as_it_is(mistaken: Session) -> None:
    box = two_minutes(mistaken)
    press(box, "Two minutes of listening")
    press(box, "My therapist")
    kept = mistaken.turns
    press(box, "Leave as it is")
    pd.testing.assert_frame_equal(mistaken.turns, kept)
    assert says(box).startswith("<em>Stretch ")


def test_at_the_end_it_says_so(session: Session) -> None:
    box = two_minutes(session)
    press(box, "Two minutes of listening")
    while "Skip" in buttons(box):
        press(box, "Skip")
    assert DONE in says(box)
    assert heard(box) == []


def test_an_error_is_a_sentence_in_the_form(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    box = two_minutes(session)
    press(box, "Two minutes of listening")
    session.journal.store.write(session.file("corrections.csv"), b"start,end\n")
    press(box, "Me")
    assert "columns start, end, speaker" in says(box)


def test_voices_without_names_are_asked_about_first(session: Session) -> None:
    session.journal.store.remove(session.file("corrections.csv"))
    analyse(session)
    said = two_minutes(session)
    assert isinstance(said, Still)
    assert "which voice is yours" in said.markup


def test_in_a_batch_run_there_is_only_a_sentence(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STILL, "1")
    assert isinstance(two_minutes(session), Still)


def test_a_session_without_a_recording_has_nothing_to_listen_to(journal: Journal) -> None:
    store = journal.store
    page = session_report(store.root, "2026-02-12")  # type: ignore[attr-defined]
    assert page.two_minutes().markup == ""
