"""Measure the reports of many sessions, and write the figures down.

``python -m benchmarks.batch`` does all; a part by its name, as in ``python -m benchmarks.batch crash``.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import platform
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks.batch.journals import BAD, days, long_journal, plant_bad_ones, short_journal
from benchmarks.batch.measuring import measured, started, two_workers
from therapy_review import analyse, open_journal
from therapy_review.reports import runner
from therapy_review.storage import SETTLED, PlainStore, digest, keys, sealing, unlock

RESULTS = Path(__file__).with_name("results.md")
SEED = 20
Row = tuple[str, str, str]


def speed(scratch: Path, sessions: int, _kills: int) -> list[Row]:
    """Time for each session, one at a time and two, and a second run over the same."""
    root, rows, each = short_journal(scratch / "short", sessions), [], dict[int, float]()
    for jobs in (1, 2):
        first = measured(root, jobs, names=days(sessions)[:2])  # what is started once is not a session's cost
        shutil.rmtree(root / "reports")
        run = measured(root, jobs)
        each[jobs] = (run.seconds - first.seconds) / (sessions - 2)
        rows += [
            (f"a session, jobs = {jobs}", f"{each[jobs]:.2f} s", "2.5 s"),
            (f"processor time of a session, jobs = {jobs}", f"{run.processor / sessions:.2f} s", ""),
            (f"all {sessions}, jobs = {jobs}", f"{run.seconds:.0f} s", ""),
            (f"memory, all processes, jobs = {jobs}", f"{run.memory:.0f} MB", f"{700 * jobs} MB"),
        ]
        again = measured(root, jobs)
        rows.append(
            (f"a second run over {sessions}, nothing changed", f"{again.seconds:.2f} s", "2 s for 100")
        )
        if jobs == 1:
            shutil.rmtree(root / "reports")
    rows.append(("two at once against one", f"{each[1] / each[2]:.2f} times", "1.8 times"))
    return rows


def long(scratch: Path, _sessions: int, _kills: int) -> list[Row]:
    """What a session of fifty minutes costs: to listen to, to report, on disk."""
    root, rows = long_journal(scratch / "long", 12), []
    journal = open_journal(root)
    names = [session.name for session in journal.sessions]
    heard = []
    for session in journal.sessions[:2]:
        before = time.perf_counter()
        analyse(session)
        heard.append(time.perf_counter() - before)
    rows.append(("50 minutes: listening, both cores", f"{min(heard):.1f} s", ""))
    measured(root, 1, names=names[:1])
    start = measured(root, 1, names=names[1:2]).seconds
    rows.append(("50 minutes: the first report of a run, listened to before", f"{start:.1f} s", ""))
    for jobs, new in ((1, names[2:7]), (2, names[7:])):
        run = measured(root, jobs, names=new)
        each = (run.seconds - start) / len(new)
        rows.append((f"50 minutes: listening and report, jobs = {jobs}", f"{each:.1f} s", ""))
        rows.append((f"memory, all processes, jobs = {jobs}", f"{run.memory:.0f} MB", f"{700 * jobs} MB"))
    for jobs in (1, 2):
        shutil.rmtree(root / "reports")
        run = measured(root, jobs)
        each = (run.seconds - start) / (len(names) - 1)
        rows.append((f"50 minutes: report alone, jobs = {jobs}", f"{each:.2f} s", "2.5 s"))
    made = sum(path.stat().st_size for path in (root / "reports").rglob("*") if path.is_file())
    kept = sum(path.stat().st_size for path in root.rglob("derived/*"))
    rows.append(("50 minutes: report on disk", f"{made / len(names) / 1e6:.2f} MB", ""))
    rows.append(("50 minutes: derived files on disk", f"{kept / len(names) / 1e6:.2f} MB", ""))
    return rows


def pdf(scratch: Path, sessions: int, _kills: int) -> list[Row]:
    """What a PDF adds to the report of a session."""
    root, each = short_journal(scratch / "short", sessions), dict[str, float]()
    for to in ("html", "pdf"):
        first = measured(root, 1, names=days(sessions)[:2], to=to)
        shutil.rmtree(root / "reports")
        run = measured(root, 1, to=to)
        each[to] = (run.seconds - first.seconds) / (sessions - 2)
        size = sum(path.stat().st_size for path in (root / "reports").glob(f"*.{to}")) / sessions
        shutil.rmtree(root / "reports")
        rows = [("a PDF on disk", f"{size / 1e3:.0f} kB", "")]
    return [
        ("a session as a page, jobs = 1", f"{each['html']:.2f} s", ""),
        ("a session as a page and a PDF, jobs = 1", f"{each['pdf']:.2f} s", "2.5 s"),
        *rows,
    ]


def cluster(scratch: Path, sessions: int, _kills: int) -> list[Row]:
    """The same reports by two workers of a Dask scheduler on this computer, and by two processes."""
    root, rows = short_journal(scratch / "short", sessions), []
    here = measured(root, 2)
    shutil.rmtree(root / "reports")
    with two_workers(scratch) as address:
        there = measured(root, 2, scheduler=address)
    for said, run in (("two processes", here), ("two workers of a cluster", there)):
        rows.append((f"all {sessions}, {said}", f"{run.seconds:.0f} s", run.said))
    return rows


def idle(scratch: Path, sessions: int, _kills: int) -> list[Row]:
    """A run over sealed sessions of which nothing changed."""
    root = short_journal(scratch / "short", sessions)
    made = keys.new_keys("harbour lentil oboe margin", keys.new_recovery_code())
    sealing.seal(PlainStore(root), made)
    unlock.keep(made.identity)
    rows = []
    for said in ("the first run", "the second, which looks at what the first wrote", "a later one"):
        began = time.perf_counter()
        done = runner.run(open_journal(root), jobs=2)
        states = f"{done.number('made')} made, {done.number('current')} current"
        rows.append((f"{sessions} sealed sessions, {said}", f"{time.perf_counter() - began:.2f} s", states))
        time.sleep(SETTLED + 1)
    rows.append(("lines in the ledger", f"{len(open_journal(root).ledger)}", ""))
    return rows


def crash(scratch: Path, sessions: int, kills: int) -> list[Row]:
    """Kill the run and its workers at random moments, and compare with one that nobody disturbed."""
    root, at = short_journal(scratch / "crash", sessions), random.Random(SEED)
    bad = days(sessions)[3 :: max(1, sessions // len(BAD))][: len(BAD)]
    template = plant_bad_ones(root, bad)
    undisturbed = scratch / "beside" / "crash"
    shutil.copytree(root, undisturbed)
    wanted = measured(undisturbed, 2, template=template, wait=4)
    rows = [
        (f"{sessions} sessions, {len(BAD)} of them bad, undisturbed", f"{wanted.seconds:.0f} s", wanted.said)
    ]
    killed, (left, torn) = {"the program": 0, "a worker": 0}, (0, 0)
    process, reached = None, list[int]()
    for n in range(kills):
        # One moment in each equal part of all reports, from the first to the last.
        if process is None:
            process = started(root, 2, template=template, wait=4)
        _wait_for(root, process, round((n + at.random()) * (sessions - len(BAD)) / kills))
        time.sleep(at.uniform(0.0, 1.0))
        try:
            parent = psutil.Process(process.pid)
            if n % 2 and (workers := _workers(parent)):
                at.choice(workers).kill()  # it goes on with another
                killed["a worker"] += 1
                reached.append(_made(root))
                continue
            family = parent.children(recursive=True)
            process.kill()
            killed["the program"] += 1
            reached.append(_made(root))
            left += len(psutil.wait_procs(family, timeout=10)[1])
        except psutil.NoSuchProcess:
            pass  # it was done already
        process.communicate()
        process = None
        torn += _torn(root)
    if process:
        process.communicate()
    last = measured(root, 2, template=template, wait=4)
    same = _reports(root) == _reports(undisturbed)
    return [
        *rows,
        *((f"killed with -9: {who}", f"{number} times", f"{kills} in all") for who, number in killed.items()),
        ("reports that were there at each kill", ", ".join(map(str, reached)), f"of {sessions - len(BAD)}"),
        ("reports listed whose files are not whole", f"{torn}", "0"),
        ("processes that stayed behind", f"{left}", "0"),
        ("the run after them", f"{last.seconds:.0f} s", last.said),
        ("byte for byte what the undisturbed run made", "yes" if same else "NO", "yes"),
    ]


def stop(scratch: Path, sessions: int, kills: int) -> list[Row]:
    """Press Ctrl-C at random moments of one run that goes on each time, and see how long it takes to stop."""
    root, at = short_journal(scratch / "stop", sessions), random.Random(SEED)
    # What a shell starts behind itself ignores it otherwise, and so does all that this starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    took: dict[int, list[float]] = {1: [], 2: []}
    reached, left, failed = list[int](), 0, 0
    for n in range(kills):
        jobs = 1 + n % 2
        with started(root, jobs) as process:
            assert process.stdout
            while (line := process.stdout.readline()) and not line.endswith("made\n"):
                pass
            time.sleep(at.uniform(0.0, 2.0))
            family = psutil.Process(process.pid).children(recursive=True)
            began = time.perf_counter()
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
            said = process.stdout.read()
        if "waiting=0" not in said:  # else it was done already
            took[jobs].append(time.perf_counter() - began)
            reached.append(_made(root))
        failed += process.returncode != 0
        left += len(psutil.wait_procs(family, timeout=5)[1])
    return [
        *(
            (
                f"from Ctrl-C to the end, jobs = {jobs}, the longest of {len(each)}",
                f"{max(each):.1f} s",
                "5 s",
            )
            for jobs, each in took.items()
        ),
        ("runs that did not end in good order", f"{failed}", "0"),
        ("reports that were there at each", ", ".join(map(str, reached)), f"of {sessions}"),
        ("reports listed whose files are not whole", f"{_torn(root)}", "0"),
        ("processes that stayed behind", f"{left}", "0"),
    ]


def _made(root: Path) -> int:
    """Count the reports that are listed as made."""
    listed = (root / "reports" / "made_from").glob("*_????-??-??.json")
    return sum(1 for _ in listed)


def _wait_for(root: Path, process: subprocess.Popen[str], number: int) -> None:
    """Wait until so many reports are made, or the run is done."""
    while _made(root) < number and process.poll() is None:
        time.sleep(0.05)


def _workers(parent: psutil.Process) -> list[psutil.Process]:
    """Wait for the processes that do the work."""
    while parent.status() != psutil.STATUS_ZOMBIE:
        workers = []
        for one in parent.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                workers += [one] if "popen_loky" in " ".join(one.cmdline()) else []
        if len(workers) > 1:
            return workers
        time.sleep(0.1)
    return []


def _torn(root: Path) -> int:
    """Count reports that are listed as made and are not what is listed."""
    torn = 0
    for file in (root / "reports" / "made_from").glob("*.json"):
        entry = json.loads(file.read_bytes())
        paths = {
            root / "reports" / f"{entry['name']}.{end}": hashed for end, hashed in entry["files"].items()
        }
        torn += any(
            not path.exists() or digest(path.read_bytes()) != hashed for path, hashed in paths.items()
        )
    return torn


def _reports(root: Path) -> dict[str, str]:
    files = (
        path for path in (root / "reports").rglob("*") if path.is_file() and not path.name.startswith(".")
    )
    return {str(path.relative_to(root)): digest(path.read_bytes()) for path in files}


PARTS: dict[str, Callable[[Path, int, int], list[Row]]] = {
    "speed": speed,
    "long": long,
    "pdf": pdf,
    "cluster": cluster,
    "idle": idle,
    "crash": crash,
    "stop": stop,
}
SESSIONS = {"speed": 100, "long": 12, "pdf": 20, "cluster": 40, "idle": 100, "crash": 300, "stop": 40}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"some of {', '.join(PARTS)}; all when left out")
    parser.add_argument("--sessions", type=int, default=0)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    for name in given.parts or PARTS:
        with tempfile.TemporaryDirectory() as scratch:
            rows = PARTS[name](Path(scratch), given.sessions or SESSIONS[name], given.kills)
        lines = [
            f"{dt.date.today()}, {platform.machine()}, {psutil.cpu_count()} cores, load {os.getloadavg()[0]:.1f}.",
            *("| what | found | aim or what was said |", "| --- | --- | --- |"),
            *(f"| {' | '.join(row)} |" for row in rows),
        ]
        print("\n".join(lines), flush=True)
        given.results.write_text(with_section(given.results.read_text(), name, "\n".join(lines)))


def with_section(page: str, name: str, section: str) -> str:
    """Put what was measured between the marks of its part; what was written by hand stays as it is.

    Parameters
    ----------
    page : str
        The page as it is.
    name : str
        The part.
    section : str
        What was measured.

    Returns
    -------
    str
        Where the page has no such marks, a section is added at its end.

    Examples
    --------
    >>> page = "By hand.\\n<!-- speed -->\\nold\\n<!-- end of speed -->"
    >>> with_section(page, "speed", "new").split("\\n")
    ['By hand.', '<!-- speed -->', 'new', '<!-- end of speed -->']
    """
    first, last = f"<!-- {name} -->", f"<!-- end of {name} -->"
    new = f"{first}\n{section}\n{last}"
    if first not in page:
        return f"{page.rstrip()}\n\n## {name}\n{new}\n"
    before, rest = page.split(first, 1)
    return before + new + rest.split(last, 1)[1]


if __name__ == "__main__":
    main()
