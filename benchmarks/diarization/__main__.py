"""Listen to everything with every system, and write one table.

``python -m benchmarks.diarization --help`` tells how to listen to less. Systems that are left out keep the scores
of an earlier run as long as the simulated sound is the same: after a change of the engine, ``--system engine``.
"""

from __future__ import annotations

import sys
import time
import warnings
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from joblib import Parallel, delayed

from therapy_review.diarization import diarize_tracks
from therapy_review.diarization.engine import ENGINE
from therapy_review.errors import RecordingError

from .baselines import SYSTEMS, System
from .readers import SHARED, there
from .report import calibration, calibration_chart, markdown
from .score import score, sureness
from .sessions import GROUPS, Session
from .simulate import version

SAMPLE_RATE = 16_000
SystemName = StrEnum("SystemName", list(SYSTEMS))  # type: ignore[misc]
GroupName = StrEnum("GroupName", list(GROUPS))  # type: ignore[misc]


def listen(session: Session, systems: list[str]) -> tuple[list[dict[str, object]], list[pd.DataFrame]]:
    """Let systems say who spoke when in one session; give their scores and how sure they were."""
    warnings.simplefilter("ignore")
    samples, reference = session.hear()
    length = samples.shape[-1] / SAMPLE_RATE
    scores: list[dict[str, object]] = []
    sure = []
    for name in systems:
        found, asked = _asked(SYSTEMS[name], samples, session.speakers)
        about = {"system": name, "group": session.group, "session": session.name, "length": length}
        about |= {"engine": ENGINE if name == "engine" else ""}
        scores.append(about | {"speakers_asked": asked} | session.about | score(reference, found, length))
        if session.group in ("tuning", "held_out"):
            sure.append(sureness(reference, found).assign(system=name))
    return scores, sure


def _asked(system: System, samples, speakers: int) -> tuple[pd.DataFrame, int]:
    """Ask for as many voices as there are, or for two where a system knows no more; let the engine use tracks."""
    if samples.ndim == 2 and system is SYSTEMS["engine"]:
        return diarize_tracks(samples, SAMPLE_RATE), len(samples)
    samples = samples if samples.ndim == 1 else samples.mean(axis=0)
    try:
        return system(samples, SAMPLE_RATE, speakers=speakers), speakers
    except RecordingError:
        return system(samples, SAMPLE_RATE, speakers=2), 2


def seconds_an_hour(system: str, session: Session) -> float:
    """Measure a system alone, in this process, after it has warmed up."""
    samples, _ = session.hear()
    _asked(SYSTEMS[system], samples[..., : 30 * SAMPLE_RATE], 2)
    begun = time.perf_counter()
    _asked(SYSTEMS[system], samples, 2)
    return (time.perf_counter() - begun) / (samples.shape[-1] / SAMPLE_RATE) * 3600


def kept(file: Path, systems: list[str]) -> pd.DataFrame:
    """Read the scores of all other systems from an earlier run, as far as they heard the same sound."""
    if not file.exists():
        return pd.DataFrame()
    earlier = pd.read_csv(file, dtype={"client": str, "therapist": str})
    return earlier[~earlier["system"].isin(systems) & (earlier["sound"] == version()[:12])]


def kept_bins(file: Path, systems: list[str]) -> pd.DataFrame:
    """Read from an earlier run how far the confidence of all other systems can be believed."""
    if not file.exists():
        return pd.DataFrame()
    earlier = pd.read_csv(file)
    return earlier[~earlier["system"].isin(systems)]


def main(
    system: Annotated[
        list[SystemName] | None, typer.Option(help="Only these systems; the others keep their scores.")
    ] = None,
    group: Annotated[list[GroupName] | None, typer.Option(help="Only these groups.")] = None,
    up_to: Annotated[float, typer.Option(help="Leave out simulated sessions of more minutes.")] = 60.0,
    condition: Annotated[str, typer.Option(help="Only simulated sessions of this condition.")] = "",
    jobs: Annotated[int, typer.Option(help="Processes.")] = 2,
    into: Annotated[Path, typer.Option(help="Folder for the results.")] = Path(__file__).parent / "results",
) -> None:
    """Print one table, system by group, and write it with every session's scores and a calibration plot."""
    if not there():
        sys.exit(f"There is no speech in {SHARED}; set THERAPY_REVIEW_SHARED to the folder that holds it.")
    systems = [str(name) for name in system or SYSTEMS]
    sessions = [s for name in group or GROUPS for s in GROUPS[str(name)]()]
    sessions = [s for s in sessions if float(str(s.about.get("minutes", 0))) <= up_to]
    if condition:
        sessions = [s for s in sessions if s.about.get("condition", condition) == condition]
    if not sessions:
        sys.exit("No session is left to listen to; choose other groups, lengths or conditions.")
    scores, sure = [], []
    # The longest first, so that no process ends with one of them alone; the table keeps the order of groups.
    order = sorted(range(len(sessions)), key=lambda i: -float(str(sessions[i].about.get("minutes", 0))))
    heard: dict[int, tuple] = {}
    results = Parallel(jobs, return_as="generator")(delayed(listen)(sessions[i], systems) for i in order)
    for done, (i, result) in enumerate(zip(order, results, strict=True), 1):
        heard[i] = result
        print(f"{done}/{len(sessions)} {sessions[i].group} {sessions[i].name}", file=sys.stderr)
    for i in range(len(sessions)):
        scores += heard[i][0]
        sure += heard[i][1]
    alone = max(sessions, key=lambda s: (s.about.get("minutes") == 20, s.group == "held_out"))
    speed = {name: seconds_an_hour(name, alone) for name in systems}
    table = pd.DataFrame(scores)
    table = table.assign(seconds_an_hour=table["system"].map(speed), sound=version()[:12])
    table = pd.concat([table, kept(into / "cases.csv", systems)], ignore_index=True)
    bins = calibration(pd.concat(sure)) if sure else pd.DataFrame()
    bins = pd.concat([bins, kept_bins(into / "calibration.csv", systems)], ignore_index=True)
    text = markdown(table, bins)
    into.mkdir(parents=True, exist_ok=True)
    (into / "README.md").write_text(text, encoding="utf-8")
    table.round(4).to_csv(into / "cases.csv", index=False)
    if not bins.empty:
        bins.round(4).to_csv(into / "calibration.csv", index=False)
        for name, own in bins.groupby("system"):
            (into / f"calibration_{name}.png").write_bytes(calibration_chart(own).png())
    print(text)


if __name__ == "__main__":
    typer.run(main)
