"""Tracks: a practice session taken apart into a track for each, with what each microphone hears of the other."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from pyannote.core import Annotation, Segment
from pyannote.metrics.diarization import DiarizationErrorRate

from tests.conftest import reference
from tests.diarization.test_engine import NO_RATES
from therapy_review import analyse, create_journal, open_journal
from therapy_review.analysis.adding import add_recording
from therapy_review.consent import agreements_file
from therapy_review.diarization.tracks import are_separate, diarize_tracks
from therapy_review.errors import JournalError, RecordingError
from therapy_review.journal.journal import Journal
from therapy_review.measures.talk import talk_share
from therapy_review.sound.recording import Recording

DAY = "2026-01-29"
RATE = 16_000
PEOPLE = ("client", "therapist")


def annotation(turns: pd.DataFrame) -> Annotation:
    said = Annotation()
    for i, (start, end, who) in enumerate(turns[["start", "end", "speaker"]].itertuples(index=False)):
        said[Segment(start, end), i] = who
    return said


@pytest.fixture(scope="module")
def mixed() -> np.ndarray:
    return open_journal("data/practice").session(DAY).recording().read()


@pytest.fixture(scope="module")
def voices(mixed: np.ndarray) -> np.ndarray:
    """What client and therapist say, each alone."""
    own = []
    for who in PEOPLE:
        speaks = np.zeros(len(mixed), np.float32)
        turns = reference(DAY)
        for start, end in turns[turns["speaker"] == who][["start", "end"]].to_numpy():
            speaks[int((start - 0.03) * RATE) : int((end + 0.05) * RATE)] = 1
        own.append(mixed * np.convolve(speaks, np.ones(160) / 160, "same").astype(np.float32))
    return np.stack(own)


@pytest.fixture(scope="module")
def tracks(voices: np.ndarray) -> np.ndarray:
    """Client and therapist, each 25 dB softer and 6 ms later on the other's track."""
    return voices * np.float32([[0.7], [1.0]]) + heard_across(voices[::-1], -25)


def heard_across(voices: np.ndarray, decibels: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 0.0005, voices.shape).astype(np.float32)
    return np.roll(voices, 96, axis=-1) * np.float32(10 ** (decibels / 20)) + noise


def stereo(left: np.ndarray, right: np.ndarray) -> Recording:
    out = io.BytesIO()
    sf.write(out, np.stack([left, right], axis=1), RATE, format="WAV", subtype="PCM_16")
    return Recording(lambda: io.BytesIO(out.getvalue()), "call.wav")


def test_labels_come_from_the_tracks_and_bleed_is_nobodys_turn(tracks: np.ndarray) -> None:
    found, truth = diarize_tracks(tracks, RATE, PEOPLE), reference(DAY)
    error = DiarizationErrorRate(collar=0.5)(annotation(truth), annotation(found), detailed=True)
    assert error["confusion"] / error["total"] < 0.005
    assert error["diarization error rate"] < 0.03
    assert abs(talk_share(found)["client"] - talk_share(truth)["client"]) < 0.02
    assert found["confidence"].between(0, 1).all()


def test_tracks_may_be_of_any_loudness_length_and_number(tracks: np.ndarray) -> None:
    found = diarize_tracks(tracks, RATE, PEOPLE)
    silent = np.zeros(RATE * 30, np.float32)
    more = diarize_tracks([tracks[0] * 0.1, silent, tracks[1][: -RATE * 20]], RATE)
    assert set(more["speaker"]) == {"voice_1", "voice_3"}
    before = more["end"].max()
    own = [own[own["end"] < before - 1].groupby("speaker").size().to_numpy() for own in (found, more)]
    assert np.abs(own[0] - own[1]).max() <= 2
    assert diarize_tracks([], RATE).empty
    assert diarize_tracks([np.zeros(0, np.float32)] * 2, RATE).empty


def test_who_never_speaks_has_no_turn_for_what_is_heard_of_the_other(voices: np.ndarray) -> None:
    client = reference(DAY).query("speaker == 'client'")
    found = diarize_tracks([voices[0], heard_across(voices[0], -25)], RATE, PEOPLE)
    assert set(found["speaker"]) == {"client"}
    assert abs((found["end"] - found["start"]).sum() / (client["end"] - client["start"]).sum() - 1) < 0.1


def test_two_people_who_speak_at_once_are_both_heard(tracks: np.ndarray) -> None:
    turns = reference(DAY)
    client = turns[(turns["speaker"] == "client") & (turns["end"] - turns["start"] > 3)].iloc[0]
    therapist = turns[(turns["speaker"] == "therapist") & (turns["end"] - turns["start"] > 2)].iloc[0]
    both = tracks.copy()
    first, length = int((client["start"] + 0.5) * RATE), int(1.5 * RATE)
    said = int(therapist["start"] * RATE)
    both[1, first : first + length] = tracks[1, said : said + length]
    found = diarize_tracks(both, RATE, PEOPLE)
    heard = found[(found["start"] < client["start"] + 1.2) & (found["end"] > client["start"] + 1.2)]
    assert set(heard["speaker"]) == set(PEOPLE)


def test_one_voice_a_side_is_recognised(tracks: np.ndarray) -> None:
    assert are_separate(stereo(*tracks))
    assert are_separate(stereo(tracks[1], 0.3 * tracks[0]))


def test_other_stereo_is_not_taken_for_separate_tracks(mixed: np.ndarray, tracks: np.ndarray) -> None:
    client, therapist = tracks
    noise = np.random.default_rng(1).normal(0, 0.001, len(mixed)).astype(np.float32)
    assert not are_separate(stereo(mixed, mixed))
    assert not are_separate(stereo(mixed, noise))
    assert not are_separate(stereo(mixed, 0.05 * np.roll(mixed, 20) + noise))
    assert not are_separate(stereo(mixed, np.zeros_like(mixed)))
    # A stereo microphone between them: each side hears the nearer one 5 dB louder.
    assert not are_separate(stereo(client + 0.56 * therapist, 0.56 * client + therapist))


def test_files_of_a_call_become_one_session_whose_labels_come_from_them(
    tracks: np.ndarray, tmp_path: Path
) -> None:
    journal = called(tmp_path, tracks)
    session = journal.sessions[0]
    assert session.recording_file().endswith("recording.flac")
    assert session.notes.tracks == PEOPLE
    turns = analyse(session)
    assert set(turns["speaker"]) == set(PEOPLE)
    assert abs(talk_share(turns)["client"] - talk_share(reference(DAY))["client"]) < 0.02
    both = session.recording().read()
    assert abs(len(both) - tracks.shape[1]) < RATE // 10
    assert np.allclose(both[: RATE * 60], tracks.mean(axis=0)[: RATE * 60], atol=2e-4)
    with pytest.raises(JournalError, match=r"already, as .* 2026-03-04"):
        add_recording(journal, files(tmp_path), journal.today())


def test_names_given_and_names_unknown(tracks: np.ndarray, tmp_path: Path) -> None:
    journal = called(tmp_path, tracks[:, : RATE * 60])
    first, second = files(tmp_path)
    first.rename(tmp_path / "audio1.wav")
    second.rename(tmp_path / "audio2.wav")
    unknown = [tmp_path / "audio1.wav", tmp_path / "audio2.wav"]
    journal.store.remove(journal.sessions[0].recording_file())
    session = add_recording(journal, unknown, dt.date(2026, 3, 11))
    assert session.notes.tracks == ("audio1", "audio2")
    assert set(analyse(session)["speaker"]) == {"voice_1", "voice_2"}
    with pytest.raises(JournalError, match=r"3 names .* 2 tracks"):
        add_recording(journal, unknown, dt.date(2026, 3, 18), ["client", "therapist", "Sam"])
    session.save_notes(session.notes.changed(tracks=("therapist", "client")))
    assert set(analyse(session)["speaker"]) == set(PEOPLE)
    session.save_notes(session.notes.changed(tracks=("a", "b", "c")))
    with pytest.raises(RecordingError, match=r"name 3 tracks, but .* has 2"):
        analyse(session)
    session.save_notes(session.notes.changed(tracks=("together",)))
    assert session.made_from()["inputs"]["tracks"] == ["therapist", "client"]
    analyse(session)
    assert session.made_from()["inputs"]["tracks"] == ["together"]


def files(folder: Path) -> list[Path]:
    return [folder / "audioRobin1.wav", folder / "audioDrKim2.wav"]


def called(folder: Path, tracks: np.ndarray) -> Journal:
    journal = create_journal(folder / "mine", client="Robin", therapist="DrKim")
    agreed = b""
    for who in PEOPLE:
        agreed = agreements_file.append(
            agreed, who, ["self_review"], given_from=dt.date(2026, 1, 5), name=who
        )
    journal.store.write("agreements.toml", agreed)
    for file, track in zip(files(folder), tracks, strict=True):
        sf.write(file, track, RATE, subtype="PCM_16")
    add_recording(journal, files(folder), dt.date(2026, 3, 4))
    return open_journal(folder / "mine")


@pytest.mark.parametrize(
    ("track", "sentence"),
    [
        (np.full(RATE, np.nan, np.float32), "not finite"),
        (np.zeros((2, RATE), np.float32), "one channel"),
        (np.zeros((RATE, 2), np.float32), "one channel"),
        (None, "one channel"),
    ],
)
def test_a_track_that_is_not_one_channel_of_sound_is_refused_in_a_sentence(
    track: np.ndarray, sentence: str
) -> None:
    with pytest.raises(RecordingError, match=sentence):
        diarize_tracks([np.zeros(RATE, np.float32), track])


@pytest.mark.parametrize("rate", NO_RATES)
def test_a_rate_that_no_sound_has_is_refused_before_anything_is_heard(rate: float) -> None:
    with pytest.raises(RecordingError, match="4000 to 384000 samples a second"):
        diarize_tracks((pytest.fail("heard") for _ in range(2)), rate)  # type: ignore[arg-type]


def test_the_same_name_for_two_tracks_is_refused() -> None:
    silence = np.zeros(RATE, np.float32)
    with pytest.raises(RecordingError, match=r"Two tracks .* client"):
        diarize_tracks((pytest.fail("heard") for _ in range(2)), names=("client", "client"))
    with pytest.raises(RecordingError, match=r"Two tracks .* voice_2"):
        diarize_tracks([silence, silence], names=("voice_2",))
    assert diarize_tracks([silence, silence], names=("client", "therapist", "client-2")).empty
