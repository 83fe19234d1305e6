"""Desk: what a player's page asks for, it gets; what the client says is on disk before the answer leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.conftest import decoded, root_of
from tests.support.meanwhile import after, before
from therapy_review import Journal, Session, open_journal
from therapy_review.analysis.review import CHANGED_TOO
from therapy_review.analysis.similar import COLUMNS
from therapy_review.journal.corrections import Correction
from therapy_review.journal.marks import Mark
from therapy_review.player import desk
from therapy_review.player.desk import (
    CHANGED_ELSEWHERE,
    LOCK_AFTER,
    NOTHING_TO_UNDO,
    Desk,
    Listeners,
    as_mark,
    as_sent,
    waveform,
)
from therapy_review.sound.opus import head
from therapy_review.turns.table import floor_turns

HERE = {"start": 62.5, "end": None, "kind": "bookmark", "label": "the boat", "text": ""}
THERE = {"start": 90.0, "end": 95.0, "kind": "question", "label": "", "text": "Why “then”?\nAnd now?"}
TRIGGER = {"start": 100.0, "end": 110.0, "kind": "trigger", "label": "", "text": ""}


class Page:
    """Asks as a page does, and gives what comes back as it would arrive there."""

    def __init__(self, session: Session) -> None:
        self.session, self.desk = session, Desk(session)
        self.buffers: list[bytes] = []

    def ask(self, kind: str, **more: object) -> dict[str, Any]:
        answer = self.desk.answer({"kind": kind, **more})
        assert answer is not None
        self.buffers = answer[1]
        told: dict[str, Any] = json.loads(json.dumps(answer[0], allow_nan=False))
        return told

    def file(self, name: str) -> bytes:
        store = self.session.journal.store
        return store.read(self.session.file(name)) if store.exists(self.session.file(name)) else b""


@pytest.fixture
def page(heard: Journal) -> Page:
    return Page(heard.session("2026-03-05"))


def spoken_at(page: Page, time: float) -> set[str]:
    turns = page.session.turns
    return set(turns.loc[(turns["start"] <= time) & (turns["end"] > time), "speaker"])


def a_turn(page: Page, speaker: str, at_least: float = 2.0) -> tuple[float, float]:
    """A stretch of one voice alone."""
    turns = page.session.turns
    for start, end, who in zip(turns["start"], turns["end"], turns["speaker"], strict=True):
        around = turns[(turns["start"] < end) & (turns["end"] > start)]
        if who == speaker and end - start >= at_least and len(around) == 1 and start > 40:
            return start, end
    pytest.fail("nobody speaks that long")


# The picture.


def test_a_page_that_opens_gets_all_it_draws_and_the_head_of_the_sound(page: Page) -> None:
    told = page.ask("open", ticket=4)
    assert (told["kind"], told["ticket"], told["lock_after"]) == ("session", 4, LOCK_AFTER)
    assert told["title"] == "Thursday 5 March 2026"
    assert told["people"] == [
        {"role": "client", "name": "you"},
        {"role": "therapist", "name": "therapist"},
    ]
    assert told["named"]
    assert not told["can_undo"]
    assert page.buffers[0] == head()
    assert len(page.buffers[1]) == pytest.approx(32 * told["duration"], abs=32)
    assert len(json.dumps(told)) < 10_000  # four minutes


def test_what_is_drawn_is_who_spoke_when(page: Page) -> None:
    told, turns = page.ask("open"), page.session.turns
    roles = [person["role"] for person in told["people"]]
    drawn = [(start, end, roles[int(lane)]) for start, end, lane in told["stretches"]]
    expected = turns[["start", "end", "speaker"]].itertuples(index=False)
    assert drawn == [(pytest.approx(a), pytest.approx(b), who) for a, b, who in expected]
    long = [row for row in told["turns"] if not row[2]]
    assert len(long) == len(floor_turns(turns))
    assert told["turns"] == sorted(told["turns"], key=lambda row: row[:2])


def test_words_somebody_wrote_down_are_drawn_and_damaged_ones_do_not_close_the_player(page: Page) -> None:
    store, name = page.session.journal.store, page.session.file("transcript.vtt")
    store.write(name, b"WEBVTT\n\n00:01.500 --> 00:04.000\n<v Robin>I went home.\n")
    assert page.ask("open")["lines"] == [[1.5, 4.0, "I went home."]]
    store.write(name, b"no transcript")
    assert page.ask("open")["lines"] == []


def test_the_waveform_reaches_as_far_as_the_sound_does() -> None:
    high = np.repeat([0.0, 0.02, 0.5], 400)
    drawn = np.frombuffer(waveform(np.column_stack([-high, high / 2]).astype(np.float32)), np.uint8)
    assert (drawn[:400] == 0).all()
    assert (drawn[800:] == 127).all()
    assert 10 < drawn[600] < 60
    assert waveform(np.zeros((0, 2), np.float32)) == b""
    assert waveform(np.zeros((9, 2), np.float32)) == bytes(9)


@pytest.mark.parametrize("sent", [HERE, THERE, TRIGGER])
def test_a_mark_comes_back_from_a_page_as_it_went(sent: dict[str, Any]) -> None:
    assert as_sent(as_mark(sent)) == sent


@pytest.mark.parametrize("kind", ["", "something", "close", None, "peaks", 3])
def test_what_is_not_known_gets_no_answer(page: Page, kind: object) -> None:
    assert page.desk.answer({"kind": kind, "ticket": 1}) is None
    assert page.desk.answer({}) is None


# Sound.


def test_sound_comes_with_the_ticket_it_was_asked_for_with(page: Page) -> None:
    told = page.ask("sound", **{"from": 60.0, "ticket": 11})
    assert (told["kind"], told["ticket"]) == ("sound", 11)
    assert told["at"][0] <= 60.0 < told["until"]
    assert len(decoded(page.buffers[0])) > 4 * 48_000


def test_one_voice_alone_can_be_asked_for(page: Page) -> None:
    told = page.ask("sound", **{"from": 60.0, "voice": "therapist"})
    turns = page.session.turns
    own = turns[turns["speaker"] == "therapist"]
    assert len(told["at"]) > 1
    for at in told["at"][1:]:
        assert (own["start"] - at).abs().min() < 0.15


def test_a_closed_stretch_is_heard_once_when_the_client_says_so_and_closed_in_a_page_that_opens(
    page: Page,
) -> None:
    page.ask("mark", mark=TRIGGER)
    assert page.ask("open")["closed"] == [[98.0, 110.0]]
    assert page.ask("sound", **{"from": 100.0})["at"][0] >= 110.0
    assert page.ask("hear_closed", at=98.01)["closed"] == []
    assert page.ask("sound", **{"from": 100.0})["at"][0] <= 100.0
    assert page.ask("mark", mark=HERE)["closed"] == []  # a mark put meanwhile closes nothing
    assert page.ask("unmark", mark=HERE)["closed"] == []
    assert page.ask("undo")["closed"] == []
    assert page.ask("open")["closed"] == [[98.0, 110.0]]
    assert page.ask("sound", **{"from": 100.0})["at"][0] >= 110.0


# Marks.


def test_a_mark_is_on_disk_before_the_answer_leaves(page: Page) -> None:
    told = page.ask("mark", mark=HERE, before=HERE, ticket=2)
    assert page.file("marks.csv") == b"start,end,kind,label,text\n62.5,,bookmark,the boat,\n"
    assert (told["kind"], told["kept"], told["marks"], told["ticket"]) == ("marks", HERE, [HERE], 2)


def test_a_mark_sent_twice_is_kept_once(page: Page) -> None:
    for _ in range(3):
        told = page.ask("mark", mark=HERE, before=HERE)
    assert told["marks"] == [HERE]
    assert len(page.session.marks) == 1


def test_words_that_change_take_the_place_of_those_before(page: Page) -> None:
    page.ask("mark", mark=HERE, before=HERE)
    page.ask("mark", mark=THERE, before=THERE)
    later = {**HERE, "label": "the boat again", "end": 70.0}
    for _ in range(2):
        told = page.ask("mark", mark=later, before=HERE)
    assert told["marks"] == [later, THERE]
    assert page.session.marks["label"].tolist() == ["the boat again", ""]


def test_a_mark_is_taken_away(page: Page) -> None:
    page.session.add_mark(Mark(12, 13, "proud moment"))
    page.ask("mark", mark=HERE, before=HERE)
    assert [mark["start"] for mark in page.ask("unmark", mark=HERE)["marks"]] == [12.0]
    assert [mark["start"] for mark in page.ask("unmark", mark=HERE)["marks"]] == [12.0]
    assert page.session.marks["start"].tolist() == [12.0]


def test_marks_are_told_in_order_of_time(page: Page) -> None:
    page.ask("mark", mark=THERE)
    assert [mark["start"] for mark in page.ask("mark", mark=HERE)["marks"]] == [62.5, 90.0]


# Who spoke when.


def test_a_turn_is_given_to_somebody_else_and_taken_back(page: Page) -> None:
    (start, end), before = a_turn(page, "therapist"), page.session.turns
    file = page.file("corrections.csv")
    told = page.ask("relabel", start=start, end=end, speaker="client", was="therapist", ticket=9)
    assert (told["kind"], told["sentence"], told["can_undo"], told["ticket"]) == ("session", "Kept.", True, 9)
    assert spoken_at(page, (start + end) / 2) == {"client"}
    assert len(page.file("corrections.csv")) > len(file)
    told = page.ask("undo")
    assert (told["sentence"], told["can_undo"]) == ("Taken back.", False)
    pd.testing.assert_frame_equal(page.session.turns, before)


def test_a_turn_put_right_by_hand_offers_the_others_that_sound_like_it(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    (start, end), (a, b) = a_turn(page, "therapist"), a_turn(page, "client")
    one = pd.DataFrame([(a, b, "client", "other", 0.1)], columns=COLUMNS)
    monkeypatch.setattr("therapy_review.analysis.review.alike", lambda *_: one)
    before = page.session.turns
    told = page.ask("relabel", start=start, end=end, speaker="other", was="therapist")
    assert told["changed"] == [start, end]
    once = page.session.turns
    step = page.ask("alike", start=start, end=end)["step"]
    assert (step["kind"], step["alike"], step["spans"]) == ("offer", 1, [[a, b]])
    pd.testing.assert_frame_equal(page.session.turns, once)
    assert page.ask("listen", act="leave", step="offer", number=0)["step"]["kind"] == "nothing"
    pd.testing.assert_frame_equal(page.session.turns, once)
    page.ask("alike", start=start, end=end)
    told = page.ask("listen", act="change", step="offer", number=0)
    assert told["step"]["sentence"] == CHANGED_TOO
    assert spoken_at(page, (a + b) / 2) == {"other"}
    page.ask("undo")
    pd.testing.assert_frame_equal(page.session.turns, once)
    page.ask("alike", start=start, end=end)
    assert page.ask("undo")["step"]["kind"] == "nothing"
    pd.testing.assert_frame_equal(page.session.turns, before)


def test_a_turn_that_is_confirmed_or_sounds_like_no_other_offers_nothing(page: Page) -> None:
    start, end = a_turn(page, "therapist")
    assert "changed" not in page.ask("relabel", start=start, end=end, speaker="therapist", was="therapist")
    assert page.ask("alike", start=start, end=end)["step"]["kind"] == "nothing"


def test_a_turn_is_split_and_two_are_made_one(page: Page) -> None:
    start, end = a_turn(page, "client")
    middle = (start + end) / 2
    assert page.ask("split", at=middle, then="therapist")["sentence"] == "Kept as two."
    assert spoken_at(page, start + 0.1) == {"client"}
    assert spoken_at(page, end - 0.1) == {"therapist"}
    assert page.ask("merge", at=start + 0.1)["sentence"] == "Kept as one."
    assert spoken_at(page, end - 0.1) == {"client"}
    assert page.ask("undo")["can_undo"]
    assert spoken_at(page, end - 0.1) == {"therapist"}


def test_where_nobody_is_heard_nothing_is_changed_and_it_is_said(page: Page) -> None:
    file = page.file("corrections.csv")
    start, end = page.ask("open")["silences"][0]
    told = page.ask("relabel", start=start + 0.1, end=end - 0.1, speaker="client", was="therapist")
    assert told["sentence"].startswith("Nobody is heard")
    assert not told["can_undo"]
    told = page.ask("split", at=(start + end) / 2, then="client")
    assert told["kind"] == "sorry"
    assert "Nobody is heard" in told["sentence"]
    assert page.file("corrections.csv") == file


def test_only_what_was_said_here_is_taken_back_here(page: Page) -> None:
    (start, end), file = a_turn(page, "client"), page.file("corrections.csv")
    assert file
    page.ask("relabel", start=start, end=end, speaker="nobody", was="client")
    page.ask("undo")
    kept = page.session.corrections
    for _ in range(3):
        assert page.ask("undo")["sentence"] == NOTHING_TO_UNDO
        pd.testing.assert_frame_equal(page.session.corrections, kept)
    assert len(kept) == file.count(b"\n") - 1
    other = Page(page.session)
    page.ask("relabel", start=start, end=end, speaker="nobody", was="client")
    assert other.ask("undo")["sentence"] == NOTHING_TO_UNDO
    assert page.ask("undo")["sentence"] == "Taken back."


def test_an_answer_and_a_correction_are_taken_back_the_last_one_first(page: Page) -> None:
    before = page.session.corrections
    step = page.ask("listen", act="begin")["step"]
    page.ask("listen", act="answer", who="nobody", step="question", number=step["number"])
    answered = page.session.corrections
    start, end = a_turn(page, "client", 3.0)
    page.ask("relabel", start=start, end=end, speaker="other", was="client")
    assert page.ask("undo")["sentence"] == "Taken back."
    pd.testing.assert_frame_equal(page.session.corrections, answered)
    assert len(answered) > len(before)


def test_corrections_and_answers_are_all_taken_back_in_their_order(page: Page) -> None:
    before, (start, end) = page.session.corrections, a_turn(page, "client", 3.0)
    page.ask("relabel", start=start, end=end, speaker="other", was="client")
    step = page.ask("listen", act="begin")["step"]
    page.ask("listen", act="answer", who="nobody", step="question", number=step["number"])
    page.ask("relabel", start=start, end=end, speaker="client", was="other")
    for left in (True, True, False):
        told = page.ask("undo")
        assert (told["sentence"], told["can_undo"]) == ("Taken back.", left)
    pd.testing.assert_frame_equal(page.session.corrections, before)


def test_what_was_put_right_elsewhere_since_is_not_taken_back_here(page: Page) -> None:
    start, end = a_turn(page, "client", 3.0)
    page.ask("relabel", start=start, end=end, speaker="other", was="client")
    other = Page(page.session)
    other.ask("relabel", start=start, end=end, speaker="therapist", was="other")
    kept = page.session.corrections
    assert page.ask("undo")["sentence"] == CHANGED_ELSEWHERE
    pd.testing.assert_frame_equal(page.session.corrections, kept)


def test_what_is_put_right_elsewhere_in_the_same_moment_is_not_taken_back_here(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, end = a_turn(page, "client", 3.0)
    page.ask("relabel", start=start, end=end, speaker="other", was="client")
    other = Page(page.session)
    before(
        monkeypatch,
        Session,
        "undo_correction",
        lambda: other.ask("relabel", start=start, end=end, speaker="therapist", was="other"),
    )
    assert page.ask("undo")["sentence"] == CHANGED_ELSEWHERE
    assert page.session.corrections["speaker"].tolist()[-2:] == ["other", "therapist"]


def test_what_is_put_right_elsewhere_just_after_is_not_counted_as_ones_own(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, end = a_turn(page, "client", 3.0)
    theirs = Correction(start, end, "therapist")
    after(monkeypatch, Session, "correct", lambda: page.session.correct([theirs]))
    page.ask("relabel", start=start, end=end, speaker="other", was="client")
    assert page.ask("undo")["sentence"] == CHANGED_ELSEWHERE
    assert page.session.corrections["speaker"].tolist()[-2:] == ["other", "therapist"]


# Listening.


def test_listening_goes_from_question_to_question_and_back(page: Page) -> None:
    first = page.ask("listen", act="begin", ticket=1)
    assert (first["kind"], first["step"]["kind"], first["step"]["number"]) == ("session", "question", 1)
    step = page.ask("listen", act="skip", step="question", number=1)["step"]
    assert step["number"] == 2
    told = page.ask("listen", act="answer", who=step["speaker"], step="question", number=2)
    assert told["step"]["number"] == 3
    assert told["can_undo"]
    back = page.ask("undo")
    assert back["step"] == step
    assert not back["can_undo"]


def test_an_answer_taken_back_in_the_listening_itself_leaves_the_file_as_it_was(page: Page) -> None:
    before = page.session.corrections
    step = page.ask("listen", act="begin")["step"]
    told = page.ask("listen", act="answer", who="nobody", step="question", number=1)["step"]
    assert len(page.session.corrections) > len(before)
    back = page.ask("listen", act="take_back", step=told["kind"], number=told["number"])
    assert back["step"] == step
    pd.testing.assert_frame_equal(page.session.corrections, before)


@pytest.mark.parametrize("seen", [("question", 2), ("offer", 1), ("done", 0), (None, None), ("nothing", 1)])
@pytest.mark.parametrize("act", ["answer", "skip", "take_back", "change", "leave"])
def test_an_act_for_a_step_that_is_over_is_passed_over(
    page: Page, act: str, seen: tuple[str | None, int | None]
) -> None:
    step, file = page.ask("listen", act="begin")["step"], page.file("corrections.csv")
    told = page.ask("listen", act=act, who="nobody", step=seen[0], number=seen[1])
    assert told["step"] == step
    assert page.file("corrections.csv") == file


def test_an_answer_pressed_twice_is_said_once(page: Page) -> None:
    page.ask("listen", act="begin")
    told = [page.ask("listen", act="skip", step="question", number=1)["step"] for _ in range(2)]
    assert [step["number"] for step in told] == [2, 2]


# What hinders.


HINDRANCES: dict[str, tuple[Callable[[Session], None], dict[str, Any], str]] = {
    "marks that can't be read": (
        lambda session: session.journal.store.write(session.file("marks.csv"), b"x\n"),
        {"kind": "mark", "mark": HERE},
        "marks.csv",
    ),
    "no mark at all": (
        lambda session: None,
        {"kind": "mark", "mark": {**HERE, "end": 3.0}},
        "after its start",
    ),
    "corrections that can't be read": (
        lambda session: session.journal.store.write(session.file("corrections.csv"), b"x\n"),
        {"kind": "relabel", "start": 60.0, "end": 62.0, "speaker": "client", "was": "therapist"},
        "corrections.csv",
    ),
    "nobody known": (
        lambda session: None,
        {"kind": "split", "at": 44.0, "then": "the moon"},
        "both or nobody",
    ),
    "no agreement": (
        lambda session: session.journal.store.remove("agreements.toml"),
        {"kind": "sound", "from": 60.0},
        "no agreement",
    ),
    "no agreement to open": (
        lambda session: session.journal.store.remove("agreements.toml"),
        {"kind": "open"},
        "no agreement",
    ),
}


@pytest.mark.parametrize("hindrance", HINDRANCES)
def test_whatever_hinders_is_one_sentence_with_the_ticket_and_the_player_goes_on(
    page: Page, hindrance: str
) -> None:
    hinder, asked, says = HINDRANCES[hindrance]
    if asked["kind"] == "split":
        asked = {**asked, "at": sum(a_turn(page, "client")) / 2}
    hinder(page.session)
    told = page.ask(**asked, ticket=21)
    assert (told["kind"], told["ticket"], told["of"]) == ("sorry", 21, asked["kind"])
    assert says in told["sentence"]
    assert "\n" not in told["sentence"]
    assert page.buffers == []
    assert page.ask("lock")["kind"] == "locked"


def test_an_agreement_taken_back_today_closes_the_very_next_request(page: Page) -> None:
    assert page.ask("sound", **{"from": 60.0})["kind"] == "sound"
    journal = page.session.journal
    file = root_of(journal) / "agreements.toml"
    file.write_text(file.read_text() + f'\n[[revocation]]\nagreement = "a2"\non = {journal.today()}\n')
    assert page.ask("sound", **{"from": 65.0})["kind"] == "sorry"
    assert page.ask("open")["kind"] == "sorry"


# The lock.


class Clock:
    """A clock that goes on when it is told to."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(desk, "time", clock)
    return clock


def with_lock_after(heard: Journal, minutes: float) -> Page:
    file = root_of(heard) / "journal.toml"
    file.write_text(f"{file.read_text()}\n[player]\nlock_after = {minutes}\n")
    return Page(open_journal(root_of(heard)).session("2026-03-05"))


def test_without_a_sign_of_the_client_it_locks_and_gives_no_sound(clock: Clock, page: Page) -> None:
    page.ask("mark", mark=HERE)
    clock.now += LOCK_AFTER * 60 + 1
    for kind, more in (
        ("sound", {"from": 60.0}),
        ("open", {}),
        ("mark", {"mark": THERE}),
        ("listen", {"act": "begin"}),
        ("hear_closed", {"at": 3.0}),
    ):
        told = page.ask(kind, ticket=5, **more)
        assert told == {"kind": "locked", "ticket": 5}
        assert page.buffers == []
    assert len(page.session.marks) == 1


def test_a_sign_of_the_client_keeps_it_open(clock: Clock, page: Page) -> None:
    for _ in range(5):
        clock.now += LOCK_AFTER * 60 - 1
        assert page.ask("sound", **{"from": 60.0})["kind"] == "sound"


def test_it_stays_locked_until_it_is_unlocked(clock: Clock, page: Page) -> None:
    assert page.ask("lock") == {"kind": "locked"}
    for _ in range(3):
        assert page.ask("sound", **{"from": 60.0})["kind"] == "locked"
    assert page.ask("unlock") == {"kind": "unlocked"}
    assert page.ask("sound", **{"from": 60.0})["kind"] == "sound"
    clock.now += 3600
    assert page.ask("unlock") == {"kind": "unlocked"}
    assert page.ask("sound", **{"from": 60.0})["kind"] == "sound"


def test_it_locks_after_as_long_as_the_client_chose(clock: Clock, heard: Journal) -> None:
    page = with_lock_after(heard, 0.5)
    assert page.ask("open")["lock_after"] == 0.5
    clock.now += 31
    assert page.ask("open")["kind"] == "locked"


def test_it_never_locks_by_itself_where_the_client_chose_so(clock: Clock, heard: Journal) -> None:
    page = with_lock_after(heard, 0)
    clock.now += 1e6
    assert page.ask("open")["lock_after"] == 0
    assert page.ask("sound", **{"from": 60.0})["kind"] == "sound"
    assert page.ask("lock")["kind"] == "locked"
    assert page.ask("sound", **{"from": 60.0})["kind"] == "locked"


# More than one person before the screen.


@pytest.fixture
def together(heard: Journal) -> Page:
    """The therapist is at the keyboard, and the client's own marks are not opened."""
    found = Page(heard.session("2026-03-05"))
    own = Mark(10, float("nan"), "bookmark", "for me alone")
    found.session.add_mark(own)
    found.session.add_mark(Mark(100, 110, "trigger", "never"))
    found.desk = Desk(
        found.session, Listeners("review_together", lambda: "therapist", lambda mark: bool(mark.by))
    )
    return found


def test_what_is_not_opened_is_in_no_answer_and_stays_closed_all_the_same(together: Page) -> None:
    told = together.ask("open")
    assert told["marks"] == []
    assert told["closed"] == [[98.0, 110.0]]
    assert "alone" not in json.dumps(together.ask("mark", mark=HERE))


def test_before_two_people_a_player_calls_both_by_their_names(together: Page) -> None:
    names = {"client": "Robin", "therapist": "Daniel"}
    together.desk.listeners = Listeners("review_together", names=names)
    told = together.ask("open")
    assert {one["name"] for one in told["people"]} == {"Robin", "Daniel"}
    assert [told["answers"][who] for who in ("client", "therapist", "both")] == [
        *names.values(),
        "Both at once",
    ]
    assert told["marks_called"] == "Marks"


def test_a_mark_is_kept_under_the_name_of_who_put_it_however_often_its_words_change(together: Page) -> None:
    together.ask("mark", mark=HERE, before=HERE)
    together.ask("mark", mark=HERE, before=HERE)
    told = together.ask("mark", mark={**HERE, "label": "the lake"}, before=HERE)
    assert [(mark["label"], mark["by"]) for mark in told["marks"]] == [("the lake", "therapist")]
    assert together.file("marks.csv").count(b"therapist") == 1
    assert b"for me alone" in together.file("marks.csv")


def test_a_mark_the_client_puts_now_is_in_view_and_needs_no_name(together: Page) -> None:
    together.desk.listeners = Listeners("review_together", str, lambda mark: bool(mark.by))
    told = together.ask("mark", mark=HERE)
    assert told["marks"] == [HERE]
    assert told["kept"] == HERE


def test_a_mark_of_the_client_that_the_therapist_rewords_stays_the_clients(together: Page) -> None:
    together.desk.listeners = Listeners("review_together", lambda: "therapist")
    mine = {"start": 10.0, "end": None, "kind": "bookmark", "label": "for me alone", "text": ""}
    told = together.ask("mark", mark={**mine, "label": "for us"}, before=mine)
    assert [mark.get("by") for mark in told["marks"] if mark["start"] == 10] == [None]


def test_the_gate_is_asked_for_listening_together(together: Page) -> None:
    store = together.session.journal.store
    agreed = store.read("agreements.toml")
    store.write("agreements.toml", agreed.replace(b'"review_together", ', b""))
    told = together.ask("open")
    assert told["kind"] == "sorry"
    assert "for listening together" in told["sentence"]
    assert together.ask("sound", **{"from": 0})["kind"] == "sorry"
    store.write("agreements.toml", agreed)
    assert together.ask("open")["kind"] == "session"
