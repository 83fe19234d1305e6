"""The forms for bringing files in: looked at first, kept nowhere, taken out again."""

from __future__ import annotations

from typing import Any

import ipywidgets as w
import pytest

from tests.conftest import root_of
from tests.importing.test_calendar import WEEKLY, calendar
from tests.importing.test_daylio import a_year, damaged, export
from tests.importing.test_moods import VALUES, everything, renamed
from tests.support.widgets import everything_in, field
from therapy_review import Journal
from therapy_review.display.still import STILL
from therapy_review.importing.daylio import read_daylio
from therapy_review.importing.mood_table import how_far
from therapy_review.importing.mood_values import known_columns, known_moods
from therapy_review.importing.moods import KEEP_BOTH, NEWER, OTHER, TAKE_NEWER, THERE, in_words
from therapy_review.importing.page import BringIn, KeptForm, MoodsForm, bring_in


def choose(form: Any, data: bytes, name: str = "daylio_export.csv") -> None:
    """Choose a file, as the page sends it."""
    (upload,) = [one for one in everything_in(form) if isinstance(one, w.FileUpload)]
    sent = {
        "name": name,
        "type": "text/csv",
        "size": len(data),
        "last_modified": 0,
        "content": memoryview(data),
    }
    upload.set_state({"value": [{**sent, "last_modified": 1_700_000_000_000}]})
    assert upload.value == ()  # nothing of it stays in the widget


def words(form: Any) -> str:
    return " ".join(one.value for one in everything_in(form) if isinstance(one, w.HTML))


def press(form: Any, label: str) -> None:
    field(form, label).click()


def place(form: Any, values: dict[str, float]) -> None:
    for name, value in values.items():
        field(form, f"{name} (").value = value


def test_a_chosen_file_is_looked_at_and_nothing_is_kept(journal: Journal) -> None:
    before, form = everything(journal), BringIn(journal).moods()
    choose(form, export(a_year()))
    assert f": {len(a_year())} ({len(a_year())} new)." in words(form)
    assert field(form, "rad (").value == 10
    assert field(form, "so lala (").value == 0  # no number
    assert everything(journal) == before
    press(form, "the file away")
    assert "nothing was kept" in words(form)
    assert everything(journal) == before
    assert not [one for one in everything_in(form) if getattr(one, "description", "").startswith("rad")]


def test_what_is_placed_is_seen_at_once_and_comes_in(journal: Journal) -> None:
    done: list[str] = []
    form = MoodsForm(journal, lambda: done.append("done")).box
    choose(form, export(a_year()))
    place(form, VALUES)
    press(form, "Bring these in")
    assert f"Brought in: {len(a_year())}." in words(form)
    assert journal.days["mood"].notna().all()
    assert known_moods(journal.store, "daylio") == VALUES
    assert done == ["done"]
    # Once more: everything is known, and there already.
    choose(form, export(a_year()))
    assert {name: field(form, f"{name} (").value for name in VALUES} == VALUES
    assert f"({len(a_year())} there already)" in words(form)
    before = everything(journal)
    press(form, "Bring these in")
    assert everything(journal) == before


def test_newer_versions_are_offered_and_said_in_numbers(journal: Journal) -> None:
    form = BringIn(journal).moods()
    choose(form, export(a_year()))
    place(form, VALUES)
    press(form, "Bring these in")
    changed = sum(one.mood == "meh" for one in a_year())
    choose(form, renamed(export(a_year()), b"nothing", b""), "june.csv")
    (how,) = [one for one in everything_in(form) if isinstance(one, w.RadioButtons)]
    assert (how.value, how.layout.display) == (TAKE_NEWER, "")
    assert f"({len(a_year()) - changed} {THERE}, {changed} {NEWER})" in words(form)
    assert in_words([NEWER] * changed) in words(form)
    how.value = KEEP_BOTH
    assert f"{changed} {OTHER}" in words(form)
    assert how.layout.display == ""  # to choose again
    how.value = TAKE_NEWER
    press(form, "Bring these in")
    assert f"Brought in: 0. {changed} " in words(form)
    assert len(journal.days) == len(a_year())


def test_damaged_lines_are_named(journal: Journal) -> None:
    form = BringIn(journal).moods()
    choose(form, damaged()[0], "<b>.csv")
    for line, _ in damaged()[1]:
        assert f"Line {line} has" in words(form)
    assert "<b>.csv" not in words(form)  # as text, never as markup
    assert read_daylio(damaged()[0], "").about_times in words(form)
    press(form, "Bring these in")
    assert len(journal.days) == 4


def test_the_columns_of_another_table_are_asked_for(journal: Journal) -> None:
    form = BringIn(journal).moods()
    choose(form, b"when it was;how;extra\n3/4/2026;4;x\n5/4/2026;fine;x\n", "moods.csv")
    assert field(form, "Bring these in").disabled
    assert "Choose the columns" in words(form)
    field(form, "The day").value = "when it was"
    field(form, "The mood").value = "how"
    assert "3/4/2026" in words(form)
    field(form, "In 3/4/2026 comes").value = "day first"
    assert f"{how_far(4, 4)} " in words(form)
    assert field(form, "Bring these in").disabled
    assert field(form, "The lowest").value == "1"
    field(form, "The highest").value = "high"
    assert "highest is high;" in words(form)
    assert field(form, "Bring these in").disabled
    field(form, "The highest").value = "5"
    assert not field(form, "Bring these in").disabled
    assert ": extra." in words(form)
    field(form, "fine (1)").value = 7
    press(form, "Bring these in")
    assert journal.days["mood"].tolist() == [7.75, 7]
    kept = known_columns(journal.store)
    assert kept is not None
    assert (kept.date, kept.mood, kept.high, kept.order) == ("when it was", "how", 5, "day first")
    choose(form, b"when it was;how\n3/4/2026;4\n", "moods.csv")  # offered the next time
    assert field(form, "The day").value == "when it was"
    assert field(form, "The highest").value == "5"


def test_numbers_are_asked_about_for_each_column_that_has_some(journal: Journal) -> None:
    form = BringIn(journal).moods()
    choose(form, b"date,mood,energy,word\n2026-03-04,5,-2,fine\n2026-03-05,1,3,low\n", "moods.csv")
    assert f"{how_far(1, 5)} " in words(form)
    field(form, "The highest").value = "5"
    assert not field(form, "Bring these in").disabled
    field(form, "The mood").value = "energy"
    assert f"{how_far(-2, 3)} " in words(form)
    assert field(form, "Bring these in").disabled
    field(form, "The lowest").value, field(form, "The highest").value = "-3", "3"
    assert not field(form, "Bring these in").disabled
    field(form, "The mood").value = "word"  # words alone
    (ends,) = [
        one for one in everything_in(form) if field(form, "The highest") in getattr(one, "children", ())
    ]
    assert ends.layout.display == "none"
    assert not field(form, "Bring these in").disabled


def test_what_is_no_table_is_said_and_the_form_stays(journal: Journal) -> None:
    form = BringIn(journal).moods()
    choose(form, b"", "empty.csv")
    assert "in empty.csv" in words(form)
    assert field(form, "Bring these in").disabled
    choose(form, export(a_year()))
    assert not field(form, "Bring these in").disabled


def test_a_full_disk_is_said_and_nothing_is_lost(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    form = BringIn(journal).moods()
    choose(form, export(a_year()))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("os.fsync", full)
        press(form, "Bring these in")
    assert "free some space" in words(form)
    assert not field(form, "Bring these in").disabled
    press(form, "Bring these in")
    assert len(journal.days) == len(a_year())


def test_a_calendar_is_looked_through_by_a_word(journal: Journal) -> None:
    form = BringIn(journal).calendar()
    choose(form, calendar(f"{WEEKLY}COUNT=3", "UID:9\nSUMMARY:Dentist\nDTSTART:20260305T150000Z"), "c.ics")
    assert field(form, "Bring these in").disabled
    field(form, "A word").value = "therapy"
    assert "Appointments found: 3." in words(form)
    assert "Dentist" not in words(form)
    press(form, "Bring these in")
    assert "Brought in: 3." in words(form)


def test_what_was_brought_in_is_taken_out_when_it_was_meant(journal: Journal) -> None:
    kept = KeptForm(journal)
    shown = kept.show()
    assert "Nothing was brought" in words(shown)
    form = MoodsForm(journal, kept.refresh).box
    choose(form, export(a_year()))
    press(form, "Bring these in")
    assert f"daylio_export.csv (daylio): {len(a_year())} entries," in words(shown)
    press(shown, "Take out")
    press(shown, "Keep them")
    assert len(journal.days) == len(a_year())
    press(shown, "Take out")
    press(shown, "take them out")
    assert journal.days.empty
    assert f"Taken out: {len(a_year())}." in words(shown)


def test_what_was_written_by_hand_has_no_button(journal: Journal) -> None:
    journal.store.write("days.csv", b"date,mood\n2026-03-04,7\n")
    shown = KeptForm(journal).show()
    assert "Written by hand: 1 entry, 2026-03-04 to 2026-03-04" in words(shown)
    assert not [one for one in everything_in(shown) if isinstance(one, w.Button)]


def test_the_page_can_be_read_in_batch_and_shows_a_sentence_for_what_is_wrong(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STILL, "1")
    page = bring_in(root_of(journal))
    assert isinstance(page, BringIn)
    assert "noted elsewhere" in page.opening().markup
    assert "Run All Cells" in page.moods().markup
    assert "Run All Cells" in page.calendar().markup
    assert "Nothing was brought" in page.kept().markup
    assert page.without_session().markup == ""
    journal.store.write("days.csv", b"x\n")
    assert "practice/days.csv" in page.kept().markup
    assert "no journal" in bring_in("nowhere").opening().markup


def test_appointments_without_a_session_are_offered(journal: Journal) -> None:
    journal.store.write(
        "appointments.csv", b"date,time,what,origin\n2026-01-22,17:00,x,y\n2026-01-29,17:00,x,y\n"
    )
    shown = BringIn(journal).without_session().markup
    assert "Thursday 22 January 2026" in shown
    assert "--date 2026-01-22" in shown
    assert "29 January" not in shown
