"""What is noted elsewhere comes in, and a questionnaire is filled in, as a client does it in JupyterLab."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from therapy_review import open_journal
from tools.in_browser import ROOT, Lab, run_all

from .conftest import tabs_until, wait_until

pytestmark = pytest.mark.browser
HEADER = "full_date,date,weekday,time,mood,activities,note_title,note\n"
EXPORT = (
    HEADER
    + '2026-03-04,March 4,Wednesday,20:39,so lala,"walk | Sam","","Rain."\n'
    + '2026-03-03,March 3,Tuesday,20:39,rad,"walk","","never closed\n'
    + '2026-03-02,March 2,Monday,8:15 pm,rad,"","",""\n'
)
AXE = ROOT / "tools" / "player" / "node_modules" / "axe-core" / "axe.min.js"


def choose(tab: Page, label: str, file: Path) -> None:
    with tab.expect_file_chooser() as chooser:
        tab.get_by_role("button", name=label).click()
    chooser.value.set_files(str(file))


def faults(tab: Page, where: str) -> list[Any]:
    """What axe finds wrong in a part of the page."""
    if not AXE.exists():
        pytest.skip("npm ci brings axe-core")
    tab.evaluate(AXE.read_text())
    found = tab.evaluate("async (where) => (await axe.run(where)).violations", where)
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def test_an_export_is_looked_at_brought_in_and_taken_out(tab: Page, lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "daylio_export.csv"
    file.write_text(EXPORT)
    journal = open_journal(lab.root)
    tab.goto(lab.page_of("reports/bring_in.ipynb"))
    run_all(tab)
    choose(tab, "Choose a file of moods", file)
    expect(tab.get_by_text("Entries in the file: 2 (2 new).")).to_be_visible()
    expect(tab.get_by_text("Line 3 has a quotation mark")).to_be_visible()
    assert journal.days.empty
    tab.get_by_label("so lala (1)").select_option("5")
    tab.get_by_role("button", name="Bring these in").click()
    expect(tab.get_by_text("Brought in: 2.")).to_be_visible()
    assert journal.days["mood"].tolist() == [10, 5]
    tab.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    saved = (lab.root / "reports/bring_in.ipynb").read_text()
    assert "page.moods()" in saved
    assert "Rain." not in saved
    assert "so lala" not in saved
    tab.get_by_role("button", name="Take out").click()
    tab.get_by_role("button", name="Yes, take them out").click()
    expect(tab.get_by_text("Taken out: 2.")).to_be_visible()
    assert journal.days.empty
    journal.store.remove("moods.toml")


@pytest.mark.slow
def test_a_questionnaire_is_answered_with_the_keyboard_and_kept_at_once(tab: Page, lab: Lab) -> None:
    path = lab.root / "sessions/2026-03-05/notes.md"
    before, session = path.read_text(), open_journal(lab.root).session("2026-03-05")
    tab.goto(lab.page_of("reports/weekly_review_2026-W10.ipynb"))
    run_all(tab)
    cells = tab.locator(".jp-Notebook .jp-Cell").count()
    try:
        tab.get_by_text("GAD-7", exact=True).click()
        group = tab.get_by_role("group", name=re.compile("^1. Feeling nervous, anxious or on edge"))
        tabs_until(tab, group.get_by_role("radio").first)
        tab.keyboard.press("Space")
        wait_until(lambda: session.notes.answers.get("gad7", (None,))[0] == 0)
        tab.keyboard.press("ArrowRight")
        wait_until(lambda: session.notes.answers["gad7"][0] == 1)
        for key in ("d", "d", "x", "b"):  # in JupyterLab: delete, delete, cut, a new cell below
            tab.keyboard.press(key)
        assert tab.locator(".jp-Notebook .jp-Cell").count() == cells
        for number in range(1, 7):
            tab.get_by_role("group", name=re.compile(f"^{number + 1}. ")).get_by_label(
                "Several days"
            ).last.check()
        wait_until(lambda: session.notes.scores.get("gad7") == 7)
        expect(tab.get_by_label("Total, 0 to 21")).to_have_value("7")
        assert faults(tab, ".tr-scale") == []
        group.get_by_label("no answer").check()
        wait_until(lambda: "gad7" not in session.notes.scores)
    finally:
        path.write_text(before)
