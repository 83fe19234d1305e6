"""Adding: a recording from a phone or recorder becomes a session of the journal."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from therapy_review.analysis import length_to_analyse
from therapy_review.errors import JournalError
from therapy_review.journal import Journal
from therapy_review.recording import Recording
from therapy_review.session import Session
from therapy_review.store import PlainStore

A_DAY = 9  # sessions at most


def add_recording(journal: Journal, file: Path, day: dt.date) -> Session:
    """Copy a recording into the journal, to the session of its day; the file itself stays where it is.

    Parameters
    ----------
    journal : Journal
    file : Path
        Sound, or a video with sound.
    day : datetime.date
        The day of the session.

    Returns
    -------
    Session
        The first one of that day that had no recording yet; a new one where all have.

    Raises
    ------
    JournalError
        When there is no such file, the day is still to come, or the recording is in the journal already.
    RecordingError
        When the file can't be read as sound, or is longer than can be analysed.
    """
    if file.is_dir():
        raise JournalError(f"{file} is a folder; name the recording that lies in it.")
    if not file.is_file():
        raise JournalError(f"There is no file {file}; check its name.")
    if day > journal.today():
        raise JournalError(
            f"{day} is still to come; give the day on which the session was, as in 2026-03-04."
        )
    beside = PlainStore(file.resolve().parent)
    recording = Recording(lambda: beside.open(file.name), file.name)
    length_to_analyse(recording)
    same = [s.name for s in journal.sessions if s.inputs()["recording"] == recording.digest]
    if same:
        raise JournalError(
            f"{file.name} is in {journal.name} already, as the session {same[0]}, so nothing was added; "
            "if the day is wrong, rename that session's folder."
        )
    with journal.store.writing():
        session = _without_recording(journal, day)
        journal.store.write(session.file(f"recording{file.suffix.lower()}"), beside.read(file.name))
    return session


def _without_recording(journal: Journal, day: dt.date) -> Session:
    names = [f"{day}", *(f"{day}-{number}" for number in range(2, A_DAY + 1))]
    for session in (Session(name, journal) for name in names):
        if not session.has_recording:
            return session
    raise JournalError(f"{day} has {A_DAY} recordings already; is that the right day?")
