"""What a test does with a player, and what it hears of it: however busy the computer is, so it waits for things."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tools.tones import tone

EAR = (Path(__file__).parent / "ear.js").read_text()
LOUD = 0.01  # a quiet tone; what is softer still fades in
AUDIBLE = 0.005  # quiet speech
HEARD = f"""(hertz) => {{
  if (hertz === null) return window.heard.some((one) => one.loud > {AUDIBLE});
  const last = window.heard.slice(-5);
  return last.length === 5 && last.every((one) => one.loud > {LOUD} && Math.abs(one.tone - hertz) < 15);
}}"""


def state(player: Locator, wanted: str) -> None:
    expect(player).to_have_attribute("data-state", wanted)


def at(player: Locator, seconds: float) -> None:
    """Go to a time by the slider, as a screen reader would."""
    player.get_by_label("Place in the session").fill(str(seconds))


def place(player: Locator) -> float:
    return float(player.get_by_label("Place in the session").input_value())


def reaches(player: Locator, seconds: float) -> None:
    """Wait until it has played as far as this."""
    slider = player.get_by_label("Place in the session").element_handle()
    player.page.wait_for_function(
        "([slider, seconds]) => Number(slider.value) >= seconds", arg=[slider, seconds], polling=50
    )


def sounds(player: Locator, minute: int | None = None) -> None:
    """Wait until the tone of this minute is heard from now on; without a minute, until anything is."""
    player.page.evaluate("window.heard.length = 0")
    player.page.wait_for_function(HEARD, arg=None if minute is None else tone(minute), polling=50)


def silent(page: Page) -> bool:
    """Tell whether what sounded fades, and nothing is heard from then on."""
    page.wait_for_timeout(400)
    page.wait_for_function("window.heard.slice(-3).every(({ loud }) => loud === 0)", polling=50)
    page.evaluate("window.heard.length = 0")
    page.wait_for_timeout(250)
    return bool(page.evaluate("window.loudness()") == 0)


def begins_softly(page: Page, *, steady: bool = False) -> bool:
    """Tell whether what is heard for the first time on this page fades in; of a steady tone also without steps.

    A busy page is looked at rarely: only looks that lie close to the last silence, or to each other, tell of it.
    """
    page.wait_for_function("window.heard.filter(({ loud }) => loud > 0).length > 50", polling=50)
    every = page.evaluate("window.heard")
    # A page may have several that sound, each with a clock of its own.
    ear = next(one["ear"] for one in every if one["loud"] > 0)
    heard = [(one["sounded"], one["loud"]) for one in every if one["ear"] == ear]
    loudest = max(loud for _, loud in heard)
    first = next(i for i, (_, loud) in enumerate(heard) if loud > 0)
    assert first, "nobody listened before it began"
    early = [loud for time, loud in heard[first:] if time - heard[first - 1][0] < 80]
    if max(early, default=0) >= 0.5 * loudest:
        return False
    near = [(low, high) for (one, low), (other, high) in pairwise(heard) if other - one < 40]
    return not steady or max((high - low for low, high in near), default=0) < 0.4 * loudest
