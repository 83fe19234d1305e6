from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from benchmarks.batch.journals import BAD, plant_bad_ones
from tests.conftest import root_of
from tests.support.short_journals import DAYS, reports_of
from therapy_review import fonts, open_journal
from therapy_review.errors import ReportError
from therapy_review.journal.journal import Journal
from therapy_review.reports import batch, runner
from therapy_review.reports.runner import Summary
from therapy_review.reports.workers.kernels import Kernels

RIVER = "thought about the river"


def states(done: Summary) -> str:
    return " ".join(outcome.state for outcome in done.outcomes)


def template(
    folder: Path, *sources: str, parameters: str = "journal = ''\nsession = ''", **metadata: object
) -> Path:
    cells = [new_code_cell(parameters, metadata={"tags": ["parameters"]}), *map(new_code_cell, sources)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "mine.ipynb")
    return folder / "mine.ipynb"


def no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_self: Kernels, *_: object) -> None:
        raise AssertionError("a kernel was started")

    monkeypatch.setattr(Kernels, "take", start)


def no_listening(monkeypatch: pytest.MonkeyPatch) -> None:
    def listen(_self: batch.Run, sessions: list[object]) -> list[object]:
        assert not sessions, "sound is analysed again"
        return []

    monkeypatch.setattr(batch.Run, "_listen", listen)


@pytest.mark.slow
def test_every_session_has_a_report_an_index_and_its_measures(short: Journal) -> None:
    done = runner.run(short)
    assert states(done) == "made " * 6 + "made"
    made = reports_of(root_of(short))
    for day in DAYS:
        page = made[f"reports/session_report_{day}.html"].decode()
        notebook = made[f"reports/session_report_{day}.ipynb"].decode()
        assert page.count("<img") == page.count(" alt=") >= 3
        for unwanted in ("<script", "http:", "https:", "Traceback", "session_report(", "url("):
            assert unwanted not in page.replace(fonts.style(), "")
        for unwanted in (str(root_of(short).parent), "papermill", "widget-state", "audio/", "stderr"):
            assert unwanted not in notebook + page
        assert RIVER not in notebook + page
        assert "garden" not in notebook + page
        assert "tired" not in notebook + page
        assert f'href="session_report_{day}.html"' in made["reports/index.html"].decode()
    assert made["reports/measures.csv"].count(b"\n") == 1 + len(DAYS)
    assert b"river" not in made["reports/measures.csv"]
    assert b"tired" not in made["reports/measures.csv"]
    for path in (root_of(short) / "reports").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_what_is_current_starts_no_kernel_and_is_not_written_again(
    short: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner.run(short)
    before = {path: path.stat().st_mtime_ns for path in (root_of(short) / "reports").rglob("*")}
    no_kernel(monkeypatch)
    assert states(runner.run(open_journal(root_of(short)))) == "current " * 6 + "current"
    assert {path: path.stat().st_mtime_ns for path in (root_of(short) / "reports").rglob("*")} == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("notes.md", b"---\nmood_after: 3\n---\nAnother note.\n"),
        ("marks.csv", b"start,kind\n12,question\n"),
    ],
)
def test_what_changed_is_made_anew_alone_and_without_listening(
    file: str, content: bytes, short: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner.run(short)
    before = reports_of(root_of(short))
    short.store.write(f"sessions/{DAYS[2]}/{file}", content)
    no_listening(monkeypatch)
    assert states(runner.run(short)) == "current current made current current current current"
    now = reports_of(root_of(short))
    changed = {name for name in now if now[name] != before.get(name)}
    assert {name for name in changed if "session_report" in name and "made_from" not in name} == {
        f"reports/session_report_{DAYS[2]}.html",
        f"reports/session_report_{DAYS[2]}.ipynb",
    }


@pytest.mark.slow
def test_with_private_notes_a_session_rests_on_the_one_before_it_too(short: Journal) -> None:
    # What the client wanted to bring next time is told in the report of the next time.
    shown = {"private_notes": "shown"}
    runner.run(short, parameters=shown)
    short.store.write(f"sessions/{DAYS[2]}/notes.md", b"---\nbring_next: the boat\n---\n")
    assert states(runner.run(short, parameters=shown)) == "current current made made current current current"


@pytest.mark.slow
def test_agreements_template_parameters_and_ending_count_as_well(short: Journal, tmp_path: Path) -> None:
    one, mine = [short.sessions[0]], template(tmp_path, "1")
    assert states(runner.run(short, one, template=mine)) == "made"
    assert states(runner.run(short, one, template=mine)) == "current"
    assert states(runner.run(short, one, template=mine, to="pdf")) == "made"
    assert states(runner.run(short, one, template=mine)) == "current"  # the page is there
    mine = template(tmp_path, "2")
    assert states(runner.run(short, one, template=mine)) == "made"
    assert states(runner.run(short, one, template=mine, parameters={"private_notes": "shown"})) == "made"
    short.store.write("agreements.toml", short.store.read("agreements.toml") + b"\n# read again\n")
    assert states(runner.run(short, one, template=mine)) == "made"


@pytest.mark.slow
def test_the_same_journal_gives_the_same_bytes_whoever_makes_them(short: Journal, tmp_path: Path) -> None:
    shutil.copytree(root_of(short), tmp_path / "beside" / "journal")
    other = open_journal(tmp_path / "beside" / "journal")
    runner.run(short, jobs=1, to="pdf")
    runner.run(other, jobs=2, to="pdf")
    assert reports_of(root_of(short)) == reports_of(root_of(other))


@pytest.mark.slow
def test_a_bad_session_has_a_row_and_a_page_and_the_others_go_on(short: Journal, tmp_path: Path) -> None:
    mine = plant_bad_ones(root_of(short), DAYS[:6])
    done = runner.run(short, template=mine, jobs=2, cell_wait=3)
    assert states(done) == "failed " * 6 + "made"
    said = dict(zip(BAD, done.outcomes, strict=False))
    assert "no sound" in said["damaged sound"].sentence
    assert "can't be read near line" in said["broken note"].sentence
    assert "for reports" in said["missing consent"].sentence
    assert (said["template error"].cell, said["time-out"].cell, said["no memory"].cell) == (4, 4, 4)
    assert "ValueError" in said["template error"].sentence
    assert "took longer than 3 seconds" in said["time-out"].sentence
    assert "not enough" in said["no memory"].sentence
    index = reports_of(root_of(short))["reports/index.html"].decode()
    for outcome in done.outcomes[:6]:
        page = reports_of(root_of(short))[f"reports/{outcome.report}.failed.html"].decode()
        assert f"reports/{outcome.report}.html" not in reports_of(root_of(short))
        assert outcome.sentence.replace("'", "&#x27;") in page
        assert f'href="{outcome.report}.failed.html"' in index
        for private in ("river", "secret", "garden"):
            assert private not in page + index
    # Without agreement nothing that was measured is shown either.
    row = reports_of(root_of(short))["reports/measures.csv"].decode().splitlines()[3]
    assert row.rstrip(",") == f"{DAYS[2]},{DAYS[2]}"


@pytest.mark.slow
def test_a_session_that_was_mended_loses_its_page_of_failure(short: Journal) -> None:
    note = short.store.read(f"sessions/{DAYS[0]}/notes.md")
    short.store.write(f"sessions/{DAYS[0]}/notes.md", b"---\n{\n---\n")
    assert runner.run(short, short.sessions[:1]).outcomes[0].state == "failed"
    short.store.write(f"sessions/{DAYS[0]}/notes.md", note)
    assert runner.run(short, short.sessions[:1]).outcomes[0].state == "made"
    made = reports_of(root_of(short))
    assert not [name for name in made if "failed" in name]
    assert "failed" not in made["reports/index.html"].decode()


@pytest.mark.slow
def test_agreement_taken_back_closes_report_and_figures(short: Journal) -> None:
    runner.run(short, short.sessions[:1])
    taken = short.store.read("agreements.toml") + b'\n[[revocation]]\nagreement = "a2"\non = 2026-01-09\n'
    short.store.write("agreements.toml", taken)
    done = runner.run(short)
    assert done.number("failed") == len(DAYS)
    index = reports_of(root_of(short))["reports/index.html"].decode()
    assert f'href="session_report_{DAYS[0]}.html"' not in index
    assert "<svg" not in index


@pytest.mark.slow
def test_private_words_are_held_back_unless_they_are_asked_for(short: Journal, tmp_path: Path) -> None:
    mine = template(
        tmp_path,
        "from therapy_review import open_journal\nprint(open_journal(journal).session(session).notes.text[:60])",
    )
    one = [short.sessions[0]]
    done = runner.run(short, one, template=mine)
    assert "your notes" in done.outcomes[0].sentence
    assert f"reports/mine_{DAYS[0]}.ipynb" not in reports_of(root_of(short))
    done = runner.run(short, one, template=mine, parameters={"private_notes": "shown"})
    assert done.outcomes[0].state == "made"
    assert RIVER in reports_of(root_of(short))[f"reports/mine_{DAYS[0]}.html"].decode()
    told = runner.run(short, one, parameters={"private_notes": "shown"})
    assert told.outcomes[0].state == "made"
    assert RIVER in reports_of(root_of(short))[f"reports/session_report_{DAYS[0]}.html"].decode()


def test_a_template_can_put_no_sound_into_a_report(short: Journal, tmp_path: Path) -> None:
    mine = template(tmp_path, "from IPython.display import Audio\nAudio([0.0] * 800, rate=8000)")
    assert "puts sound" in runner.run(short, short.sessions[:1], template=mine).outcomes[0].sentence


@pytest.mark.slow
def test_a_template_of_ones_own_takes_parameters_and_refuses_unknown_ones(
    short: Journal, tmp_path: Path
) -> None:
    mine = template(tmp_path, "(session, depth, journal)", parameters="session = ''\ndepth = 1\njournal = ''")
    runner.run(short, short.sessions[:1], template=mine, parameters={"depth": 3})
    notebook = reports_of(root_of(short))[f"reports/mine_{DAYS[0]}.ipynb"].decode()
    assert f"('{DAYS[0]}', 3, '..')" in notebook
    with pytest.raises(
        ReportError, match=r"no parameter dept; its parameters are: session, depth, journal\."
    ):
        runner.run(short, template=mine, parameters={"dept": 3})
    nameless = template(tmp_path, "1", parameters="journal = ''")
    with pytest.raises(ReportError, match="no parameter session"):
        runner.run(short, template=nameless)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "as a notebook"),
        (json.dumps({"cells": [], "metadata": {"kernelspec": {"language": "R"}}}), "is written for R"),
    ],
)
def test_what_is_no_python_notebook_is_said_before_anything_is_started(
    content: str, said: str, short: Journal, tmp_path: Path
) -> None:
    (tmp_path / "odd.ipynb").write_text(content)
    with pytest.raises(ReportError, match=said):
        runner.run(short, template=tmp_path / "odd.ipynb")


@pytest.mark.slow
def test_what_the_client_wrote_into_a_notebook_is_kept_beside_the_new_one(short: Journal) -> None:
    one, name = [short.sessions[0]], f"reports/session_report_{DAYS[0]}"
    runner.run(short, one)
    changed = nbformat.reads(short.store.read(f"{name}.ipynb").decode(), as_version=4)
    changed.cells.append(new_markdown_cell("What I think of it"))
    short.store.write(f"{name}.ipynb", nbformat.writes(changed).encode())
    assert states(runner.run(short, one)) == "current"
    short.store.write(f"sessions/{DAYS[0]}/notes.md", b"Something new.\n")
    assert states(runner.run(short, one)) == "made"
    assert b"What I think of it" in short.store.read(f"{name}-kept-1.ipynb")
    assert b"What I think of it" not in short.store.read(f"{name}.ipynb")


@pytest.mark.slow
def test_a_page_of_a_template_without_a_heading_says_of_which_day_it_is_and_so_do_its_pictures(
    short: Journal, tmp_path: Path
) -> None:
    mine = template(tmp_path, "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])")
    runner.run(short, short.sessions[:1], template=mine)
    page = reports_of(root_of(short))[f"reports/mine_{DAYS[0]}.html"].decode()
    assert "<title>Monday 6 January 2020: mine</title>" in page
    assert "<h1>Monday 6 January 2020: mine</h1>" in page
    assert 'alt="A picture: Monday 6 January 2020: mine"' in page


@pytest.mark.slow
def test_the_weekly_review_goes_the_same_way_and_stays_while_nothing_changed(
    short: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    week = short.sessions[-1].week
    made = runner.run_one(short, "weekly_review", "weekly_review_it", {"week": week})
    page = short.store.read(made.page).decode()
    assert RIVER in page  # the client's own letter
    with monkeypatch.context() as patched:
        no_kernel(patched)
        runner.run_one(short, "weekly_review", "weekly_review_it", {"week": week})
    short.store.write(f"sessions/{DAYS[0]}/notes.md", b"---\nmood_after: 9\n---\n")
    runner.run_one(short, "weekly_review", "weekly_review_it", {"week": week})
    assert short.store.read(made.page).decode() != page


@pytest.mark.slow
def test_the_report_of_a_session_reads_no_more_than_it_is_said_to_rest_on(
    short: Journal, tmp_path: Path
) -> None:
    watch = (
        "import sys, os; read = set()\n"
        "def seen(event, what):\n"
        "    if event == 'open' and 'sessions' in str(what[0]):\n"
        "        read.add(os.path.basename(str(what[0]).split('sessions' + os.sep)[1].split(os.sep)[0]))\n"
        "sys.addaudithook(seen)"
    )
    notebook = nbformat.read(runner.templates.NOTEBOOKS / "session_report.ipynb", as_version=4)
    notebook.cells.insert(1, new_code_cell(watch))
    notebook.cells.append(new_code_cell("print(sorted(read))"))
    nbformat.write(notebook, tmp_path / "watched.ipynb")
    for shown in ("shown", "left out"):
        runner.run(
            short,
            [short.sessions[3]],
            template=tmp_path / "watched.ipynb",
            parameters={"private_notes": shown},
        )
        said = reports_of(root_of(short))[f"reports/watched_{DAYS[3]}.ipynb"].decode()
        assert f"['{DAYS[2]}', '{DAYS[3]}']" in said or f"['{DAYS[3]}']" in said


@pytest.mark.slow
def test_sessions_that_were_not_listened_to_are_analysed_first(short: Journal) -> None:
    for session in short.sessions[:2]:
        shutil.rmtree(root_of(short) / session.folder / "derived")
    turns = short.sessions[2].turns
    done = runner.run(short, short.sessions[:3], jobs=2)
    assert states(done) == "made made made"
    assert short.sessions[0].turns.equals(turns)  # the same sound
