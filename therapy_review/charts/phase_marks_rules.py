"""Phase marks: on a chart, where sessions were held or heard in another way, named under the row it matters to."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from therapy_review.charts.base import FAINT
from therapy_review.trends import NOTHING_NOTED, in_a_row
from therapy_review.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACROSS = 125  # letters that fit under a row
LINE = 0.16  # inches: the height of one line of them
OVER_TIME = "A dotted line: from there on, sessions were held or heard in another way, named under the row."
APART = "Sessions held or heard in another way, named under the row, have a range of their own."
BESIDE = "What is named under a row was not the same in all of its sessions, and may be why they differ."


def over_time(own: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Find where the phases of a line begin, and name them."""
    if own["phase"].nunique() < 2:
        return own.iloc[:0], ""
    lasts = pd.Series(in_a_row(own["phase"].tolist()), index=own.index)
    lasting, around = own[lasts], own["phase"].where(lasts).ffill().bfill()
    apart = own[own["phase"] != around]
    new = lasting["phase"] != lasting["phase"].shift()
    begun = lasting[new].iloc[1:]
    usual = lasting["phase"].unique().tolist()
    shared = _shared(usual if len(usual) > 1 else own["phase"].unique().tolist())
    said = [
        f"From {d.day} {d:%B %Y}: {_short(p, shared)}"
        for d, p in begun[["date", "phase"]].itertuples(index=False)
    ]
    known = {part for phase in usual for part in phase.split(", ")}
    other: dict[str, int] = {}
    for phase in apart["phase"]:
        name = _short(phase, known)
        other[name] = other.get(name, 0) + 1
    said += [f"{counted(n, 'session')} apart: {name}" for name, n in other.items()]
    return begun, "; ".join(said)


def beside(sides: Sequence[tuple[str, pd.Series]]) -> str:
    """Name what differs between groups of sessions that stand beside each other.

    Examples
    --------
    >>> early, recent = pd.Series(["old phone"] * 2), pd.Series(["clip-on", "clip-on", "online, clip-on"])
    >>> beside([("early", early), ("recent", recent)])
    'early: old phone; recent: clip-on, 1 of 3 online'
    """
    if len({phase for _, phases in sides for phase in phases}) < 2:
        return ""
    most = [str(phases.mode().iloc[0]) for _, phases in sides]
    shared, said = _shared(most), []
    for (called, phases), usual in zip(sides, most, strict=True):
        parts = [_short(usual, shared)] if len(set(most)) > 1 else []
        for phase, n in phases[phases != usual].value_counts().items():
            parts.append(f"{n} of {len(phases)} {_short(str(phase), {*usual.split(', '), *shared})}")
        if parts:
            said.append(f"{called}: {', '.join(parts)}")
    return "; ".join(said)


def under(ax: Axes, text: str) -> None:
    """Write under a row what differs in it, if anything does."""
    if text:
        ax.set_xlabel(
            "\n".join(textwrap.wrap(text, ACROSS)), loc="left", fontsize=8.5, color=FAINT, labelpad=3
        )


def room(texts: Sequence[str]) -> float:
    """Tell how much higher (inches) a chart has to be for what is written under its rows."""
    return LINE * sum(len(textwrap.wrap(text, ACROSS)) for text in texts)


def _shared(phases: Sequence[str]) -> set[str]:
    return set.intersection(*(set(phase.split(", ")) for phase in phases))


def _short(phase: str, known: set[str]) -> str:
    """Leave out of a phase's name what is known anyway."""
    return ", ".join(part for part in phase.split(", ") if part not in known) or NOTHING_NOTED
