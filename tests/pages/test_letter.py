"""Words: the letters say what is there, in the client's own words, and never what it means."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given, strategies as st
from syrupy.assertion import SnapshotAssertion

from tests.conftest import root_of
from therapy_review import Journal, Session, hints, wording
from therapy_review.consent import agreements_file
from therapy_review.journal.notes import MOODS
from therapy_review.pages import letter

JUDGING = re.compile(
    r"\b(better|worse|good|bad|improv\w*|progress\w*|declin\w*|fail\w*|should|too (much|long)|only|normal"
    r"|healthy|symptom\w*|depress\w*|anxi\w*|succe\w*|unfortunately|great|well done)\b",
    re.IGNORECASE,
)


def written(journal: Journal, name: str, **what: object) -> Session:
    session = Session(name, journal)
    session.save_notes(session.notes.changed(**what))
    return session


def test_the_sentences_of_a_letter(heard: Journal, snapshot: SnapshotAssertion) -> None:
    session = heard.session("2026-03-05")
    said = [
        letter.opening(heard, session.week, [session], "nothing sounds"),
        letter.opening(heard, "2026-W04", []),
        letter.opening(heard, "", []),
        letter.session_heading(session),
        letter.what_it_held(session),
        letter.changes(session),
        letter.changes(heard.sessions[0]),
    ]
    # Its figures are asked for below: those of the engine may change.
    assert re.sub(r"\d+", "#", "\n\n".join(said)) == snapshot


def test_the_week_of_a_letter_is_named_by_its_first_and_last_day(journal: Journal) -> None:
    assert "<h1>Your week, 2 to 8 March 2026</h1>" in letter.opening(journal, "2026-W10", [])
    assert "<h1>Your week, 30 March to 5 April 2026</h1>" in letter.opening(journal, "2026-W14", [])
    assert "<h1>Your week, 28 December to 3 January 2027</h1>" in letter.opening(journal, "2026-W53", [])


def test_a_missed_week_brings_back_what_was_to_be_brought(journal: Journal) -> None:
    written(journal, "2026-01-15", bring_next="The dream\n\nand <Sam>")
    said = letter.opening(journal, "2026-W04", [])
    assert "<blockquote>The dream<br><br>and &lt;Sam&gt;</blockquote>" in said


def test_a_session_is_named_by_its_day_and_by_what_is_kept_of_it(journal: Journal) -> None:
    assert "recording and notes" in letter.session_heading(journal.session("2026-03-05"))
    assert "kept as notes" in letter.session_heading(journal.session("2026-02-12"))


def test_a_second_session_that_day_says_so(journal: Journal) -> None:
    assert letter.which(Session("2026-03-05", journal)) == "<h3>Thursday 5 March</h3>"
    assert letter.which(Session("2026-03-05-3", journal)) == "<h3>Thursday 5 March, the third that day</h3>"


def test_what_a_session_held_is_told_in_the_clients_words_and_a_few_figures(heard: Journal) -> None:
    said = letter.what_it_held(heard.session("2026-03-05"))
    assert "mood at 6" in said
    assert "calm, tender, hopeful, proud." in said
    assert re.search(r"[34]:\d\d minutes", said)
    assert "Sam said" not in said  # the first paragraph; the whole stands further down


def test_of_what_was_not_written_nothing_is_said(journal: Journal) -> None:
    said = letter.what_it_held(Session("2026-01-01", journal))
    assert said == "<p>You met Daniel on Thursday 1 January 2026.</p>"


@pytest.mark.parametrize("given", [{"mood_before": 4}, {"mood_after": 4}])
def test_one_mood_alone_is_said_alone(journal: Journal, given: dict[str, int]) -> None:
    session = written(journal, "2026-01-01", **given)
    assert "mood at 4, of 10." in letter.what_it_held(session)


def test_names_and_words_of_people_are_text_and_never_markup(journal: Journal) -> None:
    journal.settings = {**journal.settings, "client": "<b>K</b>", "therapist": "D & <i>"}
    session = written(journal, "2026-01-01", tags=("<u>calm</u>",), text="<script>\n", bring_next="<p>")
    later = written(journal, "2026-01-02", tags=("a<b",))
    said = [
        letter.opening(journal, "2026-W01", [session]),
        letter.session_heading(session),
        letter.what_it_held(session),
        letter.what_it_held(later),
        letter.changes(later),
    ]
    for unsafe in ("<b>K", "<i>", "<u>", "<script>", "<p></blockquote>", "a<b"):
        assert unsafe not in "".join(said)
    assert "&lt;b&gt;K&lt;/b&gt;" in said[0]


def test_the_first_session_has_nothing_beside_it(journal: Journal) -> None:
    assert "first session here" in letter.changes(journal.session("2026-01-08"))


def test_differences_are_said_with_both_values_and_that_two_sessions_always_differ(heard: Journal) -> None:
    said = letter.changes(heard.session("2026-03-05"))
    assert "mood at 7; then it was 6" in said
    assert re.search(r" \d\d% was yours; then \d\d%\.", said)
    assert re.search(r" \d+; then \d+\.", said)


def test_where_a_week_has_no_words_none_are_called_gone(journal: Journal) -> None:
    written(journal, "2026-01-01", tags=("calm",), mood_after=5)
    assert "Not named" not in letter.changes(written(journal, "2026-01-02", mood_after=5))


def test_with_too_little_written_that_is_said(journal: Journal) -> None:
    written(journal, "2026-01-01", text="A.\n")
    assert "too little" in letter.changes(written(journal, "2026-01-02", text="B.\n"))


@given(st.sampled_from(MOODS), st.sampled_from(MOODS))
def test_a_change_of_mood_names_both_and_takes_no_side(now: int, then: int) -> None:
    said = letter._mood_change(now, then)
    assert str(now) in said
    assert str(then) in said
    assert not JUDGING.search(said)


def test_no_letter_judges(heard: Journal) -> None:
    journal = heard
    for session in journal.sessions:
        said = [
            letter.what_it_held(session),
            letter.changes(session),
            letter.opening(journal, session.week, []),
        ]
        own_words = "\n".join(said).split("<blockquote>")
        ours = own_words[0] + "".join(part.split("</blockquote>", 1)[1] for part in own_words[1:])
        assert not JUDGING.search(ours), JUDGING.search(ours)


def test_a_day_is_written_in_words() -> None:
    assert wording.day(dt.date(2026, 12, 1)) == "Tuesday 1 December 2026"


def test_an_agreement_that_ends_soon_is_said_gently_with_what_to_do(journal: Journal) -> None:
    assert letter.agreements_ending(journal) == ""
    today = journal.today()
    first = today - dt.timedelta(days=30)
    data = agreements_file.append(
        b"",
        "therapist",
        ["self_review", "report"],
        given_from=first,
        until=today + dt.timedelta(days=5),
        name="D",
    )
    data = agreements_file.append(data, "Sam <3", ["record"], given_from=first, until=today, name="")
    journal.store.write(agreements_file.FILE, data)
    said = letter.agreements_ending(journal)
    assert f"On {wording.day(today + dt.timedelta(days=5))}, the agreement of Daniel" in said
    assert "listening again and reports" in said
    assert said.index("Sam &lt;3") < said.index("Daniel")  # the sooner one first
    assert f"<code>{hints.command('consent', 'add', journal=root_of(journal))}</code>" in said
    assert not JUDGING.search(said)


def test_no_figure_is_told_of_a_session_somebody_has_not_agreed_to(heard: Journal) -> None:
    session = heard.session("2026-03-05")
    assert "three seconds" in letter.changes(session)
    assert "the first word" in letter.what_it_held(session, "report")
    heard.keep_agreements(
        lambda data: agreements_file.take_back(data, "therapist", "report", on=heard.today())
    )
    assert "the first word" not in letter.what_it_held(session, "report")
    assert "three seconds" not in letter.changes(session, "report")
    assert "the first word" in letter.what_it_held(session)
    assert "with your mood" in letter.what_it_held(session, "report")  # the client's own to tell


def test_words_for_moods_are_left_out_with_the_other_words_of_ones_own(heard: Journal) -> None:
    session = heard.session("2026-03-05")
    assert "tender" in letter.what_it_held(session)
    assert "words for it" not in letter.what_it_held(session, private_notes="left out")
    assert "among your words" in letter.changes(session)
    assert "among your words" not in letter.changes(session, private_notes="left out")
