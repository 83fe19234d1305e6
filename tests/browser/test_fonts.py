"""Every letter in a browser is drawn with the fonts that come along, whatever the computer has."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import pytest
from playwright.sync_api import Browser, Page, Playwright

from therapy_review.display.rendering import in_shell
from therapy_review.rights import draft as agreeing
from tools.in_browser import CHROMIUM, FLAGS, Lab, run_all

pytestmark = pytest.mark.browser
WORDS = "<strong>bold</strong> and <em>slanted</em> words of Łucja's, ▸ ▶ ★ ✎ 0:15 → 1:30"


@pytest.fixture(scope="module")
def elsewhere(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser on a computer with one font, which has no letters; with none at all it loads no other either."""
    folder = tmp_path_factory.mktemp("computer")
    (folder / "signs.ttf").write_bytes((Path(mpl.get_data_path()) / "fonts/ttf/cmsy10.ttf").read_bytes())
    settings = folder / "fonts.conf"
    settings.write_text(f"<fontconfig><dir>{folder}</dir><cachedir>{folder}/cache</cachedir></fontconfig>")
    environment = {**os.environ, "FONTCONFIG_FILE": str(settings)}
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, env=environment)
    yield browser
    browser.close()


def drawn_with(page: Page, where: str) -> dict[str, bool]:
    """Name the fonts that letters are drawn with, and tell whether the page brought them along."""
    asked = page.context.new_cdp_session(page)
    asked.send("DOM.enable")
    asked.send("CSS.enable")
    root = asked.send("DOM.getDocument")["root"]["nodeId"]
    found = {}
    for node in asked.send("DOM.querySelectorAll", {"nodeId": root, "selector": where})["nodeIds"]:
        for font in asked.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]:
            found[font["postScriptName"]] = font["isCustomFont"]
    return found


@pytest.mark.parametrize("kind", ["report", "agreement"])
def test_a_page_is_written_in_its_own_fonts(kind: str, elsewhere: Browser, tmp_path: Path) -> None:
    day = dt.date(2026, 3, 4)
    draft = agreeing.Draft("Łucja", "Daniel", agreeing.USUAL, day, client_asks=("pause",))
    made = agreeing.page(draft) if kind == "agreement" else in_shell(f"<h1>A day</h1><p>{WORDS}</p>")
    (tmp_path / "page.html").write_text(made)
    page = elsewhere.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"file://{tmp_path}/page.html")
    page.evaluate("document.fonts.ready")
    ours = {f"AtkinsonHyperlegibleNext-{face}" for face in ("Regular", "Bold", "Italic")} | {"DejaVuSans"}
    expected = ours if kind == "report" else {"AtkinsonHyperlegibleNext-Regular"}
    assert drawn_with(page, "body, body *") == dict.fromkeys(expected, True)
    assert all(address.startswith(("file://", "data:font/")) for address in asked)
    page.close()


def test_jupyterlab_and_its_forms_are_written_in_the_same(tab: Page, lab: Lab) -> None:
    tab.goto(lab.page_of("reports/weekly_review_2026-W10.ipynb"))
    run_all(tab)
    tab.evaluate("document.fonts.ready")
    found = drawn_with(tab, ".jp-Notebook :not(code), .lm-MenuBar *, .jp-Toolbar *")
    assert set(found) >= {"AtkinsonHyperlegibleNext-Regular", "AtkinsonHyperlegibleNext-Bold", "DejaVuSans"}
    assert all(found.values()), found
    fields = tab.locator(".jp-Notebook :is(textarea, select, input:not([type=range], [type=checkbox]))")
    stacks = fields.evaluate_all("all => [...new Set(all.map((one) => getComputedStyle(one).fontFamily))]")
    assert len(stacks) == 1
    assert stacks[0].startswith('"Therapy Review", ')
    pen = tab.locator(".tr-player canvas").first.evaluate("canvas => canvas.getContext('2d').font")
    assert pen == f"12px {stacks[0]}"
