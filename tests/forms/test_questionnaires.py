"""Questionnaires: what is answered is kept at once, totals follow, and help is named gently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ipywidgets as w
import pytest

from tests.conftest import root_of
from tests.support.widgets import everything_in, field
from therapy_review import Journal, Session, open_journal
from therapy_review.display.still import STILL, is_still
from therapy_review.errors import JournalError
from therapy_review.forms.notes import notes_form
from therapy_review.forms.questionnaires import Questions, _Form, _read, scale_forms, where_help_is
from therapy_review.journal.scales import PHQ9


@pytest.fixture
def session(journal: Journal) -> Session:
    return journal.session("2026-03-05")  # its notes say phq9: 7


def with_settings(journal: Journal, more: str) -> Journal:
    path = root_of(journal) / "journal.toml"
    # What stands before the first part in brackets belongs to the journal itself.
    path.write_text(more + path.read_text() if not more.startswith("[") else path.read_text() + "\n" + more)
    return open_journal(root_of(journal))


def questions(form: Any) -> list[Questions]:
    return [one for one in everything_in(form) if isinstance(one, Questions)]


def words(form: Any) -> str:
    return " ".join(one.value for one in everything_in(form) if isinstance(one, w.HTML))


def scale_form(session: Session, key: str) -> Any:
    scale = session.journal.scale(key)
    return _read(session, scale) if is_still() else _Form(session, scale).box


def answer(form: Any, *answers: int | None) -> None:
    """Answer one after the other, as the page sends it."""
    (asked,) = questions(form)
    for item, given in enumerate(answers):
        answer_one(form, item, given)
    assert asked.answers == list(answers)


def answer_one(form: Any, item: int, given: int | None) -> None:
    (asked,) = questions(form)
    asked.set_state({"answers": [*asked.answers[:item], given, *asked.answers[item + 1 :]]})


def test_nothing_is_written_until_something_is_answered(session: Session) -> None:
    before = session.journal.store.read(session.file("notes.md"))
    form = scale_form(session, "phq9")
    assert questions(form)[0].answers == [None] * 9
    assert field(form, "Total").value == "7"
    assert session.journal.store.read(session.file("notes.md")) == before


def test_answers_are_kept_one_by_one_and_the_total_comes_with_the_last(session: Session) -> None:
    form = scale_form(session, "gad7")
    answer_one(form, 0, 2)
    assert session.notes.answers == {"gad7": (2, None, None, None, None, None, None)}
    assert "gad7" not in session.notes.scores
    assert "1 of 7 answered" in words(form)
    answer(form, 2, 1, 1, 3, 0, 2, 1)
    assert session.notes.answers == {"gad7": (2, 1, 1, 3, 0, 2, 1)}
    assert session.notes.scores == {"phq9": 7, "gad7": 10}
    assert field(form, "Total").value == "10"
    assert field(form, "Total").disabled


def test_a_total_from_elsewhere_stays_until_every_question_is_answered(session: Session) -> None:
    form = scale_form(session, "phq9")
    answer(form, 0, 0, 0, 1, 0, 1, 1, 0, None)
    assert session.notes.scores == {"phq9": 7}
    answer_one(form, 8, 0)
    assert session.notes.scores == {"phq9": 3}


def test_a_sum_goes_with_its_answers_and_all_can_be_left_open_again(session: Session) -> None:
    form = scale_form(session, "phq9")
    answer(form, *[1] * 9)
    answer_one(form, 2, None)
    assert session.notes.scores == {}
    assert not field(form, "Total").disabled
    answer(form, *[None] * 9)
    assert session.notes.answers == {}
    assert b"answers" not in session.journal.store.read(session.file("notes.md"))


def test_what_was_answered_before_is_there_when_the_form_is_opened_again(session: Session) -> None:
    answer(scale_form(session, "gad7"), 2, 1, None, 3, 0, 2, 1)
    again = scale_form(session, "gad7")
    assert questions(again)[0].answers == [2, 1, None, 3, 0, 2, 1]
    assert "6 of 7 answered" in words(again)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("12", 12), (" 0 ", 0), ("", None), ("28", 7), ("-1", 7), ("7,5", 7), ("many", 7), ("nan", 7)],
)
def test_a_total_alone_is_kept_when_it_is_one(session: Session, given: str, kept: int | None) -> None:
    form = scale_form(session, "phq9")
    field(form, "Total").value = given
    assert session.notes.scores.get("phq9") == kept
    assert ("Not saved" in words(form)) == (kept == 7 and given != "7")


def test_a_scale_of_the_clients_own_is_a_number_with_a_name_and_a_range(journal: Journal) -> None:
    mine = with_settings(journal, '[scales.sleep]\nname = "Hours of sleep"\nlow = 0\nhigh = 14\n')
    session = mine.session("2026-03-05")
    form = scale_form(session, "sleep")
    assert questions(form) == []
    field(form, "Total, 0 to 14").value = "7,5"
    assert session.notes.scores == {"phq9": 7, "sleep": 7.5}
    with pytest.raises(JournalError, match=r"\[scales.mood\]"):
        scale_form(session, "mood")


def test_a_client_who_wants_to_give_the_total_alone_is_asked_for_that(journal: Journal) -> None:
    mine = with_settings(journal, "[scales.phq9]\nonly_total = true\n")
    form = scale_form(mine.session("2026-03-05"), "phq9")
    assert questions(form) == []
    assert field(form, "Total, 0 to 27").value == "7"


def test_the_difference_from_the_time_before_is_told_with_what_chance_would_do(session: Session) -> None:
    assert "2 lower than on 26 February; " in words(scale_form(session, "phq9"))
    first = session.journal.session("2026-01-08")
    assert "than on" not in words(scale_form(first, "phq9"))


def with_phq9(journal: Journal, *totals: int, **more: str) -> str:
    """Write totals into the first sessions, and say what the form of the last of them says."""
    for number, score in enumerate(totals):
        extra = more.get(f"note_{number}", "")
        text = f"---\nscores: {{phq9: {score}}}\n{extra}\n---\n"
        journal.store.write(journal.sessions[number].file("notes.md"), text.encode())
    return words(scale_form(journal.sessions[len(totals) - 1], "phq9"))


def test_small_steps_that_are_none_together_are_told_beside_the_first_total(journal: Journal) -> None:
    said = with_phq9(journal, 17, 15, 13, 11)
    assert "2 lower than on 29 January; " in said
    assert "6 lower than at first, on 8 January, by more" in said


def test_beside_the_first_total_too_answers_may_vary_by_themselves(journal: Journal) -> None:
    assert "2 lower than at first, on 8 January; " in with_phq9(journal, 12, 11, 10)
    assert "at first" not in with_phq9(journal, 12, 11)  # said once


def test_a_total_from_before_another_therapist_is_not_the_first(journal: Journal) -> None:
    said = with_phq9(journal, 20, 12, 11, 5, note_1="therapist: Dana")
    assert "at first, on 15 January" in said
    apart = with_phq9(journal, 20, 12, 11, 5, note_0="setting: online", note_3="setting: online")
    assert "It is 15 lower than at first, on 8 January" in apart


# Where help is


def test_the_last_question_of_the_phq9_above_nought_names_help_and_nothing_else_does(
    session: Session,
) -> None:
    form, gentle = scale_form(session, "phq9"), "emergency number"
    answer(form, 3, 3, 3, 3, 3, 3, 3, 3, 0)
    assert gentle not in words(form)
    for above in (1, 2, 3):
        answer_one(form, 8, above)
        assert gentle in words(form)
        assert "Nothing was sent" in words(form)
    answer_one(form, 8, 0)
    assert gentle not in words(form)
    answer_one(form, 8, None)
    assert gentle not in words(form)
    anxious = scale_form(session, "gad7")
    answer(anxious, 3, 3, 3, 3, 3, 3, 3)
    assert gentle not in words(anxious)


def test_the_help_line_of_the_journal_takes_the_place_of_the_list(journal: Journal) -> None:
    assert "findahelpline.com" in where_help_is(journal)
    mine = with_settings(journal, 'help_line = "Samaritans: 116 123, at any hour"\n')
    assert "Samaritans: 116 123, at any hour. Nothing was sent" in where_help_is(mine)
    assert "findahelpline" not in where_help_is(mine)
    assert "emergency number" in where_help_is(mine)


def test_help_is_named_in_a_page_to_read_as_well(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(scale_form(session, "phq9"), 1, 0, 1, 0, 1, 0, 1, 0, 1)
    monkeypatch.setenv(STILL, "1")
    shown = scale_form(session, "phq9")
    assert "Total 5; it goes from 0 to 27." in shown.markup
    assert f"<li>{PHQ9.items[8]}: <em>Several days</em></li>" in shown.markup
    assert "emergency number" in shown.markup
    assert "emergency number" in shown.text


# Beside other forms and other programs


def test_forms_of_one_session_keep_what_the_others_saved(session: Session) -> None:
    notes, phq9, gad7 = notes_form(session), scale_form(session, "phq9"), scale_form(session, "gad7")
    field(notes, "To bring").value = "The garden."
    answer_one(gad7, 0, 1)
    field(phq9, "Total").value = "9"
    field(notes, "What I noticed").value = "It rained."
    answer_one(gad7, 1, 2)
    written = session.notes
    assert (written.bring_next, written.text) == ("The garden.", "\nIt rained.\n")
    assert (written.scores, written.answers["gad7"][:2]) == ({"phq9": 9}, (1, 2))
    assert not [one for one in session.journal.store.files(session.folder) if "kept" in one]


def test_answers_changed_by_another_program_meanwhile_are_both_kept(session: Session) -> None:
    form, store, name = scale_form(session, "phq9"), session.journal.store, session.file("notes.md")
    store.write(name, store.read(name).replace(b"phq9: 7", b"phq9: 8"))
    field(form, "Total").value = "9"
    assert session.notes.scores == {"phq9": 8}
    assert b"phq9: 9" in store.read(session.file("notes-kept-1.md"))
    assert "another program" in words(form)


def test_what_stands_beside_scores_and_answers_stays(session: Session) -> None:
    store, name = session.journal.store, session.file("notes.md")
    store.write(
        name,
        store.read(name).replace(
            b"scores: {phq9: 7}",
            b"scores:\n  phq9: 7  # by phone\n  core10: 11\n  mine: about ten\nanswers: {mine: often}",
        ),
    )
    answer(scale_form(session, "gad7"), *[0] * 7)
    text = store.read(name).decode()
    for line in (
        "  phq9: 7  # by phone\n",
        "  core10: 11\n",
        "  mine: about ten\n",
        "mine: often",
        "gad7: 0",
    ):
        assert line in text


def test_several_questionnaires_are_folded_together_and_only_filled_ones_are_printed(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = scale_forms(session)
    assert (shown.titles[:2], len(shown.titles)) == (("PHQ-9", "GAD-7"), 3)
    assert shown.selected_index is None
    monkeypatch.setenv(STILL, "1")
    assert "PHQ-9. Total 7" in scale_forms(session).markup
    assert "GAD-7" not in scale_forms(session).markup


def test_a_journal_never_names_what_the_client_answered_in_a_file_beside_the_notes(
    session: Session, tmp_path: Path
) -> None:
    before = {path for path in root_of(session.journal).rglob("*") if path.is_file()}
    answer(scale_form(session, "phq9"), *[1] * 9)
    after = {path for path in root_of(session.journal).rglob("*") if path.is_file()}
    assert {path.name for path in after - before} <= {".lock"}


def test_what_is_no_answer_on_offer_is_not_kept(session: Session) -> None:
    form = scale_form(session, "gad7")
    (asked,) = questions(form)
    asked.set_state({"answers": [9, -1, 2]})
    assert session.notes.answers == {"gad7": (None, None, 2, None, None, None, None)}
