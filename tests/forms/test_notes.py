"""Forms: what is filled in is kept at once, and nothing anybody wrote is lost."""

from __future__ import annotations

from collections import Counter
from typing import Any

import ipywidgets as w
import pytest

from tests.support.widgets import everything_in, field, state
from therapy_review import Journal, Session
from therapy_review.display.still import STILL
from therapy_review.forms.notes import notes_form, notes_to_read
from therapy_review.pages.session import SessionPage
from therapy_review.trends import cache
from therapy_review.trends.table import ways_before


@pytest.fixture
def session(heard: Journal) -> Session:
    return heard.session("2026-03-05")


@pytest.mark.parametrize(
    ("label", "given", "name", "kept"),
    [
        ("I came", "3", "mood_before", 3),
        ("I left", "not said", "mood_after", None),
        ("my mood", " calm , tired,, calm", "tags", ("calm", "tired")),
        ("What I noticed", "I laughed.\n\nTwice.", "text", "\nI laughed.\n\nTwice.\n"),
        ("bring next", " The garden. ", "bring_next", "The garden."),
    ],
)
def test_leaving_a_field_saves_it_and_nothing_else(
    session: Session, label: str, given: str, name: str, kept: object
) -> None:
    before = session.notes
    form = notes_form(session)
    field(form, label).value = given
    assert getattr(session.notes, name) == kept
    assert session.notes.changed(**{name: getattr(before, name)}, source="") == before.changed(source="")
    assert "Saved" in state(form)


def test_a_form_that_is_only_looked_at_leaves_the_file_alone(session: Session) -> None:
    before = session.journal.store.read(session.file("notes.md"))
    notes_form(session)
    assert session.journal.store.read(session.file("notes.md")) == before


def test_several_changes_in_a_row_are_all_kept_with_what_the_form_does_not_know(session: Session) -> None:
    store, name = session.journal.store, session.file("notes.md")
    store.write(name, store.read(name).replace(b"---\n", b"---\nslept: 6.5  # hours\n", 1))
    form = notes_form(session)
    field(form, "I came").value = "2"
    field(form, "I left").value = "8"
    field(form, "To bring").value = "The garden."
    notes = session.notes
    assert (notes.mood_before, notes.mood_after, notes.bring_next) == (2, 8, "The garden.")
    assert b"slept: 6.5  # hours" in store.read(name)


def test_a_note_changed_elsewhere_meanwhile_stays_and_so_does_what_was_written_here(session: Session) -> None:
    store, name = session.journal.store, session.file("notes.md")
    form = notes_form(session)
    store.write(name, b"Written elsewhere.\n")
    field(form, "What I noticed").value = "Written here."
    assert store.read(name) == b"Written elsewhere.\n"
    assert b"Written here." in store.read(session.file("notes-kept-1.md"))
    assert "another program" in state(form)
    assert "notes-kept-1.md" in state(form)
    field(form, "To bring").value = "Also this."
    kept = b"".join(store.read(session.file(one)) for one in store.files(session.folder) if "kept" in one)
    assert b"Also this." in kept


def test_what_could_not_be_saved_is_said_and_saved_with_the_next_change(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = notes_form(session)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("os.fsync", full)
        field(form, "my mood").value = "calm"
    assert "Not saved" in state(form)
    assert "free some space" in state(form)
    field(form, "To bring").value = "The garden."
    assert session.notes.tags == ("calm",)
    assert session.notes.bring_next == "The garden."


def test_a_session_without_notes_has_an_empty_form_that_makes_them(heard: Journal) -> None:
    session = heard.session("2026-01-08")
    heard.store.remove(session.file("notes.md"))
    form = notes_form(session)
    assert field(form, "I came").value == "not said"
    field(form, "I came").value = "5"
    assert session.notes.mood_before == 5


def test_where_a_notebook_is_only_read_the_notes_are_shown_and_how_to_write(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STILL, "1")
    shown = notes_form(session)
    assert "calm, tender, hopeful, proud" in shown.markup
    assert "Run All Cells" in shown.markup
    assert "Run All Cells" not in notes_to_read(session).markup


def test_what_a_client_wrote_is_shown_as_text_and_never_as_markup(session: Session) -> None:
    session.journal.store.write(session.file("notes.md"), b"<img src=x onerror=alert(1)> & I <3 it\n")
    assert "&lt;img src=x" in notes_to_read(session).markup
    assert "<img" not in notes_to_read(session).markup


# How the session was held


def folded(form: Any) -> w.Accordion:
    (found,) = [one for one in everything_in(form) if isinstance(one, w.Accordion)]
    return found


@pytest.mark.parametrize(
    ("label", "given", "name", "kept"),
    [
        ("Setting", " online ", "setting", "online"),
        ("With whom", "Dana", "therapist", "Dana"),
        ("Recorded by", "clip-on", "microphone", "clip-on"),
    ],
)
def test_how_it_was_held_is_folded_and_saved_like_the_rest(
    session: Session, label: str, given: str, name: str, kept: str
) -> None:
    before, form = session.notes, notes_form(session)
    assert folded(form).selected_index is None
    field(form, label).value = given
    assert session.notes.changed(source="", **{name: ""}) == before.changed(source="")
    assert getattr(session.notes, name) == kept
    assert "Saved." in state(form)
    assert f"{label}: {kept}" in notes_to_read(session).text
    field(form, label).value = ""
    assert getattr(session.notes, name) == ""


def test_what_holds_from_before_is_shown_and_not_written_again(session: Session) -> None:
    earlier = session.journal.sessions[0]
    earlier.save_notes(earlier.notes.changed(therapist="Dana", microphone="clip-on", setting="by the river"))
    file = session.file("notes.md")
    before = session.journal.store.read(file)
    form = notes_form(session, ways_before(session))
    assert field(form, "With whom").placeholder == "as before: Dana"
    assert field(form, "Recorded by").placeholder == "as before: clip-on"
    setting = field(form, "Setting")
    assert (setting.value, "river" in setting.placeholder) == ("", False)  # it is not said of this session
    assert setting.options == ("by the river", "room", "online", "phone")
    assert [field(form, label).value for label in ("With whom", "Recorded by")] == ["", ""]
    assert session.journal.store.read(file) == before


def test_showing_the_form_again_reads_no_other_sessions_notes(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "SETTLED", -60.0)  # what was copied just now may be relied on
    earlier, read = session.journal.sessions[0], Counter[str]()
    earlier.save_notes(earlier.notes.changed(therapist="Dana"))
    whole = type(session.journal.store).read

    def counted(store: Any, name: str) -> bytes:
        read[name] += 1
        return whole(store, name)

    monkeypatch.setattr(type(session.journal.store), "read", counted)
    others = [one.file("notes.md") for one in session.journal.sessions if one.name != session.name]
    page = SessionPage(session)
    page.notes()  # the first time on this computer, every session is looked at
    assert all(read[name] for name in others)
    read.clear()
    form = page.notes().things[-1]
    assert field(form, "With whom").placeholder == "as before: Dana"
    notes_form(session, ways_before(session))
    assert [name for name in others if read[name]] == []


def test_a_way_written_by_another_program_meanwhile_is_not_written_over(session: Session) -> None:
    form = notes_form(session)
    session.journal.store.write(session.file("notes.md"), b"---\nsetting: walking\n---\nBy hand.\n")
    field(form, "Setting").value = "online"
    assert session.notes.setting == "walking"
    assert "is safe in" in state(form) or "kept" in state(form)
