"""Standing: how each session of a journal stands after a run, for the index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from therapy_review.batch.basis import Basis
from therapy_review.batch.manifest import Entry
from therapy_review.batch.orders import SUFFIXES

if TYPE_CHECKING:
    from therapy_review.batch.run import Run
    from therapy_review.session import Session

State = Literal["ready", "changed", "waiting", "failed"]


@dataclass(frozen=True)
class Standing:
    """What there is of one session.

    Parameters
    ----------
    session : Session
    state : {"ready", "changed", "waiting", "failed"}
        Its report is as it should be, rests on what has changed since, was not made yet, or can't be made.
    report : str
        What the report's files are called, without ending.
    endings : tuple of str
        Which files there are to be read.
    sentence : str
        Why it could not be made.
    cell : int or None
        The template's cell it failed in.
    measured : {"shown", "closed"}
        Whether figures of its recording may be shown.
    """

    session: Session
    state: State
    report: str
    endings: tuple[str, ...] = ()
    sentence: str = ""
    cell: int | None = None
    measured: Literal["shown", "closed"] = "shown"

    def plainly(self) -> list[object]:
        """Give it as plain values, to compare."""
        return [
            self.session.name,
            self.state,
            self.report,
            self.endings,
            self.sentence,
            self.cell,
            self.measured,
        ]


def standing(work: Run, session: Session, basis: Basis, entries: Mapping[str, Entry]) -> Standing:
    """Tell how a session stands.

    Parameters
    ----------
    work : Run
    session : Session
    basis : Basis
        As things are now.
    entries : mapping of str to Entry
        What was made, by name.

    Returns
    -------
    Standing
    """
    name, store = work.name_of(session), work.journal.store
    outcome, entry = work.outcomes.get(session.name), entries.get(name)
    sentence = outcome.sentence if outcome else ""
    closed = work.why_closed(session, basis)
    sentence = sentence or closed
    measured: Literal["shown", "closed"] = "closed" if closed else "shown"
    if sentence:
        cell = outcome.cell if outcome else None
        failed = store.exists(f"reports/{name}.failed.html")
        return Standing(session, "failed", name, ("failed.html",) * failed, sentence, cell, measured)
    if entry is None:
        return Standing(session, "waiting", name)
    endings = tuple(
        end for end in SUFFIXES["pdf"] if end in entry.files and store.exists(f"reports/{name}.{end}")
    )
    fits = entry.fits(basis.of(session), entry.files, store)
    return Standing(session, "ready" if fits else "changed", name, endings)
