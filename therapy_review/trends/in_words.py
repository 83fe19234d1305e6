"""In words: one sentence for each line of numbers and each word for moods, true at the certainty that is stated.

What may be claimed is decided in `therapy_review.trends.lasting_change`; here it is only said. A sentence says
higher or lower, never better or worse, and nothing about why.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from therapy_review.journal import digits
from therapy_review.measures import CAUTION, VOICE_MEASURES
from therapy_review.trends.lasting_change import FEWEST, Change, change, change_of, current_phase, together
from therapy_review.trends.table import WINDOW, moving_share
from therapy_review.wording import counted

if TYPE_CHECKING:
    import pandas as pd

    from therapy_review.trends.overview import Way

CERTAIN = "that is more than chance would usually do"
# Where each sentence stands for itself, as with `said_of_word`: each has its own chance to be wrong.
OF_MANY = (
    "Each sentence stands for itself: of fifty lines in which nothing changes, chance makes about one look as if "
    "it did. Things that move together need not have to do with one another."
)
# Where all that is said is made by one call of `sentences` or `said_of_lines`.
OF_PAGE = (
    "Chance alone makes about one such page in fifty say that something moved; who looks every week will see it do "
    "so more often, sooner or later. Things that move together need not have to do with one another."
)
SESSIONS, NOTED, COUNTED = "sessions", "times it was noted", "times it was counted"
SIZE_FROM = 12  # sessions, so that a quarter holds three
NEARLY = 0.15  # of a point: so near to a whole number from one on, that number is said
BY_YEAR = 0.1  # points or seconds a month below which a year tells more
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
TOO_EARLY = ": it is too early to say; "
NOTHING_NOTED_YET = "Nothing has been noted of this yet."
Line = tuple[str, str]  # measure and speaker
LINES_OF_ROW: Mapping[str, tuple[Line, ...]] = {  # by the row of a picture at which their sentences stand
    "mood": (("mood_before", ""), ("mood_after", "")),
    "talk": (("talk_share", "client"),),
    "turn": (("longest_turn", "client"),),
    "silences": (("long_silences", ""),),
    "silence": (("longest_silence", ""),),
    "answering": (("latency_median", "client"),),
}


def sentences(lines: Iterable[pd.DataFrame]) -> list[str]:
    """Say what the lines of one page did; in all of them together, chance claims as little as in one.

    Parameters
    ----------
    lines : iterable of DataFrame
        Rows of one measure and speaker each, as from `therapy_review.trends.table.trends`.

    Returns
    -------
    list of str
        One for each line; see `therapy_review.trends.lasting_change.together`. Of a line with several phases it is
        about the one the client is in, and says so.

    Examples
    --------
    >>> from therapy_review import open_journal
    >>> from therapy_review.trends.table import trends
    >>> table = trends(open_journal("data/practice"), ["mood_before", "mood_after"])
    >>> before, after = sentences(own for _, own in table.groupby("measure", sort=False))
    >>> after
    'The mood you left with, from January to March 2026: it is too early to say; over 8 sessions it went no further
    up or down than chance may do.'
    """
    tables = list(lines)
    found = together([change_of(table) for table in tables])
    return [_said(table, known) for table, known in zip(tables, found, strict=True)]


def said_of_lines(way: Way) -> dict[Line, str]:
    """Say what each line of numbers did, at the certainty there is of all of them together.

    Parameters
    ----------
    way : Way
        As from `therapy_review.trends.overview.way`.

    Returns
    -------
    dict of (str, str) to str
        Plain text by measure and speaker; nothing of those without a number.
    """
    moods, *others = LINES_OF_ROW.values()
    lines = [*moods, *((scale, "") for scale in way.scales), *(line for row in others for line in row)]
    # With the sessions that have no number, so that what is said of numbers is not said of sessions.
    rows = {(str(m), str(who)): own for (m, who), own in way.measured.groupby(["measure", "speaker"])}
    owned = {line: rows[line] for line in lines if line in rows and rows[line]["value"].notna().any()}
    return dict(zip(owned, sentences(owned.values()), strict=True))


def _said(table: pd.DataFrame, known: Change) -> str:
    if not table["value"].notna().any():
        return NOTHING_NOTED_YET
    first, own = table.iloc[0], current_phase(table)
    there, since = int(table["value"].notna().sum()), (table["session"] >= own["session"].min()).sum()
    noted = NOTED if first["unit"] == "points" else COUNTED
    counts = noted if len(own) < since else SESSIONS
    said = said_of_change(known, first["name"], first["unit"], counts) + _totals(own, known)
    if len(own) == there and own["which"].iloc[0]:  # whatever is there is from before
        said += f" This is about the time {own['which'].iloc[0]}."
    if len(own) < there:
        of = noted if there < len(table) else SESSIONS
        said += f" This is about {len(own)} of the {there} {of}: those {own['which'].iloc[0]}."
    return f"{said} {CAUTION}" if first["measure"] in VOICE_MEASURES else said


def _totals(own: pd.DataFrame, known: Change) -> str:
    """Put the first total of a questionnaire beside the newest, where it is known how far two of them err."""
    enough = float(own["reliable_change"].iloc[0])
    if math.isnan(enough) or len(own) < 2:
        return ""
    first, last = float(own["value"].iloc[0]), float(own["value"].iloc[-1])
    if first == last:
        return f" The first total and the newest are both {digits(first)}."
    way = "lower" if last < first else "higher"
    by = f"{digits(abs(last - first))} {way}"
    said = f" The newest total, {digits(last)}, is {by} than the first, {digits(first)}"
    claimed = known.direction != "too early to say"
    if abs(last - first) < enough:
        more = "; it is all of them together that moved" if claimed else ""
        return f"{said}; two single totals differ by that much by themselves{more}."
    more = {
        "too early to say": "; whether it stays so, the totals together don't tell yet",
        way: "",
    }.get(known.direction, "; all of them together moved the other way")
    return f"{said}, by more than measurement error would usually give{more}."


def said_of_change(found: Change, name: str, unit: str, counts: str = SESSIONS) -> str:
    """Say what is known of one line of numbers."""
    begin = name[:1].upper() + name[1:]
    if found.n < FEWEST or found.start is None or found.end is None:
        what = "session" if counts == SESSIONS else "number"
        so_far = f"{_count(found.n)} {what}{'s' * (found.n != 1)} so far"
        return f"{begin}{TOO_EARLY}{so_far}, and {NUMBERS[FEWEST]} are needed."
    if found.slope is None:
        return f"{begin}{TOO_EARLY}all its sessions were on one day."
    period = _period(found.start, found.end)
    if found.direction == "too early to say":
        over = f"over {'' if counts == SESSIONS else 'the '}{found.n} {counts}"
        return f"{begin}, {period}{TOO_EARLY}{over} it went no further up or down than chance may do."
    return f"{begin}, {period}: {_moved(found, unit)}; {CERTAIN}.{_size(found, unit, counts)}"


def _moved(found: Change, unit: str) -> str:
    assert found.slope is not None
    by, per = abs(found.slope.per_month), "month"
    if by * (100 if unit == "share" else 1) < BY_YEAR:
        by, per = by * 12, "year"
    size = amount(by, unit)
    return f"it moved {found.direction}{f' by about {size}' if size else ', very slowly: by little'} a {per}"


def _size(found: Change, unit: str, counts: str) -> str:
    """Tell the size by the quarters' medians where they show the same; they claim nothing of their own."""
    apart = found.quarters
    if apart is None or found.start is None or found.end is None or found.n < SIZE_FROM:
        return ""
    size = amount(abs(apart.difference), unit)
    # An interval that holds zero does not even tell which way the quarters differ.
    if not size or apart.low <= 0 <= apart.high or (apart.difference > 0) != (found.direction == "higher"):
        return ""
    n, then = _count(apart.n), _period(found.start, apart.first_until)
    if counts == SESSIONS:
        return (
            f" In the last {n} sessions it was about {size} {found.direction} than in the first {n}, {then}."
        )
    now = _period(apart.last_from, found.end)
    return f" The last {n} {counts}, {now}, it was about {size} {found.direction} than the first {n}, {then}."


def amount(value: float, unit: str) -> str:
    """Write a size as people say it, rounded to what can be meant."""
    if unit == "share":
        value, unit = value * 100, "percentage points"
    # One figure behind the point, where it can be meant.
    coarse = value >= 9.95 or (unit == "percentage points" and value >= 1)
    nearly = unit in ("points", "count") and round(value) >= 1 and abs(value - round(value)) <= NEARLY
    shown = float(round(value)) if coarse or nearly else round(value, 1)
    if shown == 0 or not math.isfinite(shown):
        return ""
    names = {"s": "seconds", "count": "", "points": "points"}
    word = names.get(unit, unit)
    if shown == 1:
        word = {"points": "point", "seconds": "second", "semitones": "semitone"}.get(word, word)
        word = "percentage point" if unit == "percentage points" else word
    whole = shown == int(shown)
    figure = _count(int(shown)) if whole and unit in ("points", "count") else f"{shown:g}"
    return f"{figure} {word}".strip()


def _count(n: int) -> str:
    return NUMBERS[n] if n < len(NUMBERS) else str(n)


def _period(start: pd.Timestamp, end: pd.Timestamp) -> str:
    if (start.year, start.month) == (end.year, end.month):
        return f"in {end:%B %Y}"
    begin = f"{start:%B}" if start.year == end.year else f"{start:%B %Y}"
    return f"from {begin} to {end:%B %Y}"


def words_by_use(tags: pd.DataFrame) -> list[str]:
    """Give the words for moods, those used most first.

    Parameters
    ----------
    tags : DataFrame
        As from `therapy_review.trends.table.tags_table`.

    Returns
    -------
    list of str
    """
    used = tags.loc[tags["tag"].fillna("") != "", "tag"].value_counts()
    return sorted(used.index, key=lambda word: (-used[word], word))


def said_of_word(tags: pd.DataFrame, word: str) -> str:
    """Say how often a word for moods was used early and recently, and whether that is more than chance would do.

    A claim rests on windows that do not overlap (see `therapy_review.trends.table.moving_share`), by the one rule
    of `therapy_review.trends.lasting_change`, and is made only where the counts that are said go the same way.

    Parameters
    ----------
    tags : DataFrame
        As from `therapy_review.trends.table.tags_table`. Sessions without any word say nothing of this one.
    word : str

    Returns
    -------
    str
        One sentence.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.date_range("2026-01-08", periods=2, freq="7D")
    >>> tags = pd.DataFrame({"session": days.astype(str), "date": days, "tag": ["calm", "tired"]})
    >>> said_of_word(tags, "calm")
    '“calm”: 1 of 2 sessions with words; it is too early to say whether that changes.'
    """
    noted = tags[tags["tag"].fillna("") != ""]
    used = noted["tag"].eq(word).groupby(noted["session"]).any().sort_index()
    if len(used) < 2 * WINDOW:
        return (
            f"“{word}”: {used.sum()} of {counted(len(used), 'session')} with words; it is too early to say whether "
            "that changes."
        )
    side = max(WINDOW, len(used) // 4)
    early, recent = int(used.iloc[:side].sum()), int(used.iloc[-side:].sum())
    shares = moving_share(noted)
    apart = shares[shares["tag"] == word].iloc[WINDOW - 1 :: WINDOW]
    way = change(apart["date"], apart["share"]).direction
    claimed = way == ("higher" if recent > early else "lower" if recent < early else None)
    certain = CERTAIN if claimed else "it is too early to call that a change"
    return f"“{word}”: {early} of the first {side} sessions with words, {recent} of the newest {side}; {certain}."
