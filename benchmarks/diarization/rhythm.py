"""The rhythm of real counselling dialogues: who speaks, how many words, and what is said within another's turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from .readers import SHARED

WORDS_PER_SECOND = 3.2  # of voiced time; the dialogues have 2.9 a second of everything
BACKCHANNEL_WORDS = 2  # so few words between two utterances of the other are mostly said over them
SAID_OVER = 0.75
THINNER = (1.0, 0.6, 0.35)
"""Parts of the therapist's words that are kept. The dialogues are demonstrations, where therapists talk for half
of the time and more; in therapy it is nearer to a quarter, sometimes a tenth."""


@dataclass(frozen=True)
class Utterance:
    """One speaker's words until the other takes over.

    Parameters
    ----------
    speaker : str
        ``client`` or ``therapist``.
    words : int
    heard : tuple of float
        Where the other says a word or two over it, as parts of it (0 to 1).
    wait : float
        Seconds of silence after it that the timestamps tell of.
    """

    speaker: str
    words: float
    heard: tuple[float, ...]
    wait: float


def dialogue(rng: np.random.Generator) -> Iterator[Utterance]:
    """Give the utterances of a dialogue without end: one transcript, then those most like it in who talks."""
    transcripts, share = _transcripts()
    names = sorted(transcripts)
    first = names[rng.integers(len(names))]
    near = sorted(names, key=lambda name: (name != first, abs(share[name] - share[first])))
    kept = THINNER[rng.integers(len(THINNER))]
    while True:
        for name in near:
            for said in transcripts[name]:
                part = kept if said.speaker == "therapist" else 1.0
                yield Utterance(said.speaker, max(1.0, said.words * part), said.heard, said.wait)


@cache
def _transcripts() -> tuple[dict[int, list[Utterance]], dict[int, float]]:
    rows = pd.read_csv(SHARED / "turns" / "counselling_turns.csv")
    said, share = {}, {}
    for name, own in rows.groupby("transcript_id"):
        said[name] = _utterances(own)
        share[name] = own.loc[own["speaker"] == "client", "words"].sum() / own["words"].sum()
    return said, share


def _utterances(rows: pd.DataFrame) -> list[Utterance]:
    """Join a speaker's utterances over the short words the other says between them."""
    speaker, words = rows["speaker"].tolist(), rows["words"].to_numpy(dtype=float)
    start = rows["start_s"].to_numpy(dtype=float)
    wait = np.append(np.diff(start), 0) - words / WORDS_PER_SECOND
    # Which of the short ones are said over the other's words is drawn once, alike for every session.
    over = np.random.default_rng(int(rows["transcript_id"].iloc[0])).random(len(rows)) < SAID_OVER
    joined: list[tuple[str, list[float], float]] = []
    for i in range(len(rows)):
        inside = (
            0 < i < len(rows) - 1
            and words[i] <= BACKCHANNEL_WORDS
            and over[i]
            and speaker[i - 1] == speaker[i + 1] != speaker[i]
        )
        if inside:
            continue
        if joined and joined[-1][0] == speaker[i]:
            joined[-1] = (speaker[i], [*joined[-1][1], words[i]], wait[i])
        else:
            joined.append((speaker[i], [words[i]], wait[i]))
    return [
        Utterance(who, sum(parts), tuple(np.cumsum(parts)[:-1] / sum(parts)), float(np.clip(silence, 0, 15)))
        for who, parts, silence in joined
    ]
