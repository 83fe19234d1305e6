"""Marks: what the client put at a time stays as it was put, whoever else writes into the file."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from tests.support.examples import examples
from therapy_review import Journal, Session
from therapy_review.errors import JournalError, MarkError
from therapy_review.journal.marks import (
    KINDS,
    Mark,
    add,
    change,
    closed_stretches,
    marks_in,
    no_marks,
    read,
    remove,
    written,
)

BY_HAND = (
    b"\xef\xbb\xbfcolour,start,kind,text,end\r\n"
    b'red,60,proud,"I said no, and meant it",62.5\r\n'
    b"NA,12.25,something odd,,\r\n"
)
unhurried = examples(80)
words = st.text(max_size=20) | st.text(alphabet=",;\"'\r\n\t #=0é🌊\\", max_size=12) | st.just("NA")
times = st.integers(0, 4_000_000).map(lambda ms: ms / 1000)


@st.composite
def marks(draw: st.DrawFn) -> Mark:
    start = draw(times)
    end = draw(st.just(math.nan) | st.integers(1, 90_000).map(lambda ms: start + ms / 1000))
    kind = draw(st.sampled_from(KINDS) | words.filter(lambda word: word.replace("\0", "").strip()))
    return Mark(start, end, kind, draw(words), draw(words))


@pytest.fixture
def session(journal: Journal) -> Session:
    return journal.session("2026-03-05")


def put(session: Session, data: bytes) -> None:
    session.journal.store.write(session.file("marks.csv"), data)


def table_of(some: list[Mark]) -> pd.DataFrame:
    table = no_marks()
    for mark in some:
        table = add(table, mark)
    return table


@unhurried
@given(st.lists(marks(), max_size=6))
def test_every_word_comes_back_from_the_file_as_it_was_put(some):
    again = read(written(table_of(some)), "marks.csv")
    assert marks_in(again) == some
    assert not again[["kind", "label", "text"]].isna().any(axis=None)
    assert written(again) == written(table_of(some))


@unhurried
@given(st.lists(marks(), max_size=5), st.lists(st.booleans(), max_size=5), marks())
def test_a_change_after_an_edit_from_outside_loses_nothing(some, left, after):
    before = some[0] if some else after
    outside = table_of([mark for mark, stays in zip(some, left, strict=False) if stays])
    changed = marks_in(change(outside, before, after))
    assert after in changed
    rest = marks_in(outside)
    if before in rest:
        rest[rest.index(before)] = after
    assert changed[: len(rest)] == rest


@unhurried
@given(st.lists(marks(), max_size=5), marks())
def test_what_is_added_and_removed_leaves_the_rest_as_it_was(some, mark):
    table = table_of(some)
    gone = remove(add(table, mark), mark)
    assert sorted(map(repr, marks_in(gone))) == sorted(map(repr, some))
    assert len(remove(no_marks(), mark)) == 0


def test_a_file_written_by_hand_keeps_its_columns_its_kinds_and_its_order(session):
    put(session, BY_HAND)
    session.add_mark(Mark(5, math.nan, "bookmark", "here"))
    table = session.marks
    assert table["kind"].tolist() == ["proud", "something odd", "bookmark"]
    assert table["colour"].tolist() == ["red", "NA", ""]
    assert table["text"].tolist() == ["I said no, and meant it", "", ""]
    assert list(table.columns[:5]) == ["colour", "start", "kind", "text", "end"]
    assert session.journal.store.read(session.file("marks.csv")).splitlines()[1].startswith(b"red,60,proud,")


def test_changing_a_mark_keeps_its_place_and_what_other_columns_say_of_it(session):
    put(session, BY_HAND)
    first = marks_in(session.marks)[0]
    session.change_mark(first, Mark(61, 70, "question", "why?"))
    assert marks_in(session.marks)[0] == Mark(61, 70, "question", "why?")
    assert session.marks["colour"].tolist() == ["red", "NA"]
    session.remove_mark(Mark(61, 70, "question", "why?"))
    assert session.marks["kind"].tolist() == ["something odd"]


def test_a_mark_that_another_program_took_away_is_put_back_by_changing_it(session):
    here = Mark(60, math.nan, "bookmark", "here")
    session.add_mark(here)
    put(session, BY_HAND)
    session.change_mark(here, Mark(60, math.nan, "bookmark", "here it turned"))
    assert session.marks["label"].tolist() == ["", "", "here it turned"]


def test_the_same_change_from_two_windows_is_made_once():
    here, there = Mark(60, math.nan, "bookmark"), Mark(64, math.nan, "bookmark")
    table = change(table_of([here]), here, there)
    assert marks_in(change(table, here, there)) == [there]


def test_of_two_marks_that_are_alike_one_is_removed():
    here = Mark(60, math.nan, "bookmark")
    assert marks_in(remove(table_of([here, here]), here)) == [here]


def test_removing_what_is_gone_does_not_touch_the_file(session):
    session.remove_mark(Mark(60, math.nan, "bookmark"))
    assert not session.journal.store.exists(session.file("marks.csv"))
    put(session, BY_HAND)
    session.remove_mark(Mark(60, math.nan, "bookmark"))
    assert session.journal.store.read(session.file("marks.csv")) == BY_HAND


@pytest.mark.parametrize(
    ("damaged", "to_mend"),
    [
        (b"", "be a table"),
        (b"start,end\n1,2\n", "be a table"),
        (b"start,kind\nsoon,bookmark\n", "its numbers"),
        (b"start,end,kind,label,text\n60,,bookmark,I said no, and meant it, too\n", "double quotes"),
        (b"start,kind\n1,bookmark\n2,bookmark,more\n", "double quotes"),
        (b'start,kind,text\n1,bookmark,"never closed\n', "double quotes"),
        ("start,kind\n1,café\n".encode("latin-1"), "UTF-8"),
        (b"start,end,kind\n9,3,bookmark\n", "from 9.0 s to 3.0 s"),
        (b"start,end,kind\n-3,,bookmark\n", "can't begin at -3.0 s"),
        (b"start,end,kind\n,,bookmark\n", "can't begin at nan s"),
        (b"start,end,kind\n3,,\n", "of no kind"),
    ],
)
def test_a_damaged_file_says_what_to_mend_and_is_never_overwritten(session, damaged, to_mend):
    put(session, damaged)
    here = Mark(60, math.nan, "bookmark")
    for act in (
        lambda: session.add_mark(here),
        lambda: session.change_mark(here, here),
        lambda: session.remove_mark(here),
        lambda: session.marks,
    ):
        with pytest.raises(JournalError, match=r"practice/sessions/2026-03-05/marks\.csv") as caught:
            act()
        assert to_mend in str(caught.value)
        assert "\n" not in str(caught.value)
    assert session.journal.store.read(session.file("marks.csv")) == damaged


@pytest.mark.parametrize(
    ("start", "end", "kind"),
    [
        (-1, 2, "bookmark"),
        (math.nan, 2, "bookmark"),
        (math.inf, math.nan, "bookmark"),
        (2, 2.0004, "bookmark"),
        (2, math.inf, "bookmark"),
        (2, 1, "bookmark"),
        (2, 3, " "),
    ],
)
def test_a_mark_without_place_or_kind_can_not_be_made(start, end, kind):
    with pytest.raises(MarkError):
        Mark(start, end, kind)


def test_marks_are_equal_to_the_millisecond_with_and_without_an_end():
    assert Mark(60.0001, math.nan, "bookmark") == Mark(60, float("nan"), "bookmark")
    assert len({Mark(60.0001, np.nan, "bookmark"), Mark(60, float("nan"), "bookmark")}) == 1
    assert Mark(60, math.nan, "bookmark") != Mark(60, 61, "bookmark")


def test_half_an_emoji_does_not_keep_a_mark_from_being_written():
    mark = Mark(60, math.nan, "bookmark", "🌊"[:1] + "\ud83c", "one\r\ntwo\0")
    assert (mark.label, mark.text) == ("🌊", "one\ntwo")
    assert marks_in(read(written(table_of([mark])), "marks.csv")) == [mark]


def test_a_trigger_stays_silent_from_just_before_it_for_at_least_five_seconds():
    assert closed_stretches(table_of([Mark(60, math.nan, "trigger")])) == [(58.0, 65.0)]
    assert closed_stretches(table_of([Mark(60, 61, "trigger")])) == [(58.0, 65.0)]
    assert closed_stretches(table_of([Mark(1, 30, "trigger")])) == [(0.0, 30.0)]


def test_triggers_that_overlap_are_one_silence_and_other_kinds_are_none():
    some = [
        Mark(100, 101, "trigger"),
        Mark(10, 50, "trigger"),
        Mark(20, 22, "trigger"),
        Mark(51, 53, "trigger"),
    ]
    assert closed_stretches(table_of([*some, Mark(70, 90, "bookmark")])) == [(8.0, 56.0), (98.0, 105.0)]
    assert closed_stretches(no_marks()) == []


@unhurried
@given(st.lists(marks(), max_size=6))
def test_silences_cover_every_trigger_in_order_and_apart(some):
    found = closed_stretches(table_of(some))
    assert all(a[1] < b[0] for a, b in pairwise(found))
    for mark in some:
        if mark.kind == "trigger":
            low, high = max(0, mark.start - 2), np.fmax(mark.end, mark.start + 5)
            assert any(start <= low and high <= end for start, end in found)


def test_the_clients_own_marks_need_nobodys_name_and_the_first_of_another_brings_the_column():
    own, theirs = Mark(60, math.nan, "bookmark", "mine"), Mark(90, math.nan, "question", by="therapist")
    alone = add(no_marks(), own)
    assert written(alone) == b"start,end,kind,label,text\n60,,bookmark,mine,\n"
    both = add(alone, theirs)
    assert written(both) == (b"start,end,kind,label,text,by\n60,,bookmark,mine,,\n90,,question,,,therapist\n")
    assert marks_in(read(written(both), "marks.csv")) == [own, theirs]


def test_two_alike_of_two_people_are_two_and_each_is_changed_alone():
    own = Mark(60, math.nan, "bookmark")
    theirs = Mark(60, math.nan, "bookmark", by="therapist")
    both = add(add(no_marks(), own), theirs)
    after = Mark(60, math.nan, "question", by="therapist")
    assert marks_in(change(both, theirs, after)) == [own, after]
    assert marks_in(remove(both, theirs)) == [own]
