"""Numbers of the client's own: scales that a form adds, beside those that are described in ``journal.toml``.

They are kept in ``scales.toml``, one part each, as under ``[scales]`` of the settings, which win (see
`therapy_review.scales`). The settings of a sealed journal can be read without its passphrase, and what somebody
counts of themselves is not for others to read; this file is sealed with the rest.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from therapy_review.errors import JournalError
from therapy_review.scales import Scale, plain, scales_of
from therapy_review.store import if_there

if TYPE_CHECKING:
    from therapy_review.journal import Journal
    from therapy_review.store import Store

FILE = "scales.toml"


def kept(store: Store) -> dict[str, Any]:
    """Read the numbers that were added.

    Parameters
    ----------
    store : Store

    Returns
    -------
    dict
        By key, each as under ``[scales]`` of the settings.

    Raises
    ------
    JournalError
        When the file can't be read.
    """
    if (data := if_there(store.read, FILE)) is None:
        return {}
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except ValueError as error:
        raise JournalError(
            f"{store.where(FILE)} can't be read ({error}); mend that line, or put an older copy in its place. Your "
            "numbers in the notes are safe."
        ) from error


def add(
    journal: Journal,
    name: str,
    low: str,
    high: str,
    higher_is: str = "",
    taken: Collection[str] = (),
) -> Scale:
    """Add a number of the client's own, for this session and the next ones.

    Parameters
    ----------
    journal : Journal
    name : str
        What it is called.
    low, high : str
        The smallest and the largest number, as they were typed.
    higher_is : str
        ``harder``, ``easier``, or empty where neither is true.
    taken : collection of str
        Keys that mean something else.

    Returns
    -------
    Scale

    Raises
    ------
    JournalError
        When it has no name, its name is taken, its ends are no numbers or in the wrong order, or the file can't be
        read or written; nothing is added then.
    """
    import tomlkit

    name = " ".join(name.split())
    if not name:
        raise JournalError("The number has no name yet; give it one, as in Sleep.")
    ends = [_number(text, which) for text, which in ((low, "smallest"), (high, "largest"))]
    if not ends[0] < ends[1]:
        raise JournalError(
            f"It would go from {plain(ends[0])} to {plain(ends[1])}; the smallest must be below the largest."
        )
    with journal.store.writing():
        there = journal.scales
        if name.casefold() in {scale.name.casefold() for scale in there.values()}:
            raise JournalError(f"There is a number called {name} already; open it in the list above.")
        key = _key(name, {*there, *taken})
        described = {"name": name, "low": _short(ends[0]), "high": _short(ends[1])}
        described |= {"higher_is": higher_is} if higher_is else {}
        scale = scales_of({"scales": {key: described}}, FILE)[key]
        kept(journal.store)  # a file that can't be read is not added to
        before = if_there(journal.store.read, FILE) or b""
        content = tomlkit.parse(before.decode("utf-8-sig"))
        content[key] = described
        journal.store.write(FILE, tomlkit.dumps(content).encode())
    return scale


def _number(text: str, which: str) -> float:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        said = f"“{text.strip()}”" if text.strip() else "not there yet"
        raise JournalError(f"Its {which} number is {said}; write it as a number, as in 10.") from None


def _short(value: float) -> float:
    return int(value) if value.is_integer() else value


def _key(name: str, taken: set[str]) -> str:
    """Make what the number is called in the notes; of two alike, the second is numbered."""
    word = re.sub(r"\W+", "_", name.casefold()).strip("_") or "number"
    return next(key for key in (word, *(f"{word}_{n}" for n in range(2, len(taken) + 3))) if key not in taken)
