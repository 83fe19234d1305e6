"""Opened: closed by default, remembered exactly, and never more than was chosen."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from tests.conftest import root_of
from tests.support.examples import examples
from therapy_review import Journal
from therapy_review.errors import JournalError
from therapy_review.pages.visibility import (
    FIGURES,
    FILE,
    MARKS,
    NOTES,
    PARTS,
    Opened,
    remember,
    remembered,
    written,
)
from therapy_review.trends.overview import Way, way

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1)
OPENED = st.builds(
    Opened,
    st.frozensets(WORDS),
    st.frozensets(st.sampled_from(["phq9", "gad7", "my own"])),
    st.dictionaries(
        st.dates().map(str), st.frozensets(st.sampled_from(sorted(PARTS)), min_size=1), max_size=5
    ),
    st.frozensets(st.one_of(st.just(""), WORDS)),
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


def note(journal: Journal, number: int, **what: str) -> str:
    """Put something into the head of a session's notes; tell the session's name."""
    session = journal.sessions[number]
    session.save_notes(session.notes.changed(**what))
    return session.name


def phases(journal: Journal, *read: str, measure: str = "mood_after") -> list[str]:
    """The phases of all sessions, of which some have their notes opened."""
    every = {s.name: frozenset({FIGURES, NOTES} if s.name in read else {FIGURES}) for s in journal.sessions}
    return Opened(sessions=every).of(way(journal)).of(measure)["phase"].tolist()


def test_a_phase_has_a_plain_name_until_the_notes_that_name_it_are_opened(journal: Journal) -> None:
    first = note(journal, 0, therapist="Dana")
    walked = note(journal, 3, setting="walking by the grave")
    new = note(journal, 5, therapist="Daniel")
    first_way, other, third = "as at first", "in another way", "in a third way"
    assert phases(journal) == [first_way] * 3 + [other] + [first_way] + [third] * 3
    # What lasts is named in one note and counts for sessions after it: theirs being opened is not enough.
    assert phases(journal, *[s.name for s in journal.sessions[6:]]) == phases(journal)
    assert phases(journal, new) == [first_way] * 3 + [other] + [first_way] + ["Daniel"] * 3
    assert phases(journal, walked) == phases(journal)  # of its two parts one stands in the first note
    assert (
        phases(journal, first, walked) == ["Dana"] * 3 + ["Dana, walking by the grave", "Dana"] + [third] * 3
    )
    assert phases(journal, first, walked, new)[-1] == "Daniel"


def test_no_word_of_notes_that_are_not_opened_is_left_in_any_column(journal: Journal) -> None:
    note(journal, 0, therapist="Dana")
    note(journal, 3, setting="hospice")
    note(journal, 5, therapist="Daniel", microphone="sock")
    every = Opened(sessions={session.name: frozenset({FIGURES}) for session in journal.sessions})
    left = every.of(way(journal))
    said = " ".join(table.to_csv() for table in (left.measured, left.tags, left.proud)) + repr(left.words)
    assert not [words for words in ("Dana", "hospice", "Daniel", "sock") if words in said]


def test_without_words_of_the_notes_phases_keep_their_names(journal: Journal) -> None:
    assert phases(journal) == [""] * 8
    note(journal, 3, setting="walking")
    assert phases(journal)[2:5] == ["as at first", "in another way", "as at first"]
    assert phases(journal, journal.sessions[3].name)[2:5] == ["nothing noted", "walking", "nothing noted"]


@given(st.lists(st.sampled_from("abcd"), min_size=8, max_size=8))
@examples(30)
def test_plain_names_break_a_line_where_their_own_names_do(settings_of: list[str]) -> None:
    names = [f"2026-01-0{n}" for n in range(1, 9)]
    told = pd.DataFrame(
        {"session": names, "date": pd.to_datetime(names), "measure": "mood_after", "speaker": ""}
    ).assign(value=5.0, unit="points", phase=settings_of, which=[f"noted as {way}" for way in settings_of])
    nothing = told[["session", "date"]].assign(tag="", start=0.0)
    words = {name: {word: name} for name, word in zip(names, settings_of, strict=True)}
    every = Opened(sessions={name: frozenset({FIGURES}) for name in names})
    opened = every.of(Way(told, nothing, nothing, {}, words)).measured
    plain = opened["phase"].tolist()
    assert not [said for said in opened["which"] if said.startswith("noted as") and said[-1] in "abcd"]
    assert len(set(zip(plain, settings_of, strict=True))) == len(set(plain)) == len(set(settings_of))
    assert not set(plain) & set(settings_of)


def test_the_file_is_one_a_person_can_read(journal: Journal) -> None:
    remember(journal, Opened(frozenset({"calm"}), sessions={"2026-03-05": frozenset({NOTES, FIGURES})}))
    text = (root_of(journal) / FILE).read_text()
    assert "opens nothing" in text
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
