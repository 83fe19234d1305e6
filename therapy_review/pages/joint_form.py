"""The question at the start of looking together: what may be seen.

It is for the client alone, so what it lists is shown only when they ask for it, and goes as soon as they have
chosen.
"""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as w

from therapy_review.display import Still, how_to_start, is_still, put_away
from therapy_review.errors import TherapyReviewError
from therapy_review.journal import Journal, shared_notes
from therapy_review.pages.visibility import FIGURES, PARTS, Opened, on_offer, remember, remembered
from therapy_review.trends import Way
from therapy_review.wording import counted, day, strong

AT_ONCE = 6  # sessions listed at first, and at each press more
NOBODY_NAMED = "notes from before it was kept with whom"
SINCE = "Moods and figures of all sessions from this day on:"
FURTHER = (
    "<p>Of last time, <strong>{sessions}</strong> further back than this list had something opened as well. That "
    "stays closed, and is not offered again, unless you say so here or list them.</p>"
)
ASK = (
    "What may {therapist} see today? Nothing of yours is opened yet. The list is for you alone: turn the screen to "
    "yourself for this one."
)


def opening_form(journal: Journal, way: Way, opened: Callable[[Opened], None]) -> w.VBox | Still:
    """Ask what may be seen."""
    ask = ASK.format(therapist=html.escape(journal.therapist))
    if is_still():
        return Still(f"<p>Nothing of this page is opened. {how_to_start()} and choose what may be seen.</p>")
    last = now = remembered(journal)
    state, listed = w.HTML(), w.VBox([])

    def choose(choice: Opened) -> None:
        nonlocal now
        now = choice
        shown, listed.children = listed.children, ()
        put_away(*shown)
        try:
            remember(journal, choice)
            state.value = f"<em>Opened: {choice.said()}. You can choose again at any time.</em>"
        except TherapyReviewError as error:
            state.value = strong(f"Opened: {choice.said()}; not remembered: {error}")
        opened(choice)

    buttons = [
        _button("Choose what to open", lambda: listed.set_trait("children", _list(journal, way, now, choose)))
    ]
    if last != Opened():
        again = _known(last, journal, way)
        buttons.append(_button(f"As last time ({again.said()})", lambda: choose(again)))
    buttons.append(_button("Nothing today", lambda: choose(Opened())))
    row = w.HBox(buttons, layout=w.Layout(flex_flow="row wrap", grid_gap="0.3rem"))
    return w.VBox([w.HTML(f"<p>{ask}</p>"), row, listed, state])


def _known(last: Opened, journal: Journal, way: Way) -> Opened:
    """Leave out what is no longer there."""
    tags, scales, sessions = (set(names) for names in on_offer(way))
    kept = {name: parts for name, parts in last.sessions.items() if name in sessions}
    therapists = last.therapists & {*shared_notes.others(journal)}
    return Opened(last.tags & tags, last.scales & scales, kept, therapists)


def _list(journal: Journal, way: Way, last: Opened, choose: Callable[[Opened], None]) -> list[Any]:
    tags, scales, names = on_offer(way)
    words = {tag: _box(tag, tag in last.tags) for tag in tags}
    named = journal.scales
    totals = {key: _box(named[key].name if key in named else key, key in last.scales) for key in scales}
    with_whom = {
        who: _box(who or NOBODY_NAMED, who in last.therapists) for who in shared_notes.others(journal)
    }
    sessions = _Sessions(names, last)

    def done() -> None:
        choose(Opened(_ticked(words), _ticked(totals), sessions.chosen(), _ticked(with_whom)))

    parts: list[Any] = []
    for title, boxes in (
        ("Words for moods", words),
        ("Questionnaires", totals),
        ("Written together with somebody else", with_whom),
    ):
        parts += [w.HTML(f"<strong>{title}</strong>"), _flow(boxes.values())] if boxes else []
    return [
        *parts,
        w.HTML("<strong>Sessions</strong>"),
        sessions.shown,
        _button("Open these", done, "primary"),
    ]


class _Sessions:
    """The sessions, some listed with a box for each of their parts, all from a day on with their figures alone."""

    def __init__(self, names: list[str], last: Opened) -> None:
        self.names, self.last = names, last
        self.boxes: dict[str, dict[str, Any]] = {}
        self.since = w.DatePicker(description=SINCE, style={"description_width": "initial"})
        self.since.layout = w.Layout(width="auto", align_self="flex-start")
        self.since.observe(self._from_a_day_on, "value")
        self.reach, self.rows, self.further = w.HTML(), w.VBox([]), w.HTML()
        self.as_last = _box("Open those too, as last time", False)  # noqa: FBT003
        self.earlier = _button("Earlier sessions", self._more)
        since = w.HBox([self.since, self.reach], layout=w.Layout(flex_flow="row wrap"))
        self.shown = w.VBox([self.rows, self.earlier, since, self.further, self.as_last])
        self._more()

    def chosen(self) -> dict[str, frozenset[str]]:
        """Give the parts of each session that are to be opened."""
        chosen = {name: _ticked(boxes) for name, boxes in self.boxes.items()}
        for name in self.names[len(self.boxes) :]:
            as_last = self.last.sessions.get(name, frozenset()) if self.as_last.value else frozenset[str]()
            chosen[name] = as_last | ({FIGURES} if self._is_since(name, self.since.value) else set())
        return {name: parts for name, parts in chosen.items() if parts}

    def _more(self) -> None:
        for name in self.names[len(self.boxes) : len(self.boxes) + AT_ONCE]:
            self.boxes[name] = {part: _box(text, self.last.shows(part, name)) for part, text in PARTS.items()}
            if self._is_since(name, self.since.value):
                self.boxes[name][FIGURES].value = True
        self.rows.children = [_row(name, boxes) for name, boxes in self.boxes.items()]
        self.earlier.layout.display = "none" if len(self.boxes) == len(self.names) else ""
        unlisted = sum(bool(self.last.sessions.get(name)) for name in self.names[len(self.boxes) :])
        self.further.value = FURTHER.format(sessions=counted(unlisted, "session")) if unlisted else ""
        self.as_last.layout.display = "" if unlisted else "none"

    def _is_since(self, name: str, day: dt.date | None) -> bool:
        return day is not None and name[:10] >= day.isoformat()

    def _from_a_day_on(self, change: dict[str, Any]) -> None:
        """Tick the figures of all sessions from the day on, and no longer those of a day chosen before."""
        for name, boxes in self.boxes.items():
            if self._is_since(name, change["new"]):
                boxes[FIGURES].value = True
            elif self._is_since(name, change["old"]):
                boxes[FIGURES].value = False
        number = sum(self._is_since(name, change["new"]) for name in self.names)
        self.reach.value = f"<em>{counted(number, 'session')}</em>" if change["new"] else ""


def _ticked(boxes: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(name for name, box in boxes.items() if box.value)


def _row(name: str, boxes: dict[str, Any]) -> Any:
    number = f" ({name[11:]})" if name[11:] else ""
    called = w.HTML(f"{day(dt.date.fromisoformat(name[:10]))}{number}", layout=w.Layout(min_width="13rem"))
    return w.HBox([called, _flow(boxes.values())], layout=w.Layout(flex_flow="row wrap"))


def _flow(boxes: Any) -> Any:
    return w.HBox(list(boxes), layout=w.Layout(flex_flow="row wrap", grid_gap="0 1rem"))


def _box(text: str, value: object) -> Any:
    return w.Checkbox(value=bool(value), description=text, indent=False, layout=w.Layout(width="auto"))


def _button(text: str, press: Callable[[], None], style: str = "") -> Any:
    button = w.Button(
        description=text, button_style=style, layout=w.Layout(width="auto", align_self="flex-start")
    )
    button.on_click(lambda _: press())
    return button
