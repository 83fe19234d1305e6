"""Analysis: a session's recording in, its derived files out.

Three files are made and can be deleted at any time: ``voices.csv`` (turns as the diarizer hears them, voice by
voice), ``turns.csv`` (the same with the client's corrections applied) and ``measures.json``, beside ``peaks.npy``
for drawing. ``made_from.json`` is written last and names what they came from, so that nothing half made counts.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
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
from therapy_review.journal import SessionNotes
from therapy_review.measures import evaluate
from therapy_review.sound import PEAKS_A_SECOND, length_to_analyse, waveform_peaks
from therapy_review.storage import if_there
from therapy_review.turns import MIN_SILENCE, corrected

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from therapy_review.journal import Journal, Session
    from therapy_review.sound import Recording
    from therapy_review.storage import Store

TOLD = 2  # people up to which the notes say how many voices there are
STEPS = ("opening the sound", "who spoke when", "measures")

# What ``made_from.json`` keeps of the listening, so that new names or new definitions need no sound opened.
HEARD = ("engine", "diarizer", "shortest_silence", "sees_overlap", "duration", "peaks_a_second")

Progress = Callable[[str, float], None]


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
    made = session.made_from()
    fits = made.get("inputs") == session.inputs() and _heard_alike(session, made, diarizer)
    fits = fits and made.get("peaks_a_second") == PEAKS_A_SECOND
    return fits and not enrolment.is_outdated(session, made.get("by_voice"))


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
    if is_current(session, diarizer):
        tell(STEPS[-1], 1.0)
        return session.turns
    if (known := _known_voices(session, diarizer)) is None:
        stamp = _stamp(session)
        voices, heard = _listen(session, recording, tell, diarizer)
        with session.journal.store.writing():
            session.unless_gone(use)
            _unless_changed(session, stamp)
            _keep_heard(session, voices, heard.pop("peaks"))
        known = Known(voices, heard, stamp)
    tell(STEPS[2], 0.95)
    _write(session, known, use)
    tell(STEPS[2], 1.0)
    return session.turns


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
    if (known := _known_voices(session)) is None:
        return analyse(session, use=use)
    _write(session, known)
    return session.turns


def follow_prints(journal: Journal) -> None:
    """Let voice prints and analysed sessions follow one another after what was agreed to, or taken back.

    Sessions that were confirmed add to the prints first; then those that prints may name are named, or asked about.

    Parameters
    ----------
    journal : Journal
    """
    known = [
        (session, known.voices)
        for session in journal.sessions
        if session.has_recording and (known := _known_voices(session)) is not None
    ]
    for session, voices in known:
        enrolment.learn(session, voices)
    for session, _ in known:
        if not is_current(session):
            rename(session)


def clear_damaged(session: Session) -> None:
    """Take away the derived files of a session that can't be read; the next analysis makes them again."""
    store = session.journal.store
    read: dict[str, Callable[[bytes], object]] = {
        **dict.fromkeys(
            ("voices.csv", "turns.csv"),
            lambda data: pd.read_csv(io.BytesIO(data))[["start", "end", "speaker"]],
        ),
        "measures.json": lambda data: dict(json.loads(data)),
        "made_from.json": lambda data: dict(json.loads(data)),
    }
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


def _heard_alike(session: Session, made: dict[str, Any], diarizer: str | Diarizer | None) -> bool:
    """Tell whether what is at hand was found by whoever is to listen now."""
    if session.inputs()["turns"] or (diarizer is None and made.get("diarizer", BUILT_IN) != BUILT_IN):
        # Given turns are given; and what another program found stays good when that program is no longer there.
        return True
    people, named = asked_for(session), len(_who_was_there(session))
    # Before the number was kept, three were asked for where three are named, which may have parted one voice.
    before = named if named > TOLD else people
    return made.get("people", before) == people and made.get("engine") == _listener(session, diarizer)[1].name


def asked_for(session: Session) -> int | None:
    """Tell how many voices are to be found, from who was there by the notes."""
    given = _who_was_there(session)
    return None if given == SessionNotes.participants or not 0 < len(given) <= TOLD else len(given)


def _who_was_there(session: Session) -> tuple[str, ...]:
    # Few notes name who was there, and reading a note takes long beside all else that is compared.
    named = b"participants" in (if_there(session.journal.store.read, session.file("notes.md")) or b"")
    return session.notes.participants if named else SessionNotes.participants


def _listener(session: Session, diarizer: str | Diarizer | None) -> tuple[str, Diarizer]:
    """Return by what name a session remembers who is to listen, and that diarizer."""
    if found := turns_elsewhere(session):
        return BUILT_IN, found  # which is who listens again once these turns are forgotten
    wanted = diarizer or session.made_from().get("diarizer", BUILT_IN)
    if not isinstance(wanted, str):
        return wanted.name, wanted
    return wanted, open_diarizer(wanted, session.journal.settings.get("diarizer", {}))


class Known(NamedTuple):
    """What was heard in a recording: its voices, how they were found, and its stamp from before it was heard."""

    voices: pd.DataFrame
    heard: dict[str, Any]
    stamp: tuple[int, int]


def _known_voices(session: Session, diarizer: str | Diarizer | None = None) -> Known | None:
    """Return what is at hand when it was found in this sound by whoever is to listen."""
    made = session.made_from()
    if not (made.keys() >= {*HEARD, "inputs"} and made["peaks_a_second"] == PEAKS_A_SECOND):
        return None
    try:
        stamp = _stamp(session)
    except JournalError:  # no recording, or more than one
        return None
    inputs = session.inputs()
    if any(made["inputs"].get(part) != inputs[part] for part in ("recording", "tracks", "turns")):
        return None
    data = if_there(session.journal.store.read, session.file("derived/voices.csv"))
    if data is None or not _heard_alike(session, made, diarizer):
        return None
    return Known(pd.read_csv(io.BytesIO(data), dtype={"speaker": str}), made, stamp)


def _stamp(session: Session) -> tuple[int, int]:
    return session.journal.store.stamp(session.recording_file())


def _unless_changed(session: Session, stamp: tuple[int, int]) -> None:
    """Refuse, with the lock held, what was heard in a recording that is another by now."""
    if _stamp(session) != stamp:
        raise RecordingError(
            f"{session.journal.store.where(session.recording_file())} was changed while it was listened to; "
            "analyse it once more."
        )


def _listen(
    session: Session, recording: Recording, tell: Progress, diarizer: str | Diarizer | None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    remembered, listener = _listener(session, diarizer)
    tell(STEPS[0], 0.0)
    length_to_analyse(recording)
    hearing = _on_tracks(session, recording, listener) or listener
    samples = recording.read()
    parts = round(len(samples) / recording.sample_rate * PEAKS_A_SECOND)
    peaks = waveform_peaks(samples, parts).astype(np.float16)
    tell(STEPS[1], 0.2)
    journal = session.journal
    names = {journal.client: "client", journal.therapist: "therapist"}
    people = asked_for(session)
    voices = hear(hearing, samples, recording.sample_rate, people, names).round(3)
    heard = {
        "peaks": peaks,
        "engine": listener.name,
        "diarizer": remembered,
        "people": people,
        "shortest_silence": getattr(listener, "shortest_silence", MIN_SILENCE),
        "sees_overlap": sees_overlap(listener, voices),
        "duration": recording.duration,
        "peaks_a_second": PEAKS_A_SECOND,
    }
    return voices, heard


def _keep_heard(session: Session, voices: pd.DataFrame, peaks: NDArray[np.float16]) -> None:
    store = session.journal.store
    store.write(session.file("derived/peaks.npy"), _npy(peaks))
    store.write(session.file("derived/voices.csv"), voices.to_csv(index=False).encode())


def _on_tracks(session: Session, recording: Recording, listener: Diarizer) -> Diarizer | None:
    """Return a diarizer for recordings in which everybody has a channel of their own, if this is one."""
    named = session.notes.tracks
    if not hasattr(listener, "hear_tracks") or len(named) == 1:
        return None
    if named and recording.channels != len(named):
        raise RecordingError(
            f"The notes of {session.name} name {len(named)} tracks, but {recording.name} has "
            f"{recording.channels}; write as many names, or leave the line tracks out."
        )
    return OnTracks(listener, recording, named) if named or are_separate(recording) else None


def _write(session: Session, known: Known, use: str = "") -> None:
    store, inputs = session.journal.store, session.inputs()
    voices, heard, stamp = known
    by_voice = enrolment.recognise_in(session, voices)
    named = voices.assign(speaker=voices["speaker"].replace(by_voice["roles"])) if by_voice else voices
    turns = corrected(named, session.corrections)
    row = evaluate(
        turns,
        shortest_silence=heard["shortest_silence"],
        sees_overlap=heard["sees_overlap"],
        duration=heard["duration"],
    )
    kept = {part: heard[part] for part in (*HEARD, "people") if part in heard}
    made = {**kept, "inputs": inputs, "stamp": list(stamp), "by_voice": by_voice}
    with (
        store.writing()
    ):  # all of one making: two at once would leave turns of the one beside what the other says
        if use:
            session.unless_gone(use)
        _unless_changed(session, stamp)
        store.write(session.file("derived/turns.csv"), turns.to_csv(index=False).encode())
        store.write(session.file("derived/measures.json"), row.iloc[0].to_json().encode())
        store.write(session.file("derived/made_from.json"), json.dumps(made, indent=1).encode())
    enrolment.learn(session, voices)


def _npy(array: NDArray[np.float16]) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()
