"""Pages of a sealed journal that lie open: only after it was said and asked, each with its line in the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.conftest import root_of
from therapy_review import Journal, Session, cli, hints, open_journal
from therapy_review.commands import turns
from therapy_review.commands.report import _apart
from therapy_review.display.rendering import with_way_back
from therapy_review.errors import JournalError, ShareError
from therapy_review.lab import server
from therapy_review.reports import plain_copy, runner
from therapy_review.reports.batch import Listed, Outcome, Standing
from therapy_review.reports.runner import Report, Summary
from therapy_review.storage import unlock
from therapy_review.storage.keys import NewKeys
from therapy_review.storage.plain import PlainStore
from therapy_review.storage.sealing import seal

DAY = "2026-03-05"
NAME = f"session_report_{DAY}"


def run(journal: Journal, *words: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli.app, [*words, "-j", str(root_of(journal))], input=typed)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of what was run, in place of the kernels that take their time."""
    ran: list[str] = []

    def one(journal: Journal, _template: str, name: str, _parameters: object) -> Report:
        ran.append(name)
        journal.store.write(f"reports/{name}.html", b"<p>mine</p>")
        return Report(f"reports/{name}.ipynb", f"reports/{name}.html")

    def all_of_them(journal: Journal, sessions: list[Session], **_: object) -> Summary:
        outcomes, lines = [], []
        for session in journal.sessions:
            name = f"session_report_{session.name}"
            journal.store.write(f"reports/{name}.html", b"<p>of it</p>")
            lines.append(Standing(session, "ready", (Listed("session_report", name, ("ipynb", "html")),)))
            if session.name in {each.name for each in sessions}:
                ran.append(name)
                outcomes.append(Outcome(session.name, name, "made"))
        return Summary(tuple(outcomes), (), tuple(lines))

    monkeypatch.setattr(runner, "run_one", one)
    monkeypatch.setattr(runner, "run", all_of_them)
    monkeypatch.setattr(turns, "analyse_all", lambda _journal: 0)
    return ran


@pytest.mark.parametrize("command", [("review",), ("report", DAY)], ids=["review", "report"])
def test_what_it_means_is_said_before_anything_is_made_and_a_no_leaves_nothing(
    command: tuple[str, ...], sealed: Journal, made: list[str], tmp_path: Path
) -> None:
    done = run(sealed, *command, "--plain-to", str(tmp_path / "open"), typed="n\n")
    assert done.exit_code == 1
    assert plain_copy.LIES_OPEN.format(folder=tmp_path / "open") in done.output
    assert "Nothing was written." in done.output
    assert made == []
    assert not (tmp_path / "open").exists()
    assert not len(sealed.ledger)


@pytest.mark.parametrize(("more", "typed"), [((), "y\n"), (("--yes",), "")], ids=["asked", "answered"])
def test_the_week_lies_open_where_the_client_wants_it(
    more: tuple[str, ...], typed: str, sealed: Journal, made: list[str], tmp_path: Path
) -> None:
    target = tmp_path / "open"
    done = run(sealed, "review", "--plain-to", str(target), *more, typed=typed)
    assert done.exit_code == 0, done.output
    page = target / f"{made[0]}.html"
    assert f"To read:  {page}" in done.output
    assert [*target.iterdir()] == [page]
    assert page.read_bytes() == b"<p>mine</p>"
    (line,) = sealed.ledger.to_dict("records")
    assert (line["what"], line["note"]) == ("exported", f"a page that lies open: {page.name}")
    again = run(sealed, "review", "--plain-to", str(target), *more, typed=typed)
    assert isinstance(again.exception, JournalError)
    assert len(made) == 1


def test_reports_lie_open_with_an_index_of_these_sessions_alone(
    sealed: Journal, made: list[str], tmp_path: Path
) -> None:
    target = tmp_path / "open"
    done = run(sealed, "report", DAY, "--plain-to", str(target), "--yes")
    assert done.exit_code == 0, done.output
    assert made == [NAME]
    assert {path.name for path in target.iterdir()} == {"index.html", f"{NAME}.html"}
    index = (target / "index.html").read_text()
    assert f'href="{NAME}.html"' in index
    assert ".ipynb" not in index
    assert "measures.csv" not in index
    assert "2026-02-26" not in index
    assert plain_copy.COPIES in index
    assert sealed.ledger[["what", "session"]].to_numpy().tolist() == [["exported", ""], ["exported", DAY]]


def test_no_page_is_written_without_its_line(
    sealed: Journal, made: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise JournalError("The disk is full.")

    monkeypatch.setattr(Journal, "record", full)
    done = run(sealed, "report", DAY, "--plain-to", str(tmp_path / "open"), "--yes")
    assert (done.exit_code, "The disk is full." in done.output) == (1, True)
    assert not (tmp_path / "open").exists()


def test_no_page_lies_open_in_a_journal(sealed: Journal, made: list[str]) -> None:
    done = run(sealed, "review", "--plain-to", str(root_of(sealed) / "open"), "--yes")
    assert isinstance(done.exception, ShareError)
    assert made == []


@pytest.mark.usefixtures("made")
def test_where_the_pages_stay_sealed_it_is_said_how_to_read_them(
    sealed: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run(sealed, "report", DAY)
    assert "index.html" not in done.output
    assert f"{hints.command('lab', '--report', NAME, journal=root_of(sealed))}\n" in done.output
    assert "--plain-to FOLDER" in done.output
    opened: list[str] = []
    monkeypatch.setattr(server, "start", lambda _journal, notebook: opened.append(notebook) or exit(0))
    missing = run(sealed, "lab", "--report", NAME)
    assert isinstance(missing.exception, JournalError)
    sealed.store.write(f"reports/{NAME}.ipynb", b"{}")
    run(sealed, "lab", "--report", NAME)
    assert opened == [f"reports/{NAME}.ipynb"]


@pytest.mark.usefixtures("made")
def test_a_journal_that_lies_open_is_read_where_it_is(journal: Journal, tmp_path: Path) -> None:
    done = run(journal, "report", DAY, "--plain-to", str(tmp_path / "open"))
    assert f"To read:  {root_of(journal)}/reports/index.html" in done.output
    assert f"{journal.name} is not sealed" in " ".join(done.output.split())
    assert not (tmp_path / "open").exists()


def test_pages_of_several_journals_lie_apart_also_where_two_have_one_name(tmp_path: Path) -> None:
    journals = [tmp_path / "a" / "journal", tmp_path / "b" / "journal", tmp_path / "other"]
    found = [_apart(Path("open"), one, journals) for one in journals]
    assert found == [Path("open/journal"), Path("open/journal-2"), Path("open/other")]
    assert _apart(Path("open"), journals[0], journals[:1]) == Path("open")


@pytest.mark.slow
def test_a_real_report_of_a_sealed_journal_can_be_read_in_a_folder_of_ones_own(
    short: Journal, keys: NewKeys, tmp_path: Path
) -> None:
    seal(PlainStore(root_of(short)), keys)
    unlock.keep(keys.identity)
    journal = open_journal(root_of(short))
    day = journal.sessions[-1].name
    done = run(journal, "report", day, "--plain-to", str(tmp_path / "open"), "--yes")
    assert done.exit_code == 0, done.output
    page = (tmp_path / "open" / f"session_report_{day}.html").read_text(encoding="utf-8")
    sealed = journal.store.read(f"reports/session_report_{day}.html").decode()
    assert page == with_way_back(sealed)  # beside it lies the index, which a sealed page has not
    assert "<h1" in page
