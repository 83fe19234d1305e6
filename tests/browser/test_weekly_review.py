"""The weekly review as a client meets it: opened in JupyterLab, run, listened to, written in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from therapy_review import open_journal
from tools.in_browser import Lab, run_all

from .conftest import has_pictures, tabs_until, wait_until
from .hearing import AUDIBLE, EAR, begins_softly, silent

pytestmark = pytest.mark.browser
WEEK = "reports/weekly_review_2026-W10.ipynb"


@pytest.fixture
def review(tab: Page, lab: Lab) -> Page:
    tab.add_init_script(EAR)
    tab.goto(lab.page_of(WEEK))
    run_all(tab)
    return tab


def test_the_review_can_be_read_before_anything_is_run(tab: Page, lab: Lab) -> None:
    tab.goto(lab.page_of(WEEK))
    expect(tab.get_by_role("heading", name="Your week, 2 to 8 March 2026")).to_be_visible()
    charts = tab.locator(".jp-OutputArea figure img")
    expect(charts.first).to_be_attached()
    assert all(
        one.evaluate("image => image.naturalWidth > 0 && image.alt.length > 40") for one in charts.all()
    )
    expect(tab.get_by_text("and choose Run ▸ Run All Cells").first).to_be_attached()
    expect(tab.get_by_role("button", name="Run all cells")).to_be_visible()
    tab.get_by_role("menuitem", name="Run", exact=True).click()
    expect(tab.get_by_role("menuitem", name="Run All Cells", exact=True)).to_be_visible()


def test_no_code_is_in_view_and_nothing_sounds_until_a_moment_is_played_which_begins_softly(
    review: Page,
) -> None:
    has_pictures(review, "Your week, 2 to 8 March 2026")
    for code in review.locator(".jp-CodeCell .jp-InputArea, .jp-InputPlaceholder").all():
        expect(code).to_be_hidden()
    expect(review.get_by_text("official Jupyter news")).to_have_count(0)
    review.wait_for_timeout(1000)
    assert review.evaluate("window.loudness()") == 0
    moment = review.locator(".tr-moment").first
    moment.get_by_role("button", name=re.compile("^Play")).click()
    expect(moment).to_have_attribute("data-state", "playing")
    assert begins_softly(review)
    assert review.evaluate("window.loudness()") > AUDIBLE
    review.keyboard.press("Escape")
    expect(moment).to_have_attribute("data-state", "resting")
    assert silent(review)


def test_a_moment_is_played_with_the_keyboard_alone(review: Page) -> None:
    cells = review.locator(".jp-Notebook .jp-Cell").count()
    review.get_by_role("heading", name="Moments worth hearing").click()
    button = review.locator(".tr-moment-play").first
    tabs_until(review, button)
    outline = button.evaluate(
        "button => [getComputedStyle(button).outlineStyle, getComputedStyle(button).outlineWidth]"
    )
    assert outline == ["solid", "3px"]
    moment = review.locator(".tr-moment").first
    for key in ("Space", "Enter"):
        review.keyboard.press(key)
        expect(moment).to_have_attribute("data-state", "playing")
        review.keyboard.press("Escape")
        expect(moment).to_have_attribute("data-state", "resting")
        expect(button).to_be_focused()
    for key in ("d", "d", "x", "b"):  # in JupyterLab: delete, delete, cut, a new cell below
        review.keyboard.press(key)
    assert review.locator(".jp-Notebook .jp-Cell").count() == cells
    volume = moment.get_by_label("volume")
    tabs_until(review, volume)
    before = float(volume.input_value())
    review.keyboard.press("ArrowRight")
    assert float(volume.input_value()) > before


@pytest.mark.slow
def test_only_one_moment_plays_at_a_time(review: Page) -> None:
    first, second = review.locator(".tr-moment").nth(0), review.locator(".tr-moment").nth(1)
    first.get_by_role("button").click()
    expect(first).to_have_attribute("data-state", "playing")
    second.get_by_role("button").click()
    expect(second).to_have_attribute("data-state", "playing")
    expect(first).to_have_attribute("data-state", "resting")


def test_what_is_written_is_kept_as_soon_as_the_field_is_left(review: Page, lab: Lab) -> None:
    session = open_journal(lab.root).session("2026-03-05")
    field = review.get_by_label("To bring next time")
    field.fill("The walk by the canal.")
    field.press("Tab")
    wait_until(lambda: session.notes.bring_next == "The walk by the canal.")
    expect(review.get_by_text("Saved.").first).to_be_visible()
    assert "Sam said wake me up." in session.notes.text


@pytest.mark.slow
def test_what_the_form_does_not_know_stays_in_the_notes(tab: Page, lab: Lab) -> None:
    path = lab.root / "sessions/2026-03-05/notes.md"
    before = path.read_text()
    path.write_text(before.replace("---\n", "---\nslept: 6.5  # hours, by the watch\n", 1))
    tab.goto(lab.page_of(WEEK))
    run_all(tab)
    field = tab.get_by_label("Words for my mood")
    field.fill("calm, awake")
    field.press("Tab")
    wait_until(lambda: "awake" in path.read_text())
    assert "slept: 6.5  # hours, by the watch" in path.read_text()
    path.write_text(before)


@pytest.mark.slow
def test_notes_changed_elsewhere_meanwhile_are_both_kept(review: Page, lab: Lab) -> None:
    session = open_journal(lab.root).session("2026-03-05")
    path = lab.root / "sessions/2026-03-05/notes.md"
    path.write_text(path.read_text() + "\nWritten in another editor.\n")
    field = review.get_by_label("Words for my mood")
    field.fill("calm, light")
    field.press("Tab")
    expect(review.get_by_text("changed by another program").first).to_be_visible()
    assert "Written in another editor." in session.notes.text
    kept = sorted(path.parent.glob("notes-kept-*.md"))
    assert "light" in kept[-1].read_text()


def test_a_client_says_which_voice_is_theirs_by_listening(tab: Page, lab: Lab) -> None:
    session = open_journal(lab.root).session("2026-03-05")
    corrections = lab.root / "sessions/2026-03-05/corrections.csv"
    given = corrections.read_text()
    corrections.unlink()
    try:
        tab.goto(lab.page_of(WEEK))
        run_all(tab)
        questions = tab.locator(".tr-moment", has_text="Whose voice is this?")
        expect(questions).to_have_count(3)
        expect(tab.get_by_role("button", name="This is me")).to_have_count(3)
        tab.get_by_role("button", name="This is me").first.click()
        expect(tab.get_by_text("the charts will name you both")).to_be_visible()
        assert set(session.turns["speaker"]) == {"client", "therapist"}
        expect(tab.get_by_alt_text(re.compile("^Map of the session.*voice 1"))).to_have_count(1)
        run_all(tab)
        expect(tab.get_by_alt_text(re.compile("^Map of the session.* you .* therapist "))).to_have_count(1)
        expect(tab.get_by_alt_text(re.compile("voice 1"))).to_have_count(0)
        expect(questions).to_have_count(0)
    finally:
        corrections.write_text(given)
