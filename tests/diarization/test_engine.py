from __future__ import annotations

import numpy as np
import pytest
from pyannote.core import Annotation, Segment
from pyannote.metrics.diarization import DiarizationErrorRate

from tests.conftest import RECORDED, reference
from therapy_review import open_journal
from therapy_review.diarization.engine import diarize
from therapy_review.errors import RecordingError
from therapy_review.journal.corrections import evidence
from therapy_review.measures.talk import talk_share
from therapy_review.turns.table import name_speakers, validate

NO_RATES = [0, -1, float("nan"), float("inf"), None, "16000", 1, 3_999, 384_001, True]


def annotation(turns):
    said = Annotation()
    for i, (start, end, who) in enumerate(turns[["start", "end", "speaker"]].itertuples(index=False)):
        said[Segment(start, end), i] = who
    return said


@pytest.mark.parametrize("day", RECORDED)
def test_the_practice_sessions_are_told_apart(day: str) -> None:
    session = open_journal("data/practice").session(day)
    turns = name_speakers(diarize(session.recording().read()), evidence(session.corrections))
    validate(turns)
    truth = reference(day)
    error = DiarizationErrorRate()(annotation(truth), annotation(turns), detailed=True)
    assert error["confusion"] / error["total"] < 0.02
    assert error["diarization error rate"] < 0.15
    assert abs(talk_share(turns)["client"] - talk_share(truth)["client"]) < 0.04


def test_the_same_sound_gives_the_same_turns(heard_anew: None) -> None:
    samples = open_journal("data/practice").session("2026-01-29").recording().read(0, 60)
    assert diarize(samples).equals(diarize(samples))


def test_silence_and_noise_are_nobodys_turn() -> None:
    noise = np.random.default_rng(0).normal(0, 0.003, 16000 * 5).astype(np.float32)
    assert diarize(np.zeros(16000, np.float32)).empty
    assert diarize(np.zeros(0, np.float32)).empty
    assert diarize(noise).empty


def test_the_number_of_voices_is_found_from_the_sound() -> None:
    session = open_journal("data/practice").session("2026-01-29")
    samples, truth = session.recording().read(), reference("2026-01-29")
    assert diarize(samples, speakers=None)["speaker"].nunique() == 2
    own = truth[truth["speaker"] == "client"]
    memo = np.concatenate(
        [samples[int(s * 16000) : int(e * 16000)] for s, e in own[["start", "end"]].to_numpy()]
    )
    assert diarize(memo, speakers=None)["speaker"].nunique() == 1


def test_four_people_are_refused_in_a_sentence() -> None:
    with pytest.raises(RecordingError, match="1 to 3 people"):
        diarize(np.zeros(16000, np.float32), speakers=4)


@pytest.mark.parametrize("speakers", ["2", 0, -1, 2.5, True, float("nan")])
def test_what_is_no_number_of_people_is_refused_in_a_sentence(speakers: object) -> None:
    with pytest.raises(RecordingError, match="1 to 3 people, not for"):
        diarize(np.zeros(16000, np.float32), speakers=speakers)  # type: ignore[arg-type]


@pytest.mark.parametrize("rate", NO_RATES)
def test_a_rate_that_no_sound_has_is_refused_in_a_sentence(rate: float) -> None:
    with pytest.raises(RecordingError, match="4000 to 384000 samples a second"):
        diarize(np.zeros(16000, np.float32), sample_rate=rate)  # type: ignore[arg-type]


@pytest.mark.parametrize("rate", [4_000, 8_000.0, np.int64(44_100), 384_000])
def test_every_rate_that_sound_has_is_heard(rate: int) -> None:
    assert diarize(np.zeros(int(rate) // 2, np.float32), sample_rate=rate).empty
    assert diarize(np.zeros(0, np.float32), sample_rate=rate).empty


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [
        (np.full(16000, np.nan), "not finite"),
        (np.full(16000, np.inf), "not finite"),
        (["a", "b"], "no numbers"),
        ([[0.0], [0.0, 1.0]], "no numbers"),
        (None, "one channel"),
    ],
)
def test_what_is_no_sound_is_refused_in_a_sentence(samples: object, sentence: str) -> None:
    with pytest.raises(RecordingError, match=sentence):
        diarize(samples)  # type: ignore[arg-type]


def test_two_channels_are_refused_in_a_sentence() -> None:
    with pytest.raises(RecordingError, match="mix the channels"):
        diarize(np.zeros((2, 16000), np.float32))
