"""JupyterLab on a copy of the practice journal, looked at in headless Chromium."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, Error, Locator, Page, Playwright, expect, sync_playwright

from therapy_review import Session, analyse, open_journal
from therapy_review.player.playback import prepare
from therapy_review.reports import runner
from tools.in_browser import CHROMIUM, FLAGS, PRACTICE, SCREEN, Lab, lab_at, run_all
from tools.tones import DAY, make_tones

from .hearing import EAR

MINUTES = 6  # of tones
KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel"
WAIT = 180_000  # milliseconds: a kernel with the scientific stack may be slow to start, and the computer busy
expect.set_options(timeout=WAIT)


@pytest.fixture(scope="session")
def workbook(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A copy of the practice journal, analysed, with every notebook written once."""
    here = tmp_path_factory.getbasetemp()
    shared = here if worker_id == "master" else here.parent  # made by one of pytest's processes for all
    whole, root = shared / "workbook_once", tmp_path_factory.mktemp("workbook") / "practice"
    with FileLock(shared / "workbook.lock"):
        if not whole.exists():
            _write_workbook(shared / "begun")
            (shared / "begun").rename(whole)
    shutil.copytree(whole, root)
    return root


def _write_workbook(root: Path) -> None:
    shutil.copytree(
        PRACTICE, root, ignore=shutil.ignore_patterns("derived", "reports", ".lock", "ledger.csv")
    )
    journal = open_journal(root)
    for session in journal.sessions:
        if session.has_recording:
            analyse(session)
    runner.run_one(journal, "weekly_review", "weekly_review_2026-W10", {"week": "2026-W10"})
    runner.run_one(journal, "session_report", "session_report_2026-02-26", {"session": "2026-02-26"})
    for name in ("getting_started", "agreement", "bring_in", "path", "how_far", "together", "share"):
        runner.run_one(journal, name, name, {})


@pytest.fixture(scope="session")
def lab(workbook: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("jupyter")
    with lab_at(workbook, home, "reports/weekly_review_2026-W10.ipynb") as found:
        yield found


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


def end_kernels(lab: Lab) -> None:
    for kernel in lab.ask("kernels"):
        lab.ask(f"kernels/{kernel['id']}", "DELETE")


@pytest.fixture
def fresh(lab: Lab) -> Iterator[None]:
    """No kernel left from the test before, and the notebooks as they were written."""
    every = [*lab.root.glob("reports/*.ipynb"), *lab.root.glob("tones/notebooks/tones.ipynb")]
    written = {path: path.read_bytes() for path in every}
    yield
    end_kernels(lab)
    for path, data in written.items():
        path.write_bytes(data)


@pytest.fixture
def tab(chromium: Browser, fresh: None) -> Iterator[Page]:
    """A page on a 13-inch screen, in a browser profile of its own; an error on the page fails the test."""
    with chromium.new_context(**SCREEN) as context:
        page = context.new_page()
        with no_errors(page):
            yield page


@contextmanager
def no_errors(page: Page) -> Iterator[None]:
    """Fail when anything on the page throws."""
    page.set_default_timeout(WAIT)
    failures: list[str] = []

    def failed(error: Error) -> None:
        failures.append(str(error))

    page.on("pageerror", failed)
    yield
    page.remove_listener("pageerror", failed)
    assert not failures, failures


def has_pictures(tab: Page, heading: str) -> None:
    """See that a page that was run is the one meant, and that its pictures are there, each with words."""
    expect(tab.get_by_role("heading", name=heading).first).to_be_attached()
    expect(tab.locator(".jp-OutputArea figure img").first).to_be_attached()
    tab.wait_for_function(
        """() => [...document.querySelectorAll(".jp-OutputArea figure img")]
          .every((image) => image.naturalWidth > 0 && image.alt.length > 40)"""
    )


def tabs_until(tab: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus."""
    for _ in range(30):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        tab.keyboard.press("Tab")
    raise AssertionError("the Tab key does not reach it")


def wait_until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is true; that it never is fails the test."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def made(workbook: Path) -> Session:
    session = make_tones(PRACTICE, workbook / "tones", MINUTES)
    prepare(session)
    return session


@pytest.fixture
def tones(made: Session) -> Session:
    """The session of tones, without marks and corrections of the test before."""
    for name in ("marks.csv", "corrections.csv"):
        made.journal.store.remove(made.file(name))
    return open_journal(made.journal.store.root).session(DAY)


def shown(page: Page) -> Locator:
    player = page.locator(".tr-player")
    expect(player.get_by_role("heading", name="Tuesday 10 March 2026")).to_be_visible()
    return player


@pytest.fixture
def player(tab: Page, lab: Lab, tones: Session) -> Locator:
    tab.add_init_script(EAR)
    tab.goto(lab.page_of("tones/notebooks/tones.ipynb"))
    run_all(tab)
    return shown(tab)
