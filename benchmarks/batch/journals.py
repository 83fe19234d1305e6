"""Journals of many short, real sessions: minutes cut out of the practice journal's recordings."""

from __future__ import annotations

import datetime as dt
import io
import json
import shutil
from pathlib import Path

import nbformat
import numpy as np
import soundfile
from nbformat.v4 import new_code_cell

from therapy_review import analyse, open_journal
from therapy_review.sound import Recording
from therapy_review.wording import NOTEBOOKS

PRACTICE = Path(__file__).parents[2] / "data" / "practice"
FIRST = dt.date(2020, 1, 6)
RATE = 24000
BAD = ("damaged sound", "broken note", "missing consent", "template error", "time-out", "no memory")


def days(number: int) -> list[str]:
    """Name sessions, two a week."""
    return [f"{FIRST + dt.timedelta(days=7 * (n // 2) + 3 * (n % 2))}" for n in range(number)]


def short_journal(root: Path, number: int, *, different: int = 14, seconds: float = 60.0) -> Path:
    """Make a journal of short sessions that are analysed already.

    Parameters
    ----------
    root : Path
        A new folder.
    number : int
        Of sessions.
    different : int
        Of recordings; the sessions take turns with them.
    seconds : float
        Length of a recording.
    """
    root.mkdir(mode=0o700, parents=True)
    for file in ("journal.toml", "agreements.toml"):
        shutil.copy(PRACTICE / file, root / file)
    agreements = (root / "agreements.toml").read_text().replace("2026-01-08", f"{FIRST}")
    (root / "agreements.toml").write_text(agreements)
    named = days(number)
    for at, piece in zip(named, _pieces(min(different, number), seconds), strict=False):
        folder = root / "sessions" / at
        folder.mkdir(parents=True)
        (folder / "recording.flac").write_bytes(piece)
    journal = open_journal(root)
    for session in journal.sessions:
        analyse(session)
    for n, name in enumerate(named):
        folder = root / "sessions" / name
        if not folder.exists():
            # With the same time of change the copy counts as the same file, and its analysis as current.
            shutil.copytree(root / "sessions" / named[n % different], folder)
    for n, name in enumerate(named):
        (root / "sessions" / name / "notes.md").write_text(_note(n))
    return root


def long_journal(root: Path, number: int, *, minutes: float = 50.0) -> Path:
    """Make a journal of long sessions, the recordings of the practice journal one after the other; not analysed."""
    root.mkdir(mode=0o700, parents=True)
    for file in ("journal.toml", "agreements.toml"):
        shutil.copy(PRACTICE / file, root / file)
    text = (root / "agreements.toml").read_text().replace("2026-01-08", f"{FIRST}")
    (root / "agreements.toml").write_text(text)
    sounds = [
        Recording(lambda s=s, n=n: s.journal.store.open(n), n).read(rate=RATE)  # type: ignore[misc]
        for s in open_journal(PRACTICE).sessions
        if s.has_recording
        for n in [s.recording_file()]
    ]
    for n, name in enumerate(days(number)):
        order = [*sounds[n % len(sounds) :], *sounds[: n % len(sounds)]] * 3
        sound = np.concatenate(order)[: round(minutes * 60 * RATE)]
        folder = root / "sessions" / name
        folder.mkdir(parents=True)
        soundfile.write(folder / "recording.flac", sound, RATE, subtype="PCM_16")
        (folder / "notes.md").write_text(_note(n))
    return root


def _pieces(number: int, seconds: float) -> list[bytes]:
    sessions = [session for session in open_journal(PRACTICE).sessions if session.has_recording]
    found = []
    for n in range(number):
        session = sessions[n % len(sessions)]
        name = session.recording_file()
        store = session.journal.store
        recording = Recording(lambda store=store, name=name: store.open(name), name)  # type: ignore[misc]
        start = 20.0 + 50.0 * (n // len(sessions))
        samples = recording.read(start, start + seconds, rate=RATE)
        out = io.BytesIO()
        soundfile.write(out, samples, RATE, format="FLAC", subtype="PCM_16")
        found.append(out.getvalue())
    return found


def _note(n: int) -> str:
    return (
        f"---\nmood_before: {1 + n % 9}\nmood_after: {2 + n % 8}\ntags: [calm, tired]\n"
        f"bring_next: the quiet question number {n} about the garden\n---\n"
        f"Afterwards I thought about the river of week {n} and about what I never said.\n"
    )


def plant_bad_ones(root: Path, at: list[str]) -> Path:
    """Spoil some sessions, each in its own way, and write a template that fails for three of them.

    Parameters
    ----------
    root : Path
        A journal from `short_journal`.
    at : list of str
        As many sessions as there are ways in `BAD`.

    Returns
    -------
    Path
        The template.
    """
    damaged, broken, unasked, failing, slow, greedy = at
    sound = next((root / "sessions" / damaged).glob("recording.*"))
    sound.write_bytes(sound.read_bytes()[:700] + b"\0" * 5000)
    shutil.rmtree(root / "sessions" / damaged / "derived")
    (root / "sessions" / broken / "notes.md").write_text(
        "---\nparticipants: [client, therapist, {\n---\nA secret.\n"
    )
    (root / "sessions" / unasked / "notes.md").write_text(
        "---\nparticipants: [client, therapist, Anna]\n---\n"
    )
    notebook = nbformat.read(NOTEBOOKS / "session_report.ipynb", as_version=4)
    trouble = {
        failing: "raise ValueError(open('../sessions/' + session + '/notes.md').read())",
        slow: "__import__('time').sleep(600)",
        greedy: "__import__('os').kill(__import__('os').getpid(), 9)",  # as the system does without memory
    }
    cell = new_code_cell(f"exec({json.dumps(trouble)}.get(session, ''))", id="trouble")
    notebook.cells.insert(3, cell)
    template = root.parent / "short_report.ipynb"
    nbformat.write(notebook, template)
    return template
