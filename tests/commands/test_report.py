from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.batch.journals import plant_bad_ones
from tests.conftest import root_of
from tests.support.short_journals import DAYS, reports_of
from therapy_review.cli import app, main
from therapy_review.commands.report import GOES_ON, _parameter
from therapy_review.hints import install_line
from therapy_review.journal.journal import Journal
from therapy_review.reports import runner
from therapy_review.reports.batch import Run


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from therapy_review.cli import main; main()"]
    return subprocess.run(
        [*program, "report", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.mark.slow
def test_it_says_what_was_made_and_where(short: Journal) -> None:
    root = str(root_of(short))
    done = run("--since", DAYS[4], "--jobs", "2", "-j", root)
    assert (done.returncode, done.stderr) == (0, "")
    assert "journal: 3 made." in done.stdout
    assert f"To read:  {root}/reports/index.html" in done.stdout
    again = run(*DAYS[4:6], "-j", root)
    assert "journal: 2 current already." in again.stdout
    index = reports_of(root_of(short))["reports/index.html"].decode()
    assert "3 ready, 4 not made yet" in index


@pytest.mark.slow
def test_bad_sessions_are_counted_and_the_status_says_so(short: Journal, tmp_path: Path) -> None:
    mine = plant_bad_ones(root_of(short), DAYS[:6])
    done = run("--all", "--template", str(mine), "--minutes", "0.05", "-j", str(root_of(short)))
    assert (done.returncode, done.stderr) == (1, "")
    assert "journal: 1 made, 6 could" in done.stdout
    assert f"{DAYS[2]}  The recording of {DAYS[2]} stays closed" in done.stdout
    assert "Traceback" not in done.stdout
    assert "river" not in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "which sessions"),
        (("--all", "--since", "2020-01-01"), "which sessions"),
        (("--since", "soon"), "soon is not"),
        (("2019-01-01",), "no session 2019-01-01"),
        (("--all", "-p", "depth"), "-p name value."),
        (("--all", "-p", "depth", "3"), "has no parameter depth; its parameters are: journal, session"),
        (("--all", "-p", "session", "2026-01-08"), "session can't be given"),
        (("--all", "-p", "week", "2026-W02"), "has no parameter week"),
        (
            ("--all", "-p", "private_notes", "maybe"),
            "private_notes is 'shown' or 'left out', and not 'maybe'.",
        ),
        (("--all", "-p", "depth", "-just so"), "has no parameter depth"),
        (("--all", "-p", "depth", "--jobs", "2"), "depth is not"),
        (("--all", "--template", "nothing"), "no notebook nothing"),
        (("--all", "--scheduler", "tcp://10.0.0.1:8786"), "on the way"),
    ],
)
def test_a_mistake_is_one_sentence(
    words: tuple[str, ...],
    said: str,
    short: Journal,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["therapy-review", "report", *words, "-j", str(root_of(short))])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    shown = capsys.readouterr().err
    assert said in shown
    assert len(shown.splitlines()) == 1


@pytest.mark.parametrize(("given", "wanted"), [("nan", "nan"), ("inf", "inf"), ("-1e3", -1000.0), ("7", 7)])
def test_what_is_no_number_is_taken_as_words(given: str, wanted: object) -> None:
    assert _parameter(f"title={given}") == ("title", wanted)


@pytest.mark.parametrize("words", [("-p", "nosuch", "3"), ("--scheduler", "tcp://10.0.0.1:8786")])
def test_a_mistake_is_said_before_any_session_is_looked_at(
    words: tuple[str, ...], short: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked(*_: object) -> None:
        raise AssertionError("sessions are looked at")

    monkeypatch.setattr(Run, "plan", looked)
    done = CliRunner().invoke(app, ["report", "--all", *words, "-j", str(root_of(short))])
    assert done.exit_code == 1
    assert "reports" not in done.stdout


@pytest.mark.usefixtures("no_kernels")
def test_the_bars_say_how_far_listening_and_reports_are(short: Journal) -> None:
    for session in short.sessions[:2]:
        short.store.remove(session.file("derived/made_from.json"))
    short.store.write(short.sessions[3].file("notes.md"), b"---\n{\n---\n")
    done = CliRunner(env={"COLUMNS": "100"}).invoke(app, ["report", "--all", "-j", str(root_of(short))])
    assert re.search(r"journal  listening .*2/2", done.stdout)
    assert re.search(r"journal  reports .*6/6", done.stdout)


@pytest.mark.slow
def test_without_the_renderer_the_line_to_install_it_is_said(short: Journal, tmp_path: Path) -> None:
    (tmp_path / "weasyprint.py").write_text("raise ImportError")
    paths = os.pathsep.join([str(tmp_path), *sys.path])
    done = run(DAYS[0], "--to", "pdf", "-j", str(root_of(short)), PYTHONPATH=paths)
    assert done.returncode == 1
    assert install_line("pdf") in done.stderr


@pytest.mark.slow
def test_parameters_may_be_given_as_to_papermill_and_often(short: Journal, tmp_path: Path) -> None:
    from tests.reports.test_runner import template

    given = (
        "-p",
        "word",
        "two words",
        "-p",
        "depth=3",
        "--parameter",
        "rate",
        "-1.5",
        "-p",
        "switch",
        "True",
    )
    mine = template(
        tmp_path,
        "(word, depth, rate, switch)",
        parameters="session = ''\nword = ''\ndepth = 0\nrate = 0.0\nswitch = False",
    )
    assert run(DAYS[0], *given, "--template", str(mine), "-j", str(root_of(short))).returncode == 0
    assert b"('two words', 3, -1.5, True)" in reports_of(root_of(short))[f"reports/mine_{DAYS[0]}.ipynb"]


@pytest.mark.slow
def test_several_journals_are_done_one_after_the_other(short: Journal, journal: Journal) -> None:
    done = run("--since", DAYS[6], "-j", str(root_of(short)), "-j", str(root_of(journal)), "--to", "ipynb")
    assert "journal: 1 made." in done.stdout
    assert "practice: 8 made." in done.stdout
    assert not [
        name for name in reports_of(root_of(journal)) if name.endswith(".html") and "index" not in name
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("jobs", "at"), [("1", "0/7"), ("2", "0/7"), ("2", "[1-5]/7")])
def test_ctrl_c_in_a_terminal_says_that_the_next_run_goes_on(
    jobs: str, at: str, short: Journal, tmp_path: Path
) -> None:
    from tests.reports.test_runner import template

    here, there = pty.openpty()
    (tmp_path / "scratch").mkdir()
    runs = tmp_path / "runs"
    cell = f"__import__('pathlib').Path({str(runs)!r}).touch(); __import__('time').sleep(600)"
    long = ["--template", str(template(tmp_path, cell))] if at == "0/7" else []
    command = ["report", "--all", "--jobs", jobs, *long, "-j", str(root_of(short))]
    with subprocess.Popen(
        [sys.executable, "-c", "from therapy_review.cli import main; main()", *command],
        stdin=there,
        stdout=there,
        stderr=there,
        start_new_session=True,
        env={**os.environ, "COLUMNS": "100", "TERM": "xterm", "TMPDIR": str(tmp_path / "scratch")},
    ) as process:
        os.close(there)
        shown = until(here, at)
        while long and not runs.exists():  # so that a cell is running
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)
        shown += until(here, "")
        assert process.wait(timeout=120) == 130
    assert GOES_ON in shown
    assert "Traceback" not in shown
    assert "Error" not in shown
    assert "Warning" not in shown
    assert not [path for path in (tmp_path / "scratch").iterdir() if path.name.startswith("review-")]


def until(terminal: int, wanted: str, wait: float = 240.0) -> str:
    """Read what is shown up to what is wanted, a regular expression, or up to the end when that is empty."""
    shown, end = "", time.monotonic() + wait
    while time.monotonic() < end and not (wanted and re.search(wanted, shown)):
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                shown += os.read(terminal, 4096).decode(errors="replace")
            except OSError:  # the program has ended
                break
    assert re.search(wanted, shown), shown
    return shown


@pytest.mark.usefixtures("no_kernels")
def test_where_nothing_changed_papermill_is_not_even_loaded(short: Journal) -> None:
    runner.run(short)
    program = (
        "import sys; from therapy_review import open_journal, reports; "
        "print(reports.run(open_journal(sys.argv[1])).number('current'), 'papermill' in sys.modules)"
    )
    said = subprocess.check_output([sys.executable, "-c", program, str(root_of(short))], text=True)
    assert said.split() == ["7", "False"]
