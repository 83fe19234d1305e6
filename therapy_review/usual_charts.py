"""Charts of the usual range: each session beside the client's own sessions before it, never beside a norm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from therapy_review.chart import FAINT, INK, QUIET, Chart, colour, days_axis, nothing_yet, places, styled
from therapy_review.usual import FEWEST, far_out, label, unit, written

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RANGE = "#C9DCEA"  # a light tint of the client's blue
MANY = 40  # sessions from which on everything is drawn smaller
WIDTH = 3.2  # days: the width of a session's range
PANEL = 0.85  # inches
NO_RANGE = f"After {FEWEST} sessions, this will show what is usual for you."
WHAT = (
    "The light bar is the middle half of your own sessions before; half of all sessions lie outside it, so that alone "
    "says nothing."
)


@styled
def usual_over_time(table: pd.DataFrame) -> Chart:
    """Draw each measure over the sessions, with the usual range each session had before it.

    Parameters
    ----------
    table : DataFrame
        As from `therapy_review.usual.usual`.

    Returns
    -------
    Chart
        One row a measure; its ``sessions`` tell where each session stands, by the names of the measures. What is
        far out has a ring.
    """
    table = table.dropna(subset=["value"])
    if table["middle"].isna().all():
        return nothing_yet(NO_RANGE)
    measures = list(dict.fromkeys(table["measure"]))
    sessions = table.drop_duplicates("session").sort_values(["date", "session"])
    days = dict(zip(sessions["session"], places(sessions["date"]), strict=True))
    chart = Chart(0.6 + (PANEL + 0.3) * len(measures))
    axes = chart.panel(len(measures), sharex=True)
    for ax, measure in zip(axes, measures, strict=True):
        own = table[table["measure"] == measure]
        _over_time(ax, own.assign(at=own["session"].map(days)), measure, len(sessions))
        chart.sessions.append((ax, measure, own["session"].map(days).tolist(), own["session"].tolist()))
    days_axis(axes[-1], sessions["date"])
    for ax in axes[:-1]:
        ax.tick_params(axis="x", length=0, labelbottom=False)
        ax.spines["bottom"].set_color(QUIET)
    ring = " A ring is far outside it." if len(far_out(table)) else ""
    return chart.described(_over_time_in_words(table, measures), WHAT + ring)


def _over_time(ax: Axes, own: pd.DataFrame, measure: str, n: int) -> None:
    known, small = own.dropna(subset=["middle"]), n > MANY
    ax.bar(known["at"], known["high"] - known["low"], bottom=known["low"], width=WIDTH, color=RANGE, zorder=1)
    ax.hlines(
        known["middle"],
        known["at"] - WIDTH / 2,
        known["at"] + WIDTH / 2,
        color="white",
        linewidth=1.2,
        zorder=2,
    )
    blue, far = colour("client"), far_out(own)
    ax.scatter(own["at"], own["value"], s=11 if small else 36, color=blue, zorder=3, linewidth=0)
    ax.scatter(
        far["at"], far["value"], s=60 if small else 150, facecolor="none", edgecolor=INK, linewidth=1.2, zorder=4
    )
    ax.set_title(label(measure), loc="left", fontsize=10, color=INK, pad=4)
    _few_ticks(ax, pd.concat([own["value"], own["low"], own["high"]]), measure)


def _few_ticks(ax: Axes, values: pd.Series, measure: str) -> None:
    low, high = float(values.min()), float(values.max())
    room = max((high - low) * 0.12, 0.5 if unit(measure) == "count" else 0.02)
    ax.set_ylim(low - room, high + room)
    ax.set_yticks([low, high], [written(low, measure), written(high, measure)], fontsize=9)


def _over_time_in_words(table: pd.DataFrame, measures: Sequence[str]) -> str:
    said = []
    for measure in measures:
        own = table[(table["measure"] == measure)]
        last = own.iloc[-1]
        usual = (
            f"usual before: {written(last['low'], measure)} to {written(last['high'], measure)}"
            if pd.notna(last["middle"])
            else "no usual range yet"
        )
        far = far_out(own)
        rings = f"; far outside on {', '.join(far['session'])}" if 0 < len(far) <= 6 else ""
        rings = f"; far outside in {len(far)} sessions" if len(far) > 6 else rings
        said.append(f"{label(measure)}: last {written(last['value'], measure)}, {usual}{rings}")
    return f"Your measures over the sessions, each beside your own sessions before. {'. '.join(said)}."


@styled
def beside_usual(table: pd.DataFrame, session: str) -> Chart:
    """Draw one session beside the sessions before it, measure by measure.

    Parameters
    ----------
    table : DataFrame
        As from `therapy_review.usual.usual`.
    session : str
        The session's name.

    Returns
    -------
    Chart
        One row a measure, each on its own scale: small dots are the earlier sessions, the large one is this.
    """
    own = table[(table["session"] == session) & table["value"].notna() & table["middle"].notna()]
    if own.empty:
        return nothing_yet(NO_RANGE)
    chart = Chart(0.35 + 0.78 * len(own))
    said = []
    for ax, now in zip(chart.panel(len(own)), own.to_dict("records"), strict=True):
        measure = str(now["measure"])
        before = table[
            (table["measure"] == measure)
            & (table["phase"] == now["phase"])
            & ((table["date"] < now["date"]) | ((table["date"] == now["date"]) & (table["session"] < session)))
        ]["value"].dropna()
        _strip(ax, before, now, measure)
        said.append(
            f"{label(measure)}: {written(now['value'], measure)}, usual "
            f"{written(now['low'], measure)} to {written(now['high'], measure)}"
        )
    alt = f"The session of {session} beside your {int(own['n'].max())} sessions before. {'; '.join(said)}."
    return chart.described(alt, f"{WHAT} Each small dot is an earlier session, the large one is this.")


def _strip(ax: Axes, before: pd.Series, now: dict[str, float], measure: str) -> None:
    every = [*before, now["value"]]
    low, high = min(every), max(every)
    room = max((high - low) * 0.06, 1e-3)
    ax.barh(0, now["high"] - now["low"], left=now["low"], height=0.9, color=RANGE, zorder=1)
    ax.vlines(now["middle"], -0.45, 0.45, color="white", linewidth=2, zorder=2)
    ax.scatter(before, [0] * len(before), s=22, color=FAINT, alpha=0.55, linewidth=0, zorder=3)
    ax.scatter(now["value"], 0, s=120, color=colour("client"), edgecolor="white", linewidth=1.2, zorder=4)
    ax.set_title(label(measure), loc="left", fontsize=10, color=INK, pad=3)
    ax.set_title(written(now["value"], measure), loc="right", fontsize=10, color=colour("client"), pad=3)
    ax.set_xlim(low - room, high + room)
    ax.set_ylim(-0.8, 0.8)
    ax.set_yticks([])
    ax.set_xticks([low, high], [written(low, measure), written(high, measure)], fontsize=9)
