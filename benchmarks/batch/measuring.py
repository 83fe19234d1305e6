"""Measuring a run of reports: how long it takes, and how much memory the processes that do it share."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

PROGRAM = """
import sys
from pathlib import Path
from therapy_review import open_journal
from therapy_review.reports import runner as reports
if __name__ == "__main__":
    root, jobs, template, wait, to, scheduler, *names = sys.argv[1:]
    journal = open_journal(root)
    chosen = [journal.session(name) for name in names] or None
    done = reports.run(
        journal, chosen, jobs=int(jobs), template=template, cell_wait=float(wait), to=to,
        scheduler=scheduler,
        told=lambda outcome: print(outcome.session, outcome.state, flush=True),
    )
    print(*(f"{state}={done.number(state)}" for state in ("made", "current", "failed", "waiting")), flush=True)
"""


@dataclass(frozen=True)
class Measured:
    """One run: seconds in all, of processor time, most memory (MB, shared parts counted once), last line."""

    seconds: float
    processor: float
    memory: float
    said: str


def started(
    root: Path,
    jobs: int,
    *,
    template: str | Path = "session_report",
    wait: float = 600.0,
    to: str = "html",
    scheduler: str = "",
    names: Sequence[str] = (),
) -> subprocess.Popen[str]:
    """Start a run in a process of its own."""
    here = str(Path(__file__).parents[2])
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            PROGRAM,
            str(root),
            str(jobs),
            str(template),
            str(wait),
            to,
            scheduler,
            *names,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])},
        start_new_session=True,
    )


def measured(root: Path, jobs: int, **options: object) -> Measured:
    """Run to the end and measure."""
    before = time.perf_counter()
    with started(root, jobs, **options) as process:  # type: ignore[arg-type]
        watch = _Watch(process.pid)
        watch.start()
        assert process.stdout
        lines = process.stdout.read().splitlines()
        watch.over.set()
        watch.join()
    seconds = time.perf_counter() - before
    return Measured(seconds, watch.processor, watch.most / 1e6, lines[-1] if lines else "")


@contextmanager
def two_workers(folder: Path) -> Iterator[str]:
    """Start a Dask scheduler and two workers with one thread each on this computer."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = asked.getsockname()[1]
    address, program = f"tcp://127.0.0.1:{port}", str(Path(sys.executable).with_name("dask"))
    here = str(Path(__file__).parents[2])
    common: dict[str, Any] = {
        "cwd": folder,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "env": {**os.environ, "PYTHONPATH": os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])},
    }
    scheduler = ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    worker = ["worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
    processes = [subprocess.Popen([program, *words], **common) for words in (scheduler, worker, worker)]
    try:
        time.sleep(8)  # a run that begins before the second worker is there would be slower
        yield address
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()


class _Watch(threading.Thread):
    """Adds up what a family of processes uses, a few times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.over, self.most, self._spent = threading.Event(), 0, dict[int, float]()
        self._root = psutil.Process(pid)

    @property
    def processor(self) -> float:
        return sum(self._spent.values())

    def run(self) -> None:
        while not self.over.wait(0.1):
            total = 0
            try:
                family = [self._root, *self._root.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            for process in family:
                try:
                    total += process.memory_full_info().pss
                    times = process.cpu_times()
                    self._spent[process.pid] = times.user + times.system
                except psutil.Error:
                    continue
            self.most = max(self.most, total)
