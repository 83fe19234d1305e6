"""Notes written together: each under its own name, only ever added, apart from the client's own notes."""

from __future__ import annotations

import pytest
from conftest import root_of
from hypothesis import given
from hypothesis import strategies as st

from therapy_review import Journal
from therapy_review.errors import JournalError
from therapy_review.together_notes import FILE, NEXT, add, kept, next_time, read


def test_notes_say_when_and_by_whom_and_leave_the_clients_own_alone(journal: Journal) -> None:
    session = journal.session("2026-03-05")
    before = (root_of(journal) / session.file("notes.md")).read_bytes()
    add(session, "therapist", "The blanket, again.")
    add(session, "client", 'Ask "why", then wait,\nand wait.', NEXT)
    notes = kept(session)
    assert notes["by"].tolist() == ["therapist", "client"]
    assert notes["text"].tolist() == ["The blanket, again.", 'Ask "why", then wait,\nand wait.']
    assert notes["kind"].tolist() == ["note", "next"]
    assert notes["when"].str.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$").all()
    assert (root_of(journal) / session.file("notes.md")).read_bytes() == before


def test_what_stands_in_the_file_stays_byte_for_byte(journal: Journal) -> None:
    session = journal.session("2026-03-05")
    name = session.file(FILE)
    mine = b"when,by,kind,text,mine\n2026-03-05,client,note,Old,x"
    journal.store.write(name, mine)
    add(session, "client", "New")
    assert journal.store.read(name).startswith(mine + b"\n")
    assert kept(session)["text"].tolist() == ["Old", "New"]


def test_without_a_word_nothing_is_written(journal: Journal) -> None:
    session = journal.session("2026-03-05")
    add(session, "client", " \n")
    assert not journal.store.exists(session.file(FILE))


def test_a_file_that_cannot_be_read_is_not_added_to(journal: Journal) -> None:
    session = journal.session("2026-03-05")
    journal.store.write(session.file(FILE), b"text\nHello\n")
    with pytest.raises(JournalError, match="should be a table"):
        add(session, "client", "New")
    assert journal.store.read(session.file(FILE)) == b"text\nHello\n"


def test_next_time_are_the_notes_of_the_newest_session_that_has_any(journal: Journal) -> None:
    add(journal.session("2026-02-26"), "client", "Older", NEXT)
    add(journal.session("2026-03-05"), "client", "No plan")
    assert next_time(journal)["text"].tolist() == ["Older"]
    add(journal.session("2026-03-05"), "therapist", "Newer", NEXT)
    assert next_time(journal)["text"].tolist() == ["Newer"]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")))
def test_any_words_come_back_as_they_were(text: str) -> None:
    import csv
    import io

    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(["now", "client", "note", text])
    (found,) = read(b"when,by,kind,text\n" + line.getvalue().encode(), FILE)["text"]
    assert found == text
