from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PRACTICE, RECORDED, shorten
from tests.support.in_process import run
from therapy_review import create_journal, hints
from therapy_review.journal.journal import Journal
from therapy_review.reports.workers import templates
from therapy_review.storage.plain import PlainStore


def program(*words: str) -> subprocess.CompletedProcess[str]:
    """Run it as a process of its own, where that is of matter."""
    program = Path(sys.executable).with_name("therapy-review")
    return subprocess.run([program, *words], capture_output=True, text=True, check=False, env={**os.environ})


def test_a_first_week_from_nothing(tmp_path: Path) -> None:
    mine = str(tmp_path / "mine")
    assert program("init", mine, "--name", "A", "--therapist", "B").returncode == 0
    voice = str(shutil.copy(PRACTICE / "sessions/2026-01-29/recording.opus", tmp_path))
    shorten(tmp_path)
    assert run("add", voice, "--date", "2026-03-04", "-j", mine).returncode == 0
    refused = run("analyse", "-j", mine)
    assert refused.returncode == 1
    assert "stays closed" in refused.stdout
    agreed = ("--to", "record, self_review", "--how", "written", "--until", "")
    assert run("consent", "add", "--who", "both", *agreed, "-j", mine).returncode == 0
    assert run("analyse", "-j", mine).returncode == 0
    assert program("check", "-j", mine).returncode == 0


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("check", "-j", "nowhere"), 1),
        (("add", "x.m4a", "--date", "soon", "-j", str(PRACTICE)), 1),
        (("dance",), 2),
    ],
)
def test_a_mistake_is_one_sentence_and_no_traceback(words: tuple[str, ...], status: int) -> None:
    done = program(*words)
    assert done.returncode == status
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_the_review_holds_pictures_with_words_and_no_code_or_address(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(journal.store, PlainStore)
    monkeypatch.setenv("HOME", str(tmp_path))
    for day in RECORDED[:-2]:
        journal.store.remove(journal.session(day).recording_file())  # two are enough to be listened to
    for day in RECORDED[-2:]:
        shorten(tmp_path / "practice/sessions" / day)
    done = program("review", "-j", str(journal.store.root))
    assert (done.returncode, done.stderr) == (0, "")
    assert "WARNING" not in done.stdout
    page = (journal.store.root / "reports/weekly_review_2026-W10.html").read_text()
    notebook = (journal.store.root / "reports/weekly_review_2026-W10.ipynb").read_text()
    assert "Your week, 2 to 8 March 2026" in page
    assert page.count('<img alt="') >= 5
    for unwanted in ("weekly_review(", "http://", "https://", "<script", "Traceback"):
        assert unwanted not in page.replace("http://www.w3.org", "")
    assert "audio/" not in notebook
    assert str(journal.store.root.parent) not in notebook + page
    assert "lab --journal ~/practice</code>" in page
    assert str(templates.NOTEBOOKS) not in notebook + page
    assert "application/vnd.jupyter.widget-state+json" not in notebook


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("init", "mine", "--name", " ", "--therapist", "B"), "something to call you"),
        (("init", "mine", "--name", "A", "--therapist", "B", "--time-zone", "London"), "a time zone"),
        (("init", "a file/mine", "--name", "A", "--therapist", "B"), "Could not write mine/journal.toml"),
        (("init", "journal/more", "--name", "A", "--therapist", "B"), "inside another journal"),
        (("check",), "no journal in "),
        (("check", "-j", "a file"), "no journal in a file"),
        (
            ("analyse", "-j", "journal"),
            ": {program} add FILE --date ",
        ),
        (
            ("review", "-j", "journal"),
            ": {program} add FILE --date ",
        ),
        (("lab", "-j", "journal"), "no session in journal yet"),
    ],
)
def test_in_an_empty_folder_every_mistake_says_what_to_do(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    create_journal("journal", client="A", therapist="B")
    Path("a file").touch()
    done = run(*words)
    assert (done.returncode, done.stdout) == (1, "")
    assert said.format(program=hints.command()) in done.stderr  # which is seen from here
    assert len(done.stderr.splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"journal", "a file"}


def test_something_in_the_way_of_the_reports_is_a_sentence(tmp_path: Path) -> None:
    journal = create_journal(tmp_path / "mine", client="A", therapist="B")
    journal.store.write("sessions/2026-03-04/notes.md", b"Notes alone.\n")
    journal.store.write("reports", b"a file, not a folder")
    done = run("review", "-j", str(tmp_path / "mine"))
    assert done.returncode == 1
    assert "reports is a file" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_help_waits_for_what_takes_long_to_import() -> None:
    loaded = [sys.executable, "-c", "import sys, therapy_review.cli; print(*sys.modules)"]
    came = subprocess.run(loaded, check=True, capture_output=True, text=True)
    assert not {"pandas", "matplotlib", "ipywidgets"} & set(came.stdout.split())
