"""How quickly the player answers.

From a press on play to the first samples at an AnalyserNode that are not zero.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page

from benchmarks.player.on_tones import MINUTES, PLAYER, browsers, end_kernels, opened, page_of, tones_lab
from therapy_review import analyse, open_journal
from therapy_review.player import Player, prepare
from tools.in_browser import PRACTICE, Lab

MEASURE = (Path(__file__).parent / "measure.js").read_text()
JUMPS = 40
CELLS = {
    "waits": "time.sleep(12)",
    "computes in numpy": "[np.linalg.svd(np.random.rand(400, 400)) for _ in range(150)]",
    "computes in Python": "[sum(range(10000)) for _ in range(90000)]",
}
RUN = """(code) => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute(
  { code: "import time, numpy as np\\n" + code }); }"""
IDLE = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"


Row = tuple[str, str, str]


def measure() -> list[Row]:
    """Measure everything; what it is, what was found, what was aimed at."""
    rows: list[Row] = []
    with tones_lab() as (lab, session), browsers() as launch:
        rows += _with(launch(), lab, "on demand", lambda page: [("jump", spread(jumps(page, 15)), "200 ms")])
        began = time.perf_counter()
        prepare(session)
        rows.append(("making the sound ready", f"{time.perf_counter() - began:.1f} s", "27 s before"))
        size = (lab.root / "tones" / session.file("derived/sound.npz")).stat().st_size
        rows.append(("its size on disk", f"{size / 1e6:.1f} MB", ""))
        rows += _with(launch(), lab, "prepared", _prepared)
    still = (
        "still picture of a practice session in a notebook",
        f"{_still() / 1000:.0f} kB",
        "100 kB with the notebook",
    )
    return [*rows, still]


def _still() -> int:
    with tempfile.TemporaryDirectory() as folder:
        kept = shutil.ignore_patterns("derived")
        session = open_journal(shutil.copytree(PRACTICE, Path(folder) / "copy", ignore=kept)).sessions[-1]
        analyse(session)
        return len(Player(session).still().markup)


def jumps(page: Page, count: int = JUMPS) -> list[float]:
    """Milliseconds from a press to the first sound, at places all over the recording."""
    places = np.random.default_rng(1).permutation(np.linspace(5, MINUTES * 60 - 10, count)).round(1)
    return [float(page.evaluate("(time) => window.firstSound(time)", float(at))) for at in places]


def spread(times: list[float]) -> str:
    return f"{statistics.median(times):.0f} (worst {max(times):.0f}) ms"


def _with(browser: Browser, lab: Lab, how: str, act: Callable[[Page], list[Row]]) -> list[Row]:
    page, _ = page_of(browser, lab, PLAYER, MEASURE)
    ready = opened(page)
    first = float(page.evaluate("window.firstSound(null)"))
    rows = [
        (f"{how}: ready after the cell ran", f"{ready:.2f} s", "0.5 s"),
        (f"{how}: first sound", f"{first:.0f} ms", "80 ms" if how == "prepared" else "200 ms"),
        *((f"{how}: {what}", found, aim) for what, found, aim in act(page)),
    ]
    browser.close()
    end_kernels(lab)
    return rows


def _prepared(page: Page) -> list[Row]:
    rows = [("jump", spread(jumps(page)), "60 (worst 150) ms")]
    for what, code in CELLS.items():
        page.evaluate(RUN, code)
        page.wait_for_timeout(500)
        rows.append((f"jump while a cell {what}", spread(jumps(page, 12)), "60 (worst 150) ms"))
        page.wait_for_function(IDLE)
    page.get_by_label("Place in the session").fill("62")
    page.wait_for_timeout(200)
    even = page.evaluate("(seconds) => window.evenness(seconds)", 40.0)
    period = even["rate"] / 400  # samples of the tone of the second minute
    rows.append(
        (
            "longest silence in a steady tone, 8 joints",
            f"{1000 * even['longest'] / even['rate']:.2f} ms",
            "none",
        )
    )
    steepest = 2 * np.pi / period
    rows.append(("steepest step, against a clean tone", f"{even['jump'] / (0.09 * steepest):.2f}", "about 1"))
    return rows
