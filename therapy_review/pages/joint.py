"""Client and therapist before one screen, part by part. One method a cell.

Nothing of the client's is there until they opened it, each time anew, and nothing that came of a recording without
an agreement to listen together. Every picture comes with a question to talk about, and no finding. *We stop here*
is silence at once, and leaves nothing on the page.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Hashable, Mapping
from functools import cached_property, partialmethod
from pathlib import Path
from typing import Any

import ipywidgets as w

from therapy_review import charts
from therapy_review.display import (
    IS_OFF,
    ON,
    NothingToShow,
    Shutter,
    Still,
    gently,
    how_to_start,
    is_on,
    is_still,
    or_nothing,
    sentence,
)
from therapy_review.errors import ConsentError, TherapyReviewError
from therapy_review.journal import Journal, Session, marks_in, shared_notes
from therapy_review.pages.joint_form import opening_form
from therapy_review.pages.overview_view import Place, QuietPlace
from therapy_review.pages.session import chosen
from therapy_review.pages.visibility import BRING, FIGURES, MARKS, NOTES, SOUND, Opened
from therapy_review.player import Listeners, marks_to_read
from therapy_review.trends import Way, way
from therapy_review.wording import counted, day, paragraphs, strong

USE = "review_together"
QUESTIONS = {
    "mood": "Which of these sessions do each of you still remember, and does the picture show it?",
    "talk": "How were the talking and the listening, from either chair?",
    "silences": "What were the silences like, from either chair?",
    "scores": "What do these numbers miss?",
    "proud": "What made these moments ones to be proud of?",
    "tags": "Which of these words would you choose today, and which one is missing?",
}
STAYS = ("what_is_opened", "notes")  # whatever is opened
OF_THE_SOUND = ("talk", "silences")  # rows that were counted in recordings
CLOSED = "Nothing of this is opened, or nothing of it is kept."
UNDER = "Marks you put while you listen are kept under the name that is chosen here."
NOT_AGREED = (
    "Nothing that came of the recording of {sessions} is shown: there is no agreement in force for listening "
    "together."
)
STOPPED = (
    "You stopped here. Nothing is shown or heard any more; what you both wrote is kept. To go on another time, "
    "choose Run ▸ Run All Cells."
)


class Together:
    """Looking at a journal together, part by part."""

    def __init__(self, journal: Journal, session: Session, sound: str = ON) -> None:
        self.journal, self.session, self.is_heard = journal, session, is_on(sound)
        self.opened = Opened()
        self._shutters: dict[str, Shutter] = {}
        self._place: Place | None = None
        self._by = "client"
        self._whos: dict[str, Any] = {}  # where it is asked who writes
        self._ends: list[Any] = []  # where it is said that they stopped
        self._relist: Callable[[], None] = lambda: None  # shows the notes that may be seen now
        self._keeps: Callable[[], bool] = lambda: True  # what is being written, and tells whether that took

    @cached_property
    def _every(self) -> Way:
        return way(self.journal, USE)

    def _part(self, name: str, draw: Callable[[], Any]) -> Shutter:
        self._shutters[name] = Shutter(gently(draw))
        return self._shutters[name]

    def _open(self, opened: Opened) -> None:
        self._close_players()
        self.opened = opened
        self.__dict__.pop("_every", None)  # what was agreed to may have been taken back meanwhile
        for name, shutter in self._shutters.items():
            if name not in STAYS:
                shutter.refresh()
        self._relist()

    @gently
    def opening(self) -> Still:
        """Greet both."""
        both = " and ".join(html.escape(who) for who in (self.journal.client, self.journal.therapist))
        heard = "Nothing makes a sound until one of you presses play, and Escape is silence at once."
        return Still(
            f"<h1>Together</h1>\n<p>Hello {both},</p>\n<p>this page is for both of you, side by side. It asks more "
            f"than it says. {heard if self.is_heard else IS_OFF}</p>"
        )

    def what_is_opened(self) -> Any:
        """Ask the client what may be seen."""
        return self._part("what_is_opened", lambda: opening_form(self.journal, self._every, self._open))

    def agenda(self) -> Any:
        """Show what was to be brought."""
        return self._part("agenda", lambda: Still(self._agenda()))

    def _agenda(self) -> str:
        written, problems = shared_notes.gathered(self.journal)
        items = [
            f"<li>{paragraphs(row['text'])} <small>({self._writer(row)}, {self._when(row, who)})</small></li>"
            for who in self._met
            for row in shared_notes.next_time(written, who).to_dict("records")
        ]
        for name in self.opened.with_part(BRING)[::-1]:
            session = self.journal.session(name)
            if words := session.notes.bring_next:
                whose = f"{html.escape(self.journal.client)}, after {day(session.date)}"
                items.append(f"<li>{paragraphs(words)} <small>({whose})</small></li>")
        troubles = "".join(f"<p><small>{html.escape(problem)}</small></p>" for problem in problems)
        if not items:
            return f"<p>Nothing is on the list. What would each of you like to look at today?</p>{troubles}"
        return f"<ul>{''.join(items)}</ul><p>Where would you like to begin?</p>{troubles}"

    @property
    def _met(self) -> list[str]:
        """Name those with whom was written what may be seen: who is there now, and whom the client opened."""
        present = shared_notes.present(self.journal)
        return [present, *sorted(self.opened.therapists - {present})]

    def _writer(self, note: Mapping[Hashable, Any]) -> str:
        """Name who wrote a note, a therapist as they were called then."""
        then = note[shared_notes.THERAPIST] or "the therapist then"
        return html.escape({"client": self.journal.client, "therapist": then}.get(note["by"], note["by"]))

    def _when(self, note: Mapping[Hashable, Any], who: str) -> str:
        if who == shared_notes.present(self.journal):
            return "last time"
        return f"beside {day(self.journal.session(note['session']).date)}"

    def _picture(self, row: str) -> Any:
        """Show one row of the path, with a question."""
        return self._part(row, lambda: self._asked(row))

    moods = partialmethod(_picture, "mood")
    talking = partialmethod(_picture, "talk")
    silences = partialmethod(_picture, "silences")
    scores = partialmethod(_picture, "scores")
    proud = partialmethod(_picture, "proud")
    mood_tags = partialmethod(_picture, "tags")

    def _asked(self, row: str) -> Still:
        question = f'<p class="question"><strong>{QUESTIONS[row]}</strong></p>'
        chart = charts.path(self.opened.of(self._every), [row], scales=self.journal.scales, names=self._names)
        missing = self._not_agreed() if row in OF_THE_SOUND else ""
        if not chart.rows:
            return Still(f"{question}<p><small>{missing or CLOSED}</small></p>", QUESTIONS[row])
        shown, said = chart._repr_mimebundle_(), f"<p><small>{missing}</small></p>" if missing else ""
        return Still(question + shown["text/html"] + said, f"{QUESTIONS[row]} {shown['text/plain']}")

    def _not_agreed(self) -> str:
        """Say how many of the sessions that are opened lack an agreement to listening together."""
        opened = self.opened.with_part(FIGURES)
        heard = [s for s in self.journal.sessions if s.name in opened and (s.has_recording or s.made_from())]
        closed = [s for s in heard if s.why_closed(USE)]
        return NOT_AGREED.format(sessions=counted(len(closed), "session")) if closed else ""

    def sessions(self) -> Any:
        """Let one of the opened sessions be chosen, seen and heard."""
        return self._part("sessions", self._sessions)

    def _sessions(self) -> Any:
        names = sorted(
            {*self.opened.with_part(FIGURES), *self.opened.with_part(SOUND), *self.opened.with_part(NOTES)}
        )
        if not names:
            return sentence("No session is opened.")
        if is_still():
            return sentence(f"{how_to_start()} to open a session here.")
        kind = Place if self.is_heard else QuietPlace
        place = self._place = kind(self.journal, self._listeners, self._told)
        days = [(day(self.journal.session(name).date), name) for name in names[::-1]]
        which = w.Dropdown(options=[("choose a session", ""), *days], description="Session")

        def open_it(change: Any) -> None:
            place.close()
            if change["new"]:
                show = place.open if self.opened.shows(SOUND, change["new"]) else place.open_without_sound
                show(self.journal.session(change["new"]))

        which.observe(open_it, "value")
        above = [w.HTML(f"<p>{UNDER}</p>"), self._who("sessions")]
        return w.VBox([*(above if self.is_heard else [w.HTML(f"<p>{IS_OFF}</p>")]), which, place.box])

    def _listeners(self, session: Session) -> Listeners:
        def shows(mark: Any) -> bool:
            return mark.by == present or self.opened.shows(MARKS, session.name)

        present = shared_notes.present(self.journal)
        return Listeners(USE, lambda: "" if self._by == "client" else present, shows, self._names)

    def _told(self, session: Session) -> str:
        """Say of a session what is opened of it."""
        name, written, parts = session.name, session.notes, []
        if self.opened.shows(FIGURES, name):
            if written.mood_before and written.mood_after:
                parts.append(
                    f"<p>The mood was {written.mood_before} before and {written.mood_after} after, of 10.</p>"
                )
            if words := [tag for tag in written.tags if tag in self.opened.tags]:
                parts.append(f"<p>Words: {html.escape(', '.join(words))}.</p>")
            parts.append(self._if_agreed(session, self._map))
        if self.opened.shows(NOTES, name) and written.text.strip():
            parts.append(f"<p>{html.escape(self.journal.client)} wrote:</p>")
            parts.append(f"<blockquote>{paragraphs(written.text)}</blockquote>")
        if not self.is_heard:
            parts.append(self._if_agreed(session, self._marks))
        return "\n".join(dict.fromkeys(parts))

    def _if_agreed(self, session: Session, tell: Callable[[Session], str]) -> str:
        """Tell something that came of a recording, or why it stays closed."""
        try:
            told = tell(session)
            if told:
                session.require(USE)
            return told
        except ConsentError as error:
            # The player asks the same, and says it then.
            said = "" if self.is_heard and self.opened.shows(SOUND, session.name) else str(error)
        except TherapyReviewError as error:
            said = str(error)
        return f"<p>{html.escape(said)}</p>" if said else ""

    def _map(self, session: Session) -> str:
        return str(
            charts.session.session_map(session.turns, names=self._names)._repr_mimebundle_()["text/html"]
        )

    def _marks(self, session: Session) -> str:
        """List the marks that may be seen, where no player shows them."""
        shows = self._listeners(session).shows
        seen = [mark for mark in marks_in(session.marks) if shows(mark)]
        return marks_to_read(seen, self.journal.client).markup if seen else ""

    @property
    def _names(self) -> dict[str, str]:
        return {"client": self.journal.client, "therapist": self.journal.therapist}

    def _who(self, where: str) -> Any:
        """Ask who is at the keyboard: marks and notes are put under that name."""
        options = [(name, by) for by, name in self._names.items()]
        who = w.ToggleButtons(options=options, value=self._by, description="Writing", tooltips=())

        def write_as(change: Any) -> None:
            self._by = change["new"]
            for other in self._whos.values():
                other.value = self._by

        who.observe(write_as, "value")
        self._whos[where] = who
        return who

    def notes(self) -> Any:
        """Let both put down notes, each under their own name."""
        return self._part("notes", self._notes)

    def _notes(self) -> Any:
        if is_still():
            return Still(f"{self._written()}<p><small>{how_to_start()} to write here.</small></p>")
        wide = w.Layout(width="min(52rem, 99%)")
        listed, state = w.HTML(self._written()), w.HTML()
        field = w.Textarea(rows=3, layout=wide, placeholder="A note for both of you")

        def keep(kind: str) -> bool:
            try:
                shared_notes.add(self.session, self._by, field.value, kind)
                self._relist()
                field.value, state.value = "", "<em>Kept.</em>"
                return True
            except TherapyReviewError as error:
                state.value = strong(f"Not kept: {error} Your words are still here.")
                return False

        note = w.Button(description="Keep as a note")
        later = w.Button(description="Keep for next time")
        note.on_click(lambda _: keep(shared_notes.NOTE))
        later.on_click(lambda _: keep(shared_notes.NEXT))
        self._keeps = lambda: keep(shared_notes.NOTE)
        self._relist = lambda: listed.set_trait("value", self._written())
        return w.VBox([listed, self._who("notes"), field, w.HBox([note, later]), state])

    def _written(self) -> str:
        try:
            notes = shared_notes.kept(self.session)
        except TherapyReviewError as error:
            return f"<p>{html.escape(str(error))}</p>"
        notes = notes[notes[shared_notes.THERAPIST].isin(self._met)]
        if notes.empty:
            return "<p>Nothing has been written down together yet.</p>"
        items = (
            f"<li><strong>{self._writer(row)}</strong>{' (next time)' * (row['kind'] == 'next')}: "
            f"{paragraphs(row['text'])}</li>"
            for row in notes.to_dict("records")
        )
        return f"<ul>{''.join(items)}</ul>"

    def stop(self) -> Any:
        """Offer to stop: silence at once, and nothing is left on the page."""
        if is_still():
            return Still("")
        button, said = w.Button(description="We stop here"), w.HTML()
        button.on_click(lambda _: self._stop())
        self._ends.append(said)
        return w.VBox([button, said])

    def _stop(self) -> None:
        self._close_players()
        self.opened, kept = Opened(), self._keeps()  # what stands in the field is kept before it goes
        self._relist()
        for name, shutter in self._shutters.items():
            if kept or name != "notes":
                shutter.shut()
        self._keeps = (lambda: True) if kept else self._keeps
        for said in self._ends:
            said.value = f"<p>{STOPPED}</p>"

    def _close_players(self) -> None:
        self._whos.pop("sessions", None)
        if self._place:
            self._place.close()
            self._place = None


@or_nothing
def together(journal: str | Path, session: str = "", sound: str = ON) -> Together | NothingToShow:
    """Open a journal to look at it together.

    Parameters
    ----------
    journal : str or Path
        The journal's folder.
    session : str
        The name of the session that notes are put down beside; the newest when empty.
    sound : str
        ``on``, or ``off`` for a page on which nothing can play.

    Returns
    -------
    Together or NothingToShow
        Always something whose parts can be shown.
    """
    beside = chosen(journal, session)
    return Together(beside.journal, beside, sound)
