"""Print the README's table: how well the practice sessions are told apart, against their exact reference.

.venv/bin/python benchmarks/accuracy.py
"""

from __future__ import annotations

import sys
from pathlib import Path

from pyannote.core import Annotation, Segment
from pyannote.metrics.diarization import DiarizationErrorRate

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from conftest import RECORDED, reference  # noqa: E402

from therapy_review import open_journal  # noqa: E402
from therapy_review.corrections import evidence  # noqa: E402
from therapy_review.diarize import diarize  # noqa: E402
from therapy_review.measures import talk_share  # noqa: E402
from therapy_review.turns import name_speakers  # noqa: E402


def annotation(turns):
    said = Annotation()
    for i, (start, end, who) in enumerate(turns[["start", "end", "speaker"]].itertuples(index=False)):
        said[Segment(start, end), i] = who
    return said


def main() -> None:
    print("| session | DER | DER, 0.25 s collar | miss | false alarm | confusion | talk share error |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for day in RECORDED:
        session = open_journal(ROOT / "data" / "practice").session(day)
        voices, truth = diarize(session.recording().read()), reference(day)
        turns = name_speakers(voices, evidence(session.corrections))
        said, real = annotation(turns), annotation(truth)
        parts = DiarizationErrorRate()(real, said, detailed=True)
        # pyannote.metrics takes the whole width of the collar, half on each side
        collar = DiarizationErrorRate(collar=0.5)(real, said)
        share = 100 * (talk_share(turns)["client"] - talk_share(truth)["client"])
        pieces = [parts["diarization error rate"], collar]
        pieces += [parts[name] / parts["total"] for name in ("missed detection", "false alarm", "confusion")]
        print(f"| {day} | " + " | ".join(f"{100 * p:.1f} %" for p in pieces) + f" | {share:+.1f} points |")


if __name__ == "__main__":
    main()
