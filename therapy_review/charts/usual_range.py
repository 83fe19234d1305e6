"""Charts of the usual range: each session beside the client's own sessions before it, never beside a norm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from therapy_review.charts import phase_marks
from therapy_review.charts.base import (
    FAINT,
    INK,
    MANY,
    OF_A_PART,
    TINT,
    Chart,
    Row,
    colour,
    days_below,
    first_sentence,
    nothing_yet,
    places_of,
    room,
    styled,
    titled,
)
from therapy_review.measures import what_counts
from therapy_review.trends import FEWEST_BEFORE, OF_PAGE, far_out, label, sentences, written

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 3.2  # days: the width of a session's range
PANEL = 0.85  # inches
NO_RANGE = f"After {FEWEST_BEFORE} sessions with a recording, this will show what is usual for you."
WHAT = (
    "The light bar is the middle half of your own sessions before; half of all sessions lie outside it, so that "
    "alone says nothing."
)


@styled
def usual_over_time(table: pd.DataFrame, told: Mapping[tuple[str, str], str] | None = None) -> Chart:
    """Draw each measure over the sessions, with the usual range each session had before it.

    Parameters
    ----------
    table : DataFrame
        As from `therapy_review.trends.usual_range.usual`.
    told : mapping of (str, str) to str, optional
        What the page it stands on says of each measure and speaker, so that no two places on it differ.

    Returns
    -------
    Chart
        One row a measure, by measure and speaker (``client_talk_share``), and below its title what may be said
        of it. What is far out has a ring.
    """
    if table.loc[table["value"].notna(), "middle"].isna().all():
        return nothing_yet(NO_RANGE)
    return rows_over_time(table, told)


@styled
def rows_over_time(table: pd.DataFrame, told: Mapping[tuple[str, str], str] | None = None) -> Chart:
    """Draw as `usual_over_time` does, also while there is no usual range yet."""
    whole, table = table, table.dropna(subset=["value"])
    days = places_of(table)
    rows = table.groupby(["measure", "speaker"], sort=False)
    lines = [(str(measure), str(speaker)) for (measure, speaker), _ in rows]
    if told is None:
        of = {(str(m), str(who)): own for (m, who), own in whole.groupby(["measure", "speaker"])}
        told = dict(zip(lines, sentences(of[line] for line in lines), strict=True))
    claims = [first_sentence(told.get(line, "")) for line in lines]
    marks = [phase_marks.over_time(own.sort_values(["date", "session"])) for _, own in rows]
    named_under = [text for _, text in marks]
    chart = Chart(
        0.6 + (PANEL + 0.3) * len(rows) + sum(map(room, claims)) + phase_marks.room_under(named_under)
    )
    axes, said = chart.panel(len(rows), sharex=True), []
    for ax, ((measure, speaker), own), claim, (begun, text) in zip(axes, rows, claims, marks, strict=True):
        at = own["session"].map(days)
        _over_time(ax, own.assign(at=at), days)
        for day in begun["session"].map(days):
            ax.axvline(day - 3.5, color=FAINT, linewidth=1.1, linestyle=":", zorder=0)
        phase_marks.write_under(ax, text)
        named, key = label(str(measure), str(speaker)), f"{speaker}_{measure}".strip("_")
        titled(ax, named, claim)
        values = [beside_in_words(row) for row in own.to_dict("records")]
        chart.rows.append(Row(ax, key, named, at.tolist(), own["session"].tolist(), values))
        said.append(f"{_in_words(own)}{f' ({text})' if text else ''}. {claim}".rstrip())
    days_below(axes, table["date"])
    ring = " A ring is far outside it." if len(far_out(table)) else ""
    alt = f"Your measures over the sessions, each beside your own sessions before. {' '.join(said)}"
    begins = f" {phase_marks.OVER_TIME}" if any(len(begun) for begun, _ in marks) else ""
    apart = f" {phase_marks.APART}" if any(named_under) and not begins else ""
    what = WHAT if table["middle"].notna().any() else "Each dot is a session."
    certain = f" {OF_PAGE}" if any(claims) else ""
    if certain and any(named_under):
        certain = f" {OF_A_PART}{certain}"
    counts = what_counts(table)
    what = f"{counts} {what}" if counts else what
    return chart.described(alt, f"{what}{ring}{begins}{apart}{certain}")


def _over_time(ax: Axes, own: pd.DataFrame, days: dict[str, float]) -> None:
    known, few = own.dropna(subset=["middle"]), len(days) <= MANY
    # Where many sessions stand close together their bars touch: a band, with nothing guessed between them.
    width = max(WIDTH, (max(days.values()) - min(days.values())) / 120)
    low, high, middle = known["low"], known["high"], known["middle"]
    ax.bar(known["at"], high - low, bottom=low, width=width, color=TINT, zorder=1)
    ax.hlines(
        middle, known["at"] - width / 2, known["at"] + width / 2, color="white", linewidth=1.3, zorder=2
    )
    ax.scatter(own["at"], own["value"], s=36 if few else 11, color=colour("client"), zorder=3, linewidth=0)
    far, size = far_out(own), 150 if few else 60
    ax.scatter(far["at"], far["value"], s=size, facecolor="none", edgecolor=INK, linewidth=1.2, zorder=4)
    every = pd.concat([own["value"], low, high])
    least, most, unit = float(every.min()), float(every.max()), str(own["unit"].iloc[0])
    room = max((most - least) * 0.14, 1e-3)
    ax.set_ylim(least - room, most + room)
    ax.set_yticks([least, most], [written(least, unit), written(most, unit)], fontsize=9)


def beside_in_words(row: dict[Any, Any]) -> str:
    """Say a value beside what was usual before.

    Parameters
    ----------
    row : dict
        A row of `therapy_review.trends.usual_range.usual`.

    Returns
    -------
    str
    """
    value = written(row["value"], row["unit"])
    if pd.isna(row["middle"]):
        return value
    return f"{value}; usual before: {written(row['low'], row['unit'])} to {written(row['high'], row['unit'])}"


def _in_words(own: pd.DataFrame) -> str:
    last, far, unit = own.iloc[-1], far_out(own), str(own["unit"].iloc[0])
    named = f"{label(str(last['measure']), str(last['speaker']))}: last {written(last['value'], unit)}"
    usual = "no usual range yet"
    if pd.notna(last["middle"]):
        usual = f"usual before {written(last['low'], unit)} to {written(last['high'], unit)}"
    if far.empty:
        return f"{named}, {usual}"
    where = ", ".join(far["session"]) if len(far) <= 6 else f"{len(far)} of {len(own)} sessions"
    return f"{named}, {usual}; far outside it: {where}"


@styled
def beside_usual(
    table: pd.DataFrame, session: str, times: Mapping[tuple[str, str], float] | None = None
) -> Chart:
    """Draw one session beside the sessions before it, measure by measure.

    Parameters
    ----------
    table : DataFrame
        As from `therapy_review.trends.usual_range.usual`.
    session : str
        The session's name.
    times : mapping of (str, str) to float, optional
        Where in the recording a measure, by measure and speaker, can be heard: a click on its row leads there.

    Returns
    -------
    Chart
        One row a measure, each on its own scale: small dots are the earlier sessions, the large one is this.
    """
    own = table[(table["session"] == session) & table["value"].notna() & table["middle"].notna()]
    if own.empty:
        return nothing_yet(NO_RANGE)
    chart, said = Chart(0.35 + 0.78 * len(own)), []
    for ax, now in zip(chart.panel(len(own)), own.to_dict("records"), strict=True):
        alike = ["measure", "speaker", "phase"]
        same = (table[alike] == [now[name] for name in alike]).all(axis=1)
        _strip(ax, table.loc[same & (table["session"] < session), "value"].dropna(), now)
        at = (times or {}).get((now["measure"], now["speaker"]))
        if at is not None:
            chart.times.append((ax, at, at))
        low, high, value = (written(now[name], now["unit"]) for name in ("low", "high", "value"))
        said.append(f"{label(now['measure'], now['speaker'])}: {value}, usual {low} to {high}")
    alt = f"The session of {session} beside your {int(own['n'].max())} sessions before. {'; '.join(said)}."
    return chart.described(
        alt, f"{what_counts(own)} {WHAT} Each small dot is an earlier session, the large one is this."
    )


def _strip(ax: Axes, before: pd.Series, now: dict[Any, Any]) -> None:
    every = [*before, now["value"]]
    low, high = min(every), max(every)
    room = max((high - low) * 0.06, 1e-3)
    ax.barh(0, now["high"] - now["low"], left=now["low"], height=0.9, color=TINT, zorder=1)
    ax.vlines(now["middle"], -0.45, 0.45, color="white", linewidth=2, zorder=2)
    ax.scatter(before, [0] * len(before), s=22, color=FAINT, alpha=0.55, linewidth=0, zorder=3)
    ax.scatter(now["value"], 0, s=120, color=colour("client"), edgecolor="white", linewidth=1.2, zorder=4)
    ax.set_title(label(now["measure"], now["speaker"]), loc="left", fontsize=10, color=INK, pad=3)
    ax.set_title(written(now["value"], now["unit"]), loc="right", fontsize=10, color=colour("client"), pad=3)
    ax.set_xlim(low - room, high + room)
    ax.set_ylim(-0.8, 0.8)
    ax.set_yticks([])
    ax.set_xticks([low, high], [written(low, now["unit"]), written(high, now["unit"])], fontsize=9)
