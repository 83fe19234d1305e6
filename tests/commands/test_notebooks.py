"""The commands that look at more than one session write a notebook and a page that can be read."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from tests.conftest import root_of
from therapy_review import Journal
from therapy_review.cli import app
from therapy_review.errors import JournalError
from therapy_review.lab import server
from therapy_review.pages.visibility import FIGURES, NOTES, Opened, remember
from therapy_review.reports import runner


def run(*words: str) -> str:
    result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize(
    ("command", "heading"),
    [("path", "Your path"), ("how-far", "How far you have come"), ("together", "Together")],
)
def test_a_page_is_written_and_its_place_is_said(heard: Journal, command: str, heading: str) -> None:
    said = run(command, "--no-open", "--journal", str(root_of(heard)))
    page = root_of(heard) / f"reports/{command.replace('-', '_')}.html"
    assert str(page) in said
    assert f"<h1>{heading}</h1>" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["path", "how-far", "together"])
def test_a_page_is_written_without_sound_where_that_is_wanted(
    heard: Journal, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    given: list[Any] = []
    monkeypatch.setattr(runner, "run_one", lambda *args: given.append(args[3]) or runner.Report("a", "b"))
    for sound in ("off", "on"):
        run(command, "--sound", sound, "--no-open", "--journal", str(root_of(heard)))
    run(command, "--no-open", "--journal", str(root_of(heard)))
    assert [one["sound"] for one in given] == ["off", "on", "on"]


def test_the_page_for_both_holds_nothing_of_the_clients_whatever_was_opened_before(heard: Journal) -> None:
    tags = frozenset(tag for session in heard.sessions for tag in session.notes.tags)
    every = {session.name: frozenset({FIGURES, NOTES}) for session in heard.sessions}
    remember(heard, Opened(tags, frozenset({"phq9"}), every))
    run("together", "--no-open", "--journal", str(root_of(heard)))
    for name in ("together.html", "together.ipynb"):
        text = (root_of(heard) / "reports" / name).read_text(encoding="utf-8")
        assert "data:image" not in text
        assert not [
            word for word in (*(tags - {"calm", "proud"}), "Listened to January") if f" {word}" in text
        ]


def test_the_notebook_is_opened_where_that_is_wanted(heard: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    monkeypatch.setattr(server, "start", lambda journal, notebook: started.append(notebook))
    run("together", "--session", "2026-02-26", "--journal", str(root_of(heard)))
    assert started == ["reports/together.ipynb"]
    assert 'session = "2026-02-26"' in (root_of(heard) / "reports/together.ipynb").read_text().replace(
        '\\"', '"'
    )


def test_a_session_that_is_not_there_is_said_before_anything_is_written(heard: Journal) -> None:
    with pytest.raises(JournalError, match="no session 2020-01-01"):
        run("together", "--session", "2020-01-01", "--journal", str(root_of(heard)))
    assert not (root_of(heard) / "reports/together.ipynb").exists()
