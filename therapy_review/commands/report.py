"""The command ``therapy-review report``: the reports of many sessions, an index, and tables of everything."""

from __future__ import annotations

import contextlib
import math
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from typer.core import TyperCommand

from therapy_review import display, hints, reports, wording
from therapy_review.commands.terminal import complain, open_journal, read_day, say
from therapy_review.errors import ReportError, TherapyReviewError
from therapy_review.reports import PlainTo, Sure, workers

if TYPE_CHECKING:
    from therapy_review.journal import Journal, Session
    from therapy_review.reports import Outcome, Summary

GOES_ON = "Stopped. What is finished is kept; the same command goes on from here."
STOPPED = 130  # the status by which a shell knows that Ctrl-C was pressed


class AsInPapermill(TyperCommand):
    """Takes ``-p name value`` in two words, as papermill does, beside ``-p name=value`` in one."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the two words together before anything else reads them."""
        joined, rest = list[str](), list(args)
        known = {option for parameter in self.params for option in parameter.opts}
        while rest:
            joined.append(rest.pop(0))
            if joined[-1] in ("-p", "--parameter") and rest:
                joined.append(rest.pop(0))
                if "=" not in joined[-1] and rest and rest[0].split("=")[0] not in known:
                    joined[-1] += f"={rest.pop(0)}"
        return super().parse_args(ctx, joined)


class To(StrEnum):
    """What is written of each report; each brings those before it."""

    ipynb = "ipynb"
    html = "html"
    pdf = "pdf"


def report(
    sessions: Annotated[
        list[str] | None, typer.Argument(metavar="SESSION...", help="Their days, as in 2026-03-04.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every session of the journal.")] = False,
    since: Annotated[str, typer.Option(metavar="DATE", help="Every session from that day on.")] = "",
    journal: Annotated[
        list[Path] | None, typer.Option("--journal", "-j", help="The journal's folder; may be given often.")
    ] = None,
    template: Annotated[
        str,
        typer.Option(help="A notebook of yours with a parameter session; session_report when left out."),
    ] = "session_report",
    to: Annotated[
        To, typer.Option(help="The notebook alone, a page to read as well, or a PDF besides.")
    ] = To.html,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            "-p",
            metavar="NAME VALUE",
            help="A parameter of the template, as in -p depth 3 or -p depth=3; may be given often.",
        ),
    ] = None,
    private_notes: Annotated[
        bool, typer.Option("--private-notes", help="Let what you wrote in your own words be in the reports.")
    ] = False,
    jobs: Annotated[
        int, typer.Option(min=0, help="How many at once; as many as this computer has cores when left out.")
    ] = 0,
    minutes: Annotated[
        float, typer.Option(min=0.01, help="How many minutes one cell of the template may take.")
    ] = 10.0,
    scheduler: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="A Dask scheduler whose workers do it, as in tls://host:8786."),
    ] = "",
    plain_to: PlainTo = None,
    sure: Sure = False,
) -> None:
    """Write the report of each session, with an index; what is current stays as it is."""
    from loky import cpu_count

    given: dict[str, object] = dict(map(_parameter, parameter or []))
    if private_notes:
        given["private_notes"] = display.SHOWN
    failed, stopped, troubles = 0, False, list[str]()
    for folder in journal or [Path()]:
        try:
            opened = open_journal(folder)
            chosen = _chosen(opened, sessions or [], since, "all" if every else "named")
            target = reports.plain_copy.place_for(
                opened, _apart(plain_to, folder, journal or []), _pages(template, chosen, to), sure=sure
            )
            done = _run(
                opened,
                chosen,
                template=template,
                parameters=given,
                to=to.value,
                jobs=jobs or cpu_count(),
                cell_wait=minutes * 60,
                scheduler=scheduler,
            )
            _say_what_came_of_it(opened, done)
            if done.trouble:
                troubles.append(done.trouble)
            elif target:
                reports.plain_copy.write(opened, target, *reports.plain_copy.of_reports(opened, done))
            else:
                _say_how_to_read(opened, done)
        except KeyboardInterrupt as stop:  # while it was looked what there is to do, or the index was written
            say.print(GOES_ON)
            raise typer.Exit(STOPPED) from stop
        except TherapyReviewError as error:  # the other journals have their turn all the same
            troubles += [str(error)] if str(error) not in troubles else []
            continue
        failed += done.number("failed")
        if stopped := done.stopped:
            break
    for sentence in troubles:
        complain.print(sentence)
    if stopped:
        raise typer.Exit(STOPPED)
    if troubles or failed:
        raise typer.Exit(1)


def _run(journal: Journal, chosen: list[Session], **how: Any) -> Summary:
    """Make the reports of one journal, with a bar for the listening, which comes first, and one for the reports."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # A long session is listened to for half a minute, so what comes is reckoned from the last ten.
    with Progress(*columns, console=say, speed_estimate_period=600) as bars:
        bar = {
            step: bars.add_task(f"{journal.name}  {step}", visible=False, start=False)
            for step in ("listening", "reports")
        }
        left: dict[str, set[str]] = {}

        def planned(*names: list[str]) -> None:
            left.update(zip(bar, map(set, names), strict=True))
            for step, which in left.items():
                bars.update(bar[step], total=len(which), visible=bool(which))
            bars.start_task(bar["listening" if left["listening"] else "reports"])

        def told(outcome: Outcome) -> None:
            if outcome.sentence:
                bars.console.print(f"{outcome.session}  {wording.with_cell(outcome.sentence, outcome.cell)}")
            for step, which in left.items():
                if outcome.session in which and (step == "listening" or outcome.state != "heard"):
                    which.remove(outcome.session)
                    bars.advance(bar[step])
            if left and not left["listening"]:
                bars.start_task(bar["reports"])

        return reports.runner.run(journal, chosen, planned=planned, told=told, **how)


def _say_what_came_of_it(journal: Journal, done: Summary) -> None:
    """Say how many came to what; what came to nothing is left out."""
    parts = [
        f"{done.number(state)} {text}"
        for state, text in (
            ("made", "made"),
            ("current", "current already"),
            ("failed", "could not be made"),
            ("waiting", "not reached"),
        )
        if done.number(state)
    ]
    say.print(f"{journal.name}: {', '.join(parts) or 'no session'}.")
    for remark in done.remarks:
        say.print(remark)
    if done.stopped:
        say.print(GOES_ON)


def _say_how_to_read(journal: Journal, done: Summary) -> None:
    if not journal.settings.get("sealed"):
        say.print(
            f"To read:  {hints.place(reports.runner.place(journal, f'reports/{reports.runner.INDEX}.html'))}"
        )
        return
    there = [outcome.report for outcome in done.outcomes if outcome.state in ("made", "current")]
    if there:
        to_read = hints.command("lab", "--report", there[-1], journal=journal.root)
        say.print(f"Sealed in {journal.name}. To read one:  {to_read}")
        say.print("To have pages that lie open in a folder of yours: the same command with --plain-to FOLDER")


def _apart(folder: Path | None, journal: Path, journals: list[Path]) -> Path | None:
    """Give each of several journals a folder of its own; of those of one name, the later ones get a number."""
    if not folder or len(journals) < 2:
        return folder
    name = journal.resolve().name
    before = [one for one in journals[: journals.index(journal)] if one.resolve().name == name]
    return folder / (f"{name}-{len(before) + 1}" if before else name)


def _pages(template: str, sessions: list[Session], to: To) -> list[str]:
    """Name the pages there will be."""
    name = workers.templates.find(template).name
    endings = [end for end in workers.orders.SUFFIXES[to.value] if end != "ipynb"]
    return ["index.html", *(f"{name}_{session.name}.{end}" for session in sessions for end in endings)]


def _chosen(journal: Journal, names: list[str], since: str, which: str) -> list[Session]:
    if sum([bool(names), bool(since), which == "all"]) != 1:
        raise ReportError(
            "Say which sessions are meant: --all, --since with a day, or their days, as in 2026-03-04."
        )
    if names:
        return sorted({journal.session(name) for name in names}, key=lambda session: session.name)
    if not since:
        return list(journal.sessions)
    first = read_day(since)
    return [session for session in journal.sessions if session.date >= first]


def _parameter(text: str) -> tuple[str, object]:
    """Read NAME=VALUE: numbers, True, False and None as such, anything else as words."""
    name, sign, value = text.partition("=")
    if not sign or not name.isidentifier():
        raise ReportError(f"{text} is not a parameter; write it as in -p name value.")
    known = {"True": True, "False": False, "None": None}
    if value in known:
        return name, known[value]
    number: int | float
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            number = kind(value)
            return name, number if math.isfinite(number) else value  # nan and inf are words
    return name, value
