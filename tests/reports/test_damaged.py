"""A batch goes on where one session, one journal or one process is bad; no kernel is started for these tests."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.conftest import root_of
from tests.support.deadly import deadly
from tests.support.short_journals import DAYS, reports_of
from therapy_review import hints, open_journal
from therapy_review.analysis import analysis
from therapy_review.cli import app
from therapy_review.errors import JournalError, ReportError
from therapy_review.journal.journal import Journal
from therapy_review.reports import runner
from therapy_review.reports.workers import engine, pool
from therapy_review.reports.workers.orders import Order
from therapy_review.rights.erasure import erase_session
from therapy_review.storage import unlock
from therapy_review.storage.keys import NewKeys
from therapy_review.storage.plain import PlainStore
from therapy_review.storage.sealing import seal
from therapy_review.trends import cache as index

GARBAGE = b"not what it was"


def damage(journal: Journal, file: str, day: str = DAYS[1]) -> None:
    root = root_of(journal) / "sessions" / day
    (root / f"{file}.age" if journal.settings.get("sealed") else root / file).write_bytes(GARBAGE)


def sealed(journal: Journal, keys: NewKeys) -> Journal:
    seal(PlainStore(root_of(journal)), keys)
    unlock.keep(keys.identity)
    return open_journal(root_of(journal))


@pytest.mark.usefixtures("no_kernels")
@pytest.mark.parametrize(
    "file",
    [
        "notes.md",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("marks.csv", "corrections.csv", "transcript.vtt")
        ),
        "key",
    ],
)
def test_a_damaged_sealed_file_costs_its_session_alone_a_report(
    file: str, short: Journal, keys: NewKeys
) -> None:
    journal = sealed(short, keys)
    damage(journal, file)
    done = runner.run(journal)
    assert [outcome.state for outcome in done.outcomes] == ["made", "failed", *["made"] * 5]
    sentence = done.outcomes[1].sentence
    assert "damaged" in sentence
    assert "backup" in sentence
    index = journal.store.read("reports/index.html").decode()
    assert sentence.replace("'", "&#x27;") in index
    assert "7 sessions: 6 ready, 1 could" in index
    if file != "key":  # with it nothing of that session can be opened, and nothing added
        page = journal.store.read(f"reports/session_report_{DAYS[1]}.failed.html").decode()
        assert sentence.replace("'", "&#x27;") in page
    assert journal.store.exists("reports/measures.csv")


@pytest.mark.parametrize("file", ["made_from.json", "turns.csv", "measures.json", "voices.csv"])
def test_derived_files_that_are_damaged_are_made_again(file: str, short: Journal) -> None:
    damage(short, f"derived/{file}")
    session, other = short.sessions[1:3]
    analysis.clear_damaged(session)
    assert not analysis.is_current(session)
    analysis.clear_damaged(other)
    assert analysis.is_current(other)


@pytest.mark.usefixtures("no_kernels")
def test_a_session_whose_derived_files_are_damaged_is_listened_to_again(short: Journal) -> None:
    damage(short, "derived/turns.csv")
    work = runner.Run(short, runner.Job(runner.templates.find("session_report"), {}))
    assert [session.name for session in work.plan(short.sessions)] == DAYS
    assert [s.name for s in short.sessions if not work.basis().look(s).current] == [DAYS[1]]


def test_a_file_where_the_folder_of_reports_should_be_is_one_sentence(short: Journal) -> None:
    (root_of(short) / "reports").write_text("mine")
    with pytest.raises(ReportError, match=r"journal/reports is a file, .* another name"):
        runner.run(short)
    assert (root_of(short) / "reports").read_text() == "mine"


@pytest.mark.usefixtures("no_kernels")
def test_a_bad_journal_of_several_leaves_the_others_their_turn(short: Journal, tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "journal.toml").write_text("sealed = [")
    there = str(root_of(short))
    done = CliRunner().invoke(app, ["report", "--all", "-j", str(tmp_path / "bad"), "-j", there])
    assert done.exit_code == 1
    assert "bad/journal.toml can't be read" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "journal: 7 made." in done.stdout
    assert f"reports/session_report_{DAYS[0]}.html" in reports_of(root_of(short))


def test_only_what_processes_die_of_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "carry_out", deadly)
    names = ["a", "b", "deadly", *"cdefgh"]
    made = {one.name: one.sentence for one in pool.done(names, lambda name: Order(name, "", ""), 2)}
    assert made == {name: pool.GIVEN_UP if name == "deadly" else "" for name in names}


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_order_that_can_t_be_written_costs_no_other(jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "carry_out", deadly)

    def write(name: str) -> Order:
        if name in "ac":
            raise JournalError("It is gone.")
        return Order(name, "", "")

    made = {one.name: one.sentence for one in pool.done(list("abc"), write, jobs)}
    assert made == {"a": "It is gone.", "b": "", "c": "It is gone."}


class Told:
    """Does what a kernel would be told to."""

    def tell(self, code: str, wait: float = 0.0) -> None:
        exec(code, {})


def only_reports(journal: Journal) -> None:
    kept = journal.store.read("agreements.toml").decode()
    assert '"self_review"' in kept
    journal.store.write("agreements.toml", kept.replace('"self_review", ', "").encode())
    assert journal.sessions[0].why_closed("self_review")
    assert not journal.sessions[0].why_closed("report")


def test_who_agreed_to_reports_alone_is_listened_to_for_them(
    short: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_reports(short)
    session = short.sessions[0]
    short.store.remove(session.file("derived/made_from.json"))
    work = runner.Run(short, runner.Job(runner.templates.find("session_report"), {}))
    assert work.plan([session]) == [session]
    monkeypatch.chdir(root_of(short))
    engine.listen(Told(), str(root_of(short)), session.name)  # type: ignore[arg-type]
    assert analysis.is_current(session)
    opened = short.ledger
    assert opened["use"].tolist() == ["report"]
    assert opened["session"].tolist() == [session.name]


def test_who_agreed_to_listening_alone_is_not_listened_to_for_reports(
    short: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = short.store.read("agreements.toml").decode().replace(', "report"', "")
    short.store.write("agreements.toml", kept.encode())
    session = short.sessions[0]
    assert not session.why_closed("self_review")
    short.store.remove(session.file("derived/made_from.json"))
    work = runner.Run(short, runner.Job(runner.templates.find("session_report"), {}))
    assert work.plan([session]) == []
    assert "for reports" in work.outcomes[session.name].sentence
    assert short.ledger.empty


@pytest.mark.usefixtures("no_kernels")
@pytest.mark.parametrize("is_sealed", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_what_the_program_keeps_for_itself_is_made_again_when_it_is_damaged(
    is_sealed: bool, short: Journal, keys: NewKeys
) -> None:
    journal = sealed(short, keys) if is_sealed else short
    runner.run(journal)
    root = root_of(journal)
    kept = sorted(
        path for folder in ("reports", "derived") for path in (root / folder).rglob("*") if path.is_file()
    )
    assert len(kept) > 3 * len(DAYS)
    for path in kept:
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        done = runner.run(open_journal(root))
        assert {outcome.state for outcome in done.outcomes} <= {"made", "current"}, path
        assert not done.trouble, path


@pytest.mark.usefixtures("no_kernels")
@pytest.mark.parametrize(
    "wrong",
    [
        {"files": None},
        {"files": {"html": 3}},
        {"rests_on": []},
        {"rests_on": None},
        {"sentence": 3},
        {"session": {}},
        {"cell": "two"},
        {"name": "another"},
        {"unknown": 1},
    ],
)
def test_an_entry_of_the_wrong_kind_counts_as_none(wrong: dict[str, object], short: Journal) -> None:
    runner.run(short)
    file = f"reports/made_from/session_report_{DAYS[2]}.json"
    before = short.store.read(file)
    short.store.write(file, json.dumps(json.loads(before) | wrong).encode())
    done = runner.run(short)
    assert [outcome.state for outcome in done.outcomes] == [*["current"] * 2, "made", *["current"] * 4]
    assert short.store.read(file) == before


@pytest.mark.usefixtures("no_kernels")
@pytest.mark.parametrize(
    "wrong", [None, [], {"heard": ["client"]}, {"more": 1}, {"files": 3}, {"recorded": "no"}]
)
def test_a_look_of_the_wrong_kind_is_taken_again(
    wrong: object, short: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "SETTLED", 0.0)
    runner.run(short)
    runner.run(short)
    file = "derived/index-reports.json"
    kept = json.loads(short.store.read(file))
    stamps, look = kept["sessions"][DAYS[2]]
    if isinstance(wrong, dict):
        wrong = wrong if "heard" in wrong else look | wrong
    kept["sessions"][DAYS[2]] = [stamps, wrong]
    short.store.write(file, json.dumps(kept).encode())
    done = runner.run(open_journal(root_of(short)))
    assert {outcome.state for outcome in done.outcomes} == {"current"}


@pytest.mark.usefixtures("no_kernels")
def test_a_sealed_notebook_that_is_damaged_is_set_aside_and_made_again(short: Journal, keys: NewKeys) -> None:
    journal = sealed(short, keys)
    runner.run(journal)
    folder, name = root_of(journal) / "reports", f"session_report_{DAYS[1]}"
    (folder / f"{name}.ipynb.age").write_bytes(GARBAGE)
    assert runner.run(journal).outcomes[1].state == "made"
    assert [path.read_bytes() for path in folder.glob(f"{name}-damaged-*.ipynb.age")] == [GARBAGE]
    assert journal.store.read(f"reports/{name}.ipynb")
    assert runner.run(journal).outcomes[1].state == "current"
    erase_session(journal.session(DAYS[1]))
    assert not list(folder.glob(f"{name}*"))


@pytest.mark.usefixtures("no_kernels")
def test_a_disk_on_which_no_table_can_be_written_is_said_after_what_was_made(
    short: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = PlainStore.write

    def full(store: PlainStore, name: str, data: bytes) -> None:
        if name.startswith("reports/measures"):
            raise JournalError("Could not write measures.csv (no space left on device); free some space.")
        write(store, name, data)

    monkeypatch.setattr(PlainStore, "write", full)
    done = CliRunner().invoke(app, ["report", "--all", "-j", str(root_of(short))])
    assert done.exit_code == 1
    assert "journal: 7 made." in done.stdout
    assert "To read" not in done.stdout
    assert done.stderr == "Could not write measures.csv (no space left on device); free some space.\n"


@pytest.mark.usefixtures("no_kernels")
def test_what_is_passed_over_is_said(short: Journal) -> None:
    assert runner.run(short).remarks == ()
    sessions = root_of(short) / "sessions"
    (sessions / DAYS[2]).rename(sessions / f"{DAYS[2]} old")
    (sessions / "2020-02-31").mkdir()
    check = hints.command("check", journal=root_of(short))
    folders, gone = runner.run(open_journal(root_of(short))).remarks
    assert folders.startswith("2 folders")
    assert "reports" in gone
    assert all(said.endswith(f": {check}") for said in (folders, gone))


@pytest.mark.usefixtures("no_kernels")
def test_a_report_that_can_t_be_made_again_leaves_the_one_from_before_where_it_is_found(
    short: Journal,
) -> None:
    def page_of_failure() -> str:
        (outcome,) = [one for one in runner.run(short).outcomes if one.state == "failed"]
        return short.store.read(f"reports/{outcome.report}.failed.html").decode()

    name, listed = f"session_report_{DAYS[1]}.html", f'href="session_report_{DAYS[1]}.html"'
    short.store.write(f"sessions/{DAYS[1]}/corrections.csv", GARBAGE)
    assert "no report of" in page_of_failure()
    short.store.remove(f"sessions/{DAYS[1]}/corrections.csv")
    runner.run(short)
    short.store.write(f"sessions/{DAYS[1]}/corrections.csv", GARBAGE)
    assert f'<a href="{name}">' in page_of_failure()
    assert listed in short.store.read("reports/index.html").decode()
    short.store.remove(f"sessions/{DAYS[1]}/corrections.csv")
    agreements = short.store.read("agreements.toml")
    short.store.write("agreements.toml", agreements.replace(b'"report"', b'"self-review"'))
    done = runner.run(open_journal(root_of(short)))
    failed = next(one for one in done.outcomes if one.session == DAYS[1])
    assert failed.state == "failed"
    page = short.store.read(f"reports/{failed.report}.failed.html").decode()
    assert "from before is" in page
    with hints.for_anywhere():
        assert f"{hints.command('erase', DAYS[1], journal=root_of(short))}</p>" in page
    assert listed not in page
    assert listed not in short.store.read("reports/index.html").decode()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"to": "docx"}, "not as 'docx'"),
        ({"cell_wait": 0}, "above 0"),
        ({"cell_wait": -1.5}, "not -1.5"),
        ({"parameters": {"depth": {1, 2}}}, "The parameter depth is a set"),
        ({"sessions": ["2020-01-06"]}, "2020-01-06 is no session"),
        ({"sessions": "elsewhere"}, "is no session"),
    ],
)
def test_what_can_t_be_asked_for_is_one_sentence(
    asked: dict[str, object], said: str, short: Journal, journal: Journal
) -> None:
    if asked.get("sessions") == "elsewhere":
        asked = {"sessions": [journal.sessions[0]]}
    with pytest.raises(ReportError, match=re.escape(said)):
        runner.run(short, **asked)  # type: ignore[arg-type]


@pytest.mark.usefixtures("no_kernels")
def test_a_session_that_is_named_twice_is_reported_once(short: Journal) -> None:
    assert len(runner.run(short, [short.sessions[0]] * 2).outcomes) == 1


@pytest.mark.usefixtures("no_kernels")
def test_where_nothing_changed_nothing_is_written_or_deleted(
    short: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner.run(short)

    def refuse(*_: object) -> None:
        raise AssertionError("something is changed")

    monkeypatch.setattr(index, "SETTLED", 0.0)
    runner.run(short)
    monkeypatch.setattr("therapy_review.storage.plain.sync_folder", refuse)  # every change ends with it
    assert {outcome.state for outcome in runner.run(open_journal(root_of(short))).outcomes} == {"current"}
