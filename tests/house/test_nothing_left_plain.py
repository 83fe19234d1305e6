"""What is sealed is nowhere plain: not after a review, nor after a notebook that failed in mid-sentence."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.conftest import PRACTICE, WORDS, shorten
from therapy_review import open_journal
from therapy_review.errors import ReportError
from therapy_review.journal.journal import Journal, folder_of
from therapy_review.reports import runner
from therapy_review.storage import unlock
from therapy_review.storage.keys import NewKeys
from therapy_review.storage.sealing import seal

PLANTED = "Osvaldina said the heron was hers all along."
NAME = "Osvaldina"
FAILS = """
from therapy_review import open_journal
written = open_journal(journal).sessions[-1].notes.text
raise ValueError(written)
"""


@pytest.fixture
def sealed(tmp_path: Path, keys: NewKeys) -> Journal:
    """A sealed journal of one session, with a name and a sentence nobody else knows."""
    root = tmp_path / "journal"
    shutil.copytree(
        PRACTICE, root, ignore=shutil.ignore_patterns("derived", "reports", ".lock", "2026-0[12]*")
    )
    root.chmod(0o700)
    shorten(root / "sessions/2026-03-05")
    notes = root / "sessions/2026-03-05/notes.md"
    notes.write_text(notes.read_text() + f"\n{PLANTED}\n")
    seal(folder_of(root)[0], keys)
    unlock.keep(keys.identity)
    return open_journal(root)


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Folders of the test's own for everything that programs leave behind."""
    places = []
    for variable in (
        "HOME",
        "TMPDIR",
        "JUPYTER_RUNTIME_DIR",
        "JUPYTER_DATA_DIR",
        "IPYTHONDIR",
        "XDG_CACHE_HOME",
    ):
        place = tmp_path / variable.lower()
        place.mkdir(mode=0o700)
        monkeypatch.setenv(variable, str(place))
        places.append(place)
    return places


def plain_in(folder: Path) -> list[str]:
    """Names of files that hold the planted name or the passphrase."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in files if any(w.encode() in path.read_bytes() for w in (NAME, WORDS))]


def test_a_review_of_a_sealed_journal_is_sealed_and_leaves_no_word_elsewhere(
    sealed: Journal, homes: list[Path], tmp_path: Path
) -> None:
    passphrase = tmp_path.parent / f"{tmp_path.name}-passphrase"  # beside what is searched
    passphrase.write_text(f"{WORDS}\n")
    passphrase.chmod(0o600)
    command = [
        sys.executable,
        "-c",
        "from therapy_review.cli import main; main()",
        "review",
        "-j",
        str(sealed.root),
    ]
    done = subprocess.run(
        command,
        env={**os.environ, unlock.FILE: str(passphrase)},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert NAME not in done.stdout + done.stderr
    page = sealed.store.read("reports/weekly_review_2026-W10.html").decode()
    assert PLANTED in page
    assert plain_in(tmp_path) == []


def test_a_notebook_that_fails_keeps_no_word_of_what_it_read(
    sealed: Journal, homes: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates = tmp_path / "templates"
    templates.mkdir()
    cells = [new_code_cell("journal = ''", metadata={"tags": ["parameters"]}), new_code_cell(FAILS)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), templates / "fails.ipynb")
    monkeypatch.setattr("therapy_review.reports.workers.templates.NOTEBOOKS", templates)
    with pytest.raises(ReportError, match="Cell 2 stopped with a ValueError") as failed:
        runner.run_one(sealed, "fails", "fails", {})
    assert NAME not in str(failed.value)
    assert failed.value.__cause__ is None
    assert not sealed.store.exists("reports/fails.ipynb")
    assert plain_in(tmp_path) == []


def test_a_written_notebook_names_its_parameters_once_and_holds_no_widget_state(
    sealed: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(sealed.root.parent))  # how to open the journal is told from there
    made = runner.run_one(sealed, "weekly_review", "week", {"week": "2026-W10"})
    notebook = json.loads(sealed.store.read(made.notebook))
    assert notebook["metadata"].keys() & {"papermill", "widgets"} == set()
    assert json.dumps(notebook).count("2026-W10") == 1
    assert str(sealed.root) not in json.dumps(notebook)
