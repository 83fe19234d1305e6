"""The form for sharing: nothing is written that was not looked at and read; clips are heard as they go out."""

from __future__ import annotations

import html
import math
from pathlib import Path
from typing import Any

import ipywidgets as w
import numpy as np
import pytest

from tests.player.test_moment import Page
from tests.sharing.test_clip import BOTH, DAY, agree, take_back
from tests.support.widgets import everything_in, field
from therapy_review import Journal, Session
from therapy_review.display.still import STILL, Still
from therapy_review.journal.marks import Mark
from therapy_review.sharing.cautions import CAUTIONS, in_words
from therapy_review.sharing.page import NEVER, ClipToHear, ShareForm, SharePage, share_page
from therapy_review.sharing.plan import plan


@pytest.fixture
def session(heard: Journal) -> Session:
    return heard.session(DAY)


def words(form: Any) -> str:
    return html.unescape(" ".join(one.value for one in everything_in(form) if isinstance(one, w.HTML)))


def players(form: Any) -> list[ClipToHear]:
    return [one for one in everything_in(form) if isinstance(one, ClipToHear)]


def looked_at(session: Session, folder: Path | None = None, heard: bool = True, **more: Any) -> Any:
    form = ShareForm(session.journal, session, more.get("when_done", int), heard=heard).box
    field(form, "when to when").value = "0:24-0:31"
    field(form, "With whom").value = "Sam"
    field(form, "Look at").click()
    if folder:
        field(form, "Into the folder").value = str(folder)
    return form


def test_clips_are_written_once_they_were_looked_at_and_the_cautions_read(
    session: Session, tmp_path: Path
) -> None:
    told: list[str] = []
    form = looked_at(session, tmp_path / "out", when_done=lambda: told.append("done"))
    (one,) = in_words(plan(session, "Sam", [(24.0, 31.0)]), {})[:1]
    assert one in html.unescape(words(form))
    assert all(text in words(form) for text in CAUTIONS.values())
    assert field(form, "Write the clips").disabled
    field(form, "Write the clips").click()  # a page that errs can press what is disabled
    assert not (tmp_path / "out").exists()
    field(form, "I have read").value = True
    assert not field(form, "Write the clips").disabled
    field(form, "Write the clips").click()
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["clip-1.m4a"]
    assert told == ["done"]
    field(form, "Write the clips").click()  # and not a second time
    assert len(list((tmp_path / "out").iterdir())) == 1
    assert session.journal.ledger["what"].tolist() == ["shared"]


@pytest.mark.parametrize(
    ("label", "value"),
    [("when to when", "0:24-0:30"), ("With whom", "Alex"), ("To be silent", "0:25-0:26")],
)
def test_whatever_is_changed_has_to_be_looked_at_and_read_again(
    session: Session, tmp_path: Path, label: str, value: str
) -> None:
    form = looked_at(session, tmp_path / "out")
    field(form, "I have read").value = True
    field(form, label).value = value
    assert field(form, "I have read").value is False
    assert players(form) == []
    field(form, "I have read").value = True  # without having looked
    field(form, "Write the clips").click()
    assert not (tmp_path / "out").exists()


def test_proud_moments_are_offered_first_and_triggers_not_at_all(session: Session) -> None:
    for at, kind, label in (
        (30, "bookmark", "the boat"),
        (40, "trigger", ""),
        (120, "proud moment", "I said it"),
    ):
        session.add_mark(Mark(at, math.nan, kind, label))
    form = SharePage(session.journal, session).choose()
    offered = [one for one in everything_in(form) if isinstance(one, w.Checkbox)][:-1]
    assert [one.description for one in offered] == ["2:00 proud moment: I said it", "0:30 bookmark: the boat"]
    offered[0].value = True
    field(form, "With whom").value = "Sam"
    field(form, "Look at").click()
    assert "2:00 to 2:20" in words(form) + " ".join(one.why for one in players(form))


def test_a_part_is_made_silent_where_it_is_heard(session: Session) -> None:
    agree(session.journal)
    form = looked_at(session)
    first, last = [one for one in everything_in(form) if isinstance(one, w.Dropdown)][1:]
    first.value, last.value = 28.5, 29.5
    field(form, "Make this silent").click()
    assert field(form, "To be silent").value == "0:28.5-0:29.5"
    assert "of which 1.0 are silent" in players(form)[0].why


def test_a_mistake_is_a_sentence_and_nothing_can_be_written(session: Session) -> None:
    form = SharePage(session.journal, session).choose()
    field(form, "when to when").value = "later"
    field(form, "Look at").click()
    assert "is no stretch" in words(form)
    assert field(form, "Write the clips").disabled


def test_a_folder_in_the_journal_is_refused_in_a_sentence(session: Session) -> None:
    form = looked_at(session, session.journal.root / "out")
    field(form, "I have read").value = True
    field(form, "Write the clips").click()
    assert "in a journal" in words(form)
    assert session.journal.ledger.empty


def test_with_the_sound_off_there_is_nothing_to_play(session: Session) -> None:
    form = looked_at(session, heard=False)
    assert players(form) == []
    assert "0:24 to 0:31" in words(form)


def heard_of(session: Session, monkeypatch: pytest.MonkeyPatch) -> tuple[float, np.ndarray]:
    made = plan(session, "Sam", [BOTH])
    pieces = Page(ClipToHear(session, made, made.clips[0]), monkeypatch).everything(BOTH[0])
    return pieces[0][0], np.concatenate([sound for _, sound in pieces])


def test_a_clip_is_heard_as_it_would_go_out(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    others = (26.0, 27.2)  # the therapist's words
    at, sound = heard_of(session, monkeypatch)
    assert len(sound) / 48_000 == pytest.approx(BOTH[1] - BOTH[0], abs=0.05)
    there = sound[round((others[0] - at) * 48_000) : round((others[1] - at) * 48_000)]
    assert np.abs(there).max() < 1e-3
    assert np.abs(sound).max() > 0.05
    agree(session.journal)
    _, sound = heard_of(session, monkeypatch)
    assert np.abs(sound[round((others[0] - at) * 48_000) : round((others[1] - at) * 48_000)]).max() > 0.05


def test_a_clip_longer_than_a_moment_is_heard_to_its_end(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan(session, "Sam", [(10.0, 60.0)])
    clip = ClipToHear(session, made, made.clips[0])
    pieces = Page(clip, monkeypatch).everything(10.0)
    assert clip.end == 60.0
    assert sum(len(sound) for _, sound in pieces) / 48_000 == pytest.approx(50, abs=0.1)
    begins = np.diff([at for at, _ in pieces])
    assert np.allclose(begins, 5.0, atol=0.021)


@pytest.mark.parametrize("kind", ["open", "sound"])
def test_what_is_taken_back_is_not_heard_any_more(
    session: Session, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    agree(session.journal)
    made = plan(session, "Sam", [BOTH])
    page = Page(ClipToHear(session, made, made.clips[0]), monkeypatch)
    page.everything(BOTH[0])
    take_back(session.journal, "therapist", "share:Sam")
    content, pieces = page.ask(kind, **{"from": 25.0, "ticket": 1})
    assert content["kind"] == "sorry"
    assert pieces == []


def test_no_trait_of_the_form_holds_sound(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    form = looked_at(session)
    Page(players(form)[0], monkeypatch).everything(BOTH[0])
    assert all(len(str(one.get_state())) < 20_000 for one in everything_in(form))


def test_the_page_tells_what_was_shared_before(heard: Journal, tmp_path: Path) -> None:
    page = share_page(heard.root)
    assert isinstance(page, SharePage)
    assert page.session.name == DAY
    assert page.before()._draw().text == NEVER
    form = looked_at(page.session, tmp_path / "out")
    field(form, "I have read").value = True
    field(form, "Write the clips").click()
    assert "with Sam: 2026-03-05, 0:24.0-0:31.0; voices: client" in page.before()._draw().text


def test_a_journal_without_that_session_says_so(heard: Journal) -> None:
    assert "no recording" in share_page(heard.root, "2026-02-12").opening().text.lower()
    assert "no session" in share_page(heard.root, "2020-01-01").opening().text


def test_in_batch_the_cautions_are_there_to_read(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STILL, "1")
    shown = SharePage(session.journal, session).choose()
    assert isinstance(shown, Still)
    assert all(text in shown.text for text in CAUTIONS.values())


def test_a_moment_of_which_nothing_would_be_left_is_a_sentence(session: Session) -> None:
    form = looked_at(session)
    field(form, "when to when").value = "0:02.5-0:04.5"
    field(form, "Look at").click()
    assert "Nothing would" in words(form)
