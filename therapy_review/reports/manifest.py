"""What each report was made from, so that what is current is not made again.

One file a report, ``reports/made_from/NAME.json``, written after the report's own files: a report without one, or
with one that says something else than is there now, is made anew. Everything is named by its SHA-256.

A report counts while its files are what was written, and were not cut short or emptied since (`Whole`). A file
whose size and time of change are those of the last look is taken to be whole; any other is read and compared by
its hash. What was seen is kept in ``derived/index-report-files.json``, which can be deleted at any time and goes
when a session is erased.
"""

from __future__ import annotations

import contextlib
import functools
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from therapy_review import __version__
from therapy_review.errors import TherapyReviewError
from therapy_review.storage import SETTLED, Store, digest
from therapy_review.wording import PACKAGE

FOLDER = "reports/made_from"
SOURCES = (".py", ".html", ".css", ".js", ".ttf", ".woff2")
FILE = "derived/index-report-files.json"  # what was seen of whole files


@dataclass(frozen=True)
class Entry:
    """What one report was made from."""

    name: str
    session: str
    template: str
    rests_on: dict[str, Any]
    files: dict[str, str]
    sentence: str = ""
    cell: int | None = None

    def fits(self, now: Mapping[str, Any], endings: Iterable[str], whole: Whole) -> bool:
        """Tell whether the report is there, whole, and still says what it would say if it were made now."""
        return self.rests_on == now and all(whole.has(self, end) for end in endings)


class Whole:
    """What is known of the files of reports."""

    def __init__(self, store: Store) -> None:
        self._store, self._changed = store, False
        self._seen: dict[str, list[Any]] = {}
        with contextlib.suppress(TherapyReviewError, ValueError, KeyError, TypeError):
            self._seen = dict(json.loads(store.read(FILE))["files"])

    def has(self, entry: Entry, ending: str) -> bool:
        """Tell whether one file of a report is there and whole, by its ending.

        A notebook is whole as long as it can be read: the client may have written into it.
        """
        name, hashed = f"reports/{entry.name}.{ending}", entry.files.get(ending)
        if hashed is None:
            return False
        try:
            size, changed = self._store.stamp(name)
            now = [size, changed, hashed]
            if self._seen.get(name) == now:
                return True
            data = self._store.read(name)
        except TherapyReviewError:  # also where a sealed one can't be opened any more
            return False
        if digest(data) != hashed and not (ending == "ipynb" and _is_notebook(data)):
            return False
        if changed < time.time_ns() - SETTLED * 1e9:
            self._seen[name], self._changed = now, True
        return True

    def keep(self) -> None:
        """Keep what was seen for the next time; it only saves time, so a disk that refuses is no trouble."""
        if self._changed:
            with contextlib.suppress(TherapyReviewError), self._store.writing():
                # In the lock: of what is erased meanwhile no name comes back.
                there = {name: seen for name, seen in sorted(self._seen.items()) if self._store.exists(name)}
                self._store.write(FILE, json.dumps({"files": there}, separators=(",", ":")).encode())
            self._changed = False


def _is_notebook(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data)["cells"], list)
    except (ValueError, KeyError, TypeError):
        return False


def failed(name: str) -> str:
    """Give the name under which it is kept that a report could not be made, beside the report that was before."""
    return f"{name}.failed"


def read(store: Store) -> dict[str, Entry]:
    """Read what reports there are, by name; an entry that can't be read counts as none."""
    every = (read_one(store, file.removesuffix(".json")) for file in store.files(FOLDER))
    return {entry.name: entry for entry in every if entry}


def left_behind(entries: Iterable[Entry], there: Iterable[str]) -> list[str]:
    """Name in order the sessions of which there are reports, but which are not there any more."""
    return sorted({one.session for one in entries if one.session} - set(there))


def read_one(store: Store, name: str) -> Entry | None:
    """Read what one report was made from, by what its files are called without ending."""
    file = f"{FOLDER}/{name}.json"
    try:
        kept = json.loads(store.read(file))
        return Entry(**kept) if _is_well_formed(kept, name) else None
    except (TherapyReviewError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _is_well_formed(kept: dict[str, Any], name: str) -> bool:
    files, cell = kept["files"], kept["cell"]
    if not (isinstance(kept["rests_on"], dict) and isinstance(files, dict) and isinstance(cell, int | None)):
        return False
    texts = (*(kept[each] for each in ("session", "template", "sentence")), *files.values())
    return kept["name"] == name and all(isinstance(text, str) for text in texts)


def write(store: Store, entry: Entry) -> None:
    """Keep an entry; from now on its report counts as made."""
    store.write(f"{FOLDER}/{entry.name}.json", as_json(asdict(entry)))


def remove(store: Store, name: str) -> None:
    """Let a report count as not made."""
    store.remove(f"{FOLDER}/{name}.json")


@functools.cache
def program() -> str:
    """Name this program: its version, and its source by hash, for it may be worked on."""
    return f"{__version__} {digest(as_json(_sources()))[:16]}"


def _sources() -> list[tuple[str, str]]:
    own = [path for path in PACKAGE.rglob("*") if path.suffix in SOURCES]
    return sorted((path.relative_to(PACKAGE).as_posix(), digest(path.read_bytes())) for path in own)


def as_json(value: Any) -> bytes:
    """Write plain values, the same always the same way."""
    return json.dumps(value, indent=1, sort_keys=True, default=str).encode()
