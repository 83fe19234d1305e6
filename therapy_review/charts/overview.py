"""The path as one picture: sessions along a line of time, one row for each thing that is kept of them.

Every row shows one idea on its own scale, and what stands above one another is the same session. A week without a
session stays open.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from matplotlib.transforms import ScaledTranslation

from therapy_review.charts import phase_marks
from therapy_review.charts.base import (
    INK,
    OF_A_PART,
    SENTENCE,
    Chart,
    Row,
    days_below,
    nothing_yet,
    places_of,
    room,
    styled,
    titled,
)
from therapy_review.charts.overview_rows import ROWS, Part, parts
from therapy_review.trends import OF_PAGE
from therapy_review.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from therapy_review.journal import Scale
    from therapy_review.trends import Way

BETWEEN = 0.3  # inches from row to row
BELOW = 0.16  # inches a line below the dates


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
