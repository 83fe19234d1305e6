"""Saving notes, so that nothing written is lost: not what stands in the file, and not what was to be saved."""

from __future__ import annotations

from pathlib import PurePosixPath

from therapy_review.errors import NoteChangedError, NoteError
from therapy_review.journal import notes as note_files
from therapy_review.storage import Store, if_there


def save(store: Store, name: str, changed: note_files.SessionNotes) -> note_files.SessionNotes:
    """Save notes, unless the file was changed by another program since they were read."""
    with store.writing():
        now = if_there(store.read, name) or b""
        # Compared as text as it was decoded, so that an odd encoding does not look like a change.
        unchanged = note_files.parse(now, name).source == changed.source
        try:
            data = note_files.render(changed if unchanged else changed.changed(source=""))
        except NoteError as error:
            kept = _keep(store, name, note_files.render(changed.changed(source="")))
            raise NoteError(f"{error} What you wrote just now is safe in {kept}.") from error
        if not unchanged:
            kept = _keep(store, name, data)
            raise NoteChangedError(
                f"{store.where(name)} was changed by another program since you opened it, so it was left "
                f"as it is; what you wrote here is safe in {kept}. Put the two together when you like."
            )
        if data != now:
            store.write(name, data)
    return note_files.parse(data, store.where(name))


def _keep(store: Store, name: str, data: bytes) -> str:
    """Keep another version of the notes beside them; the same words are kept once."""
    notes, number = PurePosixPath(name), 1
    while if_there(store.read, beside := f"{notes.with_suffix('')}-kept-{number}.md") not in (None, data):
        number += 1
    store.write(beside, data)
    return store.where(beside)
