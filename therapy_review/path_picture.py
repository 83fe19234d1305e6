"""The path as one picture: sessions along a line of time, one row for each thing that is kept of them.

Every row shows one idea on its own scale, and what stands above one another is the same session. A week without a
session stays open.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from therapy_review.chart import (
    FAINT,
    FEW,
    INK,
    QUIET,
    Chart,
    colour,
    counted,
    days_axis,
    nothing_yet,
    places,
    styled,
)
from therapy_review.path import Way
from therapy_review.path_charts import BAR, draw_moods, tag_rows
from therapy_review.usual import written

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

MANY = 40  # sessions from which on everything is drawn smaller
SHARE, LONG = "client_talk_share", "long_silences"
PROUD = "#CC79A7"  # Okabe & Ito's reddish purple: no speaker's colour
SCORE = "#009E73"
TAG = 0.21  # inches a mood word
ROWS = {
    "mood": "mood, before and after",
    "talk": "your part of the talking",
    "silences": "silences of 3 s or more",
    "scores": "questionnaires",
    "proud": "proud moments",
    "tags": "words for moods",
}


@styled
def path(
    way: Way, rows: Collection[str] = tuple(ROWS), *, cut_offs: Mapping[str, tuple[float, float]] | None = None
) -> Chart:
    """Draw the path.

    Parameters
    ----------
    way : Way
        As from `therapy_review.path.way`.
    rows : collection of str
        Which of `ROWS` to draw; those of which nothing is kept are left out.
    cut_offs : mapping of str to (float, float), optional
        For a questionnaire, the total from which on its authors look closer, and the highest there is.

    Returns
    -------
    Chart
        Its ``sessions`` tell where each session stands, by the names of `ROWS`.
    """
    days = _days(way)
    parts = [part for name in ROWS if name in rows for part in _parts(name, way, cut_offs or {})]
    if not parts:
        return nothing_yet("Nothing of this has been noted yet.")
    heights = [part.height for part in parts]
    chart = Chart(0.6 + sum(heights) + 0.3 * len(parts))
    axes = chart.panel(len(parts), sharex=True, height_ratios=heights)
    for ax, part in zip(axes, parts, strict=True):
        part.draw(ax, days)
        ax.set_title(part.title, loc="left", fontsize=10, color=INK, pad=4)
        ax.spines["bottom"].set_color(QUIET if ax is not axes[-1] else FAINT)
        if part.handles:
            ax.legend(
                handles=part.handles,
                loc="lower right",
                bbox_to_anchor=(1.0, 1.0),
                ncols=len(part.handles),
                frameon=False,
                fontsize=9,
                labelcolor=INK,
                borderaxespad=0.1,
                handletextpad=0.4,
            )
        chart.sessions.append((ax, part.name, list(days.values()), list(days)))
    days_axis(axes[-1], way.moods["date"])
    for ax in axes[:-1]:
        ax.tick_params(axis="x", length=0, labelbottom=False)
    _between_phases(axes, way.sessions, days)
    span = way.moods["date"]
    said = " ".join(part.said for part in parts)
    alt = f"{counted(len(days), 'session')} from {span.min().date()} to {span.max().date()}. {said}"
    return chart.described(alt, " ".join(part.caption for part in parts))


class _Part:
    """One row: how high, what it says, and how it is drawn."""

    def __init__(
        self,
        name: str,
        draw: Callable[[Axes, dict[str, float]], None],
        *,
        height: float = 0.75,
        title: str = "",
        said: str,
        caption: str,
        handles: list[Any] | None = None,
    ) -> None:
        self.name, self.draw, self.height, self.said, self.caption = name, draw, height, said, caption
        self.title = ROWS[name] if not title else title
        self.handles = handles or []


def _days(way: Way) -> dict[str, float]:
    moods = way.moods.sort_values(["date", "session"])
    return dict(zip(moods["session"], places(moods["date"]), strict=True)) if len(moods) else {}


def _parts(name: str, way: Way, cut_offs: Mapping[str, tuple[float, float]]) -> list[_Part]:
    if name == "scores":
        return [_score(scale, own, cut_offs.get(scale)) for scale, own in way.scores.groupby("scale")]
    part = {"mood": _mood, "talk": _talk, "silences": _silences, "proud": _proud, "tags": _tags}[name](way)
    return [part] if part else []


def _mood(way: Way) -> _Part | None:
    given = way.moods.dropna(subset=["mood_before", "mood_after"], how="all")
    if given.empty:
        return None
    middle = given[["mood_before", "mood_after"]].median()

    def draw(ax: Axes, days: dict[str, float]) -> None:
        draw_moods(ax, given, _at(given, days))
        ax.set_yticks([1, 4, 7, 10], ["1", "4", "7", "10"], fontsize=9)

    dot = {"linestyle": "", "marker": "o", "color": colour("client")}
    return _Part(
        "mood",
        draw,
        height=1.6,
        said=f"Mood: in the middle session {middle['mood_before']:g} before, {middle['mood_after']:g} after.",
        caption="An open circle is the mood you came with, a full one the mood you left with.",
        handles=[
            Line2D([], [], fillstyle="none", label="before", **dot),
            Line2D([], [], label="after", **dot),
        ],
    )


def _talk(way: Way) -> _Part | None:
    own = _measured(way, SHARE)
    if own.empty:
        return None

    def draw(ax: Axes, days: dict[str, float]) -> None:
        at, share = _at(own, days), own[SHARE].to_numpy(dtype=float)
        if len(days) > MANY:
            ax.scatter(at, share, s=_size(days, 34), color=colour("client"), linewidth=0)
        else:
            ax.bar(at, share, width=BAR, color=colour("client"))
            ax.bar(at, 1 - share, bottom=share, width=BAR, color=colour("therapist"))
        ax.set_ylim(0, 1)
        ax.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"], fontsize=9)

    patches = [Patch(color=colour("client"), label="you"), Patch(color=colour("therapist"), label="everybody else")]
    return _Part(
        "talk",
        draw,
        said=f"Your part of the talking: {written(own[SHARE].median(), SHARE)} in the middle session.",
        caption="There is no right part of the talking.",
        handles=patches if len(way.moods) <= MANY else [],
    )


def _silences(way: Way) -> _Part | None:
    own = _measured(way, LONG)
    if own.empty:
        return None

    def draw(ax: Axes, days: dict[str, float]) -> None:
        number = own[LONG].to_numpy(dtype=float)
        if len(days) > MANY:
            ax.scatter(_at(own, days), number, s=_size(days, 34), color=FAINT, linewidth=0)
        else:
            ax.bar(_at(own, days), number, width=BAR, color=FAINT)
        most = max(2.0, float(number.max()))
        ax.set_ylim(0, most * 1.05)
        ax.set_yticks([0, int(most)], ["0", f"{most:.0f}"], fontsize=9)

    return _Part(
        "silences",
        draw,
        said=f"Long silences: {own[LONG].median():g} in the middle session, {own[LONG].max():g} at most.",
        caption="Silences are counted; what each one was, only you know.",
    )


def _score(scale: str, own: pd.DataFrame, cut_off: tuple[float, float] | None) -> _Part:
    def draw(ax: Axes, days: dict[str, float]) -> None:
        ax.scatter(_at(own, days), own["total"], s=_size(days, 34), color=SCORE, zorder=2, linewidth=0)
        top = max(float(own["total"].max()), cut_off[1] if cut_off else 1.0)
        ticks = [0.0, top]
        if cut_off:
            ax.axhline(cut_off[0], color=FAINT, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
            ticks.insert(1, cut_off[0])
        ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks], fontsize=9)
        ax.set_ylim(-0.04 * top, top * 1.04)

    line = f" The broken line of {scale} is at {cut_off[0]:g}, where its authors look closer." if cut_off else ""
    first, last = (
        own.sort_values(["date", "session"]).iloc[0],
        own.sort_values(["date", "session"]).iloc[-1],
    )
    return _Part(
        "scores",
        draw,
        title=scale,
        said=f"{scale}: {counted(len(own), 'total')}, first {first['total']:g}, last {last['total']:g}.",
        caption=line.strip(),
    )


def _proud(way: Way) -> _Part | None:
    if way.proud.empty:
        return None

    def draw(ax: Axes, days: dict[str, float]) -> None:
        # One above the other where a session has more of them.
        height = way.proud.groupby("session").cumcount().to_numpy()
        ax.scatter(
            _at(way.proud, days), height, s=_size(days, 110), marker="*", color=PROUD, zorder=2, linewidth=0
        )
        ax.set_ylim(-0.7, max(0, int(height.max())) + 0.7)
        ax.set_yticks([])

    where = way.proud["session"].nunique()
    return _Part(
        "proud",
        draw,
        height=0.26 + 0.14 * int(way.proud.groupby("session").cumcount().max()),
        said=f"You marked {counted(len(way.proud), 'proud moment')} in {counted(where, 'session')}.",
        caption="A star is a moment you marked as a proud one.",
    )


def _tags(way: Way) -> _Part | None:
    used = way.tags[way.tags["tag"].fillna("") != ""]
    if used.empty:
        return None
    rows = tag_rows(used, way.groups)
    place = {tag: i for i, (_, tag) in enumerate(rows)}

    def draw(ax: Axes, days: dict[str, float]) -> None:
        heights = used["tag"].map(place).to_numpy()
        if len(days) <= MANY:
            ax.scatter(_at(used, days), heights, s=46, marker="s", color=colour("client"), linewidth=0)
        else:
            ax.vlines(
                _at(used, days), heights - 0.36, heights + 0.36, color=colour("client"), linewidth=1.6, alpha=0.8
            )
        for i in range(len(rows)):
            new_group = i > 0 and rows[i][0] != rows[i - 1][0]
            ax.axhline(i - 0.5, color=FAINT if new_group else QUIET, linewidth=0.8 if new_group else 0.5, zorder=0)
        ax.set_yticks(range(len(rows)), [tag for _, tag in rows], fontsize=9.5)
        ax.set_ylim(len(rows) - 0.5, -0.5)
        for group in dict.fromkeys(group for group, _ in rows):
            middle = float(np.mean([i for i, row in enumerate(rows) if row[0] == group]))
            ax.text(1.01, middle, group, transform=ax.get_yaxis_transform(), va="center", fontsize=9.5, color=FAINT)

    often = used["tag"].value_counts()
    said = ", ".join(f"{tag} {count}" for tag, count in often.head(FEW).items())
    return _Part(
        "tags",
        draw,
        height=TAG * len(rows),
        said=f"Words for moods, with how often: {said}.",
        caption="A square stands where you used the word.",
    )


def _measured(way: Way, measure: str) -> pd.DataFrame:
    if measure not in way.sessions:
        return way.sessions.iloc[:0]
    return way.sessions.dropna(subset=[measure])


def _at(table: pd.DataFrame, days: dict[str, float]) -> NDArray[np.float64]:
    return table["session"].map(days).to_numpy(dtype=float)


def _size(days: dict[str, float], large: float) -> float:
    return large if len(days) <= MANY else large * 0.35


def _between_phases(axes: list[Axes], sessions: pd.DataFrame, days: dict[str, float]) -> None:
    """Draw a dotted line through every row where a new phase begins, and name it at the top."""
    if "phase" not in sessions:
        return
    known = sessions.dropna(subset=["phase"]).sort_values(["date", "session"])
    at = _at(known, days)
    new = np.flatnonzero((known["phase"] != known["phase"].shift()).to_numpy())[1:]
    for place in new:
        middle = max((at[place - 1] + at[place]) / 2, at[place] - 3.5)
        for ax in axes:
            ax.axvline(middle, color=FAINT, linewidth=1.1, linestyle=":", zorder=0)

