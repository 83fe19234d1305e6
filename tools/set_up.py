"""Make `.venv` with all that the workbook needs: a line for each step, and what the installers say in a log.

    python3 tools/set_up.py        what a client needs
    python3 tools/set_up.py dev    and then what tests need

Only Python's own library is used here, for nothing else is there yet. All is installed by uv, which is fetched
first and not kept; where it can't do its work (it doesn't read pip's settings) pip does the same, more slowly.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
UV = VENV / "uv"  # a folder: uv itself and what it fetches, gone at the end
LOG = VENV / "set-up.log"
LOCKS = {"client": "requirements.lock", "dev": "requirements-dev.lock"}
TOOLS = "tools/set_up.lock"  # uv, and what builds this package
OLDEST, NEWEST_TRIED = (3, 11), (3, 14)
WIDTH = 30  # letters of a bar


class SetUpError(Exception):
    """One sentence that says what to do."""


def main(kind: str) -> None:
    check_python()
    if not works(PYTHON):
        with step("Making a place of its own for the workbook, in .venv"):
            make_venv()
    LOG.write_text("")
    entries = packages(ROOT / LOCKS[kind])
    try:
        with step(
            f"Fetching {len(entries)} packages{' for tests' * (kind == 'dev')}",
            lambda: fetched() / len(entries),
        ):
            install(LOCKS[kind])
        if kind == "client":
            with step("Installing the workbook itself"):
                install_ourselves()
    finally:
        shutil.rmtree(UV, ignore_errors=True)


def check_python() -> None:
    version = sys.version_info[:2]
    if version < OLDEST:
        raise SetUpError(
            f"This is Python {version[0]}.{version[1]} and the workbook needs {OLDEST[0]}.{OLDEST[1]} or newer. If "
            "you have one under another name, say which, as in: make review PYTHON=python3.12"
        )
    if version > NEWEST_TRIED:
        say(
            f"Python {version[0]}.{version[1]} is newer than what the workbook was tried with; it may not work yet."
        )


def works(python: Path) -> bool:
    """Tell whether there is a `.venv` to go on with: Python may have moved or changed since it was made."""
    return python.exists() and subprocess.run([python, "-m", "pip"], capture_output=True).returncode == 0


def make_venv() -> None:
    try:
        venv.create(VENV, clear=True, with_pip=True)
    except (subprocess.CalledProcessError, ModuleNotFoundError) as error:
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetUpError(
            "This Python can't make an environment. On Debian and Ubuntu: sudo apt install python3-venv. "
            "Elsewhere, install Python from python.org. Then run the same command again."
        ) from error


def packages(lock: Path) -> list[str]:
    """List what a lock installs here, as near as can be told without a parser of markers."""
    entries = re.findall(r"(?m)^[a-z0-9].*==.*", lock.read_text())
    others = "win32" if os.name != "nt" else "!= 'win32'"
    return [entry for entry in entries if others not in entry and "PyPy" not in entry]


def install(lock: str) -> None:
    wanted = ["-r", ROOT / lock]
    compiled = ["--compile-bytecode"] if sys.dont_write_bytecode else []
    run(
        PYTHON,
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--only-binary=:all:",
        "--target",
        UV,
        "-r",
        ROOT / TOOLS,
    )
    if not uv("install", "--no-deps", "--require-hashes", *compiled, *wanted):
        run(PYTHON, "-m", "pip", "install", "--no-deps", "--require-hashes", *wanted)


def install_ourselves() -> None:
    """With the very builder that was locked, so that nothing is fetched whose hash isn't known."""
    builder = {**os.environ, "PYTHONPATH": str(UV)}
    run(PYTHON, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "-e", ROOT, env=builder)
    if sys.dont_write_bytecode:  # so it would be made anew each time a program starts
        run(PYTHON, "-m", "compileall", "-q", ROOT / "therapy_review")


def uv(*words: object) -> bool:
    program = shutil.which("uv", path=UV / "bin") or "uv"
    kept = [] if "UV_CACHE_DIR" in os.environ else ["--cache-dir", UV / "cache"]
    return try_run(program, "--no-config", *kept, "pip", words[0], "--python", PYTHON, *words[1:])


def fetched() -> int:
    """Count the packages that are here: those uv unpacked, or those pip installed."""
    unpacked = len(list(UV.glob("cache/archive-v*/*")))
    return max(unpacked, len(list(VENV.glob("[lL]ib/**/site-packages/*.dist-info"))))


def run(*words: object, env: dict[str, str] | None = None) -> None:
    if not try_run(*words, env=env):
        said = [line for line in LOG.read_text(errors="replace").splitlines() if "error" in line.lower()]
        last = f" The last it said: {said[-1].strip()[:200]}" if said else ""
        raise SetUpError(
            "Setting up did not work. Is this computer connected to the internet, and is there room for 1 GB? Then "
            f"run the same command again.{last} All that was said is in {os.path.relpath(LOG)}"
        )


def try_run(*words: object, env: dict[str, str] | None = None) -> bool:
    command = [str(word) for word in words]
    with LOG.open("a") as log:
        log.write(f"\n$ {' '.join(command)}\n")
        log.flush()
        return subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, env=env).returncode == 0


@contextmanager
def step(what: str, done: Callable[[], float] | None = None) -> Iterator[None]:
    """Say in one line what is being done, with a bar where somebody looks, and how long it took."""
    began = time.monotonic()
    if not sys.stdout.isatty():
        say(f"{what} …")
        yield
        return
    with bar(what, done):
        yield
    say(f"\r\033[K{what}: {time.monotonic() - began:.0f} s")


@contextmanager
def bar(what: str, done: Callable[[], float] | None) -> Iterator[None]:
    from threading import Event, Thread

    over = Event()

    def draw() -> None:
        while not over.is_set():
            full = round(WIDTH * min(done(), 1)) if done else 0
            drawn = f"  {'━' * full}{'─' * (WIDTH - full)}" if done else " …"
            print(f"\r\033[K{what}{drawn}", end="", flush=True)
            over.wait(0.5)

    drawing = Thread(target=draw, daemon=True)
    drawing.start()
    try:
        yield
    finally:
        over.set()
        drawing.join()


def say(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "client")
    except SetUpError as failure:
        sys.exit(f"\n{failure}" if sys.stdout.isatty() else str(failure))
    except KeyboardInterrupt:
        sys.exit("\nStopped. The same command goes on from here.")
