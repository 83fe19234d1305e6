"""The ledger: one line for everything beyond the client's own listening.

Opening a session for another use than listening again, exports, shares, erasures and agreements taken back are
written into ``ledger.csv``, which is only ever added to. It names days and uses, not what was said.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import secrets
import threading

import pandas as pd

from therapy_review.errors import JournalError
from therapy_review.storage import HandTable, PlainStore, Store, if_there, write_unopened

FILE = "ledger.csv"
WAITING = "ledger"  # a folder that is there while a line waits
COLUMNS = ["when", "what", "session", "use", "who", "note"]
TABLE = HandTable(FILE, COLUMNS)
OPENED, EXPORTED, SHARED, ERASED, REVOKED, KEPT = "opened", "exported", "shared", "erased", "revoked", "kept"

_noted: set[tuple[int, Store, dt.date, str, str]] = set()
_noting = threading.Lock()  # a player may ask on a thread of its own


def record(
    store: Store,
    moment: dt.datetime,
    sealed_to: str | None,
    what: str,
    *,
    session: str = "",
    use: str = "",
    who: str = "",
    note: str = "",
) -> None:
    """Add one line; where it can't be written, what was to be done is not to be done.

    Where a sealed journal was not opened, its ledger can't be read either: the line waits, sealed to the public key
    `sealed_to` (None for a plain journal), in a file of its own, and joins the ledger with the next one.
    """
    out = io.StringIO()
    values = moment.isoformat(timespec="seconds"), what, session, use, who, note
    csv.writer(out, lineterminator="\n").writerow(values)
    line = out.getvalue().encode()
    with store.writing():
        if isinstance(store, PlainStore) and sealed_to is not None:
            write_unopened(store, sealed_to, f"{WAITING}/{secrets.token_hex(8)}.csv", line)
            return
        store.write(FILE, whole(store) + line)
        for name in store.files(WAITING):
            store.remove(f"{WAITING}/{name}")


def whole(store: Store) -> bytes:
    """Give the content of an opened journal's ledger, with the lines that wait to join it."""
    # Those that wait are read first: what joins the ledger meanwhile is found in it.
    lines = (if_there(store.read, f"{WAITING}/{name}") for name in store.files(WAITING))
    waiting = sorted(line for line in lines if line is not None)
    found = if_there(store.read, FILE) or TABLE.written(TABLE.none())
    if not found.endswith(b"\n"):
        found += b"\n"
    # One that is there already was about to be taken away when its program was stopped.
    return found + b"".join(line for line in waiting if line not in found)


def record_opening(store: Store, moment: dt.datetime, sealed_to: str | None, session: str, use: str) -> None:
    """Add a line for a session that is opened; once a day for each program, session and use."""
    key = (os.getpid(), store, moment.date(), session, use)
    with _noting:
        if key not in _noted:
            record(store, moment, sealed_to, OPENED, session=session, use=use, who="client")
            _noted.add(key)


def read(data: bytes, where: str) -> pd.DataFrame:
    r"""Read a ledger.

    Examples
    --------
    >>> line = b"2026-03-04T10:00:00+00:00,erased,2026-01-08,,client,\n"
    >>> read(b"when,what,session,use,who,note\n" + line, "ledger.csv")["what"].tolist()
    ['erased']
    """
    try:
        table = TABLE.read(data, where)
        if list(table.columns) != COLUMNS:
            raise ValueError(f"its columns are {', '.join(table.columns)}")
        return table.assign(when=[pd.Timestamp(moment) for moment in table["when"]])
    except (JournalError, ValueError) as error:
        why = error.__cause__ or error
        raise JournalError(
            f"{where} can't be read as the ledger ({why}); nothing in it was changed: restore it from a copy."
        ) from error
