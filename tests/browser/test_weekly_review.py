"""The weekly review as a client meets it: opened in JupyterLab, run, listened to, written in."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from therapy_review import open_journal

from .conftest import Lab, run_all

pytestmark = pytest.mark.browser
WEEK = "reports/weekly_review_2026-W10.ipynb"
# Hear what the page plays: every node that would reach the loudspeaker also reaches an analyser.
LISTEN = """
window.heard = [];
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (target, ...rest) {
  if (target === this.context.destination) {
    const ear = new AnalyserNode(this.context, { fftSize: 2048 });
    connect.call(this, ear);
    const block = new Float32Array(2048);
    const note = () => {
      ear.getFloatTimeDomainData(block);
      window.heard.push(Math.sqrt(block.reduce((sum, one) => sum + one * one, 0) / block.length));
    };
    window.setInterval(note, 25);
  }
  return connect.call(this, target, ...rest);
};
"""


@pytest.fixture
def review(tab: Page, lab: Lab) -> Page:
    tab.add_init_script(LISTEN)
    tab.goto(lab.page_of(WEEK))
    run_all(tab)
    return tab


def wait_until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def test_the_review_can_be_read_before_anything_is_run(tab: Page, lab: Lab) -> None:
    tab.goto(lab.page_of(WEEK))
    tab.wait_for_selector(".jp-Notebook .jp-CodeCell")
    expect(tab.get_by_role("heading", name="Your week, 2 to 8 March 2026")).to_be_visible()
    charts = tab.locator(".jp-OutputArea figure img")
    expect(charts.first).to_be_attached()
    assert all(
        one.evaluate("image => image.naturalWidth > 0 && image.alt.length > 40") for one in charts.all()
    )
    expect(
        tab.get_by_text("Open this notebook with make lab and choose Run ▸ Run All Cells").first
    ).to_be_attached()
    tab.get_by_role("menuitem", name="Run", exact=True).click()
    expect(tab.get_by_role("menuitem", name="Run All Cells", exact=True)).to_be_visible()


def test_no_code_is_in_view_and_nobody_is_asked_for_news(review: Page) -> None:
    assert review.locator(".jp-CodeCell .cm-content").count() == 0
    expect(review.get_by_text("official Jupyter news")).to_have_count(0)


def test_nothing_sounds_until_play_is_pressed(review: Page) -> None:
    review.wait_for_timeout(1000)
    assert review.evaluate("Math.max(0, ...window.heard)") == 0


def test_a_moment_is_heard_with_a_soft_start_and_escape_stops_it(review: Page) -> None:
    moment = review.locator(".tr-moment").first
    moment.get_by_role("button", name=re.compile("^Play")).click()
    expect(moment).to_have_attribute("data-state", "playing")
    review.wait_for_timeout(2500)
    heard = review.evaluate("window.heard")
    sounding = [level for level in heard if level > 0]
    assert max(heard) > 0.005
    assert max(sounding[:4]) < 0.5 * max(heard)
    review.keyboard.press("Escape")
    expect(moment).to_have_attribute("data-state", "resting")
    review.wait_for_timeout(400)
    review.evaluate("window.heard.length = 0")
    review.wait_for_timeout(300)
    assert review.evaluate("Math.max(0, ...window.heard)") == 0


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


def test_the_saved_notebook_holds_no_sound_and_no_private_text_areas(review: Page, lab: Lab) -> None:
    moment = review.locator(".tr-moment").first
    moment.get_by_role("button").click()
    expect(moment).to_have_attribute("data-state", "playing")
    review.keyboard.press("Escape")
    before = (lab.root / WEEK).stat().st_mtime_ns
    review.get_by_role("menuitem", name="File", exact=True).click()
    review.get_by_role("menuitem", name=re.compile("^Save Notebook( Ctrl|$)")).first.click()
    wait_until(lambda: (lab.root / WEEK).stat().st_mtime_ns > before)
    saved = json.loads((lab.root / WEEK).read_text())
    assert "widgets" not in saved["metadata"]
    kinds = {
        kind for cell in saved["cells"] for out in cell.get("outputs", []) for kind in out.get("data", {})
    }
    assert not {kind for kind in kinds if kind.startswith(("audio/", "video/"))}
    text = (lab.root / WEEK).read_text()
    # The longest run of base64 belongs to a picture; a second of sound would be 32 kB without a PNG's head.
    for run in re.findall(r"[A-Za-z0-9+/]{2000,}", text.replace("\\n", "")):
        assert run.startswith("iVBORw0KGgo")


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
    finally:
        corrections.write_text(given)
