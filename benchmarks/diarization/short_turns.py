"""How much of short turns, and of two at once, is heard; ``python -m benchmarks.diarization.short_turns``.

Conventions: the shortest tuning sessions; the reference says all that is spoken; found voices are named
as in `benchmarks.diarization.score`. *Overlap*: of the time in which two speak by the reference, the part that is
found so (recall); of the time that is found so, the part in which two do speak (precision). A *short turn* is a
stretch of the reference of up to a second; it is kept when at least half of it is found as that speaker's. It lies
*over the other's words* when more than half of it does, and *alone* when the other is silent throughout.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from therapy_review.diarization.engine import ENGINE, diarize

from .readers import SHARED, there
from .score import mapping
from .sessions import Session, simulated

GRAIN = 0.01  # seconds
SHORT = 1.0  # seconds
LONGEST = 12.0  # minutes of a session that is listened to
KEPT = 0.5  # of a short turn
INTO = Path(__file__).parent / "results" / "short_turns.md"
COUNTS = ["two", "two_found", "two_both", "short", "short_kept", "over", "over_kept", "alone", "alone_kept"]


def count(reference: pd.DataFrame, found: pd.DataFrame) -> dict[str, float]:
    """Count overlap in seconds, and short turns.

    Parameters
    ----------
    reference, found : DataFrame
        Turns tables.

    Returns
    -------
    dict of str to float
        Seconds in which two speak (``two``), are found to (``two_found``), and both (``two_both``); the short turns
        there are, and those that are kept, of all, ``over`` the other's words, and ``alone``.
    """
    taken = mapping(reference, found)
    named = found.assign(speaker=[taken.get(voice, "nobody") for voice in found["speaker"]])
    length = max(reference["end"].max(), named["end"].max() if len(named) else 0.0)
    people = sorted(reference["speaker"].unique())
    real, heard = ({who: _grains(turns, who, length) for who in people} for turns in (reference, named))
    two, two_found = (sum(each.values()) > 1 for each in (real, heard))
    result = dict.fromkeys(COUNTS, 0.0)
    result |= {"two": GRAIN * two.sum(), "two_found": GRAIN * two_found.sum()}
    result["two_both"] = GRAIN * (two & two_found).sum()
    brief = reference[reference["end"] - reference["start"] <= SHORT]
    for start, end, who in brief[["start", "end", "speaker"]].itertuples(index=False):
        here = slice(round(start / GRAIN), max(round(end / GRAIN), round(start / GRAIN) + 1))
        is_kept = heard[who][here].mean() >= KEPT
        covered = two[here].mean()
        kinds = ["short", *(["over"] if covered > 0.5 else ["alone"] if covered == 0 else [])]
        for kind in kinds:
            result[kind] += 1
            result[f"{kind}_kept"] += is_kept
    return {name: float(value) for name, value in result.items()}


def _grains(turns: pd.DataFrame, who: str, length: float) -> NDArray[np.int64]:
    speaks = np.zeros(round(length / GRAIN) + 1, dtype=np.int64)
    for start, end in turns.loc[turns["speaker"] == who, ["start", "end"]].to_numpy():
        speaks[round(start / GRAIN) : round(end / GRAIN)] = 1
    return speaks


def markdown(counts: pd.DataFrame) -> str:
    """Write the counts of some sessions for people.

    Parameters
    ----------
    counts : DataFrame
        One row a session, as from `count`.

    Returns
    -------
    str
        Markdown.
    """
    all_ = counts[COUNTS].sum()
    lines = [
        "# Short turns, and two at once\n",
        f"{len(counts)} of the simulated sessions with which parameters may be chosen, with the engine `{ENGINE}`; "
        "written by `python -m benchmarks.diarization.short_turns`, whose first lines say what is counted.\n",
        "| what | there are | of them found |",
        "| --- | --- | --- |",
        f"| time in which two speak | {all_['two']:.0f} s | {_part(all_['two_both'], all_['two'])} |",
        f"| turns of up to {SHORT:g} s | {all_['short']:.0f} | {_part(all_['short_kept'], all_['short'])} |",
        f"| of these, over the other's words | {all_['over']:.0f} | {_part(all_['over_kept'], all_['over'])} |",
        f"| of these, nobody else speaks | {all_['alone']:.0f} | {_part(all_['alone_kept'], all_['alone'])} |",
        "",
        f"Of the {all_['two_found']:.0f} s that are marked as two at once, two do speak in "
        f"{_part(all_['two_both'], all_['two_found'])}.",
    ]
    return "\n".join(lines) + "\n"


def _part(some: float, whole: float) -> str:
    return f"{100 * some / whole:.0f} %" if whole else "none"


def _heard(session: Session) -> dict[str, float]:
    samples, reference = session.hear()
    return count(reference, diarize(samples))


def main() -> None:
    """Listen to short tuning sessions, and write what of their short turns is kept."""
    if not there():
        sys.exit(f"There is no speech in {SHARED}; set THERAPY_REVIEW_SHARED to the folder that holds it.")
    sessions = [one for one in simulated("tuning") if float(str(one.about["minutes"])) <= LONGEST]
    rows = Parallel(2)(delayed(_heard)(session) for session in sessions)
    INTO.write_text(text := markdown(pd.DataFrame(rows)), encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
