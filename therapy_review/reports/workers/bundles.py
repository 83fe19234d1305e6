"""Bundles: what another computer needs of one session to make its report, and nothing else, for a while.

Where a worker does not see the journal's folder it is sent these bytes, lays them into a folder only it may open,
and takes that away when the report is made; where it was killed, the next one does. Sound is sent only to be
listened to; for a report, where it is not needed, an empty file of the same length stands in its place. The
client's own words go along only where private notes are asked for. No voice print is ever sent, and nothing that
was made from the sound of a session that is closed to reports. Each bundle is a line in the ledger.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tomlkit

from therapy_review.consent import REPORT, agreements_file, ledger
from therapy_review.display import LEFT_OUT, SHOWN
from therapy_review.errors import JournalError
from therapy_review.journal import MADE_FROM_SOUND, SessionNotes, days, render
from therapy_review.reports.workers.scratch import Scratch
from therapy_review.storage import PlainStore, if_there

if TYPE_CHECKING:
    from therapy_review.journal import Journal, Session

DERIVED = "derived"
# What of a session goes along, for each purpose; anything else that lies in its folder stays at home.
FILES = {
    "listen": ("corrections.csv", "turns.rttm", f"{DERIVED}/made_from.json", f"{DERIVED}/voices.csv"),
    "report": (
        *("notes.md", "marks.csv", "corrections.csv", "transcript.vtt", "turns.rttm"),
        *(f"{DERIVED}/{file}" for file in ("turns.csv", "measures.json", "peaks.npy", "voices.csv")),
    ),
}
OWN_WORDS = ("notes.md", "marks.csv", "transcript.vtt")  # files that hold them
WORDS = ("tags", "bring_next", "text", "problems", "source")  # of the notes; the source is the whole file


@dataclass(frozen=True)
class Bundle:
    """Files of one session."""

    files: dict[str, bytes] = field(repr=False)
    stamps: dict[str, tuple[int, int]] = field(default_factory=dict)


def pack(
    journal: Journal,
    name: str,
    purpose: Literal["listen", "report"],
    private_notes: str = LEFT_OUT,
    *,
    alone: bool = False,
) -> Bundle:
    """Gather what is needed of a session, and note in the ledger that it leaves the journal."""
    store, sessions = journal.store, list(journal.sessions)
    at = [session.name for session in sessions].index(name)
    shared = {file: if_there(store.read, file) for file in ("journal.toml", agreements_file.FILE)}
    bundle = Bundle({file: data for file, data in shared.items() if data is not None})
    if private_notes != SHOWN:
        settings = tomlkit.parse(bundle.files["journal.toml"].decode())
        settings.pop("moods", None)  # groups of words for moods
        bundle.files["journal.toml"] = tomlkit.dumps(settings).encode()
    near = sessions[at : at + 1] if alone or purpose == "listen" else sessions[max(0, at - 1) : at + 1]
    if purpose == "listen" or sessions[at].has_recording:
        sessions[at].require(REPORT)  # it leaves the journal here: the gate is asked at home
    for session in near:
        _add(bundle, session, purpose, own_words=private_notes == SHOWN)
    if purpose == "report" and private_notes == SHOWN:
        with contextlib.suppress(JournalError):  # said by `check`; a report leaves them out
            week = days.week_before(days.kept(store), sessions[at].date)
            if len(week):
                bundle.files[days.FILE] = days.written(week)
    with_it = "with its sound" if purpose == "listen" else "without sound"
    beside = f", with {near[0].name} before it" if len(near) > 1 else ""
    note = f"sent to the workers of a cluster {with_it}{beside}"
    journal.record(ledger.EXPORTED, session=name, use=REPORT, who="client", note=note)
    return bundle


def _add(bundle: Bundle, session: Session, purpose: Literal["listen", "report"], *, own_words: bool) -> None:
    store = session.journal.store
    is_closed = purpose == "report" and session.has_recording and bool(session.why_closed(REPORT))
    for file in FILES[purpose] if own_words else [each for each in FILES[purpose] if each not in OWN_WORDS]:
        name = session.file(file)
        closed = is_closed and (file in MADE_FROM_SOUND or file.startswith(DERIVED))
        if not closed and (data := if_there(store.read, name)) is not None:
            bundle.files[name] = data
    if session.has_recording:
        name = session.recording_file()
        bundle.stamps[name] = store.stamp(name)  # by which analysis knows the file again
        if purpose == "listen":
            bundle.files[name] = store.read(name)
    if purpose == "listen":
        # Who is heard, and on which track; nothing the client wrote.
        written = session.notes
        header = SessionNotes(participants=written.participants, tracks=written.tracks)
        bundle.files[session.file("notes.md")] = render(header)
    elif not own_words:
        _add_without_words(bundle, session)
    if not is_closed and (made := session.made_from()):
        # Without the prints at hand, names that were found by voice would be taken back.
        kept = made | ({"by_voice": None} if purpose == "report" else {})
        bundle.files[session.file(f"{DERIVED}/made_from.json")] = json.dumps(kept).encode()


def _add_without_words(bundle: Bundle, session: Session) -> None:
    """Add moods, scores and who is heard, and where the marks are, without a word of the client's own."""
    store, written = session.journal.store, session.notes
    if store.exists(session.file("notes.md")):
        kept = {each.name: getattr(written, each.name) for each in fields(written) if each.name not in WORDS}
        bundle.files[session.file("notes.md")] = render(SessionNotes(**kept))
    if store.exists(session.file("marks.csv")):
        bare = session.marks[["start", "end", "kind"]].assign(label="", text="")
        bundle.files[session.file("marks.csv")] = bare.to_csv(index=False).encode()


@contextlib.contextmanager
def laid_out(bundle: Bundle) -> Iterator[Path]:
    """Lay a bundle into a folder of its own, for as long as it is needed."""
    scratch = Scratch()
    try:
        store = PlainStore(scratch.path)
        for name, data in bundle.files.items():
            store.write(name, data)
        for name, (size, changed) in bundle.stamps.items():
            path = scratch.path.joinpath(*name.split("/"))
            if name not in bundle.files:
                store.write(name, b"")
                with path.open("r+b") as file:
                    file.truncate(size)  # takes no room on disk
            os.utime(path, ns=(changed, changed))
        yield scratch.path
    finally:
        scratch.clear()


def derived(folder: Path, session: str) -> dict[str, bytes]:
    """Collect what a worker found out about a session."""
    store, place = PlainStore(folder), f"sessions/{session}/{DERIVED}"
    names = sorted(store.files(place), key=lambda file: file == "made_from.json")
    return {f"{place}/{file}": store.read(f"{place}/{file}") for file in names}
