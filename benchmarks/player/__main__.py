"""Measure the player on 50 minutes of tones, and write the figures down."""

from __future__ import annotations

import argparse
import datetime as dt
import platform
from collections.abc import Callable
from pathlib import Path

from benchmarks.player import memory, speed
from benchmarks.player.on_tones import MINUTES

HERE = Path(__file__).parent
Row = tuple[str, str, str]


def write(name: str, what_it_is: str, measure: Callable[[], list[Row]]) -> None:
    """Measure, and keep the figures beside this file with what they mean."""
    rows = measure()
    table = "\n".join(f"| {what} | {found} | {aim} |" for what, found, aim in rows)
    where = (
        f"{dt.date.today()}, {platform.machine()}, 2 cores, Chromium in JupyterLab; {MINUTES} minutes of tones as "
        "m4a at 48 kb/s."
    )
    (HERE / name).write_text(
        f"{what_it_is.strip()}\n\n{where}\n\n| what | found | aim |\n| --- | --- | --- |\n{table}\n"
    )
    print((HERE / name).read_text())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", choices=["speed", "memory", []], help="both when left out")
    parser.add_argument("--listen", type=float, default=3, help="minutes to listen for the memory's sake")
    asked = parser.parse_args()
    wanted = asked.what or ["speed", "memory"]
    if "speed" in wanted:
        write("results.md", f"# The player, measured\n{speed.__doc__}", speed.measure)
    if "memory" in wanted:
        write("memory.md", f"# The player's memory\n{memory.__doc__}", lambda: memory.measure(asked.listen))


if __name__ == "__main__":
    main()
