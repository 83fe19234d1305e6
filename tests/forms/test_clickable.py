"""Clickable: a session is chosen by its name, and no trait holds what the picture shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import PRACTICE
from therapy_review import open_journal
from therapy_review.charts.overview import path
from therapy_review.forms.clickable import Clickable
from therapy_review.trends.overview import way


class Page(Clickable):
    """What would go to a page is kept here."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.sent: list[tuple[dict[str, Any], list[bytes]]] = []

    def send(self, content: Any, buffers: Any = None) -> None:
        self.sent.append((json.loads(json.dumps(content)), buffers))


@pytest.fixture
def chosen() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def page(chosen: list[tuple[str, str]]) -> Page:
    return Page(path(way(open_journal(PRACTICE))), lambda *what: chosen.append(what))


def test_a_page_that_opens_gets_the_picture_and_where_each_session_stands(page: Page) -> None:
    page._asked(None, {"kind": "open"}, [])
    ((content, (picture,)),) = page.sent
    assert picture.startswith(b"\x89PNG")
    assert content["days"]["2026-03-05"] == "Thursday 5 March 2026"
    assert content["alt"].startswith("8 sessions from")
    for row in content["rows"]:
        assert len(row["at"]) == len(row["sessions"]) == len(row["said"])


def test_a_choice_is_handed_on_and_what_is_not_there_is_not(
    page: Page, chosen: list[tuple[str, str]]
) -> None:
    for what, session in (("mood", "2026-03-05"), ("mood", "2026-03-06"), ("else", "2026-03-05"), ("", "")):
        page._asked(None, {"kind": "choose", "what": what, "session": session}, [])
    page._asked(None, {"kind": "choose"}, [])
    assert chosen == [("mood", "2026-03-05")]


def test_another_chart_takes_its_place(page: Page, chosen: list[tuple[str, str]]) -> None:
    page.show(path(way(open_journal(PRACTICE)).named("proud"), ["mood"]))
    ((content, _),) = page.sent
    assert [row["what"] for row in content["rows"]] == ["mood"]
    page._asked(None, {"kind": "choose", "what": "mood", "session": "2026-01-08"}, [])
    assert chosen == []


def test_no_trait_holds_a_word_of_it(page: Page) -> None:
    kept = {name: value for name, value in page.get_state().items() if not name.startswith("_")}
    told = json.dumps(kept, default=str)
    assert "2026-03-05" not in told
    assert "tired" not in told
