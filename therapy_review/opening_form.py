"""The question at the start of looking together: what may be seen.

It is for the client alone, so what it lists is shown only when they ask for it, and goes as soon as they have
chosen.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from therapy_review.errors import TherapyReviewError
from therapy_review.opened import PARTS, Opened, on_offer, remember, remembered
from therapy_review.path_view import put_away
from therapy_review.still import HOW_TO_START, Still, is_still
from therapy_review.together_notes import others
from therapy_review.words import day

if TYPE_CHECKING:
    from ipywidgets import VBox

    from therapy_review.journal import Journal
    from therapy_review.path import Way

AT_ONCE = 6  # sessions listed at first, and at each press more
NOBODY_NAMED = "notes from before it was kept with whom"
ASK = (
    "What may {therapist} see today? Nothing of yours is opened yet. The list is for you alone: turn the screen to "
    "yourself for this one."
)


def opening_form(journal: Journal, way: Way, opened: Callable[[Opened], None]) -> VBox | Still:
    """Ask what may be seen.

    Parameters
    ----------
    journal : Journal
    way : Way
        As from `therapy_review.path.way`.
    opened : callable
        Called with what the client chose, each time they did.

    Returns
    -------
    VBox or Still

    Raises
    ------
    JournalError
        When what was opened the last time can't be read.
    """
    ask = ASK.format(therapist=html.escape(journal.therapist))
    if is_still():
        return Still(f"<p>Nothing of this page is opened. {HOW_TO_START} and choose what may be seen.</p>")
    import ipywidgets as w

    last = remembered(journal)
    state, listed = w.HTML(), w.VBox([])

    def choose(choice: Opened) -> None:
        shown, listed.children = listed.children, ()
        put_away(*shown)
        try:
            remember(journal, choice)
            state.value = f"<em>Opened: {choice.said()}. You can choose again at any time.</em>"
        except TherapyReviewError as error:
            state.value = (
                f"<strong>Opened: {choice.said()}; not remembered: {html.escape(str(error))}</strong>"
            )
        opened(choice)

    buttons = [
        _button(
            "Choose what to open", lambda: listed.set_trait("children", _list(journal, way, last, choose))
        )
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
    return Opened(last.tags & tags, last.scales & scales, kept, last.therapists & {*others(journal)})


def _list(journal: Journal, way: Way, last: Opened, choose: Callable[[Opened], None]) -> list[Any]:
    import ipywidgets as w

    tags, scales, sessions = on_offer(way)
    words = {tag: _box(tag, tag in last.tags) for tag in tags}
    named = journal.scales
    totals = {key: _box(named[key].name if key in named else key, key in last.scales) for key in scales}
    with_whom = {who: _box(who or NOBODY_NAMED, who in last.therapists) for who in others(journal)}
    parts: dict[str, dict[str, Any]] = {}
    rows = w.VBox([])

    def more() -> None:
        for name in sessions[len(parts) : len(parts) + AT_ONCE]:
            parts[name] = {part: _box(text, last.shows(part, name)) for part, text in PARTS.items()}
        rows.children = [_row(name, boxes) for name, boxes in parts.items()]
        earlier.layout.display = "none" if len(parts) == len(sessions) else ""

    earlier = _button("Earlier sessions", more)
    more()

    def done() -> None:
        # What was opened of a session further back than the list goes is not opened unseen.
        chosen = {
            name: frozenset(p for p, box in boxes.items() if box.value) for name, boxes in parts.items()
        }
        choose(
            Opened(
                frozenset(tag for tag, box in words.items() if box.value),
                frozenset(scale for scale, box in totals.items() if box.value),
                {name: own for name, own in chosen.items() if own},
                frozenset(who for who, box in with_whom.items() if box.value),
            )
        )

    found: list[Any] = [w.HTML("<strong>Words for moods</strong>"), _flow(words.values())] if words else []
    if totals:
        found += [w.HTML("<strong>Questionnaires</strong>"), _flow(totals.values())]
    if with_whom:
        found += [w.HTML("<strong>Written together with somebody else</strong>"), _flow(with_whom.values())]
    return [
        *found,
        w.HTML("<strong>Sessions</strong>"),
        rows,
        earlier,
        _button("Open these", done, "primary"),
    ]


def _row(name: str, boxes: dict[str, Any]) -> Any:
    import datetime as dt

    import ipywidgets as w

    number = f" ({name[11:]})" if name[11:] else ""
    called = w.HTML(f"{day(dt.date.fromisoformat(name[:10]))}{number}", layout=w.Layout(min_width="13rem"))
    return w.HBox([called, _flow(boxes.values())], layout=w.Layout(flex_flow="row wrap"))


def _flow(boxes: Any) -> Any:
    import ipywidgets as w

    return w.HBox(list(boxes), layout=w.Layout(flex_flow="row wrap", grid_gap="0 1rem"))


def _box(text: str, value: object) -> Any:
    import ipywidgets as w

    return w.Checkbox(value=bool(value), description=text, indent=False, layout=w.Layout(width="auto"))


def _button(text: str, press: Callable[[], None], style: str = "") -> Any:
    import ipywidgets as w

    button = w.Button(
        description=text, button_style=style, layout=w.Layout(width="auto", align_self="flex-start")
    )
    button.on_click(lambda _: press())
    return button
