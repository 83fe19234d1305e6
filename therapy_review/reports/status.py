"""Standing: how each session of a journal stands after a run, for the index."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Literal

from therapy_review.consent import REPORT
from therapy_review.reports import manifest
from therapy_review.reports.inputs import Basis
from therapy_review.reports.manifest import Entry
from therapy_review.reports.workers import SUFFIXES

if TYPE_CHECKING:
    from therapy_review.journal import Session
    from therapy_review.reports.batch import Run

State = Literal["ready", "changed", "waiting", "failed"]


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
    state: State
    listed: tuple[Listed, ...] = ()
    sentence: str = ""
    cell: int | None = None
    told_in: str = ""
    measured: Literal["shown", "closed"] = "shown"

    def plainly(self) -> list[object]:
        """Give it as plain values, to compare."""
        return [
            self.session.name,
            self.state,
            [astuple(one) for one in self.listed],
            self.sentence,
            self.cell,
            self.told_in,
            self.measured,
        ]


def standing(work: Run, session: Session, basis: Basis, entries: Iterable[Entry]) -> Standing:
    """Tell how a session stands."""
    outcome = work.outcomes.get(session.name)
    closed = work.why_closed(session, basis)
    # Turns found elsewhere, without the recording here, are the client's to look at alone.
    not_here = not session.has_recording and session.made_from() and session.why_closed(REPORT)
    measured: Literal["shown", "closed"] = "closed" if closed or not_here else "shown"
    every = sorted(entries, key=lambda entry: entry.template)
    own = [] if closed else [entry for entry in every if not entry.sentence]
    listed = tuple(_listed(work, session, basis, entry) for entry in own)
    name = manifest.failed(work.name_of(session))
    said, cell = (outcome.sentence, outcome.cell) if outcome else ("", None)
    if not (said or closed):
        # What could not be made in a run before is still so while nothing changed.
        for entry in (one for one in every if one.sentence and basis.still_says(one, session)):
            said, cell, name = entry.sentence, entry.cell, entry.name
            break
    if sentence := said or closed:
        told_in = f"{name}.html" if work.journal.store.exists(f"reports/{name}.html") else ""
        # What was made before can still be read; it is listed as what changed since.
        return Standing(session, "failed", listed, sentence, cell, told_in, measured)
    states: list[State] = [one.state for one in listed] or ["waiting"]
    state: State = "changed" if "changed" in states else states[0]
    return Standing(session, state, listed, measured=measured)


def _listed(work: Run, session: Session, basis: Basis, entry: Entry) -> Listed:
    there = {end for end in entry.files if work.whole.has(entry, end)}
    fits = there == set(entry.files) and basis.still_says(entry, session)
    endings = tuple(end for end in SUFFIXES["pdf"] if end in there)
    return Listed(entry.template, entry.name, endings, "ready" if fits else "changed")
