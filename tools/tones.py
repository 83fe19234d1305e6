"""A journal with one session that sounds of tones, so that a test can hear which moment it is."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import av
import nbformat
import numpy as np

from therapy_review import Session, analyse, open_journal

RATE = 16_000
LOWEST, STEP = 300, 100  # Hz: the tone of the first minute, and how much higher each next one is
DAY = "2026-03-10"
TURN = 7.0  # seconds: client and therapist take turns, with a second between
CELLS = {
    "player": "from therapy_review import open_journal\n"
    "from therapy_review.player import Player\n"
    f"player = Player(open_journal('..').session('{DAY}'))\n"
    "player",
    "busy": "import time\nif busy:\n    time.sleep(6)",
}


def tone(minute: int) -> int:
    """The tone of a minute, in Hz."""
    return LOWEST + STEP * (minute % 12)


def tones_m4a(minutes: int) -> bytes:
    """Tones as a phone would record them: AAC at 48 kb/s."""
    out = io.BytesIO()
    with av.open(out, "w", format="ipod") as file:
        stream = file.add_stream("aac", rate=RATE, layout="mono")
        stream.bit_rate = 48_000
        times = np.arange(60 * RATE) / RATE
        for minute in range(minutes):
            sound = (0.2 * np.sin(2 * np.pi * tone(minute) * times)).astype(np.float32)
            for at in range(0, len(sound), RATE):
                frame = av.AudioFrame.from_ndarray(sound[None, at : at + RATE], format="fltp", layout="mono")
                frame.sample_rate = RATE
                file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()


def make_tones(practice: Path, root: Path, minutes: int) -> Session:
    """Make the journal, with a notebook ``notebooks/tones.ipynb``, its turns given as found elsewhere."""
    folder = root / "sessions" / DAY
    folder.mkdir(parents=True)
    for name in ("journal.toml", "agreements.toml"):
        shutil.copy(practice / name, root / name)
    (folder / "recording.m4a").write_bytes(tones_m4a(minutes))
    starts = np.arange(1.0, minutes * 60 - TURN, TURN + 1)
    people = ("client", "therapist")
    lines = [
        f"SPEAKER tones 1 {start:.3f} {TURN:.3f} <NA> <NA> {people[i % 2]} <NA> <NA>\n"
        for i, start in enumerate(starts)
    ]
    (folder / "turns.rttm").write_text("".join(lines))
    for path in (root, *root.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )
    notebook.cells = [
        nbformat.v4.new_code_cell("busy = False"),
        *(nbformat.v4.new_code_cell(source) for source in CELLS.values()),
    ]
    (root / "notebooks").mkdir()
    nbformat.write(notebook, root / "notebooks" / "tones.ipynb")
    session = open_journal(root).session(DAY)
    analyse(session)
    return session
