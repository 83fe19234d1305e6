"""Measure the player on 50 minutes of tones, and write the figures down."""

from __future__ import annotations

import argparse
import datetime as dt
import platform
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, PRACTICE, SCREEN, Lab, lab_at, run_all, wait_for_kernel
from tests.browser.tones import make_tones
from therapy_review import analyse, open_journal
from therapy_review.playback import prepare
from therapy_review.player import Player

HERE = Path(__file__).parent
RESULTS = HERE / "results.md"
MINUTES = 50
JUMPS = 40
CELLS = {
    "waits": "time.sleep(12)",
    "computes in numpy": "[np.linalg.svd(np.random.rand(400, 400)) for _ in range(150)]",
    "computes in Python": "[sum(range(10000)) for _ in range(90000)]",
}
RUN = """(code) => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute(
  { code: "import time, numpy as np\\n" + code }); }"""
IDLE = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"


@contextmanager
def page_on(lab: Lab) -> Iterator[tuple[Page, list[int]]]:
    """Open the notebook of tones in a new browser; the list holds the bytes that came by message."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, "--enable-precise-memory-info"]
        )
        page, moved = browser.new_context(**SCREEN).new_page(), list[int]()
        page.set_default_timeout(120_000)
        page.add_init_script((HERE / "measure.js").read_text())
        page.on(
            "websocket",
            lambda ws: ws.on("framereceived", lambda data: moved.append(len(data))),
        )
        page.goto(lab.page_of("tones/notebooks/tones.ipynb"))
        yield page, moved
        browser.close()


def opened(page: Page) -> float:
    """Run the notebook; answers after how many seconds of the cell's end the player is ready."""
    run_all(page)
    began = time.perf_counter()
    page.get_by_role("heading", name="Tuesday 10 March 2026").wait_for()
    return time.perf_counter() - began


def jumps(page: Page, count: int = JUMPS) -> list[float]:
    """Milliseconds from a press to the first sound, at places all over the recording."""
    places = np.random.default_rng(1).permutation(np.linspace(5, MINUTES * 60 - 10, count)).round(1)
    return [float(page.evaluate("(time) => window.firstSound(time)", float(at))) for at in places]


def memory(page: Page) -> float:
    """What the page's process holds, MB of resident memory, after collecting."""
    client = page.context.new_cdp_session(page)
    client.send("HeapProfiler.collectGarbage")
    pid = subprocess.run(
        ["pgrep", "-f", "type=renderer"], capture_output=True, text=True, check=True
    ).stdout.split()
    sizes = []
    for one in pid:
        status = Path(f"/proc/{one}/status")
        if status.exists() and "VmRSS" in (text := status.read_text()):
            sizes.append(int(text.split("VmRSS:")[1].split()[0]) / 1024)
    return max(sizes)


def spread(times: list[float]) -> str:
    return f"{statistics.median(times):.0f} (worst {max(times):.0f}) ms"


def measure(listen: float) -> list[tuple[str, str, str]]:
    """Measure everything; what it is, what was found, what was aimed at."""
    rows: list[tuple[str, str, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "practice"
        (root / "reports").mkdir(parents=True)
        session = make_tones(PRACTICE, root / "tones", MINUTES)
        with lab_at(root, Path(folder) / "home", "tones/notebooks/tones.ipynb") as lab:
            rows += _with(lab, "on demand", lambda page, _: [("jump", spread(jumps(page, 15)), "200 ms")])
            began = time.perf_counter()
            prepare(session)
            rows.append(("making the sound ready", f"{time.perf_counter() - began:.1f} s", "27 s before"))
            size = (root / "tones" / session.file("derived/sound.npz")).stat().st_size
            rows.append(("its size on disk", f"{size / 1e6:.1f} MB", ""))
            rows += _with(lab, "prepared", lambda page, moved: _prepared(page, moved, listen))
        journal = shutil.copytree(PRACTICE, Path(folder) / "copy", ignore=shutil.ignore_patterns("derived"))
        heard = open_journal(journal).sessions[-1]
        analyse(heard)
        still = Player(heard).still().markup
        rows.append(
            (
                "still picture of a practice session in a notebook",
                f"{len(still) / 1000:.0f} kB",
                "100 kB with the notebook",
            )
        )
    return rows


def _with(
    lab: Lab, how: str, act: Callable[[Page, list[int]], list[tuple[str, str, str]]]
) -> list[tuple[str, str, str]]:
    with page_on(lab) as (page, moved):
        wait_for_kernel(page)
        page.wait_for_timeout(4000)
        empty = memory(page)
        ready = opened(page)
        first = float(page.evaluate("window.firstSound(null)"))
        rows = [
            (f"{how}: ready after the cell ran", f"{ready:.2f} s", "0.5 s"),
            (f"{how}: first sound", f"{first:.0f} ms", "80 ms" if how == "prepared" else "200 ms"),
            *((f"{how}: {what}", found, aim) for what, found, aim in act(page, moved)),
        ]
        rows.append(
            (f"{how}: memory above the page before it ran", f"{memory(page) - empty:.0f} MB", "150 MB")
        )
    for kernel in lab.ask("kernels"):
        lab.ask(f"kernels/{kernel['id']}", "DELETE")
    return rows


def _prepared(page: Page, moved: list[int], listen: float) -> list[tuple[str, str, str]]:
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
    before, begun = memory(page), sum(moved)
    page.get_by_label("Place in the session").fill("600")
    page.locator(".tr-play").click()
    sizes = []
    for _ in range(max(1, round(listen))):
        page.wait_for_timeout(60_000)
        sizes.append(memory(page))
    page.locator(".tr-stop").click()
    rows.append(
        ("moved for a minute of listening", f"{(sum(moved) - begun) / 1e6 / len(sizes):.2f} MB", "0.5 MB")
    )
    grown = f"{before:.0f}, then {', '.join(f'{size:.0f}' for size in sizes[:: max(1, len(sizes) // 6)])} MB"
    rows.append((f"memory over {len(sizes)} minutes of listening", grown, "flat"))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen", type=float, default=3, help="minutes to listen for the memory's sake")
    rows = measure(parser.parse_args().listen)
    table = "\n".join(f"| {what} | {found} | {aim} |" for what, found, aim in rows)
    RESULTS.write_text(
        f"# The player, measured\n{dt.date.today()}, {platform.machine()}, 2 cores, Chromium in JupyterLab; "
        f"{MINUTES} minutes of tones as m4a at 48 kb/s. From a press on play to the first samples at an "
        f"AnalyserNode that are not zero.\n\n| what | found | aim |\n| --- | --- | --- |\n{table}\n"
    )
    print(RESULTS.read_text())


if __name__ == "__main__":
    main()
