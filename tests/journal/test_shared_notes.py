"""Notes written together: each under its own name, only ever added, apart from the client's own notes."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from tests.conftest import root_of
from therapy_review import Journal, open_journal
from therapy_review.errors import JournalError
from therapy_review.journal.shared_notes import FILE, NEXT, TABLE, add, gathered, kept, next_time, others


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


def test_every_line_in_the_file_stays_byte_for_byte(journal: Journal) -> None:
    session = journal.session("2026-03-05")
    name = session.file(FILE)
    mine = b"when,by,kind,text,mine\n2026-03-05,client,note,Old,x"
    journal.store.write(name, mine)
    add(session, "client", "New")
    first, rest = journal.store.read(name).split(b"\n", 1)
    assert first == b"when,by,kind,text,mine,therapist"
    assert rest.startswith(b"2026-03-05,client,note,Old,x\n")
    add(session, "client", "Newer")
    assert journal.store.read(name).startswith(first + b"\n" + rest)
    notes = kept(session)
    assert notes["text"].tolist() == ["Old", "New", "Newer"]
    assert notes["mine"].tolist() == ["x", "", ""]
    assert notes["therapist"].tolist() == ["", "Daniel", "Daniel"]


def test_without_a_word_nothing_is_written(journal: Journal) -> None:
    session = journal.session("2026-03-05")
    add(session, "client", " \n")
    assert not journal.store.exists(session.file(FILE))


def test_a_file_that_cannot_be_read_is_not_added_to(journal: Journal) -> None:
    session = journal.session("2026-03-05")
    journal.store.write(session.file(FILE), b"text\nHello\n")
    with pytest.raises(JournalError, match="be a table"):
        add(session, "client", "New")
    assert journal.store.read(session.file(FILE)) == b"text\nHello\n"


@pytest.mark.parametrize(
    "head", [b"\xef\xbb\xbfkind,text,by,when\r\n", b'"when",by,kind,"text"\n', b"when,by,kind,text"]
)
def test_a_file_written_by_hand_in_other_ways_is_added_to_in_its_own_order(
    journal: Journal, head: bytes
) -> None:
    session = journal.session("2026-03-05")
    journal.store.write(session.file(FILE), head)
    add(session, "therapist", "New")
    (note,) = kept(session)[["by", "kind", "text", "therapist"]].to_numpy().tolist()
    assert note == ["therapist", "note", "New", "Daniel"]


def called(journal: Journal, therapist: str) -> Journal:
    """The same journal after its therapist changed."""
    text = (root_of(journal) / "journal.toml").read_text()
    old = f'therapist = "{journal.therapist}"'
    (root_of(journal) / "journal.toml").write_text(text.replace(old, f'therapist = "{therapist}"'))
    return open_journal(root_of(journal))


def test_next_time_are_the_notes_of_the_newest_session_that_has_any_with_that_therapist(
    journal: Journal,
) -> None:
    def texts(journal: Journal, who: str) -> list[str]:
        return next_time(gathered(journal)[0], who)["text"].tolist()

    add(journal.session("2026-02-26"), "client", "Older", NEXT)
    add(journal.session("2026-03-05"), "client", "No plan")
    assert texts(journal, "Daniel") == ["Older"]
    add(journal.session("2026-03-05"), "therapist", "Newer", NEXT)
    assert texts(journal, "Daniel") == ["Newer"]
    later = called(journal, "Dana")
    assert texts(later, "Dana") == []
    add(later.session("2026-03-05"), "therapist", "Newest", NEXT)
    assert (texts(later, "Dana"), texts(later, "Daniel")) == (["Newest"], ["Newer"])
    assert (others(journal), others(later)) == (["Dana"], ["Daniel"])


def test_notes_from_before_names_were_kept_are_nobodys(journal: Journal) -> None:
    name = journal.session("2026-03-05").file(FILE)
    journal.store.write(name, b"when,by,kind,text\n2026-03-05,therapist,next,Old\n")
    assert others(journal) == [""]
    notes, _ = gathered(journal)
    assert next_time(notes, "")["text"].tolist() == ["Old"]
    assert next_time(notes, "Daniel").empty


def test_a_file_that_cannot_be_read_is_said_and_the_others_count(journal: Journal) -> None:
    journal.store.write(journal.session("2026-02-26").file(FILE), b"text\nHello\n")
    add(journal.session("2026-03-05"), "client", "There")
    notes, problems = gathered(journal)
    assert notes["text"].tolist() == ["There"]
    assert len(problems) == 1
    assert "2026-02-26" in problems[0]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")))
def test_any_words_come_back_as_they_were(text: str) -> None:
    import csv
    import io

    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(["now", "client", "note", text])
    (found,) = TABLE.read(b"when,by,kind,text\n" + line.getvalue().encode(), FILE)["text"]
    assert found == text
