"""Hints: commands and paths as a person is told them, so that they can be pasted where they are read.

In a terminal they are read in this process's folder. A notebook or a page is read anywhere: there every path is
whole, with ``~`` for the home folder, which also keeps the account's name out of pages. A page for others names a
command in words alone: it is not for their computer, and what folders are called is the client's own affair.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from therapy_review.wording import PACKAGE

PROGRAM = "therapy-review"
READER = "THERAPY_REVIEW_READER"  # set for processes whose words are not read in the terminal they run in
HERE, ANYWHERE, OTHERS = "here", "anywhere", "others"
IS_WINDOWS = os.name == "nt"
_IS_FOR_ANYWHERE = ContextVar("is_for_anywhere", default=False)


def command(*words: str, journal: Path | None = None) -> str:
    """Give the line that has this program do something, as it can be pasted into a terminal.

    Words are given as they are meant, without quotes; one to be replaced is in capitals, as in ``FILE``. The folder
    of the journal is named where the command needs it. In a page for others the words stand alone, after "the
    command".

    Examples
    --------
    >>> line = command("add", "Voice 003.m4a", "--date", "2026-03-04", journal=Path("my-journal"))
    >>> line.removeprefix(command())
    " add 'Voice 003.m4a' --date 2026-03-04 --journal my-journal"
    """
    if (reader := _reader()) == OTHERS:
        return " ".join(["the command", *words])
    line = [_program(reader), *map(word, words)]
    if journal is not None and not (reader == HERE and _whole(journal) == Path.cwd()):
        line += ["--journal", quoted(journal)]
    return " ".join(line)


def place(path: Path) -> str:
    """Say where a file or folder is, seen from where the person stands who reads it.

    Examples
    --------
    >>> place(Path("my-journal/reports/index.html").absolute())
    'my-journal/reports/index.html'
    """
    return "".join(_seen(path))


def quoted(path: Path) -> str:
    """Write `place` as one word of a line for the shell.

    Examples
    --------
    >>> quoted(Path("my journal"))
    "'my journal'"
    """
    home, rest = _seen(path)
    if rest.startswith("-"):  # which begins options
        rest = f".{os.sep}{rest}"
    return home + word(rest)  # in quotes ``~`` would be a sign like any other


def word(text: str) -> str:
    """Write a text as one word of a line for the shell; Windows knows double quotes alone.

    Examples
    --------
    >>> word("therapy-review[pdf]")
    "'therapy-review[pdf]'"
    """
    if not IS_WINDOWS:
        return shlex.quote(text)
    return text if re.fullmatch(r"[\w@+=:,./\\-]+", text) else f'"{text}"'


@contextlib.contextmanager
def for_anywhere() -> Iterator[None]:
    """Write hints as for a page that is kept, wherever it is read."""
    before = _IS_FOR_ANYWHERE.set(True)
    try:
        yield
    finally:
        _IS_FOR_ANYWHERE.reset(before)


def _reader() -> str:
    if said := os.environ.get(READER):
        return said
    # Only a process that runs in IPython has it imported already.
    shell = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return ANYWHERE if _IS_FOR_ANYWHERE.get() or (shell and shell()) else HERE


def _program(reader: str) -> str:
    script = _script(sys.executable)
    if script is None:
        return f"{_to_start(Path(sys.executable))} -m therapy_review"
    # Which folders a shell looks into differs from one terminal to the next.
    if reader == HERE and _is_found(script, os.environ.get("PATH")):
        return PROGRAM
    return _to_start(script)


@functools.cache
def _script(python: str) -> Path | None:
    """Find the program that belongs to an interpreter; that of a venv is a link, and its own folder counts."""
    name = f"{PROGRAM}.exe" if IS_WINDOWS else PROGRAM
    folders = Path(python).parent, Path(sysconfig.get_path("scripts"))
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


@functools.cache
def _is_found(script: Path, path: str | None) -> bool:
    found = shutil.which(PROGRAM, path=path)
    return found is not None and Path(found).samefile(script)


def _to_start(program: Path) -> str:
    there = quoted(program)
    # A shell looks for a bare name elsewhere than in the current folder.
    return there if os.sep in there else f".{os.sep}{there}"


def _seen(path: Path) -> tuple[str, str]:
    """Give what the shell has to read, and the rest."""
    whole = _whole(path)
    if _reader() == HERE:
        here = Path.cwd()
        is_below = whole != here and whole.is_relative_to(here)
        return "", str(whole.relative_to(here) if is_below else whole)
    if not IS_WINDOWS:
        with contextlib.suppress(RuntimeError):  # some accounts have no home
            # It may be a link, and a journal's folder is known without links.
            for home in (Path.home(), Path.home().resolve()):
                if whole.is_relative_to(home):
                    return "~/", str(whole.relative_to(home))
    return "", str(whole)


def _whole(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100  `resolve` would follow links, `absolute` keep ``..``


def install_line(extra: str, root: Path = PACKAGE.parent) -> str:
    """Give the line that installs what an extra of this package needs, as it can be typed into a terminal.

    In a checkout, where `root` is the folder the package lies in, everything is installed from there.

    Examples
    --------
    >>> install_line("pdf", Path("/nowhere")).endswith(" -m pip install 'therapy-review[pdf]'")
    True
    """
    what = f"{root}[{extra}]" if (root / "pyproject.toml").is_file() else f"therapy-review[{extra}]"
    editable = "-e " if what.startswith(str(root)) else ""
    return f"{word(sys.executable)} -m pip install {editable}{word(what)}"
