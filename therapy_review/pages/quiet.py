"""Quiet: pages with the sound switched off, from notes and charts alone.

Where ``sound`` is ``off`` nothing that could play is made at all; what would be heard is there to read.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from therapy_review.display import Still, how_to_open
from therapy_review.pages.overview_view import Place
from therapy_review.wording import clock

if TYPE_CHECKING:
    import pandas as pd

    from therapy_review.journal import Mark, Session

ON: Literal["on"] = "on"
OFF: Literal["off"] = "off"
IS_OFF = "The sound is switched off on this page: nothing here can play, and everything else is there."
NOTHING_SOUNDS = "nothing makes a sound until you press play"
HOW_TO_LISTEN = (
    "Nothing plays by itself. Press play when you want to, and stop whenever you like; Escape is silence at "
    "once."
)
NO_CLIPS = (
    "Which voice is yours is asked with short clips of the recording, and the sound is switched off on this page. "
    "The charts are there all the same."
)


def is_on(sound: object) -> bool:
    """Tell whether a page may have things to play.

    Parameters
    ----------
    sound : object
        A notebook's parameter: ``on`` or ``off``; whatever else it is, the page is quiet.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_on("on"), is_on("off"), is_on("On"), is_on(True), is_on(False)
    (True, False, True, True, False)
    """
    return str(sound).strip().lower() in (ON, "true")  # YAML reads on and off as true and false


def in_the_workbook() -> str:
    """Say where the sound is heard that a report only shows, as HTML."""
    opened = f"{how_to_open()}, then " if how_to_open() else ""
    return f"Whoever keeps this journal can hear it in the workbook: {opened}Run ▸ Run All Cells."


def moments_to_read(found: pd.DataFrame) -> Still:
    """List moments with their time and why they were chosen.

    Parameters
    ----------
    found : DataFrame
        Columns start (s) and why, as from `therapy_review.measures.moment_finder.moments`.

    Returns
    -------
    Still

    Examples
    --------
    >>> import pandas as pd
    >>> moments_to_read(pd.DataFrame({"start": [61.0], "why": ["A long silence."]})).text
    '1:01 A long silence.'
    """
    rows = [(clock(start), why) for start, why in found[["start", "why"]].itertuples(index=False)]
    items = "".join(f"<li><strong>{when}</strong> {html.escape(why)}</li>" for when, why in rows)
    return Still(f'<ul class="moments">{items}</ul>', "\n".join(f"{when} {why}" for when, why in rows))


def marks_to_read(marks: Iterable[Mark], client: str) -> Still:
    """List marks with their time, whose they are, and what they say.

    Parameters
    ----------
    marks : iterable of Mark
    client : str
        What the client is called.

    Returns
    -------
    Still

    Examples
    --------
    >>> from therapy_review.journal import Mark
    >>> marks_to_read([Mark(61, 70, "proud moment", "I asked")], "Robin").text
    '1:01 Robin, proud moment: I asked'
    """
    import pandas as pd

    rows = []
    for mark in sorted(marks, key=lambda mark: mark.start):
        words = " ".join(filter(None, (mark.label, mark.text)))
        rows.append((mark.start, f"{mark.by or client}, {mark.kind}{': ' * bool(words)}{words}"))
    return moments_to_read(pd.DataFrame(rows, columns=["start", "why"]))


class QuietPlace(Place):
    """Where a chosen session is opened to be read: its words and figures, and nothing that plays."""

    def open(self, session: Session) -> None:
        """Show what is kept of a session.

        Parameters
        ----------
        session : Session
        """
        self.open_without_sound(session)

    def open_moments(self, session: Session, sentence: str, found: pd.DataFrame) -> None:
        """Show some moments of a session to read.

        Parameters
        ----------
        session : Session
        sentence : str
            Why these, in words.
        found : DataFrame
            Columns start, end (s) and why.
        """

        def to_read() -> list[Any]:
            import ipywidgets as w

            session.require(self.listeners(session).use)  # times and reasons rest on the sound
            return [w.HTML(moments_to_read(found).markup)]

        self._show(session, to_read, f"<p>{html.escape(sentence)}</p>")
