"""Measures, moods, scores and tags across the sessions of a journal, as tables.

A missed week stays a gap and nothing is filled in. What a session lacks (a recording, an analysis, a mood) is
missing in its row; the row stays. What was measured in a recording that may not be opened today is missing too.

Sessions that were heard in other ways are not joined by one line. A *phase* names what they have in common (see
`therapy_review.trends.phases`): the therapist and the setting, and for what comes from sound also the microphone,
what found the turns, and the shortest silence it can see. Setting, therapist and microphone are what the client
wrote in the notes (`SessionNotes`): the setting counts for that session alone, therapist and microphone until
another note says otherwise.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from therapy_review.consent import ROLES, SELF_REVIEW
from therapy_review.errors import JournalError, NotAnalysedError, TrendsError
from therapy_review.journal import BUILT_IN_SCALES, MEASURES_VERSION, OF_THE_WAY, Scale, SessionNotes
from therapy_review.measures import MEASURES, MOOD_NAMES, OF_ONE, name_of, pitch_loudness
from therapy_review.trends import cache, phases
from therapy_review.trends.phases import WAYS

if TYPE_CHECKING:
    from therapy_review.journal import Journal, Session

WINDOW = 4  # sessions over which the share of a tag is taken
# Where in a session something lies says nothing across sessions, and what the engine can see is the floor.
NOT_ACROSS = (
    *("session_start", "session_end", "lead_in", "lead_out", "longest_silence_start", "longest_turn_start"),
    *("shortest_silence", "latency_n"),
)
COLUMNS = [
    *("session", "date", "measure", "speaker", "name", "value", "unit"),
    *("phase", "which", "floor", "reliable_change"),
]
_NOTHING_HEARD: Mapping[str, Any] = {"engine": None, "measures": {}, "prosody": {}}
_VERSION = 4


def sessions_table(journal: Journal, use: str = SELF_REVIEW) -> pd.DataFrame:
    """Gather the measures of every session.

    Parameters
    ----------
    journal : Journal
    use : str
        What it is looked at for; without an agreement to it, nothing that came of a recording has a value.

    Returns
    -------
    DataFrame
        One row a session: session, date, engine (what found the turns), then the columns of
        `therapy_review.measures.talk.evaluate`; missing where a session has no turns.
    """
    read = _read_all(journal, use)
    rows = [{**_head(name), "engine": one["engine"], **one["measures"]} for name, one in read.items()]
    return pd.DataFrame(rows, columns=None if rows else ["session", "date", "engine"])


def moods_table(journal: Journal) -> pd.DataFrame:
    """Gather the moods before and after every session.

    Parameters
    ----------
    journal : Journal

    Returns
    -------
    DataFrame
        One row a session: session, date, mood_before, mood_after, mood_change (floats, 1 to 10; NaN where
        the client gave none).
    """
    rows = [{**_head(name), **read["moods"]} for name, read in _read_all(journal).items()]
    columns = ["session", "date", "mood_before", "mood_after"]
    table = pd.DataFrame(rows, columns=columns).astype({"mood_before": float, "mood_after": float})
    return table.assign(mood_change=table["mood_after"] - table["mood_before"])


def tags_table(journal: Journal) -> pd.DataFrame:
    """Gather the mood tags of every session.

    Parameters
    ----------
    journal : Journal

    Returns
    -------
    DataFrame
        Tidy, one row a tag of a session: session, date, tag. A session without tags has one row with an
        empty tag, so that its week is still there.
    """
    rows = [
        {**_head(name), "tag": tag}
        for name, read in _read_all(journal).items()
        for tag in read["tags"] or ("",)
    ]
    return pd.DataFrame(rows, columns=["session", "date", "tag"])


def moving_share(tags: pd.DataFrame, window: int = WINDOW) -> pd.DataFrame:
    """Share of sessions with a tag, in a window that moves from session to session.

    Parameters
    ----------
    tags : DataFrame
        As from `tags_table`.
    window : int
        Sessions: this one and those before it.

    Returns
    -------
    DataFrame
        Tidy, one row a session and tag: session, date, tag, share (0 to 1; NaN in the first sessions, where the
        window is not full yet, and where none of its sessions has any tag), noted (how many of its sessions have
        tags at all). The window counts sessions, whatever weeks lie between them.

    Raises
    ------
    TrendsError
        When the window is no number of sessions.

    Examples
    --------
    >>> days = ["2026-01-08", "2026-01-15", "2026-01-22"]
    >>> tags = pd.DataFrame({"session": days, "date": pd.to_datetime(days), "tag": ["calm", "", "calm"]})
    >>> moving_share(tags, window=2)["share"].tolist()
    [nan, 0.5, 0.5]
    """
    if window < 1:
        raise TrendsError(f"A window of {window} sessions holds nothing; give a number from 1 on.")
    sessions = tags.drop_duplicates("session").sort_values("session")
    words = sorted(set(tags["tag"]) - {""})
    used = pd.crosstab(tags["session"], tags["tag"]).reindex(index=sessions["session"], columns=words) > 0
    noted = used.any(axis=1).rolling(window).sum()
    share = used.astype(float).rolling(window).mean().where(noted > 0)
    tidy = share.reset_index().melt("session", var_name="tag", value_name="share")
    tidy = tidy.merge(sessions[["session", "date"]], on="session").merge(
        noted.rename("noted").reset_index(), on="session"
    )
    tidy = tidy.sort_values(["tag", "session"], ignore_index=True)
    return tidy[["session", "date", "tag", "share", "noted"]]


def trends(
    journal: Journal,
    measures: str | Iterable[str] | None = None,
    since: dt.date | str | None = None,
    *,
    use: str = SELF_REVIEW,
) -> pd.DataFrame:
    """Gather moods, scores and measures of all sessions, with the phases that break their lines.

    Parameters
    ----------
    journal : Journal
    measures : str or iterable of str, optional
        Which: moods (``mood_after``), names of questionnaires as in the notes (``phq9``), names of
        `therapy_review.measures.talk.MEASURES` (``talk_share`` of everybody, ``client_talk_share`` of one), or of
        `therapy_review.measures.pitch_loudness.VOICE_MEASURES`. All but the last that there are when left out.
    since : datetime.date or str, optional
        The first day that counts, as a day or as in ``2026-01-31``; from the first session on when left out.
    use : str
        What it is looked at for; without an agreement to it, nothing that came of a recording has a value.

    Returns
    -------
    DataFrame
        Tidy, in order of measure, speaker and time: session, date, measure, speaker (a role where the measure
        belongs to one, else empty), name (what it is called), value (NaN where the session has none), unit (points,
        share, count, s, …), phase (empty where all is one phase, or where there is no value), which (what tells its
        sessions from the others, in words), floor (s: the shortest silence that could be seen; NaN for what does
        not come from sound), reliable_change (from which difference on two totals differ by more than measurement
        error usually gives; NaN where that is not known). Weeks without a session have no row. Pitch and loudness
        have values only where the notes name the microphone.

    Raises
    ------
    TrendsError
        When there is no such measure, or no such day.

    Examples
    --------
    >>> from therapy_review import open_journal
    >>> table = trends(open_journal("data/practice"), ["mood_after", "phq9"])
    >>> table.groupby("measure")["value"].count().to_dict()
    {'mood_after': 8, 'phq9': 5}
    """
    first = _first_day(since)
    read = _read_all(journal, use)
    ways = phases.ways(read)
    wide = pd.DataFrame([_values(one, way) for one, way in zip(read.values(), ways, strict=True)])
    wide.insert(0, "session", list(read))
    kinds = _kinds(read)
    chosen = {name: kinds[name] for name in _chosen(kinds, measures)}
    kept = np.array([dt.date.fromisoformat(name[:10]) >= first for name in read], dtype=bool)
    scales = _scales(journal)
    parts = [
        _one_measure(kind, wide[name].astype(float), wide, ways, kept, scales)
        for name, kind in chosen.items()
        if name in wide.columns and kept.any()
    ]
    if not parts:
        types: dict[str, Any] = dict.fromkeys(("value", "floor", "reliable_change"), float)
        types["date"] = "datetime64[ns]"
        return pd.DataFrame({c: pd.Series(dtype=types.get(c, str)) for c in COLUMNS})
    return pd.concat(parts, ignore_index=True)[COLUMNS]


Kind = tuple[str, str, str]  # measure, speaker, unit


def _kinds(read: Mapping[str, Mapping[str, Any]]) -> dict[str, Kind]:
    """Name every column there can be: moods, scores, measures, and pitch and loudness."""
    kinds = {name: (name, "", unit) for name, (_, unit) in MOOD_NAMES.items()}
    for name, (_, unit) in MEASURES.items():
        if name not in NOT_ACROSS:
            people = ROLES if name in OF_ONE else ("",)
            kinds |= {_column(who, name): (name, who, unit) for who in people}
    kinds |= {
        _column(who, name): (name, who, unit)
        for name, (_, unit) in pitch_loudness.VOICE_MEASURES.items()
        for who in ROLES
    }
    scales = dict.fromkeys(scale for one in read.values() for scale in one["scores"])
    return kinds | {scale: (scale, "", "points") for scale in scales if scale not in kinds}


def _column(speaker: str, measure: str) -> str:
    return f"{speaker}_{measure}" if speaker else measure


def _first_day(since: object) -> dt.date:
    try:
        if since is None:
            return dt.date.min
        if isinstance(since, str):
            return dt.date.fromisoformat(since.strip())
        if isinstance(since, dt.datetime):  # a Timestamp is one, too
            return dt.date(since.year, since.month, since.day)
        if isinstance(since, dt.date):
            return since
    except (ValueError, TypeError):  # of a missing Timestamp, year and month are no numbers
        pass
    raise TrendsError(f"Since “{since}” is no day that is known; write it as in 2026-01-31.")


def _scales(journal: Journal) -> Mapping[str, Scale]:
    try:
        return journal.scales
    except JournalError:  # said where the questionnaires are filled in
        return BUILT_IN_SCALES


def _chosen(kinds: Mapping[str, Kind], wanted: str | Iterable[str] | None) -> list[str]:
    if wanted is None:
        return [column for column, kind in kinds.items() if kind[0] not in pitch_loudness.VOICE_MEASURES]
    chosen: list[str] = []
    for name in [wanted] if isinstance(wanted, str) or not isinstance(wanted, Iterable) else wanted:
        found = [column for column, kind in kinds.items() if name in (column, kind[0])]
        if not found:
            raise TrendsError(f"There is no measure {name} here; choose among {', '.join(kinds)}.")
        chosen += [column for column in found if column not in chosen]
    return chosen


def _values(read: Mapping[str, Any], way: Mapping[str, str]) -> dict[str, Any]:
    """Put all of a session's numbers into one row; of two by one name, the measure is meant."""
    before, after = read["moods"]["mood_before"], read["moods"]["mood_after"]
    change = None if before is None or after is None else after - before
    heard = read["prosody"] if way["microphone"] else {}
    return {**read["scores"], **read["measures"], **heard, **read["moods"], "mood_change": change}


def _one_measure(
    kind: Kind,
    value: pd.Series,
    wide: pd.DataFrame,
    ways: list[dict[str, str]],
    kept: np.ndarray[Any, Any],
    scales: Mapping[str, Scale],
) -> pd.DataFrame:
    measure, speaker, unit = kind
    heard = measure in MEASURES or measure in pitch_loudness.VOICE_MEASURES
    enough = scales[measure].reliable_change if measure in scales and measure not in MOOD_NAMES else None
    there, parts = (value.notna() & kept).tolist(), WAYS if heard else WAYS[:2]
    nothing = pd.Series(np.nan, index=wide.index)
    floor = wide.get("shortest_silence", nothing).astype(float) if heard else nothing
    table = {
        "session": wide["session"],
        "date": pd.to_datetime(wide["session"].str[:10]),
        "measure": measure,
        "speaker": speaker,
        "name": name_of(measure, speaker, scales),
        "value": value,
        "unit": unit,
        "phase": phases.names(ways, there, parts),
        "which": phases.which(ways, there, parts),
        "floor": floor.where(value.notna()),
        "reliable_change": np.nan if enough is None else float(enough),
    }
    return pd.DataFrame(table)[kept]


def closed_sessions(journal: Journal, use: str = SELF_REVIEW) -> set[str]:
    """Name the sessions of which nothing that came of the sound may be shown today."""
    return _closed(_whole(journal), journal, use)


def ways_before(session: Session) -> list[dict[str, str]]:
    """Tell how each session before this one was held, by what its notes say and what holds from earlier ones.

    Parameters
    ----------
    session : Session

    Returns
    -------
    list of dict of str to str
        As from `therapy_review.trends.phases.lasting`; of sessions that did not change since, no notes are read.
    """
    whole = _whole(session.journal)
    return phases.lasting([one["way"] for name, one in whole.items() if name < session.name])


def _read_all(journal: Journal, use: str = SELF_REVIEW) -> dict[str, dict[str, Any]]:
    whole = _whole(journal)
    hidden = _closed(whole, journal, use)
    return {name: {**one, **_NOTHING_HEARD} if name in hidden else one for name, one in whole.items()}


def _whole(journal: Journal) -> dict[str, dict[str, Any]]:
    version = [_VERSION, MEASURES_VERSION, pitch_loudness.VERSION]
    read = cache.of_each_session(journal, "sessions", _read, version)
    return {
        name: one or _gathered(SessionNotes(), None, {}, {}, recorded=False) for name, one in read.items()
    }


def _closed(whole: Mapping[str, Mapping[str, Any]], journal: Journal, use: str) -> set[str]:
    # Turns found elsewhere, without the recording here, are the client's to look at alone, and for nothing else.
    asked = {
        name: one["people"]
        for name, one in whole.items()
        if one["recorded"] or (one["measures"] and use != SELF_REVIEW)
    }
    try:
        # Their figures were taken from a sound that is closed today.
        return journal.gate().closed(asked, use)
    except JournalError:  # said where the agreements are shown
        return set(asked)


def _read(session: Session) -> dict[str, Any]:
    """Read from a session what tables are made of."""
    try:
        measured = json.loads(session.derived("measures.json"))
    except (NotAnalysedError, ValueError):  # said where that session is shown
        measured = {}
    heard = pitch_loudness.kept(session) if measured else {}
    engine, is_recorded = session.made_from().get("engine"), session.has_recording
    return _gathered(session.notes, engine, measured, heard, recorded=is_recorded)


def _gathered(
    written: SessionNotes,
    engine: str | None,
    measured: dict[str, float],
    heard: dict[str, float | None],
    *,
    recorded: bool,
) -> dict[str, Any]:
    return {
        "people": list(written.participants),
        "recorded": recorded,
        "engine": engine,
        "measures": measured,
        "prosody": heard,
        "moods": {"mood_before": written.mood_before, "mood_after": written.mood_after},
        "tags": list(written.tags),
        "scores": dict(written.scores),
        "way": {name: getattr(written, name) for name in OF_THE_WAY},
    }


def _head(session: str) -> dict[Hashable, object]:
    return {"session": session, "date": pd.Timestamp(session[:10])}
