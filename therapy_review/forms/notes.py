"""The form of a session's notes, saved at every change; folded in it, how the session was held.

Nothing waits for a button: leaving a field saves it. Where a file was changed by another program meanwhile, both
versions are kept and the form says so in a sentence. Therapist and microphone hold until another note says
otherwise, so what was said before is only shown; the setting counts for its session alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as w

from therapy_review.display import Still, how_to_start, is_still
from therapy_review.errors import NoteError, TherapyReviewError
from therapy_review.journal import MOODS, OF_THE_WAY, Session, SessionNotes
from therapy_review.trends import phases
from therapy_review.wording import paragraphs, strong

NO_MOOD = "not said"
HELD = "How this session was held, if it matters to you"
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


def notes_form(session: Session, before: Sequence[phases.Setting] = ()) -> w.VBox | Still:
    """Show the notes of a session as a form: moods, tags, what I noticed, what to bring; folded, how it was held.

    Parameters
    ----------
    session : Session
    before : sequence of mapping
        How earlier sessions were held, to offer it again; as from `therapy_review.trends.table.ways_before`.

    Returns
    -------
    VBox or Still
        The form, or the notes to read while a notebook is run in batch.
    """
    if is_still():
        read = notes_to_read(session)
        return Still(f"{read.markup}<p><small>{how_to_start()} to write here.</small></p>", read.text)
    written = session.notes
    wide = {"layout": w.Layout(width="min(52rem, 99%)"), "style": {"description_width": "13rem"}}
    choices = [NO_MOOD, *map(str, MOODS)]

    def mood(value: int | None, label: str) -> Any:
        chosen = str(value) if value else NO_MOOD
        return w.SelectionSlider(options=choices, value=chosen, description=label, **wide)

    came = mood(written.mood_before, "Mood when I came, 1 to 10")
    left = mood(written.mood_after, "Mood when I left, 1 to 10")
    tags = w.Text(
        value=", ".join(written.tags), description="Words for my mood", continuous_update=False, **wide
    )
    tags.placeholder = "tired, hopeful, tense"
    noticed = w.Textarea(
        value=written.text.strip(), description="What I noticed", continuous_update=False, rows=9, **wide
    )
    bring = w.Textarea(
        value=written.bring_next, description="To bring next time", continuous_update=False, rows=3, **wide
    )
    state = w.HTML("<em>Whatever you write is saved when you leave a field.</em>")
    save = saver(session, written, state, _in_the_form)

    def number(chosen: str) -> int | None:
        return None if chosen == NO_MOOD else int(chosen)

    came.observe(lambda c: save(mood_before=number(c["new"])), "value")
    left.observe(lambda c: save(mood_after=number(c["new"])), "value")
    tags.observe(lambda c: save(tags=_words(c["new"])), "value")
    noticed.observe(lambda c: save(text=f"\n{c['new'].strip()}\n"), "value")
    bring.observe(lambda c: save(bring_next=c["new"].strip()), "value")
    return w.VBox([came, left, tags, noticed, bring, _way_fields(before, written, save), state])


def _way_fields(
    before: Sequence[phases.Setting], written: SessionNotes, save: Callable[..., None]
) -> w.Accordion:
    """Show the fields of how a session was held, folded together; leaving one saves it."""
    fields = {part: _field(part, getattr(written, part), _said(before, part)) for part in OF_THE_WAY}
    for part, field in fields.items():
        field.observe(lambda change, part=part: save(**{part: change["new"].strip()}), "value")
    why = w.HTML(f"<p><small>{WHY}</small></p>")
    return w.Accordion(children=[w.VBox([why, *fields.values()])], titles=[HELD], selected_index=None)


def _field(part: str, value: str, said: list[str]) -> Any:
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


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def _in_the_form(notes: SessionNotes) -> tuple[object, ...]:
    way = (getattr(notes, part) for part in OF_THE_WAY)
    return notes.mood_before, notes.mood_after, notes.tags, notes.text, notes.bring_next, *way


def saver(
    session: Session,
    written: SessionNotes,
    state: Any,
    shown: Callable[[SessionNotes], object],
    change: Callable[..., SessionNotes] = SessionNotes.changed,
) -> Callable[..., None]:
    """Make what saves a form of a session's notes at every change, and says how that went.

    Several forms may show parts of one note: what another one saved meanwhile is kept. Where another program
    changed what this form itself shows, both versions are kept.
    """
    lock = threading.Lock()  # messages may come on a thread of their own
    base = latest = written
    unsaved: list[dict[str, Any]] = []

    def save(**changes: Any) -> None:
        nonlocal base, latest
        with lock:
            unsaved.append(changes)
            latest = change(latest, **changes)
            try:
                now = session.notes
                if shown(now) == shown(base):
                    for one in unsaved:
                        now = change(now, **one)
                    latest = now
                base = latest = session.save_notes(latest)
                unsaved.clear()
                state.value = "<em>Saved.</em>"
            except NoteError as error:
                state.value = strong(str(error))
            except TherapyReviewError as error:
                state.value = strong(f"Not saved: {error} Your words are still in this form.")

    return save


def notes_to_read(session: Session) -> Still:
    """Show the notes of a session as they stand.

    Parameters
    ----------
    session : Session

    Returns
    -------
    Still
    """
    written = session.notes
    rows = [
        ("Mood when I came", str(written.mood_before or NO_MOOD)),
        ("Mood when I left", str(written.mood_after or NO_MOOD)),
        ("Words for my mood", ", ".join(written.tags) or NO_MOOD),
        ("What I noticed", written.text.strip() or NO_MOOD),
        ("To bring next time", written.bring_next or NO_MOOD),
        *((label, said) for part, label in LABELS.items() if (said := getattr(written, part))),
    ]
    parts = "".join(f"<p><small>{label}</small><br>{paragraphs(value)}</p>" for label, value in rows)
    text = "\n".join(f"{label}: {value}" for label, value in rows)
    return Still(parts, text)
