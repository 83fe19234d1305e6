"""How much memory the player's page takes, and whether it grows while one listens.

Of the browser's processes only the page's own counts, after its garbage was collected, and of this browser alone:
others may run on the same computer. A notebook without a player, run and left alone, is what it is compared with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from benchmarks.player.on_tones import OTHERS, PLAYER, browsers, end_kernels, opened, page_of, tones_lab
from therapy_review.player import prepare
from tools.in_browser import Lab, run_all

SETTLE = 4000  # milliseconds after a cell has run
ROWS = 10  # of a long listening that are written down
SETTLED = 5  # minutes after which it is to be flat
NAMES = {
    PLAYER: "a notebook with the player",
    "empty": "an empty notebook",
    "slider": "a notebook with a slider",
}
Row = tuple[str, str, str]


@dataclass(frozen=True)
class Memory:
    """What a page holds, MB: in memory, of it its own alone, and what of that its script uses."""

    resident: float
    own: float
    script: float

    def __str__(self) -> str:
        return f"{self.resident:.0f} MB ({self.own:.0f} its own, script {self.script:.0f})"

    def above(self, other: Memory) -> str:
        return f"{self.resident - other.resident:.0f} MB ({self.own - other.own:.0f} its own)"


def weigh(browser: Browser, page: Page) -> Memory:
    """Weigh the only page of a browser."""
    inside, around = page.context.new_cdp_session(page), browser.new_browser_cdp_session()
    for _ in range(2):  # what the first one frees may hold more
        inside.send("HeapProfiler.collectGarbage")
    script = inside.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    processes = around.send("SystemInfo.getProcessInfo")["processInfo"]
    inside.detach()
    around.detach()
    found = (_of(one["id"], script) for one in processes if one["type"] == "renderer")
    return max(found, key=lambda one: one.resident)  # Chromium keeps an empty one ready for the next page


def _of(process: int, script: float) -> Memory:
    lines = (line.split() for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:])
    sizes = {name.rstrip(":"): int(size) * 1024 / 1e6 for name, size, *_ in lines}
    return Memory(sizes["Rss"], sizes["Private_Clean"] + sizes["Private_Dirty"], script)


def measure(listen: float) -> list[Row]:
    """Weigh the pages, then listen for some minutes beside a notebook that does nothing."""
    rows: list[Row] = []
    with tones_lab() as (lab, session), browsers() as launch:
        prepare(session)
        # The player comes first: nothing of it was made ready by another page.
        weights = {name: _weights(launch, lab, name) for name in (PLAYER, *OTHERS)}
        for name, (before, after) in weights.items():
            rows += [
                (f"{NAMES[name]}, before it ran", str(before), ""),
                (f"{NAMES[name]}, after", str(after), ""),
            ]
        for name in OTHERS:
            above = weights[PLAYER][1].above(weights[name][1])
            rows.append((f"the player above {NAMES[name]}", above, "150 MB" if name == "empty" else ""))
        rows += _listening(launch, lab, max(1, round(listen)))
    return rows


def _weights(launch: Callable[[], Browser], lab: Lab, name: str) -> tuple[Memory, Memory]:
    """Weigh a notebook before and after it is run."""
    browser = launch()
    page, _ = page_of(browser, lab, name)
    before = weigh(browser, page)
    _run(page, name)
    after = weigh(browser, page)
    browser.close()
    end_kernels(lab)
    return before, after


def _run(page: Page, name: str) -> None:
    if name == PLAYER:
        opened(page)
    else:
        run_all(page)
    page.wait_for_timeout(SETTLE)


def _listening(launch: Callable[[], Browser], lab: Lab, minutes: int) -> list[Row]:
    found: dict[str, list[Memory]] = {}
    opens = {name: (browser := launch(), *page_of(browser, lab, name)) for name in ("empty", PLAYER)}
    for name, (_, page, _) in opens.items():
        _run(page, name)
    browser, page, moved = opens[PLAYER]
    page.get_by_label("Place in the session").fill("62")
    page.locator(".tr-play").click()
    page.wait_for_timeout(SETTLE)
    begun = sum(moved)
    for minute in range(minutes + 1):
        if minute:
            page.wait_for_timeout(60_000)
        for name, (its_browser, its_page, _) in opens.items():
            found.setdefault(name, []).append(weigh(its_browser, its_page))
        print(minute, "min:", found[PLAYER][-1], "beside", found["empty"][-1], flush=True)
    if page.locator(".tr-player").get_attribute("data-state") != "playing":
        raise RuntimeError("It does not play any more.")
    received = (sum(moved) - begun) / 1e6 / minutes
    for browser, _, _ in opens.values():
        browser.close()
    every = -(-minutes // ROWS)
    rows = [
        (f"after {minute} min of listening", f"{found[PLAYER][minute]}", f"{found['empty'][minute]} beside")
        for minute in range(0, minutes + 1, every)
    ]
    grown = found[PLAYER][-1].above(found[PLAYER][min(SETTLED, minutes)])
    return [
        *rows,
        (f"grown from minute {min(SETTLED, minutes)} to {minutes}", grown, "flat"),
        ("moved for a minute of listening", f"{received:.2f} MB", "0.5 MB"),
    ]
