"""Where a client has listened, no sound stays: not in the notebook, nor in what the browser keeps on disk."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect

from therapy_review import open_journal
from therapy_review.player.playback import Sound
from therapy_review.sound.opus import PACKET
from tools.in_browser import CHROMIUM, FLAGS, SCREEN, Lab, run_all

from .conftest import no_errors, wait_until
from .hearing import reaches

pytestmark = pytest.mark.browser
WEEK = "reports/weekly_review_2026-W10.ipynb"
SAVE_STATE = (
    "@jupyter-widgets/jupyterlab-manager:saveWidgetState"  # Settings > Save Widget State Automatically
)


def listen(page: Page) -> None:
    """Hear the first moment, and the session from its beginning, mark a place; then stop."""
    moment = page.locator(".tr-moment").first
    moment.get_by_role("button").click()
    expect(moment).to_have_attribute("data-state", "playing")
    page.wait_for_timeout(500)
    page.keyboard.press("Escape")
    expect(moment).to_have_attribute("data-state", "resting")
    player = page.locator(".tr-player")
    expect(player.get_by_role("heading", name="Thursday 5 March 2026")).to_be_visible()
    player.locator(".tr-play").click()
    expect(player).to_have_attribute("data-state", "playing")
    reaches(player, 3)
    page.keyboard.press("Escape")
    expect(player).to_have_attribute("data-state", "resting")


def save(page: Page, notebook: Path) -> dict[str, Any]:
    """Save the notebook from its menu and read it back."""
    before = notebook.stat().st_mtime_ns
    page.get_by_role("menuitem", name="File", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Save Notebook( Ctrl|$)")).first.click()
    wait_until(lambda: notebook.stat().st_mtime_ns > before and notebook.read_text().rstrip().endswith("}"))
    return dict(json.loads(notebook.read_text()))


def long_runs(text: str) -> list[str]:
    """Find runs of base64 long enough to be sound (a tenth of a second would be 4 kB), pictures left out."""
    found = re.findall(r"[A-Za-z0-9+/=]{2000,}", text.replace("\\n", ""))
    return [run for run in found if not run.startswith("iVBORw0KGgo")]


def test_the_saved_notebook_holds_no_sound_and_no_widgets(tab: Page, lab: Lab) -> None:
    tab.goto(lab.page_of(WEEK))
    run_all(tab)
    listen(tab)
    saved = save(tab, lab.root / WEEK)
    assert "widgets" not in saved["metadata"]
    outputs = [out for cell in saved["cells"] for out in cell.get("outputs", [])]
    kinds = {kind for out in outputs for kind in out.get("data", {})}
    assert "text/html" in kinds
    assert not {kind for kind in kinds if kind.startswith(("audio/", "video/"))}
    assert long_runs((lab.root / WEEK).read_text()) == []
    written = (lab.root / WEEK).read_bytes()
    assert not any(trace in written for trace in traces(lab))


@pytest.mark.slow
def test_a_notebook_saved_with_its_widgets_holds_no_sound_either(tab: Page, lab: Lab) -> None:
    tab.goto(lab.page_of(WEEK))
    run_all(tab)
    listen(tab)
    tab.evaluate(f"window.jupyterapp.commands.execute('{SAVE_STATE}')")
    try:
        saved = save(tab, lab.root / WEEK)
    finally:
        tab.evaluate(f"window.jupyterapp.commands.execute('{SAVE_STATE}')")
    states = saved["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"].values()
    own = [one["state"] for one in states if one["model_name"] == "AnyModel"]
    players = [state for state in own if ".player." in state["_anywidget_id"]]
    assert len(players) == tab.locator(".tr-moment, .tr-player").count() > 6
    assert all("buffers" not in one for one in states)
    assert all(
        len(json.dumps(value)) < 200 for one in players for name, value in one.items() if name[0] != "_"
    )
    assert long_runs((lab.root / WEEK).read_text()) == []


def traces(lab: Lab) -> list[bytes]:
    """Give what half a minute of the session looks like as it was sent, as bytes and as text."""
    sound = Sound(open_journal(lab.root).session("2026-03-05"))
    found: list[bytes] = []
    for packet in sound.packets(0, round(30 / PACKET))[::5]:
        if len(packet) < 60:
            continue  # near silence, which looks like anything
        found.append(packet[10:40])
        found += [base64.b64encode(packet[shift:58])[4:-4] for shift in range(3)]  # wherever base64 begins
    assert len(found) > 200
    return found


def test_the_browser_keeps_no_sound_on_disk(
    playwright: Playwright, lab: Lab, fresh: None, tmp_path: Path
) -> None:
    context = playwright.chromium.launch_persistent_context(
        tmp_path, executable_path=CHROMIUM, args=FLAGS, **SCREEN
    )
    page = context.pages[0]
    with no_errors(page):
        page.goto(lab.page_of(WEEK))
        run_all(page)
        listen(page)
    context.close()
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in kept) > 1_000_000  # a profile was written, and its cache
    looked_for = traces(lab)
    for path in kept:
        held = path.read_bytes()
        assert not any(trace in held for trace in looked_for), path.name
