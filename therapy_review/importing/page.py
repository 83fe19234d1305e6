"""The page for bringing in what was noted elsewhere, one method a cell."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from therapy_review import hints, wording
from therapy_review.display import NothingToShow, Still, code, gentle, or_nothing
from therapy_review.importing import calendar
from therapy_review.importing.forms import KeptForm, calendar_form, moods_form
from therapy_review.journal import Journal, open_journal


@gentle
class BringIn:
    """Moods, appointments, and what was brought in before."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._kept = KeptForm(journal)

    def opening(self) -> Still:
        """Say what this page is for."""
        return Still(
            "<h1>What you noted elsewhere</h1>\n"
            f"<p>Hello {html.escape(self.journal.client)}, if you keep moods in another program, or your "
            "appointments in a calendar, they can lie beside your sessions. You see first what would come in, and "
            "the days a file brought can be taken out again in one step. Nothing leaves this computer.</p>"
        )

    def moods(self) -> Any:
        """Show the form that brings in moods."""
        return moods_form(self.journal, self._kept.refresh)

    def calendar(self) -> Any:
        """Show the form that brings in appointments."""
        return calendar_form(self.journal, self._kept.refresh)

    def kept(self) -> Any:
        """Show what was brought in, to take out again."""
        return self._kept.show()

    def without_session(self) -> Still:
        """Name the days of appointments of which no session is kept."""
        found = calendar.without_session(self.journal)
        if found.empty:
            return Still("")
        days = [wording.day(day.date()) for day in found["date"]]
        listed = "".join(f"<li>{html.escape(day)}</li>" for day in days)
        last = f"{found['date'].iloc[-1]:%Y-%m-%d}"
        example = code(hints.command("add", "FILE", "--date", last, journal=self.journal.root))
        return Still(
            "<p>Your calendar has appointments on these days, and no session is kept of them. That is all right. "
            f"If you have a recording of one: {example}</p>\n<ul>{listed}</ul>",
            "; ".join(days),
        )


@or_nothing
def bring_in(journal: str | Path) -> BringIn | NothingToShow:
    """Open the page for bringing in what was noted elsewhere.

    Parameters
    ----------
    journal : str or Path
        The journal's folder.

    Returns
    -------
    BringIn or NothingToShow
        Always something whose parts can be shown.
    """
    return BringIn(open_journal(journal))
