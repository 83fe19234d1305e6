"""Feed: what may not be heard is not in what is sent, and asking on and on comes to the end."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from numpy.typing import NDArray

from tests.conftest import PRACTICE, decoded, joined, packets_of, session_of
from tests.support.examples import examples
from therapy_review import Journal, Session, open_journal
from therapy_review.errors import ConsentError
from therapy_review.journal.marks import Mark, add, no_marks
from therapy_review.player import feed as module, playback
from therapy_review.player.feed import EVERYONE, MOST_RUNS, PIECE, Feed, spoken, without
from therapy_review.sound.opus import DELAY, PACKET, RATE, encoded, head
from therapy_review.turns.table import turns_table

HEARD_RATE = 48_000
CLIENT, THERAPIST, KEPT = 500, 1100, 1900  # Hz: what is heard of whom, and in the closed stretch
CLOSED = (20.0, 30.0)
LENGTH = 60.0
TURNS = [(float(at), at + 4.0, ("client", "therapist")[at // 5 % 2]) for at in range(0, 60, 5)]
unhurried = examples(60)


def tones() -> NDArray[np.float32]:
    """A minute: two voices in turn, silence between, and one tone from the first to the last closed sample."""
    times = np.arange(round(LENGTH * RATE)) / RATE
    sound = np.zeros(len(times))
    for start, end, who in TURNS:
        # Voices come and go softly, so that nothing of them sounds like the tone that is kept back.
        softly = np.clip(np.minimum(times - start, end - times) / 0.1, 0, 1)
        sound += softly * np.sin(2 * np.pi * {"client": CLIENT, "therapist": THERAPIST}[who] * times)
    here = (times >= CLOSED[0]) & (times < CLOSED[1])
    sound[here] = np.sin(2 * np.pi * KEPT * times[here])
    return (0.3 * sound).astype(np.float32)


@pytest.fixture(scope="module", params=["made", "prepared"])
def toned_once(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp(f"toned_{request.param}")
    for name in ("journal.toml", "agreements.toml"):
        (root / name).write_bytes((PRACTICE / name).read_bytes())
    session = session_of(open_journal(root), tones(), TURNS)
    if request.param == "prepared":
        playback.prepare(session)
    return root


@pytest.fixture
def session(toned_once: Path) -> Iterator[Session]:
    """A session of tones, its sound prepared or made when asked for; marks are taken away again."""
    journal = open_journal(toned_once)
    yield journal.session("2026-03-10")
    if journal.store.exists("sessions/2026-03-10/marks.csv"):
        journal.store.remove("sessions/2026-03-10/marks.csv")


def close(session: Session) -> None:
    session.add_mark(Mark(CLOSED[0] + 2, CLOSED[1], "trigger"))


def everything(feed: Feed, start: float = 0.0, voice: str = EVERYONE) -> list[tuple[float, bytes]]:
    """Ask as a page does that plays on and on; give each piece with its time."""
    sent, at = list[tuple[float, bytes]](), start
    for _ in range(10_000):
        content, pieces = feed.pieces(at, voice)
        sent += zip(content["at"], pieces, strict=True)
        if not content["until"] > at:
            return sent
        at = content["until"]
    pytest.fail("it never comes to an end")


def numbers(sent: list[tuple[float, bytes]]) -> set[int]:
    """Which packets were sent."""
    firsts = ((round((at + DELAY) / PACKET), len(packets_of(data))) for at, data in sent)
    return {first + i for first, count in firsts for i in range(count)}


def loudness(sound: NDArray[np.float32], tone: float) -> float:
    """How much of a tone is in a sound, wherever it is loudest."""
    size = round(0.02 * HEARD_RATE)
    frames = sound[: len(sound) // size * size].reshape(-1, size)
    wave = np.exp(-2j * np.pi * tone * np.arange(size) / HEARD_RATE) * np.hanning(size)
    return float(np.abs(frames @ wave).max(initial=0) / np.hanning(size).sum() * 2)


def all_of(sent: list[tuple[float, bytes]], tone: float) -> float:
    return max(loudness(decoded(data), tone) for _, data in sent)


def test_a_piece_is_what_is_heard_from_its_time_on(session: Session) -> None:
    content, (data,) = Feed(session).pieces(41.0)
    (at,) = content["at"]
    assert 41.0 - PACKET < at <= 41.0
    sound = decoded(data)
    times = at + np.arange(len(sound)) / HEARD_RATE
    assert content["until"] == pytest.approx(times[-1], abs=0.01)
    loud = np.abs(sound) > 0.03
    assert times[np.flatnonzero(~loud & (times > 44.0))[0]] == pytest.approx(44.0, abs=0.02)
    assert times[np.flatnonzero(loud & (times > 44.5))[0]] == pytest.approx(45.0, abs=0.02)
    assert loudness(sound[times < 44], CLIENT) > 0.1
    assert loudness(sound[times > 45], THERAPIST) > 0.1


def test_no_answer_is_longer_than_some_five_seconds(session: Session) -> None:
    for voice in (EVERYONE, "client"):
        for start in (0.0, 13.3, 57.0):
            _, pieces = Feed(session).pieces(start, voice)
            assert sum(len(packets_of(data)) for data in pieces) <= PIECE


def test_the_whole_session_is_sent_and_nothing_more(session: Session) -> None:
    sent = everything(Feed(session))
    assert numbers(sent) == set(range(round(LENGTH / PACKET)))
    assert all_of(sent, KEPT) > 0.1
    assert Feed(session).head() == head()


@pytest.mark.parametrize("start", [0.0, 15.0, 19.99, 20.0, 24.0, 29.99, 30.0])
@pytest.mark.parametrize("voice", [EVERYONE, "client", "therapist"])
def test_nothing_of_a_closed_stretch_is_in_what_is_sent(session: Session, start: float, voice: str) -> None:
    close(session)
    feed = Feed(session)
    sent = everything(feed, start, voice)
    assert all_of(sent, KEPT) < 1e-3
    assert all(at + DELAY + len(decoded(data)) / HEARD_RATE <= 20.02 or at >= 30.0 for at, data in sent)
    assert max(at for at, _ in sent) > 49
    if voice == EVERYONE:
        kept_back = set(range(int(start / PACKET) + 1, 3000)) - numbers(sent)
        assert kept_back <= set(range(999, 1503))


def test_a_stretch_is_closed_as_soon_as_it_is_marked(session: Session) -> None:
    feed = Feed(session)
    assert all_of(everything(feed, 18.0), KEPT) > 0.1
    close(session)
    assert all_of(everything(feed, 18.0), KEPT) < 1e-3


def test_a_closed_stretch_may_be_heard_once_and_is_closed_again(session: Session) -> None:
    close(session)
    feed = Feed(session)
    assert feed.closed() == [CLOSED]
    for elsewhere in (19.99, 30.0, 50.0):
        feed.open_once(elsewhere)
        assert feed.closed() == [CLOSED]
    feed.open_once(CLOSED[0])
    assert feed.closed() == []
    assert all_of(everything(feed, 18.0), KEPT) > 0.1
    assert Feed(session).closed() == [CLOSED]
    feed.close_again()
    assert feed.closed() == [CLOSED]
    assert all_of(everything(feed, 18.0), KEPT) < 1e-3


def test_a_stretch_that_was_opened_and_then_made_longer_is_closed_whole(session: Session) -> None:
    close(session)
    feed = Feed(session)
    feed.open_once(25.0)
    session.add_mark(Mark(31.0, 36.0, "trigger"))
    assert feed.closed() == [(CLOSED[0], 36.0)]


def test_of_one_voice_only_its_own_words_are_sent(session: Session) -> None:
    close(session)
    sent = everything(Feed(session), 0.0, "client")
    assert all_of(sent, CLIENT) > 0.1
    assert all_of(sent, THERAPIST) < 1e-3
    sent = everything(Feed(session), 0.0, "therapist")
    assert all_of(sent, THERAPIST) > 0.1
    assert all_of(sent, CLIENT) < 1e-3


def test_of_a_voice_nobody_has_nothing_is_sent(session: Session) -> None:
    assert Feed(session).pieces(0.0, "nobody") == ({"at": [], "until": LENGTH}, [])


@pytest.mark.parametrize("start", [-3.0, 0.0, 59.99, LENGTH, 1e6])
def test_asking_before_the_beginning_or_after_the_end_is_no_trouble(session: Session, start: float) -> None:
    content, pieces = Feed(session).pieces(start)
    assert len(content["at"]) == len(pieces)
    assert all(-DELAY <= at < LENGTH for at in content["at"])
    assert content["until"] <= LENGTH


def test_nothing_comes_from_outside_the_bounds(session: Session) -> None:
    feed = Feed(session, 11.0, 13.0)
    for start in (0.0, 11.0, 12.5, 13.0, 40.0):
        assert numbers(everything(feed, start)) <= set(range(550, 650))
    assert numbers(everything(feed, 0.0)) == set(range(550, 650))


def test_an_agreement_that_is_gone_closes_everything(journal: Journal) -> None:
    session = session_of(journal, tones(), TURNS)
    feed = Feed(session)
    assert feed.pieces(0.0)[1]
    assert feed.sound.duration == LENGTH
    journal.store.remove("agreements.toml")
    with pytest.raises(ConsentError):
        feed.pieces(0.0)
    with pytest.raises(ConsentError):
        _ = feed.sound


def test_pieces_follow_one_another_without_a_gap(heard: Journal) -> None:
    """With real speech, joined as a browser joins pieces: what comes later takes the place of what is there."""
    session = heard.session("2026-03-05")
    feed, packets, at = Feed(session), dict[int, bytes](), 60.0
    while at < 90.0:
        content, pieces = feed.pieces(at)
        for begins, data in zip(content["at"], pieces, strict=True):
            first = round((begins + DELAY) / PACKET)
            packets |= dict(enumerate(packets_of(data), first))
        at = content["until"]
    order = sorted(packets)
    assert all(b == a + 1 for a, b in pairwise(order))
    sound = joined([packets[n] for n in order])
    raw = session.recording().read(order[0] * PACKET - DELAY, order[-1] * PACKET, rate=HEARD_RATE)
    assert np.corrcoef(sound[: len(raw)], raw)[0, 1] > 0.9


# For any marks and turns.


stretches = st.lists(st.tuples(st.floats(0.001, 9), st.floats(0.001, 9)), max_size=6).map(
    lambda steps: [
        (float(a), float(b)) for a, b in np.cumsum(np.ravel(steps) if steps else []).reshape(-1, 2).tolist()
    ]
)


@examples(300)
@given(stretches, st.integers(0, 800), st.integers(0, 3000))
def test_what_is_left_beside_closed_stretches_is_all_the_rest_and_nothing_of_them(
    closed: list[tuple[float, float]], first: int, count: int
) -> None:
    last = first + count
    runs = without(closed, first, last)
    assert all(a < b for a, b in runs)
    assert all(b <= c for (_, b), (c, _) in pairwise(runs))
    left = {n for a, b in runs for n in range(a, b)}
    assert left <= set(range(first, last))
    for n in range(first, last):
        begins, ends = n * PACKET - DELAY, (n + 1) * PACKET - DELAY
        if n in left:
            assert all(ends <= start or begins >= end for start, end in closed)
        else:
            near = PACKET + 2 * DELAY
            assert any(begins < end + near and ends > start - near for start, end in closed)


@cache
def a_packet() -> bytes:
    return next(encoded([np.zeros(480, np.float32)]))


class Silence:
    """Stands where a session's sound would be, so that many sessions can be tried."""

    def __init__(self, duration: float) -> None:
        self.duration = duration

    def __len__(self) -> int:
        return int(np.ceil(self.duration / PACKET))

    def packets(self, first: int, after: int) -> list[bytes]:
        assert 0 <= first <= after <= len(self)
        return [a_packet()] * (after - first)


def silent(
    patched: pytest.MonkeyPatch, duration: float, turns: pd.DataFrame, triggers: list[tuple[float, float]]
) -> Feed:
    marks = no_marks()
    for start, end in triggers:
        marks = add(marks, Mark(start, end, "trigger"))
    patched.setattr(module, "_sound_of", lambda *_: Silence(duration))
    session = SimpleNamespace(turns=turns, marks=marks, recording_digest=str, recording=lambda _: None)
    return Feed(cast(Session, session))


words = st.lists(st.tuples(st.floats(0.01, 3), st.floats(0.01, 3)), max_size=60).map(
    lambda steps: np.cumsum(np.ravel(steps) if steps else []).round(3).reshape(-1, 2)
)


@unhurried
@given(words, stretches, st.floats(0.05, 130), st.floats(0, 130), st.sampled_from([EVERYONE, "client"]))
def test_asking_on_and_on_ends_at_the_end_and_all_of_it_was_sent(
    said: NDArray[np.float64],
    triggers: list[tuple[float, float]],
    duration: float,
    start: float,
    voice: str,
) -> None:
    turns = turns_table([(a, b, "client") for a, b in said if b > a])
    with pytest.MonkeyPatch.context() as patched:
        feed = silent(patched, duration, turns, [(round(a, 3), round(b, 3) + 0.01) for a, b in triggers])
        sent = everything(feed, start, voice)
        content, pieces = feed.pieces(start, voice)
        assert len(content["at"]) == len(pieces)
        last = int(np.ceil(duration / PACKET))
        allowed = {n for a, b in without(feed.closed(), 0, last) for n in range(a, b)}
        if voice != EVERYONE:
            allowed &= {n for a, b in spoken(turns, voice) for n in range(a, b)}
        assert numbers(sent) <= allowed
        assert numbers(sent) >= {n for n in allowed if n * PACKET >= start}


@pytest.mark.parametrize(("length", "apart"), [(0.01, 0.6), (0.3, 0.9), (0.01, 4.0)])
def test_a_voice_that_speaks_in_many_short_words_is_heard_to_the_end(
    monkeypatch: pytest.MonkeyPatch, length: float, apart: float
) -> None:
    rows = [(at, at + length, "client") for at in np.arange(1.0, 200.0, apart).round(3)]
    feed = silent(monkeypatch, 200.5, turns_table(rows), [(60.0, 61.0)])
    content, pieces = feed.pieces(0.0, "client")
    assert 1 < len(pieces) <= MOST_RUNS
    assert content["until"] < 100
    sent = everything(feed, 0.0, "client")
    assert max(at for at, _ in sent) > 190
    told = numbers(sent)
    for start, end, _ in rows:
        if not 57 < start < 66:
            assert set(range(int(start / PACKET), int(end / PACKET) + 1)) <= told


@unhurried
@given(words)
def test_the_packets_of_a_voice_hold_all_its_words_in_order_and_none_twice(said: NDArray[np.float64]) -> None:
    turns = turns_table([(a, b, "client") for a, b in said if b > a])
    runs = spoken(turns, "client")
    assert all(0 <= a < b for a, b in runs)
    assert all(b < c for (_, b), (c, _) in pairwise(runs))
    for start, end in turns[["start", "end"]].itertuples(index=False):
        assert any(a * PACKET <= start + 1e-9 and end <= b * PACKET + 1e-9 for a, b in runs)
    assert spoken(turns, "therapist") == []
