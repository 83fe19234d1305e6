"""Whole: whether a report's files are what was written, or were cut short or emptied since.

A file whose size and time of change are those of the last look is taken to be whole; any other is read and compared
by its hash. What was seen is kept in ``derived/index-report-files.json``, which can be deleted at any time and goes
when a session is erased.
"""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING, Any

from therapy_review.errors import TherapyReviewError
from therapy_review.index import SETTLED
from therapy_review.store import Store, digest

if TYPE_CHECKING:
    from therapy_review.batch.manifest import Entry

FILE = "derived/index-report-files.json"


class Whole:
    """What is known of the files of reports.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store, self._changed = store, False
        self._seen: dict[str, list[Any]] = {}
        with contextlib.suppress(TherapyReviewError, ValueError, KeyError, TypeError):
            self._seen = dict(json.loads(store.read(FILE))["files"])

    def has(self, entry: Entry, ending: str) -> bool:
        """Tell whether one file of a report is there and whole.

        Parameters
        ----------
        entry : Entry
        ending : str
            As in ``html``.

        Returns
        -------
        bool
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
