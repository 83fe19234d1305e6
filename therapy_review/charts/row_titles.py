"""Row titles: what a row of a chart shows, and below that, in a sentence, what may be said of it."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from therapy_review.charts.base import FAINT, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LETTERS = 110  # in a line, as wide as the axes
SIZE = 9.0  # points
LINE = SIZE * 1.3
PAD = 4.0
APART = 4.0  # points between a title and what is said
SENTENCE = re.compile(r"(?<=\.) (?=[A-Z])")
OF_A_PART = (
    "Where a row is parted, its sentence is about the part in which most of the newest ten numbers are."
)


def first_sentence(said: str) -> str:
    """Give the first sentence of what may be said: a row has room for no more, and a list below for all of it.

    Examples
    --------
    >>> first_sentence("It moved by 0.4 points a month. This is about 5 sessions.")
    'It moved by 0.4 points a month.'
    """
    return SENTENCE.split(said)[0]


def wrapped(said: str) -> list[str]:
    r"""Break what is said into lines of a row's width; each line of it begins anew.

    Examples
    --------
    >>> wrapped("First.\nSecond.")
    ['First.', 'Second.']
    """
    return [
        line for part in said.splitlines() for line in textwrap.wrap(part, LETTERS, break_on_hyphens=False)
    ]


def room(said: str) -> float:
    """Tell how much higher a row gets by what is said below its title.

    Examples
    --------
    >>> room("")
    0.0
    """
    lines = len(wrapped(said))
    return (lines * LINE + APART) / 72 if lines else 0.0


def titled(ax: Axes, title: str, said: str = "") -> float:
    """Write a row's title above it, and below the title what is said of it.

    Examples
    --------
    >>> from therapy_review.charts.base import Chart
    >>> titled(Chart(1.0).panel()[0], "mood")
    4.0
    """
    lines = wrapped(said)
    above = PAD + (LINE * len(lines) + APART if lines else 0)
    ax.set_title(title, loc="left", fontsize=10, color=INK, pad=above)
    if lines:
        ax.annotate(
            "\n".join(lines),
            (0, 1),
            (0, PAD),
            xycoords="axes fraction",
            textcoords="offset points",
            va="bottom",
            fontsize=SIZE,
            color=FAINT,
            annotation_clip=False,
        )
    return above
