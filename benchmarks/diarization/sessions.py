"""What is listened to: simulated sessions, meetings and the practice journal, each with its reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile as sf
from numpy.typing import NDArray

from therapy_review import open_journal
from therapy_review.turns import merge_stretches, turns_table

from .cases import both_new, standard_cases
from .readers import ROOT, SHARED
from .simulate import as_tracks, simulate

Heard = tuple[NDArray[np.float32], pd.DataFrame]
SHORT = (10, 12)  # minutes
EXCERPT = 30.0  # seconds of a meeting that are scored; its reference may run on


@dataclass(frozen=True)
class Session:
    """One sound with its reference.

    Parameters
    ----------
    group : str
        One of `GROUPS`.
    name : str
    hear : callable
        Gives the samples (16 kHz, mono, or of several tracks) and the reference.
    speakers : int
        How many people are heard.
    about : dict
        What else is known of it: ``condition``, ``mix``, ``new_voices``, ``client``, ``therapist``, ``minutes``.
    """

    group: str
    name: str
    hear: Callable[[], Heard]
    speakers: int = 2
    about: dict[str, object] = field(default_factory=dict)


def simulated(part: str) -> list[Session]:
    """List the simulated sessions of one part, ``tuning`` or ``held_out``."""
    sessions = []
    for case in standard_cases(part):
        new = 0 if part == "tuning" else 1 + both_new(case)
        about = {"condition": case.condition, "mix": case.mix, "new_voices": new, "minutes": case.minutes}
        about |= dict(zip(("client", "therapist"), case.pair, strict=True))
        sessions.append(Session(part, case.name, partial(simulate, case), about=about))
    return sessions


def meetings() -> list[Session]:
    """List the AMI excerpts: those of two people, and those of one, three or four as a group of their own."""
    sessions = []
    for file in sorted((SHARED / "speech" / "ami").glob("*.flac")):
        _, turns = _excerpt(file)
        count = turns["speaker"].nunique()
        group = "ami_two" if count == 2 else "ami_others"
        sessions.append(Session(group, file.stem, partial(_excerpt, file), count))
    return sessions


def practice() -> list[Session]:
    """List the recorded sessions of the practice journal."""
    sessions = open_journal(ROOT / "data" / "practice").sessions
    return [Session("practice", s.name, partial(_practice, s.name)) for s in sessions if s.has_recording]


def on_tracks() -> list[Session]:
    """List some held-out sessions once more, with a track for everybody."""
    cases = [case for case in standard_cases("held_out") if case.minutes in SHORT]
    about = [dict(zip(("client", "therapist"), case.pair, strict=True)) for case in cases]
    return [
        Session("tracks", case.name, partial(as_tracks, case), about=some | {"minutes": case.minutes})
        for case, some in zip(cases, about, strict=True)
    ]


GROUPS: dict[str, Callable[[], list[Session]]] = {
    "tuning": partial(simulated, "tuning"),
    "held_out": partial(simulated, "held_out"),
    "tracks": on_tracks,
    "ami": meetings,
    "practice": practice,
}


def _excerpt(file: Path) -> Heard:
    samples, _ = sf.read(file, dtype="float32")
    return samples, read_rttm(file.with_suffix(".rttm"), EXCERPT)


def _practice(day: str) -> Heard:
    samples = open_journal(ROOT / "data" / "practice").session(day).recording().read()
    return samples, read_rttm(ROOT / "tests" / "reference" / f"{day}.rttm", len(samples) / 16_000)


def read_rttm(file: Path, length: float) -> pd.DataFrame:
    """Read a reference up to a length in seconds."""
    rows = pd.read_csv(file, sep=r"\s+", header=None)
    start, end, who = rows[3], (rows[3] + rows[4]).clip(upper=length), rows[7]
    inside = start < length
    return merge_stretches(turns_table(zip(start[inside], end[inside], who[inside], strict=True)))
