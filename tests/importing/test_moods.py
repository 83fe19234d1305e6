"""Bringing moods in: looked at first, brought in whole, taken back in one step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, strategies as st

from tests.conftest import root_of
from tests.importing.test_daylio import a_year, damaged, export
from tests.journal.test_days import ENTRIES, file_of, same
from tests.support.examples import examples
from therapy_review import Journal, open_journal
from therapy_review.errors import ImportFileError, JournalError
from therapy_review.importing import moods
from therapy_review.importing.mood_file import Entry
from therapy_review.importing.mood_table import Columns
from therapy_review.importing.mood_values import known_columns, known_moods
from therapy_review.importing.moods import (
    KEEP_BOTH,
    NEW,
    NEWER,
    OTHER,
    TAKE_NEWER,
    THERE,
    bring_in,
    meant_by,
    offered_moods,
    preview,
    read_moods,
    remove,
    take_back,
)
from therapy_review.journal.days import SIGN_COLUMN, no_days, sources, whole_table, written
from therapy_review.storage.keys import Identity
from therapy_review.storage.plain import PlainStore
from therapy_review.storage.sealed import SealedStore

WORD = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
VALUES = {"rad": 10.0, "gut": 8.0, "so lala": 5.0, "meh": 5.0, "müde 😴": 3.0, "awful": 2.0}


def everything(journal: Journal) -> dict[str, bytes]:
    root = root_of(journal)
    found = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not name.endswith(".lock")}


def test_a_daylio_export_goes_in_and_out_again(journal: Journal) -> None:
    """The round trip: look, bring in, bring in again, take out."""
    before = everything(journal)
    found = read_moods(export(a_year()), "daylio_export.csv")
    looked = preview(journal, found, VALUES)
    assert everything(journal) == before
    assert looked["status"].tolist() == ["new"] * len(a_year())

    done = bring_in(journal, found, VALUES)
    assert (done.added, done.there) == (len(a_year()), 0)
    days = open_journal(root_of(journal)).days
    noted = {(f"{one.at:%Y-%m-%d}", f"{one.at:%H:%M}"): one for one in a_year()}
    assert len(days) == len(noted)
    assert days["date"].is_monotonic_increasing
    for date, time, mood, name, tags, note, origin in days.itertuples(index=False, name=None):
        one = noted[f"{date:%Y-%m-%d}", time]
        assert (mood, name, tags) == (VALUES[one.mood], one.mood, " | ".join(one.activities))
        assert note == "\n".join(text for text in (one.title, one.note) if text)
        assert origin == done.origin

    once = everything(journal)
    again = bring_in(journal, read_moods(export(a_year()), "daylio_export.csv"), VALUES)
    assert (again.added, again.there) == (0, len(a_year()))
    assert everything(journal) == once

    assert take_back(journal, done.origin) == len(a_year())
    assert set(everything(journal)) - set(before) == {"moods.toml"}
    assert all(everything(journal)[name] == data for name, data in before.items())


def test_a_later_export_adds_what_is_new_and_each_can_be_taken_out_alone(journal: Journal) -> None:
    first = bring_in(journal, read_moods(export(a_year()[:200]), "march.csv"), VALUES)
    middle = everything(journal)
    second = bring_in(journal, read_moods(export(a_year()), "june.csv"), VALUES)
    assert (second.added, second.there) == (len(a_year()) - 200, 200)
    take_back(journal, "june.csv")
    assert everything(journal) == middle
    take_back(journal, first.origin.split()[1])
    assert journal.days.empty


def renamed(data: bytes, activity: bytes = b"movies / tv", now: bytes = b"films") -> bytes:
    return data.replace(b",meh,", b",durchwachsen,").replace(activity, now)


def test_a_renamed_mood_and_activity_double_nothing(journal: Journal) -> None:
    bring_in(journal, read_moods(export(a_year()), "march.csv"), VALUES)
    old = journal.days
    touched = [one for one in a_year() if one.mood == "meh" or "movies / tv" in one.activities]
    found = read_moods(renamed(export(a_year())), "june.csv")
    values = VALUES | {"durchwachsen": 4.0}

    looked = preview(journal, found, values)["status"].value_counts()
    assert looked.to_dict() == {NEWER: len(touched), THERE: len(a_year()) - len(touched)}
    done = bring_in(journal, found, values)
    assert (done.added, done.newer, done.there) == (0, len(touched), len(a_year()) - len(touched))
    days = journal.days
    assert len(days) == len(a_year())
    assert list(days.columns) == list(old.columns)
    assert not days["mood_name"].eq("meh").any()
    assert not days["tags"].str.contains("movies").any()
    assert set(days["mood"][days["mood_name"] == "durchwachsen"]) == {4.0}
    assert days[["date", "time", "note"]].equals(old[["date", "time", "note"]])

    once = everything(journal)
    for data, name in ((renamed(export(a_year())), "june.csv"), (export(a_year()), "march.csv")):
        again = bring_in(journal, read_moods(data, name), values)
        assert (again.added, again.newer, again.there) == (0, 0, len(a_year()))
        assert everything(journal)["days.csv"] == once["days.csv"]

    with pytest.raises(JournalError, match="from june"):
        take_back(journal, "june.csv")  # it brought no day of its own
    assert take_back(journal, "march.csv") == len(a_year())


def test_both_versions_are_kept_where_the_client_says_so(journal: Journal) -> None:
    bring_in(journal, read_moods(export(a_year()[:20]), "march.csv"), VALUES)
    middle = everything(journal)["days.csv"]
    found = read_moods(renamed(export(a_year()[:20])), "june.csv")
    looked = preview(journal, found, VALUES, KEEP_BOTH)["status"].tolist()
    done = bring_in(journal, found, VALUES, how=KEEP_BOTH)
    assert done.newer == 0
    assert done.added == looked.count(OTHER) > 0
    assert len(journal.days) == 20 + done.added
    take_back(journal, "june.csv")
    assert everything(journal)["days.csv"] == middle


@pytest.mark.parametrize(
    ("before", "by_hand"),
    [(b",meh,work", b",meh,my own word"), (b",5,meh,", b",3,meh,"), (b"A walk", b"A walk, and more")],
)
def test_what_was_changed_by_hand_is_never_replaced(journal: Journal, before: bytes, by_hand: bytes) -> None:
    bring_in(journal, read_moods(export(a_year()), "march.csv"), VALUES)
    data = journal.store.read("days.csv")
    assert before in data
    changed = data.replace(before, by_hand)
    journal.store.write("days.csv", changed)
    mine = set(changed.splitlines()) - set(data.splitlines())
    # The file of before knows nothing new; a newer one stands beside what was written.
    again = bring_in(journal, read_moods(export(a_year()), "march.csv"), VALUES)
    assert (again.added, again.newer) == (0, 0)
    assert journal.store.read("days.csv") == changed
    bring_in(journal, read_moods(renamed(export(a_year())), "june.csv"), VALUES | {"durchwachsen": 5.0})
    assert mine <= set(journal.store.read("days.csv").splitlines())
    take_back(journal, "june.csv")
    assert mine <= set(journal.store.read("days.csv").splitlines())
    assert len(journal.days) == len(a_year())


def test_entries_from_no_file_and_columns_of_ones_own_stay(journal: Journal) -> None:
    journal.store.write("days.csv", b"date,time,mood,mood_name\n2025-03-10,20:39,7,mine\n")
    bring_in(journal, read_moods(export(a_year()[:1]), "march.csv"), VALUES)
    own = journal.days.assign(slept=["", "6.5"])
    journal.store.write("days.csv", written(whole_table(journal.store).assign(slept=own["slept"])))
    found = read_moods(export([replace(a_year()[0], mood="neu")]), "june.csv")
    assert bring_in(journal, found, {}).newer == 1
    assert journal.days[["mood_name", "slept"]].to_numpy().tolist() == [["mine", ""], ["neu", "6.5"]]


def test_a_file_takes_only_its_own_days_out_after_newer_versions_came(journal: Journal) -> None:
    for number, name in enumerate(("one", "two", "three")):
        entries = [replace(a_year()[0], mood=name), *a_year()[1 : 1 + number]]
        bring_in(journal, read_moods(export(entries), f"{name}.csv"), {})
    assert [str(one).split(",")[0] for one in sources(whole_table(journal.store))] == [
        "one.csv (daylio): 1 entry",
        "two.csv (daylio): 1 entry",
        "three.csv (daylio): 1 entry",
    ]
    assert take_back(journal, "two.csv") == 1
    assert take_back(journal, "three.csv") == 1
    assert journal.days["mood_name"].tolist() == ["three"]


def test_a_journal_that_kept_older_versions_reads_as_before_and_gives_them_back(journal: Journal) -> None:
    head = b"date,time,mood,mood_name,tags,note,origin,until,sign\n"
    one = b"2026-03-04,20:39,5,meh,,,daylio 11111111 one.csv,daylio 22222222 two.csv,aaaaaaaa\n"
    two = b"2026-03-04,20:39,5,so so,,,daylio 22222222 two.csv,daylio 33333333 three.csv,bbbbbbbb\n"
    three = b"2026-03-04,20:39,5,so lala,,,daylio 33333333 three.csv,,cccccccc\n"
    more = b"2026-03-05,20:39,7,good,,,,,\n"
    journal.store.write("days.csv", head + one + two + three + more)
    assert journal.days["mood_name"].tolist() == ["so lala", "good"]
    new = replace(a_year()[0], mood="neu")
    bring_in(journal, read_moods(export([new]), "june.csv"), {})
    assert journal.days["mood_name"].tolist() == ["neu", "so lala", "good"]
    assert take_back(journal, "june.csv") == 1
    assert take_back(journal, "two.csv") == 1
    assert journal.days["mood_name"].tolist() == ["so lala", "good"]
    take_back(journal, "three.csv")
    assert journal.days["mood_name"].tolist() == ["meh", "good"]
    take_back(journal, "one.csv")
    assert journal.store.read("days.csv").splitlines()[0] == b"date,time,mood,mood_name,tags,note,origin"


def test_numbers_given_with_a_file_go_with_it_and_those_of_before_hold_again(journal: Journal) -> None:
    bring_in(journal, read_moods(export(a_year()[:200]), "march.csv"), {"rad": 10.0, "meh": 5.0})
    before = everything(journal)
    bring_in(journal, read_moods(export(a_year()), "june.csv"), {"rad": 9.0, "meh": 5.0, "gut": 8.0})
    take_back(journal, "june.csv")
    assert everything(journal)["days.csv"] == before["days.csv"]  # 10 again, and gut without a number again
    known = known_moods(journal.store, "daylio")
    assert (known["rad"], known["meh"]) == (10, 5)
    assert known["gut"] == 8  # to be offered


def test_numbers_said_later_or_set_by_hand_stay_when_a_file_between_is_taken_out(journal: Journal) -> None:
    bring_in(journal, read_moods(export(a_year()[:100]), "one.csv"), {"rad": 10.0})
    bring_in(journal, read_moods(export(a_year()[:200]), "two.csv"), {"rad": 9.0})
    bring_in(journal, read_moods(export(a_year()), "three.csv"), {"rad": 8.0})
    take_back(journal, "two.csv")
    assert known_moods(journal.store, "daylio") == {"rad": 8}
    data = journal.store.read("days.csv")
    by_hand = data.replace(b",8,rad,", b",4,rad,", 1)
    journal.store.write("days.csv", by_hand)
    take_back(journal, "three.csv")
    rad = journal.days["mood"][journal.days["mood_name"] == "rad"].tolist()
    assert rad == [4.0, *[10.0] * (len(rad) - 1)]


def test_numbers_of_a_journal_that_kept_no_account_of_them_come_back_too(journal: Journal) -> None:
    journal.store.write("moods.toml", b"[daylio.moods]\nrad = 10  # mine\n")
    journal.store.write("days.csv", b"date,mood,mood_name,origin\n2025-01-01,10,rad,daylio 1 a.csv\n")
    bring_in(journal, read_moods(export(a_year()), "june.csv"), {"rad": 7.0})
    assert set(journal.days["mood"].dropna()) == {7.0}
    take_back(journal, "june.csv")
    assert journal.days["mood"].tolist() == [10]
    assert known_moods(journal.store, "daylio") == {"rad": 10}


def test_of_a_damaged_file_the_good_lines_come_in(journal: Journal) -> None:
    data, wrong = damaged()
    found = read_moods(data, "x.csv")
    assert bring_in(journal, found, {}).added == 4
    assert len(found.damaged) == len(wrong)
    assert journal.days["mood"].isna().all()


def test_what_words_stand_for_is_asked_once_and_kept(journal: Journal) -> None:
    found = read_moods(export(a_year()), "x.csv")
    assert offered_moods(journal.store, found) == {
        "rad": 10, "awful": 2, "meh": 6, "gut": None, "so lala": None, "müde 😴": None,
    }  # fmt: skip
    bring_in(journal, found, VALUES)
    assert known_moods(journal.store, "daylio") == VALUES
    assert offered_moods(journal.store, found) == VALUES
    assert b'"so lala" = 5\n' in journal.store.read("moods.toml")


def test_a_word_placed_later_reaches_what_was_brought_in_before(journal: Journal) -> None:
    found = read_moods(export(a_year()), "x.csv")
    bring_in(journal, found, {"rad": 10.0})
    assert journal.days["mood"].notna().sum() == sum(one.mood == "rad" for one in a_year())
    done = bring_in(journal, found, VALUES | {"rad": 9.0})
    assert done.added == 0
    assert journal.days["mood"].notna().all()
    assert set(journal.days["mood"][journal.days["mood_name"] == "rad"]) == {9.0}


@examples(25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.integers(1, 10), min_size=1
    )
)
def test_any_word_is_kept_as_it_is(journal: Journal, values: dict[str, int]) -> None:
    journal.store.remove("moods.toml")
    found = read_moods(export(a_year()[:3]), "x.csv")
    bring_in(journal, found, values)
    assert known_moods(journal.store, "daylio") == values


def test_what_else_stands_in_the_file_of_words_stays(journal: Journal) -> None:
    journal.store.write("moods.toml", b"# mine\n[daylio.moods]\nrad = 9  # not ten\n\n[else]\nx = 1\n")
    bring_in(journal, read_moods(export(a_year()), "x.csv"), {"rad": 9, "gut": 8})
    text = journal.store.read("moods.toml").decode()
    assert "# mine\n" in text
    assert "rad = 9  # not ten\n" in text
    assert "gut = 8\n" in text
    assert "[else]\nx = 1\n" in text


def test_columns_are_offered_the_next_time(journal: Journal) -> None:
    assert known_columns(journal.store) is None
    columns = Columns("Wann", "Wie", high=5, order="day first")
    found = read_moods(b"Wann,Wie\n2026-03-04,5\n", "x.csv", columns)
    bring_in(journal, found, {}, columns)
    assert known_columns(journal.store) == columns
    assert journal.days["mood"].tolist() == [10]


@pytest.mark.parametrize("value", [0, 11, float("nan"), True, "high"])
def test_a_number_that_is_no_mood_changes_nothing(journal: Journal, value: float) -> None:
    before = everything(journal)
    with pytest.raises(ImportFileError, match="from 1"):
        bring_in(journal, read_moods(export(a_year()), "x.csv"), {"rad": value})
    assert everything(journal) == before


@pytest.mark.parametrize(("file", "data"), [("days.csv", b"x\n"), ("moods.toml", b"[[")])
def test_a_file_that_cannot_be_understood_is_left_alone_and_nothing_comes_in(
    journal: Journal, file: str, data: bytes
) -> None:
    journal.store.write(file, data)
    before = everything(journal)
    with pytest.raises(JournalError, match=f"practice/{file}"):
        bring_in(journal, read_moods(export(a_year()), "x.csv"), VALUES)
    assert everything(journal) == before


def test_a_full_disk_leaves_all_as_it_was(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    found = read_moods(export(a_year()), "x.csv")
    bring_in(journal, found, {"rad": 10.0})
    before = everything(journal)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(JournalError, match="free some space"):
        bring_in(journal, read_moods(export(a_year()[:5]), "y.csv"), VALUES)
    assert everything(journal) == before


def test_in_a_sealed_journal_nothing_of_it_lies_open(tmp_path: Path) -> None:
    journal = Journal(SealedStore(PlainStore(tmp_path), Identity.generate()), {})
    done = bring_in(journal, read_moods(export(a_year()), "export.csv"), VALUES)
    assert len(journal.days) == len(a_year())
    assert known_moods(journal.store, "daylio") == VALUES
    on_disk = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for word in (b"so lala", b"movies", b"export.csv", b"She said"):
        assert word not in on_disk
    assert take_back(journal, done.origin) == len(a_year())


def test_what_is_taken_out_is_named_clearly_or_not_taken_out(journal: Journal) -> None:
    origins = ["daylio 11111111 export.csv", "daylio 22222222 export.csv", "table 33333333 my moods.csv", ""]
    assert meant_by("my moods.csv", origins) == origins[2]
    assert meant_by("daylio 11111111 export.csv", origins) == origins[0]
    with pytest.raises(JournalError, match="11111111, 22222222"):
        meant_by("export.csv", origins)
    for nothing in ("", "daylio", "other.csv"):
        with pytest.raises(JournalError, match="moods list"):
            meant_by(nothing, origins)
    with pytest.raises(JournalError, match="moods list"):
        take_back(journal, "export.csv")


def test_another_table_is_asked_about(journal: Journal) -> None:
    with pytest.raises(ImportFileError, match="It has day, mood"):
        read_moods(b"day,mood\n2026-03-04,7\n", "x.csv")


def merge(here: pd.DataFrame, new: pd.DataFrame, how: str = TAKE_NEWER) -> pd.DataFrame:
    return moods.merge(here, new, how)[0]


def compared(here: pd.DataFrame, new: pd.DataFrame, how: str = TAKE_NEWER) -> list[str]:
    return moods.merge(here, new, how)[1]


@examples(60)
@given(ENTRIES, ENTRIES, ENTRIES, st.sampled_from([TAKE_NEWER, KEEP_BOTH]))
def test_to_bring_in_twice_changes_nothing_and_to_remove_takes_out_what_came_with_the_file(
    hand: list[Entry], first: list[Entry], second: list[Entry], how: str
) -> None:
    by_hand = file_of(hand).assign(origin="")
    earlier, later = file_of(first), file_of(second)
    table = merge(merge(no_days(), by_hand), earlier)
    both = merge(table, later, how)
    assert merge(both, later, how) is both
    assert merge(both, earlier, how) is both
    assert set(compared(both, later, how)) <= {THERE}
    added = sum(one in (NEW, OTHER) for one in compared(table, later, how))
    assert len(both) == len(table) + added
    # What the client wrote stays to the letter, and no word of a note goes away.
    mine = both[both["origin"] == ""].drop(columns=SIGN_COLUMN, errors="ignore").reset_index(drop=True)
    assert same(mine, by_hand.sort_values(["date", "time"], kind="stable", ignore_index=True))
    assert all(any(note in one for one in both["note"]) for note in table["note"])
    if len(later):
        left = remove(both, later["origin"].iloc[0])
        assert left[["date", "time", "origin"]].equals(table[["date", "time", "origin"]])
        if how == KEEP_BOTH:
            assert same(left, table)


@examples(60)
@given(ENTRIES, ENTRIES)
def test_a_longer_export_adds_only_what_is_new(old: list[Entry], new: list[Entry]) -> None:
    table = merge(no_days(), file_of(old))
    longer = file_of([*new, *old])
    both = merge(table, longer)
    assert len(both) == len(longer)
    assert compared(table, longer).count(THERE) >= len(old)


def test_entries_alike_in_one_minute_are_both_kept() -> None:
    twice = file_of([Entry("2026-03-04", "20:39", 5, "meh")] * 2)
    assert len(merge(no_days(), twice)) == 2
    assert len(merge(merge(no_days(), twice), twice)) == 2


def entry(time: str, name: str, *tags: str, note: str = "", day: str = "2026-03-04") -> Entry:
    return Entry(day, time, 5, name, tags, note)


def test_an_entry_that_was_changed_elsewhere_takes_its_place_or_stands_beside_it() -> None:
    before = merge(no_days(), file_of([entry("20:39", "meh", note="Rain")]))
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
    before = merge(no_days(), file_of([entry("20:39", "meh", note="Rain")]))
    assert compared(before, file_of([entry("20:39", "meh", note="Sun")])) == [OTHER]
    assert compared(before, file_of([entry("20:39", "meh")])) == [OTHER]


def test_two_entries_in_one_minute_are_told_apart() -> None:
    before = merge(no_days(), file_of([entry("20:39", "meh"), entry("20:39", "rad")]))
    after = merge(before, file_of([entry("20:39", "so lala"), entry("20:39", "rad")]))
    assert after["mood_name"].tolist() == ["so lala", "rad"]


def test_without_a_time_only_what_is_alike_is_taken_for_a_version() -> None:
    before = merge(no_days(), file_of([entry("", "meh", "walk"), entry("", "meh"), entry("", "7")]))
    new = file_of([entry("", "so lala", "walk"), entry("", "so lala", "Sam"), entry("", "8")])
    assert compared(before, new) == [NEWER, NEW, NEW]


def test_an_entry_without_a_sign_may_be_the_clients_own_and_is_not_replaced() -> None:
    before = merge(no_days(), file_of([entry("20:39", "meh")])).drop(columns=SIGN_COLUMN)
    assert compared(before, file_of([entry("20:39", "so lala")])) == [OTHER]


def test_files_of_different_kinds_stand_beside_each_other() -> None:
    one = [entry("20:39", "meh")]
    assert len(merge(merge(no_days(), file_of(one, "daylio")), file_of(one, "table"))) == 2
