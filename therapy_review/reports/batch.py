"""Many sessions' reports from plan to index, and how each session stands then."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from therapy_review.analysis import analysis, enrolment
from therapy_review.consent import REPORT, Gate
from therapy_review.display import LEFT_OUT
from therapy_review.errors import ConsentError, JournalError, TherapyReviewError
from therapy_review.reports import manifest, privacy
from therapy_review.reports.inputs import Basis
from therapy_review.reports.manifest import Entry, Whole
from therapy_review.reports.workers import Made, Order, To, bundles, orders, pool
from therapy_review.reports.writer import clear_failure, keep, keep_failure, what_it_holds
from therapy_review.storage import unlock

if TYPE_CHECKING:
    from therapy_review.journal import Journal, Session
    from therapy_review.reports.workers import Cluster, Template

State = Literal["current", "made", "failed", "waiting", "heard"]
Stands = Literal["ready", "changed", "waiting", "failed"]


@dataclass(frozen=True)
class Outcome:
    """What came of one session.

    Parameters
    ----------
    session : str
        Its name.
    report : str
        What the report's files are called, without ending.
    state : {"current", "made", "failed", "waiting", "heard"}
        Left as it was, made now, not to be made, or not reached before the run was stopped. One that was
        listened to is told of as heard, before its report is made.
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
    """What is to be done, and how."""

    template: Template
    parameters: Mapping[str, object]
    to: To = "html"
    jobs: int = 1
    cell_wait: float = 600.0
    cluster: Cluster | None = None


@dataclass(frozen=True)
class Listed:
    """A report that can be read."""

    template: str
    name: str
    endings: tuple[str, ...]
    state: Literal["ready", "changed"] = "ready"


@dataclass(frozen=True)
class Standing:
    """What there is of one session."""

    session: Session
    state: Stands
    listed: tuple[Listed, ...] = ()
    sentence: str = ""
    cell: int | None = None
    told_in: str = ""
    measured: Literal["shown", "closed"] = "shown"


@dataclass
class Run:
    """One run over the sessions of a journal."""

    journal: Journal
    job: Job
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    _closed: dict[str, str] = field(default_factory=dict, repr=False)
    _heard: set[str] = field(default_factory=set, repr=False)

    def plan(self, sessions: Sequence[Session]) -> list[Session]:
        """Find out what has to be made; what is current or may not be made is settled here."""
        basis, entries, wanted = self.looked_at, manifest.read(self.journal.store), []
        endings = orders.SUFFIXES[self.job.to]
        for session in sessions:
            if closed := self.why_closed(session, basis):
                self._fail(session, closed, rests_on=None)
                continue
            seen, entry = basis.look(session), entries.get(self.name_of(session))
            if seen.unreadable and seen.recorded:
                with contextlib.suppress(TherapyReviewError):
                    analysis.clear_damaged(session)  # derived files, which are made again from the sound
                seen = basis.look_again(session)
            if seen.unreadable:
                self._fail(session, seen.unreadable, rests_on=basis.of(session))
            elif seen.current and entry and entry.fits(basis.of(session), endings, self.whole):
                clear_failure(self.journal.store, entry.name)
                self._settle(session, "current")
            else:
                wanted.append(session)
        return wanted

    def why_closed(self, session: Session, basis: Basis) -> str:
        """Say why a session may not be reported, empty when it may; asked once in a run, and not written down."""
        if session.name not in self._closed:
            seen = basis.look(session)
            closed = seen.closed
            try:
                if seen.recorded and not closed:
                    # As `Session.require` asks, but for the notes, which were read by whoever looked.
                    self._gate.require(session.name, seen.heard, REPORT)
            except TherapyReviewError as error:
                closed = str(error)
            self._closed[session.name] = closed
        return self._closed[session.name]

    @functools.cached_property
    def _gate(self) -> Gate:
        return self.journal.gate()

    def make(self, sessions: Sequence[Session]) -> Iterator[Outcome]:
        """Make the reports of planned sessions; each counts from the moment it is yielded."""
        self._heard = {session.name for session in sessions if self.looked_at.look(session).recorded}
        yield from self._listen(self.unheard(sessions))
        rest = [session for session in sessions if session.name not in self.outcomes]
        basis, by_report = self.basis(), {self.name_of(session): session for session in rest}
        bases = {session.name: basis.of(session) for session in rest}
        for made in pool.done(list(by_report), lambda name: self._order(by_report[name]), *self._means):
            session = by_report[made.name]
            yield self._keep(session, made, bases[session.name])

    def unheard(self, sessions: Sequence[Session]) -> list[Session]:
        """Choose the sessions that have to be listened to before their report can be made."""
        return [session for session in sessions if not self.looked_at.look(session).current]

    def _listen(self, sessions: list[Session]) -> Iterator[Outcome]:
        by_name = {session.name: session for session in sessions}
        for made in pool.done(list(by_name), lambda name: self._order(by_name[name], "listen"), *self._means):
            session, sentence = by_name[made.name], made.sentence
            try:
                if made.files:
                    with self.journal.store.writing():
                        self._still_open(session)
                        for name, data in made.files.items():
                            self.journal.store.write(name, data)
            except TherapyReviewError as error:
                sentence = str(error)
            if sentence:
                yield self._fail(session, sentence, rests_on=self.looked_at.of(session))
            else:
                yield Outcome(session.name, self.name_of(session), "heard")
        with contextlib.suppress(TherapyReviewError):  # said where that session is shown
            if sessions and any(enrolment.in_force(self.journal)):
                analysis.follow_prints(self.journal)

    @property
    def _means(self) -> tuple[int, Cluster | None]:
        return self.job.jobs, self.job.cluster

    def _order(self, session: Session, purpose: Literal["listen", "report"] = "report") -> Order:
        """Write an order, when its turn has come; that the recording is used for it is written into the ledger."""
        if session.name in self._heard:
            session.require(REPORT)
        job, journal = self.job, self.journal
        order = Order(session.name, str(journal.root), session.name, secret=unlock.secret_of(journal.store))
        if job.cluster and not job.cluster.sees_journal:
            shown = str(job.parameters.get("private_notes", LEFT_OUT))
            bundle = bundles.pack(journal, session.name, purpose, shown, alone=self.looked_at.looks_alone)
            order = replace(order, journal="", bundle=bundle)
        if purpose == "listen":
            return order
        given = job.template.taking({"journal": "..", "session": session.name, **job.parameters})
        to_open = "" if job.cluster else orders.opens(journal, job.parameters)  # there, folders are others
        how: dict[str, Any] = {"to": job.to, "cell_wait": job.cell_wait, "opens": to_open}
        return replace(order, name=self.name_of(session), template=job.template, parameters=given, **how)

    def _keep(self, session: Session, made: Made, rests_on: dict[str, Any]) -> Outcome:
        try:
            sentence = made.sentence
            if not sentence:
                sentence = what_it_holds(made.files, self.job.parameters, lambda: self.private(session))
            if not sentence:
                entry = Entry(made.name, session.name, self.job.template.name, rests_on, {})
                keep(self.journal.store, entry, made.files, if_still=lambda: self._still_open(session))
        except TherapyReviewError as error:
            sentence = str(error)
        if sentence:
            return self._fail(session, sentence, made.cell, rests_on=rests_on)
        return self._settle(session, "made")

    def private(self, session: Session | None = None) -> list[privacy.Private | privacy.MoodTags]:
        """Give all that is to stay private: a session's own words as they are now, everybody's as they were."""
        own = [privacy.Private(privacy.words_of(session, REPORT), self._not_private)] if session else []
        return [*own, self.every_word, self._every_tag]

    @functools.cached_property
    def every_word(self) -> privacy.Private:
        """All private words of the journal, as they were when they were asked for first."""
        texts = [text for session in self.journal.sessions for text in privacy.words_of(session)]
        return privacy.Private([*texts, *privacy.words_beside(self.journal)], self._not_private)

    @functools.cached_property
    def _every_tag(self) -> privacy.MoodTags:
        known = privacy.said_anyway(self.journal, self.job.template.source, self.job.parameters.values())
        return privacy.MoodTags(privacy.tags_of(self.journal), known)

    @functools.cached_property
    def _not_private(self) -> str:
        named = [value for value in self.journal.settings.values() if isinstance(value, str)]
        return privacy.our_words(self.job.template.source, named)

    def _still_open(self, session: Session) -> None:
        """Ask once more before anything is kept: it may have been taken back or erased while it was made."""
        now = self.journal.session(session.name)
        if session.name in self._heard and not now.has_recording:
            raise JournalError(f"The recording of {session.name} was taken out meanwhile; run it again.")
        if now.has_recording and (sentence := now.why_closed(REPORT)):
            raise ConsentError(sentence)

    def _fail(
        self, session: Session, sentence: str, cell: int | None = None, *, rests_on: dict[str, Any] | None
    ) -> Outcome:
        """Settle that a report can't be made; without a basis it is asked anew each time whether that is so."""
        name, template = self.name_of(session), self.job.template.name
        entry = Entry(name, session.name, template, rests_on or {}, {}, sentence, cell)
        with contextlib.suppress(TherapyReviewError):  # a full disk is said by the sentence itself
            sentence = keep_failure(self.journal.store, session, entry, for_later=rests_on is not None)
        return self._settle(session, "failed", sentence, cell)

    def _settle(self, session: Session, state: State, sentence: str = "", cell: int | None = None) -> Outcome:
        outcome = Outcome(session.name, self.name_of(session), state, sentence, cell)
        self.outcomes[session.name] = outcome
        return outcome

    def name_of(self, session: Session) -> str:
        """Say what a session's report is called."""
        return f"{self.job.template.name}_{session.name}"

    @functools.cached_property
    def whole(self) -> Whole:
        """What is known of the files of reports."""
        return Whole(self.journal.store)

    @functools.cached_property
    def looked_at(self) -> Basis:
        """What reports are made from, as it was when the run began."""
        return self.basis()

    def basis(self) -> Basis:
        """Look at what reports are made from, as it is now."""
        return Basis(self.journal, self.job.template, self.job.parameters)

    def standing(self, session: Session, basis: Basis, entries: Iterable[Entry]) -> Standing:
        """Tell how a session stands after the run, for the index."""
        outcome = self.outcomes.get(session.name)
        closed = self.why_closed(session, basis)
        # Turns found elsewhere, without the recording here, are the client's to look at alone.
        not_here = not session.has_recording and session.made_from() and session.why_closed(REPORT)
        measured: Literal["shown", "closed"] = "closed" if closed or not_here else "shown"
        every = sorted(entries, key=lambda entry: entry.template)
        own = [] if closed else [entry for entry in every if not entry.sentence]
        listed = tuple(self._listed(session, basis, entry) for entry in own)
        name = manifest.failed(self.name_of(session))
        said, cell = (outcome.sentence, outcome.cell) if outcome else ("", None)
        if not (said or closed):
            # What could not be made in a run before is still so while nothing changed.
            for entry in (one for one in every if one.sentence and basis.still_says(one, session)):
                said, cell, name = entry.sentence, entry.cell, entry.name
                break
        if sentence := said or closed:
            told_in = f"{name}.html" if self.journal.store.exists(f"reports/{name}.html") else ""
            # What was made before can still be read; it is listed as what changed since.
            return Standing(session, "failed", listed, sentence, cell, told_in, measured)
        states: list[Stands] = [one.state for one in listed] or ["waiting"]
        state: Stands = "changed" if "changed" in states else states[0]
        return Standing(session, state, listed, measured=measured)

    def _listed(self, session: Session, basis: Basis, entry: Entry) -> Listed:
        there = {end for end in entry.files if self.whole.has(entry, end)}
        fits = there == set(entry.files) and basis.still_says(entry, session)
        endings = tuple(end for end in orders.SUFFIXES["pdf"] if end in there)
        return Listed(entry.template, entry.name, endings, "ready" if fits else "changed")
