"""The index of reports is sorted, printed and read in a browser, with and without its script."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.batch.journals import days, short_journal
from therapy_review import open_journal
from therapy_review.reports import runner

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DAYS = days(6)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = short_journal(tmp_path_factory.mktemp("index") / "journal", len(DAYS), different=3)
    shutil.rmtree(root / "sessions" / DAYS[2])
    (root / "sessions" / DAYS[2]).mkdir()
    (root / "sessions" / DAYS[2] / "notes.md").write_text("---\nmood_after: 9\n---\n")
    runner.run(open_journal(root), jobs=2)
    return root / "reports"


def column(page: Page, number: int) -> list[str]:
    return page.locator(f"tbody tr :is(th, td):nth-child({number})").all_inner_texts()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_press_on_a_heading_sorts_and_what_is_missing_stays_below(
    made: Path, chromium: Browser, scheme: str
) -> None:
    page = chromium.new_context(color_scheme=scheme).new_page()  # type: ignore[arg-type]
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"file://{made}/index.html")
    assert column(page, 1)[0] == "23 January 2020"
    expect(page.get_by_role("table", name="The sessions, with their reports and figures")).to_have_count(1)
    expect(page.get_by_role("rowheader")).to_have_count(len(DAYS))
    share = page.get_by_role("button", name="Your share")
    share.click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_count(1)
    shares = [text for text in column(page, 5) if text]
    assert column(page, 5)[-1] == ""
    share.press("Enter")
    expect(page.locator("th[aria-sort=descending]")).to_have_count(1)
    assert [text for text in column(page, 5) if text] == shares[::-1]
    assert column(page, 5)[-1] == ""
    page.get_by_role("button", name="Day").click()
    assert column(page, 1)[0] == "6 January 2020"
    assert not said
    assert len(asked) == 1
    page.get_by_role("link", name="read").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("6 January 2020")
    assert all(address.startswith(("file://", "data:")) for address in asked)


def test_on_a_narrow_screen_it_is_sorted_by_hand_and_by_keyboard(made: Path, chromium: Browser) -> None:
    page = chromium.new_context(viewport={"width": 390, "height": 800}).new_page()
    page.goto(f"file://{made}/index.html")
    page.keyboard.press("Tab")
    day = page.get_by_role("button", name="Day")
    expect(day).to_be_focused()
    expect(day).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert column(page, 1)[0] == "6 January 2020"
    page.get_by_role("button", name="Mood").click()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Mood")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("width", [360, 800])
def test_what_is_wide_in_a_report_scrolls_in_a_box_of_its_own(
    chromium: Browser, tmp_path: Path, width: int
) -> None:
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

    from therapy_review.display.rendering import as_page

    def table(mark: str) -> list[str]:
        return [f"{mark} {at}" for at in range(40)]

    written = "\n".join("|".join(line) for line in (table("head"), ["---"] * 40, table("value")))
    made = pd.DataFrame([table("figure")], columns=table("column")).to_html()
    outputs = [
        new_output("display_data", data={"text/html": made}),
        new_output("display_data", data={"text/html": '<div style="width:90rem">Broad</div>'}),
        new_output("stream", text="x" * 400),
    ]
    notebook = new_notebook(
        cells=[new_markdown_cell(f"{'w' * 300}\n\n{written}"), new_code_cell("", outputs=outputs)]
    )
    (tmp_path / "page.html").write_text(as_page(notebook))
    page = chromium.new_context(viewport={"width": width, "height": 800}).new_page()
    page.goto(f"file://{tmp_path}/page.html")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for text in ("value 39", "figure 39"):
        cell = page.get_by_text(text, exact=True)
        expect(cell).not_to_be_in_viewport()
        cell.scroll_into_view_if_needed()
        expect(cell).to_be_in_viewport()
        assert page.evaluate("scrollX") == 0


def test_without_script_it_is_the_same_table(made: Path, chromium: Browser) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(f"file://{made}/index.html")
    assert page.get_by_role("button").count() == 0
    assert len(column(page, 1)) == len(DAYS)


def test_what_a_template_brings_along_can_not_run_in_a_page(
    made: Path, chromium: Browser, tmp_path: Path
) -> None:
    from nbformat.v4 import new_code_cell, new_notebook, new_output

    from therapy_review.display.rendering import as_page

    script = {
        "text/html": "<script>document.title = 'ran'</script><img src=x onerror=\"document.title='ran'\">"
        '<meta http-equiv="refresh" content="0;url=https://example.org/">'
    }
    notebook = new_notebook(cells=[new_code_cell("", outputs=[new_output("display_data", data=script)])])
    (tmp_path / "page.html").write_text(as_page(notebook))
    page = chromium.new_context().new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"file://{tmp_path}/page.html")
    page.wait_for_timeout(500)
    assert page.title() == "Therapy review"
    assert asked == [f"file://{tmp_path}/page.html"]
