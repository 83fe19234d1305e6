"""How long the analysis of a 50-minute m4a takes, step by step, and how much memory; run by ``make bench``."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from therapy_review import open_journal
from therapy_review.diarization import diarize
from therapy_review.sound import Recording, waveform_peaks

MINUTES = 50
MOST_MEMORY = 600  # MB
ROOT = Path(__file__).parent.parent
# What it takes alone, on Linux: the making of the hour, above, needs memory too, and getrusage would count it.
ALONE = """
import sys
from pathlib import Path
from therapy_review.diarization import diarize
from therapy_review.sound import Recording
file = Path(sys.argv[1])
diarize(Recording(lambda: file.open("rb"), file.name).read())
status = Path("/proc/self/status").read_text()
print(status.split("VmHWM:")[1].split()[0])
"""


@pytest.fixture(scope="module")
def hour() -> bytes:
    """Practice sound, looped to 50 minutes, as an m4a at 48 kb/s."""
    sessions = open_journal(ROOT / "data" / "practice").sessions
    sound = np.concatenate([s.recording().read() for s in sessions if s.has_recording])
    out = io.BytesIO()
    with av.open(out, "w", format="ipod") as file:
        stream = file.add_stream("aac", rate=16_000, layout="mono")
        stream.bit_rate = 48_000
        for start in range(0, MINUTES * 60 * 16_000, 16_000):
            piece = np.take(sound, np.arange(start, start + 16_000), mode="wrap")
            frame = av.AudioFrame.from_ndarray(piece[None, :], format="fltp", layout="mono")
            frame.sample_rate = 16_000
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()


def test_decode(benchmark, hour: bytes) -> None:
    samples = benchmark.pedantic(lambda: Recording(lambda: io.BytesIO(hour), "hour").read(), rounds=2)
    assert abs(len(samples) / 16_000 - MINUTES * 60) < 1


def test_peaks(benchmark, hour: bytes) -> None:
    samples = Recording(lambda: io.BytesIO(hour), "hour").read()
    benchmark.pedantic(lambda: waveform_peaks(samples, 4000), rounds=2)


def test_who_spoke_when(benchmark, hour: bytes) -> None:
    samples = Recording(lambda: io.BytesIO(hour), "hour").read()
    turns = benchmark.pedantic(lambda: diarize(samples), rounds=1)
    assert len(turns) > 500


def test_whole_analysis_in_a_process_of_its_own(
    benchmark, hour: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "hour.m4a"
    file.write_bytes(hour)
    run = benchmark.pedantic(
        lambda: subprocess.run(
            [sys.executable, "-c", ALONE, str(file)], check=True, capture_output=True, text=True
        ),
        rounds=1,
    )
    took, peak = benchmark.stats.stats.max, float(run.stdout) * 1024 / 1e6
    with capsys.disabled():
        print(
            f"\n{MINUTES} minutes, from file to turns: {MINUTES * 60 / took:.0f}x real time, {peak:.0f} MB at most"
        )
    assert peak <= MOST_MEMORY
