"""The list of what was brought in, with a way to take each file's part out again."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from therapy_review.display import Still, is_still
from therapy_review.errors import TherapyReviewError
from therapy_review.importing import calendar, moods
from therapy_review.importing.forms import STYLE, WHERE, sentence
from therapy_review.journal import days

if TYPE_CHECKING:
    from therapy_review.journal import Journal


class KeptForm:
    """Lists what was brought in, with a way to take each file's part out again."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.box: Any = None

    def show(self) -> Any:
        """Show the list; in batch, to read."""
        if is_still():
            said = [text for text, _ in self._lines()] or ["Nothing was brought in yet."]
            return Still("".join(f"<p>{html.escape(text)}</p>" for text in said), "\n".join(said))
        import ipywidgets as w

        self.box = w.VBox()
        self.box.add_class("tr-bring")
        self.refresh()
        return self.box

    def refresh(self, said: str = "") -> None:
        """Draw the list anew, where it is shown."""
        if self.box is None:
            return
        import ipywidgets as w

        try:
            rows = [self._row(text, origin) for text, origin in self._lines()]
        except TherapyReviewError as error:
            rows, said = [], str(error)
        nothing = [] if rows or said else [w.HTML("<p>Nothing was brought in yet.</p>")]
        self.box.children = [w.HTML(STYLE), *rows, *nothing, *([w.HTML(sentence(said))] if said else [])]

    def _lines(self) -> list[tuple[str, str]]:
        found = days.sources(days.whole_table(self.journal.store)) + days.sources(
            calendar.kept(self.journal.store)
        )
        return [(str(one), one.origin) for one in found]

    def _row(self, text: str, origin: str) -> Any:
        import ipywidgets as w

        first, sure, keep = (
            w.Button(description=label, layout=w.Layout(width="max-content"))
            for label in ("Take out", "Yes, take them out", "Keep them")
        )
        asked = w.HBox([sure, keep], layout=w.Layout(display="none"))

        def ask(_: Any) -> None:
            first.layout.display, asked.layout.display = "none", ""

        def leave(_: Any) -> None:
            first.layout.display, asked.layout.display = "", "none"

        def take(_: Any) -> None:
            try:
                of_calendar = days.kind_of_origin(origin) == calendar.KIND
                take_back = calendar.take_back if of_calendar else moods.take_back
                self.refresh(f"Taken out: {take_back(self.journal, origin)}.{WHERE}")
            except TherapyReviewError as error:
                self.refresh(str(error))

        first.on_click(ask)
        keep.on_click(leave)
        sure.on_click(take)
        buttons = [first, asked] if origin else []  # what was written by hand is not ours to take
        beside = w.Layout(flex_flow="row wrap", align_items="center")
        return w.HBox([w.HTML(sentence(text)), *buttons], layout=beside)
