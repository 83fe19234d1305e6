"""A Lab on 50 minutes of tones, and new browsers that look at its notebooks."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Page, sync_playwright

from therapy_review import Session
from tools.in_browser import CHROMIUM, FLAGS, PRACTICE, SCREEN, Lab, lab_at, run_all, wait_for_kernel
from tools.tones import make_tones

MINUTES = 50
PLAYER = "tones"
OTHERS = {"empty": "1 + 1", "slider": "import ipywidgets\nipywidgets.IntSlider()"}


@contextmanager
def tones_lab() -> Iterator[tuple[Lab, Session]]:
    """A Lab with the notebook of the player, one without a widget, and one with the plainest widget."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "practice"
        (root / "reports").mkdir(parents=True)
        session = make_tones(PRACTICE, root / "tones", MINUTES)
        for name, source in OTHERS.items():
            notebook = nbformat.v4.new_notebook(
                metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
                cells=[nbformat.v4.new_code_cell(source)],
            )
            nbformat.write(notebook, root / "tones" / "notebooks" / f"{name}.ipynb")
        with lab_at(root, Path(folder) / "home", f"tones/notebooks/{PLAYER}.ipynb") as lab:
            yield lab, session


@contextmanager
def browsers() -> Iterator[Callable[[], Browser]]:
    """Give what starts a browser."""
    with sync_playwright() as playwright:
        yield lambda: playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


def page_of(browser: Browser, lab: Lab, notebook: str, script: str = "") -> tuple[Page, list[int]]:
    """Open a notebook and wait until it could be run; the list holds the bytes that come by message."""
    page, moved = browser.new_context(**SCREEN).new_page(), list[int]()
    page.set_default_timeout(120_000)
    page.add_init_script(script)
    page.on("websocket", lambda ws: ws.on("framereceived", lambda data: moved.append(len(data))))
    page.goto(lab.page_of(f"tones/notebooks/{notebook}.ipynb"))
    wait_for_kernel(page)
    page.wait_for_timeout(4000)
    return page, moved


def opened(page: Page) -> float:
    """Run the notebook; answers after how many seconds of the cell's end the player is ready."""
    run_all(page)
    began = time.perf_counter()
    page.get_by_role("heading", name="Tuesday 10 March 2026").wait_for()
    return time.perf_counter() - began


def end_kernels(lab: Lab) -> None:
    for kernel in lab.ask("kernels"):
        lab.ask(f"kernels/{kernel['id']}", "DELETE")
