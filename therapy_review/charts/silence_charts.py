"""Charts of long silences over time: what the client said they were, one row a word, and what was not said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from therapy_review.charts.base import (
    FAINT,
    FEW,
    MANY,
    QUIET,
    Chart,
    colour,
    days_axis,
    nothing_yet,
    places,
    styled,
)
from therapy_review.trends import kinds_of_silence
from therapy_review.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

MOST_ROWS = 14
LARGEST = 5  # silences from which on a circle grows no more
NOTHING_SAID = (
    "Of no long silence it was said yet what it was. Nothing has to be; if you like, the weekly review asks."
)
OTHER_WORDS = "other words"
NONE_KNOWN = "No silence of three seconds or more is known yet."


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
    sessions = table.drop_duplicates("session").sort_values(["date", "session"], ignore_index=True)
    day_of = dict(zip(sessions["session"], places(sessions["date"]), strict=True))
    chart = Chart(0.9 + 0.36 * len(rows))
    (ax,) = chart.panel()
    for (
        name,
        day,
    ) in day_of.items():  # where nobody can tell there is no line, so that none is not read into it
        if name in set(known["session"]):
            ax.axvline(day, color=QUIET, linewidth=0.8, zorder=0)
    days = np.array([day_of[name] for name, _ in counts.index])
    at = np.array([rows.index(kind) for _, kind in counts.index])
    _dots(
        ax,
        days,
        at,
        counts.to_numpy(dtype=float),
        np.array([rows[row] == kinds_of_silence.NOT_SAID for row in at]),
        len(day_of),
    )
    ax.set_yticks(range(len(rows)), rows, fontsize=10.5)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    if kinds_of_silence.NOT_SAID in rows[1:]:
        ax.axhline(rows.index(kinds_of_silence.NOT_SAID) - 0.5, color=FAINT, linewidth=0.8)
    days_axis(ax, sessions["date"])
    caption = (
        f"A circle is a session, a larger one several silences of three seconds or more, {LARGEST} at most; the "
        "words are yours, and an open circle is what you left open. Nothing has to be said, and no kind is better "
        "than another."
    )
    if len(sessions) > known["session"].nunique():
        caption += " Where there is no thin line, the program knows of no sound."
    return chart.described(_in_words(found, counts, rows), caption)


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


def _dots(
    ax: Axes,
    days: NDArray[np.float64],
    at: NDArray[np.int_],
    counts: NDArray[np.float64],
    left_open: NDArray[np.bool_],
    sessions: int,
) -> None:
    size = (70 if sessions <= FEW else 34 if sessions <= MANY else 12) * np.minimum(counts, LARGEST)
    blue = colour("client")
    ax.scatter(days[~left_open], at[~left_open], s=size[~left_open], color=blue, linewidth=0, zorder=2)
    ax.scatter(
        days[left_open],
        at[left_open],
        s=size[left_open],
        facecolor="white",
        edgecolor=FAINT,
        linewidth=1.2,
        zorder=2,
    )
    if sessions > FEW:
        return
    for day, row, count, is_open in zip(days, at, counts, left_open, strict=True):
        if count > 1:
            ink = FAINT if is_open else "white"
            ax.text(
                day, row, f"{count:g}", ha="center", va="center_baseline", fontsize=8.5, color=ink, zorder=3
            )


def _in_words(found: pd.DataFrame, counts: pd.Series, rows: list[str]) -> str:
    by_row = counts.groupby(level=1).sum()
    said = "; ".join(f"{kind}: {by_row[kind]:.0f}" for kind in rows)
    number, held = (
        counted(int(found["n"].sum()), "long silence"),
        counted(found["session"].nunique(), "session"),
    )
    first, last = found["date"].min(), found["date"].max()
    return f"{number} in {held} from {first.date()} to {last.date()}, by what you said of them. {said}."
