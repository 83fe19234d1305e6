"""How much two minutes of listening repair: a client who never errs answers what `least_certain` asks.

The client hears each stretch and says who speaks there. Where that changed something, the stretches that sound
alike are offered; the client hears two of them, and has all changed when both are as offered. Listening to those
costs time of the two minutes too.

    python -m benchmarks.diarization.repair    (writes results/repair.md)
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from therapy_review.analysis.review import AROUND, least_certain
from therapy_review.analysis.similar import Embed, alike, relabel_alike
from therapy_review.diarization.embedding import embed
from therapy_review.diarization.engine import ENGINE, diarize
from therapy_review.journal import Correction, none, record
from therapy_review.measures import talk_share
from therapy_review.turns.edits import apply, relabel

from .score import mapping
from .sessions import Session, practice, simulated

RESULTS = Path(__file__).parent / "results"
MINUTES = 2.0
LONGEST = 18.0  # minutes: twelve of the simulated sessions
SAMPLED = 2  # how many of the alike stretches are heard before all are changed
MOSTLY = 0.7  # part of what is heard in which somebody speaks, to be said to speak
STEP = 0.01  # seconds
COLUMNS = (
    "session",
    "share error",
    "after two minutes",
    "with those alike",
    "by mistaken voice",
    "after two minutes",
    "with those alike",
)
HEAD = f"""# What two minutes of listening repair
Error of the client's talk share in percentage points, with the engine `{ENGINE}`: all of it, and the part that
comes of taking one voice for the other, which is all that saying who speaks can repair.
"""


def repaired(
    found: pd.DataFrame, truth: pd.DataFrame, embed: Embed | None = None, minutes: float = MINUTES
) -> pd.DataFrame:
    """Answer for some minutes, and give the turns that hold then.

    Parameters
    ----------
    found, truth : DataFrame
        Turns tables of client and therapist: what the engine found, and what is so.
    embed : callable, optional
        As in `therapy_review.analysis.similar.alike`; without it, nothing is offered to be changed alike.
    minutes : float
        How long the client listens.

    Returns
    -------
    DataFrame
        A turns table.
    """
    corrections, turns, left = none(), found, minutes * 60

    def answer(start: float, end: float, was: str) -> list[Correction]:
        nonlocal left
        left -= end - start + AROUND
        return relabel(turns, start, end, who_is_heard(truth, start, end), was)

    while len(asked := least_certain(turns, left / 60, corrections)):
        start, end, was = asked.loc[0, ["start", "end", "speaker"]]
        lines = answer(start, end, was)
        corrections = record(corrections, lines)
        turns = apply(found, corrections)
        if embed is None or all(line.speaker == line.was for line in lines):
            continue
        offered = alike(turns, corrections, start, end, embed)
        checked = []
        for one in _middle(offered).itertuples():
            checked += answer(one.start, one.end, one.speaker)
        if checked:
            corrections = record(corrections, checked)
            turns = apply(found, corrections)
            if {line.speaker for line in checked} == {offered["to"].iloc[0]}:
                corrections = record(corrections, relabel_alike(turns, offered))
                turns = apply(found, corrections)
    return turns


def _middle(offered: pd.DataFrame) -> pd.DataFrame:
    """Choose those that are neither the closest nor the least close."""
    first = max(0, (len(offered) - SAMPLED) // 2)
    return offered.sort_values("closer", kind="stable").iloc[first : first + SAMPLED]


def who_is_heard(truth: pd.DataFrame, start: float, end: float) -> str:
    """Say who speaks for most of a time; both when both do, nobody when hardly anybody does."""
    middle = np.arange(start + STEP / 2, end, STEP)
    part = {who: _sounds(truth[truth["speaker"] == who], middle) for who in ("client", "therapist")}
    if (part["client"] & part["therapist"]).mean() > MOSTLY:
        return "both"
    if (part["client"] | part["therapist"]).mean() < 1 - MOSTLY:
        return "nobody"
    return max(part, key=lambda who: part[who].mean())


def _sounds(own: pd.DataFrame, at: NDArray[np.float64]) -> NDArray[np.bool_]:
    start, end = (own[name].to_numpy()[:, None] for name in ("start", "end"))
    return ((start <= at) & (end > at)).any(axis=0)


def share_error(turns: pd.DataFrame, truth: pd.DataFrame) -> float:
    """Error of the client's talk share, in percentage points."""
    found, real = (talk_share(table).get("client", 0.0) for table in (turns, truth))
    return 100 * (found - real)


def named(voices: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Name the voices so that the most time agrees with the truth; one too many is somebody else."""
    return voices.assign(speaker=voices["speaker"].map(mapping(truth, voices)).fillna("other"))


def mistaken(found: pd.DataFrame, truth: pd.DataFrame) -> float:
    """Part of the share error, in percentage points, that comes of taking one voice for the other.

    The rest is words that were not heard, and breath and echo taken for speech: who is heard repairs none of it.
    """
    middle = np.arange(STEP / 2, max(found["end"].max(), truth["end"].max()), STEP)
    heard, real = (
        [_sounds(turns[turns["speaker"] == who], middle) for who in ("client", "therapist")]
        for turns in (found, truth)
    )
    gained, lost = ((heard[to] & ~heard[1 - to] & real[1 - to] & ~real[to]).sum() for to in (0, 1))
    return 100 * float(gained - lost) / float(real[0].sum() + real[1].sum())


def errors(session: Session) -> list[float]:
    """Give the share error as found, after the answers, and with those alike; then its mistaken part."""
    samples, truth = session.hear()
    found = named(diarize(samples), truth)
    stages = found, repaired(found, truth), repaired(found, truth, lambda some: embed(samples, some))
    return [measure(turns, truth) for measure in (share_error, mistaken) for turns in stages]


def report() -> Iterator[str]:
    """Write one table for the tuning sessions of up to 18 minutes, and one for the practice journal."""
    yield HEAD
    short = [s for s in simulated("tuning") if float(str(s.about["minutes"])) <= LONGEST]
    for group in (short, practice()):
        yield "| " + " | ".join(COLUMNS) + " |\n|" + " --- |" * len(COLUMNS)
        rows = []
        for session in group:
            rows.append(errors(session))
            yield f"| {session.name} | " + " | ".join(f"{e:+.2f}" for e in rows[-1]) + " |"
        for name, middle in (("mean", np.mean), ("median", np.median)):
            size = middle(np.abs(rows), axis=0)
            yield f"| {name}, either way | " + " | ".join(f"{e:.2f}" for e in size) + " |"
        yield ""


def main() -> None:
    """Print the report and keep it in results."""
    warnings.simplefilter("ignore")
    lines = []
    for line in report():
        print(line, flush=True)
        lines.append(line)
    (RESULTS / "repair.md").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
