"""What reports are made from, looked at once for all sessions of a journal.

What was seen of a session is kept by the size and time of change of its files (`therapy_review.trends.cache`), so
that a run in which nothing changed opens no session at all; that matters where every file is sealed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from therapy_review.analysis import analysis, enrolment
from therapy_review.consent import agreements_file, ending_soon, ledger
from therapy_review.display import SHOWN
from therapy_review.errors import NoteError, TherapyReviewError
from therapy_review.journal import days, render_notes
from therapy_review.reports.manifest import as_json, program
from therapy_review.reports.workers import orders
from therapy_review.storage import digest, digest_if_there
from therapy_review.trends import cache

if TYPE_CHECKING:
    import pandas as pd

    from therapy_review.journal import Journal, Session
    from therapy_review.reports.manifest import Entry
    from therapy_review.reports.workers import Template

WRITTEN = ("notes.md", "marks.csv", "corrections.csv", "transcript.vtt")
LOOKED = 1  # version of what is kept of a look
DAMAGED = "Something in {} is damaged; delete that folder, and it is made again."


@dataclass(frozen=True)
class Look:
    """What a plan has to know of one session."""

    heard: tuple[str, ...] = ()
    recorded: bool = False
    current: bool = True
    files: dict[str, str | None] = field(default_factory=dict)
    closed: str = ""
    unreadable: str = ""


def asked(template: Template, parameters: Mapping[str, object]) -> dict[str, str]:
    """Name what was asked for, whatever it is asked of."""
    return {"template": template.digest, "parameters": digest(as_json(dict(parameters)))}


class Basis:
    """What reports of a journal are made from, looked at once for all of them."""

    def __init__(self, journal: Journal, template: Template, parameters: Mapping[str, object]) -> None:
        self._journal, self.sessions = journal, list(journal.sessions)
        self._whole, self._template = template.looks_at == "journal", template.name
        self._with_words = parameters.get("private_notes") == SHOWN
        # Of the session before it, such a template shows the client's words alone.
        self.looks_alone = template.looks_at == "itself" and not self._with_words
        self._together: dict[str, Any] = {}
        self._noted: pd.DataFrame | None = None
        self._at = {session.name: at for at, session in enumerate(self.sessions)}
        self._looks = _every(journal)
        self._shared = {
            "agreements": digest_if_there(journal.store, agreements_file.FILE),
            "journal": digest_if_there(journal.store, "journal.toml"),
            **asked(template, parameters),
            "program": program(),
            # By its hash, not to tell others which folders there are.
            "opens": digest(orders.opens(journal, parameters).encode()),
        }

    def look(self, session: Session) -> Look:
        """Give what was seen of a session."""
        if session.name not in self._looks:
            self._looks[session.name] = _look(session)
        return self._looks[session.name]

    def look_again(self, session: Session) -> Look:
        """Look anew at a session in which something was put right."""
        self._looks.pop(session.name, None)
        return self.look(session)

    def of(self, session: Session | None) -> dict[str, Any]:
        """Name everything a report is made from."""
        if session is None or self._whole:
            return self._of_all()
        return self._of_one(session, alone=self.looks_alone, with_days=self._with_words)

    def still_says(self, entry: Entry, session: Session) -> bool:
        """Tell whether a report rests on what there is now, whatever template and parameters it was made with."""
        before = entry.rests_on
        whole = isinstance(before.get("sessions"), str)
        as_then = {"alone": before.get("looks_at") == "itself", "with_days": "days" in before}
        now = self._of_all() if whole else self._of_one(session, **as_then)
        apart = {"parameters", "opens"} | ({"template"} if entry.template != self._template else set())
        return {**now, **{name: before.get(name) for name in apart}} == before

    def _of_all(self) -> dict[str, Any]:
        if not self._together:
            every = {each.name: self._files(each) for each in self.sessions}
            self._together = {**self._of_the_journal(), "sessions": digest(as_json(every))}
        return {**self._shared, **self._together}

    def _of_one(self, session: Session, *, alone: bool, with_days: bool) -> dict[str, Any]:
        at = self._at[session.name]
        near = self.sessions[at if alone else max(0, at - 1) : at + 1]
        return {
            **self._shared,
            "looks_at": "itself" if alone else "session",
            "sessions": {each.name: self._files(each) for each in near},
            **({"days": self._days(session)} if with_days else {}),
        }

    def _days(self, session: Session) -> str:
        """Name what was noted on the days before a session, which is shown beside the client's words."""
        if self._noted is None:
            try:
                self._noted = days.kept(self._journal.store)
            except TherapyReviewError:  # said by `check`; a report leaves them out
                self._noted = days.no_days()
        return digest(days.written(days.week_before(self._noted, session.date)))

    def _files(self, session: Session) -> dict[str, str | None]:
        """Name a session's files; what can't be read counts as it is, until it is mended."""
        seen = self.look(session)
        return seen.files or {"unreadable": seen.closed or seen.unreadable}

    def _of_the_journal(self) -> dict[str, Any]:
        """Name what lies beside the sessions: days brought in, letters, what was opened …; and what ends soon."""
        store, ends = self._journal.store, list[str]()
        with contextlib.suppress(TherapyReviewError):  # said by the page itself
            ends = [one.id for one, _ in ending_soon(self._journal.consents, self._journal.today())]
        beside = {name: digest_if_there(store, name) for name in store.files("") if name != ledger.FILE}
        return {"beside": digest(as_json(beside)), "ends": ends}


def _every(journal: Journal) -> dict[str, Look]:
    """Look at all sessions, opening those alone that changed since the last time."""
    try:
        prints = {
            role: [one.rests_on for one in parts] for role, parts in enrolment.in_force(journal).items()
        }
    except TherapyReviewError:  # said of each session that rests on them
        return {}
    settings = digest(as_json(dict(journal.settings)))
    found = cache.of_each_session(journal, "reports", _kept, [LOOKED, program(), settings, prints])
    looks = {name: _read_look(kept) for name, kept in found.items()}
    return {name: look for name, look in looks.items() if look}


def _read_look(kept: Any) -> Look | None:
    """Read a look as it was kept; one that is not whole is none, and that session is looked at again."""
    try:
        flags, files, heard = (kept["recorded"], kept["current"]), kept["files"], tuple(kept["heard"])
        texts = (*heard, kept["closed"], kept["unreadable"], *(hashed or "" for hashed in files.values()))
        if all(isinstance(flag, bool) for flag in flags) and all(isinstance(text, str) for text in texts):
            return Look(**{**kept, "heard": heard})
    except (TypeError, KeyError, AttributeError):
        pass
    return None


def _kept(session: Session) -> dict[str, Any]:
    seen = _look(session)
    if problem := seen.closed or seen.unreadable:
        raise NoteError(problem)  # looked at again the next time: nobody sees from outside that it was mended
    return asdict(seen)


def _look(session: Session) -> Look:
    try:
        written, recorded = session.notes, session.has_recording
        if written.problems:
            _ = render_notes(written)
    except NoteError:
        return Look(closed=written.problems[-1])
    except TherapyReviewError as error:
        return Look(closed=str(error))
    heard = written.participants
    try:
        current = not (recorded and session.recording_file()) or analysis.is_current(session)
        _ = session.marks, session.corrections
        _ = (session.turns[["start", "end"]], session.measures) if recorded and current else None
        return Look(heard, recorded, current, _files_of(session))
    except TherapyReviewError as error:
        return Look(heard, recorded, unreadable=str(error))
    except (ValueError, KeyError, TypeError):  # derived files are tables and figures of ours
        return Look(
            heard, recorded, unreadable=DAMAGED.format(session.journal.store.where(session.file("derived")))
        )


def _files_of(session: Session) -> dict[str, str | None]:
    store, inputs = session.journal.store, session.inputs()
    made = session.made_from().get("inputs") == inputs
    return {
        "recording": inputs["recording"],
        **{name: digest_if_there(store, session.file(name)) for name in WRITTEN},
        "turns": digest_if_there(store, session.file("derived/turns.csv")) if made else None,
    }
