"""What may come in the player's way: a tab that sleeps, a browser that wants less kept, a kernel that dies."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from therapy_review import Session
from tools.in_browser import Lab

from .conftest import end_kernels
from .hearing import at, place, reaches, silent, sounds, state

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# A tab in the background: nothing is painted, and what waits is woken once a second at most.
SLEEP = """() => {
  const { requestAnimationFrame, setTimeout } = window;
  const see = (state) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
    Object.defineProperty(document, "hidden", { configurable: true, get: () => state === "hidden" });
    document.dispatchEvent(new Event("visibilitychange"));
  };
  const painting = [];
  window.requestAnimationFrame = (act) => painting.push(act);
  window.setTimeout = (act, wait = 0, ...rest) => setTimeout(act, Math.ceil((wait + 1) / 1000) * 1000, ...rest);
  window.wake = () => {
    Object.assign(window, { requestAnimationFrame, setTimeout });
    painting.forEach((act) => requestAnimationFrame(act));
    see("visible");
  };
  see("hidden");
}"""
# A browser that refuses so many pieces as "refusals" says, and notes what is taken out of what it keeps.
QUOTA = """
window.refusals = 0;
window.removed = [];
const { appendBuffer, remove } = SourceBuffer.prototype;
SourceBuffer.prototype.appendBuffer = function (data) {
  if (window.refusals > 0) {
    window.refusals -= 1;
    throw new DOMException("There is no room for it.", "QuotaExceededError");
  }
  return appendBuffer.call(this, data);
};
SourceBuffer.prototype.remove = function (start, end) {
  window.removed.push([start, end]);
  return remove.call(this, start, end);
};
"""
SOURCES = """
window.sources = [];
const { addSourceBuffer } = MediaSource.prototype;
MediaSource.prototype.addSourceBuffer = function (type) {
  window.sources.push(this);
  return addSourceBuffer.call(this, type);
};
const OwnAudio = window.Audio;
window.elements = [];
window.Audio = function () {
  const element = new OwnAudio();
  window.elements.push(element);
  return element;
};
"""


@pytest.fixture
def tab(tab: Page) -> Page:
    tab.add_init_script(QUOTA)
    tab.add_init_script(SOURCES)
    return tab


def play_from(player: Locator, seconds: float, speed: str = "1") -> None:
    player.get_by_label("Speed").select_option(speed)
    at(player, seconds)
    player.locator(".tr-play").click()
    state(player, "playing")


def test_in_a_tab_that_sleeps_it_plays_on_and_a_trigger_stays_silent(player: Locator, tones: Session) -> None:
    page = player.page
    at(player, 110)
    player.locator(".tr-play").focus()
    page.keyboard.press("m")
    player.get_by_label("What it is").select_option("trigger")
    expect(player.locator(".tr-note")).to_have_text("Saved.")
    play_from(player, 62, speed="2")
    page.evaluate(SLEEP)
    reaches(player, 86)  # past what is kept ready
    sounds(player, 1)
    state(player, "playing")
    expect(player.get_by_role("alertdialog")).to_be_visible(timeout=20_000)
    state(player, "resting")
    assert silent(player.page)
    page.evaluate("window.wake()")
    assert 107 <= place(player) <= 108
    assert silent(player.page)
    player.get_by_role("button", name="Go on after it").click()
    state(player, "playing")
    sounds(player, 1)
    assert place(player) >= 115


def test_a_page_that_was_frozen_goes_on_where_its_sound_is(player: Locator) -> None:
    page = player.page
    play_from(player, 62)
    session = page.context.new_cdp_session(page)
    session.send("Page.setWebLifecycleState", {"state": "frozen"})
    page.wait_for_timeout(4000)
    session.send("Page.setWebLifecycleState", {"state": "active"})
    if player.get_attribute("data-state") == "resting":
        player.locator(".tr-play").click()
    state(player, "playing")
    begun = place(player)
    assert 62 < begun < 90
    reaches(player, begun + 2)
    sounds(player, 1)


@pytest.mark.parametrize("refusals", [1, 6])
def test_where_the_browser_wants_less_kept_old_pieces_go_and_it_plays_on(
    player: Locator, refusals: int
) -> None:
    page = player.page
    play_from(player, 62, speed="2")
    reaches(player, 65)
    page.evaluate(f"window.removed.length = 0; window.refusals = {refusals}")
    page.wait_for_function(f"window.refusals === 0 && window.removed.length >= {refusals}")
    removed = page.evaluate("window.removed")
    assert all(start == 0 and 62 < end < place(player) for start, end in removed)
    reaches(player, place(player) + 16)  # past what was kept ready when there was no room
    state(player, "playing")
    sounds(player, 1)
    at(player, 62.5)  # what went is asked for anew
    sounds(player, 1)
    assert place(player) < 80


def test_with_no_room_at_all_for_a_while_it_waits_and_goes_on(player: Locator) -> None:
    page = player.page
    page.evaluate("window.refusals = 20")
    at(player, 200)
    player.locator(".tr-play").click()
    sounds(player, 3)


def test_when_the_browser_takes_the_sound_away_another_goes_on_where_it_was(player: Locator) -> None:
    page = player.page
    play_from(player, 62)
    reaches(player, 62.5)
    page.evaluate("window.elements.forEach((one) => { one.removeAttribute('src'); one.load(); })")
    page.wait_for_function("window.sources.length > 1")
    assert page.evaluate("window.sources[0].readyState") == "closed"
    state(player, "playing")
    sounds(player, 1)
    assert 62 < place(player) < 90
    player.locator(".tr-stop").click()
    at(player, 200)
    page.evaluate("window.elements.forEach((one) => { one.removeAttribute('src'); one.load(); })")
    page.wait_for_function("window.sources.length > 2")
    assert silent(player.page)  # it does not begin by itself
    player.locator(".tr-play").click()
    sounds(player, 3)


def test_a_source_that_was_ended_is_gone_on_with(player: Locator) -> None:
    page = player.page
    play_from(player, 62, speed="2")
    page.wait_for_function(
        """() => { const [source] = window.sources;
          if ([...source.sourceBuffers].some((one) => one.updating)) return false;
          source.endOfStream(); return true; }"""
    )
    reaches(player, 80)  # past what was there
    state(player, "playing")
    sounds(player, 1)


def test_when_the_kernel_dies_what_is_there_is_heard_and_then_it_says_so(player: Locator, lab: Lab) -> None:
    play_from(player, 62, speed="2")
    end_kernels(lab)
    sounds(player, 1)
    expect(player.locator(".tr-note")).to_contain_text(re.compile("not running|is busy"))
    player.locator(".tr-stop").click()
    assert silent(player.page)
    at(player, 300)
    player.locator(".tr-play").click()
    expect(player.locator(".tr-note")).to_contain_text(re.compile("Run All Cells"))
    assert silent(player.page)


def test_a_player_that_is_no_longer_in_the_notebook_is_silent(player: Locator) -> None:
    page = player.page
    play_from(player, 62)
    sounds(player)
    page.evaluate(
        """() => {
          const { widgets } = window.jupyterapp.shell.currentWidget.content;
          widgets.forEach((cell) => cell.model.outputs?.clear());
        }"""
    )
    expect(page.locator(".tr-player")).to_have_count(0)
    assert silent(page)
