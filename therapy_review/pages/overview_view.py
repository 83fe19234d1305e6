"""The path to walk about in: choose a span, rows, a mood word; open a session where it stands.

Everything is there without sound too: what is opened begins with the session's own words and figures.
"""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as w
import pandas as pd

from therapy_review import wording
from therapy_review.charts import ROWS, beside_in_words, path, usual_over_time
from therapy_review.consent import SELF_REVIEW
from therapy_review.display import put_away
from therapy_review.errors import ConsentError, TherapyReviewError
from therapy_review.forms import Clickable
from therapy_review.journal import Journal, Session
from therapy_review.measures import behind, moments
from therapy_review.pages import letter
from therapy_review.player import ALONE, Listeners, Player, moments_to_hear, moments_to_read
from therapy_review.trends import Way, label, side_of

EVERY = "every session"
NO_SOUND = "There is no recording of this session. Your notes tell it, and that is enough."


class Place:
    """Where a chosen session is opened; what was open before is closed, its sound too."""

    def __init__(
        self,
        journal: Journal,
        listeners: Callable[[Session], Listeners] = lambda _: ALONE,
        told: Callable[[Session], str] = letter.what_it_held,
    ) -> None:
        self.journal, self.listeners, self._told = journal, listeners, told
        self.box = w.VBox([])
        self.box.add_class("tr-choose-place")

    def open(self, session: Session) -> None:
        """Show a session: what is kept of it, and its player."""
        self._show(session, lambda: [self._player(session)], self._told(session))

    def open_without_sound(self, session: Session, why: str = "") -> None:
        """Show what is kept of a session, and no player."""
        said = f"<p>{html.escape(why)}</p>" if why else ""
        self._show(session, list, self._told(session) + said)

    def open_moments(self, session: Session, sentence: str, found: pd.DataFrame) -> None:
        """Show some moments of a session, with a way to all of it."""
        whole = w.Button(description="Open the whole session", layout=w.Layout(width="max-content"))
        whole.on_click(lambda _: self.open(session))

        use = self.listeners(session).use
        said = f"<p>{html.escape(sentence)}</p>"
        self._show(session, lambda: [moments_to_hear(session, found, use=use), whole], said)

    def open_found(self, session: Session, sentence: str, find: Callable[[], pd.DataFrame]) -> None:
        """Show moments that are yet to be found, or all of a session in which none can be."""
        try:
            if session.has_recording:  # turns found elsewhere are the client's to look at
                session.require(SELF_REVIEW)
            found = find()
        except ConsentError as error:
            self.open_without_sound(session, str(error))
        except TherapyReviewError:
            self.open(session)
        else:
            self.open_moments(session, sentence, found)

    def close(self) -> None:
        """Be silent at once, and show nothing."""
        shown, self.box.children = self.box.children, ()
        put_away(*shown)

    def _player(self, session: Session) -> Any:
        session.recording(self.listeners(session).use)  # asked before anything of it is shown
        return Player(session, self.listeners(session))

    def _show(self, session: Session, parts: Callable[[], list[Any]], told: str) -> None:
        self.close()
        shown = [w.HTML(f"<h3>{wording.day(session.date)}</h3>{told}")]
        try:
            shown += parts() if session.has_recording else [w.HTML(f"<p>{NO_SOUND}</p>")]
        except TherapyReviewError as error:
            shown.append(w.HTML(f"<p>{html.escape(str(error))}</p>"))
        self.box.children = shown


def path_view(way: Way, place: Place) -> Any:
    """Show the path with its choices, and below it what is chosen."""
    names = way.sessions["session"].tolist()
    wide = {"layout": w.Layout(width="min(52rem, 99%)"), "style": {"description_width": "7rem"}}
    span = w.SelectionRangeSlider(
        options=names, index=(0, len(names) - 1), description="Sessions", readout=False, **wide
    )
    reach = w.HTML(_reach(names[0], names[-1]), layout=w.Layout(margin="0 0 0 7.3rem"))
    tags = sorted(set(way.tags["tag"]) - {""})
    tag = w.Dropdown(options=[EVERY, *tags], description="With the word", **wide)
    boxes = {
        name: w.Checkbox(value=True, description=text, indent=False, layout=w.Layout(width="auto"))
        for name, text in ROWS.items()
    }
    drawn = Clickable(
        path(way, scales=place.journal.scales), lambda what, name: _open(way, place, what, name)
    )

    def redraw(_change: Any) -> None:
        chosen, reach.value = way.between(*span.value), _reach(*span.value)
        chosen = chosen if tag.value == EVERY else chosen.named(tag.value)
        rows = [name for name, box in boxes.items() if box.value]
        # Among many spans chance alone makes one look moved, and it is no news that a word goes with what it was
        # picked for: what is said holds of all sessions together, as the caption counts it.
        is_whole = tag.value == EVERY and span.value == (names[0], names[-1])
        drawn.show(path(chosen, rows, scales=place.journal.scales, sentences=is_whole))

    for control in (span, tag, *boxes.values()):
        control.observe(redraw, "value")
    which = w.HBox(list(boxes.values()), layout=w.Layout(flex_flow="row wrap", grid_gap="0 1.2rem"))
    return _page(span, reach, tag, which, drawn, place.box)


def _page(*parts: Any) -> Any:
    """Put a picture and the place it opens into one box, in which the picture finds that place."""
    box = w.VBox(parts)
    box.add_class("tr-choose-page")
    return box


def _reach(first: str, last: str) -> str:
    days = [wording.day(dt.date.fromisoformat(name[:10])) for name in (first, last)]
    return f"from {days[0]} to {days[1]}"


def _open(way: Way, place: Place, what: str, name: str) -> None:
    session = place.journal.session(name)
    proud = way.proud[way.proud["session"] == name]
    if what != "proud" or proud.empty or not session.has_recording:
        place.open(session)
        return

    def find() -> pd.DataFrame:
        triggers = session.marks[session.marks["kind"] == "trigger"]
        found = moments(session.turns, pd.concat([proud.assign(kind="proud moment"), triggers]))
        return found[found["kind"] == "mark"]

    place.open_found(session, "What you marked as a proud moment:", find)


def usual_view(table: pd.DataFrame, place: Place, told: Mapping[tuple[str, str], str] | None = None) -> Any:
    """Show each measure beside what was usual before; a chosen value leads to the moments behind it."""

    def chosen(what: str, name: str) -> None:
        session, own = place.journal.session(name), table[table["session"] == name]
        (row,) = own[(own["speaker"] + "_" + own["measure"]).str.strip("_") == what].to_dict("records")
        said = f"{label(row['measure'], row['speaker']).capitalize()}: {beside_in_words(row)}."

        def find() -> pd.DataFrame:
            side = side_of(row["place"])
            return behind(session.turns, row["measure"], row["speaker"], side=side, marks=session.marks)

        place.open_found(session, said, find)

    return _page(Clickable(usual_over_time(table, told), chosen), place.box)


class QuietPlace(Place):
    """Where a chosen session is opened to be read: its words and figures, and nothing that plays."""

    def open(self, session: Session) -> None:
        """Show what is kept of a session."""
        self.open_without_sound(session)

    def open_moments(self, session: Session, sentence: str, found: pd.DataFrame) -> None:
        """Show some moments of a session to read."""

        def to_read() -> list[Any]:
            session.require(self.listeners(session).use)  # times and reasons rest on the sound
            return [w.HTML(moments_to_read(found).markup)]

        self._show(session, to_read, f"<p>{html.escape(sentence)}</p>")
