"""What a test does with a player, and what it hears of it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, expect

EAR = (Path(__file__).parent / "ear.js").read_text()


def state(player: Locator, wanted: str) -> None:
    expect(player).to_have_attribute("data-state", wanted, timeout=10_000)


def at(player: Locator, seconds: float) -> None:
    """Go to a time by the slider, as a screen reader would."""
    player.get_by_label("Place in the session").fill(str(seconds))


def hear(player: Locator, wait: float = 0.9) -> dict[str, float]:
    """Listen for a while; what was heard last counts."""
    player.page.evaluate("window.heard.length = 0")
    player.page.wait_for_timeout(1000 * wait)
    return dict(player.page.evaluate("window.heard.at(-1)"))


def silent(player: Locator) -> bool:
    """Tell whether nothing is heard, once what sounded has faded."""
    player.page.wait_for_timeout(200)
    player.page.evaluate("window.heard.length = 0")
    player.page.wait_for_timeout(250)
    return bool(player.page.evaluate("window.loudness()") == 0)
