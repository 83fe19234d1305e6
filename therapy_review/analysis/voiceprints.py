"""Voice prints: who of the voices heard is the client, as confirmed sessions have taught it.

A *contribution* is what one confirmed session says of one person's voice: the mean embedding of its surest
stretches. A *print* is the contributions of one person and nothing else, so that without one of them it is as if
that one had never been given. Everything here is a pure function; `therapy_review.analysis.enrolment` keeps the
prints.

Rooms and microphones move both voices of a session alike, so what decides is by how much one of them is nearer to
the print than the other, and not only how near it is.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from therapy_review import hints
from therapy_review.errors import JournalError
from therapy_review.turns import TOLERANCE, intervals

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]
    Embed = Callable[[NDArray[np.float64]], NDArray[np.float32]]

PEOPLE = ("client", "therapist")
ENOUGH = 60.0  # seconds of a voice that are heard at most
LEAST = 5.0  # seconds; less says too little about a voice
LONG = 1.5  # seconds; a shorter stretch is chosen only where there are not enough long ones
LIKENESS = 0.45  # cosine with the print below which nobody is named
MARGIN = 0.25  # by how much, in cosine, naming them the other way round must be worse


@dataclass(frozen=True)
class Contribution:
    """What one confirmed session says of one person's voice; what it `rests_on` names recording and stretches."""

    session: str
    role: str
    seconds: float
    model: str
    made_on: dt.date
    rests_on: str
    vector: tuple[float, ...]

    def to_bytes(self) -> bytes:
        """Write it as JSON."""
        return json.dumps(asdict(self) | {"made_on": self.made_on.isoformat()}, indent=1).encode()

    @classmethod
    def from_bytes(cls, data: bytes, where: str, journal: Path | None = None) -> Contribution:
        """Read it from JSON."""
        try:
            entry = json.loads(data)
            day, vector = dt.date.fromisoformat(entry["made_on"]), tuple(map(float, entry["vector"]))
            return cls(**{**entry, "made_on": day, "vector": vector})
        except (ValueError, KeyError, TypeError) as error:
            raise JournalError(
                f"{where} can't be read as part of a voice print; delete it, then run: "
                f"{hints.command('voice', 'remember', journal=journal)}"
            ) from error


class Recognised(NamedTuple):
    """What prints say of the voices of a session: the role of each, if sure, and the margin (cosine)."""

    roles: dict[str, str]
    margin: float


def surest_stretches(turns: pd.DataFrame, voice: str) -> NDArray[np.float64]:
    """Choose where one voice is heard best: alone, long and surely, a minute at most; nowhere in less than 5 s.

    Examples
    --------
    >>> from therapy_review.turns import turns_table
    >>> surest_stretches(turns_table([(0, 9, "voice_1"), (8, 16, "voice_2")]), "voice_1").tolist()
    [[0.0, 8.0]]
    """
    own = turns[turns["speaker"] == voice]
    others = turns.loc[turns["speaker"] != voice, ["start", "end"]].to_numpy(dtype=float)
    alone = []
    for start, end, sure in own[["start", "end", "confidence"]].to_numpy(dtype=float).tolist():
        over = others[(others[:, 0] < end) & (others[:, 1] > start)].tolist()
        alone += [(a, b, sure) for a, b in intervals.without(over, start, end) if b - a > TOLERANCE]
    # How sure is compared in tenths: among stretches much alike, the longer one tells more.
    alone.sort(key=lambda part: (part[1] - part[0] < LONG, -round(part[2], 1), part[0] - part[1], part[0]))
    chosen, seconds = list[tuple[float, float]](), 0.0
    for start, end, _ in alone:
        if seconds < ENOUGH:
            chosen.append((start, min(end, start + ENOUGH - seconds)))
            seconds += chosen[-1][1] - start
    return np.array(sorted(chosen) if seconds >= LEAST else [], dtype=float).reshape(-1, 2)


def mean_voice(stretches: NDArray[np.float64], embed: Embed) -> Vector:
    """Embed one voice: the mean over its stretches, each counted by its length."""
    mean = np.average(embed(stretches).astype(float), axis=0, weights=np.diff(stretches, axis=1).ravel())
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9))


def recognise(voices: Mapping[str, Vector], prints: Mapping[str, Iterable[Vector]]) -> Recognised:
    """Say who of two voices is the client, or that it is not sure; all vectors are of length one.

    Examples
    --------
    >>> heard = {"voice_1": np.array([0.6, 0.8]), "voice_2": np.array([0.0, 1.0])}
    >>> recognise(heard, {"client": [np.array([1.0, 0.0])]})
    Recognised(roles={'voice_1': 'client', 'voice_2': 'therapist'}, margin=0.6)
    >>> recognise(heard, {"client": [np.array([0.8, 0.6])]}).roles
    {'voice_1': 'client', 'voice_2': 'therapist'}
    >>> recognise(heard, {"client": [np.array([0.3, 0.954])]}).roles
    {}
    """
    known = {role: np.mean(list(vectors), axis=0) for role, vectors in prints.items()}
    if len(voices) != len(PEOPLE) or not known:
        return Recognised({}, 0.0)
    known = {role: mean / max(float(np.linalg.norm(mean)), 1e-9) for role, mean in known.items()}
    ways = []
    for names in (list(voices), list(voices)[::-1]):
        roles = dict(zip(names, PEOPLE, strict=True))
        ways.append((roles, [float(voices[v] @ known[role]) for v, role in roles.items() if role in known]))
    ways.sort(key=lambda way: -sum(way[1]))
    (roles, near), (_, less) = ways
    margin = round((sum(near) - sum(less)) / len(known), 6)
    sure = margin >= MARGIN and min(near) >= LIKENESS
    return Recognised({voice: roles[voice] for voice in voices} if sure else {}, margin)
