"""The path and how far it has come, in JupyterLab: chosen with pointer and keys, opened, heard, written in."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from therapy_review import open_journal
from therapy_review.journal.letters import FILE, read
from tools.in_browser import Lab, run_all

from .conftest import has_pictures, tabs_until, wait_until
from .hearing import EAR, silent, sounds

pytestmark = pytest.mark.browser
NEWEST = "2026-03-05"


@pytest.fixture
def proud(lab: Lab) -> Iterator[None]:
    """A proud moment in the newest session, and none afterwards."""
    journal = open_journal(lab.root)
    name = journal.session(NEWEST).file("marks.csv")
    journal.store.write(name, b"start,kind,label\n60,proud moment,I asked\n")
    yield
    journal.store.remove(name)


@pytest.fixture
def path(tab: Page, lab: Lab, proud: None) -> Page:
    tab.add_init_script(EAR)
    tab.goto(lab.page_of("reports/path.ipynb"))
    run_all(tab)
    has_pictures(tab, "Your path")
    expect(tab.locator(".tr-choose img").first).to_have_attribute("alt", re.compile("^8 sessions"))
    return tab


def said(page: Page, number: int = 0) -> Locator:
    return page.locator(".tr-choose-said").nth(number)


def place_of(page: Page, day: str, row: str, number: int = 0) -> tuple[float, float]:
    """Find a session in a picture as somebody would who looks: by moving over it until it is named."""
    box = page.locator(".tr-choose img").nth(number).bounding_box()
    assert box
    for y in range(0, int(box["height"]), 12):
        for x in range(0, int(box["width"]), 12):
            page.mouse.move(box["x"] + x, box["y"] + y)
            words = said(page, number).text_content() or ""
            if words.startswith(f"{day} · {row}"):
                return box["x"] + x, box["y"] + y
    raise AssertionError(f"{row} of {day} is nowhere in the picture")


def test_moving_over_the_picture_names_what_is_there_and_a_click_opens_it(path: Page) -> None:
    path.locator(".tr-choose").first.scroll_into_view_if_needed()
    at = place_of(path, "Thursday 19 February 2026", "mood, before and after: 2 before, 3 after")
    expect(path.locator(".tr-player")).to_have_count(0)
    path.mouse.click(*at)
    player = path.locator(".tr-player")
    expect(player.get_by_role("heading", name="Thursday 19 February 2026")).to_be_visible()
    expect(said(path)).to_have_text(re.compile("opened below$"))
    expect(path.get_by_text("Bad week. Lemon cake.")).to_be_visible()
    expect(player.get_by_role("heading", name="Thursday 19 February 2026")).to_be_in_viewport()


@pytest.mark.slow
def test_the_keys_alone_choose_and_open_and_nothing_of_lab_happens(path: Page) -> None:
    cells = path.locator(".jp-Notebook .jp-Cell").count()
    path.get_by_role("combobox", name="With the word").focus()
    picture = path.get_by_role("slider", name="Sessions").last
    chooser = path.locator(".tr-choose").first
    tabs_until(path, chooser)
    assert picture
    for key in ("Home", "ArrowRight", "ArrowDown"):
        path.keyboard.press(key)
    expect(chooser).to_have_attribute(
        "aria-valuetext", re.compile("^Thursday 15 January 2026 · your part of the")
    )
    path.keyboard.press("Enter")
    expect(path.locator(".tr-player").get_by_role("heading", name="Thursday 15 January 2026")).to_be_visible()
    assert path.locator(".jp-Notebook .jp-Cell").count() == cells


def test_a_star_plays_the_proud_moment_and_nothing_before_it_is_pressed(path: Page) -> None:
    path.wait_for_timeout(800)
    assert path.evaluate("window.loudness()") == 0
    chooser = path.locator(".tr-choose").first
    chooser.focus()
    for _ in range(6):
        path.keyboard.press("ArrowDown")
        if "proud moments" in (chooser.get_attribute("aria-valuetext") or ""):
            break
    path.keyboard.press("Enter")
    moment = path.locator(".tr-moment", has_text="You marked this: I asked.")
    expect(moment).to_be_in_viewport()
    expect(moment).to_have_attribute("data-state", "playing")
    sounds(moment)
    path.get_by_role("button", name="Open the whole session").click()
    expect(path.locator(".tr-player")).to_be_visible()
    assert silent(path)


@pytest.mark.slow
def test_rows_and_a_word_change_the_picture(path: Page) -> None:
    image = path.locator(".tr-choose img").first
    path.get_by_role("combobox", name="With the word").select_option("proud")
    expect(image).to_have_attribute("alt", re.compile("^3 sessions"))
    path.get_by_role("checkbox", name="words for moods").uncheck()
    expect(image).not_to_have_attribute("alt", re.compile("Words for moods"))


@pytest.mark.slow
def test_a_value_beside_the_usual_range_opens_the_moments_behind_it(path: Page) -> None:
    chooser = path.locator(".tr-choose").nth(1)
    chooser.focus()
    path.keyboard.press("ArrowDown")
    expect(chooser).to_have_attribute("aria-valuetext", re.compile("your longest turn: 26 s; usual before: "))
    path.keyboard.press("Enter")
    expect(path.locator(".tr-moment", has_text="Your longest turn, 26 seconds.")).to_be_visible()


def test_early_and_recent_are_heard_one_at_a_time(tab: Page, lab: Lab) -> None:
    tab.add_init_script(EAR)
    tab.goto(lab.page_of("reports/how_far.ipynb"))
    run_all(tab)
    has_pictures(tab, "How far you have come")
    expect(tab.get_by_role("heading", name="Early")).to_be_visible()
    early, recent = (tab.locator(".tr-moment").nth(i) for i in (0, 1))
    early.get_by_role("button", name=re.compile("^Play")).click()
    expect(early).to_have_attribute("data-state", "playing")
    recent.get_by_role("button", name=re.compile("^Play")).click()
    expect(recent).to_have_attribute("data-state", "playing")
    expect(early).to_have_attribute("data-state", "resting")
    tab.keyboard.press("Escape")
    expect(recent).to_have_attribute("data-state", "resting")


@pytest.mark.slow
def test_a_letter_is_in_the_journal_when_the_field_is_left(tab: Page, lab: Lab) -> None:
    store = open_journal(lab.root).store
    tab.goto(lab.page_of("reports/how_far.ipynb"))
    run_all(tab)
    field = tab.get_by_label("What would you say to the person you were then?")
    try:
        field.fill("You were so tired. It passed.")
        field.press("Tab")
        wait_until(lambda: store.exists(FILE))
        (letter,) = read(store.read(FILE).decode())
        assert letter.text == "You were so tired. It passed."
        expect(tab.get_by_text("Kept.", exact=True)).to_be_visible()
    finally:
        store.remove(FILE)
