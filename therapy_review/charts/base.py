"""What every chart shares: a figure with a caption and words for those who do not see it, colours and names.

No chart goes through pyplot or leaves a trace in matplotlib's settings: `styled` draws each under the package's own
style, whatever the notebook has set, and one at a time, for matplotlib's settings belong to the whole process.
"""

from __future__ import annotations

import base64
import functools
import html
import io
import json
import re
import textwrap
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
import matplotlib.dates as mdates
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from therapy_review.charts.fonts import FONTS, write_out
from therapy_review.wording import clock

# Okabe & Ito 2008, "Color Universal Design": told apart with any colour vision, and in grey print by lightness.
COLOURS = {
    "client": "#0072B2",
    "therapist": "#E69F00",
    "other": "#009E73",
    "voice_1": "#56B4E9",
    "voice_2": "#D55E00",
}
OVERLAP = "#CC79A7"
QUIET = "#E3E6E8"
INK = "#25303B"
FAINT = "#6B7680"
NAMES = {"client": "you", "therapist": "therapist", "other": "someone else"}
NOT_NAMED = "not named yet"
WIDTH = 8.0  # inches
DPI = 180
SHADES = 128
SHOWN = 828  # CSS pixels: a little over half of the drawn ones, so that it stays sharp at 200 %
DAY_LABEL = 0.07  # width of the name of a day, as a part of the axis
MARGIN = 0.12  # inches, on every side
FEW = 12  # up to so many sessions are told one by one in the words of a chart
MANY = 40  # beyond so many sessions everything is drawn smaller
TINT = "#C9DCEA"  # a light one of the client's blue
SENTENCE = re.compile(r"(?<=\.) (?=[A-Z])")
LETTERS = 110  # of what is said below a row's title, in a line as wide as the axes
SAID = 9.0  # points: the size of those letters
LINE = SAID * 1.3
PAD = 4.0  # points below a row's title and what is said, and between these
OF_A_PART = (
    "Where a row is parted, its sentence is about the part in which most of the newest ten numbers are."
)
LEGEND: Any = {"loc": "outside upper right", "frameon": False, "labelcolor": INK}
STYLE: Any = {
    "font.family": list(FONTS),
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "text.parse_math": False,  # a client's own words may hold a dollar sign
}

P = ParamSpec("P")
R = TypeVar("R")
_DRAWING = threading.RLock()


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Let a function draw under the package's style and leave matplotlib's settings as they were.

    Parameters
    ----------
    draw : callable

    Returns
    -------
    callable
    """

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> R:
        with _DRAWING, mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(STYLE)
            return draw(*args, **kwargs)

    return drawn


@dataclass(frozen=True)
class Row:
    """A row of a chart in which sessions stand side by side, at days as matplotlib counts them."""

    ax: Axes
    what: str
    named: str
    days: list[float]
    sessions: list[str]
    said: list[str]


class Chart(Figure):
    """A figure that carries its caption and its description.

    Parameters
    ----------
    height : float
        Inches; every chart has the same width.
    dpi : int
        Dots an inch.
    """

    def __init__(self, height: float, dpi: int = DPI) -> None:
        layout = ConstrainedLayoutEngine(w_pad=MARGIN, h_pad=MARGIN)
        super().__init__(figsize=(WIDTH, height), dpi=dpi, layout=layout, facecolor="white")
        self.alt = ""
        self.caption = ""
        self.times: list[tuple[Axes, float, float]] = []  # axes of time, each with its first and last second
        self.session = ""
        self.rows: list[Row] = []  # of sessions, where the chart shows some side by side

    def leading_to(self, session: str) -> Chart:
        """Let a click on an axis of time lead to that time in the player of a session, where there is one."""
        self.session = session
        return self

    def _map(self) -> str:
        """Tell a page where in the picture which time is; in parts of its width and height, from the top left."""
        if not (self.session and self.times):
            return ""
        rows = []
        for ax, start, end in self.times:
            box = ax.get_position()
            edges = (box.x0, box.x1, 1 - box.y1, 1 - box.y0)
            rows.append([start, end, *(round(float(edge), 4) for edge in edges)])
        told = html.escape(json.dumps({"session": self.session, "rows": rows}))
        return f' data-therapy-review-map="{told}"'

    def standing(self) -> list[dict[str, Any]]:
        """Tell where in the finished picture which session stands, one for each of its `rows`.

        Places (left, right, top, bottom, and at: of each session) are parts of the picture's width and height, from
        the top left.
        """
        found = []
        for row in self.rows:
            box, places = row.ax.get_position(), row.ax.transData.transform([(day, 0.0) for day in row.days])
            across = self.transFigure.inverted().transform(places)[:, 0]
            edges = {"left": box.x0, "right": box.x1, "top": 1 - box.y1, "bottom": 1 - box.y0}
            found.append(
                {
                    "what": row.what,
                    "named": row.named,
                    **{edge: round(float(place), 4) for edge, place in edges.items()},
                    "sessions": row.sessions,
                    "said": row.said,
                    "at": [round(float(place), 4) for place in across],
                }
            )
        return found

    def described(self, alt: str, caption: str) -> Chart:
        """Give the finished chart its words, and see that all of them can be drawn.

        `alt` tells somebody who does not see it what it shows, with key numbers; `caption` says what is counted.
        """
        self.alt, self.caption = alt, caption
        write_out(self)
        return self

    def panel(self, rows: int = 1, **options: Any) -> list[Axes]:
        """Add quiet axes one below the other; options are those of `matplotlib.figure.Figure.subplots`."""
        axes = list(self.subplots(rows, 1, squeeze=False, **options)[:, 0])
        for ax in axes:
            ax.spines[["top", "right", "left"]].set_visible(False)
            ax.spines["bottom"].set_color(FAINT)
            ax.tick_params(colors=INK, labelsize=10, length=3, color=FAINT)
            ax.tick_params(axis="y", length=0)
        return axes

    @styled
    def png(self) -> bytes:
        """Draw the chart as a PNG file."""
        drawn, out = io.BytesIO(), io.BytesIO()
        self.savefig(drawn, format="png")
        # A palette is enough for flat colours, and keeps notebooks and reports small.
        with Image.open(drawn) as picture:
            picture.convert("RGB").quantize(SHADES).save(out, "png", optimize=True)
        return out.getvalue()

    def _ipython_display_(self) -> None:
        # Once pyplot is in use, IPython would add the same picture again, without its words.
        from IPython.display import display

        display(self._repr_mimebundle_(), raw=True)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        picture = base64.b64encode(self.png()).decode("ascii")
        alt, caption = html.escape(self.alt), html.escape(self.caption)
        markup = (
            f'<figure style="margin:0.5em 0"><img{self._map()} alt="{alt}" src="data:image/png;base64,{picture}" '
            f'style="max-width:100%;width:{SHOWN}px"><figcaption><em>{caption}</em></figcaption></figure>'
        )
        return {"text/html": markup, "text/plain": f"{self.alt} ({self.caption})"}


@styled
def nothing_yet(sentence: str) -> Chart:
    """Draw a calm, empty chart that says why there is nothing to see."""
    chart = Chart(1.2)
    (ax,) = chart.panel()
    ax.set_axis_off()
    ax.text(0.0, 0.5, sentence, transform=ax.transAxes, va="center", fontsize=12, color=INK)
    return chart.described(sentence, "This picture fills as you go.")


def speaker_name(speaker: str, names: Mapping[str, str] | None = None) -> str:
    """Return how a speaker is called in a chart.

    Parameters
    ----------
    speaker : str
        A role, or one of the engine's voices.
    names : mapping of str to str, optional
        Other names, by speaker.

    Returns
    -------
    str

    Examples
    --------
    >>> speaker_name("client"), speaker_name("voice_1"), speaker_name("therapist", {"therapist": "Daniel"})
    ('you', 'voice 1 (not named yet)', 'Daniel')
    """
    given = {**NAMES, **(names or {})}
    if speaker in given:
        return given[speaker]
    unnamed = f" ({NOT_NAMED})" if speaker.startswith("voice_") else ""
    return speaker.replace("_", " ") + unnamed


def colour(speaker: str) -> str:
    """Return a speaker's colour."""
    return COLOURS.get(speaker, FAINT)


def minutes_axis(ax: Axes, start: float, end: float) -> None:
    """Label a time axis in minutes and seconds, at steps a person would choose."""
    step = next((s for s in (15, 30, 60, 120, 300, 600, 1200) if (end - start) / s <= 10), 3600)
    ticks = [t for t in range(0, int(end) + step, step) if start - 1e-6 <= t <= end + 1e-6]
    ax.set_xticks(ticks, [clock(t) for t in ticks])
    ax.set_xlim(start, end)


def places(dates: pd.Series) -> list[float]:
    """Return where sessions stand on an axis of dates; a second one on a day stands a little to the right."""
    beside = dates.groupby(dates).cumcount()
    return [float(day) for day in mdates.date2num(dates) + 2.6 * beside.to_numpy()]


def places_of(table: pd.DataFrame) -> dict[str, float]:
    """Return where each session of a table stands on an axis of dates, in order of time."""
    sessions = table.drop_duplicates("session").sort_values(["date", "session"])
    return dict(zip(sessions["session"], places(sessions["date"]), strict=True)) if len(sessions) else {}


def days_axis(ax: Axes, dates: Iterable[Any]) -> None:
    """Label an axis of dates with the days of the sessions, or with months when there are many or it is long."""
    days = list(pd.DatetimeIndex(list(dates)).unique().sort_values())
    span = days[-1] - days[0]
    room = max(pd.Timedelta(weeks=1), span * 0.03)
    if len(days) <= FEW and span.days <= 300:
        apart, labels = (span + 2 * room) * DAY_LABEL, list[str]()
        last = days[0] - apart
        for day in days:
            # Of days too close together the first is named; each still has its tick.
            labels.append(f"{day.day} {day:%b}" if day - last >= apart else "")
            last = day if labels[-1] else last
        ax.set_xticks(mdates.date2num(days), labels)
    else:
        locator = mdates.AutoDateLocator(minticks=4, maxticks=10)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))
    ax.set_xlim(mdates.date2num(days[0] - room), mdates.date2num(days[-1] + room))


def days_below(axes: Sequence[Axes], dates: Iterable[Any]) -> None:
    """Label the days below the last of the axes that share them."""
    days_axis(axes[-1], dates)
    for ax in axes[:-1]:
        ax.tick_params(axis="x", length=0, labelbottom=False)
        ax.spines["bottom"].set_color(QUIET)


def first_sentence(said: str) -> str:
    """Give the first sentence of what may be said: a row has room for no more, and a list below for all of it."""
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
    """Tell how much higher a row gets by what is said below its title."""
    lines = len(wrapped(said))
    return (lines * LINE + PAD) / 72 if lines else 0.0


def titled(ax: Axes, title: str, said: str = "") -> float:
    """Write a row's title above it, and below the title what is said of it."""
    lines = wrapped(said)
    above = PAD + (LINE * len(lines) + PAD if lines else 0)
    ax.set_title(title, loc="left", fontsize=10, color=INK, pad=above)
    if lines:
        ax.annotate(
            "\n".join(lines),
            (0, 1),
            (0, PAD),
            xycoords="axes fraction",
            textcoords="offset points",
            va="bottom",
            fontsize=SAID,
            color=FAINT,
            annotation_clip=False,
        )
    return above
