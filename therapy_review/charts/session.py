"""Charts of one session: a table in, a picture out. They describe; they never judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from therapy_review.charts.base import (
    FAINT,
    INK,
    LEGEND,
    OVERLAP,
    QUIET,
    Chart,
    colour,
    minutes_axis,
    nothing_yet,
    speaker_name,
    styled,
)
from therapy_review.measures import (
    LONG_SILENCE,
    gaps,
    long_silences,
    overlaps,
    pauses,
    session_bounds,
    talk_share,
)
from therapy_review.turns import are_named, floor_turns, speakers
from therapy_review.wording import clock, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW = 600.0  # seconds a row of the session map shows
SHORT = 720.0  # seconds up to which a session has one row of its own length
LANE = 0.74  # height of a lane
DIGIT = 0.011  # width of a digit above a silence, as a part of the row
BEYOND = 20.0  # seconds up to which pauses and gaps are told apart
MIDDLE_FROM, QUARTILES_FROM = 3, 8  # with fewer values, dots alone say it better
COLUMNS = 700  # of a waveform
SMALL = 124  # dots an inch: a waveform has many edges, and a notebook keeps the picture
NO_TURNS = "Nobody is heard speaking in this recording."
NO_TALK = "There is nothing to show of this session yet."
NOT_SAID = " Which voice is whose has not been said yet."


@styled
def session_map(
    turns: pd.DataFrame, marks: pd.DataFrame | None = None, *, names: Mapping[str, str] | None = None
) -> Chart:
    """Draw who spoke when, with long silences, overlaps and the client's marks."""
    if turns.empty:
        return nothing_yet(NO_TURNS)
    first, last = session_bounds(turns)
    rows, length = (1, last * 1.005) if last <= SHORT else (int(np.ceil(last / ROW)), ROW)
    people, quiet, both = speakers(turns), long_silences(turns), overlaps(turns)
    at = [] if marks is None else sorted(marks["start"].tolist())
    chart = Chart(0.75 + rows * (0.42 * len(people) + 0.5))
    for row, ax in enumerate(chart.panel(rows)):
        start, end = row * length, (row + 1) * length
        _lanes(ax, _within(turns, start, end), people, names)
        _silences(ax, quiet, start, end, len(people))
        for lane in range(len(people)):
            spans = _spans(_within(both, start, end))
            # The line keeps a short overlap visible in a row of ten minutes.
            ax.broken_barh(spans, (lane - LANE / 2, LANE), color=OVERLAP, linewidth=0.8, label="overlap")
        here = [time for time in at if start <= time < end]
        if here:  # an empty line without clipping would still take room
            ax.plot(here, [len(people) - 0.5] * len(here), "^", color=INK, markersize=7, clip_on=False)
        ax.set_ylim(len(people) - 0.45, -0.95)
        minutes_axis(ax, start, end)
        chart.times.append((ax, start, end))
    _legend(chart, quiet, both, at)
    caption = (
        "Each block is somebody speaking, as the program heard it; silences of 0.2 s or more are left open."
    )
    alt = f"Map of the session, {clock(first)} to {clock(last)}. {_in_words(turns, at, names)}"
    return chart.described(alt, caption + ("" if are_named(turns) else NOT_SAID))


@styled
def waveform_map(
    peaks: np.ndarray[tuple[int, int], np.dtype[np.float32]],
    duration: float,
    turns: pd.DataFrame,
    marks: pd.DataFrame | None = None,
) -> Chart:
    """Draw a session's loudness over time, with who spoke when below it and the client's marks above.

    Parameters
    ----------
    peaks : ndarray of float32, shape (n, 2)
        Lowest and highest sample of `n` equal parts.
    duration : float
        Seconds.
    turns : DataFrame
        A turns table.
    marks : DataFrame, optional
        The client's marks: start (s).

    Returns
    -------
    Chart
    """
    people = speakers(turns)
    at = [] if marks is None else sorted(marks["start"].tolist())
    chart = Chart(1.9 + 0.22 * len(people), dpi=SMALL)
    (ax,) = chart.panel()
    starts = np.linspace(0, len(peaks), min(len(peaks), COLUMNS) + 1)[:-1].astype(int)
    high = np.sqrt(np.maximum.reduceat(np.abs(peaks).max(axis=1), starts)) if len(peaks) else np.zeros(1)
    high = high / max(float(high.max()), 1e-9)
    times = np.linspace(0, duration, len(high))
    ax.fill_between(times, -high, high, color=FAINT, linewidth=0)
    for lane, person in enumerate(people):
        spans = _spans(turns[turns["speaker"] == person])
        ax.broken_barh(spans, (-1.5 - 0.42 * lane, 0.34), color=colour(person), linewidth=0.3)
    if at:
        ax.plot(at, [1.15] * len(at), "v", color=INK, markersize=7, clip_on=False)
    ax.set_yticks([-1.33 - 0.42 * lane for lane in range(len(people))], [speaker_name(p) for p in people])
    ax.set_ylim(-1.35 - 0.42 * len(people), 1.25)
    minutes_axis(ax, 0, duration)
    chart.times.append((ax, 0, duration))
    alt = f"The sound of the session, {clock(duration)} long, with who spoke when. {_in_words(turns, at)}"
    return chart.described(alt, "How loud it was, and who spoke when.")


def _within(table: pd.DataFrame, start: float, end: float) -> pd.DataFrame:
    """Cut a table of stretches to what lies between two times."""
    cut = table.assign(start=table["start"].clip(lower=start), end=table["end"].clip(upper=end))
    return cut[cut["end"] > cut["start"]]


def _spans(table: pd.DataFrame) -> list[tuple[float, float]]:
    return list(zip(table["start"], table["end"] - table["start"], strict=True))


def _lanes(ax: Axes, turns: pd.DataFrame, people: list[str], names: Mapping[str, str] | None) -> None:
    for lane, person in enumerate(people):
        own = turns[turns["speaker"] == person]
        ax.axhline(lane, color=QUIET, linewidth=0.8, zorder=0)
        ax.broken_barh(
            _spans(own), (lane - LANE / 2, LANE), color=colour(person), linewidth=0.3, label=person
        )
    called = [speaker_name(person, names).replace(" (", "\n(") for person in people]
    ax.set_yticks(range(len(people)), called, fontsize=11 if not any("\n" in c for c in called) else 9)


def _silences(ax: Axes, quiet: pd.DataFrame, start: float, end: float, lanes: int) -> None:
    """Shade long silences and write their seconds above; where they crowd, the longer one's are written."""
    for begins, length in _spans(_within(quiet, start, end)):
        ax.axvspan(
            begins, begins + length, ymax=(lanes - 0.05) / (lanes + 0.5), color=QUIET, zorder=-1, linewidth=0
        )
    taken: list[tuple[float, float]] = []
    for silence in quiet.sort_values("duration", ascending=False).to_dict("records"):
        seconds, middle = f"{silence['duration']:.0f}", (silence["start"] + silence["end"]) / 2
        room = (len(seconds) * DIGIT / 2 + 0.002) * (end - start)
        free = all(middle + room <= low or middle - room >= high for low, high in taken)
        if start <= middle < end and free:
            taken.append((middle - room, middle + room))
            ax.text(middle, -0.62, seconds, ha="center", va="center", fontsize=9, color=FAINT)


def _legend(chart: Chart, quiet: pd.DataFrame, both: pd.DataFrame, marks: list[float]) -> None:
    parts: list[Patch | Line2D] = []
    if len(quiet):
        parts.append(Patch(color=QUIET, label=f"silence of {LONG_SILENCE:.0f} s or more, with its seconds"))
    if len(both):
        parts.append(Patch(color=OVERLAP, label="both at once"))
    if marks:
        parts.append(Line2D([], [], color=INK, marker="^", linestyle="", label="your mark"))
    if parts:
        chart.legend(handles=parts, ncols=3, fontsize=9.5, **LEGEND)


def _in_words(turns: pd.DataFrame, marks: Sequence[float], names: Mapping[str, str] | None = None) -> str:
    shares, held = talk_share(turns), floor_turns(turns)["speaker"].value_counts()
    quiet, both = long_silences(turns), overlaps(turns)
    said = [
        f"{speaker_name(person, names)} {shares.get(person, 0):.0%} in {counted(int(held.get(person, 0)), 'turn')}"
        for person in speakers(turns)
    ]
    longest = ""
    if len(quiet):
        silence = quiet.round(6).sort_values("duration", ascending=False, kind="stable").iloc[0]
        longest = f", the longest {silence['duration']:.0f} s at {clock(silence['start'])}"
    # Not seen is not the same as none: where there is no overlap, none is spoken of.
    at_once = f" Both at once {counted(len(both), 'time')}." if len(both) else ""
    put = f" {counted(len(marks), 'mark')} of yours, at {', '.join(map(clock, marks))}." if marks else ""
    return (
        f"Of the talking: {', '.join(said)}. "
        f"{counted(len(quiet), 'silence')} of three seconds or more{longest}.{at_once}{put}"
    )


@styled
def talk_balance(balance: pd.DataFrame) -> Chart:
    """Draw the talk shares in equal parts of the session."""
    if balance.empty:
        return nothing_yet(NO_TALK)
    people = list(dict.fromkeys(balance["speaker"]))
    chart = Chart(2.6)
    (ax,) = chart.panel()
    parts = balance.drop_duplicates("part")
    left = np.zeros(len(parts))
    for person in people:
        own = balance[balance["speaker"] == person]
        share = own["share"].fillna(0).to_numpy(dtype=float)
        bars = ax.bar(own["part"], share, bottom=left, width=0.72, color=colour(person), label=person)
        text = "white" if person in ("client", "voice_2", "other") else INK
        labels = [f"{value:.0%}" if value >= 0.12 else "" for value in share]
        ax.bar_label(bars, labels, label_type="center", fontsize=10, color=text)
        left = left + share
    for part, silent in zip(parts["part"], parts["share"].isna(), strict=True):
        if silent:
            ax.text(part, 0.03, "nobody\nspoke", ha="center", fontsize=9.5, color=FAINT)
    for person, height in _label_heights(balance, people):
        ax.text(parts["part"].max() + 0.45, height, speaker_name(person), va="center", fontsize=11)
    ax.set_xticks(parts["part"], [f"from {clock(start)}" for start in parts["start"]])
    ax.set_yticks([])
    ax.set_xlim(0.5, parts["part"].max() + (1.2 if len(speaker_name(people[-1])) < 12 else 1.9))
    ax.set_ylim(0, 1.02)
    own = balance[balance["speaker"] == people[0]]
    said = ", ".join("nobody spoke" if np.isnan(v) else f"{v:.0%}" for v in own["share"])
    called = speaker_name(people[0])
    whose = "yours" if called == "you" else f"by {called}"
    alt = f"Part of the talking that was {whose}, in {len(parts)} equal parts of the session: {said}."
    caption = (
        "Of the time in which anybody spoke, how much was whose. There is no right share: therapies differ."
    )
    return chart.described(alt, caption)


def _label_heights(balance: pd.DataFrame, people: list[str]) -> list[tuple[str, float]]:
    """Heights for the names beside the last bar: the middles of its pieces."""
    last = balance[balance["part"] == balance["part"].max()].set_index("speaker")["share"].fillna(0)
    tops = np.cumsum([last.get(p, 0.0) for p in people])
    middles = [float(top - last.get(p, 0.0) / 2) for p, top in zip(people, tops, strict=True)]
    # Two names need room between them even when one piece is thin.
    spread = [min(max(0.06, middles[0]), 0.96 - 0.12 * (len(people) - 1))]
    for height in middles[1:]:
        spread.append(max(height, spread[-1] + 0.12))
    return list(zip(people, spread, strict=True))


@styled
def pauses_and_gaps(turns: pd.DataFrame) -> Chart:
    """Draw how long the pauses within turns and the gaps before answers were, one dot each."""
    if turns.empty:
        return nothing_yet(NO_TURNS)
    inside, between = pauses(turns), gaps(turns)
    rows = [
        (what, person, table.loc[table[by] == person, column].to_numpy(dtype=float))
        for what, table, by, column in (
            ("pauses", inside, "speaker", "duration"),
            ("before answering", between, "responder", "latency"),
        )
        for person in speakers(turns)
    ]
    chart = Chart(0.9 + 0.52 * len(rows))
    (ax,) = chart.panel()
    said, labels = [], []
    for row, (what, person, values) in enumerate(rows):
        _strip(ax, row, values, colour(person))
        called = speaker_name(person)
        labels.append(f"{called}\n{what}" if len(called) > 12 else f"{called}: {what}")
        middle = f", middle {np.median(values):.1f} s" if len(values) >= MIDDLE_FROM else ""
        said.append(f"{called}, {what}: {counted(len(values), 'time')}{middle}")
    ax.axvline(0, color=FAINT, linewidth=0.8, zorder=0)
    ax.axvline(LONG_SILENCE, color=FAINT, linewidth=0.8, linestyle=":", zorder=0)
    low, high = ax.get_xlim()
    ax.set_xlim(min(low, -0.2), max(high, LONG_SILENCE + 1.0))
    ax.set_yticks(range(len(rows)), labels, fontsize=10.5)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    long = f"long silence: {LONG_SILENCE:.0f} s"
    ax.text(LONG_SILENCE, -0.5, long, ha="center", va="bottom", fontsize=9, color=FAINT)
    ax.set_xlabel("seconds")
    caption = (
        "Each dot is one silence of 0.2 s or more within a turn, or the time before the other answered; "
    )
    caption += "the upright bar marks the middle one, the flat one the middle half."
    caption += " Left of 0, the other had not ended yet." if (between["latency"] < 0).any() else ""
    every = np.concatenate([values for *_, values in rows])
    if (every > BEYOND).any():
        caption += f" An arrowhead is longer than {BEYOND:.0f} s."
    return chart.described(f"Pauses and answers in this session. {'; '.join(said)}.", caption)


def _strip(ax: Axes, row: int, values: np.ndarray[tuple[int], np.dtype[np.float64]], tint: str) -> None:
    """Draw one row of dots, moved up and down so that equal ones are both seen."""
    offset = np.random.default_rng(row).uniform(-0.17, 0.17, len(values))
    far = values > BEYOND
    ax.scatter(values[~far], row + offset[~far], s=20, color=tint, alpha=0.6, linewidths=0)
    ax.scatter(np.full(far.sum(), BEYOND), row + offset[far], s=30, marker=">", color=tint, linewidths=0)
    if len(values) >= QUARTILES_FROM:
        ax.hlines(row + 0.27, *np.quantile(values, [0.25, 0.75]), color=INK, linewidth=1.5)
    if len(values) >= MIDDLE_FROM:
        ax.vlines(np.median(values), row - 0.27, row + 0.27, color=INK, linewidth=2)
    number = f"n = {len(values)}" if len(values) else "none"
    ax.text(1.01, row, number, transform=ax.get_yaxis_transform(), va="center", fontsize=9.5)
