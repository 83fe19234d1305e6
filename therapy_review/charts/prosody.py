"""Charts of pitch and loudness. What may be said of them, and what not, stands below every one.

They are the one picture at which no sentence says that something moved: a cold or a chair moved by a hand's breadth
changes them as well, and no test can tell that from a voice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, NullLocator

from therapy_review.charts.base import FAINT, INK, QUIET, Chart, colour, nothing_yet, speaker_name, styled
from therapy_review.charts.usual_range import rows_over_time
from therapy_review.measures import CAUTION, LEAST_VOICED
from therapy_review.trends import usual, written

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LANE = 0.42  # inches a speaker
TOO_LITTLE = f"Nobody was heard alone for {LEAST_VOICED:.0f} seconds; of less, nothing is told."
NOTHING_ACROSS = (
    "Pitch and loudness are put beside each other only for sessions whose notes say by which microphone they were "
    "recorded. You can say it in a session's notes, under “How this session was held”."
)
MIDDLE = "The dot is the middle, the bar the middle half of what was heard: half of it lies outside."
NO_CLAIM = "Whether anything of it moved is not said here."


@styled
def voices_of_a_session(table: pd.DataFrame) -> Chart:
    """Draw how high and how loud everybody in a session was.

    Parameters
    ----------
    table : DataFrame
        As from `therapy_review.measures.pitch_loudness.prosody`.

    Returns
    -------
    Chart
        Pitch above, loudness below, a lane a speaker; its caption says what can be compared.
    """
    there = table.dropna(subset=["pitch", "loudness"]).reset_index(drop=True)
    if there.empty:
        return nothing_yet("Nobody was heard alone for long enough.").described(
            TOO_LITTLE, f"{TOO_LITTLE} {CAUTION}"
        )
    chart = Chart(1.3 + 2 * LANE * len(there))
    pitch, loudness = chart.panel(2)
    called = [speaker_name(who) for who in there["speaker"]]
    low, high = (there["pitch"] * 2 ** (there[column] / 12) for column in ("pitch_q1", "pitch_q3"))
    _lanes(pitch, there, called, (low, there["pitch"], high), "Hz", "pitch_range", "semitones")
    pitch.set_xscale("log")
    pitch.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} Hz"))
    pitch.xaxis.set_minor_locator(NullLocator())
    lowest, highest = low.min(), high.max()
    ticks = [tick for tick in (60, 80, 100, 150, 200, 300, 400) if lowest / 1.3 < tick < highest * 1.3]
    pitch.set_xticks(ticks or [float(there["pitch"].iloc[0])])
    pitch.set_xlim(lowest / 1.25, highest * 1.25)
    low, high = (there["loudness"] + there[column] for column in ("loudness_q1", "loudness_q3"))
    _lanes(loudness, there, called, (low, there["loudness"], high), "dB", "loudness_range", "dB")
    loudness.axvline(0, color=FAINT, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0)
    loudness.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+g} dB" if value else "0"))
    for ax, title in (
        (pitch, "pitch"),
        (loudness, "loudness, beside the middle of everybody in this session"),
    ):
        ax.set_title(title, loc="left", fontsize=10, color=INK, pad=4)
    said = "; ".join(
        f"{who}: pitch {written(row['pitch'], 'Hz')}, its middle half {written(row['pitch_range'], 'semitones')} "
        f"wide, loudness {row['loudness']:+.1f} dB, its middle half {written(row['loudness_range'], 'dB')} wide"
        for who, row in zip(called, there.to_dict("records"), strict=True)
    )
    return chart.described(f"Pitch and loudness of each voice. {said}. {CAUTION}", f"{MIDDLE} {CAUTION}")


def _lanes(
    ax: Axes,
    there: pd.DataFrame,
    called: list[str],
    ends: tuple[pd.Series, pd.Series, pd.Series],
    unit: str,
    wide: str,
    wide_unit: str,
) -> None:
    """Draw a speaker's middle half as a bar with its middle, and write both beside it."""
    for lane, (who, low, middle, high, width) in enumerate(
        zip(there["speaker"], *ends, there[wide], strict=True)
    ):
        line: Any = {"color": colour(who), "zorder": 2}
        ax.plot([low, high], [lane, lane], linewidth=8, solid_capstyle="butt", alpha=0.35, **line)
        ax.scatter(middle, lane, s=64, linewidth=0, **line)
        ax.text(
            1.01,
            lane,
            f"{written(middle, unit) if unit == 'Hz' else f'{middle:+.1f} dB'}, {written(width, wide_unit)} wide",
            transform=ax.get_yaxis_transform(),
            va="center",
            fontsize=9.5,
            color=INK,
        )
        ax.axhline(lane, color=QUIET, linewidth=0.7, zorder=0)
    ax.set_yticks(np.arange(len(there)), called, fontsize=10)
    ax.set_ylim(len(there) - 0.5, -0.5)
    ax.tick_params(axis="x", labelsize=9)


@styled
def voices_over_time(table: pd.DataFrame) -> Chart:
    """Draw pitch and loudness over the sessions, each beside the sessions before it by the same microphone.

    Parameters
    ----------
    table : DataFrame
        As from `therapy_review.trends.table.trends` for pitch and loudness.

    Returns
    -------
    Chart
        One row a measure; another microphone breaks it, and its caption says what can be compared.
    """
    if not table["value"].notna().any():
        return nothing_yet("Pitch and loudness are not known of any session yet.").described(
            NOTHING_ACROSS, f"{NOTHING_ACROSS} {CAUTION}"
        )
    chart = rows_over_time(usual(table), {})
    return chart.described(f"{chart.alt} {CAUTION}", f"{chart.caption} {NO_CLAIM} {CAUTION}")
