"""Letters: kept word for word, one below the other, and never written over."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, strategies as st

from tests.conftest import root_of
from therapy_review import Journal
from therapy_review.errors import JournalError
from therapy_review.journal.letters import FILE, Letter, Writing, read, written

DAY = dt.date(2026, 3, 5)


def kept(journal: Journal) -> str:
    return (root_of(journal) / FILE).read_text(encoding="utf-8")


def test_a_letter_is_kept_at_once_under_its_day(journal: Journal) -> None:
    Writing(journal).keep("You were so tired.")
    assert read(kept(journal)) == [Letter(journal.today(), "You were so tired.")]


def test_writing_on_changes_this_letter_and_no_other(journal: Journal) -> None:
    Writing(journal).keep("The first.")
    second = Writing(journal)
    second.keep("The sec")
    second.keep("The second.\n\nWith more.")
    assert [letter.text for letter in read(kept(journal))] == ["The first.", "The second.\n\nWith more."]


def test_an_emptied_field_takes_nothing_away(journal: Journal) -> None:
    writing = Writing(journal)
    writing.keep("Stays.")
    writing.keep("  \n")
    assert [letter.text for letter in read(kept(journal))] == ["Stays."]


def test_what_another_program_put_below_stays_and_so_does_the_letter(journal: Journal) -> None:
    writing = Writing(journal)
    writing.keep("Begun here.")
    path = root_of(journal) / FILE
    path.write_text(f"{path.read_text()}\nPut there in an editor.\n", encoding="utf-8")
    writing.keep("Begun here, and ended.")
    text = kept(journal)
    assert "Begun here.\n\nPut there in an editor." in text
    assert text.endswith("Begun here, and ended.\n")


def test_text_of_the_clients_own_above_the_first_letter_stays(journal: Journal) -> None:
    journal.store.write(FILE, b"# My letters")
    Writing(journal).keep("Hello.")
    assert kept(journal).startswith("# My letters\n\n## ")


def test_the_letters_before_are_there_to_read_without_the_one_being_written(journal: Journal) -> None:
    Writing(journal).keep("Before.")
    writing = Writing(journal)
    writing.keep("Now.")
    assert [letter.text for letter in writing.earlier] == ["Before."]


def test_a_file_that_cannot_be_read_is_left_alone_and_said(journal: Journal) -> None:
    journal.store.write(FILE, b"\xff\xfe")
    with pytest.raises(JournalError, match="UTF-8"):
        Writing(journal).keep("Hello.")
    assert (root_of(journal) / FILE).read_bytes() == b"\xff\xfe"


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1), max_size=4))
def test_what_is_written_is_read_again(texts: list[str]) -> None:
    letters = [Letter(DAY, text.strip()) for text in texts if text.strip() and "\n## " not in f"\n{text}"]
    assert read("\n".join(map(written, letters))) == letters


def test_a_line_that_looks_like_a_day_begins_no_other_letter() -> None:
    letter = Letter(DAY, "Dear\n## 2020-01-01\nyou")
    assert len(read(written(letter))) == 1
