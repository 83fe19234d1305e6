"""Corrections: what the client said is what holds, whatever an engine hears, until it is taken back."""

from __future__ import annotations

import io
import math

import av
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from tests.support.examples import examples
from therapy_review import Journal, Session, analyse
from therapy_review.analysis.analysis import rename
from therapy_review.consent.agreement import ROLES
from therapy_review.diarization.engine import diarize
from therapy_review.errors import JournalError, TurnsError
from therapy_review.journal.corrections import (
    Correction,
    evidence,
    last_word,
    no_corrections,
    people_in,
    read,
    record,
    undo,
    written,
)
from therapy_review.turns.edits import apply, corrected, relabel, swap
from therapy_review.turns.table import MIN_SILENCE, are_named, name_speakers, turns_table, validate

WORDS = ["client", "therapist", "other", "nobody", "both", "client+other"]
GRID = np.arange(0.025, 42, 0.05)  # seconds: between the edges that are drawn below
unhurried = examples(60)


def who_speaks(turns: pd.DataFrame, at: float) -> set[str]:
    return set(turns.loc[(turns["start"] <= at) & (turns["end"] > at), "speaker"])


def sounds(turns: pd.DataFrame, who: str) -> np.ndarray:
    own = turns[turns["speaker"] == who]
    return ((own["start"].to_numpy()[:, None] <= GRID) & (own["end"].to_numpy()[:, None] > GRID)).any(axis=0)


def rows(turns: pd.DataFrame) -> list[tuple[float, float, str]]:
    return [tuple(row) for row in turns[["start", "end", "speaker"]].round(3).to_numpy().tolist()]


def said(*steps: list[Correction]) -> pd.DataFrame:
    table = no_corrections()
    for step in steps:
        table = record(table, step)
    return table


# Any conversation and anything a client may say about it, on a grid of 0.05 s.


@st.composite
def conversations(draw: st.DrawFn, names: tuple[str, ...] = ("client", "therapist", "other")) -> pd.DataFrame:
    table = []
    for name in draw(st.lists(st.sampled_from(names), unique=True, max_size=3)):
        now = 0
        for gap, length in draw(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 80)), max_size=8)):
            table.append(
                ((now + gap) / 20, (now + gap + length) / 20, name, draw(st.sampled_from([0.5, 0.8])))
            )
            now += gap + length
    return turns_table(table)


@st.composite
def lines(draw: st.DrawFn) -> Correction:
    start, length = draw(st.integers(0, 600)), draw(st.integers(1, 120))
    return Correction(start / 20, (start + length) / 20, draw(st.sampled_from(WORDS)))


def statements() -> st.SearchStrategy[pd.DataFrame]:
    step = st.one_of(st.lists(lines(), min_size=1, max_size=3), st.just(swap()))
    return st.lists(step, max_size=6).map(lambda steps: said(*steps))


@unhurried
@given(conversations(), statements())
def test_corrected_time_says_what_was_corrected_and_no_more(turns, corrections):
    table = apply(turns, corrections)
    validate(table)
    for start, end, speaker in last_word(corrections)[["start", "end", "speaker"]].itertuples(index=False):
        for at in (start + 0.001, (start + end) / 2, end - 0.001):
            assert who_speaks(table, at) == people_in(speaker)


@unhurried
@given(conversations(), statements())
def test_time_that_nothing_was_said_about_stays_as_it_was(turns, corrections):
    table, word = apply(turns, corrections), last_word(corrections)
    near = np.zeros(len(GRID), dtype=bool)
    for start, end in word[["start", "end"]].itertuples(index=False):
        near |= (start - MIN_SILENCE < GRID) & (end + MIN_SILENCE > GRID)
    for who in ROLES:
        assert (sounds(table, who) == sounds(turns, who))[~near].all()


@unhurried
@given(conversations(), statements())
def test_applying_twice_is_applying_once(turns, corrections):
    once = apply(turns, corrections)
    pd.testing.assert_frame_equal(apply(once, corrections), once)


@unhurried
@given(conversations())
def test_without_corrections_nothing_is_touched(turns):
    pd.testing.assert_frame_equal(apply(turns, no_corrections()), turns)


@unhurried
@given(statements(), st.lists(lines(), min_size=1, max_size=3))
def test_undo_takes_the_last_step_back_and_nothing_else(corrections, step):
    pd.testing.assert_frame_equal(undo(record(corrections, step)), corrections)


@unhurried
@given(statements())
def test_swapping_twice_changes_nothing(corrections):
    twice = record(record(corrections, swap()), swap())
    pd.testing.assert_frame_equal(last_word(twice), last_word(corrections))


@unhurried
@given(conversations(("voice_1", "voice_2")), st.lists(st.sampled_from(["client", "therapist"]), max_size=5))
def test_a_swap_gives_each_the_others_turns(voices, answers):
    spans = zip(voices["start"], voices["end"], answers, strict=False)
    table = said(*([Correction(*span)] for span in spans))
    before, after = corrected(voices, table), corrected(voices, record(table, swap()))
    other = {"client": "therapist", "therapist": "client"}
    swapped = before.assign(speaker=before["speaker"].map(lambda who: other.get(who, who)))
    assert sorted(rows(after)) == sorted(rows(swapped))


@st.composite
def answers_to(draw: st.DrawFn, turns: pd.DataFrame) -> pd.DataFrame:
    """What a client may say of turns that have names: that they are right, or whose they are instead."""
    steps: list[list[Correction]] = []
    for start, end, who in turns[["start", "end", "speaker"]].itertuples(index=False):
        if ((turns["start"] < end) & (turns["end"] > start)).sum() == 1 and draw(st.booleans()):
            steps.append([Correction(start, end, draw(st.sampled_from([who, "client", "nobody"])), was=who)])
    return said(*steps)


@pytest.mark.slow
@unhurried
@given(conversations(), st.data())
def test_a_swap_gives_each_the_others_turns_also_where_they_have_names_of_their_own(turns, data):
    table = data.draw(answers_to(turns))
    before, after = corrected(turns, table), corrected(turns, record(table, swap()))
    other = {"client": "therapist", "therapist": "client"}
    assert sorted(rows(after)) == sorted(rows(before.assign(speaker=before["speaker"].replace(other))))
    assert rows(corrected(turns, undo(record(table, swap())))) == rows(before)
    assert rows(corrected(turns, record(record(table, swap()), swap()))) == rows(before)


@unhurried
@given(conversations(), lines())
def test_what_is_said_after_a_swap_holds_as_said_also_where_turns_have_names_of_their_own(turns, line):
    table = corrected(turns, said(swap(), [Correction(line.start, line.end, line.speaker, was="other")]))
    assert who_speaks(table, (line.start + line.end) / 2) == people_in(line.speaker)


@unhurried
@given(statements(), st.randoms())
def test_the_order_of_unrelated_corrections_does_not_matter(corrections, random):
    word = last_word(corrections)
    apart = [Correction(*line) for line in word[["start", "end", "speaker"]].itertuples(index=False)]
    shuffled = random.sample(apart, len(apart))
    pd.testing.assert_frame_equal(last_word(said(*([line] for line in shuffled))), last_word(said(apart)))


@unhurried
@given(statements())
def test_a_file_holds_all_of_it(corrections):
    again = read(written(corrections), "corrections.csv")
    pd.testing.assert_frame_equal(again, corrections, check_dtype=False)


# Edges: another copy of the recording, another engine.


def test_a_copy_that_begins_a_little_earlier_or_later_leaves_no_slivers():
    said_once = said([Correction(5, 8, "client", was="therapist")])
    for shift in (-0.05, -0.02, 0.02, 0.05):
        heard = [(0, 5, "client"), (5, 8, "therapist"), (8, 12, "client")]
        shifted = turns_table((max(0, s + shift), e + shift, who) for s, e, who in heard)
        assert len(apply(shifted, said_once)) == 1
        nobody = apply(shifted, said([Correction(5, 8, "nobody", was="therapist")]))
        assert set(nobody["speaker"]) == {"client"}


def test_what_is_left_of_a_stretch_counts_from_the_length_of_a_silence():
    heard = turns_table([(0, 5, "client")])
    long, short = (apply(heard, said([Correction(at, 5, "therapist")])) for at in (0.25, 0.15))
    assert rows(long) == [(0, 0.25, "client"), (0.25, 5, "therapist")]
    assert rows(short) == [(0, 5, "therapist")]


def test_the_confidence_of_a_stretch_is_that_of_what_was_not_confirmed():
    heard = turns_table([(0, 10, "client", 0.6)])
    assert apply(heard, said([Correction(2, 6, "client")]))["confidence"].tolist() == pytest.approx([0.6])
    assert apply(heard, said([Correction(0, 10, "client")]))["confidence"].tolist() == [1.0]


def test_a_correction_says_who_and_when():
    for times in ((3, 3), (4, 3), (-1, 3), (0, math.inf), (math.nan, 2)):
        with pytest.raises(TurnsError, match="after its start"):
            Correction(*times, "client")
    with pytest.raises(TurnsError, match="'Sam' is nobody"):
        Correction(0, 1, "Sam")


# Names: whose voice is whose.

VOICES = turns_table([(10 * i, 10 * i + 9, f"voice_{i % 2 + 1}") for i in range(10)])


def named(*lines: Correction) -> pd.DataFrame:
    return name_speakers(VOICES, evidence(said(list(lines))))


def test_a_few_answers_that_disagree_do_not_take_the_names_away():
    agree = [Correction(20 * i, 20 * i + 4, "client") for i in range(4)]
    assert named(*agree, Correction(80, 84, "therapist"))["speaker"].tolist()[:2] == ["client", "therapist"]


def test_nothing_is_named_while_it_could_be_either():
    assert not are_named(named(Correction(0, 4, "client"), Correction(20, 23, "therapist")))
    assert not are_named(named(Correction(0, 4, "client"), Correction(10, 14, "client")))
    assert not are_named(named(Correction(0, 4, "other")))
    assert not are_named(named())


def test_stretches_the_engine_got_wrong_tell_nothing_about_the_rest():
    wrong = [Correction(20 * i, 20 * i + 9, "therapist", was="client") for i in range(1, 5)]
    assert named(Correction(0, 4, "client"), *wrong)["speaker"].tolist()[:2] == ["client", "therapist"]


def test_a_second_thought_about_a_clip_takes_the_place_of_the_first():
    changed = named(Correction(0, 4, "client"), Correction(0, 4, "therapist"))
    assert changed["speaker"].tolist()[:2] == ["therapist", "client"]


def test_a_swap_is_not_undone_by_the_answers_before_it():
    table = said([Correction(0, 4, "client"), Correction(20, 24, "client")], swap())
    assert corrected(VOICES, table)["speaker"].tolist()[:2] == ["therapist", "client"]
    renumbered = VOICES.assign(speaker=VOICES["speaker"].map({"voice_1": "voice_2", "voice_2": "voice_1"}))
    assert corrected(renumbered, table)["speaker"].tolist()[:2] == ["therapist", "client"]


# The file, as people and spreadsheets leave it.


def test_a_file_of_three_columns_is_enough_and_its_last_line_wins():
    table = read(b"\xef\xbb\xbfend,start,speaker\n4,1,Client\n3,2,nobody\n", "corrections.csv")
    assert last_word(table)["speaker"].tolist() == ["client", "nobody", "client"]
    assert undo(table)["speaker"].tolist() == ["client"]


def test_further_columns_survive_and_a_sorted_file_keeps_its_order_of_steps():
    data = b"start,end,speaker,was,step,why\n0,5,nobody,client,2,a cough\n0,9,client,,1,007\n"
    table = record(read(data, "corrections.csv"), [Correction(20, 21, "both")])
    assert last_word(table)["speaker"].tolist() == ["nobody", "client", "both"]
    assert read(written(table), "corrections.csv")["why"].tolist() == ["007", "a cough", ""]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"start,end\n1,2\n", "columns start, end, speaker"),
        (b"start,end,speaker\none,2,client\n", "mend its first"),
        (b"start,end,speaker\n1,2,\n", "both or nobody"),
        (b"start,end,speaker\n1,2,Robin\n", "'Robin' is nobody"),
        (b"start,end,speaker\n,,client\n", "after its start"),
        (b"", "columns start, end, speaker"),
    ],
)
def test_a_file_that_is_no_such_table_says_how_to_mend_it(data, why):
    with pytest.raises(JournalError, match=why):
        read(data, "corrections.csv")


# On real sound: the same session as another file, and heard by another engine.


def encoded(samples: np.ndarray, kind: str, codec: str) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=kind) as file:
        rate = 48_000 if codec == "libopus" else 44_100
        stream = file.add_stream(codec, rate=rate, layout="mono")
        resampler = av.AudioResampler(format=stream.codec.audio_formats[0].name, layout="mono", rate=rate)
        sound = av.AudioFrame.from_ndarray(samples[None, :], format="fltp", layout="mono")
        sound.sample_rate = 16_000
        for frame in [*resampler.resample(sound), *resampler.resample(None)]:
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()


FILES = {"m4a": ("ipod", "aac"), "mp3": ("mp3", "libmp3lame"), "opus": ("ogg", "libopus")}


def keep_as(session: Session, ending: str, samples: np.ndarray) -> None:
    session.journal.store.remove(session.recording_file())
    session.journal.store.write(session.file(f"recording.{ending}"), encoded(samples, *FILES[ending]))


@pytest.fixture
def heard_again(journal: Journal) -> Session:
    """Seventy seconds of a practice session as an m4a, analysed, with three stretches corrected."""
    session = journal.session("2026-01-29")
    keep_as(session, "m4a", session.recording().read(0, 70))
    turns = analyse(session)
    own, others = (turns[turns["speaker"] == who] for who in ("client", "therapist"))
    for stretch, speaker in ((others.iloc[1], "client"), (own.iloc[1], "nobody"), (own.iloc[2], "client")):
        session.correct(relabel(session.turns, stretch["start"], stretch["end"], speaker))
        rename(session)
    return session


def holds(session: Session, turns: pd.DataFrame) -> bool:
    """Whether the corrected stretches say what the client said, and no shred is left beside them."""
    word = last_word(session.corrections)
    spans = zip(word["start"] + 0.001, word["end"] - 0.001, map(people_in, word["speaker"]), strict=True)
    shreds = turns["end"] - turns["start"] < MIN_SILENCE / 2
    return (
        all(who_speaks(turns, a) == who_speaks(turns, b) == who for a, b, who in spans) and not shreds.any()
    )


@pytest.mark.parametrize("ending", ["mp3", "opus"])
def test_corrections_hold_in_another_copy_of_the_recording(heard_again: Session, ending: str) -> None:
    before = heard_again.turns
    keep_as(heard_again, ending, heard_again.recording().read())
    turns = analyse(heard_again)
    assert holds(heard_again, before)
    assert holds(heard_again, turns)
    assert abs(len(turns) - len(before)) <= 2


def test_corrections_hold_when_the_engine_changes(
    heard_again: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def another(samples: np.ndarray, sample_rate: int, speakers: int | None) -> pd.DataFrame:
        """Count the voices the other way round and hear every word end 0.08 s later."""
        found = diarize(samples, sample_rate, speakers)
        voices = found["speaker"].map({"voice_1": "voice_2", "voice_2": "voice_1"})
        return found.assign(end=found["end"] + 0.08, speaker=voices)

    before = heard_again.turns
    monkeypatch.setattr("therapy_review.diarization.engine.diarize", another)
    monkeypatch.setattr("therapy_review.diarization.registry.BuiltIn.name", "another")
    turns = analyse(heard_again)
    assert not turns.equals(before)
    assert holds(heard_again, turns)


def test_a_correction_is_measured_without_opening_the_sound_and_can_be_taken_back(
    heard_again: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, measured = heard_again.turns, heard_again.measures
    monkeypatch.setattr("therapy_review.sound.recording.Recording.read", None)
    heard_again.correct(swap())
    rename(heard_again)
    assert heard_again.measures["client_talk_time"].equals(
        measured["therapist_talk_time"].rename("client_talk_time")
    )
    heard_again.undo_correction()
    assert rename(heard_again).equals(before)


def test_with_nothing_left_to_take_back_nothing_happens(journal: Journal) -> None:
    session = journal.session("2026-02-12")
    session.undo_correction()
    assert session.corrections.empty
    assert not journal.store.exists(session.file("corrections.csv"))
