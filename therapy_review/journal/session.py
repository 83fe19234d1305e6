"""A session: one appointment, its recording, its notes, and what was made from them.

A session is a folder ``sessions/YYYY-MM-DD`` (a second one that day ends in ``-2``) that may hold
``recording.*``, ``notes.md``, ``marks.csv``, ``corrections.csv`` and ``transcript.vtt``, and a folder ``derived``
that can always be made again. `Session.recording` is the one door to sound, `Session.transcript` the one to words.
"""

from __future__ import annotations

import datetime as dt
import io
import json
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
from therapy_review.journal import (
    corrections as said,
    marks as mark_files,
    note_saving,
    notes as note_files,
    transcript as transcripts,
)
from therapy_review.journal.marks import Mark
from therapy_review.sound import Recording, opener
from therapy_review.storage import SETTLED, digest, digest_if_there, if_there

if TYPE_CHECKING:
    from therapy_review.journal.journal import Journal

# Raised when a definition changes in `measures`, `silences` or `turns`, so that kept measures are made anew.
MEASURES_VERSION = 1
TURNS_ELSEWHERE = "turns.rttm"  # found by another program; see `therapy_review.analysis.external_turns`
MADE_FROM_SOUND = frozenset({transcripts.FILE, TURNS_ELSEWHERE, said.TABLE.name})  # beside what is derived

Stamps = dict[str, tuple[int, int] | None]

# What `Session.inputs` said of each session, and the stamps of all it was read from.
_SAID: WeakKeyDictionary[Journal, dict[str, tuple[Stamps, dict[str, Any]]]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Session:
    """One appointment: its date, at most one recording, and notes.

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
        once_more = opener(store, name)

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
        """Say why a use may not pass, empty when it may; nothing is opened for it, and nothing written down.

        Parameters
        ----------
        use : str
            As for `require`.

        Returns
        -------
        str
        """
        try:
            self._ask(use)
        except (ConsentError, NoteError) as error:
            return str(error)
        return ""

    def unless_gone(self, use: str) -> None:
        """Refuse to keep what was made of the recording where that was taken back or erased meanwhile.

        Parameters
        ----------
        use : str
            What it was opened for. The journal's lock is held, so that it stays as it is until all is written.

        Raises
        ------
        ConsentError, JournalError
            What was taken back or erased leaves nothing behind.
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
        """Return the journal's name for the recording.

        Raises
        ------
        JournalError
            When the session has no recording, or more than one.
        """
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
    def notes(self) -> note_files.SessionNotes:
        """The notes, read anew each time; empty ones when nothing was written yet."""
        store, name = self.journal.store, self.file("notes.md")
        data = if_there(store.read, name)
        return note_files.SessionNotes() if data is None else note_files.parse(data, store.where(name))

    def save_notes(self, changed: note_files.SessionNotes) -> note_files.SessionNotes:
        """Save notes, unless another program changed the file; see `therapy_review.journal.note_saving.save`."""
        return note_saving.save(self.journal.store, self.file("notes.md"), changed)

    @property
    def marks(self) -> pd.DataFrame:
        """What the client put at a time: columns start, end (s), kind, label, text."""
        store, name = self.journal.store, self.file(mark_files.TABLE.name)
        data = if_there(store.read, name)
        return mark_files.none() if data is None else mark_files.read(data, store.where(name))

    def add_mark(self, mark: Mark) -> None:
        """Put a mark into ``marks.csv``; what else the client wrote there stays.

        Raises
        ------
        JournalError
            When the file can't be read as it stands; it is left alone, here and below.
        """
        self._keep_marks(lambda marks: mark_files.add(marks, mark))

    def change_mark(self, before: Mark, after: Mark) -> None:
        """Put one mark in the place of another; where that is gone meanwhile, the new one is added."""
        self._keep_marks(lambda marks: mark_files.change(marks, before, after))

    def remove_mark(self, mark: Mark) -> None:
        """Take a mark away; where it is gone already, nothing happens."""
        self._keep_marks(lambda marks: mark_files.remove(marks, mark))

    def _keep_marks(self, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
        store = self.journal.store
        with store.writing():
            marks = self.marks
            if (changed := change(marks)) is not marks:
                store.write(self.file(mark_files.TABLE.name), mark_files.written(changed))

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
        JournalError
            When the file can't be understood.
        """
        store, name = self.journal.store, self.file(transcripts.FILE)
        if not store.exists(name):
            return transcripts.none()
        self._ask("transcribe")  # without it, it should not have been written down
        self.require(use)
        names = {"client": self.journal.client, "therapist": self.journal.therapist}
        data = if_there(store.read, name)
        return transcripts.none() if data is None else transcripts.read(data, store.where(name), names)

    @property
    def corrections(self) -> pd.DataFrame:
        """What the client said about who speaks when; see `therapy_review.journal.corrections`."""
        return self.corrections_by_name()[0]

    def corrections_by_name(self) -> tuple[pd.DataFrame, str | None]:
        """Read the corrections, and name the very bytes they were read from as `inputs` does.

        Returns
        -------
        table : DataFrame
        name : str or None
            None where nothing was said yet.
        """
        store, name = self.journal.store, self.file(said.TABLE.name)
        data = if_there(store.read, name)
        return (said.none(), None) if data is None else (said.read(data, store.where(name)), digest(data))

    def correct(self, lines: Iterable[said.Correction]) -> int:
        """Keep what the client says about who speaks when; it wins over any analysis, for ever.

        `therapy_review.analysis.analysis.rename` then makes turns and measures follow.

        Parameters
        ----------
        lines : iterable of Correction
            One step, to be taken back at once; from the acts of `therapy_review.turns.edits`, or made by hand.

        Returns
        -------
        int
            How many lines there are now.
        """
        with self.journal.store.writing():
            return self._keep_corrections(said.record(self.corrections, lines))

    def undo_correction(self, lines: int | None = None) -> bool:
        """Take back the last step of the corrections; with none left, nothing happens.

        Parameters
        ----------
        lines : int, optional
            From `correct`: where there are more or fewer by now, the last step is another program's and stays.

        Returns
        -------
        bool
            Whether that was the last step.
        """
        with self.journal.store.writing():
            table = self.corrections
            if is_last := lines in (None, len(table)):
                self._keep_corrections(said.undo(table))
        return is_last

    def take_back_answers(self) -> None:
        """Take back what was said about whose voice is whose; what changed single stretches stays."""
        with self.journal.store.writing():
            self._keep_corrections(said.without_answers(self.corrections))

    def _keep_corrections(self, table: pd.DataFrame) -> int:
        store, name = self.journal.store, self.file(said.TABLE.name)
        if len(table) or store.exists(name):
            store.write(name, said.written(table))
        return len(table)

    def derived(self, file: str, inputs: Mapping[str, Any] | None = None) -> bytes:
        """Read something analysis made, if it still fits the recording, the corrections and this program.

        Parameters
        ----------
        file : str
            A name in the session's ``derived`` folder.
        inputs : mapping, optional
            What that has to fit, from `inputs`; asked anew when left out.

        Returns
        -------
        bytes

        Raises
        ------
        NotAnalysedError
            When the session was not analysed yet, or something it rests on has changed.
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
        """How long the recording is (s), as it was heard.

        Raises
        ------
        NotAnalysedError
            When the session was not analysed yet.
        """
        return float(json.loads(self.derived("made_from.json"))["duration"])

    def inputs(self) -> dict[str, Any]:
        """Name what the derived files rest on: recording and its tracks, turns found elsewhere, corrections ….

        These files are looked at each time. They are read anew where size or time of change of any of them is not
        what it was, and as long as they are so young that a second change might not show in that.

        Returns
        -------
        dict
        """
        before, said_of = time.time_ns() - SETTLED * 1e9, _SAID.setdefault(self.journal, {})
        stamps = self._stamps()
        if (known := said_of.get(self.name)) is None or known[0] != stamps:
            known = stamps, self._read_inputs()
            if all(stamp is None or stamp[1] < before for stamp in stamps.values()):
                said_of[self.name] = known
        return dict(known[1])

    def _stamps(self) -> Stamps:
        files = (*self._recordings(), TURNS_ELSEWHERE, said.TABLE.name, "notes.md")
        return {file: if_there(self.journal.store.stamp, self.file(file)) for file in files}

    def _read_inputs(self) -> dict[str, Any]:
        store = self.journal.store
        return {
            "recording": self.recording_digest(),
            "turns": digest_if_there(store, self.file(TURNS_ELSEWHERE)),
            "tracks": list(self._tracks()),
            "corrections": digest_if_there(store, self.file(said.TABLE.name)),
            "measures": MEASURES_VERSION,
        }

    def _tracks(self) -> tuple[str, ...]:
        # Few notes name tracks, and reading a note takes as long as all else here.
        named = b"tracks" in (if_there(self.journal.store.read, self.file("notes.md")) or b"")
        return self.notes.tracks if named else ()

    def recording_digest(self) -> str | None:
        """Name the recording's bytes by their SHA-256, without opening it as sound.

        Returns
        -------
        str or None
            None where there is no recording, or more than one.
        """
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
        """Who spoke when: start, end (s), speaker, confidence; one row a voiced stretch.

        Raises
        ------
        NotAnalysedError
            When the session was not analysed yet.
        """
        return kept_turns(self.derived("turns.csv"))

    @property
    def measures(self) -> pd.DataFrame:
        """The session's measures: one row, as `therapy_review.measures.talk.evaluate` describes it.

        Raises
        ------
        NotAnalysedError
            When the session was not analysed yet.
        """
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
