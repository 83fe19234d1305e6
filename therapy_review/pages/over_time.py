"""Pages across all sessions: the path, and how far it has come. One method a cell."""

from __future__ import annotations

import functools
import html
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from therapy_review.charts import (
    early_recent,
    path,
    silences_over_time,
    tag_shares,
    usual_over_time,
)
from therapy_review.display import (
    IS_OFF,
    NOTHING_SOUNDS,
    ON,
    NothingToShow,
    Shown,
    Still,
    gentle,
    how_to_start,
    is_on,
    is_still,
    or_nothing,
    sentence,
)
from therapy_review.forms import FORM_STYLE, letter_form
from therapy_review.journal import Journal, open_journal
from therapy_review.pages import overview_text
from therapy_review.pages.overview_view import Place, QuietPlace, path_view, usual_view
from therapy_review.pages.prosody import voices_view
from therapy_review.player import Moment
from therapy_review.trends import (
    MOODS,
    HeardMoment,
    Way,
    early_and_recent,
    kinds_of_silence,
    pairs_to_hear,
    said_of_lines,
    usual,
    way,
)
from therapy_review.wording import clock, day

if TYPE_CHECKING:
    import pandas as pd

    from therapy_review.charts import Chart

PATH = (
    "this is your path so far, as you noted it and as the program counted. It describes; it does not judge."
)
HOW_FAR = (
    "here are your first sessions and your newest beside each other. Weeks go up and down; take what is useful, "
    "and leave the rest."
)
ALONG = (
    "Click a session, or choose it with the arrow keys and Enter, and it opens below. A star opens "
    "what you marked as a proud moment"
)
USUAL = "Each session stands beside your own sessions before it. There is no normal here."
BEHIND = "A click on a value opens the moments behind it below"
NEED_NOT = (
    "You need not listen; everything else on this page is there without sound. Older recordings can be hard to "
    "hear. Stop whenever you like; Escape is silence at once."
)


@gentle
class PathPage:
    """The path, part by part."""

    def __init__(self, journal: Journal, sound: str = ON) -> None:
        self.journal = journal
        self.is_heard = is_on(sound)

    def _place(self) -> Place:
        return Place(self.journal) if self.is_heard else QuietPlace(self.journal)

    def _quiet(self, shown: Any) -> Any:
        """Say that the sound is off where there would have been something to play."""
        return shown if self.is_heard else Shown(sentence(IS_OFF), shown)

    @functools.cached_property
    def _way(self) -> Way:
        return way(self.journal)

    @property
    def _usual(self) -> pd.DataFrame:
        table = self._way.measured
        return usual(table[~table["measure"].isin([*MOODS, *self._way.scales])])

    def _greeting(self, title: str, text: str, or_else: str = "") -> Still:
        heard = f" {NOTHING_SOUNDS[0].upper()}{NOTHING_SOUNDS[1:]}{or_else}." if self.is_heard else ""
        return Still(overview_text.opening(self.journal, title, f"{text}{heard}"))

    def opening(self) -> Still:
        """Greet, and say how far the path goes."""
        return self._greeting("Your path", PATH, "" if is_still() else " or click a star")

    def how_along(self) -> Still:
        """Say how a session is opened on the path."""
        if is_still():
            return Still(f"<p>{how_to_start()} to open a session from the picture.</p>")
        play = ", and plays it at once; Escape is silence" if self.is_heard else ""
        return sentence(f"{ALONG}{play}.")

    def how_usual(self) -> Still:
        """Say what stands beside what is usual, and how to look behind it."""
        if is_still():
            return sentence(USUAL)
        play = ", each with its own play button" if self.is_heard else ", to read"
        return sentence(f"{USUAL} {BEHIND}{play}.")

    def path(self) -> Any:
        """Show the path; live, sessions can be chosen and opened."""
        if is_still() or self._way.sessions.empty:
            return self._quiet(path(self._way, scales=self.journal.scales))
        return self._quiet(path_view(self._way, self._place()))

    def usual(self) -> Any:
        """Show each session beside the usual range before it; live, a value leads to the moments behind it."""
        told = said_of_lines(self._way)
        chart = usual_over_time(self._usual, told)
        return chart if is_still() or not chart.rows else usual_view(self._usual, self._place(), told)

    def tags(self) -> Chart:
        """Show how often each of the most used words for moods was noted, in a few sessions at a time."""
        return tag_shares(self._way.tags)

    def moved(self) -> Still:
        """Say in words what moved, and what it is too early to say of."""
        return Still(overview_text.moved(self._way))


@gentle
class HowFar(PathPage):
    """Early and recent beside each other, part by part; as `PathPage`."""

    @functools.cached_property
    def _sides(self) -> Any:
        return early_and_recent(self._way.sessions["session"])

    def opening(self) -> Still:
        """Greet, and say how far the path goes."""
        return self._greeting("How far you have come", HOW_FAR)

    def how_to_listen(self) -> Still:
        """Say that nobody needs to listen, where something could be heard."""
        return sentence(NEED_NOT) if self.is_heard else Still("")

    def then_and_now(self) -> Still:
        """Show the client's own words, early and recent."""
        return Still(overview_text.then_and_now(self.journal, self._sides))

    def pictures(self) -> Any:
        """Show moods and measures, early and recent."""
        return early_recent.then_and_now(self._way, self._sides, scales=self.journal.scales)

    def words(self) -> Any:
        """Show the words for moods, early and recent."""
        return early_recent.words_then_and_now(self._way.tags, self._sides, self._way.groups)

    def silences(self) -> Chart:
        """Show what the long silences were, as far as the client said it."""
        return silences_over_time(kinds_of_silence.by_session(self.journal))

    def voices(self) -> Any:
        """Show pitch and loudness over the sessions as far as they were asked for."""
        return voices_view(self.journal)

    def moments(self) -> Any:
        """Show pairs of moments to hear, early and recent."""
        found = pairs_to_hear(self.journal)
        if not found:
            return sentence(
                "There are no two recordings yet that could be heard beside each other. What you wrote says it too."
            )
        show = _pair if self.is_heard else _pair_to_read
        return self._quiet(Shown(*(show(pair.kind, pair.chosen, pair.early, pair.recent) for pair in found)))

    def letter(self) -> Any:
        """Ask what the client wants to say to the person they were."""
        return letter_form(self.journal)


def _pair_to_read(kind: str, chosen: str, *both: HeardMoment) -> Still:
    items = "".join(
        f"<li>{day(one.session.date)}, <strong>{clock(one.start)}</strong> {html.escape(one.why)}</li>"
        for one in both
    )
    return Still(f"<h3>{kind}</h3><p>{chosen}</p><ul>{items}</ul>")


def _pair(kind: str, chosen: str, *both: HeardMoment) -> Any:
    if is_still():
        read = _pair_to_read(kind, chosen, *both)
        return Still(f"{read.markup}<p><small>{how_to_start()} to hear them.</small></p>")
    rows: list[Any] = [w.HTML(FORM_STYLE), w.HTML(f"<h3>{kind}</h3><p>{chosen}</p>")]
    for one in both:
        rows += [w.HTML(f"<strong>{day(one.session.date)}</strong>")]
        rows += [Moment(one.session, one.start, one.end, one.why)]
    box = w.VBox(rows)
    box.add_class("tr-scale")
    return box


@or_nothing
def path_page(journal: str | Path, sound: str = ON) -> PathPage | NothingToShow:
    """Open the path of a journal.

    Parameters
    ----------
    journal : str or Path
        The journal's folder.
    sound : str
        ``on``, or ``off`` for a page on which nothing can play.

    Returns
    -------
    PathPage or NothingToShow
        Always something whose parts can be shown.
    """
    return PathPage(open_journal(journal), sound)


@or_nothing
def how_far(journal: str | Path, sound: str = ON) -> HowFar | NothingToShow:
    """Open early and recent beside each other.

    Parameters
    ----------
    journal : str or Path
        The journal's folder.
    sound : str
        ``on``, or ``off`` for a page on which nothing can play.

    Returns
    -------
    HowFar or NothingToShow
        Always something whose parts can be shown.
    """
    return HowFar(open_journal(journal), sound)
