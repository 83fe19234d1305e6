"""Charts across sessions: a table of `therapy_review.trends.table` in, a picture out.

A missed week stays an open place on the line of time; what a session has nothing of is NaN, or an empty word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from therapy_review.charts.base import (
    FAINT,
    FEW,
    INK,
    LEGEND,
    MANY,
    QUIET,
    TINT,
    Chart,
    Row,
    colour,
    days_axis,
    days_below,
    nothing_yet,
    places,
    places_of,
    room,
    speaker_name,
    styled,
    titled,
)
from therapy_review.journal import MOODS
from therapy_review.trends import (
    OF_MANY,
    WINDOW,
    kinds_of_silence,
    moving_share,
    said_of_word,
    words_by_use,
)
from therapy_review.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

BAR = 2.4  # days: the width of a session's bars
MULTIPLES = 6  # words that have a small chart each
MULTIPLE = 0.42  # inches
MISSED = "#F4F5F6"
WEEKS = 16  # up to so many weeks each has its own label
HEARD_BY = ("engine", "shortest_silence")  # sessions that differ in these are not drawn as one line
MOST_ROWS = 14  # of words for silences
LARGEST = 5  # silences from which on a circle grows no more
OTHER_WORDS = "other words"
NOTHING_SAID = (
    "Of no long silence it was said yet what it was. Nothing has to be; if you like, the weekly review asks."
)
NONE_KNOWN = "No silence of three seconds or more is known yet."


@styled
def talk_time(sessions: pd.DataFrame) -> Chart:
    """Draw the time each person spoke, session by session."""
    columns = [c for c in sessions.columns if c.endswith("_talk_time") and sessions[c].notna().any()]
    if not columns:
        return nothing_yet("No session has been listened to by the program yet.")
    sessions = sessions.reset_index() if sessions.index.name == "session" else sessions
    sessions = sessions.sort_values(["date", "session"], ignore_index=True)
    people = [c.removesuffix("_talk_time") for c in columns]
    chart = Chart(3.0)
    (ax,) = chart.panel()
    days, minutes = np.array(places(sessions["date"])), sessions[columns].astype(float) / 60
    bottom = np.zeros(len(sessions))
    for person, column in zip(people, columns, strict=True):
        own = minutes[column].fillna(0).to_numpy()
        ax.bar(days, own, bottom=bottom, width=BAR, color=colour(person), label=person)
        bottom = bottom + own
    without = minutes.isna().all(axis=1).to_numpy()
    for day in days[without] if len(days) <= FEW else []:
        ax.text(day, bottom.max() * 0.02, "not\nmeasured", ha="center", va="bottom", fontsize=9, color=FAINT)
    ax.set_ylabel("minutes")
    ax.spines["left"].set_visible(True)
    ax.spines["left"].set_color(QUIET)
    days_axis(ax, sessions["date"])
    _name_pieces(ax, days[~without][-1], minutes[~without].iloc[-1].fillna(0), bottom.max())
    changes = _heard_otherwise(ax, sessions[~without], days[~without])
    caption = (
        "Each bar is time spoken in one session. There is no right share: therapies differ, and so do weeks."
    )
    caption += " At a dotted line the way of hearing changed; bars on its two sides do not compare." * changes
    return chart.described(f"Minutes spoken in each session. {_minutes(sessions, minutes)}.", caption)


def _name_pieces(ax: Axes, day: float, minutes: pd.Series, most: float) -> None:
    """Write who is who beside the last bar, its pieces from below."""
    tops, height = minutes.cumsum().to_numpy(), -np.inf
    for column, top, own in zip(minutes.index, tops, minutes, strict=True):
        height = max(top - own / 2, height + 0.11 * most)
        called = speaker_name(column.removesuffix("_talk_time")).replace(" (", "\n(")
        ax.annotate(
            called,
            (day + BAR / 2, height),
            (7, 0),
            textcoords="offset points",
            va="center",
            fontsize=10,
            color=INK,
            annotation_clip=False,
        )


def _heard_otherwise(ax: Axes, sessions: pd.DataFrame, days: NDArray[np.float64]) -> int:
    """Draw a dotted line where something else found the turns; return 1 when there is one."""
    known = [column for column in HEARD_BY if column in sessions]
    if len(sessions) < 2 or not known:
        return 0
    now = sessions[known].astype(str)
    at = np.flatnonzero((now != now.shift()).any(axis=1).to_numpy()[1:])
    for place in at:
        # Close before the first session heard otherwise, so that it never runs through one that was not measured.
        middle = (days[place] + days[place + 1]) / 2
        ax.axvline(max(middle, days[place + 1] - 3.5), color=FAINT, linewidth=1.2, linestyle=":")
    return int(len(at) > 0)


def _minutes(sessions: pd.DataFrame, minutes: pd.DataFrame) -> str:
    called = [speaker_name(column.removesuffix("_talk_time")) for column in minutes.columns]
    measured = minutes[minutes.notna().any(axis=1)]
    if len(measured) > FEW:
        middle = measured.median().to_numpy()
        said = ", ".join(f"{who} {value:.1f}" for who, value in zip(called, middle, strict=True))
        return f"{_span(sessions)}, in the middle session {said}"
    rows = zip(sessions.loc[measured.index, "session"], measured.to_numpy(), strict=True)
    return "; ".join(
        f"{session}: "
        + ", ".join(f"{who} {v:.1f}" for who, v in zip(called, row, strict=True) if not np.isnan(v))
        for session, row in rows
    )


def _span(table: pd.DataFrame) -> str:
    first, last = table["date"].min(), table["date"].max()
    return f"{counted(table['session'].nunique(), 'session')} from {first.date()} to {last.date()}"


@styled
def moods(table: pd.DataFrame) -> Chart:
    """Draw the mood before and after each session."""
    given = table.dropna(subset=["mood_before", "mood_after"], how="all").sort_values("date", kind="stable")
    if given.empty:
        return nothing_yet("No moods have been noted yet.")
    chart = Chart(3.0)
    (ax,) = chart.panel()
    draw_moods(ax, given, np.array(places(given["date"])))
    ax.set_ylabel("mood, 1 to 10")
    days_axis(ax, table["date"])
    chart.legend(ncols=2, fontsize=10, **LEGEND)
    caption = "Open circle: the mood you came with; full circle: the mood you left with, as you noted them."
    return chart.described(f"Mood before and after each session. {_moods_in_words(given)}.", caption)


def draw_moods(ax: Axes, given: pd.DataFrame, days: NDArray[np.float64]) -> None:
    """Draw moods before and after onto axes of dates."""
    before, after = (given[column].to_numpy(dtype=float) for column in ("mood_before", "mood_after"))
    size = 75 if len(given) <= 30 else 22
    blue = colour("client")
    ax.vlines(days, before, after, color=FAINT, linewidth=2 if len(given) <= 30 else 1, zorder=1)
    # The open circle is the larger one: with the same mood before and after, both are seen.
    ax.scatter(
        days, before, s=size * 1.7, facecolor="white", edgecolor=blue, linewidth=1.5, zorder=2, label="before"
    )
    ax.scatter(days, after, s=size * 0.75, color=blue, zorder=3, label="after", linewidth=0)
    ax.set_yticks(MOODS)
    ax.set_ylim(MOODS[0] - 0.4, MOODS[-1] + 0.4)
    ax.grid(axis="y", color=QUIET, linewidth=0.8)
    ax.set_axisbelow(True)


def _moods_in_words(given: pd.DataFrame) -> str:
    if len(given) > FEW:
        first, last = given.iloc[0], given.iloc[-1]
        middle = given[["mood_before", "mood_after"]].median()
        return (
            f"{_span(given)}; in the middle {points(middle['mood_before'])} to {points(middle['mood_after'])}, "
            f"first {points(first['mood_before'])} to {points(first['mood_after'])}, "
            f"last {points(last['mood_before'])} to {points(last['mood_after'])}"
        )
    return "; ".join(
        f"{row['session']}: {points(row['mood_before'])} to {points(row['mood_after'])}"
        for row in given.to_dict("records")
    )


def points(value: float) -> str:
    """Write a mood, also one that was not noted."""
    return "not noted" if np.isnan(value) else f"{value:g}"


@styled
def mood_tags(table: pd.DataFrame, groups: Mapping[str, Sequence[str]] | None = None) -> Chart:
    """Draw which mood words were used in which week."""
    used = table[table["tag"].fillna("") != ""]
    if used.empty:
        return nothing_yet("No words for moods have been noted yet.")
    rows = tag_rows(used, groups or {})
    monday = table["date"].dt.normalize() - pd.to_timedelta(table["date"].dt.day_of_week, unit="D")
    weeks = pd.date_range(monday.min(), monday.max(), freq="7D")
    place = {tag: i for i, (_, tag) in enumerate(rows)}
    chart = Chart(0.9 + 0.27 * len(rows))
    (ax,) = chart.panel()
    columns = ((monday[used.index] - weeks[0]).dt.days // 7).to_numpy()
    heights = used["tag"].map(place).to_numpy()
    for week, date in enumerate(weeks):
        if not (monday == date).any():
            ax.axvspan(week - 0.5, week + 0.5, color=MISSED, zorder=0)
            if len(weeks) <= WEEKS:
                ax.text(week, -0.85, "no session", ha="center", fontsize=9, color=FAINT)
    size = 150 if len(weeks) <= WEEKS else max(8, 2400 / len(weeks))
    ax.scatter(columns, heights, s=size, marker="s", color=colour("client"), zorder=2)
    draw_groups(ax, rows, len(weeks) - 0.3, fontsize=10)
    ax.set_yticks(range(len(rows)), [tag for _, tag in rows], fontsize=10.5)
    ax.set_ylim(len(rows) - 0.4, -1.2)
    ax.set_xlim(-0.6, len(weeks) - 0.4)
    ax.set_xticks(*_week_ticks(weeks))
    said = ", ".join(f"{tag} {count}" for tag, count in used["tag"].value_counts().items())
    ax.set_xlabel("weeks, by their Monday")
    caption = "A square where you used the word that week; a grey column is a week without a session."
    return chart.described(f"Words for moods over {len(weeks)} weeks, with how often: {said}.", caption)


def tag_rows(used: pd.DataFrame, groups: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Order mood words: by group as the client arranged them, then the most used first."""
    often = used["tag"].value_counts()
    group_of = {tag: group for group, tags in groups.items() for tag in tags}
    order = {group: i for i, group in enumerate(groups)}
    tags = sorted(often.index, key=lambda t: (order.get(group_of.get(t, ""), len(order)), -often[t], t))
    return [(group_of.get(tag, ""), tag) for tag in tags]


def draw_groups(ax: Axes, rows: Sequence[tuple[str, str]], at: float, **options: Any) -> None:
    """Part groups of mood words by a line, and write each group's name beside its rows."""
    groups = [group for group, _ in rows]
    for i, (before, now) in enumerate(pairwise(groups)):
        if now != before:
            ax.axhline(i + 0.5, color=FAINT, linewidth=0.8)
    for group in dict.fromkeys(groups):
        middle = float(np.mean([i for i, one in enumerate(groups) if one == group]))
        ax.text(at, middle, group, va="center", color=FAINT, **options)


def _week_ticks(weeks: pd.DatetimeIndex) -> tuple[list[int], list[str]]:
    """Label weeks by their Monday, or by month and year when there are many."""
    if len(weeks) <= WEEKS:
        return list(range(len(weeks))), [f"{week.day} {week:%b}" for week in weeks]
    every = -(-len(weeks) // 12)
    shown = range(0, len(weeks), every)
    years = [None, *(weeks[i].year for i in shown)]
    return list(shown), [
        f"{weeks[i]:%b}" if weeks[i].year == before else f"{weeks[i]:%b}\n{weeks[i].year}"
        for i, before in zip(shown, years, strict=False)
    ]


@styled
def tag_shares(table: pd.DataFrame) -> Chart:
    """Draw of each of the most used mood words in what part of the sessions up to there it was noted.

    Parameters
    ----------
    table : DataFrame
        As from `therapy_review.trends.table.tags_table`. Sessions without any word are left out.

    Returns
    -------
    Chart
        One row a word, with the sentence of `therapy_review.trends.in_words.said_of_word`; see
        `therapy_review.trends.table.moving_share`.
    """
    noted = table[table["tag"].fillna("") != ""]
    shares = moving_share(noted).dropna(subset=["share"])
    if shares.empty:
        return nothing_yet(
            f"After {WINDOW} sessions with words for moods, this will show how often each is used."
        )
    words = words_by_use(noted)[:MULTIPLES]
    told = {word: said_of_word(noted, word) for word in words}
    chart = Chart(0.6 + sum(MULTIPLE + 0.3 + room(said) for said in told.values()))
    days = places_of(noted)
    axes = chart.panel(len(words), sharex=True)
    # Where many sessions stand close together their bars touch; where none was, it stays open.
    width = max(BAR, (max(days.values()) - min(days.values())) / 160)
    for ax, word in zip(axes, words, strict=True):
        own = shares[shares["tag"] == word]
        at, share = own["session"].map(days).to_numpy(), own["share"].to_numpy(dtype=float)
        ax.bar(at, share, width=width, color=TINT, zorder=1)
        ax.hlines(share, at - width / 2, at + width / 2, color=colour("client"), linewidth=1.6, zorder=2)
        ax.set_ylim(-0.02, 1.04)
        ax.set_yticks([0, 1], ["none", f"all {WINDOW}"], fontsize=9)
        titled(ax, word, told[word])
        of_all = [f"{round(one * WINDOW)} of {WINDOW}" for one in share]
        chart.rows.append(Row(ax, word, word, at.tolist(), own["session"].tolist(), of_all))
    days_below(axes, noted["date"])
    others = noted["tag"].nunique() - len(words)
    which = f" Your {len(words)} most used words of {len(words) + others}." if others else ""
    caption = (
        f"Each bar is in how many of {WINDOW} sessions, that one and the {WINDOW - 1} before it, you noted the "
        f"word: a part of the sessions with words noted, not of days or weeks; the first {WINDOW - 1} have none "
        f"yet.{which} {OF_MANY}"
    )
    return chart.described(f"Words for moods over {_span(noted)}. {' '.join(told.values())}", caption)


@styled
def silences_over_time(table: pd.DataFrame) -> Chart:
    """Draw what the long silences of each session were, as far as the client said it.

    Parameters
    ----------
    table : DataFrame
        As from `therapy_review.trends.kinds_of_silence.by_session`: session, date (datetime64), kind, n (NaN
        where nobody can tell), seconds.

    Returns
    -------
    Chart
        One row a word, the words on offer first; of many words of the client's own, those used most.
    """
    known = table[table["n"].notna()]
    found = known[known["n"] > 0]
    if found.empty:
        return nothing_yet(NONE_KNOWN)
    if set(found["kind"]) == {kinds_of_silence.NOT_SAID}:
        return nothing_yet(NOTHING_SAID)
    rows = silence_rows(found)
    own = found["kind"].where(found["kind"].isin(rows), OTHER_WORDS)
    counts = found.groupby([found["session"], own], sort=False)["n"].sum()
    day_of = places_of(table)
    chart = Chart(0.9 + 0.36 * len(rows))
    (ax,) = chart.panel()
    # Where nobody can tell there is no line, so that none is not read into it.
    for session in known["session"].unique():
        ax.axvline(day_of[session], color=QUIET, linewidth=0.8, zorder=0)
    _dots(ax, counts, day_of, rows)
    ax.set_yticks(range(len(rows)), rows, fontsize=10.5)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    if kinds_of_silence.NOT_SAID in rows[1:]:
        ax.axhline(rows.index(kinds_of_silence.NOT_SAID) - 0.5, color=FAINT, linewidth=0.8)
    days_axis(ax, table["date"])
    caption = (
        f"A circle is a session, a larger one several silences of three seconds or more, {LARGEST} at most; the "
        "words are yours, and an open circle is what you left open. Nothing has to be said, and no kind is better "
        "than another."
    )
    if len(day_of) > known["session"].nunique():
        caption += " Where there is no thin line, the program knows of no sound."
    by_row = counts.groupby(level=1).sum()
    said = "; ".join(f"{kind}: {by_row[kind]:.0f}" for kind in rows)
    number = counted(int(found["n"].sum()), "long silence")
    return chart.described(f"{number} in {_span(found)}, by what you said of them. {said}.", caption)


def silence_rows(found: pd.DataFrame) -> list[str]:
    """Order the words for silences: those on offer, then the client's own, then what was not said.

    Examples
    --------
    >>> silence_rows(pd.DataFrame({"kind": ["not said", "rain", "stuck", "thinking"], "n": [4.0, 1.0, 2.0, 1.0]}))
    ['thinking', 'stuck', 'rain', 'not said']
    """
    often = found.groupby("kind")["n"].sum()
    on_offer = [kind for kind in kinds_of_silence.KINDS if kind in often]
    apart = (*kinds_of_silence.KINDS, kinds_of_silence.IN_OWN_WORDS, kinds_of_silence.NOT_SAID)
    own = sorted((kind for kind in often.index if kind not in apart), key=lambda kind: (-often[kind], kind))
    last = [kind for kind in (kinds_of_silence.IN_OWN_WORDS, kinds_of_silence.NOT_SAID) if kind in often]
    room = MOST_ROWS - len(on_offer) - len(last)
    if len(own) > room:
        own = [*own[: room - 1], OTHER_WORDS]
    return [*on_offer, *own, *last]


def _dots(ax: Axes, counts: pd.Series, day_of: Mapping[str, float], rows: Sequence[str]) -> None:
    """Draw a circle for each session and word, with its number where there is room."""
    few = len(day_of) <= FEW
    each = 70 if few else 34 if len(day_of) <= MANY else 12
    dots = [
        (day_of[session], rows.index(kind), n)
        for session, kind, n in counts.reset_index().itertuples(index=False)
    ]
    said: Any = {"color": colour("client"), "linewidth": 0}
    left_open: Any = {"facecolor": "white", "edgecolor": FAINT, "linewidth": 1.2}
    for is_open, style in ((False, said), (True, left_open)):
        own = np.array(
            [dot for dot in dots if (rows[dot[1]] == kinds_of_silence.NOT_SAID) == is_open]
        ).reshape(-1, 3)
        ax.scatter(own[:, 0], own[:, 1], s=each * np.minimum(own[:, 2], LARGEST), zorder=2, **style)
    for day, row, count in dots if few else []:
        if count > 1:
            ink = FAINT if rows[row] == kinds_of_silence.NOT_SAID else "white"
            ax.text(
                day, row, f"{count:g}", ha="center", va="center_baseline", fontsize=8.5, color=ink, zorder=3
            )
