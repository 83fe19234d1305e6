"""The form that adds a number of the client's own to the questionnaires: its name and its ends, once."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from therapy_review.errors import TherapyReviewError
from therapy_review.journal import scales
from therapy_review.measures import MEASURES, MOOD_NAMES, VOICE_MEASURES

if TYPE_CHECKING:
    from ipywidgets import VBox

    from therapy_review.journal import Journal, Scale

TITLE = "A number of your own"
ABOUT = (
    "Something you count or rate yourself, or the total of a questionnaire you fill in elsewhere. It stands in "
    "this list from then on; any week may be left out."
)
HIGHER = {"neither harder nor easier": "", "harder": "harder", "easier": "easier"}
PEOPLE = ("client", "therapist", "other")
MEANS_SOMETHING_ELSE = {
    *MOOD_NAMES,
    *MEASURES,
    *VOICE_MEASURES,
    *(f"{who}_{measure}" for who in PEOPLE for measure in (*MEASURES, *VOICE_MEASURES)),
}


def own_number_form(journal: Journal, added: Callable[[Scale], None]) -> VBox:
    """Ask for a number's name and its ends."""
    import ipywidgets as w

    style = {"description_width": "9rem"}
    name = w.Text(
        description="Name",
        placeholder="Sleep, CORE-10, hours outdoors …",
        style=style,
        layout=w.Layout(width="min(34rem, 99%)"),
    )
    low, high = (
        w.Text(value=end, description=label, style=style, layout=w.Layout(width="15rem"))
        for label, end in (("From", "0"), ("to", "10"))
    )
    way = w.Dropdown(
        options=list(HIGHER.items()),
        description="A higher one is",
        style=style,
        layout=w.Layout(width="24rem"),
    )
    button = w.Button(description="Add it to the list", layout=w.Layout(width="max-content"))
    state = w.HTML()

    def add(_: Any) -> None:
        try:
            scale = scales.add(
                journal.store,
                journal.settings,
                name.value,
                low.value,
                high.value,
                way.value,
                MEANS_SOMETHING_ELSE,
            )
        except TherapyReviewError as error:
            state.value = f"<strong>Not added: {html.escape(str(error))}</strong>"
            return
        name.value, low.value, high.value, way.value = "", "0", "10", ""
        state.value = (
            f"<em>{html.escape(scale.name)} is in the list above now, this week and from now on.</em>"
        )
        added(scale)

    button.on_click(add)
    return w.VBox([w.HTML(f"<p>{ABOUT}</p>"), name, low, high, way, button, state])
