"""Client and therapist before one screen, in JupyterLab: closed, opened, heard, marked, and stopped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from therapy_review import open_journal
from tools.in_browser import Lab, run_all

from .conftest import wait_until
from .hearing import EAR, silent, sounds

pytestmark = pytest.mark.browser
NEWEST = "2026-03-05"
DAY = "Thursday 5 March 2026"
LEFT = ("opened.toml", f"sessions/{NEWEST}/together.csv", f"sessions/{NEWEST}/marks.csv")
PRIVATE = ("Listened to January", "be allowed not to ask", "for me alone")


@pytest.fixture
def page(tab: Page, lab: Lab) -> Iterator[Page]:
    store = open_journal(lab.root).store
    store.write(LEFT[2], b"start,kind,label\n100,bookmark,for me alone\n")
    tab.add_init_script(EAR)
    tab.goto(lab.page_of("reports/together.ipynb"))
    run_all(tab)
    expect(tab.get_by_role("button", name="Choose what to open")).to_be_visible()
    yield tab
    for name in LEFT:
        store.remove(name)


def opened(page: Page, *parts: str) -> Locator:
    """Open parts of the newest session and one word, and show the session."""
    page.get_by_role("button", name="Choose what to open").click()
    page.get_by_role("checkbox", name="tender").check()
    for part in parts:
        page.get_by_role("checkbox", name=part).first.check()
    page.get_by_role("button", name="Open these").click()
    page.get_by_role("combobox", name="Session").select_option(DAY)
    player = page.locator(".tr-player")
    expect(player.get_by_role("heading", name=DAY)).to_be_visible()
    return player


def text_of(page: Page) -> str:
    return str(page.evaluate("document.querySelector('.jp-Notebook').innerText"))


def test_nothing_of_the_clients_is_there_until_it_is_opened(page: Page) -> None:
    assert "Which of these words would you choose today" in text_of(page)
    assert not [words for words in (*PRIVATE, "tender") if words in text_of(page)]
    expect(page.locator(".jp-OutputArea figure img")).to_have_count(0)
    opened(page, "moods and figures", "sound")
    expect(page.get_by_alt_text(re.compile("how often: tender 1"))).to_be_visible()
    assert not [words for words in PRIVATE if words in text_of(page)]


@pytest.mark.slow
def test_marks_and_notes_are_kept_under_the_name_of_who_puts_them(page: Page, lab: Lab) -> None:
    session = open_journal(lab.root).session(NEWEST)
    player = opened(page, "moods and figures", "sound")
    page.get_by_role("button", name="Daniel").first.click()
    player.get_by_label("Place in the session").fill("30")
    player.get_by_role("button", name="Mark this moment").click()
    player.get_by_label("A few words").fill("the lake")
    player.get_by_role("button", name="Done").click()
    wait_until(lambda: "the lake" in session.marks["label"].tolist())
    assert dict(zip(session.marks["label"], session.marks["by"], strict=True)) == {
        "for me alone": "",
        "the lake": "Daniel",
    }
    field = page.get_by_placeholder("A note for both of you")
    field.fill("Ask about the lake.")
    page.get_by_role("button", name="Keep for next time").click()
    expect(page.get_by_text("Daniel (next time): Ask about the lake.")).to_be_visible()
    assert session.marks["label"].tolist() == ["for me alone", "the lake"]


def test_we_stop_here_is_silence_at_once_and_leaves_nothing(page: Page, lab: Lab) -> None:
    player = opened(page, "moods and figures", "sound", "my notes", "what I wanted to bring", "my marks")
    for words in PRIVATE:
        expect(page.get_by_text(words).first).to_be_visible()
    player.get_by_label("Place in the session").fill("30")
    player.locator(".tr-play").click()
    expect(player).to_have_attribute("data-state", "playing")
    sounds(player)
    page.get_by_role("button", name="We stop here").last.click()
    expect(page.get_by_text("You stopped here.").first).to_be_visible()
    expect(player).to_have_count(0)
    assert silent(page)
    left = text_of(page)
    assert not [words for words in (*PRIVATE, "tender", DAY) if words in left]
    expect(page.locator(".jp-OutputArea figure img")).to_have_count(0)
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    path = lab.root / "reports/together.ipynb"
    wait_until(lambda: "You stopped here" not in path.read_text() and "data:image" not in path.read_text())
    kept = json.dumps(json.loads(path.read_text())["cells"])
    assert not [words for words in (*PRIVATE, "tender") if words in kept]


@pytest.mark.slow
def test_the_next_time_it_is_remembered_and_asked_again(page: Page, lab: Lab) -> None:
    opened(page, "moods and figures", "sound")
    run_all(page)
    assert "tender" not in text_of(page)
    expect(
        page.get_by_role("button", name="As last time (1 word, 0 questionnaires, 1 session)")
    ).to_be_visible()
    expect(page.locator(".jp-OutputArea figure img")).to_have_count(0)
    page.get_by_role("button", name=re.compile("^As last time")).click()
    expect(page.get_by_alt_text(re.compile("how often: tender 1"))).to_be_visible()
