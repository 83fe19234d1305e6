"""The commands that write a notebook of the workbook, as ``review``, and open it in JupyterLab, as ``lab``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from therapy_review import hints, reports
from therapy_review.commands import turns
from therapy_review.commands.terminal import HERE, JournalOption, Sound, SoundOption, open_journal, say
from therapy_review.errors import JournalError
from therapy_review.lab import server
from therapy_review.reports import PlainTo, Sure

if TYPE_CHECKING:
    from pathlib import Path

    from therapy_review.journal import Journal
    from therapy_review.reports import Report

OpenOption = Annotated[
    bool, typer.Option("--open/--no-open", help="Open the notebook in JupyterLab, or only write it.")
]


def review(
    week: Annotated[str, typer.Option(help="As in 2026-W10; the newest when left out.")] = "",
    plain_to: PlainTo = None,
    sure: Sure = False,
    sound: SoundOption = Sound.on,
    journal: JournalOption = HERE,
) -> None:
    """Write the weekly review: a notebook to open and a page to read."""
    opened = open_journal(journal)
    chosen = _week(opened, week)
    page = f"weekly_review_{chosen}.html"
    target = reports.plain_copy.place_for(opened, plain_to, [page], sure=sure)
    failed = turns.analyse_all(opened)
    with say.status(f"Writing the review of {chosen} …"):
        made = reports.runner.run_one(
            opened, "weekly_review", f"weekly_review_{chosen}", {"week": chosen, "sound": sound.value}
        )
    in_lab = hints.command("lab", "--week", chosen, journal=opened.root)
    if not opened.settings.get("sealed"):
        _say_where(opened, made)
        say.print(f"To hear and write in it, with JupyterLab:  {in_lab}")
    elif target is None:
        say.print(f"It is sealed in {opened.name}. To read it:  {in_lab}")
    else:
        reports.plain_copy.write(opened, target, {page: opened.store.read(made.page)}, {})
    if failed:
        raise typer.Exit(1)


def lab(
    week: Annotated[str, typer.Option(help="As in 2026-W10; the newest when left out.")] = "",
    report: Annotated[
        str, typer.Option(help="A report in place of the week, as in session_report_2026-03-04.")
    ] = "",
    journal: JournalOption = HERE,
) -> None:
    """Open the weekly notebook, or a report, in JupyterLab, in its simple interface."""
    opened = open_journal(journal)
    if report:
        notebook = f"reports/{report.removesuffix('.ipynb')}.ipynb"
        if not opened.store.exists(notebook):
            raise JournalError(
                f"There is no report {report} in {opened.name}; to write reports: "
                f"{hints.command('report', '--all', journal=opened.root)}"
            )
        server.start(opened, notebook)
    chosen = _week(opened, week)
    notebook = f"reports/weekly_review_{chosen}.ipynb"
    if not opened.store.exists(notebook):
        raise JournalError(
            f"The review of {chosen} is not written yet; run: "
            f"{hints.command('review', '--week', chosen, journal=opened.root)}"
        )
    server.start(opened, notebook)


def _week(journal: Journal, week: str) -> str:
    """Return the week that is meant; the newest one with a session when none is named."""
    if not journal.sessions:
        raise JournalError(turns.nothing_yet(journal, "session"))
    _ = journal.week(week)  # says so when that is no week
    return week or journal.sessions[-1].week


def path(journal: JournalOption = HERE, opened: OpenOption = True, sound: SoundOption = Sound.on) -> None:
    """See your sessions along a line: moods, words, scores, talking and silences."""
    open_notebook(journal, "path", opened, {"sound": sound.value})


def how_far(journal: JournalOption = HERE, opened: OpenOption = True, sound: SoundOption = Sound.on) -> None:
    """Put your first sessions and your newest beside each other."""
    open_notebook(journal, "how_far", opened, {"sound": sound.value})


def together(
    session: Annotated[str, typer.Option(help="The session you talk about; the newest when left out.")] = "",
    journal: JournalOption = HERE,
    opened: OpenOption = True,
    sound: SoundOption = Sound.on,
) -> None:
    """Look at the journal with your therapist; you are asked first what may be seen."""
    open_notebook(journal, "together", opened, {"session": session, "sound": sound.value})


def open_notebook(
    folder: Path, name: str, opened: bool = True, parameters: dict[str, str] | None = None
) -> None:
    """Write a notebook beside the journal's others, and open it or say where it is."""
    journal = open_journal(folder)
    if session := (parameters or {}).get("session"):
        journal.session(session)  # says so when there is none
    with say.status("Writing the notebook …"):
        made = reports.runner.run_one(journal, name, name, parameters or {})
    if opened:
        server.start(journal, made.notebook)
    elif journal.settings.get("sealed"):
        say.print(f"It is sealed in {journal.name}. To read it, leave --no-open out.")
    else:
        _say_where(journal, made)


def _say_where(journal: Journal, made: Report) -> None:
    say.print(f"To read:  {hints.place(reports.runner.place(journal, made.page))}")
    say.print(f"Notebook: {hints.place(reports.runner.place(journal, made.notebook))}")
