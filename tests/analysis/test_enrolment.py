"""Voice prints: whom a confirmed session teaches to know, and what is forgotten when that is taken back."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from typer.testing import CliRunner

from tests.conftest import RECORDED, Hear, reference, root_of
from tests.support.meanwhile import after
from therapy_review import Journal, Session, analyse, open_journal
from therapy_review.analysis import enrolment
from therapy_review.analysis.analysis import follow_prints, is_current, rename
from therapy_review.analysis.enrolment import (
    ENOUGH,
    LEAST,
    MARGIN,
    Contribution,
    recognise,
    surest_stretches,
)
from therapy_review.cli import app
from therapy_review.consent import agreements_file
from therapy_review.consent.agreement import ROLES
from therapy_review.errors import JournalError, NotAnalysedError
from therapy_review.forms import who_is_who
from therapy_review.journal.corrections import Correction
from therapy_review.rights.erasure import erase_session
from therapy_review.turns.edits import swap
from therapy_review.turns.table import are_named, turns_table

FIRST, SECOND, THIRD = RECORDED[:3]
OTHER = {"client": "therapist", "therapist": "client"}
LINES = {"client": (89.16, 92.85), "therapist": (5.44, 8.14)}  # of the first session


@pytest.fixture(scope="module")
def heard(hear: Hear, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three practice sessions, analysed; nothing was said in them yet."""
    root = root_of(hear(tmp_path_factory.mktemp("heard") / "practice", RECORDED[:3]))
    for day in RECORDED[3:]:
        shutil.rmtree(root / "sessions" / day)
    for said in root.glob("sessions/*/corrections.csv"):
        said.unlink()
    return root


@pytest.fixture(scope="module")
def known(heard: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, with the client's agreement and answers in the first."""
    root = shutil.copytree(heard, tmp_path_factory.mktemp("known") / "practice")
    journal = open_journal(root)
    enrolment.agree(journal, "client")
    say_who(journal.session(FIRST))
    follow_prints(journal)
    return root


def copy(root: Path, into: Path) -> Journal:
    """Copy two of the sessions; two are quicker than three."""
    return open_journal(shutil.copytree(root, into, ignore=shutil.ignore_patterns(THIRD, ".lock")))


@pytest.fixture
def mine(heard: Path, tmp_path: Path) -> Journal:
    return copy(heard, tmp_path / "mine")


@pytest.fixture
def enrolled(known: Path, tmp_path: Path) -> Journal:
    return copy(known, tmp_path / "mine")


def say_who(session: Session, *, client: str = "client", therapist: str = "therapist") -> None:
    session.correct([Correction(*LINES["client"], client), Correction(*LINES["therapist"], therapist)])
    rename(session)


def kept(journal: Journal) -> dict[str, bytes]:
    return {
        str(f.relative_to(root_of(journal))): f.read_bytes()
        for f in (root_of(journal) / "voices").rglob("*.json")
    }


def by_voice(session: Session) -> bool:
    return bool((session.made_from()["by_voice"] or {}).get("roles"))


def right(session: Session) -> bool:
    """Tell whether most of what counts as the client's is the client's."""
    truth, turns = reference(session.name), session.turns
    grid = np.arange(0, truth["end"].max(), 0.05)[:, None]
    own, said = (
        (
            (t["start"].to_numpy() <= grid)
            & (t["end"].to_numpy() > grid)
            & (t["speaker"] == "client").to_numpy()
        ).any(1)
        for t in (truth, turns)
    )
    return bool((own & said).sum() > 0.8 * said.sum() > 0)


def test_once_enrolled_every_later_session_is_named_by_voice(known: Path) -> None:
    journal = open_journal(known)
    assert list(kept(journal)) == [f"voices/client/{FIRST}.json"]
    for name in (SECOND, THIRD):
        session = journal.session(name)
        assert by_voice(session)
        assert right(session)
        assert is_current(session)
        assert session.made_from()["by_voice"]["margin"] > MARGIN


def test_a_new_session_is_named_when_it_is_analysed(enrolled: Journal) -> None:
    shutil.rmtree(root_of(enrolled) / "sessions" / SECOND / "derived")
    analyse(enrolled.session(SECOND))
    assert by_voice(enrolled.session(SECOND))
    assert right(enrolled.session(SECOND))


def test_each_opening_for_a_voice_print_is_a_line_in_the_ledger(enrolled: Journal) -> None:
    noted = enrolled.ledger
    opened = noted.loc[(noted["what"] == "opened") & (noted["use"] == "voice_print"), "session"]
    assert {FIRST, SECOND} <= {*opened}  # the one that taught it, and one that was named by it


def test_a_print_during_whose_making_it_is_taken_back_is_not_kept(
    mine: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(*_: object) -> np.ndarray:
        mine.keep_agreements(
            lambda data: agreements_file.take_back(data, "client", "voice_print", on=mine.today())
        )
        return np.ones(3)

    say_who(mine.session(FIRST))
    enrolment.agree(mine, "client")
    monkeypatch.setattr(enrolment, "mean_voice", meanwhile)
    enrolment.learn(mine.session(FIRST), mine.session(FIRST).turns)
    assert mine.store.files("voices/client") == []


def test_without_an_agreement_nothing_is_kept_and_everybody_is_asked(mine: Journal) -> None:
    say_who(mine.session(FIRST))
    follow_prints(mine)
    assert not (root_of(mine) / "voices").exists()
    assert not are_named(mine.session(SECOND).turns)


def test_only_the_print_of_who_agreed_is_kept(mine: Journal) -> None:
    enrolment.agree(mine, "therapist")
    say_who(mine.session(FIRST))
    follow_prints(mine)
    assert list(kept(mine)) == [f"voices/therapist/{FIRST}.json"]
    assert right(mine.session(SECOND))


def test_a_wrong_confirmation_taken_back_is_as_if_it_had_never_been_given(enrolled: Journal) -> None:
    before = kept(enrolled)
    turns = enrolled.session(SECOND).derived("turns.csv")
    start, end = (
        enrolled.session(SECOND)
        .turns.query("speaker == 'therapist' and end - start > 2")
        .iloc[0][["start", "end"]]
    )
    enrolled.session(SECOND).correct([Correction(start, end, "client")])
    rename(enrolled.session(SECOND))
    follow_prints(enrolled)
    assert not right(enrolled.session(SECOND))
    assert f"voices/client/{SECOND}.json" in kept(enrolled)
    enrolled.session(SECOND).undo_correction()
    rename(enrolled.session(SECOND))
    follow_prints(enrolled)
    assert kept(enrolled) == before
    assert enrolled.session(SECOND).derived("turns.csv") == turns


def test_other_answers_replace_what_a_session_added(enrolled: Journal) -> None:
    (before,) = kept(enrolled).values()
    enrolled.session(FIRST).undo_correction()
    say_who(enrolled.session(FIRST), client="therapist", therapist="client")
    (after,) = kept(enrolled).values()
    vectors = [np.array(Contribution.from_bytes(data, "x").vector) for data in (before, after)]
    assert vectors[0] @ vectors[1] < 0.5
    enrolled.session(FIRST).undo_correction()
    say_who(enrolled.session(FIRST))
    assert list(kept(enrolled).values()) == [before]


@pytest.mark.slow
def test_forgetting_one_session_lasts_although_its_answers_stand(enrolled: Journal) -> None:
    enrolment.leave_out(enrolled, FIRST)
    follow_prints(enrolled)
    rename(enrolled.session(FIRST))
    assert list(kept(enrolled)) == [enrolment.LEFT_OUT]
    assert right(enrolled.session(FIRST))
    assert not are_named(enrolled.session(SECOND).turns)
    enrolment.let_in(enrolled, FIRST)
    follow_prints(enrolled)
    assert list(kept(enrolled)) == [f"voices/client/{FIRST}.json"]
    assert right(enrolled.session(SECOND))


def test_an_agreement_taken_back_forgets_the_print_and_leaves_the_others_in_force(enrolled: Journal) -> None:
    assert enrolment.forget(enrolled, "client") == 1
    assert not kept(enrolled)
    assert not enrolment.agreed(enrolled, "client")
    follow_prints(enrolled)
    assert not are_named(enrolled.session(SECOND).turns)
    assert enrolled.session(SECOND).recording("self_review").duration > 0


def test_a_print_without_an_agreement_in_force_is_not_used_and_goes_when_sessions_are_analysed(
    enrolled: Journal,
) -> None:
    agreements = root_of(enrolled) / agreements_file.FILE
    agreements.write_bytes(
        agreements_file.take_back(agreements.read_bytes(), "client", "voice_print", on=enrolled.today())
    )
    assert enrolment.in_force(enrolled) == {}
    done = CliRunner().invoke(app, ["analyse", "-j", str(root_of(enrolled))])
    assert "was forgotten" in done.output
    assert not kept(enrolled)
    assert not are_named(enrolled.session(SECOND).turns)


@pytest.mark.slow
def test_a_print_by_another_voice_model_is_not_compared_until_it_is_made_anew(enrolled: Journal) -> None:
    name = f"voices/client/{FIRST}.json"
    made = Contribution.from_bytes(enrolled.store.read(name), name)
    enrolled.store.write(name, replace(made, model="another-1", rests_on="").to_bytes())
    assert not is_current(enrolled.session(SECOND))
    assert not are_named(analyse(enrolled.session(SECOND)))
    follow_prints(enrolled)
    assert Contribution.from_bytes(enrolled.store.read(name), name) == made
    assert right(enrolled.session(SECOND))


def test_what_the_client_says_wins_over_the_print(enrolled: Journal) -> None:
    session = enrolled.session(SECOND)
    spoken = session.turns
    start, end = spoken[spoken["speaker"] == "client"].query("end - start > 2").iloc[0][["start", "end"]]
    session.correct([Correction(start, end, "therapist")])
    turns = rename(session)
    assert not by_voice(session)
    assert set(turns.loc[turns["start"] == start, "speaker"]) == {"therapist"}
    assert not right(session)


@pytest.mark.slow
def test_a_swap_exchanges_the_names_that_a_print_gave_and_teaches_it_nothing(enrolled: Journal) -> None:
    session, prints = enrolled.session(SECOND), kept(enrolled)
    before = session.turns
    session.correct(swap())
    after = rename(session)
    assert after["speaker"].tolist() == [OTHER[who] for who in before["speaker"]]
    assert by_voice(session)
    assert is_current(session)
    follow_prints(enrolled)
    assert kept(enrolled) == prints
    session.undo_correction()
    assert rename(session).equals(before)


@pytest.mark.slow
def test_who_swaps_and_then_answers_teaches_the_print_what_was_answered(enrolled: Journal) -> None:
    session = enrolled.session(SECOND)
    start, end = session.turns.query("speaker == 'client' and end - start > 2").iloc[0][["start", "end"]]
    session.correct(swap())
    rename(session)
    assert not right(session)
    session.correct([Correction(start, end, "client")])
    rename(session)
    follow_prints(enrolled)
    assert right(session)
    vectors = [np.array(Contribution.from_bytes(data, "x").vector) for data in kept(enrolled).values()]
    assert len(vectors) == 2
    assert vectors[0] @ vectors[1] > 0.5


def test_where_somebody_else_is_heard_too_voices_are_asked_about(enrolled: Journal) -> None:
    session = enrolled.session(SECOND)
    session.save_notes(session.notes.changed(participants=("client", "therapist", "Kim")))
    assert enrolment.recognise_in(session, turns_table([(0, 9, "voice_1"), (9, 20, "voice_2")])) is None


def test_the_form_says_that_voices_were_named_by_voice(enrolled: Journal) -> None:
    form = who_is_who(enrolled.session(SECOND))
    assert "by your voice" in form.children[0].value
    assert len(form.children) > 3
    assert "You have said" in who_is_who(enrolled.session(FIRST)).children[0].value


def test_names_by_voice_are_swapped_in_the_form_and_no_later_print_turns_them_back(enrolled: Journal) -> None:
    session = enrolled.session(SECOND)
    before = session.turns["speaker"].tolist()
    form = who_is_who(session)
    form.children[-2].children[0].click()
    (form,) = form.children
    assert "changed places" in form.children[-1].value
    assert session.turns["speaker"].tolist() == [OTHER[who] for who in before]
    say_who(enrolled.session(FIRST), client="therapist", therapist="client")
    follow_prints(enrolled)
    assert session.turns["speaker"].tolist() == [OTHER[who] for who in before]
    form.children[-2].children[1].click()
    assert "by your voice" in form.children[0].children[0].value


def test_a_damaged_print_is_one_sentence(enrolled: Journal) -> None:
    enrolled.store.write(f"voices/client/{FIRST}.json", b"{}")
    with pytest.raises(JournalError, match="voice remember"):
        enrolment.in_force(enrolled)
    follow_prints(enrolled)


@pytest.mark.slow
def test_the_commands_explain_ask_list_and_forget(mine: Journal) -> None:
    say_who(mine.session(FIRST))

    def run(*words: str, answer: str = "") -> str:
        done = CliRunner().invoke(app, ["voice", *words, "-j", str(root_of(mine))], input=answer)
        assert done.exit_code == 0, done.output
        return done.output

    assert "no voice print" in run("show")
    assert "Nothing is kept" in run("remember", answer="n\n")
    assert not (root_of(mine) / "voices").exists()
    assert f"Kept, from {FIRST}" in run("remember", "--agree")
    assert FIRST in run("show")
    assert "adds nothing" in run("forget", "--session", FIRST)
    assert f": {FIRST}" in run("show")
    assert FIRST in run("remember", "--session", FIRST)
    assert "from 1 session" in run("forget")
    assert "no voice print" in run("show")


def test_two_voices_equally_near_the_print_are_asked_about() -> None:
    near = {"voice_1": np.array([0.8, 0.6, 0.0]), "voice_2": np.array([0.8, 0.0, 0.6])}
    assert recognise(near, {"client": [np.array([1.0, 0.0, 0.0])]}) == ({}, 0.0)


def test_nobody_near_the_print_is_named() -> None:
    far = {"voice_1": np.array([0.4, 0.9165, 0.0]), "voice_2": np.array([0.0, 0.0, 1.0])}
    assert recognise(far, {"client": [np.array([1.0, 0.0, 0.0])]}).roles == {}


vectors = st.integers(0, 2**32 - 1).map(lambda seed: _unit(np.random.default_rng(seed).normal(size=8)))


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


@given(vectors, vectors, st.lists(vectors, min_size=1, max_size=4), st.booleans())
def test_who_is_who_does_not_depend_on_the_order_of_voices_or_sessions(a, b, prints, both) -> None:
    known = {"client": prints, **({"therapist": prints[::-1]} if both else {})}
    found = recognise({"voice_1": a, "voice_2": b}, known)
    turned = recognise({"voice_2": b, "voice_1": a}, {role: parts[::-1] for role, parts in known.items()})
    assert found.margin == pytest.approx(turned.margin, abs=1e-5)
    assert found.roles == turned.roles or found.margin == pytest.approx(MARGIN, abs=1e-5)


spans = st.lists(
    st.tuples(st.floats(0, 500), st.floats(0.1, 60), st.sampled_from(ROLES), st.floats(0, 1)), max_size=12
)


@given(spans)
def test_the_surest_stretches_are_of_one_voice_alone_and_a_minute_at_most(drawn) -> None:
    rows, ends = [], dict.fromkeys(ROLES, 0.0)
    for start, length, who, sure in sorted(drawn):
        begin = max(start, ends[who] + 0.3)
        ends[who] = begin + length
        rows.append((begin, ends[who], who, sure))
    turns = turns_table(rows)
    found = surest_stretches(turns, "client")
    others = turns[turns["speaker"] != "client"]
    seconds = np.diff(found, axis=1).sum()
    assert seconds == 0 or LEAST <= seconds <= ENOUGH + 1e-6
    for start, end in found:
        assert ((others["start"] >= end - 1e-6) | (others["end"] <= start + 1e-6)).all()


def test_taking_one_use_back_leaves_the_other_uses_of_an_agreement_in_force() -> None:
    day = dt.date(2026, 3, 4)
    data = agreements_file.append(
        b"", "client", ("record", "voice_print"), given_from=dt.date(2026, 1, 5), name="A"
    )
    after = agreements_file.parse(agreements_file.take_back(data, "client", "voice_print", on=day), "x")
    holds = {use: any(a.holds(use, day) for a in after) for use in ("record", "voice_print")}
    assert holds == {"record": True, "voice_print": False}
    assert agreements_file.take_back(data, "therapist", "voice_print", on=day) == data


MEANWHILE = {
    "left out": lambda session: enrolment.leave_out(session.journal, session.name),
    "taken back": Session.take_back_answers,
    "erased": erase_session,
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_what_is_taken_back_while_a_print_is_learnt_leaves_nothing_behind(
    mine: Journal, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    enrolment.agree(mine, "client")
    session = mine.session(FIRST)
    after(monkeypatch, enrolment, "mean_voice", lambda: MEANWHILE[what](session))
    with contextlib.suppress(NotAnalysedError):  # what it was asked for does not fit any more
        say_who(session)
    assert not mine.store.exists(f"voices/client/{FIRST}.json")
