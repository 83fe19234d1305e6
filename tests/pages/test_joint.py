"""Together: nothing of the client's is on the page until they opened it, and nothing is left when they stop."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import ipywidgets as w
import pytest

from tests.conftest import ROOT, root_of
from therapy_review import Journal, create_journal, open_journal
from therapy_review.consent import agreements_file
from therapy_review.display.parts import IS_OFF, NothingToShow, Shutter
from therapy_review.display.still import STILL, Still
from therapy_review.journal.marks import Mark
from therapy_review.journal.shared_notes import add
from therapy_review.pages.joint import QUESTIONS, STOPPED, Together, together
from therapy_review.pages.visibility import BRING, FIGURES, MARKS, NOTES, SOUND, Opened, remember, remembered
from therapy_review.player import Moment, Player

NEWEST = "2026-03-05"
NOTEBOOK = json.loads((ROOT / "notebooks/together.ipynb").read_text(encoding="utf-8"))
PARTS = [
    "opening",
    "what_is_opened",
    "agenda",
    "moods",
    "mood_tags",
    "scores",
    "talking",
    "silences",
    "proud",
    "sessions",
    "notes",
    "stop",
]
# Words the client wrote in the notes: a mood word, the free text, what to bring, a mark's label.
PRIVATE = ("tender", "on guard", "Listened to January", "be allowed not to ask", "for me alone")


class Screen(Together):
    """What both see: every part of the page, as it stands now."""

    def __init__(self, journal: Journal, sound: str = "on") -> None:
        super().__init__(journal, journal.session(NEWEST), sound)
        self.parts = {name: getattr(self, name)() for name in PARTS}

    def words(self, *names: str) -> str:
        return "\n".join(_words(self.parts[name]) for name in names or PARTS)

    def find(self, kind: type, named: str = "") -> list[Any]:
        found = [one for part in self.parts.values() for one in _widgets(part) if isinstance(one, kind)]
        return [one for one in found if not named or named in str(getattr(one, "description", ""))]

    def press(self, named: str) -> None:
        self.find(w.Button, named)[0].click()

    def open(self, **what: Any) -> None:
        self._open(Opened(**what))


def _shown(part: Any) -> Any:
    return part._shown if isinstance(part, Shutter) else part


def _widgets(part: Any) -> list[Any]:
    thing = _shown(part)
    if not isinstance(thing, w.Widget):
        return []
    return [thing, *(one for child in getattr(thing, "children", ()) for one in _widgets(child))]


def _words(part: Any) -> str:
    thing = _shown(part)
    if isinstance(thing, Still):
        return f"{thing.markup} {thing.text}"
    said = []
    for one in _widgets(part):
        said += [str(getattr(one, name, "")) for name in ("value", "description", "options", "placeholder")]
        if isinstance(one, Player):
            said.append(str(one._desk.answer({"kind": "open"})))
            said.append(one.still().markup)
    return "\n".join(said)


def shown(screen: Screen) -> Screen:
    for part in screen.parts.values():
        if isinstance(part, Shutter):
            part._ipython_display_()
    return screen


@pytest.fixture
def screen(heard: Journal, monkeypatch: pytest.MonkeyPatch) -> Screen:
    import IPython.display

    monkeypatch.setattr(IPython.display, "display", lambda *_, **__: None)
    heard.session(NEWEST).add_mark(Mark(60, float("nan"), "proud moment", "for me alone"))
    return shown(Screen(heard))


def everything(journal: Journal) -> dict[str, Any]:
    parts = frozenset({FIGURES, SOUND, MARKS, NOTES, BRING})
    tags = frozenset(tag for session in journal.sessions for tag in session.notes.tags)
    return {
        "tags": tags,
        "scales": frozenset({"phq9"}),
        "sessions": {session.name: parts for session in journal.sessions},
    }


def test_at_first_there_are_questions_and_nothing_of_the_clients(screen: Screen) -> None:
    said = screen.words()
    assert all(question in said for question in QUESTIONS.values())
    assert not [word for word in PRIVATE if word in said]
    assert not [session.name for session in screen.journal.sessions if session.name in said]


def test_what_was_opened_the_last_time_is_offered_by_number_and_opens_nothing(
    heard: Journal, monkeypatch: pytest.MonkeyPatch, screen: Screen
) -> None:
    remember(heard, Opened(frozenset({"tender"}), sessions={NEWEST: frozenset({FIGURES})}))
    again = Screen(heard)
    again.parts["what_is_opened"]._ipython_display_()
    assert "As last time (1 word, 0 questionnaires, 1 session)" in again.words("what_is_opened")
    assert "tender" not in again.words()
    assert again.opened == Opened()
    again.press("As last time")
    assert again.opened.tags == {"tender"}


def test_the_list_is_there_only_while_the_client_chooses(screen: Screen) -> None:
    screen.press("Choose what")
    assert "tender" in screen.words("what_is_opened")
    (box,) = screen.find(w.Checkbox, "tender")
    assert not any(one.value for one in screen.find(w.Checkbox))
    box.value = True
    screen.press("Open these")
    assert "tender" not in screen.words("what_is_opened")
    assert remembered(screen.journal) == Opened(frozenset({"tender"}))
    assert screen.opened == Opened(frozenset({"tender"}))


def test_earlier_sessions_are_listed_when_they_are_asked_for(screen: Screen) -> None:
    screen.press("Choose what")
    assert len(screen.find(w.Checkbox, "my notes")) == 6
    screen.press("Earlier sessions")
    assert len(screen.find(w.Checkbox, "my notes")) == len(screen.journal.sessions)


def test_a_word_is_seen_only_where_it_and_the_session_are_opened(screen: Screen) -> None:
    screen.open(tags=frozenset({"tender"}))
    assert "tender" not in screen.words("mood_tags")
    screen.open(sessions={NEWEST: frozenset({FIGURES})})
    assert "tender" not in screen.words("mood_tags")
    screen.open(tags=frozenset({"tender"}), sessions={NEWEST: frozenset({FIGURES})})
    assert "tender 1" in screen.words("mood_tags")
    assert "hopeful" not in screen.words()


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (NOTES, "Listened to January"),
        pytest.param(BRING, "be allowed not to ask", marks=pytest.mark.slow),
        pytest.param(MARKS, "for me alone", marks=pytest.mark.slow),
    ],
)
def test_each_part_of_a_session_is_seen_only_when_it_is_opened(screen: Screen, part: str, words: str) -> None:
    others = frozenset({FIGURES, SOUND, NOTES, BRING, MARKS}) - {part}
    for parts, there in ((others, False), (others | {part}, True)):
        screen.open(sessions={NEWEST: parts})
        screen.find(w.Dropdown, "Session")[0].value = NEWEST
        assert (words in screen.words()) == there


def test_a_session_whose_sound_is_not_opened_has_no_player(screen: Screen) -> None:
    screen.open(sessions={NEWEST: frozenset({FIGURES})})
    screen.find(w.Dropdown, "Session")[0].value = NEWEST
    assert screen.find(Player) == []
    assert "Map of" in screen.words("sessions")
    screen.open(sessions={NEWEST: frozenset({SOUND})})
    screen.find(w.Dropdown, "Session")[0].value = NEWEST
    assert len(screen.find(Player)) == 1
    assert "Map of" not in "".join(one.value for one in screen.find(w.HTML))


def test_before_any_sound_it_is_asked_whether_listening_together_was_agreed_to(screen: Screen) -> None:
    store = screen.journal.store
    store.write("agreements.toml", store.read("agreements.toml").replace(b'"review_together", ', b""))
    screen.open(**everything(screen.journal))
    screen.find(w.Dropdown, "Session")[0].value = NEWEST
    assert screen.find(Player) == []
    assert "for listening together" in screen.words("sessions")


def without(use: bytes) -> Callable[[bytes, str], bytes]:
    return lambda data, _today: data.replace(b'"%s", ' % use, b"")


def taken_back(who: str, use: str = "") -> Callable[[bytes, str], bytes]:
    return lambda data, today: agreements_file.take_back(data, who, use, on=dt.date.fromisoformat(today))


def ended(data: bytes, today: str) -> bytes:
    before = dt.date.fromisoformat(today) - dt.timedelta(days=1)
    return data.replace(b"from = 2026-01-08", f"from = 2026-01-08\nuntil = {before}".encode(), 1)


# A page is drawn for each: what is nearest to an agreement in force in the fast tests, every one in the slow.
AGREED = [
    pytest.param(lambda *_: b"", False, id="nothing was ever agreed to", marks=pytest.mark.slow),
    pytest.param(without(b"review_together"), False, id="agreed to other uses alone", marks=pytest.mark.slow),
    pytest.param(taken_back("therapist", "review_together"), False, id="taken back by the therapist"),
    pytest.param(taken_back("client"), False, id="all taken back by the client", marks=pytest.mark.slow),
    pytest.param(ended, False, id="ended yesterday", marks=pytest.mark.slow),
    pytest.param(
        taken_back("therapist", "report"), True, id="something else was taken back", marks=pytest.mark.slow
    ),
    pytest.param(without(b"self_review"), True, id="in force for this alone"),
    pytest.param(lambda data, _: data, True, id="in force", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("change", "is_shown"), AGREED)
def test_what_came_of_a_recording_is_there_only_with_an_agreement_to_listen_together(
    screen: Screen, change: Callable[[bytes, str], bytes], is_shown: bool
) -> None:
    screen.open(**everything(screen.journal))
    assert "Robin's part" in screen.words("talking")
    store = screen.journal.store
    store.write("agreements.toml", change(store.read("agreements.toml"), str(screen.journal.today())))
    screen.open(**everything(screen.journal))
    screen.find(w.Dropdown, "Session")[0].value = NEWEST
    assert ("Robin's part" in screen.words("talking")) == is_shown
    assert ("middle session" in screen.words("silences")) == is_shown
    assert ("Map of" in screen.words("sessions")) == is_shown
    assert bool(screen.find(Player)) == is_shown
    said = "for listening together"
    assert [said in screen.words(part) for part in ("talking", "silences")] == [not is_shown] * 2
    assert ("no agreement" in screen.words("sessions")) == (not is_shown)
    # What the client wrote rests on no sound.
    assert "middle session" in screen.words("moods")
    assert "tender 2" in screen.words("mood_tags")


def test_turns_of_a_recording_that_lies_elsewhere_are_asked_for_too(screen: Screen) -> None:
    store, session = screen.journal.store, screen.session
    store.remove(session.recording_file())
    made = {**session.made_from(), "inputs": session.inputs()}
    store.write(session.file("derived/made_from.json"), json.dumps(made).encode())
    screen.open(sessions={NEWEST: frozenset({FIGURES})})
    screen.find(w.Dropdown, "Session")[0].value = NEWEST
    assert "Robin's part" in screen.words("talking")
    assert "Map of" in screen.words("sessions")
    store.write("agreements.toml", b"")
    screen.open(sessions={NEWEST: frozenset({FIGURES})})
    screen.find(w.Dropdown, "Session")[0].value = NEWEST
    assert "Robin's part" not in screen.words("talking")
    assert "recording of 1 session" in screen.words("talking")
    assert "Map of" not in screen.words("sessions")


def test_both_write_under_their_own_names(screen: Screen) -> None:
    screen.open(**everything(screen.journal))
    screen.find(w.Dropdown, "Session")[0].value = NEWEST
    first, second = screen.find(w.ToggleButtons)
    second.value = "therapist"
    assert first.value == "therapist"
    (field,) = screen.find(w.Textarea)
    field.value = "The blanket."
    screen.press("as a note")
    first.value = "client"
    field.value = "The grave."
    screen.press("for next time")
    said = screen.words("notes")
    assert "<strong>Daniel</strong>: The blanket." in said
    assert "<strong>Robin</strong> (next time): The grave." in said
    (player,) = screen.find(Player)
    first.value = "therapist"
    player._desk.answer({"kind": "mark", "mark": {"start": 5, "kind": "question"}})
    assert screen.session.marks["by"].tolist() == ["", "Daniel"]


def test_what_was_put_down_for_next_time_is_on_the_agenda_then(screen: Screen) -> None:
    (field,) = screen.find(w.Textarea)
    field.value = "The grave."
    screen.press("for next time")
    assert "The grave." in Screen(screen.journal)._agenda()


def later(journal: Journal, therapist: str = "Dana") -> Screen:
    """The page of the same journal after its therapist changed, shown."""
    text = (root_of(journal) / "journal.toml").read_text()
    old = f'therapist = "{journal.therapist}"'
    (root_of(journal) / "journal.toml").write_text(text.replace(old, f'therapist = "{therapist}"'))
    return shown(Screen(open_journal(root_of(journal))))


def test_what_was_written_with_another_therapist_is_seen_only_when_opened_and_under_their_name(
    screen: Screen,
) -> None:
    add(screen.session, "therapist", "About the grave.", "next")
    add(screen.session, "client", "He frightens me.", "next")
    add(screen.session, "therapist", "The blanket.")
    private = ("About the grave.", "He frightens me.", "The blanket.", "Daniel")
    new = later(screen.journal)
    new.open(**everything(new.journal))
    assert not [words for words in private if words in new.words("agenda", "notes")]
    new.find(w.Textarea)[0].value = "Half a thought"
    new.press("Choose what")
    assert "with somebody else" in new.words("what_is_opened")
    new.find(w.Checkbox, "Daniel")[0].value = True
    new.press("Open these")
    assert "About the grave. <small>(Daniel, beside Thursday 5 March 2026)</small>" in new.words("agenda")
    assert "He frightens me. <small>(Robin, beside" in new.words("agenda")
    assert "<strong>Daniel</strong>: The blanket." in new.words("notes")
    assert new.find(w.Textarea)[0].value == "Half a thought"
    assert remembered(new.journal).therapists == {"Daniel"}
    assert "with somebody else" in new.words("what_is_opened")
    new.press("Nothing today")
    assert not [words for words in private if words in new.words("agenda", "notes")]


def test_notes_from_before_names_were_kept_are_nobodys_until_opened(screen: Screen) -> None:
    text = b"when,by,kind,text\n2026-03-05,therapist,next,The grave.\n2026-03-05,therapist,note,The boat.\n"
    screen.journal.store.write(f"sessions/{NEWEST}/together.csv", text)
    screen.open()
    assert not [words for words in ("The grave.", "The boat.") if words in screen.words("agenda", "notes")]
    screen.open(therapists=frozenset({""}))
    assert "The grave. <small>(the therapist then, beside" in screen.words("agenda")
    assert "<strong>the therapist then</strong>: The boat." in screen.words("notes")
    assert "Daniel" not in screen.words("agenda")


def test_a_mark_of_another_therapist_is_in_view_only_when_the_marks_are_opened(screen: Screen) -> None:
    screen.session.add_mark(Mark(30, float("nan"), "question", "with Daniel", by="Daniel"))
    screen.open(sessions={NEWEST: frozenset({SOUND})})
    screen.find(w.Dropdown, "Session")[0].value = NEWEST
    assert "with Daniel" in screen.words("sessions")
    new = later(screen.journal)
    for parts, there in (({SOUND}, False), ({SOUND, MARKS}, True)):
        new.open(sessions={NEWEST: frozenset(parts)})
        new.find(w.Dropdown, "Session")[0].value = NEWEST
        assert ("with Daniel" in new.words("sessions")) == there


def test_words_of_the_notes_head_are_seen_only_when_the_notes_are_opened(screen: Screen) -> None:
    store, name = screen.journal.store, screen.session.file("notes.md")
    head = b"---\nsetting: at the hospice\nmicrophone: hidden in a sock\n"
    store.write(name, store.read(name).replace(b"---\n", head, 1))
    every = {session.name: frozenset({FIGURES, SOUND, MARKS, BRING}) for session in screen.journal.sessions}
    tags = everything(screen.journal)["tags"]
    screen.open(tags=tags, scales=frozenset({"phq9"}), sessions=every)
    screen.find(w.Dropdown, "Session")[0].value = NEWEST
    assert "in another way" in screen.words("moods")
    assert not [words for words in ("hospice", "sock") if words in screen.words()]
    screen.open(tags=tags, sessions={**every, NEWEST: every[NEWEST] | {NOTES}})
    assert "at the hospice" in screen.words("moods")


def test_with_the_sound_off_nothing_that_could_play_is_made_and_everything_else_is_there(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in (Player, Moment):
        monkeypatch.setattr(
            kind, "__init__", lambda *_, **__: pytest.fail("something that could play was made")
        )
    quiet = shown(Screen(screen.journal, "off"))
    assert IS_OFF in quiet.words("opening")
    quiet.open(**everything(quiet.journal))
    quiet.find(w.Dropdown, "Session")[0].value = NEWEST
    assert IS_OFF in quiet.words("sessions")
    assert all(question in quiet.words() for question in QUESTIONS.values())
    assert not [word for word in PRIVATE if word not in quiet.words()]
    assert "<strong>1:00</strong> Robin, proud moment: for me alone" in quiet.words("sessions")
    assert "Map of" in quiet.words("sessions")
    assert "Robin's part" in quiet.words("talking")
    quiet.find(w.Textarea)[0].value = "The blanket."
    quiet.press("as a note")
    assert "The blanket." in quiet.words("notes")
    quiet.open(sessions={NEWEST: frozenset({FIGURES, SOUND})})
    quiet.find(w.Dropdown, "Session")[0].value = NEWEST
    assert "for me alone" not in quiet.words()
    quiet.press("We stop here")
    assert quiet.words("sessions", "notes").replace("<p></p>", "").strip() == ""


def test_with_the_sound_off_times_in_a_recording_are_told_only_with_an_agreement(screen: Screen) -> None:
    screen.journal.store.remove(agreements_file.FILE)
    quiet = shown(Screen(screen.journal, "off"))
    quiet.open(sessions={NEWEST: frozenset({FIGURES, SOUND, MARKS})})
    quiet.find(w.Dropdown, "Session")[0].value = NEWEST
    assert "for me alone" not in quiet.words("sessions")
    assert "Map of" not in quiet.words("sessions")
    assert quiet.words("sessions").count("no agreement") == 1


def test_the_notebook_is_quiet_when_its_parameter_says_so(screen: Screen) -> None:
    first, second = (cell["source"] for cell in NOTEBOOK["cells"][:2])
    assert 'sound = "on"' in first
    names: dict[str, Any] = {"journal": root_of(screen.journal), "session": "", "sound": "off"}
    exec("".join(second), names)
    assert not names["page"].is_heard


def test_stopping_is_silence_at_once_and_leaves_nothing_on_the_page(screen: Screen) -> None:
    screen.open(**everything(screen.journal))
    screen.find(w.Dropdown, "Session")[0].value = NEWEST
    (player,) = screen.find(Player)
    sent: list[dict[str, Any]] = []
    player.send = lambda content, buffers=None: sent.append(content)  # type: ignore[method-assign]
    there = [one for name in PARTS if name != "stop" for one in _widgets(screen.parts[name])]
    screen.press("We stop here")
    assert {"kind": "locked"} in sent
    assert player._desk.answer({"kind": "sound", "from": 0}) == ({"kind": "locked", "ticket": None}, [])
    assert all(one.comm is None for one in there)
    said = screen.words(*(name for name in PARTS if name not in ("opening", "stop")))
    assert said.replace("<p></p>", "").strip() == ""
    assert STOPPED in screen.words("stop")
    assert screen.opened == Opened()


def test_words_not_kept_yet_are_kept_when_they_stop(screen: Screen) -> None:
    screen.find(w.Textarea)[0].value = "Half a thought"
    screen.press("We stop here")
    text = (root_of(screen.journal) / f"sessions/{NEWEST}/together.csv").read_text()
    assert "Half a thought" in text


def test_words_that_cannot_be_kept_stay_in_view_when_they_stop(screen: Screen) -> None:
    screen.journal.store.write(f"sessions/{NEWEST}/together.csv", b"text\nharmed\n")
    screen.find(w.Textarea)[0].value = "Half a thought"
    screen.press("We stop here")
    assert screen.find(w.Textarea)[0].value == "Half a thought"
    assert "Not kept" in screen.words("notes")
    assert screen.words("agenda", "moods", "sessions").replace("<p></p>", "").strip() == ""


def test_opening_something_else_closes_the_player_and_keeps_words_being_written(screen: Screen) -> None:
    screen.open(**everything(screen.journal))
    screen.find(w.Dropdown, "Session")[0].value = NEWEST
    (player,) = screen.find(Player)
    screen.find(w.Textarea)[0].value = "Half a thought"
    screen.open(sessions={NEWEST: frozenset({FIGURES})})
    assert player._desk.is_locked
    assert screen.find(Player) == []
    assert screen.find(w.Textarea)[0].value == "Half a thought"


def test_pictures_name_the_client_and_not_you(screen: Screen) -> None:
    screen.open(**everything(screen.journal))
    assert "Robin's part" in screen.words("talking")


def test_a_notebook_that_is_only_read_holds_questions_and_nothing_else(
    heard: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STILL, "1")
    remember(heard, Opened(**everything(heard)))
    page = together(root_of(heard))
    said = ""
    for name in PARTS:
        part = getattr(page, name)()
        with contextlib.suppress(AttributeError):
            part = part._draw()
        said += f"{part.markup} {part.text}"
    assert not [word for word in PRIVATE if word in said]
    assert QUESTIONS["silences"] in said


def test_a_journal_without_sessions_says_so(tmp_path: Any) -> None:
    create_journal(tmp_path / "new", client="Robin", therapist="Daniel")
    page = together(tmp_path / "new")
    assert isinstance(page, NothingToShow)
    assert "no session" in page.opening().markup


def test_a_damaged_choice_of_the_last_time_is_said_and_opens_nothing(screen: Screen) -> None:
    screen.journal.store.write("opened.toml", b"[[")
    again = Screen(screen.journal)
    again.parts["what_is_opened"]._ipython_display_()
    assert "nothing is opened" in again.words("what_is_opened")
    assert again.opened == Opened()
