"""The page for sharing clips, one method a cell."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from therapy_review.consent import ledger
from therapy_review.display import OFF, ON, Live, NothingToShow, Still, gentle, gently, is_on, or_nothing
from therapy_review.errors import JournalError
from therapy_review.journal import Journal, Session, open_journal
from therapy_review.sharing.form import share_form

NEVER = "Nothing was shared from this journal."


@gentle
class SharePage:
    """Choosing clips, and what was shared before."""

    def __init__(self, journal: Journal, session: Session, sound: str = ON) -> None:
        self.journal, self.session, self.sound = journal, session, sound
        self._earlier = Live(gently(self._before))
        self._is_shown = False

    def opening(self) -> Still:
        """Say what this page is for."""
        return Still(
            "<h1>Sharing a moment</h1>\n"
            f"<p>Hello {html.escape(self.journal.client)}, here you can make a clip of a moment for somebody you "
            "choose. Other people's voices are left out unless they agreed to share with that person, and names "
            "can be made silent. You hear it first as it would go out. Nothing is sent from here: the clips are "
            "written into a folder, and what happens then is yours to decide.</p>"
        )

    def choose(self) -> Any:
        """Show the form in which clips are chosen, heard and written."""
        return share_form(self.journal, self.session, ON if is_on(self.sound) else OFF, self._written)

    def before(self) -> Live:
        """Show what was shared before, as the ledger has it."""
        self._is_shown = True
        return self._earlier

    def _written(self) -> None:
        if self._is_shown:
            self._earlier.refresh()

    def _before(self) -> Still:
        lines = self.journal.ledger
        shared = lines[lines["what"] == ledger.SHARED].to_dict("records")
        if not shared:
            return Still(f"<p>{NEVER}</p>", NEVER)
        said = [
            f"{one['when']:%Y-%m-%d}, with {one['who']}: {one['session']}, {one['note']}" for one in shared
        ]
        items = "".join(f"<li>{html.escape(line)}</li>" for line in said)
        return Still(f"<ul>{items}</ul>", "\n".join(said))


@or_nothing
def share_page(journal: str | Path, session: str = "", sound: str = ON) -> SharePage | NothingToShow:
    """Open the page for sharing clips.

    Parameters
    ----------
    journal : str or Path
        The journal's folder.
    session : str
        The session that is chosen at first, as in ``2026-03-04``; the newest with a recording when empty.
    sound : str
        ``on``, or ``off`` for a page that can't play anything.

    Returns
    -------
    SharePage or NothingToShow
        Always something whose parts can be shown.
    """
    opened = open_journal(journal)
    if session:
        chosen = opened.session(session)
        chosen.recording_file()  # says so when there is none
    else:
        recorded = [one for one in opened.sessions if one.has_recording]
        if not recorded:
            raise JournalError(f"There is no recording in {opened.name} yet, so there is nothing to share.")
        chosen = recorded[-1]
    return SharePage(opened, chosen, sound)
