"""One statement of consent, and what a person is told of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

RECORD = "record"
SELF_REVIEW = "self_review"
REPORT = "report"
USES = (RECORD, SELF_REVIEW, "review_together", REPORT, "transcribe", "voice_print")
SHARE = "share:"
IN_WORDS = {
    RECORD: "recording the sessions",
    SELF_REVIEW: "the client listening again",
    "review_together": "listening together",
    REPORT: "reports made from it",
    "transcribe": "writing down what was said",
    "voice_print": "being known by voice",
}
ROLES = ("client", "therapist", "other")  # whom a voice can be named
WAYS_TO_AGREE = ("written", "spoken")
ALL_PARTIES = "all_parties"
ONE_PARTY = "one_party"
AHEAD = 14  # days before its end at which an agreement is spoken of
COLUMNS = [
    "id", "who", "name", "uses", "from", "until", "how", "spoken_in", "spoken_at", "basis", "state", "kept", "note",
]  # fmt: skip


@dataclass(frozen=True)
class Spoken:
    """Where on a recording somebody said that they agree.

    Parameters
    ----------
    session : str
        The session's name.
    time : float
        Seconds from the recording's start.
    """

    session: str
    time: float


@dataclass(frozen=True)
class Revocation:
    """An agreement, or a part of it (all when `uses` is empty), taken back from a day on.

    `kept` is why what was recorded before is kept all the same.
    """

    id: str
    agreement: str
    on: dt.date
    uses: tuple[str, ...] = ()
    kept: str = ""


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
    revocations : tuple of Revocation
        What was taken back of it.
    name : str
        What the person is called.
    spoken : Spoken or None
        Where it can be heard, if it was said on a recording.
    basis : str
        ``all_parties``, or ``one_party`` for what only the client has agreed to.
    note : str
        Anything worth remembering, in the client's words.
    """

    id: str
    who: str
    uses: tuple[str, ...]
    given_from: dt.date
    until: dt.date | None = None
    how: str = "written"
    revocations: tuple[Revocation, ...] = ()
    name: str = ""
    spoken: Spoken | None = None
    basis: str = ALL_PARTIES
    note: str = ""

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
        back = self.taken_back(use)
        return use in self.uses and begun and not ended and (back is None or day < back)

    def taken_back(self, use: str) -> dt.date | None:
        """Return the first day on which a use was taken back, or None.

        Examples
        --------
        >>> back = Revocation("r1", "a1", dt.date(2026, 2, 1), ("report",))
        >>> given = Agreement("a1", "client", ("record", "report"), dt.date(2026, 1, 5), revocations=(back,))
        >>> given.taken_back("report"), given.taken_back("record")
        (datetime.date(2026, 2, 1), None)
        """
        days = [one.on for one in self.revocations if not one.uses or use in one.uses]
        return min(days, default=None)

    def left(self, day: dt.date) -> tuple[str, ...]:
        """Return the uses that hold on a day, or will from a later one on, and were not taken back by then."""
        if self.until is not None and day > self.until:
            return ()
        return tuple(use for use in self.uses if (back := self.taken_back(use)) is None or back > day)

    def state(self, day: dt.date) -> str:
        """Say in a few words how this agreement stands on a day.

        Examples
        --------
        >>> Agreement("a1", "client", ("record",), dt.date(2026, 1, 5)).state(dt.date(2026, 1, 4))
        'begins on 2026-01-05'
        """
        backs = [use for use in self.uses if (back := self.taken_back(use)) is not None and back <= day]
        if len(backs) == len(self.uses):
            return f"taken back on {max(filter(None, map(self.taken_back, backs)))}"
        if self.until is not None and self.until < day:
            return f"ended on {self.until}"
        begun = "in force" if self.given_from <= day else f"begins on {self.given_from}"
        return f"{begun}, but not for {' and '.join(map(use_in_words, backs))}" if backs else begun


def is_use(use: str) -> bool:
    """Tell whether a word names something a recording can be used for.

    Parameters
    ----------
    use : str

    Returns
    -------
    bool

    Examples
    --------
    >>> is_use("report"), is_use("share:Sam"), is_use("share:"), is_use("fun")
    (True, True, False, False)
    """
    return use in USES or bool(use.startswith(SHARE) and use.removeprefix(SHARE).strip())


def use_in_words(use: str) -> str:
    """Say a use as one would to a person.

    Parameters
    ----------
    use : str
        One of `USES`, or ``share:NAME``.

    Returns
    -------
    str

    Examples
    --------
    >>> use_in_words("transcribe"), use_in_words("share:Sam")
    ('writing down what was said', 'sharing chosen clips with Sam')
    """
    return IN_WORDS.get(use) or f"sharing chosen clips with {use.removeprefix(SHARE)}"


def person_in_words(who: str) -> str:
    """Name somebody heard, as one would to the client.

    Parameters
    ----------
    who : str
        A role, or a name.

    Returns
    -------
    str

    Examples
    --------
    >>> person_in_words("client"), person_in_words("therapist"), person_in_words("Sam")
    ('you', 'the therapist', 'Sam')
    """
    return {"client": "you", "therapist": "the therapist"}.get(who, who)


def table(agreements: Iterable[Agreement], day: dt.date) -> pd.DataFrame:
    """Put agreements side by side, one row each, as they stand on a day; ``spoken_at`` is in seconds."""
    import pandas as pd

    rows = [
        {
            "id": one.id,
            "who": one.who,
            "name": one.name,
            "uses": ", ".join(one.uses),
            "from": pd.Timestamp(one.given_from),
            "until": pd.Timestamp(one.until) if one.until else pd.NaT,
            "how": one.how,
            "spoken_in": one.spoken.session if one.spoken else "",
            "spoken_at": one.spoken.time if one.spoken else float("nan"),
            "basis": one.basis,
            "state": one.state(day),
            "kept": "; ".join(dict.fromkeys(back.kept for back in one.revocations if back.kept)),
            "note": one.note,
        }
        for one in agreements
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def ending_soon(agreements: Iterable[Agreement], day: dt.date) -> list[tuple[Agreement, tuple[str, ...]]]:
    """Find what ends within the next two weeks and was not given anew.

    Parameters
    ----------
    agreements : iterable of Agreement
    day : datetime.date
        Today.

    Returns
    -------
    list of (Agreement, tuple of str)
        The soonest first, each with the uses that end with it.

    Examples
    --------
    >>> given = Agreement("a1", "therapist", ("record",), dt.date(2026, 1, 5), until=dt.date(2026, 3, 10))
    >>> [(one.id, uses) for one, uses in ending_soon([given], dt.date(2026, 3, 4))]
    [('a1', ('record',))]
    """
    given, found = list(agreements), []
    for one in given:
        if one.until is None or not 0 <= (one.until - day).days <= AHEAD:
            continue
        after = one.until + dt.timedelta(days=1)
        goes_on = {use for use in one.uses if any(o.who == one.who and o.holds(use, after) for o in given)}
        if uses := tuple(use for use in one.left(one.until) if use not in goes_on):
            found.append((one, uses))
    return sorted(found, key=lambda pair: (pair[0].until or day, pair[0].id))
