"""The names of sessions: each is named by its date, a second one that day ends in ``-2``."""

from __future__ import annotations

import datetime as dt
import re

SESSION_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})(?:-([2-9]))?")


def session_date(name: str) -> dt.date | None:
    """Return the date a session's folder is named by, or None when it is no session's name.

    Examples
    --------
    >>> session_date("2026-03-04-2")
    datetime.date(2026, 3, 4)
    >>> session_date("2026-02-30") is None
    True
    """
    found = SESSION_NAME.fullmatch(name)
    try:
        return dt.date.fromisoformat(found.group(1)) if found else None
    except ValueError:
        return None
