"""What the client lets the therapist see when they look at the journal together.

Everything is closed until the client opens it: mood words and questionnaires one by one, and of each session its
figures, its sound, the marks, the notes, and what was to be brought; and what was written together with another
therapist than the one who is there now. The last choice is remembered in
``opened.toml``, to be offered the next time; it opens nothing by itself.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from therapy_review.errors import JournalError
from therapy_review.journal import Journal
from therapy_review.storage import if_there
from therapy_review.trends import MOODS, NOTHING_NOTED, Way
from therapy_review.wording import ORDINALS, counted

FILE = "opened.toml"
FIGURES, SOUND, MARKS, NOTES, BRING = "figures", "sound", "marks", "notes", "bring"
PARTS = {
    FIGURES: "moods and figures",
    SOUND: "sound",
    MARKS: "my marks",
    NOTES: "my notes",
    BRING: "what I wanted to bring",
}
HEAD = (
    "# What was opened the last time for looking at the journal together.\n"
    "# It is offered the next time and opens nothing by itself.\n"
)


@dataclass(frozen=True)
class Opened:
    """What may be seen.

    Examples
    --------
    >>> some = Opened(sessions={"2026-03-05": frozenset({FIGURES})})
    >>> some.shows(FIGURES, "2026-03-05"), some.shows(NOTES, "2026-03-05"), Opened().shows(FIGURES, "2026-03-05")
    (True, False, False)
    """

    tags: frozenset[str] = frozenset()
    scales: frozenset[str] = frozenset()
    sessions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    therapists: frozenset[str] = frozenset()

    def shows(self, part: str, session: str) -> bool:
        """Tell whether a part of a session may be seen."""
        return part in self.sessions.get(session, ())

    def with_part(self, part: str) -> list[str]:
        """Give the sessions of which a part may be seen, in order of time."""
        return sorted(name for name in self.sessions if self.shows(part, name))

    def of(self, way: Way) -> Way:
        """Leave of the path what may be seen."""
        kept = way.only(self.with_part(FIGURES))
        hidden = {scale for scale in way.scales if scale not in self.scales}
        tags = kept.tags.assign(tag=kept.tags["tag"].where(kept.tags["tag"].isin(self.tags), ""))
        proud = kept.proud[kept.proud["session"].isin(self.with_part(MARKS))]
        measured = self._plain(kept.measured[~kept.measured["measure"].isin(hidden)], way.words)
        groups = {group: [tag for tag in tags if tag in self.tags] for group, tags in way.groups.items()}
        return Way(measured, tags.drop_duplicates(["session", "tag"]), proud, groups)

    def _plain(self, measured: pd.DataFrame, words: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
        """Name phases by plain words where their own stand in notes that are not opened."""
        read = {*self.with_part(NOTES)}

        def is_closed(session: str, phase: str) -> bool:
            return any(said in phase and where not in read for said, where in words[session].items())

        plain, which = measured["phase"].copy(), measured["which"].copy()
        for _, own in measured.sort_values(["date", "session"]).groupby(["measure", "speaker"], sort=False):
            phases = dict.fromkeys(own["phase"].replace("", None).dropna())
            pairs = own[["session", "phase"]].itertuples(index=False)
            if closed := {phase for session, phase in pairs if is_closed(session, phase)}:
                closed.add(NOTHING_NOTED)
                names = {phase: _in_plain_words(n) for n, phase in enumerate(phases, 1) if phase in closed}
                told = {phase: f"noted as {phase}" for phase in phases}
                told |= {phase: f"held or heard {name}" for phase, name in names.items()}
                plain.update(own["phase"].replace(names))
                which.update(own["phase"].replace(told))
        return measured.assign(phase=plain, which=which)

    def said(self) -> str:
        """Say how much is opened, naming nothing.

        Examples
        --------
        >>> Opened(tags=frozenset({"calm"})).said(), Opened().said()
        ('1 word, 0 questionnaires, 0 sessions', 'nothing')
        """
        if self == Opened():
            return "nothing"
        opened = {"word": self.tags, "questionnaire": self.scales, "session": self.sessions}
        said = [counted(len(some), what) for what, some in opened.items()]
        return ", ".join(said + ["notes written with somebody else"] * bool(self.therapists))


def _in_plain_words(number: int) -> str:
    """Name the first, second, … way in which sessions were held or heard."""
    if number == 1:
        return "as at first"
    which = (
        "another" if number == 2 else f"a {ORDINALS[number]}" if number < len(ORDINALS) else f"a {number}th"
    )
    return f"in {which} way"


def remembered(journal: Journal) -> Opened:
    """Give what was opened the last time."""
    store = journal.store
    if (data := if_there(store.read, FILE)) is None:
        return Opened()
    try:
        content = tomllib.loads(data.decode("utf-8-sig"))
        sessions = {name: frozenset(_texts(parts)) & PARTS.keys() for name, parts in _table(content).items()}
        return Opened(
            frozenset(_texts(content.get("tags", []))),
            frozenset(_texts(content.get("scales", []))),
            {name: parts for name, parts in sessions.items() if parts},
            frozenset(_texts(content.get("therapists", []))),
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError) as error:
        raise JournalError(
            f"{store.where(FILE)} can't be read ({error}), so nothing is opened; delete it, and choose anew."
        ) from error


def _table(content: Mapping[str, Any]) -> Mapping[str, Any]:
    sessions = content.get("sessions", {})
    if not isinstance(sessions, Mapping):
        raise TypeError("sessions should be a part of its own")
    return sessions


def _texts(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError(f'{value!r} should be a list such as ["figures", "marks"]')
    return value


def remember(journal: Journal, opened: Opened) -> None:
    """Keep what is opened, to be offered the next time."""
    with journal.store.writing():
        journal.store.write(FILE, written(opened, journal.today()))


def written(opened: Opened, on: dt.date) -> bytes:
    """Write what is opened as the bytes of ``opened.toml``."""
    import tomlkit

    content = tomlkit.document()
    content.update({"on": on, "tags": sorted(opened.tags), "scales": sorted(opened.scales)})
    if opened.therapists:
        content["therapists"] = sorted(opened.therapists)
    # In the order in which the parts are offered.
    content["sessions"] = {
        name: [part for part in PARTS if part in parts]
        for name, parts in sorted(opened.sessions.items())
        if parts
    }
    return (HEAD + tomlkit.dumps(content)).encode()


def on_offer(way: Way) -> tuple[list[str], list[str], list[str]]:
    """Tell what could be opened: mood words, questionnaires, sessions with the newest first."""
    used = set(way.tags["tag"]) - {""}
    grouped = [tag for tags in way.groups.values() for tag in tags if tag in used]
    tags = [*grouped, *sorted(used - {*grouped})]
    return tags, [scale for scale in way.scales if scale not in MOODS], way.sessions["session"].tolist()[::-1]
