"""Notebooks run for a week or a session, for one or for hundreds, and written as pages to read.

What was made lies in the journal's ``reports`` folder, with an index and the measures of every session. Neither
notebooks nor pages hold sound, widget state or code in view, and a page loads nothing from anywhere.
"""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from therapy_review import hints
from therapy_review.display import LEFT_OUT, SHOWN
from therapy_review.errors import ReportError, TherapyReviewError
from therapy_review.journal import Session
from therapy_review.reports import manifest
from therapy_review.reports.batch import Job, Outcome, Run, Standing
from therapy_review.reports.inputs import Basis, asked
from therapy_review.reports.manifest import Entry, Whole
from therapy_review.reports.workers import Order, To, interrupts, orders, templates
from therapy_review.reports.writer import keep, what_it_holds
from therapy_review.storage import FOLDER_MODE, digest, unlock

if TYPE_CHECKING:
    from therapy_review.journal import Journal

INDEX, TABLE = "index", "measures"
WEEKLY = "weekly_review"
Told = Callable[[Outcome], None]


@dataclass(frozen=True)
class Report:
    """Where an executed notebook and its page were written.

    Parameters
    ----------
    notebook, page : str
        Names within the journal.
    """

    notebook: str
    page: str


@dataclass(frozen=True)
class Summary:
    """What a run over many sessions came to.

    Parameters
    ----------
    outcomes : tuple of Outcome
        One for each session, in order of time.
    remarks : tuple of str
        What else is to be said, a sentence each.
    standings : tuple of Standing
        How each session of the journal stands now, as the index has it.
    trouble : str
        Why index and tables could not be written; what was made counts all the same.
    """

    outcomes: tuple[Outcome, ...]
    remarks: tuple[str, ...] = ()
    standings: tuple[Standing, ...] = ()
    trouble: str = ""

    def number(self, state: str) -> int:
        """Count the sessions of a state: ``current``, ``made``, ``failed`` or ``waiting``."""
        return sum(outcome.state == state for outcome in self.outcomes)

    @property
    def stopped(self) -> bool:
        """Whether it was stopped before everything was done."""
        return self.number("waiting") > 0


def run_one(journal: Journal, template: str, name: str, parameters: Mapping[str, object]) -> Report:
    """Run one template for a journal and write the notebook and the page made from it, unless they are current.

    Parameters
    ----------
    journal : Journal
    template : str
        A file, or the name of a notebook that comes along, as in ``weekly_review``.
    name : str
        What the two files are called, without ending.
    parameters : mapping of str to object
        The template's parameters; ``journal`` is filled in. The client's own words may be in it.

    Returns
    -------
    Report

    Raises
    ------
    ReportError
        When the template is missing or one of its cells fails.
    """
    found, given = templates.find(template), {"private_notes": SHOWN, **parameters}
    rests_on = Basis(journal, found, given).of(None)
    before, store = manifest.read_one(journal.store, name), journal.store
    report = Report(f"reports/{name}.ipynb", f"reports/{name}.html")
    if before and before.fits(rests_on, orders.SUFFIXES["html"], Whole(store)):
        return report
    _make_room(journal)
    order = Order(
        name,
        str(journal.root),
        "",
        found,
        found.taking({"journal": "..", **given}),
        secret=unlock.secret_of(journal.store),
        opens=orders.opens(journal, given),
    )
    made = orders.carry_out(order)
    if sentence := made.sentence or what_it_holds(
        made.files, given, lambda: Run(journal, Job(found, given)).private()
    ):
        raise ReportError(f"{found.name}.ipynb could not be run for {journal.name}: {sentence}")
    keep(store, Entry(name, "", found.name, rests_on, {}), made.files)
    return report


def run(
    journal: Journal,
    sessions: Sequence[Session] | None = None,
    *,
    template: str | Path = "session_report",
    parameters: Mapping[str, object] | None = None,
    to: To = "html",
    jobs: int = 1,
    cell_wait: float = 600.0,
    scheduler: str = "",
    planned: Callable[[list[str], list[str]], None] | None = None,
    told: Told | None = None,
) -> Summary:
    """Make the reports of many sessions, the index and the tables; what is current is left as it is.

    Ctrl-C stops it in good order: what is finished counts, and the next run goes on from there.

    Parameters
    ----------
    journal : Journal
    sessions : sequence of Session, optional
        All of the journal's when left out.
    template : str or Path
        A file, or the name of a notebook that comes along, with a parameter ``session``.
    parameters : mapping of str to object, optional
        More of the template's parameters. ``private_notes="shown"`` lets the client's own words be in the reports.
    to : {"ipynb", "html", "pdf"}
        The notebook alone, a page as well, or a PDF besides.
    jobs : int
        How many reports at once on this computer.
    cell_wait : float
        Seconds a cell may take.
    scheduler : str
        Address of a Dask scheduler whose workers make the reports in place of this computer.
    planned, told : callable, optional
        Called with the names of the sessions that are to be listened to and of those that are to be reported, and
        then with each outcome as it comes.

    Returns
    -------
    Summary
        Its ``trouble`` says when index and tables could not be written.

    Raises
    ------
    ReportError
        When the template, the cluster or what was asked for can't be used; a session that fails is an outcome and
        no error.

    Examples
    --------
    >>> from therapy_review import open_journal, reports
    >>> journal = open_journal("my-journal")  # doctest: +SKIP
    >>> reports.run(journal, to="pdf", jobs=2).number("made")  # doctest: +SKIP
    12
    """
    told = told or (lambda _outcome: None)
    _check_asked(parameters or {}, to, cell_wait)
    chosen = _chosen(journal, sessions)
    found = templates.find(template)
    job = Job(found, {"private_notes": LEFT_OUT, **(parameters or {})}, to, max(1, jobs), cell_wait)
    _check(journal, chosen, job)
    if scheduler:
        from therapy_review.reports.workers import cluster

        cluster.require_private(scheduler)
    _make_room(journal)
    work = Run(journal, job)
    with hints.for_anywhere():  # what can't be made is said by a page, too
        wanted = work.plan(chosen)
    if planned:
        planned([session.name for session in work.unheard(wanted)], [session.name for session in wanted])
    for outcome in work.outcomes.values():
        told(outcome)
    if wanted:
        try:
            with cluster.joined(scheduler, journal) if scheduler else contextlib.nullcontext() as workers:
                work.job = replace(job, cluster=workers)
                _make(work, wanted, told)
        except ReportError:
            if any(outcome.state == "made" for outcome in work.outcomes.values()):
                _write_index(work)  # what is finished can be read
            raise
    settled = [
        work.outcomes.get(session.name) or Outcome(session.name, work.name_of(session), "waiting")
        for session in chosen
    ]
    is_stopped = any(outcome.state == "waiting" for outcome in settled)
    with interrupts.once() if is_stopped else contextlib.nullcontext():
        try:
            remarks, lines = _write_index(work)
        except TherapyReviewError as error:
            return Summary(tuple(settled), trouble=str(error))
    return Summary(tuple(settled), remarks, tuple(lines))


def _check_asked(parameters: Mapping[str, object], to: str, cell_wait: float) -> None:
    """See that what was asked for can be done, whatever the template and the sessions."""
    if own := sorted({"journal", "session"} & set(parameters)):
        raise ReportError(
            f"{' and '.join(own)} can't be given: each session's report is filled in with its own. Choose sessions "
            "by their days."
        )
    if (shown := parameters.get("private_notes", LEFT_OUT)) not in (SHOWN, LEFT_OUT):
        raise ReportError(f"private_notes is {SHOWN!r} or {LEFT_OUT!r}, and not {shown!r}.")
    for name, value in parameters.items():
        try:
            json.dumps(value)
        except (TypeError, ValueError) as error:
            raise ReportError(
                f"The parameter {name} is a {type(value).__name__}; give words, numbers, True, False, None, or "
                "lists of them."
            ) from error
    if to not in orders.SUFFIXES:
        raise ReportError(f"Reports are made as {', '.join(orders.SUFFIXES)}, and not as {to!r}.")
    if not cell_wait > 0:
        raise ReportError(f"A cell may take some seconds, and not {cell_wait:g}; give a number above 0.")


def _chosen(journal: Journal, sessions: Sequence[Session] | None) -> list[Session]:
    """Give the sessions that were asked for, each once."""
    if sessions is None:
        return list(journal.sessions)
    for one in sessions:
        if not isinstance(one, Session) or one.journal.root != journal.root:
            raise ReportError(
                f"{one} is no session of {journal.name}; choose from its sessions, as in "
                'journal.session("2026-03-04").'
            )
    return list({one.name: one for one in sessions}.values())


def _make(work: Run, wanted: list[Session], told: Told) -> None:
    from therapy_review.reports.workers import scratch

    try:
        with interrupts.insisting(), hints.for_anywhere():
            for outcome in work.make(wanted):
                told(outcome)
    except KeyboardInterrupt:
        pass  # what is not finished is said to wait
    finally:
        with interrupts.once():
            orders.close()
            scratch.clear_left()  # of processes that were ended


def _check(journal: Journal, sessions: list[Session], job: Job) -> None:
    """See that the template can be used at all, before anything is started for it."""
    if job.template.name == WEEKLY and job.template == templates.find(WEEKLY):
        review = hints.command("review", journal=journal.root)
        raise ReportError(
            f"{WEEKLY} is a page of one week and not of one session; it is written by:  {review}"
        )
    if not _was_made_with(journal, sessions, job):
        if "session" not in job.template.parameters:
            raise ReportError(
                f"{job.template.name}.ipynb has no parameter session, so it would say the same of every session; "
                'write session = "" into its cell tagged parameters.'
            )
        job.template.taking(job.parameters)
    if job.to == "pdf":
        from therapy_review.display import can_print

        can_print()


def _was_made_with(journal: Journal, sessions: list[Session], job: Job) -> bool:
    """Tell whether the newest report was made with this very template and these parameters, so that they fit.

    papermill, which reads the parameters of a template, takes longer to load than a run in which nothing changed.
    """
    newest = [manifest.read_one(journal.store, f"{job.template.name}_{each.name}") for each in sessions[-1:]]
    wanted = asked(job.template, job.parameters)
    return any(entry and wanted.items() <= entry.rests_on.items() for entry in newest)


def _passed_over(journal: Journal, entries: Iterable[Entry]) -> Iterator[str]:
    """Say what is in the folders of sessions and of reports and not in the index."""
    to_see = f"to see which: {hints.command('check', journal=journal.root)}"
    if count := len(journal.left_out()):
        which = "A folder of a session is" if count == 1 else f"{count} folders of sessions are"
        yield f"{which} not named by a date and left out; {to_see}"
    if count := len(manifest.left_behind(entries, [session.name for session in journal.sessions])):
        which = "a session that is" if count == 1 else f"{count} sessions that are"
        yield f"There are reports of {which} not here any more; {to_see}"


def _write_index(work: Run) -> tuple[tuple[str, ...], list[Standing]]:
    """Write index and tables, unless nothing in them changed; give remarks, and how each session stands."""
    from therapy_review.reports import tables

    journal, store = work.journal, work.journal.store
    basis, made = work.basis(), defaultdict[str, list[Entry]](list)
    entries = manifest.read(store).values()
    for entry in entries:
        made[entry.session].append(entry)
    with hints.for_anywhere():
        lines = [work.standing(session, basis, made[session.name]) for session in basis.sessions]
    rows = [[vars(line) | {"session": line.session.name}, basis.of(line.session)] for line in lines]
    parquet = find_spec("pyarrow") is not None
    remarks = (*_passed_over(journal, entries), *([] if parquet else [tables.NO_PARQUET]))
    shown = str(work.job.parameters.get("private_notes", LEFT_OUT))
    rests_on = {"rows": digest(manifest.as_json([rows, parquet, shown]))}
    wanted = ((INDEX, ("html",)), (TABLE, ("csv", "parquet") if parquet else ("csv",)))
    before = [(manifest.read_one(store, name), endings) for name, endings in wanted]
    is_current = all(one and one.fits(rests_on, endings, work.whole) for one, endings in before)
    work.whole.keep()
    if is_current:
        return remarks, lines
    from therapy_review.reports.index_page import index

    closed = [line.session.name for line in lines if line.measured == "closed"]
    table = tables.everything(journal, closed, private_notes=shown)
    also = {f"{TABLE}.csv": "every measure, one row a session"}
    files = {"csv": tables.as_csv(table)}
    if parquet:
        also[f"{TABLE}.parquet"] = "the same"
        files["parquet"] = tables.as_parquet(table)
    page = index(f"Sessions with {journal.therapist}", lines, also).encode()
    keep(store, Entry(TABLE, "", "", rests_on, {}), files)
    keep(store, Entry(INDEX, "", "", rests_on, {}), {"html": page})
    return remarks, lines


def place(journal: Journal, name: str) -> Path:
    """Say where a file of a journal lies on this computer."""
    on_disk = getattr(journal.store, "on_disk", str)(name)
    return journal.root.joinpath(*on_disk.split("/"))


def _make_room(journal: Journal) -> None:
    """Make the folder of reports, where kernels run."""
    folder, where = journal.root / orders.REPORTS, journal.store.where(orders.REPORTS)
    try:
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    except FileExistsError as error:
        raise ReportError(
            f"{where} is a file, and reports are kept in a folder of that name; give the file another name, then "
            "try again."
        ) from error
    except OSError as error:
        reason = (error.strerror or "the disk gave no reason").lower()
        raise ReportError(
            f"The folder {where} can't be made ({reason}); see that its journal is yours and has room, then try "
            "again."
        ) from error
