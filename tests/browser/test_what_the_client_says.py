"""What a client says beside notes and moods: what silences were, how a session was held, a number of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from therapy_review import Session, open_journal
from therapy_review.forms.silences import AT_ONCE
from therapy_review.trends.kinds_of_silence import KINDS, long_silences_of
from tools.in_browser import Lab, run_all

from .conftest import wait_until
from .hearing import EAR

pytestmark = pytest.mark.browser
WEEK, DAY = "reports/weekly_review_2026-W10.ipynb", "2026-03-05"


@pytest.fixture
def session(lab: Lab) -> Iterator[Session]:
    """The session of that week; afterwards its files are as they were."""
    files = [lab.root / "sessions" / DAY / name for name in ("marks.csv", "notes.md")]
    files.append(lab.root / "scales.toml")
    before = {file: file.read_bytes() if file.exists() else None for file in files}
    yield open_journal(lab.root).session(DAY)
    for file, data in before.items():
        file.unlink(missing_ok=True)
        if data is not None:
            file.write_bytes(data)


@pytest.fixture
def review(tab: Page, lab: Lab, session: Session) -> Page:
    tab.add_init_script(EAR)
    return open_week(tab, lab)


def open_week(tab: Page, lab: Lab) -> Page:
    tab.goto(lab.page_of(WEEK))
    run_all(tab)
    return tab


def leave(field: Locator, words: str) -> None:
    """Write into a field and go on with the Tab key, as a client does."""
    field.fill(words)
    field.press("Tab")


@pytest.mark.slow
def test_what_a_silence_was_is_said_in_a_word_on_offer_or_ones_own_and_can_be_taken_back(
    review: Page, lab: Lab, session: Session
) -> None:
    said = long_silences_of(session)
    kinds = review.get_by_placeholder("thinking, stuck … or your own word")
    more = review.get_by_placeholder("more, if you like")
    expect(kinds).to_have_count(AT_ONCE)  # the longest; nobody is met with a wall of fields
    review.get_by_role("button", name=f"Show the other {len(said) - AT_ONCE}").click()
    expect(kinds).to_have_count(len(said))
    assert kinds.first.evaluate("field => [...field.list.options].map((one) => one.value)") == list(KINDS)
    assert "A silence of" in str(kinds.first.get_attribute("title")).replace("What it was, a", "A")

    leave(kinds.first, "finding words")
    wait_until(lambda: long_silences_of(session)["kind"].iloc[0] == "finding words")
    leave(more.first, "it was about the boat")
    wait_until(lambda: long_silences_of(session)["text"].iloc[0] == "it was about the boat")
    leave(kinds.last, "like snow")
    wait_until(lambda: long_silences_of(session)["kind"].iloc[-1] == "like snow")
    expect(review.get_by_text("Saved.").first).to_be_visible()
    assert review.evaluate("window.loudness()") == 0

    open_week(review, lab)  # what was said is still there, and may be taken back
    expect(kinds.first).to_have_value("finding words")
    expect(more.first).to_have_value("it was about the boat")
    expect(kinds.last).to_have_value("like snow")
    leave(kinds.last, "")
    wait_until(lambda: "like snow" not in set(long_silences_of(session)["kind"]))
    assert long_silences_of(session)["kind"].iloc[0] == "finding words"


def test_a_silence_is_heard_where_it_is_asked_about_and_only_when_play_is_pressed(review: Page) -> None:
    asked = review.locator(".widget-vbox").filter(has=review.get_by_placeholder("more, if you like"))
    moment = asked.locator(".tr-moment").first
    expect(moment).to_have_attribute("data-state", "resting")
    review.wait_for_timeout(500)
    assert review.evaluate("window.loudness()") == 0
    moment.get_by_role("button").first.click()
    expect(moment).to_have_attribute("data-state", "playing")
    review.keyboard.press("Escape")
    expect(moment).to_have_attribute("data-state", "resting")


def test_how_it_was_held_and_a_number_of_ones_own_wait_folded_until_they_are_wanted(
    review: Page, session: Session
) -> None:
    by = review.get_by_label("Recorded by")
    expect(by).to_be_hidden()
    review.get_by_text("How this session was held, if it matters to you").click()
    leave(by, "phone on the table")
    wait_until(lambda: session.notes.microphone == "phone on the table")

    name = review.get_by_label("Name", exact=True)
    expect(name).to_be_hidden()
    review.get_by_text("A number of your own").click()
    name.fill("Hours of sleep")
    review.get_by_label("to", exact=True).fill("14")
    review.get_by_role("button", name="Add it to the list").click()
    total = review.get_by_label("Total, 0 to 14")
    expect(total).to_be_visible()
    leave(total, "7.5")
    wait_until(lambda: session.notes.scores.get("hours_of_sleep") == 7.5)
    assert session.notes.scores["phq9"] == 7
