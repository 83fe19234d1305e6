from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from therapy_review.errors import NoteChangedError, NoteError
from therapy_review.journal.journal import Journal
from therapy_review.journal.notes import parse, render_notes

ODD = (
    b"\xef\xbb\xbf---\r\nmood_before: 3   # low\r\nmy_own: 'kept'\r\ntags: [tired]\r\n---\r\n\r\n"
    b"Hello \xf0\x9f\x99\x82\r\n"
)


def test_a_note_that_did_not_change_is_written_back_byte_for_byte() -> None:
    assert render_notes(parse(ODD, "notes.md")) == ODD


def test_unknown_keys_comments_line_ends_and_bom_survive_a_change() -> None:
    changed = render_notes(parse(ODD, "notes.md").changed(mood_after=5))
    assert changed.startswith(b"\xef\xbb\xbf---\r\nmood_before: 3   # low\r\nmy_own: 'kept'\r\n")
    assert b"mood_after: 5\r\n" in changed
    assert changed.endswith("\r\n\r\nHello 🙂\r\n".encode())


def test_a_mood_of_eleven_is_said_and_the_rest_still_counts() -> None:
    notes = parse(b"---\nmood_before: 11\nmood_after: 4\n---\nText\n", "notes.md")
    assert (notes.mood_before, notes.mood_after, notes.text) == (None, 4, "Text\n")
    assert "from 1 to 10" in notes.problems[0]


def test_a_broken_header_costs_the_header_and_not_the_text() -> None:
    notes = parse(b"---\nmood_after: [6\n---\nWhat I wrote.\n", "notes.md")
    assert notes.text == "What I wrote.\n"
    assert len(notes.problems) == 1
    with pytest.raises(NoteError):
        render_notes(notes.changed(mood_after=6))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r\ufeff\x00")))
def test_any_text_is_read_back_as_it_was_written(text: str) -> None:
    body = f"Text: {text}\n"
    written = render_notes(parse(b"", "notes.md").changed(text=body, mood_after=6))
    again = parse(written, "notes.md")
    assert (again.text, again.mood_after, again.problems) == (body, 6, ())


def test_a_note_changed_by_another_program_is_not_overwritten(journal: Journal) -> None:
    session = journal.session("2026-03-05")
    mine = session.notes.changed(text="What I wrote here.\n")
    theirs = b"---\nmood_after: 2\n---\nWritten elsewhere.\n"
    journal.store.write(session.file("notes.md"), theirs)
    with pytest.raises(NoteChangedError, match=r"notes-kept-1\.md"):
        session.save_notes(mine)
    assert journal.store.read(session.file("notes.md")) == theirs
    assert b"What I wrote here." in journal.store.read(session.file("notes-kept-1.md"))


def test_what_is_written_into_a_note_with_a_broken_header_is_kept_beside_it(journal: Journal) -> None:
    session = journal.session("2026-03-05")
    journal.store.write(session.file("notes.md"), b"---\nmood_after: [6\n---\nOld.\n")
    with pytest.raises(NoteError, match="safe in"):
        session.save_notes(session.notes.changed(text="New words.\n"))
    assert b"New words." in journal.store.read(session.file("notes-kept-1.md"))


def test_scores_and_answers_are_read_by_name_and_an_odd_one_is_said_and_kept() -> None:
    source = b"---\nscores: {phq9: 12, mine: twelve}\nanswers: {gad7: [0, null, 2], odd: often}\n---\n"
    notes = parse(source, "notes.md")
    assert notes.scores == {"phq9": 12}
    assert notes.answers == {"gad7": (0, None, 2)}
    assert len(notes.problems) == 2
    changed = render_notes(notes.changed(scores={"phq9": 13, "sleep": 6.5}, answers={}))
    assert changed == b"---\nscores: {phq9: 13, mine: twelve, sleep: 6.5}\nanswers: {odd: often}\n---\n"


def test_scores_that_are_no_list_of_names_are_never_written_over() -> None:
    notes = parse(b"---\nscores: twelve\n---\nText\n", "notes.md")
    with pytest.raises(NoteError, match="twelve"):
        render_notes(notes.changed(scores={"phq9": 12}))
