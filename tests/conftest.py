"""Real sound for the tests: the practice journal, copied where a test may change it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from therapy_review import Journal, analyse, open_journal
from therapy_review.store import PlainStore
from therapy_review.turns import turns_table

ROOT = Path(__file__).parent.parent
PRACTICE = ROOT / "data" / "practice"
RECORDED = ["2026-01-08", "2026-01-15", "2026-01-29", "2026-02-05", "2026-02-19", "2026-02-26", "2026-03-05"]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A copy of the practice journal without anything derived."""
    shutil.copytree(
        PRACTICE, tmp_path / "practice", ignore=shutil.ignore_patterns("derived", "reports", ".lock")
    )
    return open_journal(tmp_path / "practice")


@pytest.fixture(scope="session")
def heard_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The practice journal with its two last sessions analysed; not to be changed."""
    root = tmp_path_factory.mktemp("heard") / "practice"
    shutil.copytree(PRACTICE, root, ignore=shutil.ignore_patterns("derived", "reports", ".lock"))
    for session in open_journal(root).sessions[-2:]:
        analyse(session)
    return root


@pytest.fixture
def heard(heard_once: Path, tmp_path: Path) -> Journal:
    """A copy of the practice journal with its two last sessions analysed."""
    shutil.copytree(heard_once, tmp_path / "practice")
    return open_journal(tmp_path / "practice")


def root_of(journal: Journal) -> Path:
    """The folder of a journal made of plain files."""
    assert isinstance(journal.store, PlainStore)
    return journal.store.root


def reference(day: str) -> pd.DataFrame:
    """Exact turns of a session of the practice journal."""
    rows = pd.read_csv(ROOT / "tests" / "reference" / f"{day}.rttm", sep=" ", header=None)
    return turns_table(zip(rows[3], rows[3] + rows[4], rows[7], strict=True))
