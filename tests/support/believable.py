"""Believable journals of two years: sessions without sound whose moods and scores move in known ways.

Turns have the rhythm of real counselling dialogues where those are at hand (`THERAPY_REVIEW_SHARED` names the
folder that holds ``turns/counselling_turns.csv``), else of their deciles, which stand here. Everything comes from
one seed.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from tests.conftest import ROOT
from therapy_review import Journal, Session, create_journal
from therapy_review.measures.talk import evaluate
from therapy_review.turns.table import merge_stretches, turns_table

SHARED = Path(os.environ.get("THERAPY_REVIEW_SHARED", ROOT.parent / "shared"))
DIALOGUES = SHARED / "turns" / "counselling_turns.csv"
WORDS_PER_SECOND = 3.2
# Seconds spoken at a stretch and silent after it, from shortest to longest, measured on the 40 dialogues.
SPOKEN = {
    "client": (0.3, 0.3, 0.3, 0.6, 1.6, 2.5, 3.4, 5.3, 7.8, 12.2, 76.9),
    "therapist": (0.3, 0.3, 0.3, 0.9, 1.9, 2.8, 4.1, 5.6, 8.1, 12.2, 59.4),
}
SILENT = (0.0, 0.0, 0.0, 0.0, 0.0, 0.2, 0.6, 0.7, 1.4, 2.6, 30.0)
TAGS = ("tired", "lonely", "tense", "calm", "hopeful", "relieved", "proud")
LAST = dt.date(2026, 1, 8)  # a Thursday; no file may be written on a day to come
DISTINCT = 24  # sessions with turns of their own; then they come again


@dataclass(frozen=True)
class Truth:
    """What is so in a believable journal.

    Parameters
    ----------
    mood_a_month, phq9_a_month : float
        By how much the mood and the score move.
    noise : float
        Standard deviation of the moods around that, in points.
    new_microphone : int
        The session, from 0, from which another device was used.
    """

    mood_a_month: float = 0.15
    phq9_a_month: float = -0.4
    noise: float = 1.0
    new_microphone: int = 60


def dialogues() -> pd.DataFrame:
    """The real dialogues: transcript_id, quality, speaker, start_s, words."""
    return pd.read_csv(DIALOGUES)


def days(sessions: int, rng: np.random.Generator) -> list[dt.date]:
    """A day a week, with weeks that were missed and a month away each year."""
    day, found = LAST, list[dt.date]()
    while len(found) < sessions:
        if day.month != 8 and rng.random() > 0.05:
            found.append(day)
        day -= dt.timedelta(days=7)
    return found[::-1]


def write_journal(root: Path, sessions: int = 100, truth: Truth | None = None, seed: int = 0) -> Journal:
    """Write a journal, as if each session had been written and analysed on its day."""
    truth, rng = truth or Truth(), np.random.default_rng(seed)
    journal = create_journal(root, client="Robin", therapist="Daniel")
    every = days(sessions, rng)
    for number, day in enumerate(every):
        folder = root / "sessions" / f"{day}"
        (folder / "derived").mkdir(parents=True)
        (folder / "notes.md").write_text(
            _notes(number, (day - every[0]).days / 30.4375, truth, rng), encoding="utf-8"
        )
        _write_derived(Session(folder.name, journal), folder / "derived", number, truth, seed)
        _written_on(folder, day)
    return journal


def _notes(number: int, months: float, truth: Truth, rng: np.random.Generator) -> str:
    def mood(middle: float) -> int:
        return int(np.clip(round(middle + truth.mood_a_month * months + rng.normal(0, truth.noise)), 1, 10))

    lines = [f"mood_before: {mood(3.5)}", f"mood_after: {mood(4.5)}"]
    lines.append(f"tags: [{', '.join(sorted(rng.choice(TAGS, 3, replace=False)))}]")
    if number % 4 == 0:
        lines.append(
            f"scores: {{phq9: {int(np.clip(round(18 + truth.phq9_a_month * months + rng.normal()), 0, 27))}}}"
        )
    if number in (0, truth.new_microphone):
        lines.append(f"microphone: {'clip-on' if number else 'phone on the table'}")
    if number % 17 == 16:
        lines.append("setting: online")
    header = "\n".join(lines)
    return f"---\n{header}\nbring_next: The Sunday phone call.\n---\n\nWe went on from last time.\n"


def _write_derived(session: Session, folder: Path, number: int, truth: Truth, seed: int) -> None:
    floor = 0.25 if number >= truth.new_microphone else 0.2
    text, measured = _analysed(number % DISTINCT, floor, seed)
    (folder / "turns.csv").write_text(text, encoding="utf-8")
    (folder / "measures.json").write_text(measured, encoding="utf-8")
    made = {"engine": "built-in 1.0", "inputs": session.inputs(), "shortest_silence": floor}
    (folder / "made_from.json").write_text(json.dumps(made), encoding="utf-8")


@cache
def _analysed(which: int, floor: float, seed: int) -> tuple[str, str]:
    turns = turns_of_a_session(np.random.default_rng([seed, which]))
    return turns.to_csv(index=False), evaluate(turns, shortest_silence=floor).iloc[0].to_json()


def turns_of_a_session(rng: np.random.Generator, minutes: float = 50) -> pd.DataFrame:
    """Who spoke when in a session, in the rhythm of real dialogues."""
    rows, at = [], 2.0
    for speaker, spoken, silent in _rhythm(rng):
        if at + spoken > minutes * 60:
            break
        rows.append((round(at, 3), round(at + spoken, 3), speaker))
        at += spoken + silent
    return merge_stretches(turns_table(rows)).round(3)


def _rhythm(rng: np.random.Generator) -> Iterator[tuple[str, float, float]]:
    if not DIALOGUES.is_file():
        yield from _from_deciles(rng)
    spoken = dialogues()
    names = spoken["transcript_id"].unique()
    while True:
        own = spoken[spoken["transcript_id"] == rng.choice(names)]
        length = own["words"].to_numpy() / WORDS_PER_SECOND
        silent = np.append(np.diff(own["start_s"]), 0) - length
        # Starts are whole seconds: what lies below them is drawn.
        waits = np.clip(silent + rng.uniform(-0.5, 0.5, len(own)), 0.05, 30)
        yield from zip(own["speaker"].tolist(), length.tolist(), waits.tolist(), strict=True)


def _from_deciles(rng: np.random.Generator) -> Iterator[tuple[str, float, float]]:
    tenths = np.linspace(0, 1, 11)
    while True:
        for speaker in ("therapist", "client"):
            spoken, silent = (float(np.interp(rng.random(), tenths, d)) for d in (SPOKEN[speaker], SILENT))
            yield speaker, spoken, silent + 0.05


def _written_on(folder: Path, day: dt.date) -> None:
    evening = dt.datetime.combine(day, dt.time(20)).timestamp()
    for file in folder.rglob("*.*"):
        os.utime(file, (evening, evening))
