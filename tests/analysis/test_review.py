"""Two minutes of listening, from the first question to the last, and back."""

from __future__ import annotations

import json
import shutil
import threading
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from tests.conftest import Hear, root_of
from tests.support.examples import examples
from therapy_review import Journal, Session, analyse, open_journal
from therapy_review.analysis import review
from therapy_review.analysis.review import (
    ANSWERS,
    AROUND,
    DONE,
    DOUBT,
    LONGEST,
    NOT_NAMED,
    NOTHING_LEFT,
    Listening,
    Step,
    least_certain,
    offer,
)
from therapy_review.analysis.similar import COLUMNS
from therapy_review.errors import TherapyReviewError
from therapy_review.journal.corrections import Correction, no_corrections, record
from therapy_review.measures.talk import talk_share
from therapy_review.turns.edits import apply, relabel
from therapy_review.turns.table import turns_table


@pytest.fixture(scope="module")
def analysed(hear: Hear, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return root_of(hear(tmp_path_factory.mktemp("analysed") / "practice", ["2026-01-29"]))


@pytest.fixture
def session(analysed: Path, tmp_path: Path) -> Session:
    shutil.copytree(analysed, tmp_path / "practice")
    return open_journal(tmp_path / "practice").session("2026-01-29")


def saved(session: Session) -> bytes:
    return session.journal.store.read(session.file("corrections.csv"))


def asked(session: Session) -> pd.DataFrame:
    return least_certain(session.turns, 2.0, session.corrections)


def say(session: Session, row: int, who: str) -> None:
    """Let another program answer one of the questions."""
    start, end = asked(session)[["start", "end"]].iloc[row]
    session.correct(relabel(session.turns, start, end, who))


def test_it_stays_quiet_until_it_is_begun(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as quiet:
        quiet.setattr(Session, "derived", lambda *_: pytest.fail("looked at the session"))
        listening = Listening(session)
        assert listening.step == listening.answer("client") == listening.skip() == Step("nothing", "")
    step = listening.begin()
    assert (step.kind, step.number, step.of) == ("question", 1, len(asked(session)))
    assert step.sentence.startswith(f"Stretch 1 of {step.of}. Who speaks here?")
    assert len(step.spans) == 1
    assert not step.can_take_back


def test_the_invitation_counts_what_would_be_asked(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    count = len(asked(session))
    assert offer(session).startswith(f"There are {count} short stretches ")
    one = asked(session)[:1]
    monkeypatch.setattr(review, "least_certain", lambda *_: one)
    assert offer(session).startswith("There is one ")


def test_a_question_says_who_the_stretch_counts_as(session: Session) -> None:
    step = Listening(session).begin()
    assert step.speaker == asked(session)["speaker"].iloc[0]
    assert step.sentence.endswith(f": {ANSWERS[step.speaker].lower()}.")


def test_no_more_than_four_seconds_are_heard_of_a_stretch(session: Session) -> None:
    ((start, end),) = Listening(session).begin().spans
    assert 0 < end - start <= 4.0 + 1e-6


def test_an_answer_that_agrees_is_kept_and_the_next_stretch_comes(session: Session) -> None:
    listening, lines = Listening(session), len(session.corrections)
    first = listening.begin()
    step = listening.answer(first.speaker)
    assert len(session.corrections) > lines
    assert (step.kind, step.number, step.can_take_back) == ("question", 2, True)
    assert step.spans != first.spans


def test_a_skipped_stretch_changes_nothing(session: Session) -> None:
    listening, before = Listening(session), saved(session)
    listening.begin()
    step = listening.skip()
    assert saved(session) == before
    assert (step.kind, step.number, step.can_take_back) == ("question", 2, False)


def test_what_was_answered_elsewhere_meanwhile_is_not_asked(session: Session) -> None:
    listening = Listening(session)
    listening.begin()
    say(session, 1, "nobody")
    assert listening.skip().number == 3


def test_what_another_program_changed_while_it_was_asked_is_not_changed_back(session: Session) -> None:
    listening = Listening(session)
    listening.begin()
    say(session, 0, "other")
    file = saved(session)
    step = listening.answer("nobody")
    assert (step.number, step.can_take_back) == (2, False)
    assert saved(session) == file
    assert "other" in set(session.turns["speaker"])


def test_an_answer_that_changes_something_is_measured_and_can_be_taken_back(session: Session) -> None:
    listening, before, measured = Listening(session), session.turns, session.measures
    said, first = session.corrections, listening.begin()
    assert listening.answer("nobody").can_take_back
    assert not session.measures.equals(measured)
    assert listening.take_back() == first
    pd.testing.assert_frame_equal(session.turns, before)
    pd.testing.assert_frame_equal(session.measures, measured)
    pd.testing.assert_frame_equal(session.corrections, said)


def test_answers_are_taken_back_one_by_one_and_nothing_that_was_said_before(session: Session) -> None:
    listening, said = Listening(session), session.corrections
    first = listening.begin()
    listening.answer(first.speaker)
    listening.skip()
    third = listening.step
    listening.answer("nobody")
    assert listening.take_back() == third
    assert listening.take_back() == first
    assert listening.take_back() == first
    pd.testing.assert_frame_equal(session.corrections, said)


@pytest.fixture
def mistaken(session: Session, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session in which the engine gave some of the therapist's words to the client, and was not sure."""
    turns = session.turns
    wrong = (turns["speaker"] == "therapist") & (turns["end"] - turns["start"]).between(1.5, 4)
    worse = turns.assign(
        speaker=turns["speaker"].where(~wrong, "client"), confidence=turns["confidence"].where(~wrong, 0.5)
    )
    monkeypatch.setattr("therapy_review.analysis.analysis.corrected", lambda voices, said: apply(worse, said))
    session.correct(relabel(turns, turns["start"].iloc[0], turns["end"].iloc[0], turns["speaker"].iloc[0]))
    analyse(session)
    return session


def test_stretches_that_sound_alike_are_counted_heard_and_only_then_changed(mistaken: Session) -> None:
    listening = Listening(mistaken)
    first = listening.begin()
    step = listening.answer("therapist")
    assert (step.kind, step.speaker, step.number, step.of) == ("offer", "therapist", 1, first.of)
    assert f"Kept. {step.alike} more stretches " in step.sentence
    assert step.sentence.endswith("Change them to “my therapist” too?")
    assert step.alike > 2
    assert len(step.spans) == 2
    once, file = mistaken.turns, saved(mistaken)
    assert listening.change_alike().kind in ("question", "done")
    more = mistaken.measures["therapist_talk_time"].iloc[0]
    assert more > (once.loc[once["speaker"] == "therapist", "end"] - once["start"]).sum()
    assert listening.take_back() == step
    pd.testing.assert_frame_equal(mistaken.turns, once)
    assert saved(mistaken) == file
    assert listening.take_back() == first


def test_what_sounds_alike_may_be_left_as_it_is(mistaken: Session) -> None:
    listening = Listening(mistaken)
    listening.begin()
    listening.answer("therapist")
    kept = mistaken.turns
    step = listening.leave_alike()
    pd.testing.assert_frame_equal(mistaken.turns, kept)
    assert (step.kind, step.number) == ("question", 2)


def test_an_answer_can_be_taken_back_instead_of_changing_what_sounds_alike(mistaken: Session) -> None:
    listening, before = Listening(mistaken), mistaken.turns
    first = listening.begin()
    listening.answer("therapist")
    assert listening.take_back() == first
    pd.testing.assert_frame_equal(mistaken.turns, before)


def test_what_was_said_meanwhile_is_not_changed_with_what_sounds_alike(mistaken: Session) -> None:
    listening = Listening(mistaken)
    listening.begin()
    step = listening.answer("therapist")
    start, end = step.spans[0]
    mistaken.correct(relabel(mistaken.turns, start, end, "client"))
    lines = len(mistaken.corrections)
    listening.change_alike()
    assert len(mistaken.corrections) == lines + step.alike - 1
    turns = mistaken.turns
    assert set(turns.loc[(turns["start"] < end - 0.01) & (turns["end"] > start + 0.01), "speaker"]) == {
        "client"
    }


def test_a_single_stretch_that_sounds_alike_is_spoken_of_as_one(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening = Listening(session)
    first = listening.begin()
    one = pd.DataFrame([(70.0, 72.5, "client", "other", 0.1)], columns=COLUMNS)
    monkeypatch.setattr(review, "alike", lambda *_: one)
    step = listening.answer("nobody")
    assert "One more stretch" in step.sentence
    assert "(at 1:10)" in step.sentence
    assert step == Step("offer", step.sentence, ((70.0, 72.5),), "other", 1, first.of, 1, can_take_back=True)


def test_at_the_end_it_says_so_and_the_last_answer_can_still_be_taken_back(session: Session) -> None:
    listening = Listening(session)
    step = listening.begin()
    while step.number < step.of:
        step = listening.skip()
    assert listening.answer(step.speaker) == Step("done", DONE, can_take_back=True)
    assert listening.skip().kind == "done"
    assert listening.take_back() == step
    assert listening.skip() == Step("done", DONE)


def test_what_is_done_can_be_begun_anew_and_what_is_not_goes_on(session: Session) -> None:
    listening = Listening(session)
    step = listening.begin()
    step = listening.answer(step.speaker)
    assert listening.begin() == step
    while step.kind == "question":
        step = listening.skip()
    again = listening.begin()
    assert (again.number, again.can_take_back) == (1, False)
    assert again.of == len(asked(session))


def test_what_does_not_fit_changes_nothing(session: Session) -> None:
    listening, before = Listening(session), saved(session)
    first = listening.begin()
    assert listening.change_alike() == listening.leave_alike() == listening.take_back() == first
    assert saved(session) == before


def test_an_answer_pressed_twice_is_one_answer(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    listening = Listening(session)
    first = listening.begin()
    entered, go_on, really = threading.Event(), threading.Event(), review.edits.relabel

    def slowly(*args: object) -> object:
        entered.set()
        assert go_on.wait(600)
        return really(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(review.edits, "relabel", slowly)
    pressed = threading.Thread(target=listening.answer, args=(first.speaker,))
    pressed.start()
    assert entered.wait(600)
    assert listening.answer("nobody") == first
    go_on.set()
    pressed.join()
    assert listening.step.number == 2
    assert "nobody" not in set(session.corrections["speaker"])


def test_an_error_is_raised_and_the_question_stays(session: Session) -> None:
    listening, good = Listening(session), saved(session)
    first = listening.begin()
    session.journal.store.write(session.file("corrections.csv"), b"start,end\n")
    with pytest.raises(TherapyReviewError, match="columns start, end, speaker"):
        listening.answer("client")
    with pytest.raises(TherapyReviewError, match="columns start, end, speaker"):
        listening.skip()
    assert listening.step == first
    session.journal.store.write(session.file("corrections.csv"), good)
    assert listening.skip().number == 2


def test_an_answer_that_names_nobody_known_is_refused(session: Session) -> None:
    listening, before = Listening(session), saved(session)
    first = listening.begin()
    with pytest.raises(TherapyReviewError, match="both or nobody"):
        listening.answer("voice_1")
    assert listening.step == first
    assert saved(session) == before


def test_an_answer_is_safe_when_others_cannot_be_heard_and_can_be_taken_back(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening, said = Listening(session), session.corrections
    first = listening.begin()

    def refuse(*_: object) -> pd.DataFrame:
        raise TherapyReviewError("No longer agreed to.")

    monkeypatch.setattr(review, "alike", refuse)
    with pytest.raises(TherapyReviewError, match="No longer"):
        listening.answer("nobody")
    assert "nobody" in session.corrections["speaker"].to_list()
    assert listening.step.can_take_back
    assert listening.answer("nobody").number == 2
    assert listening.take_back() == first
    pd.testing.assert_frame_equal(session.corrections, said)


def test_voices_without_names_are_asked_about_first(session: Session) -> None:
    session.journal.store.remove(session.file("corrections.csv"))
    analyse(session)
    assert offer(session) == NOT_NAMED
    assert Listening(session).begin() == Step("nothing", NOT_NAMED)


def test_where_nothing_is_unsure_nothing_is_asked(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "turns", turns_table())
    assert offer(session) == NOTHING_LEFT
    assert Listening(session).begin() == Step("nothing", NOTHING_LEFT)


def test_a_session_that_was_not_analysed_says_so(journal: Journal) -> None:
    with pytest.raises(TherapyReviewError, match="worked out yet"):
        Listening(journal.session("2026-01-29")).begin()
    with pytest.raises(TherapyReviewError, match="worked out yet"):
        offer(journal.session("2026-01-29"))


def test_every_step_can_be_sent(mistaken: Session) -> None:
    listening = Listening(mistaken)
    for step in (listening.begin(), listening.answer("therapist")):
        sent = json.loads(json.dumps(asdict(step)))
        assert [tuple(span) for span in sent["spans"]] == list(step.spans)
        assert sent["sentence"] == step.sentence


def test_an_answer_is_not_taken_back_when_another_program_has_said_something_since(
    session: Session,
) -> None:
    listening = Listening(session)
    listening.begin()
    told = listening.answer("nobody")
    say(session, -1, "client")
    kept = saved(session)
    with pytest.raises(TherapyReviewError, match="put right elsewhere"):
        listening.take_back()
    assert saved(session) == kept
    assert listening.step == told


# What two minutes of listening are spent on

TALK = turns_table(
    [
        (0, 10, "client", 0.99),
        (11, 13, "therapist", 0.6),
        (14, 22, "client", 0.7),
        (23, 24, "therapist", 0.95),
        (25, 27, "client", 0.9),
    ]
)


def starts(asked: pd.DataFrame) -> list[float]:
    return asked["start"].tolist()


def test_what_could_be_most_wrong_for_a_second_of_listening_comes_first():
    assert starts(least_certain(TALK))[:2] == [14.0, 11.0]
    assert least_certain(TALK)["error"].round(3).tolist()[:2] == [2.4, 0.8]


def test_a_stretch_costs_what_it_takes_to_hear_all_that_the_answer_speaks_for():
    long = turns_table([(0, 20, "client", 0.9), (30, 34, "therapist", 0.8)])
    assert starts(least_certain(long, minutes=(4 + AROUND) / 60)) == [30.0]
    assert starts(least_certain(long, minutes=(24 + 2 * AROUND) / 60)) == [30.0, 0.0]


def test_stretches_asked_about_together_are_no_longer_than_one_listens_for():
    talk = turns_table([(3 * i, 3 * i + 2.5, "client", 0.7) for i in range(10)])
    asked = least_certain(talk, minutes=10)
    assert (asked["end"] - asked["start"]).max() <= LONGEST
    assert len(asked) == 5


def test_no_more_is_asked_than_there_is_time_for():
    many = turns_table([(10 * i, 10 * i + 6, "client", 0.7) for i in range(100)])
    assert len(least_certain(many, minutes=2)) == 17
    assert least_certain(many, minutes=0).empty


def test_what_was_spoken_of_is_not_asked_about_again():
    said = record(no_corrections(), [Correction(14, 22, "client")])
    assert 14.0 not in starts(least_certain(TALK, 2, said))


def test_neighbouring_stretches_that_are_about_as_sure_are_one_question():
    near = turns_table([(0, 3, "client", 0.7), (3.4, 5, "client", 0.65), (7, 9, "client", 0.7)])
    assert least_certain(near)[["start", "end"]].to_numpy().tolist() == [[0, 5], [7, 9]]
    unlike = turns_table([(0, 3, "client", 0.99), (3.4, 5, "client", 0.6)])
    assert len(least_certain(unlike)) == 2
    between = turns_table([(0, 3, "client", 0.7), (3.1, 3.3, "therapist", 0.9), (3.4, 5, "client", 0.7)])
    assert len(least_certain(between)) == 3


def test_nothing_is_asked_where_nobody_speaks():
    assert least_certain(turns_table()).empty


@examples(60)
@given(
    st.lists(
        st.tuples(st.integers(1, 40), st.integers(1, 90), st.floats(0, 1), st.sampled_from("ct")), max_size=40
    ),
    st.floats(0, 3),
)
def test_any_questions_fit_the_time_and_lie_apart(drawn, minutes):
    now, talk = 0.0, []
    for silence, length, sure, who in drawn:
        talk.append((now + silence / 10, now + (silence + length) / 10, who, sure))
        now = talk[-1][1]
    turns = turns_table(talk)
    asked = least_certain(turns, minutes)
    length = asked["end"] - asked["start"]
    assert (length + AROUND).sum() <= minutes * 60 + 1e-3
    ordered = asked.sort_values("start")
    assert (ordered["start"].to_numpy()[1:] >= ordered["end"].to_numpy()[:-1] - 1e-9).all()
    assert (asked["error"] >= DOUBT * 0.1 - 1e-9).all()
    worth = (asked["error"] / (length + AROUND)).to_numpy()
    assert (np.diff(worth) <= 1e-9).all()


def simulated(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Half an hour of talk, and what an engine makes of it that is sure of nine turns in ten and knows of which: it
    gives a turn to the wrong one as often as its confidence says."""
    rng = np.random.default_rng(seed)
    truth, heard, now, who = [], [], 0.0, 0
    while now < 1800:
        who, sure = 1 - who, 1 - 0.5 * rng.beta(0.05, 0.8)
        said = who if rng.random() < sure else 1 - who
        for length in np.clip(rng.lognormal(0.9, 0.8, rng.integers(1, 4)), 0.3, 20):
            truth.append((now, now + length, ("client", "therapist")[who]))
            heard.append((now, now + length, ("client", "therapist")[said], sure))
            now += length + rng.uniform(0.3, 0.9)
    return turns_table(heard), turns_table(truth)


def answered(heard: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Answer every question by who is heard in the first seconds of it."""
    said = no_corrections()
    for start, end in least_certain(heard)[["start", "end"]].itertuples(index=False):
        first = truth[(truth["start"] <= start + 0.01) & (truth["end"] > start + 0.01)]
        said = record(said, relabel(heard, start, end, first["speaker"].iloc[0]))
    return apply(heard, said)


def test_two_minutes_of_perfect_answers_at_least_halve_the_error_of_the_talk_share():
    before, after = [], []
    for seed in range(20):
        heard, truth = simulated(seed)
        real = talk_share(truth)["client"]
        before.append(abs(talk_share(heard)["client"] - real))
        after.append(abs(talk_share(answered(heard, truth))["client"] - real))
    assert np.mean(after) <= np.mean(before) / 2
