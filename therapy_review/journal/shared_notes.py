r"""Notes written together: what client and therapist put down before one screen, each under their own name.

They lie in ``together.csv`` of a session, beside the client's own ``notes.md`` and apart from it: ``when``, ``by``
(``client`` or ``therapist``), ``kind`` (``note``, or ``next`` for what is to be brought next time), ``text``, and
``therapist``: what the therapist was called who was there, empty in files from before that was kept. Lines are only
ever added.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from therapy_review.errors import JournalError
from therapy_review.storage import HandTable, if_there

if TYPE_CHECKING:
    from therapy_review.journal.journal import Journal
    from therapy_review.journal.session import Session

FILE = "together.csv"
COLUMNS = ["when", "by", "kind", "text", "therapist"]
THERAPIST = COLUMNS[-1]
NOTE, NEXT = "note", "next"
TABLE = HandTable(FILE, COLUMNS, [THERAPIST])


def kept(session: Session) -> pd.DataFrame:
    """Give the notes of a session."""
    store, name = session.journal.store, session.file(FILE)
    data = if_there(store.read, name)
    return TABLE.none() if data is None else TABLE.read(data, store.where(name))


def add(session: Session, by: str, text: str, kind: str = NOTE) -> None:
    """Add a note, with the name of the therapist who is there. Without a word, nothing happens.

    No line that stands in the file is touched, but the first, to which a column may be added.
    """
    words = re.sub("[\0\ud800-\udfff]", "", text.replace("\r\n", "\n")).strip()
    if not words:
        return
    store, name = session.journal.store, session.file(FILE)
    moment = dt.datetime.now().astimezone().isoformat(timespec="seconds")
    note = dict(zip(COLUMNS, (moment, by, kind, words, present(session.journal)), strict=True))
    with store.writing():
        kept(session)  # a file that can't be read is not added to
        before = if_there(store.read, name) or b""
        changed = _with(before, note)
        TABLE.read(changed, store.where(name))
        store.write(name, changed)


def present(journal: Journal) -> str:
    """Say what the therapist is called who is there now."""
    return journal.therapist.strip() or "therapist"


def _with(data: bytes, note: Mapping[str, str]) -> bytes:
    """Add a line in the order of the file's own columns, of which there may be more or one less."""
    first, end, rest = data.partition(b"\n")
    columns = next(csv.reader([first.decode("utf-8-sig").rstrip("\r")]), []) or COLUMNS
    if not first.strip():
        first, end = ",".join(COLUMNS).encode(), b"\n"
    elif THERAPIST not in columns:
        bare, columns = first.rstrip(b"\r"), [*columns, THERAPIST]
        first = bare + f",{THERAPIST}".encode() + first[len(bare) :]
    line = io.StringIO()
    csv.DictWriter(line, columns, lineterminator="\n").writerow(note)
    before = first + (end or b"\n") + rest
    return before + (b"" if before.endswith(b"\n") else b"\n") + line.getvalue().encode()


def gathered(journal: Journal) -> tuple[pd.DataFrame, list[str]]:
    """Gather the notes of all sessions in order of time, and a sentence for each file that can't be understood."""
    found, problems = [pd.DataFrame(columns=["session", *COLUMNS])], []
    for session in journal.sessions:
        try:
            notes = kept(session)
        except JournalError as error:
            problems.append(str(error))
            continue
        if len(notes):
            found.append(notes[COLUMNS].assign(session=session.name))
    return pd.concat(found, ignore_index=True), problems


def next_time(notes: pd.DataFrame, therapist: str) -> pd.DataFrame:
    """Choose what was put down for next time with somebody, in the newest session that has any.

    Examples
    --------
    >>> notes = pd.DataFrame({"session": ["1", "2", "3"], "kind": "next", "therapist": ["Dana", "Dana", "Daniel"]})
    >>> next_time(notes, "Dana")["session"].tolist()
    ['2']
    """
    own = notes[(notes["kind"] == NEXT) & (notes[THERAPIST] == therapist)]
    newest: pd.DataFrame = own[own["session"] == own["session"].max()]
    return newest


def others(journal: Journal) -> list[str]:
    """Name those with whom notes were written together, without the therapist who is there now.

    An empty name stands for notes from before names were kept.
    """
    notes, _ = gathered(journal)
    return sorted({*notes[THERAPIST]} - {present(journal)})
