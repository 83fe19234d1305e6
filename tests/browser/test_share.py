"""A clip is chosen, heard and written as a client does it in JupyterLab."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from therapy_review import analyse, open_journal
from therapy_review.sharing.cautions import CAUTIONS
from tools.in_browser import Lab, run_all

from .test_bring_in import faults

pytestmark = pytest.mark.browser


def test_a_clip_is_looked_at_heard_and_written(tab: Page, lab: Lab, tmp_path: Path) -> None:
    analyse(open_journal(lab.root).session("2026-03-05"))  # a test before may have changed who is who
    tab.goto(lab.page_of("reports/share.ipynb"))
    run_all(tab)
    tab.get_by_label("From when to when").fill("0:24-0:31")
    tab.get_by_label("With whom").fill("Sam")
    tab.get_by_label("With whom").press("Tab")
    tab.get_by_role("button", name="Look at what would go out").click()
    expect(tab.get_by_text("Left out: the voice of Daniel")).to_be_visible()
    clip = tab.locator(".tr-share .tr-moment")
    expect(clip).to_have_attribute("data-state", "resting")  # nothing plays by itself
    clip.get_by_role("button", name="Play").click()
    expect(clip).to_have_attribute("data-state", "playing")
    tab.keyboard.press("Escape")
    expect(clip).to_have_attribute("data-state", "resting")
    for text in CAUTIONS.values():
        expect(tab.locator(".tr-share").get_by_text(text)).to_be_visible()
    write = tab.get_by_role("button", name="Write the clips")
    expect(write).to_be_disabled()
    assert faults(tab, ".tr-share") == []
    tab.get_by_label("Into the folder").fill(str(tmp_path / "out"))
    tab.get_by_label("I have read all of this").check()
    write.click()
    expect(tab.get_by_text("Written, and noted in the journal's ledger")).to_be_visible()
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["clip-1.m4a"]
    expect(tab.get_by_text("with Sam: 2026-03-05, 0:24.0-0:31.0")).to_be_visible()
    assert open_journal(lab.root).ledger["what"].tolist()[-1] == "shared"
