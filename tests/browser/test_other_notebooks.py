"""The notebooks beside the weekly review open, run without an error and can be read at any size."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tools.in_browser import Lab, run_all

from .conftest import end_kernels, has_pictures, no_errors

pytestmark = pytest.mark.browser
EVERY = (
    "weekly_review_2026-W10",
    "session_report_2026-02-26",
    "getting_started",
    "path",
    "how_far",
    "agreement",
    "share",
    "together",
)


def test_the_first_notebook_runs_without_an_error_and_shows_its_pictures(tab: Page, lab: Lab) -> None:
    tab.goto(lab.page_of("reports/getting_started.ipynb"))
    run_all(tab)
    has_pictures(tab, "Your own first journal")


def test_the_session_report_shows_the_notes_to_read(tab: Page, lab: Lab) -> None:
    tab.goto(lab.page_of("reports/session_report_2026-02-26.ipynb"))
    run_all(tab)
    has_pictures(tab, "Thursday 26 February 2026")
    expect(tab.get_by_text("What I noticed")).to_be_visible()
    expect(tab.locator(".jp-OutputArea textarea")).to_have_count(0)
    expect(tab.locator(".tr-moment").first).to_be_visible()


def test_what_is_filled_in_shows_on_the_page_below_and_what_was_agreed_is_written_down(
    tab: Page, lab: Lab
) -> None:
    tab.goto(lab.page_of("reports/agreement.ipynb"))
    run_all(tab)
    expect(tab.get_by_role("heading", name="Asking about recording").first).to_be_attached()
    paper = tab.locator(".agreement").last
    expect(paper).to_contain_text("An agreement between Robin and Daniel")
    tab.get_by_label("Your therapist").fill("Dr. Okafor")
    tab.get_by_label("Your therapist").press("Tab")
    expect(paper).to_contain_text("An agreement between Robin and Dr. Okafor")
    tab.get_by_text("What was said is written down.", exact=True).first.click()
    expect(paper.get_by_text("What was said is written down.")).to_be_attached()
    before = (lab.root / "agreements.toml").read_bytes()
    try:
        tab.get_by_text("Robin agrees", exact=True).click()
        tab.get_by_role("button", name="Write it down").click()
        expect(tab.get_by_text("Written down: Robin, from today on.")).to_be_visible()
        after = (lab.root / "agreements.toml").read_bytes()
        assert after.startswith(before)
        assert after.count(b"[[agreement]]") == before.count(b"[[agreement]]") + 1
    finally:
        (lab.root / "agreements.toml").write_bytes(before)


def test_a_notebook_opened_anew_says_how_to_go_on_instead_of_an_error(tab: Page, lab: Lab) -> None:
    page = lab.page_of("reports/weekly_review_2026-W10.ipynb")
    tab.goto(page)
    run_all(tab)
    tab.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    end_kernels(lab)
    tab.goto(page)
    gone = tab.locator(".jp-OutputArea-output.jupyter-widgets").first
    expect(gone).to_be_attached()
    expect(gone).to_be_hidden()
    said = gone.evaluate(
        "place => [getComputedStyle(place, '::after').content, getComputedStyle(place, '::after').visibility]"
    )
    assert "Run all cells" in said[0]
    assert said[1] == "visible"


@pytest.mark.parametrize(
    "notebook",
    [pytest.param(name, marks=[] if "weekly" in name else pytest.mark.slow) for name in EVERY],
)
def test_at_twice_the_size_nothing_is_cut_off_at_the_side(
    chromium: Browser, lab: Lab, fresh: None, notebook: str
) -> None:
    context = chromium.new_context(viewport={"width": 640, "height": 400}, device_scale_factor=2)
    page = context.new_page()
    with no_errors(page):
        page.goto(lab.page_of(f"reports/{notebook}.ipynb"))
        run_all(page)
        too_wide = page.evaluate(
            """() => {
              const all = [...document.querySelectorAll(".jp-Notebook .jp-Cell, .jp-OutputArea-output *")];
              const seen = all.filter((one) => one.getBoundingClientRect().width > 0);
              return seen.filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
                .map((one) => one.className || one.tagName);
            }"""
        )
    context.close()
    assert too_wide == []


def test_light_or_dark_follows_the_system(chromium: Browser, lab: Lab, fresh: None) -> None:
    for scheme, theme in (("dark", "JupyterLab Dark"), ("light", "JupyterLab Light")):
        context = chromium.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.goto(lab.page_of("reports/getting_started.ipynb"))
        expect(page.locator("body")).to_have_attribute("data-jp-theme-name", re.compile(f"^{theme}"))
        context.close()
