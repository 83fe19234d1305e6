"""The question what may be seen: hidden by default, quick over years of sessions, and nothing dropped unsaid."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import ipywidgets as w
import pytest

from tests.pages.test_joint import _widgets
from tests.support.believable import write_journal
from therapy_review import Journal, open_journal
from therapy_review.pages.joint_form import AT_ONCE, opening_form
from therapy_review.pages.visibility import FIGURES, NOTES, Opened, remember, remembered
from therapy_review.trends.overview import Way, way


class Form:
    """The form, as the client sees it."""

    def __init__(self, journal: Journal, read: Way) -> None:
        self.journal = journal
        self.opened: list[Opened] = []
        self.shown = opening_form(journal, read, self.opened.append)

    def find(self, kind: type, named: str = "") -> list[Any]:
        found = [one for one in _widgets(self.shown) if isinstance(one, kind)]
        return [one for one in found if named in str(getattr(one, "description", ""))]

    def press(self, named: str) -> None:
        self.find(w.Button, named)[0].click()

    def words(self) -> str:
        return " ".join(one.value for one in self.find(w.HTML))

    def choose(self) -> Opened:
        self.press("Open these")
        return self.opened[-1]


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Way]:
    """A believable journal of a hundred sessions, read once."""
    root = tmp_path_factory.mktemp("years") / "journal"
    return root, way(write_journal(root))


@pytest.fixture
def form(once: tuple[Path, Way]) -> Form:
    root, read = once
    journal = open_journal(root)
    journal.store.remove("opened.toml")
    return Form(journal, read)


def again(form: Form, once: tuple[Path, Way], last: Opened) -> Form:
    """The form of another day, after something was opened."""
    remember(form.journal, last)
    found = Form(form.journal, once[1])
    found.press("Choose what")
    return found


FIGURE = frozenset({FIGURES})


def test_moods_and_figures_of_all_sessions_from_a_day_on_are_opened_in_one_row(form: Form) -> None:
    names = [session.name for session in form.journal.sessions]
    form.press("Choose what")
    (since,) = form.find(w.DatePicker)
    assert since.value is None
    since.value = dt.date.fromisoformat(names[20])
    assert f"{len(names) - 20} sessions" in form.words()
    assert form.choose().sessions == dict.fromkeys(names[20:], FIGURE)


def test_without_a_day_everything_stays_hidden(form: Form) -> None:
    form.press("Choose what")
    assert form.choose() == Opened()


def test_a_session_of_these_can_be_left_out_and_one_that_is_listed_later_is_among_them(form: Form) -> None:
    names = [session.name for session in form.journal.sessions][::-1]
    form.press("Choose what")
    form.find(w.DatePicker)[0].value = dt.date.fromisoformat(names[9])
    form.find(w.Checkbox, "moods and figures")[1].value = False
    form.press("Earlier sessions")
    boxes = form.find(w.Checkbox, "moods and figures")
    assert [box.value for box in boxes] == [True, False] + [True] * 8 + [False] * 2
    assert form.choose().sessions == {name: FIGURE for name in names[:10] if name != names[1]}


def test_another_day_or_none_takes_the_first_back(form: Form) -> None:
    names = [session.name for session in form.journal.sessions][::-1]
    form.press("Choose what")
    (since,) = form.find(w.DatePicker)
    since.value = dt.date.fromisoformat(names[50])
    since.value = dt.date.fromisoformat(names[2])
    assert [box.value for box in form.find(w.Checkbox, "moods and figures")] == [True] * 3 + [False] * 3
    since.value = None
    assert form.choose() == Opened()


def test_what_was_opened_further_back_than_the_list_is_not_dropped_unsaid(
    form: Form, once: tuple[Path, Way]
) -> None:
    names = [session.name for session in form.journal.sessions][::-1]
    last = {names[0]: FIGURE, names[40]: FIGURE, names[41]: frozenset({NOTES, FIGURES})}
    page = again(form, once, Opened(sessions=last))
    assert "<strong>2 sessions</strong> further" in page.words()
    assert page.choose().sessions == {names[0]: FIGURE}  # hidden unless it is said
    page = again(form, once, Opened(sessions=last))
    page.find(w.Checkbox, "Open those too")[0].value = True
    assert page.choose().sessions == last
    assert remembered(form.journal).sessions == last


def test_what_is_listed_is_no_longer_called_further_back(form: Form, once: tuple[Path, Way]) -> None:
    names = [session.name for session in form.journal.sessions][::-1]
    page = again(form, once, Opened(sessions={names[AT_ONCE]: FIGURE}))
    assert "<strong>1 session</strong> further back" in page.words()
    assert page.find(w.Checkbox, "Open those too")[0].layout.display == ""
    page.press("Earlier sessions")
    assert "further back" not in page.words()
    assert page.find(w.Checkbox, "Open those too")[0].layout.display == "none"
    assert page.choose().sessions == {names[AT_ONCE]: FIGURE}


def test_choosing_again_begins_with_what_is_opened_now(form: Form) -> None:
    names = [session.name for session in form.journal.sessions]
    form.press("Choose what")
    form.find(w.DatePicker)[0].value = dt.date.fromisoformat(names[0])
    form.press("Open these")
    form.press("Choose what")
    assert f"<strong>{len(names) - AT_ONCE} sessions</strong> further" in form.words()
    form.find(w.Checkbox, "Open those too")[0].value = True
    assert form.choose().sessions == dict.fromkeys(names, FIGURE)
