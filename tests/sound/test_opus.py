"""Opus: packets of twenty milliseconds, and pieces that stand for themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.typing import NDArray

from tests.conftest import PRACTICE, decoded, joined, packets_of
from tests.support.examples import examples
from therapy_review.sound.opus import BITS, DELAY, PACKET, RATE, encoded, head, piece
from therapy_review.sound.recording import Recording

HEARD_RATE = 48_000
CLICKS = (0.2, 0.5, 1.11, 1.7)
SIZE = round(PACKET * RATE)


def clicks(seconds: float = 2.0) -> NDArray[np.float32]:
    sound = np.zeros(round(seconds * RATE), np.float32)
    for at in CLICKS:
        first = round(at * RATE)
        sound[first : first + 240] = 0.4 * np.sin(2 * np.pi * 1000 * np.arange(240) / RATE)
    return sound


def beginnings(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """When each click begins, in seconds."""
    loud = np.flatnonzero(np.abs(sound) > 0.08) / HEARD_RATE
    return loud[np.diff(loud, prepend=-1) > 0.1]


def speech() -> NDArray[np.float32]:
    (path,) = (PRACTICE / "sessions" / "2026-02-05").glob("recording.*")
    return Recording(lambda: path.open("rb"), path.name).read(60, 66, rate=RATE)


def test_what_is_encoded_comes_back_at_its_time() -> None:
    heard = joined(list(encoded([clicks()])))
    assert len(heard) == 2 * HEARD_RATE
    assert beginnings(heard) - DELAY == pytest.approx(CLICKS, abs=0.01)


def test_speech_comes_back_as_it_was() -> None:
    said, heard = speech(), joined(list(encoded([speech()])))
    late = round(DELAY * HEARD_RATE)
    assert np.corrcoef(heard[late::2], said[: len(heard[late::2])])[0, 1] > 0.97


def test_speech_takes_no_more_than_was_meant_for_it() -> None:
    packets = list(encoded([speech()]))
    assert 0.3 * BITS < 8 * sum(map(len, packets)) / (len(packets) * PACKET) < 1.3 * BITS


@pytest.mark.parametrize("first", [1, 17, 40])
def test_a_piece_from_the_middle_stands_for_itself(first: int) -> None:
    packets = list(encoded([clicks()]))
    heard = joined(packets[first:])
    assert len(heard) == round((len(packets) - first) * PACKET * HEARD_RATE)
    expected = [at for at in CLICKS if at > first * PACKET]
    assert beginnings(heard) + first * PACKET - DELAY == pytest.approx(expected, abs=0.01)


def test_a_piece_holds_the_packets_it_was_made_of_and_no_head() -> None:
    packets = list(encoded([speech()]))[:20]
    sent = piece(packets)
    assert sent[4:8] == b"moof"
    assert packets_of(sent) == packets
    assert len(sent) < sum(map(len, packets)) + 20 * 8 + 300


def test_a_head_alone_has_no_sound() -> None:
    assert head()[4:8] == b"ftyp"
    assert b"Opus" in head()
    assert b"moof" not in head()


def test_the_last_packet_is_filled_up_with_silence() -> None:
    heard = joined(list(encoded([clicks()[: SIZE + 1]])))
    assert len(heard) == round(2 * PACKET * HEARD_RATE)
    assert np.abs(heard).max() < 0.01


def test_no_sound_is_no_packet() -> None:
    assert list(encoded([])) == []
    assert list(encoded([np.zeros(0, np.float32)])) == []


def test_what_is_too_loud_is_cut_and_does_not_wrap_around() -> None:
    heard = joined(list(encoded([np.full(RATE, 1.8, np.float32)])))
    assert heard[2000:-2000].min() > -0.1


@examples(30)
@given(st.lists(st.integers(0, 3 * SIZE), max_size=8))
def test_packets_do_not_depend_on_how_the_sound_is_cut_into_blocks(lengths: list[int]) -> None:
    sound = np.resize(clicks(), sum(lengths)).astype(np.float32)
    blocks = np.split(sound, np.cumsum(lengths)[:-1]) if lengths else []
    packets = list(encoded(blocks))
    assert len(packets) == -(-len(sound) // SIZE)
    assert packets == list(encoded([sound]))


@examples(15)
@given(st.integers(0, 99), st.integers(1, 100))
def test_any_row_of_packets_is_as_long_as_its_packets(first: int, count: int) -> None:
    packets = list(encoded([clicks()]))[first : first + count]
    assert len(decoded(piece(packets))) == round(len(packets) * PACKET * HEARD_RATE)
