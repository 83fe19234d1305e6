"""What was read from each session, kept so that it need not be read again.

Looking at a year of sessions means hundreds of small files, and in a sealed journal each one has to be opened. What
was read is kept in one file of the journal, ``derived/index-NAME.json``, beside the size and time of change of
every file of the session. When any of them differs, or one came or went, that session is read anew; so the index
can be deleted at any time, and nothing in it is ever older than the files.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from therapy_review.errors import JournalError, TherapyReviewError
from therapy_review.storage import SETTLED, if_there

if TYPE_CHECKING:
    from therapy_review.journal import Journal, Session

FOLDER = "derived"
VERSION = 1  # of the file's form

Stamps = dict[str, list[int]]


@dataclass
class _Known:
    version: list[Any]
    sessions: dict[str, tuple[Stamps, Any]] = field(default_factory=dict)


_OPEN: WeakKeyDictionary[Journal, dict[str, _Known]] = WeakKeyDictionary()


def of_each_session(
    journal: Journal, name: str, read: Callable[[Session], Any], version: Any = 0
) -> dict[str, Any]:
    """Give what a function reads from each session, calling it only for sessions that changed since.

    It may rest on nothing but files in the session's own folder and in its ``derived``, and return what JSON can
    hold. What it raises of the family of `therapy_review.errors` leaves that session without a value, and is tried
    again the next time. Where another `version` of it was kept, all is read anew.
    """
    known = _known(journal, name, [VERSION, version])
    kept: dict[str, tuple[Stamps, Any]] = {}
    found: dict[str, Any] = {}
    changed = False
    for session in journal.sessions:
        stamps, now = _stamps(session), time.time_ns()
        before = known.sessions.get(session.name)
        if before is not None and before[0] == stamps:
            kept[session.name], found[session.name] = before, before[1]
            continue
        try:
            found[session.name] = value = read(session)
        except TherapyReviewError:  # said by `check`
            found[session.name] = None
            continue
        if max((changed_at for _, changed_at in stamps.values()), default=0) < now - SETTLED * 1e9:
            kept[session.name] = (stamps, value)
            changed = True
    if changed or kept.keys() != known.sessions.keys():
        known.sessions = kept
        _write(journal, name, known)
    return found


def forget(journal: Journal, session: str) -> None:
    """Take a session out of everything that is kept here, when it is erased; the journal's lock is held."""
    for file in journal.store.files(FOLDER):
        if file.startswith("index-"):
            name = file.removeprefix("index-").removesuffix(".json")
            known = _read(journal, name)
            if known is None:
                journal.store.remove(_file(name))
            elif known.sessions.pop(session, None) is not None:
                journal.store.write(_file(name), _written(known))
    _OPEN.pop(journal, None)


def _file(name: str) -> str:
    return f"{FOLDER}/index-{name}.json"


def _stamps(session: Session) -> Stamps:
    store, stamps = session.journal.store, Stamps()
    for folder in (session.folder, session.file(FOLDER)):
        for file in store.files(folder):
            # A file that goes away between the two looks is one that changed.
            if stamp := if_there(store.stamp, f"{folder}/{file}"):
                stamps[f"{folder}/{file}"] = list(stamp)
    return stamps


def _known(journal: Journal, name: str, version: list[Any]) -> _Known:
    known = _OPEN.setdefault(journal, {}).get(name) or _read(journal, name)
    if known is None or known.version != version:
        known = _Known(version)
    _OPEN[journal][name] = known
    return known


def _read(journal: Journal, name: str) -> _Known | None:
    """Read what was kept; what can't be read is made again like all else."""
    try:
        content = json.loads(journal.store.read(_file(name)))
        return _Known(content["version"], {who: (one[0], one[1]) for who, one in content["sessions"].items()})
    except (JournalError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None


def _write(journal: Journal, name: str, known: _Known) -> None:
    # It only saves time: where it can't be written, everything is shown all the same.
    with contextlib.suppress(JournalError), journal.store.writing():
        # What was erased or changed since it was read does not come back.
        now = {session.name: _stamps(session) for session in journal.sessions}
        known.sessions = {who: one for who, one in known.sessions.items() if now.get(who) == one[0]}
        journal.store.write(_file(name), _written(known))


def _written(known: _Known) -> bytes:
    return json.dumps({"version": known.version, "sessions": known.sessions}, separators=(",", ":")).encode()
