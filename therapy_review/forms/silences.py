"""The form in which the client says what the long silences of a session were, one below the other.

Every word is saved when its field is left. Nothing needs to be heard for it: with the sound switched off, or
without a recording, time, length and who spoke before and after are there all the same.
"""

from __future__ import annotations

import html
from typing import Any, Literal

import ipywidgets as w
import pandas as pd

from therapy_review.consent import SELF_REVIEW
from therapy_review.display import Still, how_to_start, is_still
from therapy_review.errors import TherapyReviewError
from therapy_review.journal import Session
from therapy_review.measures import LONG_SILENCE
from therapy_review.player import Moment
from therapy_review.trends import kinds_of_silence
from therapy_review.wording import clock, strong

AT_ONCE = 8  # silences shown; the others on request
BEFORE, AFTER = 4.0, 2.0  # seconds of talk heard with a silence, to know it again
NONE = "No silence of three seconds or more is known of this session."
ASK = (
    "What were these silences? Say it in a word or leave it open; there is no right one. Every word is saved when "
    "you leave its field."
)


def silence_form(
    session: Session, sound: Literal["on", "off"] = "on", use: str = SELF_REVIEW
) -> w.VBox | Still:
    """Ask what the long silences of a session were.

    Parameters
    ----------
    session : Session
    sound : {"on", "off"}
        Whether there are buttons to hear them; nothing ever plays by itself.
    use : str
        What they are looked at for; everybody heard must have agreed to that.

    Returns
    -------
    VBox or Still
        The form, the longest silences first opened; or what was said, to read while a notebook is run in batch.

    Raises
    ------
    ConsentError
        When somebody heard has not agreed.
    JournalError
        When ``marks.csv`` can't be read.
    """
    found = kinds_of_silence.long_silences_of(session, use)
    if found.empty:
        return Still(f"<p>{NONE}</p>", NONE)
    if is_still():
        return _to_read(session, found)
    heard = sound == "on" and session.has_recording
    state = w.HTML(f"<em>{ASK}</em>")
    every = list(enumerate(row for _, row in found.iterrows()))
    in_view = set(found["duration"].to_numpy().argsort(kind="stable")[::-1][:AT_ONCE].tolist())
    in_view |= {at for at, row in every if row["kind"] or row["text"]}  # what was said is in view
    rows = {at: _row(session, row, state, heard=heard) for at, row in every if at in in_view}
    shown = w.VBox([rows[at] for at in sorted(rows)])
    rest = [(at, row) for at, row in every if at not in in_view]
    if not rest:
        return w.VBox([state, shown])
    label = "Show one more" if len(rest) == 1 else f"Show the other {len(rest)}"
    more = w.Button(description=label, layout=w.Layout(width="auto", align_self="flex-start"))

    def show_all(_: Any) -> None:
        rows.update({at: _row(session, row, state, heard=heard) for at, row in rest})
        shown.children = [rows[at] for at in sorted(rows)]
        more.layout.display = "none"

    more.on_click(show_all)
    return w.VBox([state, shown, more])


def _row(session: Session, row: pd.Series, state: Any, *, heard: bool) -> Any:
    start, end = float(row["start"]), float(row["end"])
    about = _about(session, row)
    kind = w.Combobox(
        value=row["kind"],
        options=tuple(kinds_of_silence.KINDS),
        placeholder="thinking, stuck … or your own word",
        continuous_update=False,
        layout=w.Layout(width="min(20rem, 99%)"),
        tooltip=f"What it was, {about}",
    )
    text = w.Text(
        value=row["text"],
        placeholder="more, if you like",
        continuous_update=False,
        layout=w.Layout(width="min(28rem, 99%)"),
        tooltip=f"More about it, {about}",
    )

    def save(_: Any) -> None:
        try:
            kinds_of_silence.say(session, start, end, kind.value, text.value)
            state.value = "<em>Saved.</em>"
        except TherapyReviewError as error:
            state.value = strong(f"Not saved: {error} Your words are still here.")

    kind.observe(save, "value")
    text.observe(save, "value")
    head = (
        Moment(session, max(0.0, start - BEFORE), end + AFTER, about)
        if heard
        else w.HTML(html.escape(_first_large(about)))
    )
    fields = w.HBox([kind, text], layout=w.Layout(flex_flow="row wrap"))
    return w.VBox([head, fields], layout=w.Layout(margin="0 0 0.8rem 0"))


def _first_large(words: str) -> str:
    return words[:1].upper() + words[1:]


def _about(session: Session, row: pd.Series) -> str:
    length = f"a silence of {float(row['duration']):.0f} seconds at {clock(float(row['start']))}"
    if not row["before"]:
        return f"{length}; none of {LONG_SILENCE:g} seconds is seen there any more, and your words stay"
    names = {"client": "you", "therapist": session.journal.therapist}
    before, after = (names.get(row[who], str(row[who]).replace("_", " ")) for who in ("before", "broken_by"))
    return f"{length}; {before} spoke before, {after} after"


def _to_read(session: Session, found: pd.DataFrame) -> Still:
    lines = []
    for _, row in found.iterrows():
        said = ", ".join(part for part in (row["kind"], row["text"]) if part) or "not said"
        lines.append(f"{_first_large(_about(session, row))}: {said}")
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    how = f"<p><small>{how_to_start()} to say what they were.</small></p>"
    return Still(f"<ul>{items}</ul>{how}", "\n".join(lines))
