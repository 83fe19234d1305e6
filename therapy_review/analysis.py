"""Analysis: a session's recording in, its derived files out.

Three files are made and can be deleted at any time: ``voices.csv`` (turns as the engine hears them, voice by
voice), ``turns.csv`` (the same with the client's corrections applied) and ``measures.json``, beside ``peaks.npy``
for drawing. ``made_from.json`` is written last and names what they came from, so that nothing half made counts.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from therapy_review.corrections import corrected
from therapy_review.diarize import ENGINE, SEES_OVERLAP, SHORTEST_SILENCE, diarize
from therapy_review.errors import RecordingError
from therapy_review.measures import evaluate
from therapy_review.recording import waveform_peaks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from therapy_review.recording import Recording
    from therapy_review.session import Session

PEAKS = 4000  # how many parts a waveform is drawn from
LONGEST = 6.0  # hours; beyond that a recorder was left running, and memory would not do
STEPS = ("opening the sound", "who spoke when", "measures")

Progress = Callable[[str, float], None]


def is_current(session: Session) -> bool:
    """Tell whether the derived files fit the recording, the client's corrections, the measures and this engine.

    Parameters
    ----------
    session : Session

    Returns
    -------
    bool
    """
    made = session.made_from()
    return made.get("engine") == ENGINE and made.get("inputs") == session.inputs()


def analyse(session: Session, progress: Progress | None = None) -> pd.DataFrame:
    """Find out who spoke when in one session, and measure it; unchanged sound is not analysed again.

    Parameters
    ----------
    session : Session
        One with a recording.
    progress : callable, optional
        Called with a step's name and the part of the whole that is done, 0 to 1.

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
    """
    tell = progress or (lambda _step, _done: None)
    if is_current(session):
        tell(STEPS[-1], 1.0)
        return session.turns
    recording = session.recording("self_review")
    voices, length = _known_voices(session), session.made_from().get("duration")
    if voices is None:
        voices, length = _listen(session, recording, tell), recording.duration
    tell(STEPS[2], 0.95)
    _write(session, voices, length)
    tell(STEPS[2], 1.0)
    return session.turns


def rename(session: Session) -> pd.DataFrame:
    """Apply what the client has since said or taken back about who speaks when; no sound is opened for it.

    Parameters
    ----------
    session : Session
        One that was analysed before.

    Returns
    -------
    DataFrame
        The session's turns as they now stand.
    """
    voices = _known_voices(session)
    if voices is None:
        return analyse(session)
    _write(session, voices, session.made_from().get("duration"))
    return session.turns


def length_to_analyse(recording: Recording) -> float:
    """Measure a recording, and refuse one that is too long to be analysed.

    Parameters
    ----------
    recording : Recording

    Returns
    -------
    float
        Seconds.

    Raises
    ------
    RecordingError
        When it can't be read, or is longer than six hours.
    """
    if recording.duration > LONGEST * 3600:
        raise RecordingError(
            f"{recording.name} is {recording.duration / 3600:.0f} hours long, more than the {LONGEST:.0f} that "
            "can be analysed; was the recorder left running? Cut the session out and add that file instead."
        )
    return recording.duration


def _known_voices(session: Session) -> pd.DataFrame | None:
    """Return the engine's own turns when they were made from this sound by this engine."""
    made, store, name = session.made_from(), session.journal.store, session.file("derived/voices.csv")
    fits = made.get("engine") == ENGINE and "duration" in made and store.exists(name)
    if not fits or made["inputs"]["recording"] != session.inputs()["recording"]:
        return None
    return pd.read_csv(io.BytesIO(store.read(name)), dtype={"speaker": str})


def _listen(session: Session, recording: Recording, tell: Progress) -> pd.DataFrame:
    tell(STEPS[0], 0.0)
    length_to_analyse(recording)
    samples = recording.read()
    store = session.journal.store
    store.write(session.file("derived/peaks.npy"), _npy(waveform_peaks(samples, PEAKS)))
    tell(STEPS[1], 0.2)
    voices = diarize(samples, recording.sample_rate)
    store.write(session.file("derived/voices.csv"), voices.round(3).to_csv(index=False).encode())
    return voices.round(3)


def _write(session: Session, voices: pd.DataFrame, length: float | None) -> None:
    store, inputs = session.journal.store, session.inputs()
    turns = corrected(voices, session.corrections)
    row = evaluate(turns, shortest_silence=SHORTEST_SILENCE, sees_overlap=SEES_OVERLAP, duration=length)
    recording = session.recording_file()
    # The length is kept so that new names or new definitions need no sound opened.
    made = {"engine": ENGINE, "inputs": inputs, "stamp": list(store.stamp(recording)), "duration": length}
    store.write(session.file("derived/turns.csv"), turns.to_csv(index=False).encode())
    store.write(session.file("derived/measures.json"), row.iloc[0].to_json().encode())
    store.write(session.file("derived/made_from.json"), json.dumps(made, indent=1).encode())


def _npy(array: NDArray[np.float32]) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()
