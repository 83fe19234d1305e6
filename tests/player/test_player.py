"""The player as a widget: what a notebook may keep of it, what it shows, and what it tells its page."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import root_of
from therapy_review import Journal, Session
from therapy_review.display.still import STILL, how_to_start
from therapy_review.player import Moment, Player, playback
from therapy_review.player.playback import FILE, Sound

Answer = tuple[dict[str, Any], list[bytes]]
SECRET = "What I would never say aloud"


class Page:
    """Stands where the browser would be: asks as player.js asks, and keeps what the kernel tells it."""

    def __init__(self, player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
        self.player = player
        self.told: list[Answer] = []
        monkeypatch.setattr(
            player, "send", lambda content, buffers=None: self.told.append((content, buffers or []))
        )

    def ask(self, kind: str, **more: object) -> None:
        self.player._handle_custom_msg({"kind": kind, **more}, [])

    def kinds(self) -> list[str]:
        return [content["kind"] for content, _ in self.told]

    def wait_until_prepared(self) -> None:
        if self.player._preparing:
            self.player._preparing.join()
            assert not self.player._preparing.is_alive()


@pytest.fixture
def session(heard: Journal) -> Session:
    return heard.session("2026-03-05")


@pytest.fixture
def page(session: Session, monkeypatch: pytest.MonkeyPatch) -> Page:
    return Page(Player(session), monkeypatch)


@pytest.fixture
def displayed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, dict[str, Any]]]:
    """What a cell displays."""
    shown: list[tuple[Any, dict[str, Any]]] = []
    monkeypatch.setattr("IPython.display.display", lambda thing, **how: shown.append((thing, how)))
    return shown


def kept(player: Player) -> dict[str, Any]:
    """What a notebook that is saved with its widgets keeps of one, besides its program."""
    return {name: value for name, value in player.get_state().items() if name not in ("_esm", "_css")}


# What a notebook may keep.


def test_a_notebook_keeps_no_word_and_no_sound_of_it(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sound, "prepare", lambda *_: None)
    before = kept(page.player)
    page.ask("open", ticket=1)
    page.ask("mark", mark={"start": 60.0, "end": None, "kind": "question", "label": "", "text": SECRET})
    page.ask("sound", **{"from": 60.0, "ticket": 2})
    assert [kind for kind in page.kinds() if kind != "preparing"] == ["session", "marks", "sound"]
    after = kept(page.player)
    assert after == before
    own = {name: value for name, value in after.items() if name[0] != "_"}
    assert set(own) >= {"time", "playing", "selected_turn", "still_name"}
    assert len(json.dumps(own, default=str)) < 500  # a piece of sound would be 20,000 bytes
    assert SECRET not in json.dumps(after, default=str)


def test_code_in_the_notebook_sees_what_the_page_shows(page: Page) -> None:
    seen: list[float] = []
    page.player.observe(lambda change: seen.append(change["new"]), "time")
    page.player.set_state({"time": 12.5, "playing": True, "selected_turn": {"start": 10.0, "end": 14.0}})
    assert seen == [12.5]
    assert page.player.playing
    assert page.player.selected_turn["end"] == 14.0


# What it tells its page.


def test_the_page_tells_how_far_it_is_only_where_somebody_wants_to_know(page: Page, session: Session) -> None:
    assert not page.player.is_followed
    page.player.observe(print, "playing")
    assert not page.player.is_followed
    page.player.observe(print, ["time", "playing"])
    assert page.player.is_followed
    other = Player(session)
    other.observe(print)
    assert other.is_followed


def test_code_in_the_notebook_plays_and_stops(page: Page) -> None:
    page.player.play(75)
    page.player.stop()
    assert [content for content, _ in page.told] == [{"kind": "play", "time": 75.0}, {"kind": "stop"}]


def test_nothing_is_told_before_something_is_asked_or_when_it_is_not_known(page: Page) -> None:
    page.ask("something")
    assert page.told == []


def test_the_answer_goes_back_with_its_buffers(page: Page) -> None:
    page.ask("sound", **{"from": 60.0, "ticket": 2})
    ((content, buffers),) = page.told
    assert content["ticket"] == 2
    assert len(buffers) == len(content["at"]) > 0


def test_a_small_player_for_one_moment_comes_from_it(page: Page, session: Session) -> None:
    moment = page.player.moment(60.0, 100.0, "The boat")
    assert isinstance(moment, Moment)
    assert (moment.start, moment.end, moment.when, moment.why) == (60.0, 90.0, "1:00", "The boat")


def test_charts_follow_when_the_page_asks_for_it(page: Page) -> None:
    drawn: list[str] = []
    page.player.on_refresh(lambda: drawn.append("one"))
    page.player.on_refresh(lambda: drawn.append("two"))
    assert drawn == []
    page.ask("refresh")
    assert drawn == ["one", "two"]
    assert page.told == [({"kind": "refreshed"}, [])]


# Making the sound ready.


def test_once_it_is_open_the_sound_is_made_ready_in_the_background(page: Page, session: Session) -> None:
    page.ask("open")
    page.wait_until_prepared()
    parts = [content["done"] for content, _ in page.told if content["kind"] == "preparing"]
    assert page.kinds()[0] == "session"
    assert parts == sorted(parts)
    assert len(parts) > 5
    assert parts[-1] == 1.0
    assert Sound(session).is_prepared()
    assert session.journal.store.exists(session.file(FILE))


def test_what_is_ready_is_not_made_again(page: Page, session: Session) -> None:
    playback.prepare(session)
    page.ask("open")
    assert page.player._preparing is None
    assert page.kinds() == ["session"]


def test_it_is_made_ready_anew_where_somebody_is_to_be_heard_at_another_level(
    page: Page, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playback, "ALIKE", 0.01)  # of two made-up people who are about as loud
    page.ask("open")
    page.wait_until_prepared()
    kept = session.journal.store.read(session.file(FILE))
    long = (
        session.turns.assign(lasts=lambda turns: turns["end"] - turns["start"]).nlargest(1, "lasts").iloc[0]
    )
    other = {"client": "therapist", "therapist": "client"}[long["speaker"]]
    page.ask("relabel", start=long["start"], end=long["end"], speaker=other, was=long["speaker"])
    page.wait_until_prepared()
    assert session.journal.store.read(session.file(FILE)) != kept
    assert Sound(session).is_prepared()


def test_an_agreement_taken_back_meanwhile_ends_it_and_nothing_is_kept(
    page: Page, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = session.journal
    file = root_of(journal) / "agreements.toml"
    encoded = playback.opus.encoded

    def taken_back_meanwhile(blocks: Any) -> Any:
        yield from encoded(blocks)
        file.write_text(file.read_text() + f'\n[[revocation]]\nagreement = "a2"\non = {journal.today()}\n')

    monkeypatch.setattr(playback.opus, "encoded", taken_back_meanwhile)
    page.ask("open")
    page.wait_until_prepared()
    assert not journal.store.exists(session.file(FILE))
    assert "sorry" not in page.kinds()
    page.ask("sound", **{"from": 60.0})
    assert page.told[-1][0]["kind"] == "sorry"


def test_without_an_agreement_nothing_is_made_ready(page: Page, session: Session) -> None:
    session.journal.store.remove("agreements.toml")
    page.ask("open")
    assert page.kinds() == ["sorry"]
    assert page.player._preparing is None


# What is shown.


def test_a_notebook_that_is_only_read_shows_a_picture_and_how_to_start(
    page: Page, displayed: list[tuple[Any, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STILL, "1")
    page.player._ipython_display_()
    ((still, _),) = displayed
    assert "data:image/png;base64," in still.markup
    assert how_to_start() in still.markup
    assert 'alt="The sound of' in still.markup
    assert len(still.markup) < 100_000
    assert still.text.startswith("The sound of")
    assert page.told == []


def test_a_notebook_that_runs_shows_the_player_and_for_later_its_picture(
    page: Page, displayed: list[tuple[Any, dict[str, Any]]]
) -> None:
    page.player._ipython_display_()
    (still, _), (live, how) = displayed
    assert f'data-therapy-review-still="{page.player.still_name}"' in still.markup
    assert how == {"raw": True}
    view = live["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == page.player.model_id
    assert len(json.dumps(live)) < 2000


def test_two_players_do_not_hide_each_others_picture(session: Session) -> None:
    assert Player(session).still_name != Player(session).still_name


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("agreements.toml", "no agreement"),
        ("sessions/2026-03-05/marks.csv", "marks.csv"),
        ("sessions/2026-03-05/corrections.csv", "something changed since"),
    ],
)
def test_where_there_is_no_picture_a_sentence_says_why(session: Session, file: str, says: str) -> None:
    session.journal.store.write(file, b"" if file == "agreements.toml" else b"x <b>\n")
    still = Player(session).still()
    assert says in still.text
    assert "<b>" not in still.markup
    assert "data:image" not in still.markup
