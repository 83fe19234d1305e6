"""A recording from a phone, a recorder or a call becomes a session of the journal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from therapy_review.consent import RECORD
from therapy_review.errors import JournalError
from therapy_review.journal import Journal, Session
from therapy_review.sound import Recording, length_to_analyse, side_by_side
from therapy_review.storage import PlainStore, digest

A_DAY = 9  # sessions at most
PLAIN = 3  # letters; shorter names are part of other words


def add_recording(
    journal: Journal, files: Path | Sequence[Path], day: dt.date, tracks: Sequence[str] = ()
) -> Session:
    """Copy a recording into the journal, to the session of its day; the file itself stays where it is.

    Parameters
    ----------
    journal : Journal
    files : Path or sequence of Path
        Sound, or a video with sound. Several files are those of one session in which everybody has a file of
        their own, as calls can be recorded; they become the channels of one recording.
    day : datetime.date
        The day of the session.
    tracks : sequence of str
        Who is heard in each file, or on each channel of a single one; ``client``, ``therapist`` or a name. Seen
        from the names of several files when left out.

    Returns
    -------
    Session
        The first one of that day that had no recording yet; a new one where all have.

    Raises
    ------
    JournalError
        When there is no such file, the day is still to come, the recording is in the journal already, or `tracks`
        names more or fewer than there are.
    RecordingError
        When a file can't be read as sound, or is longer than can be analysed.
    """
    files = [files] if isinstance(files, Path) else list(files)
    recordings = [_opened(file) for file in files]
    if day > journal.today():
        raise JournalError(
            f"{day} is still to come; give the day on which the session was, as in 2026-03-04."
        )
    for recording in recordings:
        length_to_analyse(recording)
    channels = recordings[0].channels if len(files) == 1 else len(files)
    if tracks and (len(tracks) != channels or len(set(tracks)) < len(tracks)):
        raise JournalError(
            f"{len(tracks)} names were given for {channels} tracks; give each its own, as in client,therapist."
        )
    if len(files) == 1:
        name, suffix = files[0].name, files[0].suffix.lower()
        data = PlainStore(files[0].resolve().parent).read(name)
    else:
        name, suffix = " and ".join(file.name for file in files), ".flac"
        data, tracks = side_by_side(recordings), tracks or _who(journal, files)
    whole = digest(data)
    same = [s.name for s in journal.sessions if _may_hold(s, len(data)) and s.recording_digest() == whole]
    if same:
        raise JournalError(
            f"{name} {'is' if len(files) == 1 else 'are'} in {journal.name} already, as the session {same[0]}, so "
            "nothing was added; if the day is wrong, rename that session's folder."
        )
    with journal.store.writing():
        session = _without_recording(journal, day)
        kept = session.file(f"recording{suffix}")
        journal.store.write(kept, data)
        if digest(journal.store.read(kept)) != whole:  # the original may be removed after this
            journal.store.remove(kept)
            raise JournalError(
                f"{name} did not arrive whole in {journal.name}, so nothing was added; keep the file, see that the "
                "disk is well, and try again."
            )
    if tracks:
        session.save_notes(session.notes.changed(tracks=tuple(tracks)))
    return session


def _may_hold(session: Session, size: int) -> bool:
    """Tell by its size on disk whether a session's recording may have so many bytes."""
    try:
        on_disk, _ = session.journal.store.stamp(session.recording_file())
    except JournalError:  # none, or more than one
        return False
    # Sealed, it is larger: by a header of 200 to 400 bytes, of no certain length, and by 16 in each 65,536.
    return size <= on_disk <= 1.001 * size + 4096


def not_agreed_to_record(session: Session) -> list[str]:
    """Name those heard of whom something was written down, and nothing about being recorded.

    Parameters
    ----------
    session : Session

    Returns
    -------
    list of str
        As they are called in the journal; nobody of whom nothing at all is written down.
    """
    journal, uses = session.journal, dict[str, set[str]]()
    for one in journal.consents:
        uses.setdefault(one.who, set()).update(one.uses)
    return [
        journal.name_of(who) for who in session.notes.participants if RECORD not in uses.get(who, {RECORD})
    ]


def _opened(file: Path) -> Recording:
    if file.is_dir():
        raise JournalError(f"{file} is a folder; name the recording that lies in it.")
    if not file.is_file():
        raise JournalError(f"There is no file {file}; check its name.")
    beside = PlainStore(file.resolve().parent)
    return Recording(lambda: beside.open(file.name), file.name)


def _who(journal: Journal, files: Sequence[Path]) -> list[str]:
    """See from the files' names who is heard in each: somebody's role, or the file's name until they are asked."""
    names = {journal.client: "client", journal.therapist: "therapist"}
    names |= {"client": "client", "therapist": "therapist"}
    found = []
    for file in files:
        stem = file.stem.casefold()
        roles = {role for name, role in names.items() if len(name) >= PLAIN and name.casefold() in stem}
        found.append(roles.pop() if len(roles) == 1 else file.stem)
    # Two files of one person or one name: nobody is named before they are asked.
    twice = len(set(found)) < len(found)
    return [f"{i}. {file.stem}" for i, file in enumerate(files, 1)] if twice else found


def _without_recording(journal: Journal, day: dt.date) -> Session:
    names = [f"{day}", *(f"{day}-{number}" for number in range(2, A_DAY + 1))]
    for session in (Session(name, journal) for name in names):
        if not session.has_recording:
            return session
    raise JournalError(f"{day} has {A_DAY} recordings already; is that the right day?")
