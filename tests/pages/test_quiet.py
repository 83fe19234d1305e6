"""Pages with the sound switched off: nothing that could play is made, and everything else is there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import ipywidgets as w
import pandas as pd
import pytest

from tests.conftest import ROOT, root_of
from tests.pages.test_over_time import NEWEST, OF_HOW_FAR, PARTS as OF_THE_PATH, widgets
from tests.pages.test_session import PARTS as OF_A_SESSION, words_of as words_of_part
from therapy_review import Journal
from therapy_review.consent import agreements_file
from therapy_review.display.parts import IS_OFF, Live, Shown
from therapy_review.display.still import STILL, Still
from therapy_review.forms.clickable import Clickable
from therapy_review.journal.marks import Mark
from therapy_review.pages.joint import together
from therapy_review.pages.over_time import how_far, path_page
from therapy_review.pages.overview_view import QuietPlace, usual_view
from therapy_review.pages.session import session_report
from therapy_review.pages.visibility import FIGURES, Opened
from therapy_review.pages.weekly import weekly_review
from therapy_review.player import Moment, Player

PAGES = [
    pytest.param(
        lambda root, **how: weekly_review(root, "2026-W10", **how), OF_A_SESSION, id="weekly_review"
    ),
    pytest.param(lambda root, **how: session_report(root, NEWEST, **how), OF_A_SESSION, id="session_report"),
    pytest.param(path_page, OF_THE_PATH, id="path"),
    pytest.param(how_far, OF_HOW_FAR, id="how_far"),
]
OpenPage = Callable[..., Any]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What could play and was made, wherever it would have stood."""
    names: list[str] = []
    for kind in (Moment, Player):

        def noted(self: Any, *args: Any, kind: Any = kind, was: Any = kind.__init__, **how: Any) -> None:
            names.append(kind.__name__)
            was(self, *args, **how)

        monkeypatch.setattr(kind, "__init__", noted)
    return names


def each(part: Any) -> list[Any]:
    if isinstance(part, Shown):
        return [one for thing in part.things for one in each(thing)]
    return each(part._draw()) if isinstance(part, Live) else [part]


def said(part: Any) -> str:
    words = [words_of_part(one) for one in each(part)]
    return "\n".join([*words, *(one.value for thing in each(part) for one in widgets(thing, w.HTML))])


@pytest.mark.parametrize(("open_page", "parts"), PAGES)
def test_with_the_sound_off_nothing_that_could_play_is_made_and_every_part_is_there(
    heard: Journal, made: list[str], open_page: OpenPage, parts: list[str]
) -> None:
    analysed(heard)
    page = open_page(root_of(heard), sound="off")
    everything = {name: getattr(page, name)() for name in parts}
    assert made == []
    assert all(said(part).strip() for part in everything.values())
    assert IS_OFF in "\n".join(map(said, everything.values()))


@pytest.mark.slow
@pytest.mark.parametrize(("open_page", "parts"), PAGES)
def test_with_the_sound_on_the_page_says_nothing_of_it(
    heard: Journal, made: list[str], open_page: OpenPage, parts: list[str]
) -> None:
    analysed(heard)
    page = open_page(root_of(heard), sound="on")
    assert IS_OFF not in "\n".join(said(getattr(page, name)()) for name in parts)
    assert made or open_page is path_page  # the path makes a player once a session is chosen


NOTEBOOKS: dict[str, OpenPage] = {
    "weekly_review": lambda root, **how: weekly_review(root, "2026-W10", **how),
    "session_report": lambda root, **how: session_report(root, NEWEST, **how),
    "path": path_page,
    "how_far": how_far,
    "together": together,
}
LEADS_TO_SOUND = re.compile(
    r"press(es)? play|play button|to play|to hear\b|can hear it|you listen|Escape|makes a sound",
    re.IGNORECASE,
)


def as_read(name: str, root: Any, sound: str) -> str:
    """Everything a notebook says: its own text, and what each of its cells shows."""
    cells = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    page, text = NOTEBOOKS[name](root, sound=sound), []
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            text.append(source)
        elif (found := re.fullmatch(r"page\.(\w+)\(\)", source.strip())) and name != "together":
            text.append(said(getattr(page, found[1])()))
    if name == "together":  # what is shown there waits until it is opened
        page.opened = Opened(sessions={NEWEST: frozenset({FIGURES})})
        text += [page.opening().markup, said(page._sessions())]
    return "\n".join(text)


@pytest.mark.parametrize("still", [pytest.param("", marks=pytest.mark.slow), "1"], ids=["live", "still"])
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_with_the_sound_off_no_sentence_leads_to_what_cannot_play(
    heard: Journal, monkeypatch: pytest.MonkeyPatch, name: str, still: str
) -> None:
    if still and name != "together":
        monkeypatch.setenv(STILL, still)
    analysed(heard)
    assert LEADS_TO_SOUND.search(as_read(name, root_of(heard), "on"))
    assert LEADS_TO_SOUND.findall(as_read(name, root_of(heard), "off")) == []


def analysed(journal: Journal) -> None:
    """Let there be two recordings that could be heard beside each other."""
    from therapy_review import analyse
    from therapy_review.trends.early_recent import pairs_to_hear

    analyse(journal.session("2026-01-08"))
    assert pairs_to_hear(journal)


def test_what_would_be_heard_is_there_to_read(heard: Journal) -> None:
    page = session_report(root_of(heard), NEWEST, sound="off")
    heard.session(NEWEST).add_mark(Mark(60, 70, "proud moment", "I <asked>"))
    assert "<strong>0:58</strong> You marked this: I &lt;asked&gt;." in said(page.moments())


def test_a_session_chosen_on_the_path_opens_to_be_read(heard: Journal, made: list[str]) -> None:
    heard.session(NEWEST).add_mark(Mark(60, float("nan"), "proud moment", "I asked"))
    (view,) = [
        one for one in each(path_page(root_of(heard), sound="off").path()) if not isinstance(one, Still)
    ]
    (drawn,) = widgets(view, Clickable)
    drawn._choose("mood", NEWEST)
    assert "Listened to January" in said(view)
    drawn._choose("proud", NEWEST)
    assert "You marked this: I asked." in said(view)
    assert made == []


def test_a_value_beside_the_usual_leads_to_moments_to_read_and_only_with_an_agreement(
    heard: Journal, made: list[str]
) -> None:
    from therapy_review.trends.overview import way
    from therapy_review.trends.usual_range import usual

    measured = way(heard).measured
    own = measured[(measured["measure"] == "longest_silence") & (measured["session"] == NEWEST)]
    before = own.iloc[[0] * 6].assign(session=[f"2025-12-0{day}" for day in range(1, 7)], value=1.0)
    view = usual_view(usual(pd.concat([before, own])), QuietPlace(heard))
    (drawn,) = widgets(view, Clickable)
    drawn._choose("longest_silence", NEWEST)
    assert '<ul class="moments"><li>' in said(view)
    heard.store.remove(agreements_file.FILE)
    drawn._choose("longest_silence", NEWEST)
    assert '<ul class="moments">' not in said(view)
    assert "no agreement" in said(view)
    assert made == []


@pytest.mark.parametrize("sound", ["off", "OFF", False, "", "loud"])
def test_whatever_is_not_on_is_quiet(heard: Journal, made: list[str], sound: Any) -> None:
    session_report(root_of(heard), NEWEST, sound=sound).player()
    assert made == []


def test_a_quiet_report_does_not_say_how_to_hear(heard: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STILL, "1")
    for sound, told in (("on", True), ("off", False)):
        page = session_report(root_of(heard), NEWEST, sound=sound)
        assert ("in the workbook" in said(page.player())) == told
        assert "Open the workbook" not in said(page.player()) + said(page.moments())
        assert "press play" not in said(page.how_to_listen())
