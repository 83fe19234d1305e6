"""How a session was held, as part of its notes form: folded together, for whoever wants to say it.

Therapist and microphone hold until another note says otherwise, so what was said before is only shown and need not
be given again. The setting counts for its session alone: nothing is filled in that was not said of this one.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from therapy_review.journal import OF_THE_WAY

if TYPE_CHECKING:
    from ipywidgets import Accordion

    from therapy_review.journal import SessionNotes
    from therapy_review.trends import phases

TITLE = "How this session was held, if it matters to you"
SETTINGS = ("room", "online", "phone")
LABELS = {"setting": "Setting", "therapist": "With whom", "microphone": "Recorded by"}
WHY = (
    "Sessions that were held or recorded otherwise are not joined by one line in the charts. With whom and by what "
    "count from this session on, until you say otherwise."
)
EXAMPLES = {
    "setting": "room, online, phone or your own word",
    "therapist": "only if it was somebody else than before",
    "microphone": "phone on the table, clip-on …",
}


def way_fields(
    before: Sequence[phases.Setting], written: SessionNotes, save: Callable[..., None]
) -> Accordion:
    """Show the fields of how a session was held, folded together; leaving one saves it."""
    import ipywidgets as w

    said = {part: _said(before, part) for part in OF_THE_WAY}
    fields = {part: _field(part, getattr(written, part), said[part]) for part in OF_THE_WAY}
    for part, field in fields.items():
        field.observe(lambda change, part=part: save(**{part: change["new"].strip()}), "value")
    why = w.HTML(f"<p><small>{html.escape(WHY)}</small></p>")
    return w.Accordion(children=[w.VBox([why, *fields.values()])], titles=[TITLE], selected_index=None)


def _field(part: str, value: str, said: list[str]) -> Any:
    import ipywidgets as w

    offered = dict.fromkeys([*said[::-1], *(SETTINGS if part == "setting" else ())])
    holds = part != "setting" and said
    return w.Combobox(
        value=value,
        options=tuple(offered),
        description=LABELS[part],
        placeholder=f"as before: {said[-1]}" if holds else EXAMPLES[part],
        continuous_update=False,
        layout=w.Layout(width="min(34rem, 99%)"),
        style={"description_width": "7rem"},
    )


def _said(before: Sequence[phases.Setting], part: str) -> list[str]:
    """Give the words used for one part, the newest last."""
    words = [way[part] for way in before if way[part]]
    return list(dict.fromkeys(words[::-1]))[::-1]
