"""Simulated sessions of two people: real voices, real rhythms, one room, and an exact account of who spoke when.

A session is laid out by a real counselling dialogue (`rhythm`), spoken with stretches of what two readers read
(`readers`), and heard in one room under one condition (`rooms`). The reference comes from the dry stretches, so it
is exact to the 10 ms in which they were found. The same case always gives the same samples. What is not like life:
the words make no sense together, nobody laughs or sighs, and the same minute of reading comes again and again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from therapy_review.turns import merge_stretches, turns_table

from . import readers, rhythm, rooms
from .readers import LEVEL, ROOT, SAMPLE_RATE, read

CONDITIONS = ("room", "phone", "m4a", "fan", "clock", "far")
ROLES = ("client", "therapist")
BUILD = ROOT / "build" / "diarization"
LATENCY = (0.2, 0.5)  # seconds, mean and spread of how late the other begins; a third begin before the end
EARLIEST = -1.0  # seconds
LONG_SILENCE = (3.0, 15.0)  # seconds
LONG_SILENCES_A_MINUTE = (0.1, 0.8)
LONG_BACKCHANNEL = 1.0  # seconds
SHORT_BACKCHANNEL = 0.25
APART = 0.2  # seconds between two things one person says
FAR = -12.0  # dB, the far voice against the near one


@dataclass(frozen=True)
class Case:
    """One session to be simulated.

    Parameters
    ----------
    name : str
    pair : tuple of str
        The readers who are client and therapist.
    seed : int
    minutes : float
    condition : str
        One of `CONDITIONS`.
    """

    name: str
    pair: tuple[str, str]
    seed: int
    minutes: float
    condition: str

    @property
    def mix(self) -> str:
        """Whether two women, two men or one of each speak."""
        return "-".join(sorted(readers.SEX[reader] for reader in self.pair))


@dataclass
class _Dry:
    """What each says, where it is silent where they are silent, and when."""

    tracks: dict[str, NDArray[np.float32]]
    spoken: list[tuple[float, float, str]]

    @property
    def turns(self) -> pd.DataFrame:
        return merge_stretches(turns_table(self.spoken))


def simulate(case: Case) -> tuple[NDArray[np.float32], pd.DataFrame]:
    """Make a session, or take it from build/diarization where it was made before.

    Parameters
    ----------
    case : Case

    Returns
    -------
    samples : ndarray of float32, shape (n_samples,)
        Mono, 16 kHz, of 16-bit steps.
    turns : DataFrame
        A turns table of client and therapist.
    """
    file = BUILD / f"{case.name}-{_digest(case)}.npz"
    if file.exists():
        with np.load(file) as kept:
            rows = zip(kept["start"], kept["end"], kept["speaker"], strict=True)
            return kept["samples"].astype(np.float32) / 32768, turns_table(rows)
    samples, turns = _heard(case)
    whole = np.round(samples * 32767).astype(np.int16)
    columns = {name: turns[name].to_numpy() for name in ("start", "end")}
    BUILD.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.stem}.part.npz")
    np.savez(part, samples=whole, speaker=turns["speaker"].to_numpy(dtype="U9"), **columns)
    part.replace(file)
    return whole.astype(np.float32) / 32768, turns


def simulate_series(
    pair: tuple[str, str], sessions: int = 30, seed: int = 0
) -> Iterator[tuple[NDArray[np.float32], pd.DataFrame]]:
    """Make the sessions of one client and therapist: ten minutes each, every time another room and device.

    Parameters
    ----------
    pair : tuple of str
        The readers who are client and therapist.
    sessions : int
    seed : int

    Yields
    ------
    samples, turns
        As from `simulate`, in order.
    """
    for number in range(sessions):
        rng = np.random.default_rng([seed, number, *map(int, pair)])
        condition = ("room", "room", "fan", "clock")[rng.integers(4)]
        case = Case("series", pair, int(rng.integers(2**31)), float(rng.uniform(8, 12)), condition)
        samples, turns = _heard(case)
        yield rooms.device(rng, samples), turns


def as_tracks(case: Case) -> tuple[NDArray[np.float32], pd.DataFrame]:
    """Make the same session as two tracks, as two clip-on microphones or a call would give it.

    Parameters
    ----------
    case : Case
        Its condition plays no part.

    Returns
    -------
    samples : ndarray of float32, shape (2, n_samples)
        16 kHz; the client's track, then the therapist's, each with 20 to 30 dB softer what the other says.
    turns : DataFrame
        A turns table of client and therapist.
    """
    rng = np.random.default_rng([case.seed, 3])
    dry = _said(case)
    room = rooms.Room(rng, rng.uniform(0.2, 0.4))
    tracks = []
    for own, other in (ROLES, ROLES[::-1]):
        near = _heard_at(dry.tracks[own], room.response(0.3))
        bleed = _heard_at(dry.tracks[other], room.response(1.8)) * rooms.decibel(-rng.uniform(20, 30))
        noise = rooms.room_noise(rng, len(near)) * np.float32(LEVEL * rooms.decibel(-rng.uniform(30, 40)))
        tracks.append(_levelled(near + bleed + noise, rooms.decibel(rng.uniform(-4, 4))))
    return np.stack(tracks), dry.turns


@cache
def version() -> str:
    """Name what sessions are made from: another simulator gives other files."""
    sources = (Path(module.__file__ or "") for module in (readers, rhythm, rooms))
    return hashlib.sha256(b"".join(f.read_bytes() for f in (*sources, Path(__file__)))).hexdigest()


def _digest(case: Case) -> str:
    return hashlib.sha256(f"{replace(case, name='')}{version()}".encode()).hexdigest()[:16]


def _said(case: Case) -> _Dry:
    """Let two readers speak a dialogue, each on a track of their own without any room."""
    rng = np.random.default_rng([case.seed, 1])
    length = round(case.minutes * 60 * SAMPLE_RATE)
    voices = dict(zip(ROLES, map(read, case.pair), strict=True))
    dry = _Dry({role: np.zeros(length, np.float32) for role in ROLES}, [])
    for role, stretch, start in _layout(rng, voices, length / SAMPLE_RATE):
        sound, lead = voices[role].sound(stretch)
        first = round(start * SAMPLE_RATE)
        dry.tracks[role][first - lead : first - lead + len(sound)] += sound
        dry.spoken.append((first / SAMPLE_RATE, first / SAMPLE_RATE + voices[role].seconds[stretch], role))
    return dry


def _layout(
    rng: np.random.Generator, voices: dict[str, readers.Reader], seconds: float
) -> Iterator[tuple[str, int, float]]:
    """Say which stretch of whose reading begins when."""
    now, silent_since = rng.uniform(1, 4), dict.fromkeys(ROLES, 0.0)
    before = 0.0  # length of the turn before
    silences = rng.uniform(*LONG_SILENCES_A_MINUTE) / 60
    for said in rhythm.dialogue(rng):
        role, other = said.speaker, ROLES[said.speaker == "client"]
        early = max(EARLIEST, -before / 2)
        begin = max(now + max(early, rng.normal(*LATENCY)), silent_since[role] + APART)
        turn = list(_walk(rng, voices[role], said.words / rhythm.WORDS_PER_SECOND, silences))
        end = begin + turn[-1][1] + voices[role].seconds[turn[-1][0]]
        if end > seconds - 1:
            return
        yield from ((role, stretch, begin + at) for stretch, at in turn)
        for part in said.heard:
            fit = np.flatnonzero(
                (voices[other].seconds <= LONG_BACKCHANNEL) & (voices[other].seconds >= SHORT_BACKCHANNEL)
            )
            stretch = int(rng.choice(fit))
            at = begin + part * (end - begin)
            if at >= silent_since[other] + APART and at + voices[other].seconds[stretch] < end - 0.1:
                yield other, stretch, at
                silent_since[other] = at + voices[other].seconds[stretch]
        silent_since[role], before = end, end - begin
        quiet = rng.random() < silences * before / 2 or said.wait >= LONG_SILENCE[0]
        now = end + (rng.uniform(*LONG_SILENCE) if quiet else 0.0)


def _walk(
    rng: np.random.Generator, voice: readers.Reader, wanted: float, silences: float
) -> Iterator[tuple[int, float]]:
    """Read on from somewhere until enough is said: stretches, and when each begins after the first."""
    length = voice.seconds
    alone = length >= SHORT_BACKCHANNEL  # anything shorter makes no sense by itself
    fits = np.flatnonzero(alone & (length <= max(1.5 * wanted, np.sort(length[alone])[4])))
    stretch, at, said = int(rng.choice(fits)), 0.0, 0.0
    while True:
        yield stretch, at
        said += length[stretch]
        following = (stretch + 1) % len(length)
        if said + length[following] / 2 > wanted:
            return
        pause = voice.pause[stretch]
        pause = rng.uniform(0.3, 1.0) if np.isnan(pause) else pause * rng.uniform(1.0, 1.5)
        if rng.random() < silences * length[stretch] / 2:
            pause = rng.uniform(*LONG_SILENCE)
        at += length[stretch] + pause
        stretch = following


def _heard(case: Case) -> tuple[NDArray[np.float32], pd.DataFrame]:
    """Let both be heard in one room by one microphone, with the noises of the case."""
    dry = _said(case)
    rng = np.random.default_rng([case.seed, 2])
    far = case.condition == "far"
    room = rooms.Room(rng, rng.uniform(0.4, 0.5) if far else rng.uniform(0.2, 0.5))
    distances = dict(zip(ROLES, rng.uniform(0.6, 1.6, 2), strict=True))
    away = ROLES[rng.integers(2)]
    if far:
        distances[away] = 2.5
    voices = {role: rooms.through(dry.tracks[role], room.response(distances[role])) for role in ROLES}
    if far:
        other = ROLES[away == "client"]
        ratio = np.sqrt(_loud(voices[other]) / _loud(voices[away])) * rooms.decibel(FAR)
        voices[away] = voices[away] * np.float32(ratio)
    mixed = sum(voices.values(), start=np.zeros(1, np.float32))
    speech = np.sqrt(max(_loud(voice) for voice in voices.values()))
    mixed += rooms.room_noise(rng, len(mixed)) * np.float32(speech * rooms.decibel(-rng.uniform(18, 30)))
    if case.condition == "fan":
        mixed += rooms.fan_noise(rng, len(mixed)) * np.float32(speech * rooms.decibel(-rng.uniform(12, 18)))
    if case.condition == "clock":
        ticks = rooms.clock_ticks(rng, len(mixed), room.response(1.2))
        mixed += ticks * np.float32(speech * rooms.decibel(rng.uniform(-3, 6)))
    if case.condition == "phone":
        mixed = rooms.telephone(mixed)
    mixed = _levelled(mixed / np.float32(speech), 0.05 * rooms.decibel(rng.uniform(-8, 6)))
    return (rooms.aac(mixed) if case.condition == "m4a" else mixed), dry.turns


def _loud(track: NDArray[np.float32]) -> float:
    """Mean power of a track while there is a voice on it."""
    frames = np.square(track[: len(track) // 1600 * 1600], dtype=np.float64).reshape(-1, 1600).mean(axis=1)
    return float(frames[frames > frames.max() * 1e-3].mean())


def _heard_at(track: NDArray[np.float32], response: NDArray[np.float32]) -> NDArray[np.float32]:
    """Let a track pass a room and bring it back to the level everybody has."""
    heard = rooms.through(track, response)
    return heard * np.float32(LEVEL / np.sqrt(_loud(heard)))


def _levelled(samples: NDArray[np.float32], gain: float) -> NDArray[np.float32]:
    """Bring sound to a level, or as near to it as it can be without clipping."""
    return samples * np.float32(min(gain, 0.98 / np.abs(samples).max()))
