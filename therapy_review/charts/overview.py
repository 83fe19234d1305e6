"""The path as one picture: sessions along a line of time, one row for each thing that is kept of them.

Every row shows one idea on its own scale, and what stands above one another is the same session. A week without a
session stays open. What a row shows is said below its title in a sentence, as `therapy_review.trends.in_words`
claims it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation

from therapy_review.charts import phase_marks
from therapy_review.charts.base import (
    FAINT,
    FEW,
    INK,
    MANY,
    OF_A_PART,
    QUIET,
    SENTENCE,
    Chart,
    Row,
    colour,
    days_below,
    first_sentence,
    nothing_yet,
    places_of,
    room,
    speaker_name,
    styled,
    titled,
)
from therapy_review.charts.over_time import BAR, draw_groups, draw_moods, points, tag_rows
from therapy_review.journal import cut_off_in_words
from therapy_review.measures import what_counts
from therapy_review.trends import (
    LINES_OF_ROW,
    MOODS,
    OF_PAGE,
    SHORT_NAMES,
    Line,
    Way,
    label,
    said_of_lines,
    said_of_word,
    words_by_use,
    written,
)
from therapy_review.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from therapy_review.journal import Scale

BETWEEN = 0.3  # inches from row to row
BELOW = 0.16  # inches a line below the dates
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
    way: Way,
    rows: Collection[str] = tuple(ROWS),
    *,
    scales: Mapping[str, Scale] | None = None,
    names: Mapping[str, str] | None = None,
    sentences: bool = True,
) -> Chart:
    """Draw the path.

    Parameters
    ----------
    way : Way
        As from `therapy_review.trends.overview.way`.
    rows : collection of str
        Which of `ROWS` to draw; those of which nothing is kept are left out.
    scales : mapping of str to Scale, optional
        What is known of questionnaires; the others are drawn without a cut-off.
    names : mapping of str to str, optional
        How to call the speakers, in place of "you" and "therapist". Then no sentences stand at the rows: they speak
        to the client alone.
    sentences : bool
        Whether it is said at each row what moved; not to be said of sessions that were picked by what they hold.

    Returns
    -------
    Chart
        Its ``rows`` are of the names of `ROWS`.
    """
    days = places_of(way.sessions)
    made = parts(way, rows, scales or {}, names or {}, sentences=sentences and not names)
    if not made:
        return nothing_yet("Nothing of this has been noted yet.")
    lines = {str(i): part.line for i, part in enumerate(made) if part.line is not None}
    found = phase_marks.phases(lines)
    strip = phase_marks.height(found, days)
    heights = [part.height for part in made] + [strip] * (strip > 0)
    said = sum(room(part.said) for part in made) + BELOW * len(phase_marks.below(found))
    chart = Chart(0.6 + sum(heights) + BETWEEN * len(made) + said)
    axes = chart.panel(len(heights), sharex=True, height_ratios=heights)
    for ax, part in zip(axes, made, strict=False):
        part.draw(ax, days)
        _head(ax, part)
        there = [session for session in days if session in part.told]
        told = [part.told[session] for session in there]
        chart.rows.append(Row(ax, part.what, part.title, [days[session] for session in there], there, told))
    days_below(axes, way.sessions["date"])
    if strip:
        phase_marks.mark({row: axes[int(row)] for row in lines}, axes[-1], found, days)
    span = way.sessions["date"]
    alt = f"{counted(len(days), 'session')} from {span.min().date()} to {span.max().date()}."
    parts_told = [" ".join(dict.fromkeys([part.summary, *part.said.splitlines()])) for part in made]
    captions = [part.caption for part in made] + [phase_marks.caption(found)]
    is_said = any(part.said for part in made)
    captions += [OF_A_PART] * (is_said and bool(found.begun or found.apart)) + [OF_PAGE] * is_said
    # What two rows have in common is said once.
    once = dict.fromkeys(one for caption in captions if caption for one in SENTENCE.split(caption))
    return chart.described(
        " ".join(filter(None, [alt, *parts_told, phase_marks.in_words(found)])), " ".join(once)
    )


def _head(ax: Axes, part: Part) -> None:
    """Write a row's title and what is said of it, with its legend beside the title."""
    above = titled(ax, part.title, part.said)
    if part.handles:
        up = ScaledTranslation(0, (above - 4) / 72, ax.figure.dpi_scale_trans)
        ax.legend(
            handles=part.handles,
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            bbox_transform=ax.transAxes + up,
            ncols=len(part.handles),
            frameon=False,
            fontsize=9,
            labelcolor=INK,
            borderaxespad=0.1,
            handletextpad=0.4,
        )


@dataclass(frozen=True)
class Part:
    """One row: how high (inches), what it says, also of each session, and how it is drawn where sessions stand.

    `line` has session and phase of its numbers, `lines` measure and speaker of what a sentence is said of.
    """

    what: str
    draw: Callable[[Axes, dict[str, float]], None]
    summary: str
    caption: str
    title: str
    said: str = ""
    height: float = 0.75
    handles: list[Any] = field(default_factory=list)
    told: Mapping[str, str] = field(default_factory=dict)
    line: pd.DataFrame | None = None
    lines: tuple[Line, ...] = ()


def parts(
    way: Way,
    rows: Collection[str],
    scales: Mapping[str, Scale],
    names: Mapping[str, str],
    *,
    sentences: bool,
) -> list[Part]:
    """Make the rows of which something is kept."""
    found: list[Part | None] = []
    for what in ROWS:
        if what not in rows:
            continue
        if what == "scores":
            found += [_score(scale, way, scales.get(scale), names) for scale in way.scales]
        else:
            found.append(_MAKE[what](way, names))
    made = [part for part in found if part]
    if not sentences:
        return made
    told = said_of_lines(way)
    return [replace(part, said=_sentence(part, way, told)) for part in made]


def _sentence(part: Part, way: Way, told: Mapping[Line, str]) -> str:
    if part.what == "tags":
        return said_of_word(way.tags, words_by_use(way.tags)[0])
    # Its first sentence; all of them are in the list of `therapy_review.pages.over_time.PathPage.moved`.
    first = [first_sentence(told[line]) for line in part.lines if line in told]
    return "\n".join(first) if part.lines else part.summary


def _mood(way: Way, _names: Mapping[str, str]) -> Part | None:
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
    return Part(
        "mood",
        draw,
        title=ROWS["mood"],
        lines=LINES_OF_ROW["mood"],
        line=max((way.of(measure) for measure in MOODS), key=len),
        height=1.6,
        told={
            row["session"]: f"{points(row[MOODS[0]])} before, {points(row[MOODS[1]])} after"
            for row in given.to_dict("records")
        },
        summary=f"Mood: in the middle session {points(middle.iloc[0])} before, {points(middle.iloc[1])} after.",
        caption="An open circle is the mood before, a full one the mood after.",
        handles=[
            Line2D([], [], fillstyle="none", label="before", **dot),
            Line2D([], [], label="after", **dot),
        ],
    )


def _talk(way: Way, names: Mapping[str, str]) -> Part | None:
    own, few = way.of("talk_share", "client"), len(way.sessions) <= MANY
    you = speaker_name("client", names)
    title = label("talk_share", "client") if you == "you" else f"{you}'s {SHORT_NAMES['talk_share']}"
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
    return Part(
        "talk",
        draw,
        lines=LINES_OF_ROW["talk"],
        line=own,
        title=title,
        told=_values(own),
        summary=f"{title[0].upper()}{title[1:]}: {written(own['value'].median(), 'share')} in the middle session.",
        caption=f"{what_counts(own)} There is no right part of the talking.",
        handles=handles if few else [],
    )


def _silences(way: Way, _names: Mapping[str, str]) -> Part | None:
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

    return Part(
        "silences",
        draw,
        lines=LINES_OF_ROW["silences"],
        line=own,
        title=label("long_silences"),
        told=_values(own),
        summary=f"Long silences: {own['value'].median():g} in the middle session, {own['value'].max():g} at most.",
        caption=f"{what_counts(own)} What each one was, no number tells.",
    )


def _score(key: str, way: Way, scale: Scale | None, names: Mapping[str, str]) -> Part:
    own = way.of(key)
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
    whose = f"{names['client']}'s" if "client" in names else "your"
    line = cut_off_in_words(scale, whose) if scale else ""
    return Part(
        "scores",
        draw,
        title=called,
        lines=((key, ""),),
        line=own,
        told=_values(own),
        summary=f"{called}: {counted(len(own), 'total')}, first {first:g}, last {last:g}.",
        caption=f"The broken line of {called}: {line[0].lower()}{line[1:]}" if line else "",
    )


def _proud(way: Way, _names: Mapping[str, str]) -> Part | None:
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
    return Part(
        "proud",
        draw,
        title=ROWS["proud"],
        height=0.26 + 0.14 * int(way.proud.groupby("session").cumcount().max()),
        summary=f"{counted(len(way.proud), 'proud moment').capitalize()} marked in {counted(where, 'session')}.",
        caption="A star is a moment that was marked as a proud one.",
        told={
            str(name): counted(int(count), "moment")
            for name, count in way.proud["session"].value_counts().items()
        },
    )


def _tags(way: Way, _names: Mapping[str, str]) -> Part | None:
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
        for i, (group, _) in enumerate(rows):
            if i == 0 or group == rows[i - 1][0]:
                ax.axhline(i - 0.5, color=QUIET, linewidth=0.5, zorder=0)
        draw_groups(ax, rows, 1.01, fontsize=9.5, transform=ax.get_yaxis_transform())
        ax.set_yticks(range(len(rows)), [tag for _, tag in rows], fontsize=9.5)
        ax.set_ylim(len(rows) - 0.5, -0.5)

    counts = used["tag"].value_counts()
    said = ", ".join(f"{tag} {count}" for tag, count in counts.head(FEW).items())
    return Part(
        "tags",
        draw,
        title=ROWS["tags"],
        height=TAG * len(rows),
        summary=f"Words for moods, with how often: {said}.",
        caption="A mark stands where the word was used.",
        told={str(name): ", ".join(own) for name, own in used.groupby("session")["tag"]},
    )


def _values(own: pd.DataFrame) -> dict[str, str]:
    rows = zip(own["session"], own["value"], own["unit"], strict=True)
    return {name: written(value, unit) for name, value, unit in rows}


def _at(table: pd.DataFrame, days: dict[str, float]) -> NDArray[np.float64]:
    return np.array([days[name] for name in table["session"]], dtype=np.float64)


def _size(days: dict[str, float], large: float) -> float:
    return large if len(days) <= MANY else large * 0.35


_MAKE: Mapping[str, Callable[[Way, Mapping[str, str]], Part | None]] = {
    "mood": _mood,
    "talk": _talk,
    "silences": _silences,
    "proud": _proud,
    "tags": _tags,
}
