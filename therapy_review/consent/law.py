"""What the law of a place asks of a recording, in the words of one table.

``data/recording_rules.csv`` has a row a place, each read on a public page: ``all`` where everybody heard has to
agree, ``one`` where the agreement of one who takes part is enough. Whatever is unknown, unsettled
or unsure counts as ``all``. The table only adds warnings: the rule of this workbook is everybody's agreement,
everywhere, and no sentence here says that a recording is allowed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

TABLE = Path(__file__).with_name("recording_rules.csv")
CONFIDENCE = ("low", "medium", "high")
EVERYWHERE = "The rule of this workbook is everybody's agreement, whatever the law of a place asks."
COUNTS_FOR_MONTHS = 12  # laws change; a row read longer ago than this is said to be old
_ALSO_CALLED = {"UK": "GB"}


@dataclass(frozen=True)
class Rule:
    """What the law asks for one session, from one place or from two at once.

    `asks` is ``all`` or ``one``; `confidence`, how settled the law is and how sure the table, is the lower of two
    places; `checked_on`, when the pages were read, is the earlier of two, and None where one was not.
    """

    places: tuple[str, ...]
    names: tuple[str, ...]
    asks: str
    confidence: str
    statutes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    checked_on: dt.date | None = None

    @property
    def unsure(self) -> bool:
        """True unless the law is settled, the table sure, and the page was read."""
        return self.confidence != "high" or self.checked_on is None

    @property
    def one_is_enough(self) -> bool:
        """True where one person's agreement is all the law asks, and that is beyond doubt.

        The gate looks here for an agreement of ``basis = "one_party"``; any doubt closes it.
        """
        return self.asks == "one" and not self.unsure

    def stale(self, day: dt.date) -> bool:
        """Tell whether the pages were read more than twelve months before a day, or never.

        Examples
        --------
        >>> rule_for("US-CA").stale(dt.date(2027, 11, 25)), rule_for("US-CA").stale(dt.date(2027, 11, 26))
        (False, True)
        """
        if self.checked_on is None:
            return True
        return pd.Timestamp(self.checked_on) + pd.DateOffset(months=COUNTS_FOR_MONTHS) < pd.Timestamp(day)


def rules() -> pd.DataFrame:
    """Return the whole table, one row a place; ``checked_on`` is NaT where its page was not read.

    Examples
    --------
    >>> rules().set_index("place").loc["US-NV", ["rule_in_person", "rule_remote"]].tolist()
    ['one', 'all']
    """
    table = pd.read_csv(TABLE, dtype=str, keep_default_na=False)
    return table.assign(checked_on=pd.to_datetime(table["checked_on"], format="%Y-%m-%d"))


def rule_for(place: str, *, remote_place: str | None = None) -> Rule:
    """Return the rule for a session.

    Parameters
    ----------
    place : str
        Where the session takes place, as in ``journal.toml``: ``GB``, ``US-CA``, ``AU-NSW``; by phone or
        video, where the client is.
    remote_place : str or None
        Where the other person is, for a session by phone or video: the same place again when both are in it,
        empty when it is not known. None for a session in one room.

    Returns
    -------
    Rule
        For a session by phone or video the stricter of both places. A part of a country that has no row
        takes the country's, never as beyond doubt; a place that is not in the table asks for everybody.

    Examples
    --------
    >>> rule_for("US-TX").asks, rule_for("US-TX", remote_place="US-CA").asks, rule_for("").asks
    ('one', 'all', 'all')
    """
    if remote_place is None:
        return _rule(place, "rule_in_person")
    return stricter(_rule(place, "rule_remote"), _rule(remote_place, "rule_remote"))


def stricter(one: Rule, other: Rule) -> Rule:
    """Put the rules of two places together, so that neither is broken.

    Examples
    --------
    >>> stricter(rule_for("US-TX"), rule_for("DE")).asks
    'all'
    """
    read = [rule.checked_on for rule in (one, other) if rule.checked_on is not None]
    return Rule(
        places=_both(one.places, other.places),
        names=_both(one.names, other.names),
        asks="all" if "all" in (one.asks, other.asks) else "one",
        confidence=min(one.confidence, other.confidence, key=CONFIDENCE.index),
        statutes=_both(one.statutes, other.statutes),
        sources=_both(one.sources, other.sources),
        notes=_both(_by_name(one), _by_name(other)) if one.names != other.names else one.notes,
        checked_on=min(read) if len(read) == 2 else None,
    )


def warnings(rule: Rule, day: dt.date) -> list[str]:
    """Say what makes a rule less certain than it looks.

    Examples
    --------
    >>> warnings(rule_for("US-CA"), dt.date(2026, 12, 1))
    []
    """
    said = []
    if len(rule.places) > 1:
        said.append("The session is in two places, and the stricter of their two rules counts.")
    if rule.confidence != "high":
        said.append(
            "This is not settled, or not known here for sure; please ask somebody who knows the law there."
        )
    if rule.checked_on is None and rule.statutes:
        said.append("It was not checked against a public page.")
    elif rule.checked_on and rule.stale(day):
        said.append(
            f"It was read on {_date(rule.checked_on)}, more than a year ago; the law may have changed since."
        )
    return said


def where_read(rule: Rule) -> list[str]:
    """Say on which public pages a rule was read, and when.

    Examples
    --------
    >>> where_read(rule_for("US-AK"))
    ['This was read on a public page on 25 November 2026 (https://www.rcfp.org/?p=61704).']
    """
    if not rule.sources:
        return []
    pages = "a public page" if len(rule.sources) == 1 else "public pages"
    later = "" if len(rule.sources) == 1 else " or later"
    when = f" on {_date(rule.checked_on)}{later}" if rule.checked_on else ""
    return [f"This was read on {pages}{when} ({' and '.join(rule.sources)})."]


def of_both_ways(place: str, therapist_place: str, day: dt.date) -> list[str]:
    """Say the rules for a session in one room and for one by phone or video.

    Examples
    --------
    >>> room, call = of_both_ways("US-NV", "US-NV", dt.date(2026, 12, 1))[:2]
    >>> print(room.partition(" (")[0])
    In one room: In Nevada the law asks for the agreement of one person who takes part
    >>> print(call.partition(" (")[0])
    By phone or video: In Nevada the law asks for the agreement of everybody who is heard
    """
    room = rule_for(place)
    call = rule_for(place, remote_place=therapist_place or place)
    if _lead(room) == _lead(call):
        said, rule = [_lead(room)], room
    else:
        said = [f"In one room: {_lead(room)}", f"By phone or video: {_lead(call)}"]
        rule = stricter(room, call)
    if place and not therapist_place:
        said.append(
            "By phone or video the place where your therapist is counts as well; it is not written down yet, as "
            'therapist_place = "…" in journal.toml.'
        )
    read = where_read(stricter(room, call))
    return [*said, *call.notes, *read, *warnings(rule, day), EVERYWHERE, _advice(rule.checked_on)]


def _lead(rule: Rule) -> str:
    where = " and ".join(rule.names)
    cited = f" ({'; '.join(rule.statutes)})" if rule.statutes else ""
    if not where:
        return (
            'No place is written down yet, as place = "GB" in journal.toml, so everybody\'s agreement counts.'
        )
    if not rule.statutes:
        return f"Of {where} nothing is known here, so everybody's agreement counts."
    if rule.unsure or (rule.asks == "all" and len(rule.places) > 1):
        return f"In {where} count on everybody's agreement{cited}."
    if rule.asks == "one":
        return f"In {where} the law asks for the agreement of one person who takes part{cited}."
    return f"In {where} the law asks for the agreement of everybody who is heard{cited}."


def also_said() -> list[str]:
    """Say what holds whatever the law of a place.

    Examples
    --------
    >>> also_said()[0]
    "A recording can be lawful and still break your therapist's policy, or what you two agreed on."
    """
    return [
        "A recording can be lawful and still break your therapist's policy, or what you two agreed on.",
        "In the United States the health privacy law HIPAA does not cover recordings that you make and keep "
        "yourself; it does cover copies that your therapist keeps.",
        "What is said in therapy can be protected in court, and showing a recording to others may give that "
        "protection up.",
        "If you fear that your therapist has wronged you, a licensing board or an advocate for patients is the "
        "place to turn to; this workbook is not made for it.",
        _advice(None),
    ]


@cache
def _rows() -> dict[str, dict[str, Any]]:
    return {
        str(row["place"]): {str(key): value for key, value in row.items()}
        for row in rules().to_dict("records")
    }


def _rule(place: str, way: str) -> Rule:
    code = place.strip().upper().replace("_", "-")
    code = _ALSO_CALLED.get(code, code)
    row = _rows().get(code) or _rows().get(code.partition("-")[0])
    if row is None:
        return Rule((code,) if code else (), (code,) if code else (), "all", "low")
    notes, confidence = [row["note"]] if row["note"] else [], row["confidence"]
    if row["place"] != code:
        notes.insert(0, f"The table has no row for {code}; this is what it says of {row['name']}.")
        confidence = min(confidence, "medium", key=CONFIDENCE.index)
    return Rule(
        places=(code,),
        names=(row["name"],),
        asks=row[way],
        confidence=confidence,
        statutes=(row["statute"],),
        sources=(row["source"],) if row["source"] else (),
        notes=tuple(notes),
        checked_on=None if pd.isna(row["checked_on"]) else row["checked_on"].date(),
    )


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _by_name(rule: Rule) -> tuple[str, ...]:
    return tuple(f"{' and '.join(rule.names)}: {note}" for note in rule.notes)


def _advice(checked_on: dt.date | None) -> str:
    day = checked_on or pd.Timestamp(rules()["checked_on"].min()).date()
    return f"This is not legal advice. The table was checked on {_date(day)}."


def _date(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"
