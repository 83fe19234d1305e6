"""Pitch and loudness over the sessions, for whoever asks for them: nothing is listened to before that.

Working them out takes a while and makes no sound; it goes on beside everything else, can be stopped after each
session, and what was worked out is kept.
"""

from __future__ import annotations

import html
import threading
from typing import Any

import ipywidgets as w

from therapy_review.charts import Chart, voices_over_time
from therapy_review.display import Still, how_to_start, is_still
from therapy_review.errors import TherapyReviewError
from therapy_review.forms import FORM_STYLE
from therapy_review.journal import OF_THE_WAY, Journal, Session
from therapy_review.measures import pitch_loudness
from therapy_review.trends import phases, trends
from therapy_review.wording import counted, day

SHOWN = tuple(f"client_{measure}" for measure in pitch_loudness.VOICE_MEASURES)
TAKES = "It takes up to half a minute a session, makes no sound, and can be stopped at any time."


def voices_view(journal: Journal) -> Any:
    """Show the client's pitch and loudness over the sessions, and offer to work out what is not known yet."""
    if is_still():
        waiting, drawn = not_worked_out(journal), chart(journal)
        shown, said = drawn._repr_mimebundle_(), f"<p><small>{_offer(waiting)} {how_to_start()}.</small></p>"
        return Still(shown["text/html"] + said * bool(waiting), shown["text/plain"])
    return VoicesView(journal).box


def chart(journal: Journal) -> Chart:
    """Draw what is known of the client's pitch and loudness."""
    return voices_over_time(trends(journal, SHOWN))


def not_worked_out(journal: Journal) -> list[Session]:
    """Find the sessions whose pitch and loudness could be put beside those of others, and are not known yet."""
    sessions = journal.sessions
    written = [session.notes for session in sessions]
    ways = phases.lasting([{part: getattr(notes, part) for part in OF_THE_WAY} for notes in written])
    return [
        session
        for session, way in zip(sessions, ways, strict=True)
        if way["microphone"]
        and session.has_recording
        and session.made_from()
        and not pitch_loudness.kept(session)
    ]


def _offer(waiting: list[Session]) -> str:
    return f"Of {counted(len(waiting), 'session')} they have not been worked out yet."


class VoicesView:
    """The picture, and the button that has more of it worked out."""

    def __init__(self, journal: Journal) -> None:
        self.journal, self._stops = journal, threading.Event()
        self.working: threading.Thread | None = None
        self._drawn, self._state = w.HTML(), w.HTML()
        self._begin, self._stop = (w.Button(layout=w.Layout(width="max-content")) for _ in range(2))
        self._stop.description = "Stop"
        self._begin.on_click(lambda _: self._start())
        self._stop.on_click(lambda _: self._stops.set())
        self.box = w.VBox([w.HTML(FORM_STYLE), self._drawn, w.HBox([self._begin, self._stop]), self._state])
        self.box.add_class("tr-scale")
        self._draw()

    def _draw(self) -> None:
        self._drawn.value = chart(self.journal)._repr_mimebundle_()["text/html"]
        waiting = not_worked_out(self.journal)
        self._begin.description = f"Work them out for {counted(len(waiting), 'session')}"
        self._begin.layout.display = "" if waiting else "none"
        self._stop.layout.display = "none"
        self._state.value = f"<p><small>{_offer(waiting)} {TAKES}</small></p>" if waiting else ""

    def _start(self) -> None:
        if self.working and self.working.is_alive():
            return
        self._stops.clear()
        self._begin.layout.display, self._stop.layout.display = "none", ""
        # Daemonic: a page that is closed waits for nothing.
        self.working = threading.Thread(target=self._work, daemon=True)
        self.working.start()

    def _work(self) -> None:
        waiting, why = not_worked_out(self.journal), list[str]()
        for number, session in enumerate(waiting, 1):
            if self._stops.is_set():
                break
            self._state.value = f"<p><small>{number} of {len(waiting)}: {day(session.date)} …</small></p>"
            try:
                pitch_loudness.prosody(session)
            except TherapyReviewError as error:
                why.append(str(error))
        self._draw()
        self._state.value += "".join(f"<p>{html.escape(one)}</p>" for one in dict.fromkeys(why))
