"""JupyterLab on a copy of the practice journal, looked at in headless Chromium."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright, expect, sync_playwright

from therapy_review import Journal, analyse, open_journal, reports
from therapy_review.lab import command, environment
from therapy_review.unlock import passed_on

ROOT = Path(__file__).parent.parent.parent
PRACTICE = ROOT / "data" / "practice"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
# Without these, Chromium asks its makers for updates; sound plays into nothing, but it plays.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
SCREEN: Any = {"viewport": {"width": 1280, "height": 800}}
WAIT = 60_000  # milliseconds: a kernel with the scientific stack may be slow to start
expect.set_options(timeout=WAIT)


@dataclass
class Lab:
    """A running JupyterLab: where its pages are, and the folder it shows."""

    url: str
    token: str
    root: Path

    def page_of(self, notebook: str) -> str:
        return f"{self.url}/doc/tree/{notebook}?token={self.token}&reset"

    def ask(self, what: str, method: str = "GET") -> Any:
        """Ask Jupyter's own interface for something."""
        request = urllib.request.Request(f"{self.url}/api/{what}?token={self.token}", method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or "null")


@pytest.fixture(scope="session")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the practice journal, analysed, with every notebook written once."""
    root = tmp_path_factory.mktemp("workbook") / "practice"
    shutil.copytree(
        PRACTICE, root, ignore=shutil.ignore_patterns("derived", "reports", ".lock", "ledger.csv")
    )
    journal = open_journal(root)
    for session in journal.sessions:
        if session.has_recording:
            analyse(session)
    reports.run(journal, "weekly_review", "weekly_review_2026-W10", {"week": "2026-W10"})
    reports.run(journal, "session_report", "session_report_2026-02-26", {"session": "2026-02-26"})
    for name in ("getting_started", "agreement", "bring_in", "path", "how_far", "together"):
        reports.run(journal, name, name, {})
    return root


@pytest.fixture(scope="session")
def lab(workbook: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("jupyter")
    with lab_at(workbook, home, "reports/weekly_review_2026-W10.ipynb") as found:
        yield found


@contextmanager
def lab_at(root: Path, home: Path, notebook: str, sealed: Journal | None = None) -> Iterator[Lab]:
    """JupyterLab as `therapy-review lab` starts it, with settings and runtime folders of its own.

    The server is given the key of a sealed journal as the command gives it; its kernels have to ask.
    """
    home.mkdir(exist_ok=True)
    names = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    own = {f"JUPYTER_{name}": str(home / name.lower()) for name in names}
    own |= {f"JUPYTERLAB_{name}_DIR": str(home / name.lower()) for name in ("SETTINGS", "WORKSPACES")}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(8)
    arguments = [
        f"--ServerApp.port={port}",
        f"--IdentityProvider.token={token}",
        "--no-browser",
        "--allow-root",
        "--LabApp.expose_app_in_browser=True",
    ]
    key = passed_on(sealed) if sealed else {}
    started = [*command(root, notebook, sealed=sealed is not None), *arguments]
    log = (home / "lab.log").open("w")
    process = subprocess.Popen(
        started,
        env={**environment(), **own, **key},
        stdout=log,
        stderr=log,
        pass_fds=[int(pipe) for pipe in key.values()],
    )
    found = Lab(f"http://127.0.0.1:{port}", token, root)
    try:
        _wait_for(found, process, home / "lab.log")
        yield found
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def _wait_for(lab: Lab, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        if process.poll() is not None:
            break
        try:
            lab.ask("status")
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.25)
        else:
            return
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def fresh(lab: Lab) -> Iterator[None]:
    """No kernel left from the test before, and the notebooks as they were written."""
    written = {path: path.read_bytes() for path in (lab.root / "reports").glob("*.ipynb")}
    yield
    for kernel in lab.ask("kernels"):
        lab.ask(f"kernels/{kernel['id']}", "DELETE")
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
    page.on("pageerror", lambda error: failures.append(str(error)))
    yield
    assert not failures, failures


def wait_for_kernel(tab: Page) -> None:
    """Wait until the notebook can be run: what is asked of Lab before that is lost (jupyterlab#8490)."""
    tab.wait_for_function(
        "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.connectionStatus"
        " === 'connected'"
    )


def run_all(tab: Page) -> None:
    """Press the button "Run all cells", and wait until the last cell has run, none of them with an error."""
    wait_for_kernel(tab)
    tab.evaluate(
        """() => {
          const panel = window.jupyterapp.shell.currentWidget;
          panel.content.widgets.forEach((cell) => cell.model.type === "code" && cell.model.clearExecution());
        }"""
    )
    tab.get_by_role("button", name="Run all cells").click()
    tab.wait_for_function(
        """() => {
          const panel = window.jupyterapp.shell.currentWidget;
          const code = panel.content.widgets.filter((cell) => cell.model.type === "code");
          const idle = panel.sessionContext.session.kernel.status === "idle";
          return idle && code.every((cell) => cell.model.executionCount > 0);
        }"""
    )
    expect(tab.locator('.jp-OutputArea [data-mime-type="application/vnd.jupyter.error"]')).to_have_count(0)


def tabs_until(tab: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus."""
    for _ in range(30):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        tab.keyboard.press("Tab")
    raise AssertionError("the Tab key does not reach it")


def wait_until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until something is true; that it never is fails the test."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)
