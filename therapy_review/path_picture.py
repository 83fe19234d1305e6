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
    MANY,
    QUIET,
    Chart,
    Row,
    colour,
    counted,
    days_axis,
    name,
    nothing_yet,
    places,
    styled,
)
from therapy_review.path import MOODS, Way
from therapy_review.path_charts import BAR, draw_moods, tag_rows
from therapy_review.usual import WORDS, label, written

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from therapy_review.scales import Scale

PROUD = "#CC79A7"  # Okabe & Ito's reddish purple: no speaker's colour
SCORE = "#009E73"
TAG = 0.21  # inches a mood word
LASTS = 3  # sessions from which on a phase is one that lasts
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
    way: Way,
    rows: Collection[str] = tuple(ROWS),
    *,
    scales: Mapping[str, Scale] | None = None,
    names: Mapping[str, str] | None = None,
) -> Chart:
    """Draw the path.

    Parameters
    ----------
    way : Way
        As from `therapy_review.path.way`.
    rows : collection of str
        Which of `ROWS` to draw; those of which nothing is kept are left out.
    scales : mapping of str to Scale, optional
        What is known of questionnaires; the others are drawn without a cut-off.
    names : mapping of str to str, optional
        How to call the speakers, in place of "you" and "therapist".

    Returns
    -------
    Chart
        Its ``rows`` are of the names of `ROWS`.
    """
    days = _days(way)
    parts = [part for what in ROWS if what in rows for part in _parts(what, way, scales or {}, names or {})]
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
        chart.rows.append(_row(ax, part, days))
    days_axis(axes[-1], way.sessions["date"])
    for ax in axes[:-1]:
        ax.tick_params(axis="x", length=0, labelbottom=False)
    otherwise = _mark_phases(axes, way, days)
    span = way.sessions["date"]
    said = " ".join(part.said for part in parts)
    alt = f"{counted(len(days), 'session')} from {span.min().date()} to {span.max().date()}. {said}"
    return chart.described(alt, " ".join(part.caption for part in parts if part.caption) + otherwise)


def _row(ax: Axes, part: _Part, days: dict[str, float]) -> Row:
    there = [name for name in days if name in part.told]
    values = [part.told[name] for name in there]
    return Row(ax, part.name, part.title, [days[name] for name in there], there, values)


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
        values: Mapping[str, str] | None = None,
    ) -> None:
        self.name, self.draw, self.height, self.said, self.caption = name, draw, height, said, caption
        self.title = title or ROWS[name]
        self.handles, self.told = handles or [], values or {}


def _days(way: Way) -> dict[str, float]:
    sessions = way.sessions
    return dict(zip(sessions["session"], places(sessions["date"]), strict=True)) if len(sessions) else {}


def _parts(what: str, way: Way, scales: Mapping[str, Scale], names: Mapping[str, str]) -> list[_Part]:
    if what == "scores":
        return [_score(scale, way.of(scale), scales.get(scale)) for scale in way.scales]
    if what == "talk":
        part = _talk(way, names)
    else:
        part = {"mood": _mood, "silences": _silences, "proud": _proud, "tags": _tags}[what](way)
    return [part] if part else []


def _mood(way: Way) -> _Part | None:
    sides = [way.of(name).set_index("session")["value"].rename(name) for name in MOODS]
    given = pd.concat(sides, axis=1).reset_index()
    if given.empty:
        return None
    middle = given[list(MOODS)].median()

    def draw(ax: Axes, days: dict[str, float]) -> None:
        draw_moods(ax, given, _at(given, days))
        ax.set_yticks([1, 4, 7, 10], ["1", "4", "7", "10"], fontsize=9)
        ax.set_ylim(0.2, 10.5)

    dot: Any = {"linestyle": "", "marker": "o", "color": colour("client")}
    return _Part(
        "mood",
        draw,
        height=1.6,
        values={
            row["session"]: f"{_points(row[MOODS[0]])} before, {_points(row[MOODS[1]])} after"
            for row in given.to_dict("records")
        },
        said=f"Mood: in the middle session {_points(middle.iloc[0])} before, {_points(middle.iloc[1])} after.",
        caption="An open circle is the mood before, a full one the mood after.",
        handles=[
            Line2D([], [], fillstyle="none", label="before", **dot),
            Line2D([], [], label="after", **dot),
        ],
    )


def _points(value: float) -> str:
    return "not noted" if np.isnan(value) else f"{value:g}"


def _talk(way: Way, names: Mapping[str, str]) -> _Part | None:
    own, few = way.of("talk_share", "client"), len(way.sessions) <= MANY
    you = name("client", names)
    title = label("talk_share", "client") if you == "you" else f"{you}'s {WORDS['talk_share']}"
    if own.empty:
        return None

    def draw(ax: Axes, days: dict[str, float]) -> None:
        at, share = _at(own, days), own["value"].to_numpy(dtype=float)
        if few:
            ax.bar(at, share, width=BAR, color=colour("client"))
            ax.bar(at, 1 - share, bottom=share, width=BAR, color=colour("therapist"))
        else:
            ax.scatter(at, share, s=_size(days, 34), color=colour("client"), linewidth=0)
        ax.set_ylim(0, 1)
        ax.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"], fontsize=9)

    handles = [
        Patch(color=colour(who), label=text)
        for who, text in (("client", you), ("therapist", "everybody else"))
    ]
    return _Part(
        "talk",
        draw,
        title=title,
        values=_values(own),
        said=f"{title[0].upper()}{title[1:]}: {written(own['value'].median(), 'share')} in the middle session.",
        caption="There is no right part of the talking.",
        handles=handles if few else [],
    )


def _silences(way: Way) -> _Part | None:
    own = way.of("long_silences")
    if own.empty:
        return None

    def draw(ax: Axes, days: dict[str, float]) -> None:
        at, number = _at(own, days), own["value"].to_numpy(dtype=float)
        if len(days) <= MANY:
            ax.bar(at, number, width=BAR, color=FAINT)
        else:
            ax.scatter(at, number, s=_size(days, 34), color=FAINT, linewidth=0)
        most = max(2.0, float(number.max()))
        ax.set_ylim(0, most * 1.08)
        ax.set_yticks([0, most], ["0", f"{most:.0f}"], fontsize=9)

    return _Part(
        "silences",
        draw,
        title=label("long_silences"),
        values=_values(own),
        said=f"Long silences: {own['value'].median():g} in the middle session, {own['value'].max():g} at most.",
        caption="Silences are counted; what each one was, no number tells.",
    )


def _score(key: str, own: pd.DataFrame, scale: Scale | None) -> _Part:
    called, cut_off = (scale.name, scale.cut_off) if scale else (key, None)

    def draw(ax: Axes, days: dict[str, float]) -> None:
        ax.scatter(_at(own, days), own["value"], s=_size(days, 34), color=SCORE, zorder=2, linewidth=0)
        low, high = (scale.low, scale.high) if scale else (0.0, float(own["value"].max()))
        low, high = min(low, own["value"].min()), max(high, own["value"].max(), low + 1)
        ticks = [low, high]
        if cut_off is not None:
            ax.axhline(cut_off, color=FAINT, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
            ticks.insert(1, cut_off)
        ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks], fontsize=9)
        ax.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))

    first, last = own["value"].iloc[0], own["value"].iloc[-1]
    line = f"From the broken line of {called}, {cut_off}, services look more closely."
    return _Part(
        "scores",
        draw,
        title=called,
        values=_values(own),
        said=f"{called}: {counted(len(own), 'total')}, first {first:g}, last {last:g}.",
        caption=line if cut_off is not None else "",
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
        said=f"{counted(len(way.proud), 'proud moment').capitalize()} marked in {counted(where, 'session')}.",
        caption="A star is a moment that was marked as a proud one.",
        values={
            str(name): counted(int(count), "moment")
            for name, count in way.proud["session"].value_counts().items()
        },
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
                _at(used, days),
                heights - 0.36,
                heights + 0.36,
                color=colour("client"),
                linewidth=1.6,
                alpha=0.8,
            )
        for i in range(len(rows)):
            new_group = i > 0 and rows[i][0] != rows[i - 1][0]
            ax.axhline(
                i - 0.5, color=FAINT if new_group else QUIET, linewidth=0.8 if new_group else 0.5, zorder=0
            )
        ax.set_yticks(range(len(rows)), [tag for _, tag in rows], fontsize=9.5)
        ax.set_ylim(len(rows) - 0.5, -0.5)
        for group in dict.fromkeys(group for group, _ in rows):
            middle = float(np.mean([i for i, row in enumerate(rows) if row[0] == group]))
            ax.text(
                1.01,
                middle,
                group,
                transform=ax.get_yaxis_transform(),
                va="center",
                fontsize=9.5,
                color=FAINT,
            )

    often = used["tag"].value_counts()
    said = ", ".join(f"{tag} {count}" for tag, count in often.head(FEW).items())
    return _Part(
        "tags",
        draw,
        height=TAG * len(rows),
        said=f"Words for moods, with how often: {said}.",
        caption="A mark stands where the word was used.",
        values={str(name): ", ".join(own) for name, own in used.groupby("session")["tag"]},
    )


def _values(own: pd.DataFrame) -> dict[str, str]:
    rows = zip(own["session"], own["value"], own["unit"], strict=True)
    return {name: written(value, unit) for name, value, unit in rows}


def _at(table: pd.DataFrame, days: dict[str, float]) -> NDArray[np.float64]:
    return np.array([days[name] for name in table["session"]], dtype=np.float64)


def _size(days: dict[str, float], large: float) -> float:
    return large if len(days) <= MANY else large * 0.35


def _phases(way: Way) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find the first session of every phase that lasts, and the sessions of those that do not."""
    known = way.of("talk_share", "client")
    known = known if len(set(known["phase"])) > 1 else way.of(MOODS[1])
    run = (known["phase"] != known["phase"].shift()).cumsum()
    lasts = run.map(run.value_counts()) >= LASTS
    lasting = known[lasts]
    return lasting[lasting["phase"] != lasting["phase"].shift()].iloc[1:], known[~lasts]


def _mark_phases(axes: list[Axes], way: Way, days: dict[str, float]) -> str:
    """Draw a dotted line where a new phase begins and a stroke where one session was otherwise; say so."""
    begun, otherwise = _phases(way)
    below = axes[-1].get_xaxis_transform()
    for day, phase in zip(_at(begun, days), begun["phase"], strict=True):
        for ax in axes:
            ax.axvline(day - 3.5, color=FAINT, linewidth=1.1, linestyle=":", zorder=0)
        axes[-1].annotate(
            f"from here: {phase}",
            (day - 3.5, 0),
            (3, -25),
            xycoords=below,
            textcoords="offset points",
            fontsize=8.5,
            color=FAINT,
        )
    if otherwise.empty:
        return ""
    at = _at(otherwise, days)
    axes[-1].plot(at, [0] * len(at), "|", transform=below, color=INK, markersize=9, clip_on=False, zorder=5)
    named = "; ".join(dict.fromkeys(otherwise["phase"]))
    return f" A stroke on the line of time is a session held or heard otherwise ({named})."
