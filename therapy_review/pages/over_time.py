"""Pages across all sessions: the path, and how far it has come. One method a cell.

They put early and recent beside each other in the client's own words, and claim no more than
`therapy_review.trends.lasting_change` allows. Each sentence stands at the row of the picture it is about, and in a
list of them.
"""

from __future__ import annotations

import functools
import html
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ipywidgets as w
import pandas as pd

from therapy_review.charts import (
    Chart,
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
from therapy_review.journal import Journal, Session, open_journal
from therapy_review.pages.overview_view import Place, QuietPlace, path_view, usual_view
from therapy_review.pages.prosody import voices_view
from therapy_review.player import Moment
from therapy_review.trends import (
    MOODS,
    OF_PAGE,
    TOO_EARLY,
    HeardMoment,
    Sides,
    Way,
    early_and_recent,
    kinds_of_silence,
    pairs_to_hear,
    said_of_lines,
    said_of_word,
    usual,
    way,
    words_by_use,
)
from therapy_review.wording import clock, counted, day, paragraphs

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
MOST_WORDS = 5
SIDE = 'style="flex:1 1 16rem;min-width:0"'
BESIDE = 'style="display:flex;flex-wrap:wrap;gap:1.5rem"'


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
        sessions = self.journal.sessions
        hello = f"<h1>{title}</h1>\n<p>Hello {html.escape(self.journal.client)},</p>"
        if not sessions:
            return Still(f"{hello}\n<p>this page fills as you go. It begins with your first session.</p>")
        first, last = sessions[0], sessions[-1]
        span = (
            f"from {day(first.date)} to {day(last.date)}" if first != last else f"that of {day(first.date)}"
        )
        far = f"It looks at {counted(len(sessions), 'session')}, {span}."
        return Still(f"{hello}\n<p>{text}{heard} {far}</p>")

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
        said = list(said_of_lines(self._way).values())
        said += [said_of_word(self._way.tags, word) for word in words_by_use(self._way.tags)[:1]]
        items = "".join(_gathered([one for one in said if one]))
        if not items:
            return Still("<p>Nothing has been noted yet that could be put into numbers.</p>")
        return Still(f"<ul>{items}</ul>\n<p><small>{OF_PAGE}</small></p>")


@gentle
class HowFar(PathPage):
    """Early and recent beside each other, part by part; as `PathPage`."""

    @functools.cached_property
    def _sides(self) -> Sides | None:
        return early_and_recent(self._way.sessions["session"])

    def opening(self) -> Still:
        """Greet, and say how far the path goes."""
        return self._greeting("How far you have come", HOW_FAR)

    def how_to_listen(self) -> Still:
        """Say that nobody needs to listen, where something could be heard."""
        return sentence(NEED_NOT) if self.is_heard else Still("")

    def then_and_now(self) -> Still:
        """Show the client's own words, early and recent."""
        if self._sides is None:
            return Still(
                "<p>Once there are two sessions, your first words and your newest stand here beside each other.</p>"
            )
        every = {session.name: session for session in self.journal.sessions}
        early = _side("Early", [every[name] for name in self._sides.early])
        recent = _side("Recently", [every[name] for name in self._sides.recent[::-1]])
        return Still(f"<div {BESIDE}><div {SIDE}>{early}</div><div {SIDE}>{recent}</div></div>")

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


def _side(title: str, sessions: Sequence[Session]) -> str:
    notes = [(session, session.notes) for session in sessions]
    often = Counter(tag for _, written in notes for tag in written.tags)
    first, last = min(s.date for s in sessions), max(s.date for s in sessions)
    span = day(first) if first == last else f"{day(first)} to {day(last)}"
    parts = [f"<h3>{title}</h3><p><small>{counted(len(sessions), 'session')}, {span}</small></p>"]
    if often:
        words = ", ".join(tag for tag, _ in often.most_common(MOST_WORDS))
        parts.append(f"<p>Your words most often: {html.escape(words)}.</p>")
    wrote = [(session, written.text.strip().split("\n\n")[0]) for session, written in notes]
    brought = [(session, written.bring_next) for session, written in notes]
    for label, found in (("You wrote", wrote), ("You wanted to bring", brought)):
        session, said = next(((session, said) for session, said in found if said), (None, ""))
        if session:
            quoted = f"<blockquote>{paragraphs(said)}</blockquote>"
            parts.append(f"<p>{label}, on {day(session.date)}:</p>{quoted}")
    return "\n".join(parts)


def _gathered(said: Sequence[str]) -> list[str]:
    """List what was said; of lines of which the same is too early to say, it is said once."""
    parts = [one.partition(TOO_EARLY) for one in said]
    alike = Counter(rest for _, early, rest in parts if early)
    items, done = list[str](), set[str]()
    for one, (_, early, rest) in zip(said, parts, strict=True):
        if not early or alike[rest] == 1:
            items.append(f"<li>{html.escape(one)}</li>")
        elif rest not in done:
            done.add(rest)
            own = "".join(f"<li>{html.escape(of)}</li>" for of, _, other in parts if other == rest)
            items.append(f"<li>It is too early to say of these; {html.escape(rest)}<ul>{own}</ul></li>")
    return items


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
