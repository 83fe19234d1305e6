"""JupyterLab as the workbook starts it, looked at in headless Chromium: for browser tests and benchmarks."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from therapy_review import Journal
from therapy_review.lab import command, environment
from therapy_review.storage import unlock

ROOT = Path(__file__).parent.parent
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
    key = unlock.passed_on(sealed.store) if sealed else {}
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
        try:
            process.wait(60)  # its kernels end first
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
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


def wait_for_kernel(tab: Page) -> None:
    """Wait until the notebook can be run: what is asked of Lab before that is lost (jupyterlab#8490)."""
    tab.wait_for_function(
        """() => {
          const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
          return kernel?.connectionStatus === "connected" && kernel.status === "idle";
        }"""
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
