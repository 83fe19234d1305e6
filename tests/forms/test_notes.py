"""Forms: what is filled in is kept at once, and nothing anybody wrote is lost."""

from __future__ import annotations

from collections import Counter
from typing import Any

import ipywidgets as w
import pytest
from hypothesis import given, settings

from tests.turns.test_table import conversations
from therapy_review import Journal, Session
from therapy_review.analysis.analysis import analyse, rename
from therapy_review.analysis.external_turns import use_turns
from therapy_review.display.still import STILL
from therapy_review.forms.notes import CLIP, CLIPS, clips_to_ask_about, notes_form, notes_to_read, who_is_who
from therapy_review.pages.session import SessionPage
from therapy_review.player import Moment
from therapy_review.trends import cache
from therapy_review.trends.table import ways_before
from therapy_review.turns.edits import relabel
from therapy_review.turns.table import are_named, turns_table

NOTHING_SAID = turns_table()


@pytest.fixture
def session(heard: Journal) -> Session:
    return heard.session("2026-03-05")


def everything_in(widget: Any) -> list[Any]:
    return [widget, *(one for child in getattr(widget, "children", ()) for one in everything_in(child))]


def field(form: Any, label: str) -> Any:
    (found,) = [one for one in everything_in(form) if getattr(one, "description", "").startswith(label)]
    return found


def state(form: Any) -> str:
    return [one for one in everything_in(form) if isinstance(one, w.HTML)][-1].value


# Notes


@pytest.mark.parametrize(
    ("label", "given", "name", "kept"),
    [
        ("Mood when I came", "3", "mood_before", 3),
        ("Mood when I left", "not said", "mood_after", None),
        ("Words for my mood", " calm , tired,, calm", "tags", ("calm", "tired")),
        ("What I noticed", "I laughed.\n\nTwice.", "text", "\nI laughed.\n\nTwice.\n"),
        ("To bring next time", " The garden. ", "bring_next", "The garden."),
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
    field(form, "Mood when I came").value = "2"
    field(form, "Mood when I left").value = "8"
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
    assert "changed by another program" in state(form)
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
        field(form, "Words for my mood").value = "calm"
    assert "Not saved" in state(form)
    assert "free some space" in state(form)
    field(form, "To bring").value = "The garden."
    assert session.notes.tags == ("calm",)
    assert session.notes.bring_next == "The garden."


def test_a_session_without_notes_has_an_empty_form_that_makes_them(heard: Journal) -> None:
    session = heard.session("2026-01-08")
    heard.store.remove(session.file("notes.md"))
    form = notes_form(session)
    assert field(form, "Mood when I came").value == "not said"
    field(form, "Mood when I came").value = "5"
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


# Whose voice is whose


def test_every_clip_is_of_one_voice_alone_and_short() -> None:
    heard = turns_table([(0, 20, "voice_1"), (25, 29, "voice_2"), (28, 33, "voice_1"), (40, 44, "voice_2")])
    clips = clips_to_ask_about(heard, NOTHING_SAID)
    assert clips.to_numpy().tolist() == [[0, 6], [40, 44]]


@settings(max_examples=60)
@given(conversations(), conversations(("client",)))
def test_clips_are_few_clear_new_and_in_order_of_time(heard: Any, said: Any) -> None:
    clips = clips_to_ask_about(heard, said)
    assert len(clips) <= CLIPS
    assert clips["start"].is_monotonic_increasing
    for clip in clips.itertuples():
        assert CLIP[0] - 1e-6 <= clip.end - clip.start <= CLIP[1] + 1e-6
        assert ((heard["start"] < clip.end) & (heard["end"] > clip.start)).sum() == 1
        assert not ((said["start"] < clip.end) & (said["end"] > clip.start)).any()


def test_both_voices_are_asked_about_though_one_is_surer() -> None:
    rows = [(10 * i, 10 * i + 5, "voice_1", 0.9) for i in range(5)] + [(60, 65, "voice_2", 0.5)]
    clips = clips_to_ask_about(turns_table(rows), NOTHING_SAID)
    assert len(clips) == CLIPS
    assert clips["start"].iloc[-1] == 60


def test_one_answer_names_both_and_the_others_are_thanked_for(session: Session) -> None:
    session.journal.store.remove(session.file("corrections.csv"))
    rename(session)
    form = who_is_who(session)
    questions = [one for one in everything_in(form) if isinstance(one, Moment)]
    assert [one.why for one in questions] == ["Whose voice is this?"] * 3
    buttons = [one for one in everything_in(form) if isinstance(one, w.Button)]
    assert [one.description for one in buttons] == ["This is me", "Not me"] * 3
    buttons[1].click()
    assert session.corrections["speaker"].tolist() == ["therapist"]
    assert set(session.turns["speaker"]) == {"client", "therapist"}
    assert "Thank you" in state(form)
    assert [one.icon for one in buttons[:2]] == ["", "check"]
    assert "You have said which voice is yours" in who_is_who(session).children[0].value


def press(form: Any, name: str) -> None:
    next(one for one in everything_in(form) if isinstance(one, w.Button) and one.description == name).click()


def test_who_was_taken_for_one_another_change_places_and_back(session: Session) -> None:
    form, before = who_is_who(session), session.turns
    press(form, "It is the other way round")
    assert "changed places" in state(form)
    other = {"client": "therapist", "therapist": "client"}
    assert session.turns["speaker"].tolist() == [other[who] for who in before["speaker"]]
    press(form, "It is the other way round")
    assert session.turns["speaker"].tolist() == before["speaker"].tolist()


def test_answers_are_taken_back_and_asked_for_again_and_other_corrections_stay(session: Session) -> None:
    form = who_is_who(session)
    start, end = session.turns.query("speaker == 'client'").iloc[0][["start", "end"]]
    lines = relabel(session.turns, start, end, "therapist")
    session.correct(lines)
    rename(session)
    press(form, "It is the other way round")
    press(form, "Ask me again")
    assert "taken back" in state(form)
    assert len([one for one in everything_in(form) if isinstance(one, Moment)]) == 3
    assert session.corrections["start"].tolist() == [line.start for line in lines if line.was != "therapist"]
    assert set(session.corrections["speaker"]) == {"client"}
    assert not are_named(session.turns)


def test_names_that_turns_brought_along_can_change_places_but_are_not_asked_for(session: Session) -> None:
    session.journal.store.remove(session.file("corrections.csv"))
    use_turns(session, turns_table([(0, 4, "therapist"), (5, 9, "client")]), "pyannote")
    analyse(session)
    form = who_is_who(session)
    assert "brought in" in form.children[0].value
    assert [one.description for one in everything_in(form) if isinstance(one, w.Button)] == [
        "It is the other way round"
    ]
    press(form, "It is the other way round")
    assert session.turns["speaker"].tolist() == ["client", "therapist"]


def test_in_a_page_that_is_only_read_nothing_is_to_be_pressed(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STILL, "1")
    assert "You have said which voice is yours" in who_is_who(session).markup


def test_with_a_third_voice_each_is_asked_about_and_the_last_one_follows(session: Session) -> None:
    session.journal.store.remove(session.file("corrections.csv"))
    rename(session)
    # Somebody else comes in for the last minute: told by a table, as another program would bring it.
    heard = session.turns
    last = heard["start"] > heard["end"].max() - 60
    use_turns(session, heard.assign(speaker=heard["speaker"].where(~last, "voice_3")), "by hand")
    analyse(session)
    form = who_is_who(session)
    buttons = [one for one in everything_in(form) if isinstance(one, w.Button)]
    assert [one.description for one in buttons] == ["This is me", "My therapist", "Somebody else"] * 3
    buttons[0].click()
    assert "the other voices too" in state(form)
    assert not are_named(session.turns)
    buttons[4].click()
    assert set(session.turns["speaker"]) == {"client", "therapist", "other"}
    assert "Thank you" in state(form)


def test_with_a_third_person_in_the_room_the_therapist_is_asked_for_by_name(session: Session) -> None:
    session.journal.store.remove(session.file("corrections.csv"))
    session.save_notes(session.notes.changed(participants=("client", "therapist", "Sam")))
    rename(session)
    form = who_is_who(session)
    [one for one in everything_in(form) if isinstance(one, w.Button)][2].click()
    assert session.corrections["speaker"].tolist() == ["other"]
    assert "therapist" not in set(session.turns["speaker"])


def test_an_answer_that_cannot_be_kept_is_said_and_the_form_stays(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.journal.store.remove(session.file("corrections.csv"))
    rename(session)
    form = who_is_who(session)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    next(one for one in everything_in(form) if isinstance(one, w.Button)).click()
    assert "free some space" in state(form)


def test_where_nobody_speaks_long_enough_nothing_is_asked(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "turns", turns_table([(0, 1, "voice_1"), (2, 3, "voice_2")]))
    assert "long enough" in who_is_who(session).markup


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
