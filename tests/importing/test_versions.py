"""Versions of entries: nothing comes in twice, the newer takes the place of the older, and a file's days go out."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from tests.journal.test_days import ENTRIES, file_of, same
from therapy_review.errors import ImportFileError
from therapy_review.importing import versions
from therapy_review.importing.mood_file import Entry
from therapy_review.importing.versions import (
    KEEP_BOTH,
    NEW,
    NEWER,
    OTHER,
    TAKE_NEWER,
    THERE,
    remove,
)
from therapy_review.journal.days import SIGN, none


def merge(days: pd.DataFrame, new: pd.DataFrame, how: str = TAKE_NEWER) -> pd.DataFrame:
    return versions.merge(days, new, how)[0]


def compared(days: pd.DataFrame, new: pd.DataFrame, how: str = TAKE_NEWER) -> list[str]:
    return versions.merge(days, new, how)[1]


@settings(max_examples=60)
@given(ENTRIES, ENTRIES, ENTRIES, st.sampled_from([TAKE_NEWER, KEEP_BOTH]))
def test_to_bring_in_twice_changes_nothing_and_to_remove_takes_out_what_came_with_the_file(
    hand: list[Entry], first: list[Entry], second: list[Entry], how: str
) -> None:
    by_hand = file_of(hand).assign(origin="")
    earlier, later = file_of(first), file_of(second)
    table = merge(merge(none(), by_hand), earlier)
    both = merge(table, later, how)
    assert merge(both, later, how) is both
    assert merge(both, earlier, how) is both
    assert set(compared(both, later, how)) <= {THERE}
    added = sum(one in (NEW, OTHER) for one in compared(table, later, how))
    assert len(both) == len(table) + added
    # What the client wrote stays to the letter, and no word of a note goes away.
    mine = both[both["origin"] == ""].drop(columns=SIGN, errors="ignore").reset_index(drop=True)
    assert same(mine, by_hand.sort_values(["date", "time"], kind="stable", ignore_index=True))
    assert all(any(note in one for one in both["note"]) for note in table["note"])
    if len(later):
        left = remove(both, later["origin"].iloc[0])
        assert left[["date", "time", "origin"]].equals(table[["date", "time", "origin"]])
        if how == KEEP_BOTH:
            assert same(left, table)


@settings(max_examples=60)
@given(ENTRIES, ENTRIES)
def test_a_longer_export_adds_only_what_is_new(old: list[Entry], new: list[Entry]) -> None:
    table = merge(none(), file_of(old))
    longer = file_of([*new, *old])
    both = merge(table, longer)
    assert len(both) == len(longer)
    assert compared(table, longer).count(THERE) >= len(old)


def test_entries_alike_in_one_minute_are_both_kept() -> None:
    twice = file_of([Entry("2026-03-04", "20:39", 5, "meh")] * 2)
    assert len(merge(none(), twice)) == 2
    assert len(merge(merge(none(), twice), twice)) == 2


def entry(time: str, name: str, *tags: str, note: str = "", day: str = "2026-03-04") -> Entry:
    return Entry(day, time, 5, name, tags, note)


def test_an_entry_that_was_changed_elsewhere_takes_its_place_or_stands_beside_it() -> None:
    before = merge(none(), file_of([entry("20:39", "meh", note="Rain")]))
    changed = file_of(
        [entry("20:39", "meh", note="Rain, then sun."), entry("20:39", "meh", day="2026-03-05")]
    )
    assert compared(before, changed) == [NEWER, NEW]
    assert compared(before, changed, KEEP_BOTH) == [OTHER, NEW]
    after = merge(before, changed)
    assert after["note"].tolist() == ["Rain, then sun.", ""]
    assert len(merge(before, changed, KEEP_BOTH)) == 3
    assert compared(after, file_of([entry("20:39", "meh", note="Rain")])) == [THERE]
    with pytest.raises(ImportFileError, match="keep both"):
        merge(before, changed, "the older")


def test_a_note_is_not_lost_to_another_one() -> None:
    before = merge(none(), file_of([entry("20:39", "meh", note="Rain")]))
    assert compared(before, file_of([entry("20:39", "meh", note="Sun")])) == [OTHER]
    assert compared(before, file_of([entry("20:39", "meh")])) == [OTHER]


def test_two_entries_in_one_minute_are_told_apart() -> None:
    before = merge(none(), file_of([entry("20:39", "meh"), entry("20:39", "rad")]))
    after = merge(before, file_of([entry("20:39", "so lala"), entry("20:39", "rad")]))
    assert after["mood_name"].tolist() == ["so lala", "rad"]


def test_without_a_time_only_what_is_alike_is_taken_for_a_version() -> None:
    before = merge(none(), file_of([entry("", "meh", "walk"), entry("", "meh"), entry("", "7")]))
    new = file_of([entry("", "so lala", "walk"), entry("", "so lala", "Sam"), entry("", "8")])
    assert compared(before, new) == [NEWER, NEW, NEW]


def test_an_entry_without_a_sign_may_be_the_clients_own_and_is_not_replaced() -> None:
    before = merge(none(), file_of([entry("20:39", "meh")])).drop(columns=SIGN)
    assert compared(before, file_of([entry("20:39", "so lala")])) == [OTHER]


def test_files_of_different_kinds_stand_beside_each_other() -> None:
    one = [entry("20:39", "meh")]
    assert len(merge(merge(none(), file_of(one, "daylio")), file_of(one, "table"))) == 2
