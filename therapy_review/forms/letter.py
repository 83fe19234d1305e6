"""The form for a letter to the person one was; it keeps itself while it is written."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import ipywidgets as w

from therapy_review.display import Still, how_to_start, is_still
from therapy_review.errors import TherapyReviewError
from therapy_review.journal import Journal, letters
from therapy_review.wording import day, paragraphs, strong

ASK = "What would you say to the person you were then?"


def letter_form(journal: Journal) -> w.VBox | Still:
    """Ask what the client wants to say to the person they were.

    Parameters
    ----------
    journal : Journal

    Returns
    -------
    VBox or Still
        A field below the letters written before; these alone while a notebook is run in batch.

    Raises
    ------
    JournalError
        When the letters can't be read.
    """
    writing = letters.Writing(journal)
    before = _to_read(writing.earlier)
    if is_still():
        return Still(f"{before}<p><small>{ASK} {how_to_start()} to write it here.</small></p>")
    # Its question above it, and its own label: what is read out is what is asked.
    layout = w.Layout(width="min(52rem, 99%)", flex_flow="column", align_items="flex-start")
    field = w.Textarea(description=ASK, placeholder="Dear …", rows=8, continuous_update=False, layout=layout)
    field.style.description_width = "auto"
    state = w.HTML("<em>It is kept in letters.md when you leave the field. It is for you alone.</em>")
    lock = threading.Lock()  # messages may come on a thread of their own

    def keep(change: Any) -> None:
        with lock:
            try:
                writing.keep(change["new"])
                state.value = "<em>Kept.</em>"
            except TherapyReviewError as error:
                state.value = strong(f"Not kept: {error} Your words are still here.")

    field.observe(keep, "value")
    return w.VBox([w.HTML(before), field, state])


def _to_read(written: Sequence[letters.Letter]) -> str:
    """Show letters to read, the newest first."""
    return "\n".join(
        f"<p><small>On {day(one.day)} you wrote:</small></p><blockquote>{paragraphs(one.text)}</blockquote>"
        for one in written[::-1]
    )
