"""A command as its program runs it, but in this process: for what it says and does."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from dataclasses import dataclass

import pytest

from therapy_review.cli import main
from therapy_review.storage import unlock


@dataclass(frozen=True)
class Done:
    """What `subprocess.run` would return."""

    returncode: int
    stdout: str
    stderr: str


def run(*words: str) -> Done:
    """Run a command where nobody can be asked; it knows no keys when it begins, and leaves none behind."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    unlock.forget()
    with (
        pytest.MonkeyPatch.context() as patch,
        open(os.devnull) as nobody,  # noqa: PTH123
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.setattr(sys, "argv", ["therapy-review", *words])
        patch.setattr(sys, "stdin", nobody)
        try:
            main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
    unlock.forget()
    return Done(status, out.getvalue(), err.getvalue())
