"""What is kept of all sessions, gathered to be seen side by side.

`way` reads a journal once; everything after that only chooses from it: a span of time, the sessions with a mood
word, or what somebody has opened. Nothing is filled in.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from therapy_review.consent import SELF_REVIEW
from therapy_review.errors import TherapyReviewError
from therapy_review.journal import OF_THE_WAY, PROUD
from therapy_review.trends.table import tags_table, trends
from therapy_review.trends.usual_range import SET_BESIDE

if TYPE_CHECKING:
    from therapy_review.journal import Journal, SessionNotes

MOODS = ("mood_before", "mood_after")
MARK: dict[str, Any] = {
    "session": str,
    "date": "datetime64[s]",
    "start": float,
    "end": float,
    "label": str,
    "text": str,
}


@dataclass(frozen=True)
class Way:
    """Everything the path shows, as tables with a row for each session at least.

    Parameters
    ----------
    measured : DataFrame
        Moods, totals of questionnaires and measures, as from `therapy_review.trends.table.trends`.
    tags : DataFrame
        As from `therapy_review.trends.table.tags_table`: a session without any has a row with an empty tag.
    proud : DataFrame
        The client's marks of proud moments: session, date, start, end (s), label, text.
    groups : mapping of str to sequence of str
        Mood words by group.
    words : mapping of str to mapping of str to str
        For each session the words by which its phase may be named, and in which session's notes each stands.
    """

    measured: pd.DataFrame
    tags: pd.DataFrame
    proud: pd.DataFrame
    groups: Mapping[str, Sequence[str]]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def sessions(self) -> pd.DataFrame:
        """The sessions in order of time: session, date."""
        every = self.tags.drop_duplicates("session").sort_values(["date", "session"])
        return every[["session", "date"]].reset_index(drop=True)

    @property
    def scales(self) -> list[str]:
        """The questionnaires of which there are totals."""
        points = self.measured[(self.measured["unit"] == "points") & self.measured["value"].notna()]
        return [name for name in dict.fromkeys(points["measure"]) if not name.startswith("mood_")]

    def of(self, measure: str, speaker: str = "") -> pd.DataFrame:
        """Give one measure, where it has a value, in order of time; of one speaker where it belongs to one."""
        table = self.measured
        own = table[(table["measure"] == measure) & (table["speaker"] == speaker) & table["value"].notna()]
        return own.sort_values(["date", "session"], ignore_index=True)

    def only(self, names: Collection[str]) -> Way:
        """Keep some sessions alone, by their names."""
        measured, tags, proud = (t[t["session"].isin(names)] for t in (self.measured, self.tags, self.proud))
        return replace(self, measured=measured, tags=tags, proud=proud)

    def between(self, first: str, last: str) -> Way:
        """Keep the sessions from one to another, both included."""
        names = self.sessions["session"]
        return self.only(set(names[(names >= first) & (names <= last)]))

    def named(self, tag: str) -> Way:
        """Keep the sessions for which a mood word was used."""
        return self.only(set(self.tags.loc[self.tags["tag"] == tag, "session"]))


def way(journal: Journal, use: str = SELF_REVIEW) -> Way:
    """Gather everything the path shows of a journal.

    Parameters
    ----------
    journal : Journal
    use : str
        What it is looked at for; without an agreement to it, nothing that came of a recording is there.

    Returns
    -------
    Way

    Examples
    --------
    >>> from therapy_review import open_journal
    >>> found = way(open_journal("data/practice"))
    >>> len(found.sessions), found.named("proud").sessions["session"].tolist()
    (8, ['2026-01-29', '2026-02-26', '2026-03-05'])
    """
    written = {session.name: session.notes for session in journal.sessions}
    scales = dict.fromkeys(scale for notes in written.values() for scale in notes.scores)
    measured = trends(journal, [*MOODS, *scales, *SET_BESIDE], use=use)
    return Way(measured, tags_table(journal), _proud(journal), journal.mood_groups, _words(written))


def _words(written: Mapping[str, SessionNotes]) -> dict[str, dict[str, str]]:
    """Find where the words of each session's phase stand, which last as `therapy_review.trends.table` says."""
    lasting = {"therapist": ("", ""), "microphone": ("", "")}
    named = {}
    for name, notes in written.items():
        own = {what: (str(getattr(notes, what)), name) for what in OF_THE_WAY}
        lasting = {what: own[what] if own[what][0] else before for what, before in lasting.items()}
        named[name] = {words: where for words, where in (own["setting"], *lasting.values()) if words}
    return named


def _proud(journal: Journal) -> pd.DataFrame:
    rows: list[dict[Hashable, object]] = []
    for session in journal.sessions:
        try:
            marks = session.marks
        except TherapyReviewError:  # said where that session is shown, and by `check`
            continue
        own = marks[marks["kind"].isin(PROUD)].fillna({"label": "", "text": ""})
        rows += [
            {**row, "session": session.name, "date": pd.Timestamp(session.date)}
            for row in own.to_dict("records")
        ]
    return pd.DataFrame(rows, columns=list(MARK)).astype(MARK)
