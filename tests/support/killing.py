"""Kill an act at each of its steps and at random instants, and see what it left.

A step is one call that changes the disk: to open a file for writing, to flush it, to rename, to delete, to make a
folder. A program of its own forks a fresh copy of itself for every attempt, so that nothing of one is known to the
next. A file that was not flushed yet when its program is killed is left half written.
"""

from __future__ import annotations

import base64
import os
import pickle
import random
import shutil
import signal
import stat
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

POINTS = 200  # at least
CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate"})
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True)
class Act:
    """What is killed.

    Parameters
    ----------
    start : callable
        Lays what is there before into a folder.
    run : callable
        What the command does there; also when it is given again.
    whole : callable
        Asserts what is true whenever it was killed.
    done : callable
        Asserts what is true once it was run to its end.
    """

    start: Callable[[Path], object]
    run: Callable[[Path], object]
    whole: Callable[[Path], object]
    done: Callable[[Path], object]


class Killer:
    """The program that forks, runs and kills.

    Parameters
    ----------
    module : str
        Where the acts' ``run`` functions are.
    """

    def __init__(self, module: str) -> None:
        path = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, sys.path)])
        self._server = subprocess.Popen(
            [sys.executable, "-c", f"import {module}; from tests.support import killing; killing.serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            text=True,
        )

    def __enter__(self) -> Killer:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate()

    def run(self, act: Act, at: Path, *, step: int | None = None, delay: float | None = None) -> bool:
        """Run an act in a fresh program, killed before one of its steps or after some seconds; tell if it ended."""
        assert self._server.stdin
        assert self._server.stdout
        what = base64.b64encode(pickle.dumps((act.run, at, step, delay)))
        self._server.stdin.write(f"{what.decode()}\n")
        self._server.stdin.flush()
        status = os.waitstatus_to_exitcode(int(self._server.stdout.readline()))
        assert status in (0, -signal.SIGKILL), "failed before it was killed"
        return status == 0


def kill_everywhere(kill: Killer, act: Act, scratch: Path) -> tuple[int, int]:
    """Kill an act at all its steps and at random instants; each time look, run it again, and look.

    Returns
    -------
    tuple of int
        How often it was killed at a step, and at an instant.
    """
    before, now = scratch / "before", scratch / "now"
    before.mkdir()
    act.start(before)

    def attempt(step: int | None, delay: float | None) -> bool:
        shutil.copytree(before, now)
        try:
            ended = kill.run(act, now, step=step, delay=delay)
            act.whole(now)
            act.run(now)
            act.done(now)
        except Exception as error:
            when = f"before step {step}" if step else f"after {delay} s"
            raise AssertionError(f"Killed {when}: {type(error).__name__} {error}") from error
        shutil.rmtree(now)
        return ended

    def seconds() -> float:
        shutil.copytree(before, now)
        began = time.perf_counter()
        assert kill.run(act, now)
        took = time.perf_counter() - began
        shutil.rmtree(now)
        return took

    takes = min(seconds() for _ in range(5))
    steps = 0
    while not attempt(steps + 1, None):
        steps += 1
    chance, instants, tries = random.Random(0), 0, 0
    while steps + instants < POINTS:
        instants += not attempt(None, chance.uniform(0, takes))
        tries += 1
        assert tries < 3 * POINTS, "it was over before it could be killed"
    return steps, instants


def serve() -> None:
    """Fork, run and kill, as lines on the standard input say."""
    for line in sys.stdin:
        run, at, step, delay = pickle.loads(base64.b64decode(line))
        child = os.fork()
        if not child:
            _run(run, at, step)
        if delay is not None:
            time.sleep(delay)
            os.kill(child, signal.SIGKILL)
        print(os.waitpid(child, 0)[1], flush=True)  # noqa: T201


def _run(run: Callable[[Path], object], at: Path, step: int | None) -> None:
    status = 1
    try:
        _kill_before(step)
        run(at)
        status = 0
    except BaseException:  # noqa: BLE001  it ends here, whatever it was
        traceback.print_exc()
    finally:
        os._exit(status)


def _kill_before(step: int | None) -> None:
    """Let this program be killed before it takes one of its steps."""
    coming = 0

    def is_now() -> bool:
        nonlocal coming
        coming += 1
        return coming == step

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if (event in CHANGES or (event == "open" and args[2] & WRITES)) and is_now():
            os.kill(os.getpid(), signal.SIGKILL)

    def flush(file: int) -> None:
        # The disk's own flushing says nothing about a killed program, and takes most of the time.
        if is_now():
            found = os.fstat(file)
            if stat.S_ISREG(found.st_mode):
                os.ftruncate(file, found.st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    os.fsync = flush
