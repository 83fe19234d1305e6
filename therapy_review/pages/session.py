"""The page of one session: what each cell of its notebook shows, one method a cell.

A page never raises for something a person can mend: it shows the sentence instead and goes on with the rest.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from therapy_review import charts
from therapy_review.analysis import analysis
from therapy_review.consent import REPORT, SELF_REVIEW
from therapy_review.display import (
    HOW_TO_LISTEN,
    IS_OFF,
    LEFT_OUT,
    NO_CLIPS,
    OFF,
    ON,
    SHOWN,
    Live,
    NothingToShow,
    Shown,
    Still,
    gentle,
    gently,
    in_the_workbook,
    is_on,
    is_still,
    or_nothing,
    sentence,
)
from therapy_review.errors import JournalError, TherapyReviewError
from therapy_review.forms import notes_form, notes_to_read, scale_forms, silence_form, who_is_who
from therapy_review.journal import Session, open_journal
from therapy_review.measures import behind, moments, prosody, talk
from therapy_review.pages import letter
from therapy_review.pages.overview_view import NO_SOUND
from therapy_review.player import Player, moments_to_hear, moments_to_read
from therapy_review.trends import SET_BESIDE, kinds_of_silence, side_of, trends, usual, ways_before


@gentle
class SessionPage:
    """One session, part by part; what rests on its sound asks the consent gate each time it is shown."""

    def __init__(
        self,
        session: Session,
        use: str = SELF_REVIEW,
        private_notes: str = SHOWN,
        sound: str = ON,
        voices: str = LEFT_OUT,
    ) -> None:
        self.session, self._shows_voices = session, voices == SHOWN
        self.is_heard = is_on(sound)
        self.use = use
        self.journal = session.journal
        self.private_notes = private_notes
        self._live: list[Live] = []

    @property
    def _is_printed(self) -> bool:
        """Whether this is a report: whoever reads it may have no workbook, and nothing on it plays."""
        return self.use == REPORT and is_still()

    @property
    def _turns(self) -> pd.DataFrame:
        if self.session.has_recording:
            return analysis.analyse(self.session, use=self.use)
        return self.session.turns

    def _listen_if_possible(self) -> None:
        # Moods and the client's words can be told without the sound, and figures are told where there are any.
        with contextlib.suppress(TherapyReviewError):
            _ = self._turns

    def _without_sound(self) -> Still | None:
        if self.session.has_recording:
            return None
        return sentence(NO_SOUND)

    def _following(self, draw: Callable[[], Any]) -> Live:
        """Let a chart follow what is put right in the player, once the client asks for it."""
        live = Live(gently(draw))
        self._live.append(live)
        return live

    def refresh(self) -> None:
        """Draw the charts of who spoke when anew."""
        for live in self._live:
            live.refresh()

    def heading(self) -> Still:
        """Show the session's day and what is kept of it."""
        return Still(letter.session_heading(self.session))

    def held(self) -> Still:
        """Show what the session held, in the client's own words and a few plain figures."""
        self._listen_if_possible()
        return Still(letter.what_it_held(self.session, self.use, private_notes=self.private_notes))

    def who_is_who(self) -> Any:
        """Ask which voice is the client's, while that is not known."""
        if missing := self._without_sound():
            return missing
        _ = self._turns
        return who_is_who(self.session) if self.is_heard else sentence(NO_CLIPS)

    def session_map(self) -> Any:
        """Show who spoke when; a click on it leads to that time in the player."""
        to = self.session.name if self.is_heard else ""
        return self._without_sound() or self._following(
            lambda: charts.session.session_map(self._turns, self.session.marks).leading_to(to)
        )

    def how_to_listen(self) -> Still:
        """Say that nothing plays by itself, where something could play."""
        if self._is_printed or not (self.is_heard and self.session.has_recording):
            return Still("")
        return sentence(HOW_TO_LISTEN)

    def player(self) -> Any:
        """Show the player of the whole session."""
        if not self.session.has_recording:
            return Still("")  # said where the map would be
        _ = self._turns
        if not self.is_heard:
            return sentence(IS_OFF)
        player = Player(self.session)
        if self._is_printed:
            return player.still(in_the_workbook())
        player.on_refresh(self.refresh)
        return player

    def talk_balance(self) -> Any:
        """Show the talk shares over five equal parts of the session."""
        return self._without_sound() or self._following(
            lambda: charts.session.talk_balance(talk.balance(self._turns))
        )

    def pauses_and_gaps(self) -> Any:
        """Show how long the silences were."""
        return self._without_sound() or self._following(lambda: charts.session.pauses_and_gaps(self._turns))

    def voices(self) -> Any:
        """Show pitch and loudness of each voice, where they were asked for, with what can be said of them."""
        if not self._shows_voices:
            return Still("")
        heading = Still("<h2>Pitch and loudness</h2>", "Pitch and loudness")
        if missing := self._without_sound():
            return Shown(heading, missing)
        _ = self._turns
        return Shown(heading, charts.voices_of_a_session(prosody(self.session, self.use)))

    def moments(self) -> Any:
        """Show five moments worth hearing, each with its play button."""
        if missing := self._without_sound():
            return missing
        marks = self.session.marks
        told = marks if self.private_notes == SHOWN else marks.assign(label="", text="")
        found = moments(self._turns, told)
        return (
            moments_to_hear(self.session, found)
            if self.is_heard and not self._is_printed
            else moments_to_read(found)
        )

    def silences(self) -> Any:
        """Ask what the long silences were, for whoever wants to say it."""
        if self.private_notes != SHOWN:
            return sentence(
                "What you said of the long silences is left out of this report; it is in your notes."
            )
        if self.session.has_recording:
            _ = self._turns
        elif kinds_of_silence.long_silences_of(self.session, self.use).empty:
            return self._without_sound()
        return silence_form(self.session, ON if self.is_heard else OFF, self.use)

    def notes(self) -> Any:
        """Show the notes as a form that saves itself."""
        before = [] if is_still() else ways_before(self.session)
        return Shown(*map(sentence, self.session.notes.problems), notes_form(self.session, before))

    def questionnaires(self) -> Any:
        """Show the questionnaires, folded together; in batch those that were filled in."""
        return scale_forms(self.session)

    def written(self) -> Any:
        """Show the notes to read, or say that they are left out."""
        if self.private_notes != SHOWN:
            return sentence(
                "What you wrote in your own words is left out of this report; it is in your notes."
            )
        return notes_to_read(self.session)

    def changes(self) -> Still:
        """Show what is different from the session before, in words."""
        self._listen_if_possible()
        return Still(letter.changes(self.session, self.use, private_notes=self.private_notes))

    def usual(self) -> Any:
        """Show the session beside the usual range before it; a click leads to the moment behind a number."""
        table = usual(trends(self.journal, SET_BESIDE))
        own, found = table[table["session"] == self.session.name], {}
        with contextlib.suppress(TherapyReviewError):  # the picture says it without the sound, too
            turns, marks = self._turns, self.session.marks
            for row in own[own["place"] != ""].to_dict("records"):
                there = behind(turns, row["measure"], row["speaker"], side=side_of(row["place"]), marks=marks)
                if len(there):
                    found[row["measure"], row["speaker"]] = float(there["start"].iloc[0])
        return charts.beside_usual(table, self.session.name, found).leading_to(
            self.session.name if self.is_heard else ""
        )


@or_nothing
def session_report(
    journal: str | Path,
    session: str = "",
    private_notes: str = SHOWN,
    sound: str = ON,
    voices: str = LEFT_OUT,
) -> SessionPage | NothingToShow:
    """Open the page of one session.

    Where it is run to be read, as a report, everybody heard must have agreed to ``report``; where the client looks
    at it themselves, to ``self_review``.

    Parameters
    ----------
    journal : str or Path
        The journal's folder.
    session : str
        The session's name, as in ``2026-03-04``; the newest when empty.
    private_notes : str
        ``shown``, or ``left out``: then no sentence and no word for a mood of the client's own is in it.
    sound : str
        ``on``, or ``off`` for a page on which nothing can play.
    voices : str
        ``left out``, or ``shown``: then pitch and loudness of each voice are worked out and shown.

    Returns
    -------
    SessionPage or NothingToShow
        Always something whose parts can be shown.
    """
    use = REPORT if is_still() else SELF_REVIEW
    return SessionPage(chosen(journal, session), use, private_notes, sound, voices)


def chosen(journal: str | Path, session: str) -> Session:
    """Open a session of a journal by its name, or the newest where that is empty."""
    opened = open_journal(journal)
    if not session and not opened.sessions:
        raise JournalError(f"There is no session in {opened.name} yet.")
    return opened.session(session) if session else opened.sessions[-1]
