"""Run: many sessions' reports from plan to index."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from therapy_review import analysis, enrolment, unlock
from therapy_review.batch import bundles, crew, manifest
from therapy_review.batch.keeping import keep, keep_failure, what_it_holds
from therapy_review.batch.manifest import Basis, Entry
from therapy_review.batch.orders import SUFFIXES, Made, Order, To, root
from therapy_review.errors import ConsentError, JournalError, NoteError, TherapyReviewError
from therapy_review.notes import render

if TYPE_CHECKING:
    from therapy_review.batch.templates import Template
    from therapy_review.journal import Journal
    from therapy_review.session import Session

State = Literal["current", "made", "failed", "waiting"]


@dataclass(frozen=True)
class Outcome:
    """What came of one session.

    Parameters
    ----------
    session : str
        Its name.
    report : str
        What the report's files are called, without ending.
    state : {"current", "made", "failed", "waiting"}
        Left as it was, made now, not to be made, or not reached before the run was stopped.
    sentence : str
        Why it failed.
    cell : int or None
        The template's cell it failed in.
    """

    session: str
    report: str
    state: State
    sentence: str = ""
    cell: int | None = None


@dataclass(frozen=True)
class Job:
    """What is to be done, and how.

    Parameters
    ----------
    template : Template
    parameters : mapping of str to object
        As the client gave them, with ``private_notes``.
    to : {"ipynb", "html", "pdf"}
    jobs : int
        How many reports at once.
    cell_wait : float
        Seconds a cell may take.
    client : distributed.Client, optional
        The cluster that does it.
    sees_journal : {"yes", "no"}
        Whether the cluster's workers see the journal's folder.
    """

    template: Template
    parameters: Mapping[str, object]
    to: To = "html"
    jobs: int = 1
    cell_wait: float = 600.0
    client: Any = None
    sees_journal: Literal["yes", "no"] = "yes"


@dataclass
class Run:
    """One run over the sessions of a journal.

    Parameters
    ----------
    journal : Journal
    job : Job
    outcomes : dict of str to Outcome
        By session; filled as the run goes on.
    """

    journal: Journal
    job: Job
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    _closed: dict[str, str] = field(default_factory=dict, repr=False)
    _heard: set[str] = field(default_factory=set, repr=False)

    def plan(self, sessions: Sequence[Session]) -> list[Session]:
        """Find out what has to be made; what is current or may not be made is settled here.

        Parameters
        ----------
        sessions : sequence of Session

        Returns
        -------
        list of Session
            Those whose report is to be made.
        """
        basis, entries, wanted = self.basis(), manifest.read(self.journal.store), []
        for session in sessions:
            name = self.name_of(session)
            if closed := self.why_closed(session):
                self._fail(session, closed)
                continue
            try:
                entry = entries.get(name)
                is_heard = not session.has_recording or analysis.is_current(session)
                if is_heard and entry and entry.fits(basis.of(session), self._endings, self.journal.store):
                    self._settle(session, "current")
                else:
                    _ = session.marks, session.corrections
                    wanted.append(session)
            except TherapyReviewError as error:
                self._fail(session, str(error))
        return wanted

    def why_closed(self, session: Session) -> str:
        """Say why a session may not be reported, empty when it may; asked once in a run.

        Parameters
        ----------
        session : Session

        Returns
        -------
        str
        """
        if session.name not in self._closed:
            try:
                readable(session)
                self._closed[session.name] = ""
            except TherapyReviewError as error:
                self._closed[session.name] = str(error)
        return self._closed[session.name]

    def make(self, sessions: Sequence[Session]) -> Iterator[Outcome]:
        """Make the reports of planned sessions; each counts from the moment it is yielded.

        Parameters
        ----------
        sessions : sequence of Session

        Yields
        ------
        Outcome
        """
        by_name = {session.name: session for session in sessions}
        self._heard = {session.name for session in sessions if session.has_recording}
        unheard = [s for s in sessions if s.has_recording and not analysis.is_current(s)]
        yield from self._listen(unheard)
        rest = [session for session in sessions if session.name not in self.outcomes]
        basis = self.basis()
        bases = {session.name: basis.of(session) for session in rest}
        by_report = {self.name_of(session): by_name[session.name] for session in rest}
        for made in crew.done([self._order(session) for session in rest], self.job.jobs, self.job.client):
            session = by_report[made.name]
            yield self._keep(session, made, bases[session.name], basis)

    def _listen(self, sessions: list[Session]) -> Iterator[Outcome]:
        by_name = {session.name: session for session in sessions}
        orders = [self._order(session, purpose="listen") for session in sessions]
        for made in crew.done(orders, self.job.jobs, self.job.client):
            session = by_name[made.name]
            if sentence := made.sentence or self._keep_heard(session, made):
                yield self._fail(session, sentence)
        if sessions and any(enrolment.in_force(self.journal)):
            with contextlib.suppress(TherapyReviewError):  # said where that session is shown
                analysis.follow_prints(self.journal)

    def _order(self, session: Session, purpose: Literal["listen", "report"] = "report") -> Order:
        job = self.job
        given = {"journal": "..", "session": session.name, **job.parameters}
        order = Order(
            session.name, str(root(self.journal)), session.name, secret=unlock.secret_of(self.journal)
        )
        if job.sees_journal == "no":
            order = replace(order, journal="", bundle=bundles.pack(self.journal, session.name, purpose))
        if purpose == "listen":
            return order
        return replace(
            order,
            name=self.name_of(session),
            template=job.template,
            parameters=job.template.taking(given),
            to=job.to,
            cell_wait=job.cell_wait,
        )

    def _keep(self, session: Session, made: Made, rests_on: dict[str, Any], basis: Basis) -> Outcome:
        try:
            sentence = made.sentence
            if not sentence:
                near = basis.sessions if self.job.template.looks_at == "journal" else basis.near(session)
                sentence = what_it_holds(made.files, near, self.job.parameters)
            if not sentence:
                entry = Entry(made.name, session.name, self.job.template.name, rests_on, {})
                keep(self.journal.store, entry, made.files, if_still=lambda: self._still_open(session))
        except TherapyReviewError as error:
            sentence = str(error)
        return self._fail(session, sentence, made.cell) if sentence else self._settle(session, "made")

    def _keep_heard(self, session: Session, made: Made) -> str:
        store = self.journal.store
        try:
            if made.files:
                with store.writing():
                    self._still_open(session)
                    for name, data in made.files.items():
                        store.write(name, data)
        except TherapyReviewError as error:
            return str(error)
        return ""

    def _still_open(self, session: Session) -> None:
        """Ask once more before anything is kept: it may have been taken back or erased while it was made."""
        now = self.journal.session(session.name)
        if session.name in self._heard and not now.has_recording:
            raise JournalError(f"The recording of {session.name} was taken out meanwhile; run it again.")
        if now.has_recording and (sentence := now.why_closed("report")):
            raise ConsentError(sentence)

    def _fail(self, session: Session, sentence: str, cell: int | None = None) -> Outcome:
        with contextlib.suppress(TherapyReviewError):  # a full disk is said by the sentence itself
            self.journal.session(session.name)  # of one that was erased nothing is written any more
            sentence = keep_failure(self.journal.store, session, self.name_of(session), sentence, cell)
        return self._settle(session, "failed", sentence, cell)

    def _settle(self, session: Session, state: State, sentence: str = "", cell: int | None = None) -> Outcome:
        outcome = Outcome(session.name, self.name_of(session), state, sentence, cell)
        self.outcomes[session.name] = outcome
        return outcome

    def name_of(self, session: Session) -> str:
        """Say what a session's report is called."""
        return f"{self.job.template.name}_{session.name}"

    @property
    def _endings(self) -> tuple[str, ...]:
        return SUFFIXES[self.job.to]

    def basis(self) -> Basis:
        """Look at what reports are made from, as it is now."""
        return Basis(self.journal, self.job.template, self.job.parameters)


def readable(session: Session) -> None:
    """Ask whether everybody heard agreed to reports, before anything else of a session is opened.

    Parameters
    ----------
    session : Session

    Raises
    ------
    NoteError
        When the notes' header can't be read, which is where it would say who else was heard.
    ConsentError
        When somebody heard has not agreed to use ``report``.
    JournalError
        When there is more than one recording.
    """
    written = session.notes
    try:
        _ = render(written) if written.problems else b""
    except NoteError as error:
        raise NoteError(written.problems[-1]) from error
    if session.has_recording:
        session.recording("report")
