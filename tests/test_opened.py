"""Opened: closed by default, remembered exactly, and never more than was chosen."""

from __future__ import annotations

import datetime as dt

import pytest
from conftest import root_of
from hypothesis import given
from hypothesis import strategies as st

from therapy_review import Journal
from therapy_review.errors import JournalError
from therapy_review.opened import FIGURES, FILE, MARKS, NOTES, PARTS, Opened, remember, remembered, written
from therapy_review.path import way

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1)
OPENED = st.builds(
    Opened,
    st.frozensets(WORDS),
    st.frozensets(st.sampled_from(["phq9", "gad7", "my own"])),
    st.dictionaries(
        st.dates().map(str), st.frozensets(st.sampled_from(sorted(PARTS)), min_size=1), max_size=5
    ),
)


class OneFile:
    """A store of one file, in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def exists(self, name: str) -> bool:
        return name == FILE

    def read(self, name: str) -> bytes:
        return self.data

    def where(self, name: str) -> str:
        return name


class InMemory:
    def __init__(self, data: bytes) -> None:
        self.store = OneFile(data)


@given(OPENED)
def test_what_is_remembered_is_what_was_chosen(opened: Opened) -> None:
    assert remembered(InMemory(written(opened, dt.date(2026, 3, 5)))) == opened  # type: ignore[arg-type]


def test_at_first_nothing_is_opened(journal: Journal) -> None:
    assert remembered(journal) == Opened()
    kept = Opened().of(way(journal))
    assert kept.sessions.empty
    assert kept.measured.empty
    assert kept.proud.empty


def test_only_opened_words_of_opened_sessions_are_left(journal: Journal) -> None:
    opened = Opened(frozenset({"proud"}), sessions={"2026-02-26": frozenset({FIGURES})})
    kept = opened.of(way(journal))
    assert kept.tags[["session", "tag"]].to_numpy().tolist() == [["2026-02-26", "proud"], ["2026-02-26", ""]]
    assert [tag for tags in kept.groups.values() for tag in tags] == ["proud"]
    assert set(kept.measured["session"]) == {"2026-02-26"}


def test_a_questionnaire_is_there_only_when_it_is_opened(journal: Journal) -> None:
    every = {session.name: frozenset({FIGURES}) for session in journal.sessions}
    assert Opened(sessions=every).of(way(journal)).scales == []
    assert Opened(scales=frozenset({"phq9"}), sessions=every).of(way(journal)).scales == ["phq9"]


def test_proud_moments_are_there_only_where_the_marks_are_opened(journal: Journal) -> None:
    for name in ("2026-02-26", "2026-03-05"):
        journal.store.write(f"sessions/{name}/marks.csv", b"start,kind\n60,proud moment\n")
    opened = Opened(
        sessions={"2026-02-26": frozenset({FIGURES, MARKS}), "2026-03-05": frozenset({FIGURES, NOTES})}
    )
    assert opened.of(way(journal)).proud["session"].tolist() == ["2026-02-26"]


def test_the_file_is_one_a_person_can_read(journal: Journal) -> None:
    remember(journal, Opened(frozenset({"calm"}), sessions={"2026-03-05": frozenset({NOTES, FIGURES})}))
    text = (root_of(journal) / FILE).read_text()
    assert "opens nothing by itself" in text
    assert 'tags = ["calm"]' in text
    assert '2026-03-05 = ["figures", "notes"]' in text


HARMED = [b"tags = [", b"tags = 3\n", b"[[sessions]]\n", b'[sessions]\na = "notes"\n', b"\xff"]


@pytest.mark.parametrize("harmed", HARMED)
def test_a_file_that_cannot_be_understood_opens_nothing_and_is_said(journal: Journal, harmed: bytes) -> None:
    journal.store.write(FILE, harmed)
    with pytest.raises(JournalError, match="nothing is opened"):
        remembered(journal)


def test_parts_nobody_knows_open_nothing(journal: Journal) -> None:
    journal.store.write(FILE, b'[sessions]\n2026-03-05 = ["everything"]\n')
    assert remembered(journal) == Opened()
