"""What the client's words for moods stand for, and which column of a table is what: asked once, and kept.

It stands in ``moods.toml`` at the journal's root, one part for each kind of file::

    [daylio.moods]
    rad = 10
    "so lala" = 5

    [daylio.told.3f2a9c1b]
    "so lala" = 5

``moods`` holds for all entries of that kind. ``told`` is what was said with each file, by the first signs of its
SHA-256, the last one last: when a file is taken out again, what was said before holds again.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import tomlkit

from therapy_review.errors import ImportFileError, JournalError
from therapy_review.importing import mood_table
from therapy_review.journal import days
from therapy_review.storage import Store, if_there

FILE = "moods.toml"
MOODS, TOLD = "moods", "told"
_BEFORE = "before"  # said with no file that is known


def known_moods(store: Store, kind: str) -> dict[str, float]:
    """Give what the client said their words for moods stand for."""
    return {name: checked(name, value) for name, value in _part(store, kind, "moods").items()}


def known_columns(store: Store) -> mood_table.Columns | None:
    """Give the columns of the table that was brought in last; None when there was none."""
    told = _part(store, mood_table.KIND, "columns")
    told = {name: told[name] for name in (one.name for one in fields(mood_table.Columns)) if name in told}
    try:
        return mood_table.Columns(**told) if told else None
    except (TypeError, ImportFileError):
        return None  # written by hand and not whole: it is asked for again


def with_told(
    store: Store, kind: str, sign: str, values: Mapping[str, float], columns: mood_table.Columns | None = None
) -> bytes:
    """Write ``moods.toml`` with what was said when a file was brought in; the file itself is not changed."""
    known, told = known_moods(store, kind), _part(store, kind, TOLD)
    content = _content(store)
    if not (values.items() <= known.items() and told.get(sign) == dict(values)):
        earlier = {name: known[name] for name in values if name in known and not _last(told, name)}
        if earlier:
            told = {_BEFORE: {**told.get(_BEFORE, {}), **earlier}, **told}
        told = {one: said for one, said in told.items() if one != sign} | {sign: dict(values)}
        _put_told(content, kind, told)
    parts: dict[str, Mapping[str, Any]] = {MOODS: values}
    if columns is not None:
        parts["columns"] = {name: value for name, value in asdict(columns).items() if value not in ("", None)}
    for part, said in parts.items():
        table = _table(content, kind, part)
        for name, value in said.items():
            if table.get(name) != value:
                table[name] = _short(value)
    return tomlkit.dumps(content).encode()


def without_told(store: Store, kind: str, sign: str) -> tuple[bytes, dict[str, float]]:
    """Write ``moods.toml`` without what was said with a file, and tell what holds again."""
    known, told = known_moods(store, kind), _part(store, kind, TOLD)
    content = _content(store)
    left = {one: said for one, said in told.items() if one != sign}
    again: dict[str, float] = {}
    for name, value in told.get(sign, {}).items():
        # What was said later, or written by hand, stays.
        if _last(told, name) == [value] and known.get(name) == value and _last(left, name) != [value]:
            again[name] = float(_last(left, name)[0]) if _last(left, name) else math.nan
    if sign in told:
        _put_told(content, kind, left)
        for name, value in again.items():
            if not math.isnan(value):
                _table(content, kind, MOODS)[name] = _short(value)
    return tomlkit.dumps(content).encode(), again


def checked(name: str, value: object) -> float:
    """Return a number for a mood, which is from 1 to 10."""
    low, high = days.LOWEST_MOOD, days.HIGHEST_MOOD
    if isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high:
        return float(value)
    raise ImportFileError(f"The mood {name} is {_short(value)}; give it a number from 1 (low) to 10 (high).")


def _part(store: Store, kind: str, part: str) -> dict[str, Any]:
    if (data := if_there(store.read, FILE)) is None:
        return {}
    try:
        told = tomllib.loads(data.decode("utf-8-sig"))
        return dict(told.get(kind, {}).get(part, {}))
    except (ValueError, AttributeError, TypeError) as error:
        raise JournalError(
            f"{store.where(FILE)} can't be read ({error}); mend that line, or delete the file and say again what "
            "your words for moods stand for."
        ) from error


def _last(told: Mapping[str, Mapping[str, Any]], name: str) -> list[Any]:
    """Give what was said last of a word, in a list; an empty list where nothing was."""
    return [said[name] for said in told.values() if name in said][-1:]


def _content(store: Store) -> Any:
    return tomlkit.parse((if_there(store.read, FILE) or b"").decode("utf-8-sig"))


def _table(content: Any, kind: str, part: str) -> Any:
    return content.setdefault(kind, tomlkit.table(is_super_table=True)).setdefault(part, tomlkit.table())


def _put_told(content: Any, kind: str, told: Mapping[str, Mapping[str, Any]]) -> None:
    _table(content, kind, MOODS)  # stands first
    content[kind].pop(TOLD, None)
    if not told:
        return
    tables = tomlkit.table(is_super_table=True)
    for sign, said in told.items():
        tables[sign] = tomlkit.table()
        tables[sign].update({name: _short(value) for name, value in said.items()})
    content[kind][TOLD] = tables


def _short(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
