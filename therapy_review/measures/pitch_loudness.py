"""How high and how loud each speaker's voice was, and how far it ranged.

Conventions. Pitch is the fundamental frequency of voiced frames by probabilistic YIN (Mauch & Dixon 2014, ICASSP,
659-663), in semitones from the speaker's own median, which is given in Hz. Loudness is the root mean square of the
same frames in dB from the median of all voiced frames of the session. Both are told as median and interquartile
range. Only stretches in which one person alone speaks count, up to `MOST` seconds of each, taken evenly from the
whole session: what was heard is told as ``seconds``.

Recording conditions move both: they are compared within a session only, unless the same device stood in the same
place. See `CAUTION`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from concurrent.futures import BrokenExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from therapy_review.consent import SELF_REVIEW
from therapy_review.errors import NotAnalysedError
from therapy_review.storage import digest
from therapy_review.turns import intervals, speakers, validate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from therapy_review.journal import Session
    from therapy_review.sound import Recording

CAUTION = (
    "A voice sounds higher, lower or louder by where the microphone lies, by the room, by a cold. These ranges can "
    "be compared within one session; across sessions only where the same device lay in the same place. They say "
    "nothing about what was felt."
)
VERSION = 1  # raised when a number here comes out otherwise
FILE = "prosody.json"
RATE = 8_000  # Hz: enough for voices' fundamentals
FRAME = 512  # samples: 64 ms, two periods of the lowest voice
HOP = 320  # samples: 40 ms
LOWEST, HIGHEST = 60.0, 450.0  # Hz
MOST = 180.0  # seconds of each speaker
PIECE = (0.6, 8.0)  # seconds: shorter stretches are mostly "mm-hm", longer ones are cut
BLOCK = 30.0  # seconds of sound that are worked on at once
LEAST_VOICED = 2.0  # seconds; of less nothing is told

# In plain words, and the unit; each belongs to one speaker.
VOICE_MEASURES: Mapping[str, tuple[str, str]] = {
    "pitch": ("middle pitch of the voice", "Hz"),
    "pitch_range": ("range of the middle half of the pitch", "semitones"),
    "loudness": ("middle loudness beside the session's", "dB"),
    "loudness_range": ("range of the middle half of the loudness", "dB"),
}
COLUMNS = ["speaker", "seconds", "pitch", "pitch_q1", "pitch_q3", "pitch_range"]
COLUMNS += ["loudness", "loudness_q1", "loudness_q3", "loudness_range"]


def prosody(session: Session, use: str = SELF_REVIEW) -> pd.DataFrame:
    """Tell the ranges of pitch and loudness of everybody in a session; worked out once, then kept.

    Parameters
    ----------
    session : Session
        One that was analysed.
    use : str
        What it is looked at for; everybody heard must have agreed to that.

    Returns
    -------
    DataFrame
        One row a speaker: speaker, seconds (s listened to), pitch (Hz, median), pitch_q1, pitch_q3 (semitones from
        that median), pitch_range (semitones between the two), loudness (dB, median, from the median of everybody in
        the session), loudness_q1, loudness_q3 (dB from that speaker's median), loudness_range (dB). NaN where less
        than two seconds are voiced.

    Raises
    ------
    ConsentError
        When somebody heard has not agreed.
    NotAnalysedError
        When the session has no turns yet.
    """
    # Asked first: who took an agreement back is not told of from what was kept either.
    recording = session.recording(use)
    if (known := _kept(session)) is not None:
        return _table(known)
    table = ranges(recording, session.turns)
    rows = json.loads(table.to_json(orient="records", double_precision=6))
    content = {**_rests_on(session), "rows": rows}
    with session.journal.store.writing():
        session.unless_gone(use)
        session.journal.store.write(session.file(f"derived/{FILE}"), json.dumps(content, indent=1).encode())
    return _table(rows)


def kept(session: Session) -> dict[str, float | None]:
    """Give what is kept of a session and still fits it, as in ``client_pitch``, without listening to anything."""
    try:
        rows = _kept(session) or []
    except NotAnalysedError:
        return {}
    return {f"{row['speaker']}_{name}": row[name] for row in rows for name in VOICE_MEASURES}


def ranges(recording: Recording, turns: pd.DataFrame) -> pd.DataFrame:
    """Find the ranges of pitch and loudness of every speaker, as `prosody` tells them."""
    validate(turns)
    heard = _sound(recording, {who: pieces(turns, who) for who in speakers(turns)})
    step = int(BLOCK * RATE)
    starts = [(who, at) for who, own in heard.items() for at in range(0, len(own) - FRAME + 1, step)]
    blocks = [(who, heard[who][at : at + step]) for who, at in starts]
    found: dict[str, list[NDArray[np.float64]]] = {who: [np.zeros((2, 0))] for who in heard}
    for (who, _), voiced in zip(blocks, _each_on_a_core([block for _, block in blocks]), strict=True):
        found[who].append(voiced)
    frames = {who: np.concatenate(own, axis=1) for who, own in found.items()}
    every = np.concatenate([np.zeros(0), *(own[1] for own in frames.values())])
    level = float(np.median(every)) if len(every) else math.nan
    rows = [(who, len(heard[who]) / RATE, *_of_one(own[0], own[1], level)) for who, own in frames.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def pieces(turns: pd.DataFrame, speaker: str, most: float = MOST) -> list[tuple[float, float]]:
    """Choose stretches in which one person alone speaks, evenly from the whole session; `most` is in seconds.

    Examples
    --------
    >>> from therapy_review.turns import turns_table
    >>> pieces(turns_table([(0, 3, "client"), (2, 4, "therapist")]), "client")
    [(0.0, 2.0)]
    """
    others = turns.loc[turns["speaker"] != speaker, ["start", "end"]].to_numpy(dtype=float)
    alone: list[tuple[float, float]] = []
    for start, end in turns.loc[turns["speaker"] == speaker, ["start", "end"]].to_numpy(dtype=float).tolist():
        over = others[(others[:, 0] < end) & (others[:, 1] > start)].tolist()
        for low, high in intervals.without(over, start, end):
            edges = np.linspace(low, high, math.ceil((high - low) / PIECE[1]) + 1).tolist()
            alone += [(a, b) for a, b in pairwise(edges) if b - a >= PIECE[0]]
    total = sum(end - start for start, end in alone)
    if total <= most:
        return alone
    count = max(1, int(len(alone) * most / total))
    chosen = [alone[i] for i in np.linspace(0, len(alone) - 1, count).round().astype(int)]
    while len(chosen) > 1 and sum(end - start for start, end in chosen) > most:
        chosen.pop(len(chosen) // 2)  # the few that are longer than most
    return chosen


def _sound(
    recording: Recording, wanted: Mapping[str, list[tuple[float, float]]]
) -> dict[str, NDArray[np.float32]]:
    """Decode once from start to end and keep what is wanted of each speaker."""
    parts: dict[str, list[NDArray[np.float32]]] = {who: [np.zeros(0, np.float32)] for who in wanted}
    for number, block in enumerate(recording.blocks(BLOCK, RATE)):
        at = number * BLOCK
        for who, stretches in wanted.items():
            for start, end in stretches:
                low, high = (max(0, round((time - at) * RATE)) for time in (start, end))
                parts[who].append(block[low:high])
    return {who: np.concatenate(own) for who, own in parts.items()}


def _each_on_a_core(blocks: list[NDArray[np.float32]]) -> list[NDArray[np.float64]]:
    """Work on the blocks side by side; sound goes to the others through memory, never through a file."""
    from joblib import Parallel, cpu_count, delayed

    # What librosa compiles at its first use is kept on disk. Processes that do it at once can break one another,
    # so the first block is worked on before there are any.
    found, rest = [_voiced_frames(block) for block in blocks[:1]], blocks[1:]
    cores = min(cpu_count(), max(1, len(rest) // 2))  # starting another process takes as long as two blocks
    try:
        found += Parallel(n_jobs=cores, max_nbytes=None)(delayed(_voiced_frames)(block) for block in rest)
    except BrokenExecutor:  # one of them ended by itself, for want of memory perhaps
        found += map(_voiced_frames, rest)
    return found


def _voiced_frames(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give pitch (Hz) and loudness (dB) of the voiced frames of a block."""
    import librosa

    pitch, voiced, _ = librosa.pyin(
        sound, fmin=LOWEST, fmax=HIGHEST, sr=RATE, frame_length=FRAME, hop_length=HOP
    )
    strength = librosa.feature.rms(y=sound, frame_length=FRAME, hop_length=HOP)[0]
    there = voiced & (strength > 0)
    return np.stack([pitch[there], 20 * np.log10(strength[there])])


def _of_one(pitch: NDArray[np.float64], loudness: NDArray[np.float64], level: float) -> tuple[float, ...]:
    if len(pitch) < LEAST_VOICED * RATE / HOP:
        return (math.nan,) * 8
    low, middle, high = np.quantile(loudness, [0.25, 0.5, 0.75]).tolist()
    median = float(np.median(pitch))
    deep, shrill = np.quantile(12 * np.log2(pitch / median), [0.25, 0.75]).tolist()
    return (
        *(median, deep, shrill, shrill - deep),
        *(middle - level, low - middle, high - middle, high - low),
    )


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    types = dict.fromkeys(COLUMNS[1:], float)
    return pd.DataFrame(rows, columns=COLUMNS).astype(types)


def _kept(session: Session) -> list[dict[str, Any]] | None:
    """Return the rows at hand when they rest on this sound, these turns and this program."""
    if not session.journal.store.exists(session.file(f"derived/{FILE}")):
        return None
    try:
        content = json.loads(session.derived(FILE))
        return list(content["rows"]) if content.items() >= _rests_on(session).items() else None
    except (ValueError, KeyError, AttributeError):
        return None


def _rests_on(session: Session) -> dict[str, Any]:
    turns = session.derived("turns.csv")
    return {"recording": session.recording_digest(), "turns": digest(turns), "prosody": VERSION}
