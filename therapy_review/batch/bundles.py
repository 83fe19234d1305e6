"""Bundles: what another computer needs of one session to make its report, and nothing else, for a while.

Where a worker does not see the journal's folder it is sent these bytes, lays them into a folder only it may open,
and takes that away when the report is made. Sound is sent only to be listened to; for a report, where it is not
needed, an empty file of the same length stands in its place. No voice print is ever sent.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

from therapy_review import consent
from therapy_review.agreement import REPORT
from therapy_review.store import PlainStore

if TYPE_CHECKING:
    from therapy_review.journal import Journal
    from therapy_review.session import Session

SHOWN = ("turns.csv", "measures.json", "peaks.npy", "made_from.json", "voices.csv")
DERIVED = "derived"


@dataclass(frozen=True)
class Bundle:
    """Files of one session.

    Parameters
    ----------
    files : dict of str to bytes
        Content, by the journal's names.
    stamps : dict of str to tuple of int
        Size in bytes and time of change in nanoseconds of recordings, whether their content comes along or not.
    """

    files: dict[str, bytes] = field(repr=False)
    stamps: dict[str, tuple[int, int]] = field(default_factory=dict)


def pack(journal: Journal, name: str, purpose: Literal["listen", "report"]) -> Bundle:
    """Gather what is needed of a session.

    Parameters
    ----------
    journal : Journal
        One that is not sealed.
    name : str
        The session's name.
    purpose : {"listen", "report"}
        To find out who spoke when, for which the sound is needed; or to make its report.

    Returns
    -------
    Bundle

    Raises
    ------
    ConsentError
        When the sound is needed, and somebody heard has not agreed.
    """
    store, sessions = journal.store, list(journal.sessions)
    at = [session.name for session in sessions].index(name)
    bundle = Bundle({file: store.read(file) for file in ("journal.toml", consent.FILE) if store.exists(file)})
    near = sessions[at : at + 1] if purpose == "listen" else sessions[max(0, at - 1) : at + 1]
    if purpose == "listen":
        sessions[at].require(REPORT)  # its sound leaves the journal here: the gate is asked at home
    for session in near:
        _add(bundle, session, purpose)
    return bundle


def _add(bundle: Bundle, session: Session, purpose: str) -> None:
    store = session.journal.store
    for file in store.files(session.folder):
        name = session.file(file)
        is_recording = PurePosixPath(file).stem == "recording"
        if is_recording:
            bundle.stamps[name] = store.stamp(name)  # by which analysis knows the file again
        if not is_recording or purpose == "listen":
            bundle.files[name] = store.read(name)
    for file in SHOWN:
        if store.exists(name := session.file(f"{DERIVED}/{file}")):
            bundle.files[name] = store.read(name)
    if made := session.made_from():
        # Without the prints at hand, names that were found by voice would be taken back.
        bundle.files[session.file(f"{DERIVED}/made_from.json")] = json.dumps(
            made | {"by_voice": None}
        ).encode()


@contextmanager
def laid_out(bundle: Bundle) -> Iterator[Path]:
    """Lay a bundle into a folder of its own, for as long as it is needed.

    Parameters
    ----------
    bundle : Bundle

    Yields
    ------
    Path
        A journal's folder.
    """
    with tempfile.TemporaryDirectory(prefix="journal-") as folder:
        store = PlainStore(Path(folder))
        for name, data in bundle.files.items():
            store.write(name, data)
        for name, (size, changed) in bundle.stamps.items():
            path = Path(folder, *name.split("/"))
            if name not in bundle.files:
                store.write(name, b"")
                with path.open("r+b") as file:
                    file.truncate(size)  # takes no room on disk
            os.utime(path, ns=(changed, changed))
        yield Path(folder)


def derived(folder: Path, session: str) -> dict[str, bytes]:
    """Collect what a worker found out about a session.

    Parameters
    ----------
    folder : Path
        From `laid_out`.
    session : str
        The session's name.

    Returns
    -------
    dict of str to bytes
        By the journal's names; ``made_from.json`` comes last, as it is to be written.
    """
    store, place = PlainStore(folder), f"sessions/{session}/{DERIVED}"
    names = sorted(store.files(place), key=lambda file: file == "made_from.json")
    return {f"{place}/{file}": store.read(f"{place}/{file}") for file in names}
