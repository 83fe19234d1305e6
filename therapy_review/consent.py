"""Consent: who agreed to what, and the one question asked before a recording is opened.

The rule is the same everywhere: everybody who is heard agrees to the use, on the day it is made. Agreements
are kept in ``agreements.toml`` and only ever added to; taking one back is an entry as well.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from therapy_review.errors import ConsentError, JournalError

FILE = "agreements.toml"
USES = ("record", "self_review", "review_together", "report", "transcribe", "voice_print")
IN_WORDS = {
    "record": "recording the sessions",
    "self_review": "the client listening again",
    "review_together": "listening together",
    "report": "reports made from it",
    "transcribe": "writing down what was said",
    "voice_print": "being known by voice",
}


@dataclass(frozen=True)
class Agreement:
    """One consent statement.

    Parameters
    ----------
    id : str
        Its name within the journal.
    who : str
        ``client``, ``therapist``, or the name of anyone else heard.
    uses : tuple of str
        What was agreed to; some of `USES`, or ``share:NAME``.
    given_from : datetime.date
        First day it holds.
    until : datetime.date or None
        Last day it holds; open when None.
    how : str
        ``written`` or ``spoken``.
    revoked_on : datetime.date or None
        The day it was taken back.
    """

    id: str
    who: str
    uses: tuple[str, ...]
    given_from: dt.date
    until: dt.date | None = None
    how: str = "written"
    revoked_on: dt.date | None = None

    def holds(self, use: str, day: dt.date) -> bool:
        """Tell whether this agreement allows a use on a day.

        Examples
        --------
        >>> given = Agreement("a1", "therapist", ("self_review",), dt.date(2026, 1, 5))
        >>> given.holds("self_review", dt.date(2026, 3, 4)), given.holds("report", dt.date(2026, 3, 4))
        (True, False)
        """
        begun = self.given_from <= day
        ended = self.until is not None and day > self.until
        revoked = self.revoked_on is not None and day >= self.revoked_on
        return use in self.uses and begun and not ended and not revoked


def parse(data: bytes, where: str) -> list[Agreement]:
    """Read the agreements of a journal.

    Parameters
    ----------
    data : bytes
        Content of ``agreements.toml``.
    where : str
        The file's name, for the error's sentence.

    Returns
    -------
    list of Agreement
        In the order they were given, each with the day it was taken back, if it was.

    Raises
    ------
    JournalError
        When the file can't be understood: then nobody counts as having agreed.
    """
    try:
        content = tomllib.loads(data.decode("utf-8-sig"))
        revoked = {entry["agreement"]: entry["on"] for entry in content.get("revocation", [])}
        return [_agreement(entry, revoked) for entry in content.get("agreement", [])]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise JournalError(
            f"{where} can't be read ({error}), so no recording is opened; restore the file from a copy."
        ) from error


def _agreement(entry: dict[str, Any], revoked: dict[str, dt.date]) -> Agreement:
    for day in (entry["from"], entry.get("until", entry["from"])):
        if type(day) is not dt.date:
            raise TypeError(f"{day!r} is not a date such as 2026-01-05")
    return Agreement(
        id=entry["id"],
        who=entry["who"],
        uses=tuple(entry["uses"]),
        given_from=entry["from"],
        until=entry.get("until"),
        how=entry.get("how", "written"),
        revoked_on=revoked.get(entry["id"]),
    )


def append(
    data: bytes, who: str, uses: Sequence[str], *, given_from: dt.date, name: str, how: str = "written"
) -> bytes:
    """Add one agreement to the content of ``agreements.toml``; what stands there is not touched.

    Parameters
    ----------
    data : bytes
        The file as it is; empty for a new one.
    who : str
        ``client``, ``therapist``, or the name of anyone else heard.
    uses : sequence of str
        Some of `USES`.
    given_from : datetime.date
        First day it holds.
    name : str
        The person's name or pseudonym.
    how : str
        ``written`` or ``spoken``.

    Returns
    -------
    bytes
        The file's new content.

    Raises
    ------
    JournalError
        When what is there can't be read.
    """
    import tomlkit

    number = 1 + len(parse(data, FILE))
    entry = tomlkit.table()
    entry.update({"id": f"a{number}", "who": who, "name": name, "uses": list(uses)})
    entry.update({"from": given_from, "how": how})
    entries = tomlkit.aot()
    entries.append(entry)
    document = tomlkit.document()
    document["agreement"] = entries
    before = data.rstrip(b"\n")
    return (before + b"\n\n" if before else b"") + tomlkit.dumps(document).encode()


def take_back(data: bytes, who: str, use: str, *, on: dt.date) -> bytes:
    """Take back all that one person agreed to for one use; what else they agreed to goes on.

    Parameters
    ----------
    data : bytes
        Content of ``agreements.toml``; what stands there is not touched.
    who : str
        ``client``, ``therapist``, or the name of anyone else heard.
    use : str
        One of `USES` or ``share:NAME``.
    on : datetime.date
        The first day it no longer holds.

    Returns
    -------
    bytes
        The file's new content.

    Raises
    ------
    JournalError
        When what is there can't be read.
    """
    import tomlkit

    given = parse(data, FILE)
    entries = {entry["id"]: entry for entry in tomllib.loads(data.decode("utf-8-sig")).get("agreement", [])}
    revocations, rest = tomlkit.aot(), tomlkit.aot()
    for agreement in given:
        over = agreement.revoked_on is not None or (agreement.until is not None and agreement.until < on)
        if agreement.who != who or use not in agreement.uses or over:
            continue
        revocations.append(tomlkit.item({"agreement": agreement.id, "on": on}))
        if others := [other for other in agreement.uses if other != use]:
            number = 1 + len(given) + len(rest)
            begun = max(on, agreement.given_from)
            again = entries[agreement.id] | {"id": f"a{number}", "uses": others, "from": begun}
            rest.append(tomlkit.item(again))
    document = tomlkit.document()
    for name, added in (("revocation", revocations), ("agreement", rest)):
        if len(added):
            document[name] = added
    return data.rstrip(b"\n") + b"\n\n" + tomlkit.dumps(document).encode() if document else data


def require(
    agreements: Iterable[Agreement], heard: Sequence[str], use: str, day: dt.date, session: str
) -> None:
    """Let a use of a recording pass, or say whose agreement is missing.

    Parameters
    ----------
    agreements : iterable of Agreement
    heard : sequence of str
        Everybody heard in the recording.
    use : str
        What the sound is wanted for; one of `USES` or ``share:NAME``.
    day : datetime.date
        The day of the use.
    session : str
        The session's name, for the error's sentence.

    Raises
    ------
    ConsentError
        When anybody heard has no agreement to this use in force on that day.
    """
    given = list(agreements)
    missing = [who for who in heard if not any(a.who == who and a.holds(use, day) for a in given)]
    if missing:
        people = " and ".join("you" if who == "client" else f"the {who}" for who in missing)
        raise ConsentError(
            f"The recording of {session} stays closed: there is no agreement in force from {people} for "
            f"{IN_WORDS.get(use, use)}. Talk it over, then write it down with: therapy-review agree"
        )
