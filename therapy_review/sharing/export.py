"""Clips as sound, and as files that leave the journal.

What is silent in a clip is nought before anything else is done to the sound, so that neither levels nor an encoder
can carry anything of it. The ledger's line comes before the first file: a program that is stopped between the two
leaves a line without a file, never a file without its line.
"""

from __future__ import annotations

import getpass
import io
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from therapy_review.consent import SHARE, ledger
from therapy_review.errors import ShareError
from therapy_review.journal import Session
from therapy_review.player import AHEAD, levelled, levels
from therapy_review.sharing.cautions import in_the_ledger, left_unread
from therapy_review.sharing.clip import Clip
from therapy_review.sharing.plan import Plan, require_unchanged
from therapy_review.sound import m4a, opus
from therapy_review.storage import FILE_MODE, PlainStore, is_half

FADE = 0.01  # seconds in which a voice comes and goes beside a silence, so that nothing clicks


def sound_of(session: Session, plan: Plan, clip: Clip) -> NDArray[np.float32]:
    """Give one clip as it goes out, asking the consent gate."""
    require_unchanged(session, plan)
    wanted = round((clip.end - clip.start) * opus.RATE)
    sound = session.recording().read(clip.start, clip.end, rate=opus.RATE)
    sound = np.pad(sound, (0, max(0, wanted - len(sound))))[:wanted]
    peaks = np.load(io.BytesIO(session.derived("peaks.npy"))).astype(np.float32)
    sound *= _audible(clip, wanted)
    # Silence around it, so that the limiter looks into nothing beyond the clip.
    around = round(AHEAD * opus.RATE)
    gains = levels(session.turns, peaks)
    loud = levelled(np.pad(sound, around), clip.start - AHEAD, gains)[around : around + wanted]
    return np.asarray(loud, np.float32)


def _audible(clip: Clip, size: int) -> NDArray[np.float32]:
    """Nought where the clip is silent, one elsewhere, with a slope on the side of what is heard."""
    factor, slope = np.ones(size, np.float32), round(FADE * opus.RATE)
    down = np.linspace(1, 0, slope, endpoint=False, dtype=np.float32)
    for start, end in clip.silent:
        a = max(0, int(np.floor((start - clip.start) * opus.RATE)))
        b = min(size, int(np.ceil((end - clip.start) * opus.RATE)))
        factor[a:b] = 0
        before, after = factor[max(0, a - slope) : a], factor[b : b + slope]
        before *= down[slope - len(before) :] if len(before) else down[:0]
        after *= down[::-1][: len(after)]
    return factor


def write(session: Session, plan: Plan, folder: Path, read: Collection[str]) -> list[Path]:
    """Write the clips of a plan, as it was looked at, into a folder outside any journal; gives their files.

    All that can go wrong does so before the first. No file that was there is touched.
    """
    if unread := left_unread(read):
        raise ShareError(
            f"Nothing was written: these cautions are to be read and confirmed first: {', '.join(unread)}."
        )
    target = outside(folder)
    made = [m4a(sound_of(session, plan, clip), f"Clip {n}") for n, clip in enumerate(plan.clips, 1)]
    with _alone():
        require_unchanged(session, plan)  # encoding takes a while
        for half in target.glob(".clip-*.tmp"):  # of a share that was killed while it wrote
            if is_half(half.name):
                half.unlink(missing_ok=True)
        names = _free(target, len(made))
        session.journal.record(
            ledger.SHARED,
            session=session.name,
            use=f"{SHARE}{plan.who}",
            who=plan.who,
            note=in_the_ledger(plan),
        )
        store = PlainStore(target)
        for name, data in zip(names, made, strict=True):
            store.write(name, data)
    return [target / name for name in names]


@contextmanager
def _alone() -> Iterator[None]:
    """Let no two programs choose names at once: they may be of two journals, and write into one folder."""
    from filelock import FileLock

    # No file of ours lies in a folder from which things are sent, nor can the journal's lock be held: its ledger
    # asks for it.
    name = Path(tempfile.gettempdir()) / f"therapy_review-{getpass.getuser()}-shares.lock"
    with FileLock(name, mode=FILE_MODE):
        yield


def outside(folder: Path) -> Path:
    """Return a folder whole; an error where it lies in a journal, or is a file."""
    target = folder.expanduser().resolve()
    if any((parent / "journal.toml").exists() for parent in (target, *target.parents)):
        raise ShareError(f"{folder} lies in a journal; choose a folder outside it.")
    if target.exists() and not target.is_dir():
        raise ShareError(f"{folder} is a file; choose a folder.")
    return target


def _free(target: Path, number: int) -> list[str]:
    """Find names that say nothing and that no file has, whatever its ending."""
    taken = {path.stem for path in target.iterdir()} if target.is_dir() else set()
    free = (f"clip-{n}" for n in count(1) if f"clip-{n}" not in taken)
    return [f"{next(free)}.m4a" for _ in range(number)]
