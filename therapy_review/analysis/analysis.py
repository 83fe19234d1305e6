"""Analysis: a session's recording in, its derived files out.

Three files are made and can be deleted at any time: ``voices.csv`` (turns as the diarizer hears them, voice by
voice), ``turns.csv`` (the same with the client's corrections applied) and ``measures.json``, beside ``peaks.npy``
for drawing. ``made_from.json`` is written last and names what they came from, so that nothing half made counts.

It is one row, over what was looked at first (`Made`): look, hear, name, correct, measure, write, learn.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from therapy_review.analysis import enrolment
from therapy_review.analysis.external_turns import turns_elsewhere
from therapy_review.consent import SELF_REVIEW
from therapy_review.diarization import (
    BUILT_IN,
    Diarizer,
    OnTracks,
    are_separate,
    hear,
    open_diarizer,
    sees_overlap,
)
from therapy_review.errors import JournalError, RecordingError
from therapy_review.journal import SessionNotes, kept_turns
from therapy_review.measures import evaluate
from therapy_review.sound import PEAKS_A_SECOND, length_to_analyse, waveform_peaks
from therapy_review.storage import if_there
from therapy_review.turns import MIN_SILENCE, corrected

if TYPE_CHECKING:
    from therapy_review.journal import Journal, Session
    from therapy_review.sound import Recording
    from therapy_review.storage import Store

TOLD = 2  # people up to which the notes say how many voices there are
STEPS = ("opening the sound", "who spoke when", "measures")

# What ``made_from.json`` keeps of the listening, so that new names or new definitions need no sound opened.
HEARD = ("engine", "diarizer", "shortest_silence", "sees_overlap", "duration", "peaks_a_second")

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Made:
    """What a session rests on and what was made of it before; read once and handed on."""

    inputs: dict[str, Any]  # what its derived files are to fit
    before: dict[str, Any]  # what they were made from; empty when there are none
    stamp: tuple[int, int] | None  # the recording's, from before it was named; None where there is not one
    diarizer: str | Diarizer | None  # who was asked to listen; whoever did it last when None
    named: tuple[str, ...]  # who was there, by the notes

    @property
    def people(self) -> int | None:
        """How many voices are to be found: one or two where the notes name so many by themselves, else None.

        Then the sound tells: a memo has one voice, a visitor makes a third, of three one may hardly be heard.
        """
        told = self.named != SessionNotes.participants and 0 < len(self.named) <= TOLD
        return len(self.named) if told else None


class Heard(NamedTuple):
    """The voices of a recording, and how they were found: `HEARD`, and for how many people."""

    voices: pd.DataFrame
    how: dict[str, Any]


def is_current(session: Session, diarizer: str | Diarizer | None = None) -> bool:
    """Tell whether the derived files fit all they rest on, from recording to voice prints, and who is to listen.

    Parameters
    ----------
    session : Session
    diarizer : str or Diarizer, optional
        Who is to find out who spoke when; whoever did it last when left out.

    Returns
    -------
    bool
    """
    return _is_current(session, _look(session, diarizer))


def analyse(
    session: Session,
    progress: Progress | None = None,
    diarizer: str | Diarizer | None = None,
    use: str = SELF_REVIEW,
) -> pd.DataFrame:
    """Find out who spoke when in one session, and measure it; unchanged sound is not analysed again.

    The consent gate is asked each time, also where nothing has to be opened.

    Turns that were found elsewhere (see `therapy_review.analysis.external_turns`) are taken as they are, whoever is
    to listen.

    Parameters
    ----------
    session : Session
        One with a recording.
    progress : callable, optional
        Called with a step's name and the part of the whole that is done, 0 to 1.
    diarizer : str or Diarizer, optional
        Who is to find out who spoke when, as in ``pyannote`` (see `therapy_review.diarization.registry`); the
        session remembers it. Whoever did it last when left out, at first ``built-in``.
    use : str
        What it is wanted for; one of `therapy_review.consent.agreement.USES`.

    Returns
    -------
    DataFrame
        The session's turns: start, end (s), speaker, confidence.

    Raises
    ------
    ConsentError
        When somebody heard has not agreed.
    RecordingError
        When the recording can't be read, or is longer than six hours.
    JournalError
        When the session has no recording.
    DiarizerError, MissingPackageError
        When the diarizer is unknown, or lacks something.
    TurnsError
        When turns that were found elsewhere can't be read, or do not fit the recording.
    """
    tell = progress or (lambda _step, _done: None)
    recording = session.recording(use)
    made = _look(session, diarizer)
    if _is_current(session, made):
        tell(STEPS[-1], 1.0)
        return kept_turns(session.derived("turns.csv", made.inputs))
    heard = _heard_before(session, made) or _listen(session, made, recording, use, tell)
    tell(STEPS[2], 0.95)
    turns = _follow(session, made, heard, use)
    enrolment.learn(session, heard.voices)
    tell(STEPS[2], 1.0)
    return turns


def rename(session: Session, use: str = SELF_REVIEW) -> pd.DataFrame:
    """Apply what the client has since said or taken back about who speaks when.

    No sound is opened for it, unless there is a voice print to learn or to ask.

    Parameters
    ----------
    session : Session
        One that was analysed before.
    use : str
        What the recording is opened for, should it have to be listened to after all.

    Returns
    -------
    DataFrame
        The session's turns as they now stand.
    """
    made = _look(session)
    if (heard := _heard_before(session, made)) is None:
        return analyse(session, use=use)
    turns = _follow(session, made, heard)
    enrolment.learn(session, heard.voices)
    return turns


def follow_prints(journal: Journal) -> None:
    """Let voice prints and analysed sessions follow one another after what was agreed to, or taken back.

    Sessions that were confirmed add to the prints first; then those that prints may name are named, or asked about.

    Parameters
    ----------
    journal : Journal
    """
    known = [
        (session, heard.voices)
        for session in journal.sessions
        if session.has_recording and (heard := _heard_before(session, _look(session)))
    ]
    for session, voices in known:
        enrolment.learn(session, voices)
    for session, _ in known:
        if not is_current(session):
            rename(session)


def clear_damaged(session: Session) -> None:
    """Take away the derived files of a session that can't be read; the next analysis makes them again."""

    def table(data: bytes) -> object:
        return kept_turns(data)[["start", "end", "speaker"]]

    def figures(data: bytes) -> object:
        return dict(json.loads(data))

    store = session.journal.store
    read = {"voices.csv": table, "turns.csv": table, "measures.json": figures, "made_from.json": figures}
    with store.writing():
        damaged = [
            name for file in read if not _can_be(read[file], store, name := session.file(f"derived/{file}"))
        ]
        for name in [*damaged, session.file("derived/made_from.json")] if damaged else []:
            store.remove(name)


def _can_be(read: Callable[[bytes], object], store: Store, name: str) -> bool:
    """Tell whether a file can be read, or is not there."""
    try:
        data = if_there(store.read, name)
        _ = data is None or read(data)
    except (JournalError, ValueError, KeyError, TypeError):
        return False
    return True


def _look(session: Session, diarizer: str | Diarizer | None = None) -> Made:
    stamp = None
    with contextlib.suppress(JournalError):  # no recording, or more than one
        stamp = _stamp(session)
    # Few notes name who was there, and reading a note takes long beside all else that is compared.
    written = b"participants" in (if_there(session.journal.store.read, session.file("notes.md")) or b"")
    named = session.notes.participants if written else SessionNotes.participants
    return Made(session.inputs(), session.made_from(), stamp, diarizer, named)


def _is_current(session: Session, made: Made) -> bool:
    fits = made.before.get("inputs") == made.inputs and _is_heard_alike(session, made)
    return fits and not enrolment.is_outdated(session, made.before.get("by_voice"), made.inputs)


def _is_heard_alike(session: Session, made: Made) -> bool:
    """Tell whether what is at hand was found as it is now, and by whoever is to listen now."""
    before = made.before
    if before.get("peaks_a_second") != PEAKS_A_SECOND:
        return False
    if made.inputs["turns"] or (made.diarizer is None and before.get("diarizer", BUILT_IN) != BUILT_IN):
        # Given turns are given; and what another program found stays good when that program is no longer there.
        return True
    # Before the number was kept, three were asked for where three are named, which may have parted one voice.
    for_as_many = before["people"] == made.people if "people" in before else len(made.named) <= TOLD
    return for_as_many and before.get("engine") == _listener(session, made)[1].name


def _listener(session: Session, made: Made) -> tuple[str, Diarizer]:
    """Return by what name a session remembers who is to listen, and that diarizer."""
    if made.inputs["turns"] and (found := turns_elsewhere(session)):
        return BUILT_IN, found  # which is who listens again once these turns are forgotten
    wanted = made.diarizer or made.before.get("diarizer", BUILT_IN)
    if not isinstance(wanted, str):
        return wanted.name, wanted
    return wanted, open_diarizer(wanted, session.journal.settings.get("diarizer", {}))


def _heard_before(session: Session, made: Made) -> Heard | None:
    """Return what is at hand when it was found in this sound by whoever is to listen."""
    if made.stamp is None or not made.before.keys() >= {*HEARD, "inputs"}:
        return None
    inputs, parts = made.before["inputs"], ("recording", "tracks", "turns")
    if any(inputs.get(part) != made.inputs[part] for part in parts) or not _is_heard_alike(session, made):
        return None
    data = if_there(session.journal.store.read, session.file("derived/voices.csv"))
    return None if data is None else Heard(kept_turns(data), made.before)


def _stamp(session: Session) -> tuple[int, int]:
    return session.journal.store.stamp(session.recording_file())


def _keep(session: Session, made: Made, use: str, files: dict[str, bytes]) -> None:
    """Write derived files, all at once: of two analyses, none leaves turns beside figures of the other.

    What was heard in a recording that is another by now is refused.
    """
    store = session.journal.store
    with store.writing():
        if use:
            session.unless_gone(use)
        if _stamp(session) != made.stamp:
            raise RecordingError(
                f"{store.where(session.recording_file())} was changed while it was listened to; "
                "analyse it once more."
            )
        for name, data in files.items():
            store.write(session.file(f"derived/{name}"), data)


def _listen(session: Session, made: Made, recording: Recording, use: str, tell: Progress) -> Heard:
    remembered, listener = _listener(session, made)
    tell(STEPS[0], 0.0)
    length_to_analyse(recording)
    hearing = _on_tracks(session, made, recording, listener) or listener
    samples = recording.read()
    parts = round(len(samples) / recording.sample_rate * PEAKS_A_SECOND)
    peaks = io.BytesIO()
    np.save(peaks, waveform_peaks(samples, parts).astype(np.float16))
    tell(STEPS[1], 0.2)
    journal = session.journal
    names = {journal.client: "client", journal.therapist: "therapist"}
    voices = hear(hearing, samples, recording.sample_rate, made.people, names).round(3)
    how = {
        "engine": listener.name,
        "diarizer": remembered,
        "people": made.people,
        "shortest_silence": getattr(listener, "shortest_silence", MIN_SILENCE),
        "sees_overlap": sees_overlap(listener, voices),
        "duration": recording.duration,
        "peaks_a_second": PEAKS_A_SECOND,
    }
    written = {"peaks.npy": peaks.getvalue(), "voices.csv": voices.to_csv(index=False).encode()}
    _keep(session, made, use, written)
    return Heard(voices, how)


def _on_tracks(session: Session, made: Made, recording: Recording, listener: Diarizer) -> Diarizer | None:
    """Return a diarizer for recordings in which everybody has a channel of their own, if this is one."""
    named = tuple(made.inputs["tracks"])
    if not hasattr(listener, "hear_tracks") or len(named) == 1:
        return None
    if named and recording.channels != len(named):
        raise RecordingError(
            f"The notes of {session.name} name {len(named)} tracks, but {recording.name} has "
            f"{recording.channels}; write as many names, or leave the line tracks out."
        )
    return OnTracks(listener, recording, named) if named or are_separate(recording) else None


def _follow(session: Session, made: Made, heard: Heard, use: str = "") -> pd.DataFrame:
    """Name the voices, apply what the client said, measure and write; give the turns as they are read back."""
    voices, how = heard
    said, said_name = session.corrections_by_name()  # what was said while it was listened to counts, too
    by_voice = enrolment.recognise_in(session, voices)
    named = voices.assign(speaker=voices["speaker"].replace(by_voice["roles"])) if by_voice else voices
    turns = corrected(named, said)
    row = evaluate(
        turns,
        shortest_silence=how["shortest_silence"],
        sees_overlap=how["sees_overlap"],
        duration=how["duration"],
    )
    kept = {part: how[part] for part in (*HEARD, "people") if part in how}
    inputs = {**made.inputs, "corrections": said_name}
    rests_on = {**kept, "inputs": inputs, "stamp": made.stamp, "by_voice": by_voice}
    table = turns.to_csv(index=False).encode()
    files = {
        "turns.csv": table,
        "measures.json": row.iloc[0].to_json().encode(),
        "made_from.json": json.dumps(rests_on, indent=1).encode(),
    }
    _keep(session, made, use, files)
    return kept_turns(table)
