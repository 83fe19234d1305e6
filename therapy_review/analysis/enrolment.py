"""Enrolment: who of the voices heard is the client, as confirmed sessions have taught it.

A *contribution* is what one confirmed session says of one person's voice: the mean embedding of its surest
stretches. A *print* is the contributions of one person and nothing else, so that without one of them it is as if
that one had never been given. Rooms and microphones move both voices of a session alike, so what decides is by how
much one of them is nearer to the print than the other, and not only how near it is.

Prints are biometric. Only that of a person whose agreement to ``voice_print`` is in force is made or used; by
default that is the client alone. What a confirmed session adds is one file, ``voices/client/2026-03-04.json``,
which follows the client's answers in that session: other answers replace it, and without answers it is gone.
Sessions in ``voices/left_out.json`` add nothing, whatever was answered.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from therapy_review import hints
from therapy_review.analysis.similar import hearing
from therapy_review.consent import SELF_REVIEW, agreements_file, ledger
from therapy_review.diarization import embedding
from therapy_review.errors import ConsentError, JournalError
from therapy_review.journal import evidence, kept_turns
from therapy_review.storage import digest, if_there
from therapy_review.turns import TOLERANCE, are_named, corrected, intervals, name_speakers

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from therapy_review.analysis.similar import Embed
    from therapy_review.journal import Journal, Session

    Vector = NDArray[np.float64]

USE = "voice_print"
LEFT_OUT = "voices/left_out.json"
DIGITS = 6  # of each number of a vector
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
    """Choose where one voice is heard best: alone, long and surely, a minute at most; nowhere in less than 5 s."""
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


def agreed(journal: Journal, role: str) -> bool:
    """Tell whether somebody's agreement to a voice print is in force today."""
    return any(a.who == role and a.holds(USE, journal.today()) for a in journal.consents)


def agree(journal: Journal, role: str, how: str = "written") -> None:
    """Write down that somebody agrees to a voice print from today on.

    `therapy_review.analysis.analysis.follow_prints` then makes it from the sessions that were confirmed.
    """
    name = journal.client if role == "client" else journal.therapist
    today = journal.today()
    journal.keep_agreements(
        lambda data: agreements_file.append(data, role, (USE,), given_from=today, name=name, how=how)
    )


def contributions(journal: Journal, role: str) -> list[Contribution]:
    """List what is kept of somebody's voice, session by session, whether it may be used or not."""
    store, folder = journal.store, f"voices/{role}"
    names = [f"{folder}/{name}" for name in store.files(folder) if PurePosixPath(name).suffix == ".json"]
    return [Contribution.from_bytes(store.read(name), store.where(name), store.root) for name in names]


def in_force(journal: Journal) -> dict[str, list[Contribution]]:
    """Give the prints that may be used: agreed to, and made by the voice model of today."""
    every = {role: contributions(journal, role) for role in PEOPLE if agreed(journal, role)}
    usable = {
        role: [part for part in parts if part.model == embedding.MODEL] for role, parts in every.items()
    }
    return {role: parts for role, parts in usable.items() if parts}


def left_out(journal: Journal) -> list[str]:
    """Name the sessions that add nothing to any print, because the client said so."""
    return list(json.loads(if_there(journal.store.read, LEFT_OUT) or b"[]"))


def leave_out(journal: Journal, session: str) -> None:
    """Take back what a session added to any print, and let it add nothing from now on."""
    with journal.store.writing():
        for role in PEOPLE:
            journal.store.remove(_file(role, session))
        names = sorted({*left_out(journal), session})
        journal.store.write(LEFT_OUT, json.dumps(names).encode())


def let_in(journal: Journal, session: str) -> None:
    """Let a session that was left out add to prints again."""
    with journal.store.writing():
        names = [name for name in left_out(journal) if name != session]
        if names:
            journal.store.write(LEFT_OUT, json.dumps(names).encode())
        else:
            journal.store.remove(LEFT_OUT)


def forget(journal: Journal, role: str) -> int:
    """Forget somebody's print and take the agreement to it back; tell from how many sessions it was made."""
    today = journal.today()
    if journal.keep_agreements(lambda data: agreements_file.take_back(data, role, USE, on=today)):
        journal.record(ledger.REVOKED, use=USE, who=role)
    with journal.store.writing():
        return _remove(journal, role)


def forget_without_agreement(journal: Journal) -> list[str]:
    """Forget the prints of those whose agreement is not, or no longer, in force, and tell whose."""
    with journal.store.writing():
        return [role for role in PEOPLE if not agreed(journal, role) and _remove(journal, role)]


def _remove(journal: Journal, role: str) -> int:
    names = journal.store.files(f"voices/{role}")
    for name in names:
        journal.store.remove(f"voices/{role}/{name}")
    return len(names)


def _file(role: str, session: str) -> str:
    return f"voices/{role}/{session}.json"


def learn(session: Session, voices: pd.DataFrame) -> None:
    """Let prints follow what the client has confirmed in a session; its sound is opened only when that changed."""
    journal = session.journal
    if not any(journal.store.files(f"voices/{role}") or agreed(journal, role) for role in PEOPLE):
        return
    embed = hearing(session, USE)
    for role in PEOPLE:
        name, stretches = _file(role, session.name), _confirmed(session, voices, role)
        if not len(stretches):
            with journal.store.writing():
                journal.store.remove(name)
            continue
        made_of = [embedding.MODEL, session.recording_digest(), stretches.round(3).tolist()]
        rests_on = digest(json.dumps(made_of).encode())
        if _rests_on(journal, name) == rests_on:
            continue
        try:
            vector = mean_voice(stretches, embed).round(DIGITS)
        except ConsentError:  # the recording is closed: nothing is learnt from it, and nothing unlearnt
            continue
        seconds = round(float(np.diff(stretches, axis=1).sum()), 1)
        part = Contribution(
            session.name, role, seconds, embedding.MODEL, journal.today(), rests_on, tuple(vector.tolist())
        )
        with journal.store.writing():
            # What was taken back or erased meanwhile leaves nothing behind.
            still = session.has_recording and np.array_equal(_confirmed(session, voices, role), stretches)
            if still and not session.why_closed(SELF_REVIEW):
                journal.store.write(name, part.to_bytes())


def _confirmed(session: Session, voices: pd.DataFrame, role: str) -> NDArray[np.float64]:
    """Give the stretches a print may learn from; none where that is not agreed to, or who speaks not confirmed."""
    said = session.corrections
    known = name_speakers(voices, evidence(said))
    confirmed = not evidence(said).empty and are_named(known) and role in set(known["speaker"])
    if not (confirmed and agreed(session.journal, role) and session.name not in left_out(session.journal)):
        return np.empty((0, 2))
    return surest_stretches(corrected(voices, said), role)


def _rests_on(journal: Journal, name: str) -> str:
    try:
        return Contribution.from_bytes(journal.store.read(name), name, journal.root).rests_on
    except JournalError:
        return ""  # not there, or damaged: made anew


def recognise_in(session: Session, voices: pd.DataFrame) -> dict[str, Any] | None:
    """Say by voice who is who in a session that the client has said nothing about, and what that rests on.

    Roles are empty when unsure; None where prints have no say, for there is none, the client has answered, or
    others than client and therapist are heard.
    """
    prints = in_force(session.journal)
    if not prints or not _is_open(session, voices):
        return None
    embed = hearing(session, USE)
    stretches = {voice: surest_stretches(voices, voice) for voice in voices["speaker"].unique().tolist()}
    found = Recognised({}, 0.0)
    if all(map(len, stretches.values())):
        try:
            heard = {voice: mean_voice(spans, embed) for voice, spans in stretches.items()}
        except ConsentError:
            return None
        found = recognise(
            heard, {r: [np.array(part.vector) for part in parts] for r, parts in prints.items()}
        )
    return {"roles": found.roles, "margin": found.margin, "print": _names(prints)}


def is_outdated(session: Session, by_voice: dict[str, Any] | None, inputs: dict[str, Any]) -> bool:
    """Tell whether prints would have another say in a session than they had.

    Names that were sure stay until something they rest on is taken back; where it was unsure, every change counts.
    """
    now = _names(in_force(session.journal))
    if by_voice is None:
        return bool(now) and _is_open(session, kept_turns(session.derived("turns.csv", inputs)))
    if by_voice["roles"]:
        return not by_voice["print"].items() <= now.items()
    return bool(by_voice["print"] != now)


def _names(prints: dict[str, list[Contribution]]) -> dict[str, str]:
    return {f"{role}/{part.session}": part.rests_on for role, parts in prints.items() for part in parts}


def _is_open(session: Session, turns: pd.DataFrame) -> bool:
    """Tell whether nobody has said who is who; a swap alone says only that the names are the wrong way round."""
    silent = evidence(session.corrections).empty
    return silent and not are_named(turns) and set(session.notes.participants) == set(PEOPLE)
