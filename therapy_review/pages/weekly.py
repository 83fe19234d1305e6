"""The weekly letter: what each cell of its notebook shows; of each session what its own page shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from therapy_review.charts import over_time
from therapy_review.display import NOTHING_SOUNDS, ON, NothingToShow, Shown, Still, gentle, is_on, or_nothing
from therapy_review.journal import Journal, open_journal
from therapy_review.pages import letter
from therapy_review.pages.session import SessionPage
from therapy_review.trends import moods_table, sessions_table, tags_table


@gentle
class WeeklyReview:
    """The weekly letter, part by part."""

    def __init__(self, journal: Journal, week: str = "", sound: str = ON) -> None:
        sessions = journal.week(week)
        self.journal = journal
        self.week = week or (sessions[-1].week if sessions else "")
        self.is_heard = is_on(sound)
        self.pages = [SessionPage(session, sound=sound) for session in sessions]

    def __getattr__(self, name: str) -> Callable[[], Any]:
        # What a session's page can show, the week shows for each of its sessions (most weeks have one).
        if name.startswith("_") or not callable(getattr(SessionPage, name, None)):
            raise AttributeError(name)
        return lambda: self._each(name)

    def _each(self, name: str) -> Any:
        if not self.pages:
            return None  # a missed week: said once, in `opening`
        parts = [(Still(letter.which(page.session)), getattr(page, name)()) for page in self.pages]
        # Where there is one session, it need not be named at every part.
        return Shown(*(thing for part in parts for thing in part)) if len(parts) > 1 else Shown(parts[0][1])

    def opening(self) -> Still:
        """Greet, and say which week this is."""
        heard = NOTHING_SOUNDS if self.is_heard else ""
        return Still(letter.opening(self.journal, self.week, [page.session for page in self.pages], heard))

    def agreements(self) -> Still | None:
        """Say which agreement ends within two weeks; nothing where none does."""
        said = letter.agreements_ending(self.journal)
        return Still(said) if said else None

    def how_to_listen(self) -> Still | None:
        """Say once that nothing plays by itself, where something could play."""
        said = [page.how_to_listen() for page in self.pages]
        return next((one for one in said if one.markup), None)

    def moods(self) -> Any:
        """Show moods before and after, session by session."""
        return over_time.moods(moods_table(self.journal))

    def mood_tags(self) -> Any:
        """Show the mood words over the weeks."""
        return over_time.mood_tags(tags_table(self.journal), self.journal.mood_groups)

    def talk_time(self) -> Any:
        """Show talk time, session by session."""
        return over_time.talk_time(sessions_table(self.journal))


@or_nothing
def weekly_review(journal: str | Path, week: str = "", sound: str = ON) -> WeeklyReview | NothingToShow:
    """Open the weekly review of a journal.

    Parameters
    ----------
    journal : str or Path
        The journal's folder.
    week : str
        An ISO week as in ``2026-W10``; the newest with a session when empty.
    sound : str
        ``on``, or ``off`` for a page on which nothing can play.

    Returns
    -------
    WeeklyReview or NothingToShow
        Always something whose parts can be shown.
    """
    return WeeklyReview(open_journal(journal), week, sound)
