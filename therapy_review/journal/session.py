"""A session: one appointment, its recording, its notes, and what was made from them.

A session is a folder ``sessions/YYYY-MM-DD`` (a second one that day ends in ``-2``) that may hold
``recording.*``, ``notes.md``, ``marks.csv``, ``corrections.csv`` and ``transcript.vtt``, and a folder ``derived``
that can always be made again. `Session.recording` is the one door to sound, `Session.transcript` the one to words.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO
from weakref import WeakKeyDictionary

import pandas as pd

from therapy_review import hints
from therapy_review.consent import SELF_REVIEW
from therapy_review.errors import ConsentError, JournalError, NotAnalysedError, NoteError
from therapy_review.journal import corrections, marks, notes, transcript
from therapy_review.journal.corrections import Correction
from therapy_review.journal.marks import Mark
from therapy_review.journal.notes import SessionNotes
from therapy_review.sound import Recording, reopener
from therapy_review.storage import SETTLED, digest, digest_if_there, if_there

if TYPE_CHECKING:
    from therapy_review.journal.journal import Journal

# Raised when a definition changes in `measures`, `silences` or `turns`, so that kept measures are made anew.
MEASURES_VERSION = 1
TURNS_ELSEWHERE = "turns.rttm"  # found by another program; see `therapy_review.analysis.external_turns`
# Beside what is derived.
MADE_FROM_SOUND = frozenset({transcript.FILE, TURNS_ELSEWHERE, corrections.TABLE.name})
SESSION_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})(?:-([2-9]))?")

Stamps = dict[str, tuple[int, int] | None]

# What `Session.inputs` said of each session, and the stamps of all it was read from.
_SAID: WeakKeyDictionary[Journal, dict[str, tuple[Stamps, dict[str, Any]]]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Session:
    """One appointment: its date, at most one recording, and notes.

    What analysis made (`derived`, `duration`, `turns`, `measures`) raises `NotAnalysedError` where the session was
    not analysed yet, or something it rests on has changed. A file that can't be read as it stands is a
    `JournalError`, and is left alone.

    Parameters
    ----------
    name : str
        Its date, and ``-2`` for a second one that day.
    journal : Journal
        The journal it belongs to.
    """

    name: str
    journal: Journal

    def __repr__(self) -> str:
        return f"Session({self.name!r})"

    @property
    def date(self) -> dt.date:
        """The day of the appointment."""
        return dt.date.fromisoformat(self.name[:10])

    @property
    def week(self) -> str:
        """The ISO week of the appointment, as in ``2026-W10``."""
        year, week, _ = self.date.isocalendar()
        return f"{year}-W{week:02d}"

    @property
    def folder(self) -> str:
        """The session's folder within the journal."""
        return f"sessions/{self.name}"

    def file(self, name: str) -> str:
        """Return the journal's name for a file of this session."""
        return f"{self.folder}/{name}"

    @property
    def has_recording(self) -> bool:
        """Whether there is a recording; asks nobody, opens nothing."""
        return bool(self._recordings())

    def recording(self, use: str = SELF_REVIEW) -> Recording:
        """Open the recording for a use that everybody heard has agreed to.

        Parameters
        ----------
        use : str
            What the sound is wanted for; one of `therapy_review.consent.agreement.USES`.

        Returns
        -------
        Recording

        Raises
        ------
        ConsentError
            When an agreement is missing, over, or was taken back.
        JournalError
            When the session has no recording, or more than one.
        """
        name, store = self.recording_file(), self.journal.store
        self.require(use)
        once_more = reopener(store, name)

        def opened() -> BinaryIO:
            self.require(use)  # again each time: what was taken back meanwhile stays closed
            return once_more()

        return Recording(opened, store.where(name))

    def require(self, use: str) -> None:
        """Let a use of this session pass, or say whose agreement is missing; opens nothing.

        All that rests on the sound asks here first. Another use than listening again is written into the ledger.

        Parameters
        ----------
        use : str
            One of `therapy_review.consent.agreement.USES`, or ``share:NAME``.

        Raises
        ------
        ConsentError
            When an agreement is missing, over, or was taken back.
        NoteError, JournalError
            When notes that name who was there, or the agreements, can't be read; or the ledger not be written.
        """
        self._ask(use)
        if use != SELF_REVIEW:
            self.journal.record_opening(self.name, use)

    def why_closed(self, use: str) -> str:
        """Say why a use may not pass, empty when it may; nothing is opened for it, and nothing written down."""
        try:
            self._ask(use)
        except (ConsentError, NoteError) as error:
            return str(error)
        return ""

    def unless_gone(self, use: str) -> None:
        """Refuse to keep what was made of the recording where that was taken back or erased meanwhile.

        `use` is what it was opened for. The journal's lock is held, so that it stays as it is until all is written.
        """
        if closed := self.why_closed(use):
            raise ConsentError(closed)
        self.recording_file()

    def _ask(self, use: str) -> None:
        written = self.notes
        if not (heard := written.participants):
            raise NoteError(
                f"{written.problems[0]} Until then the recording stays closed: who is heard is unknown."
            )
        self.journal.gate().require(self.name, heard, use)

    def recording_file(self) -> str:
        """Return the journal's name for the recording; refused where there is none, or more than one."""
        found, where = self._recordings(), self.journal.store.where(self.folder)
        if not found:
            raise JournalError(f"There is no recording in {where}; its notes and moods still count.")
        if len(found) > 1:
            raise JournalError(
                f"{where} holds {len(found)} recordings ({', '.join(found)}); "
                "keep one there and move the others out."
            )
        return self.file(found[0])

    def _recordings(self) -> list[str]:
        return [f for f in self.journal.store.files(self.folder) if PurePosixPath(f).stem == "recording"]

    @property
    def notes(self) -> SessionNotes:
        """The notes, read anew each time; empty ones when nothing was written yet."""
        store, name = self.journal.store, self.file("notes.md")
        data = if_there(store.read, name)
        return SessionNotes() if data is None else notes.parse(data, store.where(name))

    def save_notes(self, changed: SessionNotes) -> SessionNotes:
        """Save notes, unless another program changed the file; see `therapy_review.journal.notes.save`."""
        return notes.save(self.journal.store, self.file("notes.md"), changed)

    @property
    def marks(self) -> pd.DataFrame:
        """What the client put at a time: columns start, end (s), kind, label, text."""
        store, name = self.journal.store, self.file(marks.TABLE.name)
        data = if_there(store.read, name)
        return marks.no_marks() if data is None else marks.read(data, store.where(name))

    def add_mark(self, mark: Mark) -> None:
        """Put a mark into ``marks.csv``; what else the client wrote there stays."""
        self._keep_marks(lambda table: marks.add(table, mark))

    def change_mark(self, before: Mark, after: Mark) -> None:
        """Put one mark in the place of another; where that is gone meanwhile, the new one is added."""
        self._keep_marks(lambda table: marks.change(table, before, after))

    def remove_mark(self, mark: Mark) -> None:
        """Take a mark away; where it is gone already, nothing happens."""
        self._keep_marks(lambda table: marks.remove(table, mark))

    def _keep_marks(self, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
        store = self.journal.store
        with store.writing():
            table = self.marks
            if (changed := change(table)) is not table:
                store.write(self.file(marks.TABLE.name), marks.written(changed))

    def transcript(self, use: str = SELF_REVIEW) -> pd.DataFrame:
        """Read what was said, for a use that everybody heard has agreed to, as to its being written down at all.

        Parameters
        ----------
        use : str
            What the words are wanted for; one of `therapy_review.consent.agreement.USES`.

        Returns
        -------
        DataFrame
            See `therapy_review.journal.transcript`; empty when there is no ``transcript.vtt``.

        Raises
        ------
        ConsentError
            When an agreement is missing, over, or was taken back.
        """
        store, name = self.journal.store, self.file(transcript.FILE)
        if not store.exists(name):
            return transcript.none()
        self._ask("transcribe")  # without it, it should not have been written down
        self.require(use)
        names = {"client": self.journal.client, "therapist": self.journal.therapist}
        data = if_there(store.read, name)
        return transcript.none() if data is None else transcript.read(data, store.where(name), names)

    @property
    def corrections(self) -> pd.DataFrame:
        """What the client said about who speaks when; see `therapy_review.journal.corrections`."""
        return self.corrections_by_name()[0]

    def corrections_by_name(self) -> tuple[pd.DataFrame, str | None]:
        """Read the corrections, and name the very bytes they were read from as `inputs` does (None for no file)."""
        store, name = self.journal.store, self.file(corrections.TABLE.name)
        data = if_there(store.read, name)
        if data is None:
            return corrections.no_corrections(), None
        return corrections.read(data, store.where(name)), digest(data)

    def correct(self, lines: Iterable[Correction]) -> int:
        """Keep one step of what the client says about who speaks when, and count the lines there are now.

        It wins over any analysis, for ever; `therapy_review.analysis.analysis.rename` makes all else follow.
        """
        with self.journal.store.writing():
            return self._keep_corrections(corrections.record(self.corrections, lines))

    def undo_correction(self, lines: int | None = None) -> bool:
        """Take back the last step of the corrections, and tell whether that was it; without any, nothing happens.

        Where there are more or fewer `lines` than `correct` counted, the last step is another program's and stays.
        """
        with self.journal.store.writing():
            table = self.corrections
            if is_last := lines in (None, len(table)):
                self._keep_corrections(corrections.undo(table))
        return is_last

    def take_back_answers(self) -> None:
        """Take back what was said about whose voice is whose; what changed single stretches stays."""
        with self.journal.store.writing():
            self._keep_corrections(corrections.without_answers(self.corrections))

    def _keep_corrections(self, table: pd.DataFrame) -> int:
        store, name = self.journal.store, self.file(corrections.TABLE.name)
        if len(table) or store.exists(name):
            store.write(name, corrections.written(table))
        return len(table)

    def derived(self, file: str, inputs: Mapping[str, Any] | None = None) -> bytes:
        """Read a file from ``derived``, if it still fits the recording, the corrections and this program.

        It has to fit what `inputs` says, which is asked anew when left out.
        """
        store, name = self.journal.store, self.file(f"derived/{file}")
        # Asked before it is read: what is made anew meanwhile is no older than what was asked about.
        made = self.made_from().get("inputs")
        if not made or made != (inputs or self.inputs()) or (data := if_there(store.read, name)) is None:
            raise NotAnalysedError(
                f"Who spoke when in {self.name} has not been worked out yet, or something changed since; "
                f"run: {hints.command('analyse', journal=self.journal.root)}"
            )
        return data

    def made_from(self) -> dict[str, Any]:
        """Tell what the derived files were made from; empty when there are none."""
        store, name = self.journal.store, self.file("derived/made_from.json")
        try:
            return dict(json.loads(if_there(store.read, name) or b"{}"))
        except ValueError:
            return {}

    @property
    def duration(self) -> float:
        """How long the recording is (s), as it was heard."""
        return float(json.loads(self.derived("made_from.json"))["duration"])

    def inputs(self) -> dict[str, Any]:
        """Name what the derived files rest on: recording and its tracks, turns found elsewhere, corrections ….

        These files are looked at each time. They are read anew where size or time of change of any of them is not
        what it was, and as long as they are so young that a second change might not show in that.
        """
        before, said_of = time.time_ns() - SETTLED * 1e9, _SAID.setdefault(self.journal, {})
        stamps = self._stamps()
        if (known := said_of.get(self.name)) is None or known[0] != stamps:
            known = stamps, self._read_inputs()
            if all(stamp is None or stamp[1] < before for stamp in stamps.values()):
                said_of[self.name] = known
        return dict(known[1])

    def _stamps(self) -> Stamps:
        files = (*self._recordings(), TURNS_ELSEWHERE, corrections.TABLE.name, "notes.md")
        return {file: if_there(self.journal.store.stamp, self.file(file)) for file in files}

    def _read_inputs(self) -> dict[str, Any]:
        store = self.journal.store
        return {
            "recording": self.recording_digest(),
            "turns": digest_if_there(store, self.file(TURNS_ELSEWHERE)),
            "tracks": list(self._tracks()),
            "corrections": digest_if_there(store, self.file(corrections.TABLE.name)),
            "measures": MEASURES_VERSION,
        }

    def _tracks(self) -> tuple[str, ...]:
        # Few notes name tracks, and reading a note takes as long as all else here.
        named = b"tracks" in (if_there(self.journal.store.read, self.file("notes.md")) or b"")
        return self.notes.tracks if named else ()

    def recording_digest(self) -> str | None:
        """Name the recording's bytes by their SHA-256, not opened as sound; None where there is not just one."""
        found = self._recordings()
        return if_there(self._digest, self.file(found[0])) if len(found) == 1 else None

    def _digest(self, name: str) -> str:
        # An hour of WAV takes a second to hash: with the same size and time of change, it is the same file.
        stamp, made = list(self.journal.store.stamp(name)), self.made_from()
        if made.get("stamp") == stamp:
            return str(made["inputs"]["recording"])
        return Recording(lambda: self.journal.store.open(name), name).digest

    @property
    def turns(self) -> pd.DataFrame:
        """Who spoke when: start, end (s), speaker, confidence; one row a voiced stretch."""
        return kept_turns(self.derived("turns.csv"))

    @property
    def measures(self) -> pd.DataFrame:
        """The session's measures: one row, as `therapy_review.measures.talk.evaluate` describes it."""
        return pd.DataFrame([json.loads(self.derived("measures.json"))])


def kept_turns(data: bytes) -> pd.DataFrame:
    """Read turns, or voices, as analysis keeps them.

    Parameters
    ----------
    data : bytes
        Content of ``turns.csv`` or ``voices.csv`` in the session's ``derived`` folder.

    Returns
    -------
    DataFrame
        Columns start, end (s), speaker, confidence.
    """
    return pd.read_csv(io.BytesIO(data), dtype={"speaker": str})


def session_date(name: str) -> dt.date | None:
    """Return the date a session's folder is named by, or None when it is no session's name.

    Parameters
    ----------
    name : str

    Returns
    -------
    datetime.date or None

    Examples
    --------
    >>> session_date("2026-03-04-2")
    datetime.date(2026, 3, 4)
    >>> session_date("2026-02-30") is None
    True
    """
    found = SESSION_NAME.fullmatch(name)
    try:
        return dt.date.fromisoformat(found.group(1)) if found else None
    except ValueError:
        return None
