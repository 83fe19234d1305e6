"""Journals of a few short sessions for the tests of reports, made once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from benchmarks.batch.journals import days, short_journal
from therapy_review import open_journal
from therapy_review.journal.journal import Journal
from therapy_review.reports.workers import pool
from therapy_review.reports.workers.orders import Made, Order

DAYS = days(7)


@pytest.fixture(scope="session")
def short_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven sessions of a minute, all analysed; not to be changed."""
    return short_journal(tmp_path_factory.mktemp("short") / "journal", len(DAYS), different=2)


@pytest.fixture
def short(short_once: Path, tmp_path: Path) -> Journal:
    """A copy of it, with the times of change that analysis goes by."""
    shutil.copytree(short_once, tmp_path / "journal")
    return open_journal(tmp_path / "journal")


@pytest.fixture
def no_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a page of one line stand for what a kernel would make."""

    def done(names: Sequence[str], write: Callable[[str], Order], *_: object) -> Iterator[Made]:
        for name in names:
            order = write(name)
            yield Made(name, {"ipynb": b"{}", "html": b"<p>It</p>"} if order.template else {})

    monkeypatch.setattr(pool, "done", done)


def reports_of(root: Path) -> dict[str, bytes]:
    """Everything a run wrote, by name."""
    found = sorted(path for path in (root / "reports").rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def workers_of(process: int) -> list[psutil.Process]:
    """The processes a program makes reports with, by its number."""
    found = []
    for child in psutil.Process(process).children():
        with suppress(psutil.NoSuchProcess):  # it ended meanwhile
            found += [child] if "popen_loky" in " ".join(child.cmdline()) else []
    return found
