"""Charts of early and recent: the first quarter of the sessions beside the last, one idea a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from therapy_review.charts import phase_marks
from therapy_review.charts.base import FAINT, INK, LEGEND, QUIET, Chart, colour, nothing_yet, styled
from therapy_review.charts.over_time import draw_groups, tag_rows
from therapy_review.journal import MOODS
from therapy_review.measures import what_counts
from therapy_review.trends import Sides, Way, label, written
from therapy_review.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from therapy_review.journal import Scale

MOST_WORDS = 14
NOT_YET = "Once there are two sessions, the first and the newest stand here beside each other."
ROWS = (
    ("mood_before", ""),
    ("mood_after", ""),
    ("talk_share", "client"),
    ("longest_turn", "client"),
    ("long_silences", ""),
)
CROWDED = 24  # different values on a side beyond which dots would run into one another
MIDDLE_FROM = 3  # sessions on a side from which on a stroke marks the middle one


@styled
def then_and_now(way: Way, sides: Sides | None, *, scales: Mapping[str, Scale] | None = None) -> Chart:
    """Draw moods, totals and measures of the early sessions beside those of the recent ones."""
    if sides is None:
        return nothing_yet(NOT_YET)
    known, rows = scales or {}, []
    for measure, speaker in (*ROWS[:2], *((scale, "") for scale in way.scales), *ROWS[2:]):
        own = way.of(measure, speaker)
        then, now = (own[own["session"].isin(names)] for names in (sides.early, sides.recent))
        is_one_phase = bool(set(then["phase"]) & set(now["phase"]))
        if len(then) and len(now) and (measure != "longest_turn" or is_one_phase):
            called = known[measure].name if measure in known else label(measure, speaker)
            rows.append((called, own, then, now, _bounds(own, known)))
    if not rows:
        return nothing_yet(NOT_YET)
    differ = [
        phase_marks.beside([("early", then["phase"]), ("recent", now["phase"])])
        for _, _, then, now, _ in rows
    ]
    chart, said = Chart(0.25 + 0.95 * len(rows) + phase_marks.room_under(differ)), []
    axes = chart.panel(len(rows))
    for ax, (called, own, then, now, bounds), text in zip(axes, rows, differ, strict=True):
        unit = str(own["unit"].iloc[0])
        _two_lanes(ax, then["value"], now["value"], bounds, unit)
        ax.set_title(called, loc="left", fontsize=10, color=INK, pad=3)
        middles = [written(part["value"].median(), unit) for part in (then, now)]
        phase_marks.write_under(ax, text)
        other = f", not all held or heard in the same way ({text})" if text else ""
        said.append(f"{called}: {middles[0]} early, {middles[1]} recently{other}")
    alt = (
        f"The first {counted(len(sides.early), 'session')} beside the newest {len(sides.recent)}, middle values. "
        f"{'; '.join(said)}."
    )
    shown = pd.concat([part for _, _, then, now, _ in rows for part in (then, now)])
    what = what_counts(shown)
    middle = " A black stroke is the middle session." * (len(sides.early) >= MIDDLE_FROM)
    caption = (
        f"Above the line: your first {counted(len(sides.early), 'session')}; below: your newest. Each dot is a "
        f"session, a larger one several.{middle} A few sessions on each side always differ somewhat."
        f"{f' {what}' if what else ''}{f' {phase_marks.BESIDE}' if any(differ) else ''}"
    )
    return chart.described(alt, caption)


def _bounds(own: pd.DataFrame, scales: Mapping[str, Scale]) -> tuple[float, float]:
    """Give the ends of a measure's axis: of what has ends of its own, those."""
    measure = str(own["measure"].iloc[0])
    low, high = float(own["value"].min()), float(own["value"].max())
    if measure in scales:
        return min(low, scales[measure].low), max(high, scales[measure].high)
    return (MOODS[0], MOODS[-1]) if measure.startswith("mood_") else (low, high)


def _two_lanes(ax: Axes, then: pd.Series, now: pd.Series, bounds: tuple[float, float], unit: str) -> None:
    low, high = bounds
    step = max(high - low, 1e-3) / 60
    for height, values, filled in ((0.42, then, "white"), (-0.42, now, colour("client"))):
        # Equal values are one dot where they are; only in a crowd are near ones too, in their middle.
        near = values if values.nunique() <= CROWDED else ((values - low) / step).round()
        stacked = values.groupby(near)
        at = stacked.mean().to_numpy() if near is not values else np.sort(values.unique())
        size = 40 * np.minimum(stacked.count().to_numpy(dtype=float), 6)
        blue: Any = {"facecolor": filled, "edgecolor": colour("client"), "linewidth": 1.3}
        ax.scatter(at, np.full(len(at), height), s=size, clip_on=False, **blue)
        if len(values) >= MIDDLE_FROM:
            ax.vlines(values.median(), height - 0.34, height + 0.34, color=INK, linewidth=2)
    ax.axhline(0, color=QUIET, linewidth=0.8, zorder=0)
    room = max((high - low) * 0.05, 1e-3)
    ax.set_xlim(low - room, high + room)
    ax.set_ylim(-0.95, 0.95)
    ax.set_xticks([low, high], [written(low, unit), written(high, unit)], fontsize=9)
    ax.set_yticks([0.42, -0.42], ["early", "recent"], fontsize=9, color=FAINT)


@styled
def words_then_and_now(
    tags: pd.DataFrame, sides: Sides | None, groups: Mapping[str, Sequence[str]] | None = None
) -> Chart:
    """Draw in which part of the early and of the recent sessions each mood word was used."""
    near = [*sides.early, *sides.recent] if sides else []
    used = tags[(tags["tag"].fillna("") != "") & tags["session"].isin(near)]
    if sides is None or used.empty:
        return nothing_yet("No words for moods have been noted in your first and newest sessions yet.")
    most = used["tag"].value_counts().head(MOST_WORDS).index
    rows = tag_rows(used[used["tag"].isin(most)], groups or {})
    noted = [
        used.loc[used["session"].isin(names), "session"].nunique() for names in (sides.early, sides.recent)
    ]
    early, recent = (_part_of(used, names) for names in (sides.early, sides.recent))
    chart = Chart(0.95 + 0.27 * len(rows))
    (ax,) = chart.panel()
    for at, (_, tag) in enumerate(rows):
        then, now = early.get(tag, 0.0), recent.get(tag, 0.0)
        ax.plot([then, now], [at, at], color=QUIET, linewidth=3, zorder=1, solid_capstyle="butt")
        ax.scatter(then, at, s=130, facecolor="white", edgecolor=colour("client"), linewidth=1.5, zorder=2)
        ax.scatter(now, at, s=52, color=colour("client"), linewidth=0, zorder=3)
    draw_groups(ax, rows, 1.06, fontsize=9.5)
    ax.set_yticks(range(len(rows)), [tag for _, tag in rows], fontsize=10)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlim(-0.04, 1.04)
    ax.set_xticks([0, 0.5, 1], ["in none", "in half of them", "in every session"], fontsize=9)
    dot: Any = {"linestyle": "", "marker": "o", "color": colour("client"), "markersize": 7}
    handles = [Line2D([], [], fillstyle="none", label="early", **dot), Line2D([], [], label="recent", **dot)]
    chart.legend(handles=handles, ncols=2, fontsize=9.5, **LEGEND)
    said = "; ".join(f"{tag} {early.get(tag, 0.0):.0%} and {recent.get(tag, 0.0):.0%}" for _, tag in rows)
    alt = f"Part of the early and of the recent sessions in which you used each word: {said}."
    caption = (
        f"An open circle is early, a full one recent: in what part of the sessions with words, {noted[0]} early "
        f"and {noted[1]} recent, the word was used."
    )
    return chart.described(alt, caption)


def _part_of(used: pd.DataFrame, names: Sequence[str]) -> dict[str, float]:
    own = used[used["session"].isin(names)].drop_duplicates(["session", "tag"])
    noted = own["session"].nunique()  # a session without any word says nothing of one
    return {str(tag): float(count) / noted for tag, count in own["tag"].value_counts().items()}
