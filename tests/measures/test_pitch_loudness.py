"""Pitch and loudness: known tones first, then real voices, and what is kept of them."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given
from numpy.typing import NDArray

from tests.conftest import root_of
from tests.support.examples import examples
from tests.turns.test_table import conversations
from therapy_review import Journal, Recording, Session, hints, open_journal
from therapy_review.analysis.analysis import rename
from therapy_review.consent import agreements_file
from therapy_review.consent.agreements_file import FILE as AGREEMENTS
from therapy_review.errors import ConsentError, NotAnalysedError
from therapy_review.journal.corrections import Correction
from therapy_review.measures.pitch_loudness import (
    BLOCK,
    CAUTION,
    COLUMNS,
    MOST,
    PIECE,
    VOICE_MEASURES,
    _each_on_a_core,
    kept,
    pieces,
    prosody,
    ranges,
)
from therapy_review.turns.table import speakers, turns_table

RATE = 16_000


@pytest.fixture(scope="module")
def known_once(heard_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The practice journal with the prosody of its last session; not to be changed."""
    root = tmp_path_factory.mktemp("prosody") / "practice"
    shutil.copytree(heard_once, root)
    prosody(open_journal(root).sessions[-1])
    return root


@pytest.fixture
def session(known_once: Path, tmp_path: Path) -> Session:
    shutil.copytree(known_once, tmp_path / "known")
    return open_journal(tmp_path / "known").sessions[-1]


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """No sound may be opened."""

    def refuse(*_: object) -> None:
        raise AssertionError("The sound was opened.")

    monkeypatch.setattr(Recording, "_container", refuse)


def voice(pitch: np.ndarray, loudness: float) -> np.ndarray:
    """A buzz like that of vocal folds, its pitch (Hz) sample by sample, as loud as is said (dB)."""
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    buzz = sum(np.sin(k * phase) / k for k in range(1, 9))
    return buzz / np.sqrt(np.mean(buzz**2)) * 10 ** (loudness / 20)


def recording(sound: np.ndarray) -> Recording:
    out = io.BytesIO()
    soundfile.write(out, sound.astype(np.float32), RATE, format="WAV", subtype="FLOAT")
    return Recording(lambda: io.BytesIO(out.getvalue()), "tones")


def row_of(table: pd.DataFrame, speaker: str) -> pd.Series:
    return table.set_index("speaker").loc[speaker]


# Known tones


@pytest.fixture(scope="module")
def tones() -> pd.DataFrame:
    """The client glides an octave around 200 Hz at -30 dB; the therapist holds 110 Hz at -20 dB, as long."""
    octave = 200 * 2 ** np.linspace(-0.5, 0.5, 12 * RATE)
    sound = np.concatenate([voice(octave, -30), np.zeros(RATE), voice(np.full(12 * RATE, 110.0), -20)])
    return ranges(recording(sound), turns_table([(0, 12, "client"), (13, 25, "therapist")]))


def test_pitch_is_the_median_in_hertz_and_its_middle_half_in_semitones_from_it(tones: pd.DataFrame):
    client, therapist = row_of(tones, "client"), row_of(tones, "therapist")
    assert client["pitch"] == pytest.approx(200, rel=0.02)
    assert client[["pitch_q1", "pitch_q3", "pitch_range"]].tolist() == pytest.approx([-3, 3, 6], abs=0.3)
    assert therapist["pitch"] == pytest.approx(110, rel=0.01)
    assert therapist["pitch_range"] == pytest.approx(0, abs=0.1)


def test_loudness_is_told_beside_that_of_the_session(tones: pd.DataFrame):
    client, therapist = row_of(tones, "client"), row_of(tones, "therapist")
    assert therapist["loudness"] - client["loudness"] == pytest.approx(10, abs=0.5)
    assert client["loudness_range"] == pytest.approx(0, abs=0.5)
    assert (
        client["loudness"] < 0 < therapist["loudness"] + 1e-9
        or client["loudness"] <= 0 <= therapist["loudness"]
    )


def test_a_microphone_that_is_turned_up_changes_nothing(tones: pd.DataFrame):
    octave = 200 * 2 ** np.linspace(-0.5, 0.5, 12 * RATE)
    sound = np.concatenate([voice(octave, -30), np.zeros(RATE), voice(np.full(12 * RATE, 110.0), -20)])
    louder = ranges(recording(2 * sound), turns_table([(0, 12, "client"), (13, 25, "therapist")]))
    pd.testing.assert_frame_equal(louder, tones, atol=1e-3)


def test_of_too_little_voice_nothing_is_told():
    sound = np.concatenate(
        [voice(np.full(RATE, 150.0), -20), np.zeros(RATE), np.random.default_rng(0).normal(0, 0.01, 9 * RATE)]
    )
    table = ranges(recording(sound), turns_table([(0, 1, "client"), (2, 11, "therapist")]))
    assert row_of(table, "client").drop("seconds").isna().all()
    assert row_of(table, "client")["seconds"] == pytest.approx(1)


def test_a_session_without_turns_has_no_rows():
    table = ranges(recording(np.zeros(RATE)), turns_table())
    assert table.empty
    assert table.columns.tolist() == COLUMNS


# Which stretches are listened to


def test_only_where_one_person_alone_speaks_is_listened_to():
    turns = turns_table(
        [(0, 10, "client"), (4, 5, "therapist"), (9.5, 12, "therapist"), (12, 12.4, "client")]
    )
    assert pieces(turns, "client") == [(0, 4), (5, 9.5)]
    assert pieces(turns, "therapist") == [(10, 12)]


@given(conversations())
@examples(60)
def test_pieces_lie_within_a_speakers_turns_and_over_nobody_elses(turns: pd.DataFrame):
    for who in speakers(turns):
        chosen = pieces(turns, who, most=20.0)
        own, others = turns[turns["speaker"] == who], turns[turns["speaker"] != who]
        for start, end in chosen:
            assert PIECE[0] <= end - start <= PIECE[1] + 1e-9
            assert ((own["start"] <= start + 1e-9) & (own["end"] >= end - 1e-9)).any()
            assert not ((others["start"] < end - 1e-9) & (others["end"] > start + 1e-9)).any()
        assert chosen == sorted(chosen)
        assert len(chosen) <= 1 or sum(end - start for start, end in chosen) <= 20.0


def test_a_long_session_is_listened_to_evenly_and_no_longer_than_is_said():
    rows = [(at, at + 5, ("client", "therapist")[at // 6 % 2]) for at in range(0, 3000, 6)]
    chosen = pieces(turns_table(rows), "client")
    seconds = sum(end - start for start, end in chosen)
    assert 0.9 * MOST <= seconds <= MOST
    thirds = np.histogram([start for start, _ in chosen], bins=3, range=(0, 3000))[0]
    assert thirds.max() - thirds.min() <= 1


def test_what_lies_over_the_border_of_two_blocks_is_whole():
    sound = np.zeros(int((BLOCK + 4) * RATE))
    at = int((BLOCK - 3.5) * RATE)
    sound[at : at + 7 * RATE] = voice(np.full(7 * RATE, 180.0), -20)
    turns = turns_table([(BLOCK - 3.5, BLOCK + 3.5, "client"), (0, 1, "therapist")])
    client = row_of(ranges(recording(sound), turns), "client")
    assert client["seconds"] == pytest.approx(7, abs=0.01)
    assert client["pitch"] == pytest.approx(180, rel=0.01)


# Real voices, and what is kept


def test_two_voices_are_told_apart_by_their_pitch(session: Session):
    table = prosody(session)
    client, therapist = row_of(table, "client"), row_of(table, "therapist")
    assert 160 < client["pitch"] < 240
    assert 85 < therapist["pitch"] < 140
    for row in (client, therapist):
        assert 1 < row["pitch_range"] < 12
        assert row["pitch_q1"] < 0 < row["pitch_q3"]
        assert row["seconds"] > 20


@pytest.mark.usefixtures("deaf")
def test_what_was_worked_out_is_kept_and_no_sound_is_opened_again(session: Session):
    assert prosody(session).columns.tolist() == COLUMNS
    assert kept(session)["client_pitch"] == prosody(session).set_index("speaker").loc["client", "pitch"]
    assert set(kept(session)) == {
        f"{who}_{name}" for who in ("client", "therapist") for name in VOICE_MEASURES
    }


def test_other_turns_are_listened_to_anew(session: Session):
    before = prosody(session)
    end = float(session.turns["end"].max())
    session.correct([Correction(0.0, end / 2, "therapist")])
    assert kept(session) == {}
    rename(session)
    assert kept(session) == {}
    after = prosody(session)
    assert row_of(after, "therapist")["pitch"] > row_of(before, "therapist")["pitch"] + 20
    assert kept(session)["therapist_pitch"] == row_of(after, "therapist")["pitch"]


def test_a_damaged_file_is_made_again(session: Session):
    before = prosody(session)
    session.journal.store.write(session.file("derived/prosody.json"), b"{")
    assert kept(session) == {}
    pd.testing.assert_frame_equal(prosody(session), before)


@pytest.mark.usefixtures("deaf")
def test_an_agreement_taken_back_closes_what_is_kept_too(session: Session):
    root = root_of(session.journal)
    (root / AGREEMENTS).unlink()
    with pytest.raises(ConsentError):
        prosody(session)


def test_what_is_taken_back_while_it_is_worked_out_leaves_nothing_behind(
    session: Session, monkeypatch: pytest.MonkeyPatch
):
    journal = session.journal
    journal.store.remove(session.file("derived/prosody.json"))

    def meanwhile(*_: object) -> pd.DataFrame:
        journal.keep_agreements(lambda data: agreements_file.take_back(data, "therapist", on=journal.today()))
        return pd.DataFrame({"speaker": []})

    monkeypatch.setattr("therapy_review.measures.pitch_loudness.ranges", meanwhile)
    with pytest.raises(ConsentError):
        prosody(session)
    assert not journal.store.exists(session.file("derived/prosody.json"))


def test_a_session_that_was_not_analysed_says_what_to_do(heard: Journal):
    with pytest.raises(NotAnalysedError, match=re.escape(hints.command("analyse", journal=root_of(heard)))):
        prosody(heard.sessions[0])
    assert kept(heard.sessions[0]) == {}


def test_nothing_that_can_be_heard_is_kept(session: Session):
    content = json.loads(session.journal.store.read(session.file("derived/prosody.json")))
    assert set(content) == {"recording", "turns", "prosody", "rows"}
    assert len(json.dumps(content["rows"])) < 1000


def test_the_caution_says_when_they_can_be_compared():
    assert "the same device" in CAUTION
    assert "was felt" in CAUTION


def test_when_a_process_that_helps_ends_by_itself_the_work_is_done_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = os.getpid()

    def fragile(sound: NDArray[np.float32]) -> NDArray[np.float64]:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return np.full((2, 1), float(sound[0]))

    monkeypatch.setattr("therapy_review.measures.pitch_loudness._voiced_frames", fragile)
    blocks = [np.full(8, number, np.float32) for number in range(6)]
    found = _each_on_a_core(blocks)
    assert [one[0, 0] for one in found] == [0, 1, 2, 3, 4, 5]
