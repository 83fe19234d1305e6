"""Playback: everybody at one quiet level, and the same sound whether it was prepared or is made when asked for."""

from __future__ import annotations

import io
import shutil
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from tests.conftest import PRACTICE, Hear, joined, reference, root_of, session_of
from tests.support.examples import examples
from tests.support.meanwhile import before
from therapy_review import Journal, Session, analyse, open_journal
from therapy_review.analysis.analysis import rename
from therapy_review.errors import ConsentError, JournalError, NotAnalysedError, RecordingError
from therapy_review.journal.corrections import Correction
from therapy_review.player import playback
from therapy_review.player.playback import FILE, LEVEL, LOUDEST, MOST_GAIN, Sound, levelled, levels
from therapy_review.rights.erasure import erase_session
from therapy_review.sound.opus import PACKET, RATE
from therapy_review.sound.recording import PEAKS_A_SECOND, Recording, waveform_peaks
from therapy_review.turns.table import turns_table

HEARD_RATE = 48_000
DAYS = ["2026-01-15", "2026-03-05"]  # an mp3 and an m4a: decoding these is not the same from everywhere
Samples = NDArray[np.float32]


@pytest.fixture(scope="module")
def prepared_once(hear: Hear, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal with two sessions made ready to be heard; not to be changed."""
    journal = hear(tmp_path_factory.mktemp("prepared") / "practice", DAYS)
    for day in DAYS:
        playback.prepare(journal.session(day))
    return root_of(journal)


@pytest.fixture
def prepared(prepared_once: Path, tmp_path: Path) -> Session:
    """A session that is ready to be heard, to be changed as a test likes."""
    shutil.copytree(prepared_once, tmp_path / "practice")
    return open_journal(tmp_path / "practice").session("2026-03-05")


def at_hand(root: Path, day: str) -> tuple[Sound, Sound]:
    """The sound of a session as it was prepared, and as it is made when asked for."""
    session = open_journal(root).session(day)
    ready, made = Sound(session), Sound(session)
    made.is_prepared = lambda: False  # type: ignore[method-assign]
    return ready, made


def peaks_of(samples: Samples) -> Samples:
    """Peaks of sound at 24 kHz, as the analysis keeps them."""
    return waveform_peaks(samples, round(len(samples) / RATE * PEAKS_A_SECOND))


def practice(day: str) -> Samples:
    (path,) = (PRACTICE / "sessions" / day).glob("recording.*")
    return Recording(lambda: path.open("rb"), path.name).read(rate=RATE)


def inside(turns: pd.DataFrame, speaker: str, size: int) -> NDArray[np.bool_]:
    """Which samples are one voice's alone."""
    voiced = {who: np.zeros(size, bool) for who in turns["speaker"]}
    for start, end, who in zip(turns["start"], turns["end"], turns["speaker"], strict=True):
        voiced[who][round(start * RATE) : round(end * RATE)] = True
    return voiced.pop(speaker) & ~np.any(list(voiced.values()), axis=0)


def decibels(samples: Samples) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(samples.astype(float) ** 2))))


# Levels.


@pytest.mark.parametrize("factor", [0.2, 2.5])
def test_a_voice_far_from_the_microphone_is_heard_like_the_other(factor: float) -> None:
    samples, turns = practice("2026-01-29"), reference("2026-01-29")
    far, near = (inside(turns, who, len(samples)) for who in ("therapist", "client"))
    before = decibels(samples[far]) - decibels(samples[near])
    samples = np.where(far, factor * samples, samples).astype(np.float32)
    assert abs(decibels(samples[far]) - decibels(samples[near]) - before) > 7
    sound = levelled(samples, 0.0, levels(turns, peaks_of(samples)))
    assert abs(decibels(sound[far]) - decibels(sound[near])) < 2


def test_where_both_speak_the_softer_setting_holds() -> None:
    turns = turns_table([(0, 10, "client"), (8, 18, "therapist")])
    high = np.repeat([0.36, 0.045], [9 * PEAKS_A_SECOND, 9 * PEAKS_A_SECOND])
    times, gains = levels(turns, np.column_stack([-high, high]).astype(np.float32))
    soft, loud = np.interp([4.0, 15.0], times, gains)
    assert (soft, loud) == (pytest.approx(LEVEL / 0.36), pytest.approx(LEVEL / 0.045))
    assert np.interp([8.1, 9.0, 9.9], times, gains) == pytest.approx(soft)


def test_a_voice_that_is_hardly_there_stays_soft() -> None:
    hiss = np.full((20 * PEAKS_A_SECOND, 2), 0.001, np.float32)
    _, gains = levels(turns_table([(1, 19, "client")]), hiss)
    assert gains.max() == MOST_GAIN


def test_a_voice_heard_too_shortly_to_know_it_gets_the_level_of_everybody() -> None:
    high = np.full((20 * PEAKS_A_SECOND, 2), 0.09, np.float32)
    high[18 * PEAKS_A_SECOND :] = 0.9
    times, gains = levels(turns_table([(0, 17, "client"), (18, 19, "therapist")]), high)
    assert np.interp(18.5, times, gains) == pytest.approx(LEVEL / 0.09)


@pytest.mark.parametrize("turns", [turns_table(), turns_table([(0, 5, "client")])], ids=["nobody", "silence"])
def test_silence_stays_silence_whoever_is_said_to_speak(turns: pd.DataFrame) -> None:
    silence = np.zeros(5 * RATE, np.float32)
    gains = levels(turns, peaks_of(silence))
    assert np.isfinite(gains[1]).all()
    assert not levelled(silence, 0.0, gains).any()


def test_a_recording_without_a_sample_has_levels_too() -> None:
    times, gains = levels(turns_table(), np.zeros((0, 2), np.float32))
    assert (times.tolist(), gains.tolist()) == ([0.0], [1.0])
    assert len(levelled(np.zeros(0, np.float32), 0.0, (times, gains))) == 0


steps = st.lists(st.integers(1, 60), max_size=12)  # of a voice: a silence, a word, a silence …


@examples(60)
@given(st.dictionaries(st.sampled_from(["client", "therapist", "other"]), steps), st.integers(0, 2**32 - 1))
def test_levels_go_on_in_time_and_are_never_beyond_what_is_allowed(
    said: dict[str, list[int]], seed: int
) -> None:
    rows = [
        (float(start), float(end), who)
        for who, lengths in said.items()
        for edges in [np.cumsum(lengths) / 10]
        for start, end in zip(edges[::2], edges[1::2], strict=False)
    ]
    turns = turns_table(sorted(rows))
    high = np.random.default_rng(seed).random((50 * PEAKS_A_SECOND, 2)).astype(np.float32)
    times, gains = levels(turns, high - 0.5)
    assert len(times) == len(gains) > 0
    assert (np.diff(times) >= 0).all()
    assert ((gains > 0) & (gains <= MOST_GAIN)).all()


sounds = arrays(
    np.float32, st.integers(0, 3000), elements=st.floats(-1.5, 1.5, width=32, allow_subnormal=False)
)


@examples(80)
@given(sounds, st.floats(0.01, MOST_GAIN), st.floats(0, 4000))
def test_nothing_is_ever_louder_than_what_is_allowed(samples: Samples, gain: float, start: float) -> None:
    sound = levelled(samples, start, (np.zeros(1), np.full(1, gain)))
    assert sound.dtype == np.float32
    assert sound.shape == samples.shape
    assert np.abs(sound).max(initial=0) <= LOUDEST + 1e-6
    assert (np.abs(sound) <= np.abs(samples) * gain * (1 + 1e-5)).all()


def test_a_shout_is_held_down_from_its_first_sample_and_what_is_soft_before_it_stays() -> None:
    samples = np.full(RATE, 0.1, np.float32)
    samples[RATE // 2 :] = 0.95
    sound = levelled(samples, 0.0, (np.zeros(1), np.ones(1)))
    assert np.abs(sound[RATE // 2 :]).max() <= LOUDEST + 1e-6
    assert sound[: RATE // 2 - round(0.03 * RATE)] == pytest.approx(0.1)


# Prepared, or made when asked for.


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("start", [0.0, 31.7, 118.02])
def test_what_is_prepared_and_what_is_made_at_once_sound_alike(
    prepared_once: Path, day: str, start: float
) -> None:
    ready, made = at_hand(prepared_once, day)
    first = round(start / PACKET)
    one, other = (joined(sound.packets(first, first + 250))[2000:] for sound in (ready, made))
    assert len(one) == len(other)
    assert np.corrcoef(one, other)[0, 1] > 0.98
    assert decibels(one) == pytest.approx(decibels(other), abs=0.3)


@pytest.mark.parametrize("day", DAYS)
def test_pieces_made_one_by_one_join_without_a_sound(prepared_once: Path, day: str) -> None:
    ready, made = at_hand(prepared_once, day)
    first, size, count = 1000, 125, 10
    places = range(first, first + count * size, size)
    pieces = joined([packet for at in places for packet in made.packets(at, at + size)])
    whole = joined(ready.packets(first, first + count * size))
    frame = round(PACKET * HEARD_RATE)
    apart = np.sqrt(np.mean((pieces - whole).reshape(-1, frame) ** 2, axis=1))
    joints = np.concatenate([np.arange(at, at + 3) for at in range(size, count * size, size)])
    elsewhere = np.delete(apart, np.concatenate([joints, np.arange(10)]))
    # Where a joint can be heard, some of the packets after it differ more than any other does.
    assert apart[joints].max() <= max(elsewhere.max(), 0.01)
    assert np.median(apart[joints]) <= 3 * np.median(elsewhere) + 1e-4


@pytest.mark.parametrize("day", DAYS)
def test_the_last_packets_are_given_though_times_in_the_file_promise_more(
    prepared_once: Path, day: str
) -> None:
    for sound in at_hand(prepared_once, day):
        last = sound.packets(len(sound) - 100, len(sound) + 100)
        assert 90 <= len(last) <= 100
        assert sound.packets(len(sound) + 5, len(sound) + 10) == []
        assert len(sound.packets(-5, 5)) == 5


def test_all_of_a_session_is_there_and_at_its_time(prepared_once: Path) -> None:
    ready, _ = at_hand(prepared_once, "2026-03-05")
    heard = joined(ready.packets(0, len(ready)))
    assert len(heard) / HEARD_RATE == pytest.approx(ready.duration, abs=0.05)
    recorded = open_journal(prepared_once).session("2026-03-05").recording().read(rate=HEARD_RATE)
    for at in (3.0, 90.0, 235.0):
        here = slice(round(at * HEARD_RATE), round((at + 2) * HEARD_RATE))
        late = here.start + np.arange(-960, 960, 24)
        alike = [np.dot(heard[a : a + 2 * HEARD_RATE], recorded[here]) for a in late]
        assert (late[np.argmax(alike)] - here.start) / HEARD_RATE == pytest.approx(0.0065, abs=0.01)


def test_how_far_it_is_grows_up_to_the_whole(journal: Journal) -> None:
    sound = (0.1 * np.random.default_rng(1).standard_normal(40 * RATE)).astype(np.float32)
    session, told = session_of(journal, sound, [(1, 30, "client")]), list[float]()
    playback.prepare(session, told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 5
    playback.prepare(session, told.append)
    assert told[-1] == 1.0


def test_what_is_prepared_is_kept_with_the_derived_files_and_found_again(prepared: Session) -> None:
    store = prepared.journal.store
    before = store.read(prepared.file(FILE))
    assert len(before) < 1_500_000  # four minutes
    assert Sound(prepared).is_prepared()
    playback.prepare(prepared)
    assert store.read(prepared.file(FILE)) == before


@pytest.mark.slow
def test_sound_of_another_recording_is_not_used(prepared: Session) -> None:
    store = prepared.journal.store
    store.write(prepared.file("recording.m4a"), (PRACTICE / "sessions/2026-01-08/recording.m4a").read_bytes())
    with pytest.raises(NotAnalysedError):
        Sound(prepared)
    analyse(prepared)
    assert not Sound(prepared).is_prepared()
    playback.prepare(prepared)
    assert Sound(prepared).is_prepared()


def test_sound_that_was_prepared_in_another_way_is_not_used(
    prepared: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playback, "VERSION", playback.VERSION + 1)
    assert not Sound(prepared).is_prepared()


def cut_short(data: bytes) -> bytes:
    return data[: len(data) // 2]


def overwritten(data: bytes) -> bytes:
    return data[:100_000] + bytes(1000) + data[101_000:]


def without_lengths(data: bytes) -> bytes:
    out = io.BytesIO()
    with np.load(io.BytesIO(data)) as kept:
        np.savez(out, source=kept["source"], levels=kept["levels"], packets=kept["packets"])
    return out.getvalue()


@pytest.mark.parametrize(
    "damage", [cut_short, overwritten, without_lengths, lambda _: b"", lambda _: b"no sound" * 99]
)
def test_a_damaged_file_is_made_anew(prepared: Session, damage: object) -> None:
    store = prepared.journal.store
    good = store.read(prepared.file(FILE))
    store.write(prepared.file(FILE), damage(good))  # type: ignore[operator]
    sound = Sound(prepared)
    assert not sound.is_prepared()
    assert len(sound.packets(100, 110)) == 10
    playback.prepare(prepared)
    assert store.read(prepared.file(FILE))[-1000:] == good[-1000:]
    assert Sound(prepared).is_prepared()


@examples(80)
@given(st.integers(0, 1999), st.booleans(), st.binary(min_size=1, max_size=40))
def test_whatever_happens_to_the_file_it_gives_the_right_packets_or_none(
    prepared_once: Path, place: int, from_end: bool, put: bytes
) -> None:
    session = open_journal(prepared_once).session("2026-03-05")
    store, gains = session.journal.store, levels(session.turns, Sound(session).peaks)
    good = playback._load(session, gains)
    data = store.read(session.file(FILE))
    # Names and shapes lie at the beginning of the file, the zip's own tables at its end.
    at = len(data) - 1 - place if from_end else place
    damaged = data[:at] + put + data[at + len(put) :]
    read = store.read
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store, "read", lambda name: damaged if name.endswith(FILE) else read(name))
        found = playback._load(session, gains)
    assert good
    assert found is None or (found[1] == good[1] and np.array_equal(found[0], good[0]))


def test_a_file_that_can_not_be_used_is_read_once_and_not_for_each_piece(
    prepared: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, reads = prepared.journal.store, list[str]()
    read = store.read
    monkeypatch.setattr(playback, "VERSION", playback.VERSION + 1)
    monkeypatch.setattr(store, "read", lambda name: (reads.append(name), read(name))[1])
    sound = Sound(prepared)
    assert all(len(sound.packets(at, at + 10)) == 10 for at in range(0, 100, 10))
    assert reads.count(prepared.file(FILE)) == 1
    playback.prepare(prepared)  # elsewhere: what is new is seen
    assert sound.is_prepared()


# Who speaks is put right.

LOUD, SOFT = 0.36, 0.09


@pytest.fixture
def two(journal: Journal) -> Session:
    """A loud client from 1 s to 11 s, a soft therapist up to 21 s, and so on for a minute; ready to be heard."""
    turns = [(1 + 10 * i, 11 + 10 * i, ("client", "therapist")[i % 2]) for i in range(6)]
    times = np.arange(62 * RATE) / RATE
    loud = np.interp(times, [1, 1, 61, 61], [0, 1, 1, 0]) * np.where((times - 1) // 10 % 2, SOFT, LOUD)
    session = session_of(journal, (loud * np.sin(2 * np.pi * 400 * times)).astype(np.float32), turns)
    session.correct([Correction(1, 11, "client"), Correction(31, 41, "therapist")])  # these are the voices
    rename(session)
    playback.prepare(session)
    return session


def loudest(sound: Sound, start: float, end: float) -> float:
    heard = joined(sound.packets(round(start / PACKET), round(end / PACKET)))
    return float(np.abs(heard[HEARD_RATE // 10 :]).max())


def put_right(session: Session, start: float, end: float, speaker: str) -> None:
    session.correct([Correction(start, end, speaker)])
    rename(session)


def test_a_turn_that_was_given_to_somebody_else_is_heard_at_their_level(two: Session) -> None:
    sound = Sound(two)
    assert sound.is_prepared()
    assert loudest(sound, 13, 19) == pytest.approx(LEVEL, rel=0.1)
    put_right(two, 11, 21, "client")
    client = LEVEL * SOFT / LOUD
    assert np.interp(15, *levels(two.turns, sound.peaks)) * SOFT == pytest.approx(client, rel=0.1)
    assert not sound.is_prepared()
    assert loudest(sound, 13, 19) == pytest.approx(client, rel=0.1)  # at once, made when asked for
    sound.prepare()
    assert sound.is_prepared()
    assert loudest(sound, 13, 19) == pytest.approx(client, rel=0.1)
    two.undo_correction()
    rename(two)
    assert not Sound(two).is_prepared()


def test_a_word_that_was_given_to_somebody_else_prepares_nothing_anew(two: Session) -> None:
    sound = Sound(two)
    put_right(two, 5, 5.6, "therapist")
    assert set(two.turns["speaker"].iloc[:3]) == {"client", "therapist"}
    assert sound.is_prepared()


def test_who_speaks_may_be_put_right_while_it_is_prepared(two: Session) -> None:
    two.journal.store.remove(two.file(FILE))
    said = list[float]()

    def tell(done: float) -> None:
        if not said:
            put_right(two, 11, 21, "client")
        said.append(done)

    sound = Sound(two)
    sound.prepare(tell)
    assert sound.is_prepared()
    assert Sound(two).is_prepared()
    assert any(later < sooner for sooner, later in pairwise(said))  # it was begun anew


def test_a_correction_that_is_not_followed_yet_keeps_what_sounds(two: Session) -> None:
    sound = Sound(two)
    two.correct([Correction(1, 11, "therapist")])  # the turns follow with the next analysis
    assert sound.is_prepared()
    assert loudest(sound, 3, 9) == pytest.approx(LEVEL, rel=0.1)


# Agreement.


def take_back(journal: Journal) -> None:
    file = root_of(journal) / "agreements.toml"
    file.write_text(file.read_text() + f'\n[[revocation]]\nagreement = "a2"\non = {journal.today()}\n')


def test_nothing_is_kept_when_an_agreement_is_taken_back_meanwhile(heard: Journal) -> None:
    session = heard.session("2026-03-05")

    def tell(done: float) -> None:
        if 0.4 < done < 0.45:
            take_back(heard)

    with pytest.raises(ConsentError, match="the therapist"):
        playback.prepare(session, tell)
    assert not heard.store.exists(session.file(FILE))


def test_what_was_prepared_is_not_given_without_an_agreement(prepared: Session) -> None:
    sound = Sound(prepared)
    assert sound.packets(0, 10)
    take_back(prepared.journal)
    with pytest.raises(ConsentError):
        sound.packets(0, 10)
    with pytest.raises(ConsentError):
        Sound(prepared)


def test_damaged_sound_is_not_prepared(heard: Journal) -> None:
    session = heard.session("2026-03-05")
    sound = Sound(session)
    heard.store.write(session.file("recording.m4a"), b"no sound")
    with pytest.raises(RecordingError, match=r"recording\.m4a"):
        sound.prepare()
    assert not heard.store.exists(session.file(FILE))


def test_a_session_two_players_ask_for_is_prepared_once(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, kept = session_of(journal, np.zeros(20 * RATE, np.float32), [(1, 5, "client")]), list[str]()
    keep = Sound._keep

    def kept_by(sound: Sound, source: str, gains: playback.Levels, made: list[bytes]) -> None:
        kept.append(source)
        keep(sound, source, gains, made)

    monkeypatch.setattr(Sound, "_keep", kept_by)
    players = [threading.Thread(target=playback.prepare, args=(session,)) for _ in range(2)]
    for player in players:
        player.start()
    for player in players:
        player.join()
    assert len(kept) == 1


def test_of_a_session_that_is_erased_while_its_sound_is_made_ready_no_sound_comes_back(
    prepared: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared.journal.store.remove(prepared.file(FILE))
    before(monkeypatch, np, "savez", lambda: erase_session(prepared))
    with pytest.raises(JournalError):
        playback.prepare(prepared)
    assert prepared.name not in prepared.journal.store.folders("sessions")
