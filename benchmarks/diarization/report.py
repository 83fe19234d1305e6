"""From the scores of single sessions to one table, and to how far confidence can be believed."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from therapy_review.charts import FAINT, INK, Chart, styled

from .cases import MINUTES, TUNING_READERS
from .score import pooled

BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
SIMULATED = ("tuning", "held_out")
FEW = 20  # stretches: fewer say nothing
COLOURS = {"turns": "#0072B2", "time": "#D55E00"}
HEADS = {
    "DER": "DER",
    "DER_collar": "DER ±0.25 s",
    "miss": "miss",
    "false_alarm": "false alarm",
    "confusion": "confusion",
    "voice_activity": "by voice activity",
    "overlap": "by overlap",
    "boundary": "by boundaries",
    "mistaken": "by mistaken voice",
}


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """Put sessions together by system and group.

    Parameters
    ----------
    scores : DataFrame
        One row a session and system.

    Returns
    -------
    DataFrame
        One row a system and group, in the order of the systems.
    """
    rows = []
    for group, own in _groups(scores):
        for system, his in own.groupby("system", sort=False):
            whole = {
                "group": group,
                "system": system,
                "sessions": len(his),
                "hours": his["length"].sum() / 3600,
            }
            rows.append(whole | pooled(his) | {"seconds_an_hour": his["seconds_an_hour"].mean()})
    return pd.DataFrame(rows)


def _groups(scores: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    simulated = scores[scores["group"].isin(SIMULATED)]
    if set(simulated["group"]) == set(SIMULATED):
        yield "all simulated", simulated
    for part, own in scores.groupby("group", sort=False):
        name = str(part).replace("_", " ")
        yield name, own
        for column in ("condition", "mix"):
            if column in own and own[column].notna().all():
                yield from ((f"{name}: {value}", some) for value, some in own.groupby(column, sort=False))
        if "new_voices" in own and (own["new_voices"] == 2).any():
            yield f"{name}: both voices new", own[own["new_voices"] == 2]


def markdown(scores: pd.DataFrame, sure: pd.DataFrame) -> str:
    """Write the results for people.

    Parameters
    ----------
    scores : DataFrame
        One row a session and system.
    sure : DataFrame
        As from `calibration`.

    Returns
    -------
    str
        Markdown.
    """
    today = dt.date.today()
    tuning, held_out = len(MINUTES["tuning"]) * 6, len(MINUTES["held_out"]) * 6
    head = f"""# Who spoke when: results
{today.day} {today:%B %Y}, {_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}; the engine is
{_engines(scores)}. Written by `make bench-diarization`; every session is in cases.csv.

Parameters may be chosen with the {tuning} *tuning* sessions (readers {", ".join(TUNING_READERS)}) alone. In each of
the {held_out} *held out* sessions at least one voice was in none of those, in the rows "both voices new" neither.
Held out and practice sessions were used for no choice. AMI was used for one: it showed that an earlier engine took
small noises for speech where hardly anybody speaks, and of changes to voice activity that did equally well in the
tuning sessions, those were kept that mend it; so its figures are a little too good. In the row "tracks" some of the
held-out sessions are heard once more as the engine hears a recording with a track for everybody, each with 20 to
30 dB softer the other.

All of DER and its parts are per cent of the reference's speaking time, two at once counted twice, no collar unless
said. Miss, false alarm and confusion add up to DER, and so do the four causes. The share error is that of the
client's talk share in percentage points, its mean size and its worst. Turns are those found for each in the
reference. Swallowed are sessions in which somebody with more than 10 % of the talk is left with under 5 %. Seconds
for an hour of sound (s/h) are measured alone in one process, on a machine that may have had other things to do.

"""
    units = [
        "group",
        "system",
        "sessions",
        "hours",
        *HEADS.values(),
        "share error",
        "turns",
        "swallowed",
        "s/h",
    ]
    lines = ["| " + " | ".join(units) + " |", "| " + " | ".join(["---"] * len(units)) + " |"]
    for row in table(scores).to_dict("records"):
        cells = [row["group"], row["system"], f"{row['sessions']}", f"{row['hours']:.1f}"]
        cells += [f"{row[name]:.1f}" for name in HEADS]
        cells += [f"{row['share_error']:.1f} (worst {row['share_error_worst']:.1f})"]
        cells += [f"{row['turns']:.2f}", f"{row['swallowed']:.0f}", f"{row['seconds_an_hour']:.0f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return head + "\n".join(lines) + "\n" + _sure_words(sure)


def _engines(scores: pd.DataFrame) -> str:
    """Name what made the engine's rows, which may have been kept from an earlier run."""
    made = scores[scores["system"] == "engine"].get("engine", pd.Series(dtype=str)).dropna().unique()
    return " and ".join(f"`{name}`" for name in made) or "not among the systems"


def _sure_words(sure: pd.DataFrame) -> str:
    if sure.empty:
        return ""
    lines = [
        "\n## How far confidence can be believed\n",
        "How many of the stretches found in simulated sessions, tuning and held out together, are right: most of "
        "their time is that speaker's.\n",
        *(
            f"![{name}: the part that is right at each confidence](calibration_{name}.png)\n"
            for name in sure["system"].unique()
        ),
        "| system | confidence | stretches | hours | mean confidence | right, of stretches | right, of time |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['system']} | {row['low']:g} to {row['high']:g} | {row['stretches']} | {row['hours']:.2f} "
        f"| {row['confidence']:.3f} | {100 * row['right_turns']:.1f} % | {100 * row['right_time']:.1f} % |"
        for row in sure.to_dict("records")
    ]
    return "\n".join(lines) + "\n"


def calibration(sure: pd.DataFrame) -> pd.DataFrame:
    """Count in bins of confidence how many stretches are right.

    Parameters
    ----------
    sure : DataFrame
        Columns system, confidence, seconds, right.

    Returns
    -------
    DataFrame
        Columns system, low, high, stretches, hours, confidence (mean, by time), right_turns and right_time (0 to
        1); only systems whose confidence says something.
    """
    rows = []
    for system, own in sure.groupby("system", sort=False):
        if own["confidence"].nunique() < 2:
            continue
        place = np.clip(np.searchsorted(BINS, own["confidence"], side="right") - 1, 0, len(BINS) - 2)
        for i, some in own.groupby(place):
            seconds = some["seconds"].sum()
            rows.append(
                {
                    "system": system,
                    "low": BINS[i],
                    "high": BINS[i + 1],
                    "stretches": len(some),
                    "hours": seconds / 3600,
                    "confidence": (some["confidence"] * some["seconds"]).sum() / seconds,
                    "right_turns": some["right"].mean(),
                    "right_time": (some["right"] * some["seconds"]).sum() / seconds,
                }
            )
    return pd.DataFrame(rows)


@styled
def calibration_chart(sure: pd.DataFrame) -> Chart:
    """Draw how many stretches are right at each confidence.

    Parameters
    ----------
    sure : DataFrame
        As from `calibration`, one system.

    Returns
    -------
    Chart
    """
    chart = Chart(6.0)
    upper, lower = chart.panel(2, sharex=True, height_ratios=[3, 1])
    upper.plot([0, 1], [0, 1], color=FAINT, lw=1, ls=":")
    upper.text(0.45, 0.38, "as right as sure", color=FAINT)
    enough = sure[sure["stretches"] >= FEW]
    for column, what in (("right_turns", "turns"), ("right_time", "time")):
        line = {"color": COLOURS[what], "label": f"counted by {what}", "clip_on": False}
        upper.plot(enough["confidence"], enough[column], "o-", **line)
    upper.set(ylabel="part that is right", xlim=(0, 1), ylim=(0, 1.02))
    upper.legend(frameon=False, loc="upper left", labelcolor=INK)
    middle = (sure["low"] + sure["high"]) / 2
    lower.bar(middle, sure["hours"], width=0.9 * (sure["high"] - sure["low"]), color=FAINT)
    lower.set(xlabel="confidence", ylabel="hours")
    gap = (sure["right_time"] - sure["confidence"]).abs()
    worst = float((gap * sure["hours"]).sum() / sure["hours"].sum())
    alt = (
        f"Of {sure['hours'].sum():.1f} hours found in simulated sessions, the part that is right at each "
        "confidence; "
        f"on average the two are {100 * worst:.1f} points apart."
    )
    return chart.described(
        alt,
        "A stretch is right when most of its time belongs to that speaker; "
        f"no point stands for fewer than {FEW} stretches.",
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = (
        [line for line in info.read_text().splitlines() if line.startswith("model name")]
        if info.exists()
        else []
    )
    return names[0].split(":")[1].strip() if names else platform.processor() or platform.machine()
