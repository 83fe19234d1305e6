"""Who agreed to what, as it is kept; what follows for a recording is asked of the gate.

Agreements are kept in ``agreements.toml`` and only ever added to; taking one back is an entry as well, and so is a
reason to keep what was recorded before.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from therapy_review import hints
from therapy_review.consent.agreement import (
    ALL_PARTIES,
    ONE_PARTY,
    SELF_REVIEW,
    SHARE,
    USES,
    WAYS_TO_AGREE,
    Agreement,
    Revocation,
    Spoken,
    is_use,
    person_in_words,
)
from therapy_review.errors import JournalError
from therapy_review.wording import clock, seconds_in

FILE = "agreements.toml"


def how_to_ask(journal: Path | None) -> str:
    """Say, with two commands, what to do where an agreement is missing."""
    draft, add = (hints.command("consent", word, journal=journal) for word in ("draft", "add"))
    return f"Talk it over (a page for that: {draft}), then write it down with: {add}"


def parse(data: bytes, where: str) -> list[Agreement]:
    """Read the agreements of a journal; where anything can't be understood, nobody counts as having agreed."""
    try:
        content = tomllib.loads(data.decode("utf-8-sig"))
        revocations = [_revocation(entry, n) for n, entry in enumerate(content.get("revocation", []), 1)]
        given = [_agreement(entry, revocations) for entry in content.get("agreement", [])]
        ids = [agreement.id for agreement in given]
        if twice := {name for name in ids if ids.count(name) > 1}:
            raise ValueError(f"{' and '.join(sorted(twice))} is the id of more than one agreement")
        if unknown := {one.agreement for one in revocations} - {*ids}:
            raise ValueError(f"{' and '.join(sorted(unknown))} is taken back, but was never given")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        said = f"{error} is missing" if isinstance(error, KeyError) else error
        raise JournalError(
            f"{where} can't be read ({said}), so no recording is opened; restore the file from a copy."
        ) from error
    return given


def _agreement(entry: dict[str, Any], revocations: Sequence[Revocation]) -> Agreement:
    spoken = None
    if "spoken_in" in entry:
        spoken = Spoken(_text(entry, "spoken_in"), seconds_in(entry.get("spoken_at", "0:00")))
    name = _text(entry, "id")
    given = Agreement(
        id=name,
        who=_text(entry, "who"),
        uses=_texts(entry, "uses"),
        given_from=_day(entry["from"]),
        until=_day(entry["until"]) if "until" in entry else None,
        how=_text(entry, "how", WAYS_TO_AGREE[0]),
        revocations=tuple(one for one in revocations if one.agreement == name),
        name=_text(entry, "name", ""),
        spoken=spoken,
        basis=_text(entry, "basis", ALL_PARTIES),
        note=_text(entry, "note", ""),
    )
    if problem := _problem(given):
        raise ValueError(problem)
    return given


def _revocation(entry: dict[str, Any], number: int) -> Revocation:
    uses = _texts(entry, "uses") if "uses" in entry else ()
    name, kept = _text(entry, "id", f"r{number}"), _text(entry, "kept", "")
    return Revocation(name, _text(entry, "agreement"), _day(entry["on"]), uses, kept)


def _problem(given: Agreement) -> str:
    """Say what can't stand in an agreement; nothing when all can."""
    if given.basis not in (ALL_PARTIES, ONE_PARTY):
        return f"{given.basis} is no basis; it is {ALL_PARTIES} or {ONE_PARTY}"
    if given.basis == ONE_PARTY and (given.who, given.uses) != ("client", (SELF_REVIEW,)):
        return f"{ONE_PARTY} is for the client and {SELF_REVIEW} alone"
    return ""


def _text(entry: dict[str, Any], name: str, default: str | None = None) -> str:
    value = entry[name] if default is None else entry.get(name, default)
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r}, which is no text")
    return value


def _texts(entry: dict[str, Any], name: str) -> tuple[str, ...]:
    value = entry[name]
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        raise TypeError(f'{name} is {value!r}; write it as in ["record", "self_review"]')
    return tuple(value)


def _day(value: object) -> dt.date:
    if type(value) is not dt.date:
        raise TypeError(f"{value!r} is not a date such as 2026-01-05")
    return value


def append(
    data: bytes,
    who: str,
    uses: Sequence[str],
    *,
    given_from: dt.date,
    name: str,
    how: str = "written",
    until: dt.date | None = None,
    spoken: Spoken | None = None,
    basis: str = ALL_PARTIES,
    note: str = "",
) -> bytes:
    """Add one agreement, described as at `Agreement`, to the content of ``agreements.toml``.

    What stands there is not touched; what can't be agreed to, and a file that can't be read, is a `JournalError`.
    """
    known = {agreement.id for agreement in parse(data, FILE)}
    wanted = tuple(dict.fromkeys(uses))
    given = Agreement(_free("a", known), who, wanted, given_from, until, how, (), name, spoken, basis, note)
    if problem := _not_to_be_agreed(given):
        raise JournalError(problem)
    entry: dict[str, Any] = {"id": given.id, "who": who, "name": name, "uses": list(given.uses)}
    entry |= {"from": given_from} | ({"until": until} if until else {}) | {"how": how}
    if spoken:
        entry |= {"spoken_in": spoken.session, "spoken_at": clock(spoken.time)}
    entry |= ({} if basis == ALL_PARTIES else {"basis": basis}) | ({"note": note} if note else {})
    return _with(data, "agreement", [entry])


def _not_to_be_agreed(given: Agreement) -> str:
    """Say in a sentence why something can't be agreed to like that; nothing when it can."""
    if not given.who.strip():
        return "An agreement is somebody's; name client, therapist, or whoever else is heard."
    if odd := [use for use in given.uses if not is_use(use)]:
        return f"{odd[0]} is not something to agree to; choose from {', '.join(USES)} or {SHARE}NAME."
    if not given.uses:
        return f"Nothing was agreed to; name some of {', '.join(USES)} or {SHARE}NAME."
    if given.how not in WAYS_TO_AGREE:
        return f"An agreement is given {' or '.join(WAYS_TO_AGREE)}, not {given.how}."
    if given.until is not None and given.until < given.given_from:
        return f"It would end on {given.until}, before it begins on {given.given_from}; give a later day."
    problem = _problem(given)
    return f"{problem[0].upper()}{problem[1:]}." if problem else ""


def take_back(data: bytes, who: str, use: str = "", *, on: dt.date) -> bytes:
    """Take back what one person agreed to from a day on, for one use or, when it is empty, for all.

    What else they agreed to goes on; where there was nothing to take back, nothing is added.
    """
    given, entries = parse(data, FILE), []
    known = {back.id for agreement in given for back in agreement.revocations}
    for agreement in given:
        left = agreement.left(on)
        if agreement.who != who or not left or (use and use not in left):
            continue
        entry: dict[str, Any] = {"id": _free("r", known), "agreement": agreement.id, "on": on}
        known.add(entry["id"])
        part = {"uses": [use]} if use and left != (use,) else {}
        entries.append(entry | part)
    return _with(data, "revocation", entries)


def keep_all_the_same(data: bytes, who: str, why: str) -> bytes:
    """Write down why what was recorded is kept although somebody has taken back their last agreement.

    The newest revocation is said once more, together with the reason.
    """
    given = parse(data, FILE)
    backs = [back for agreement in given for back in agreement.revocations]
    own = [back for agreement in given if agreement.who == who for back in agreement.revocations]
    if not own:
        raise JournalError(
            f"Nothing of {person_in_words(who)} was taken back, so there is no reason to write down."
        )
    last = max(own, key=lambda back: (back.on, backs.index(back)))
    entry = {"id": _free("r", {back.id for back in backs}), "agreement": last.agreement, "on": last.on}
    part = {"uses": list(last.uses)} if last.uses else {}
    return _with(data, "revocation", [entry | part | {"kept": why}])


def _free(letter: str, known: Collection[str]) -> str:
    number = len(known) + 1
    while f"{letter}{number}" in known:
        number += 1
    return f"{letter}{number}"


def _with(data: bytes, kind: str, entries: Sequence[dict[str, Any]]) -> bytes:
    import tomlkit

    if not entries:
        return data
    document, added = tomlkit.document(), tomlkit.aot()
    for entry in entries:
        added.append(tomlkit.item(entry))
    document[kind] = added
    before = data.rstrip(b"\n")
    return (before + b"\n\n" if before else b"") + tomlkit.dumps(document).encode()
