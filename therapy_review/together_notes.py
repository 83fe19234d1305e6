r"""Notes written together: what client and therapist put down before one screen, each under their own name.

They lie in ``together.csv`` of a session, beside the client's own ``notes.md`` and apart from it: ``when``, ``by``
(``client`` or ``therapist``), ``kind`` (``note``, or ``next`` for what is to be brought next time) and ``text``.
Lines are only ever added.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from typing import TYPE_CHECKING

import pandas as pd

from therapy_review import by_hand

if TYPE_CHECKING:
    from therapy_review.journal import Journal
    from therapy_review.session import Session

FILE = "together.csv"
COLUMNS = ["when", "by", "kind", "text"]
NOTE, NEXT = "note", "next"


def read(data: bytes, where: str) -> pd.DataFrame:
    r"""Read the notes of a file.

    Parameters
    ----------
    data : bytes
        CSV in UTF-8.
    where : str
        The file's name, for the sentence of an error.

    Returns
    -------
    DataFrame
        All text: when, by, kind, text; in the order of the file.

    Raises
    ------
    JournalError
        When it is no such table.

    Examples
    --------
    >>> line = b"2026-03-05T16:10:00+00:00,therapist,next,The boat\n"
    >>> read(b"when,by,kind,text\n" + line, "together.csv")["text"].tolist()
    ['The boat']
    """
    return by_hand.read(data, where, COLUMNS, may_lack=(), numbers=())


def kept(session: Session) -> pd.DataFrame:
    """Give the notes of a session.

    Parameters
    ----------
    session : Session

    Returns
    -------
    DataFrame
        As from `read`; empty where there are none.

    Raises
    ------
    JournalError
        When the file can't be understood.
    """
    store, name = session.journal.store, session.file(FILE)
    return read(store.read(name), store.where(name)) if store.exists(name) else pd.DataFrame(columns=COLUMNS)


def add(session: Session, by: str, text: str, kind: str = NOTE) -> None:
    """Add a note; what stands in the file is not touched. Without a word, nothing happens.

    Parameters
    ----------
    session : Session
    by : str
        ``client`` or ``therapist``.
    text : str
    kind : str
        ``note`` or ``next``.

    Raises
    ------
    JournalError
        When the file can't be read or written; it is left as it was.
    """
    words = re.sub("[\0\ud800-\udfff]", "", text.replace("\r\n", "\n")).strip()
    if not words:
        return
    store, name = session.journal.store, session.file(FILE)
    line = io.StringIO()
    moment = dt.datetime.now().astimezone().isoformat(timespec="seconds")
    csv.writer(line, lineterminator="\n").writerow([moment, by, kind, words])
    with store.writing():
        kept(session)  # a file that can't be read is not added to
        before = store.read(name) if store.exists(name) else f"{','.join(COLUMNS)}\n".encode()
        before += b"" if before.endswith(b"\n") else b"\n"
        store.write(name, before + line.getvalue().encode())


def next_time(journal: Journal) -> pd.DataFrame:
    """Gather what was put down for next time in the newest session that has any.

    Parameters
    ----------
    journal : Journal

    Returns
    -------
    DataFrame
        As from `read`.

    Raises
    ------
    JournalError
        When a file can't be understood.
    """
    for session in reversed(journal.sessions):
        notes = kept(session)
        if (notes["kind"] == NEXT).any():
            return notes[notes["kind"] == NEXT]
    return pd.DataFrame(columns=COLUMNS)
