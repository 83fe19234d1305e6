"""Pages across all sessions: whatever is wrong or missing, a part shows a sentence and the rest goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as w
import pandas as pd
import pytest

from tests.conftest import root_of
from therapy_review import Journal, create_journal
from therapy_review.charts.base import Chart
from therapy_review.display.parts import NothingToShow, Shown
from therapy_review.display.still import STILL, Still
from therapy_review.forms.clickable import Clickable
from therapy_review.journal.letters import Letter, Writing
from therapy_review.journal.marks import Mark
from therapy_review.pages.over_time import HowFar, PathPage, how_far, path_page
from therapy_review.pages.overview_view import Place
from therapy_review.player import Moment, Player
from therapy_review.trends.overview import way

NEWEST = "2026-03-05"
PARTS = ["opening", "path", "tags", "usual", "moved"]
OF_HOW_FAR = [
    "opening",
    "then_and_now",
    "pictures",
    "words",
    "silences",
    "moved",
    "voices",
    "moments",
    "letter",
]


def words_of(part: Any) -> str:
    if isinstance(part, Shown):
        return "\n".join(map(words_of, part.things))
    if isinstance(part, Chart):
        return part.alt
    if isinstance(part, Still):
        return part.markup
    if isinstance(part, Clickable):
        return str(part._shown[0]["alt"])
    if isinstance(part, Moment):
        return str(part.why)
    said = [str(getattr(part, name, "")) for name in ("value", "description")]
    return "\n".join([*said, *(words_of(child) for child in getattr(part, "children", ()))])


def widgets(part: Any, kind: type) -> list[Any]:
    own = [part] if isinstance(part, kind) else []
    return own + [one for child in getattr(part, "children", ()) for one in widgets(child, kind)]


def harm_marks(journal: Journal) -> None:
    journal.store.write(f"sessions/{NEWEST}/marks.csv", b"x\n")


def harm_note(journal: Journal) -> None:
    journal.store.write(f"sessions/{NEWEST}/notes.md", b"---\nmood_after: [6\n---\nMy words.\n")


def harm_agreements(journal: Journal) -> None:
    journal.store.write("agreements.toml", b"[[")


def lose_sound(journal: Journal) -> None:
    for session in journal.sessions:
        if session.has_recording:
            journal.store.remove(session.recording_file())


def lose_notes(journal: Journal) -> None:
    for session in journal.sessions:
        journal.store.remove(session.file("notes.md"))


def harm_letters(journal: Journal) -> None:
    journal.store.write("letters.md", b"\xff")


TROUBLES = [harm_marks, harm_note, harm_agreements, lose_sound, lose_notes, harm_letters]


@pytest.mark.parametrize("still", ["", "1"], ids=["live", "still"])
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
def test_every_part_shows_something_to_read_whatever_is_wrong(
    heard: Journal, monkeypatch: pytest.MonkeyPatch, trouble: Callable[[Journal], None], still: str
) -> None:
    if still:
        monkeypatch.setenv(STILL, still)
    trouble(heard)
    for page, parts in ((PathPage(heard), PARTS), (HowFar(heard), OF_HOW_FAR)):
        for name in parts:
            assert words_of(getattr(page, name)()).strip(), name


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_journal_that_has_only_begun_is_met_gently(tmp_path: Any, number: int) -> None:
    journal = create_journal(tmp_path / "new", client="Robin", therapist="Daniel")
    for day in range(1, 1 + number):
        journal.store.write(f"sessions/2026-01-0{day}/notes.md", b"---\nmood_after: 5\n---\nHello.\n")
    for page, parts in ((path_page(root_of(journal)), PARTS), (how_far(root_of(journal)), OF_HOW_FAR)):
        for name in parts:
            assert words_of(getattr(page, name)()).strip(), name


def test_a_folder_that_is_no_journal_is_said_once(tmp_path: Any) -> None:
    for page in (path_page(tmp_path), how_far(tmp_path)):
        assert isinstance(page, NothingToShow)
        assert "no journal" in page.opening().markup


def test_a_span_a_word_and_rows_are_chosen_and_the_picture_follows(heard: Journal) -> None:
    view = PathPage(heard).path()
    (drawn,) = widgets(view, Clickable)
    (span,) = widgets(view, w.SelectionRangeSlider)
    span.value = ("2026-01-29", NEWEST)
    assert drawn._shown[0]["alt"].startswith("6 sessions")
    (tag,) = widgets(view, w.Dropdown)
    tag.value = "proud"
    assert drawn._shown[0]["alt"].startswith("3 sessions")
    for box in widgets(view, w.Checkbox):
        box.value = box.description.startswith("mood")
    assert [row["what"] for row in drawn._shown[0]["rows"]] == ["mood"]
    assert "Thursday 29 January 2026 to Thursday 5 March 2026" in words_of(view)


def test_the_live_picture_says_what_moved_of_all_sessions_and_never_of_some_that_were_picked(
    heard: Journal,
) -> None:
    view = PathPage(heard).path()
    (drawn,) = widgets(view, Clickable)
    assert "you left with, from" in drawn._shown[0]["alt"]
    (span,) = widgets(view, w.SelectionRangeSlider)
    whole = span.value
    span.value = ("2026-01-29", NEWEST)  # among many spans chance alone makes one look moved
    assert "you left with" not in drawn._shown[0]["alt"]
    assert "Chance alone" not in drawn._shown[0]["caption"]
    span.value = whole
    assert "you left with, from" in drawn._shown[0]["alt"]
    (tag,) = widgets(view, w.Dropdown)
    tag.value = "proud"
    assert "you left with" not in drawn._shown[0]["alt"]
    assert "too early" not in drawn._shown[0]["alt"]


def test_every_measure_of_the_pictures_and_the_words_for_moods_are_told_in_words(heard: Journal) -> None:
    said = words_of(HowFar(heard).moved())
    for begin in (
        "The mood you",
        "PHQ-9",
        "Your part",
        "Your longest turn",
        "Silences of three",
        "The longest s",
    ):
        assert f"<li>{begin}" in said
    assert "<li>Your middle time" in said
    assert "<li>“relieved”: 3 of the first 4 sessions" in said


def test_a_chosen_session_opens_with_its_words_and_its_player_and_the_one_before_closes(
    heard: Journal,
) -> None:
    view = PathPage(heard).path()
    (drawn,) = widgets(view, Clickable)
    drawn._choose("mood", NEWEST)
    (first,) = widgets(view, Player)
    assert "Listened to January" in words_of(view)
    drawn._choose("tags", "2026-02-26")
    (second,) = widgets(view, Player)
    assert second is not first
    assert first.comm is None
    assert first._desk.is_locked


def test_a_session_without_sound_opens_with_its_words(heard: Journal) -> None:
    view = PathPage(heard).path()
    widgets(view, Clickable)[0]._choose("mood", "2026-02-12")
    assert widgets(view, Player) == []
    assert "No recording, my phone was at two percent." in words_of(view)
    assert "no recording" in words_of(view)


def test_a_star_opens_what_was_marked_as_proud_and_nothing_of_a_trigger(heard: Journal) -> None:
    session = heard.session(NEWEST)
    session.add_mark(Mark(60, float("nan"), "proud moment", "I asked"))
    session.add_mark(Mark(120, 130, "proud moment", "closed"))
    session.add_mark(Mark(122, 128, "trigger"))
    view = PathPage(heard).path()
    widgets(view, Clickable)[0]._choose("proud", NEWEST)
    (moment,) = widgets(view, Moment)
    assert moment.why == "You marked this: I asked."
    assert (moment.start, moment.end) == (58, 70)
    told = PathPage(heard).how_along().text
    assert "A star opens" in told
    assert told.endswith("Escape is silence.")
    (whole,) = [one for one in widgets(view, w.Button) if "whole" in one.description]
    whole.click()
    assert len(widgets(view, Player)) == 1


def test_a_value_beside_the_usual_range_leads_to_the_moment_behind_it(heard: Journal) -> None:
    from therapy_review.pages.overview_view import usual_view
    from therapy_review.trends.usual_range import usual

    measured = way(heard).measured
    own = measured[(measured["measure"] == "longest_silence") & (measured["session"] == NEWEST)]
    value = float(own["value"].iloc[0])
    days = [f"2025-12-0{day}" for day in range(1, 7)]
    before = own.iloc[[0] * 6].assign(session=days, value=value / 3)
    view = usual_view(usual(pd.concat([before, own])), Place(heard))
    widgets(view, Clickable)[0]._choose("longest_silence", NEWEST)
    first = widgets(view, Moment)[0]
    start = float(heard.session(NEWEST).measures["longest_silence_start"].iloc[0])
    assert first.start < start < first.end
    assert f"{value:.1f} s; usual before: " in words_of(view)


def test_what_was_written_then_and_now_stands_word_for_word(journal: Journal) -> None:
    said = words_of(HowFar(journal).then_and_now())
    early, recent = said.split("Recently")
    assert "First one recorded." in early
    assert "Listened to January on the tram." in recent
    assert "most often: relieved" in early


def test_a_letter_is_kept_when_the_field_is_left_and_those_before_are_there_to_read(journal: Journal) -> None:
    Writing(journal).keep("You were <so> tired.")
    form = HowFar(journal).letter()
    assert "You were &lt;so&gt; tired." in words_of(form)
    (field,) = widgets(form, w.Textarea)
    field.value = "And it passed."
    assert Writing(journal).earlier[-1] == Letter(journal.today(), "And it passed.")
    assert "Kept." in words_of(form)


def test_a_letter_that_cannot_be_kept_says_so_and_stays_in_the_field(journal: Journal) -> None:
    form = HowFar(journal).letter()
    journal.store.write("letters.md", b"\xff")
    (field,) = widgets(form, w.Textarea)
    field.value = "And it passed."
    assert "Not kept" in words_of(form)
    assert field.value == "And it passed."


def test_the_page_claims_no_more_than_its_numbers_bear(journal: Journal) -> None:
    said = words_of(HowFar(journal).moved())
    assert "too early" in said
    assert "page in fifty" in said


def test_a_session_stands_beside_the_usual_range_in_its_own_report(heard: Journal) -> None:
    from therapy_review.pages.session import SessionPage

    assert words_of(SessionPage(heard.session(NEWEST)).usual()).startswith("After 5 sessions")


def test_what_is_too_early_to_say_of_several_lines_is_said_once(journal: Journal):
    said = PathPage(journal).moved().markup
    assert said.count("over 8 sessions") == 1
    for name in ("The mood you came with", "The mood you left with"):
        assert f"<li>{name}, from January to March 2026</li>" in said
    assert said.count("<ul>") == said.count("</ul>") == 2
