"""A session's sound made ready to be heard.

Everybody is brought to one quiet level, and what is suddenly loud is held down, before anything is encoded: no page
has to be trusted with that. The whole session is prepared once, as Opus packets in ``derived/sound.npz``; until
that is done, what is asked for is decoded and encoded at once, and sounds the same. Where it was put right who
speaks, so that somebody would be heard at another level, the whole is prepared anew.
"""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from therapy_review.errors import NotAnalysedError
from therapy_review.sound import PEAKS_A_SECOND, opus
from therapy_review.storage import if_there

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from therapy_review.journal import Session
    from therapy_review.sound import Recording

FILE = "derived/sound.npz"
VERSION = 2  # of what is done to the sound and how it is kept; older files are made anew
LEVEL = 0.18  # what the peaks of everybody's speech are brought to
MOST_GAIN = 8.0  # a voice that is hardly there stays soft: more would bring up the room
LOUDEST = 0.45  # what nothing gets above
AHEAD = 0.02  # seconds the limiter looks ahead, and as long as it takes to give way
RUN_IN = 12  # packets an encoder needs before it gives what one that began long before would give
ENOUGH = 3.0  # seconds a voice must be heard for its level to be known
ALIKE = 1.5  # decibels between two levels that are hardly told apart
LITTLE = 1.0  # seconds in all that may be at another level, before the whole is prepared anew

Progress = Callable[[float], None]
Levels = tuple["NDArray[np.float64]", "NDArray[np.float64]"]
Stamp = tuple[int, int]  # by which a file that was written anew is told
Kept = tuple["NDArray[np.int64]", bytes]  # where each packet begins, and all of them

_PREPARING = threading.Lock()  # one session at a time, whoever asks


def levels(turns: pd.DataFrame, peaks: NDArray[np.float32]) -> Levels:
    """Find by how much everybody is to be made louder or softer, and when.

    Parameters
    ----------
    turns : DataFrame
        A turns table.
    peaks : ndarray of float32, shape (n, 2)
        Lowest and highest sample, 32 a second.

    Returns
    -------
    times, gains : ndarray of float64, shape (m,)
        Seconds in order, and the factor at each; between them it goes from one to the next.

    Examples
    --------
    >>> from therapy_review.turns import turns_table
    >>> loud = np.repeat(np.float32([[-0.36, 0.36], [-0.09, 0.09]]), 32 * 4, axis=0)
    >>> times, gains = levels(turns_table([(0, 4, "client"), (4.5, 8, "therapist")]), loud)
    >>> gains.round(2).tolist()
    [0.5, 0.5, 2.0, 2.0]
    """
    high = np.abs(peaks).max(axis=1, initial=0.0)
    middles = (np.arange(len(high)) + 0.5) / PEAKS_A_SECOND
    everybody = _gain(high[_within(turns, middles)])
    by_voice = {}
    for speaker, own in turns.groupby("speaker"):
        spoken = high[_within(own, middles)]
        by_voice[speaker] = _gain(spoken) if len(spoken) >= ENOUGH * PEAKS_A_SECOND else everybody
    edges = np.unique(turns[["start", "end"]].to_numpy(dtype=float))
    gains = np.full(max(0, len(edges) - 1), np.inf)
    for start, end, speaker in zip(turns["start"], turns["end"], turns["speaker"], strict=True):
        here = slice(np.searchsorted(edges, start), np.searchsorted(edges, end))
        # Where two speak at once, the softer setting holds.
        gains[here] = np.minimum(gains[here], by_voice[speaker])
    spoken = np.isfinite(gains)
    if not spoken.any():
        return np.zeros(1), np.full(1, everybody)
    # Just inside each stretch, so that one which follows at once begins with its own gain.
    inside = np.minimum(AHEAD, np.diff(edges)[spoken] / 2)
    times = np.column_stack([edges[:-1][spoken] + inside, edges[1:][spoken] - inside]).ravel()
    return times, np.repeat(gains[spoken], 2)


def _within(turns: pd.DataFrame, times: NDArray[np.float64]) -> NDArray[np.bool_]:
    begun = np.searchsorted(np.sort(turns["start"].to_numpy(dtype=float)), times, side="right")
    over = np.searchsorted(np.sort(turns["end"].to_numpy(dtype=float)), times, side="right")
    return np.asarray(begun > over)


def _gain(high: NDArray[np.float32]) -> float:
    usual = float(np.quantile(high, 0.75)) if len(high) else 0.0
    return min(MOST_GAIN, LEVEL / usual) if usual > 0 else 1.0


def _alike(some: Levels, others: Levels) -> bool:
    at = np.arange(0, max(some[0][-1], others[0][-1]) + 1, 1 / PEAKS_A_SECOND)
    apart = np.abs(20 * np.log10(np.interp(at, *some) / np.interp(at, *others)))
    return bool(np.count_nonzero(apart > ALIKE) <= LITTLE * PEAKS_A_SECOND)


def levelled(samples: NDArray[np.float32], start: float, gains: Levels) -> NDArray[np.float32]:
    """Bring sound to its level, with nothing above the loudest that is allowed.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono, 24 kHz.
    start : float
        Seconds from the recording's start at which they begin.
    gains : tuple of ndarray
        From `levels`.

    Returns
    -------
    ndarray of float32, shape (n_samples,)
        Never beyond 0.45 and -0.45.

    Examples
    --------
    >>> shout = np.full(2400, 0.9, np.float32)
    >>> round(float(levelled(shout, 0.0, (np.zeros(1), np.ones(1))).max()), 2)
    0.45
    """
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    if len(samples) == 0:
        return samples
    step = round(opus.PACKET * opus.RATE) // 4  # a gain each 5 ms, and straight lines between
    coarse = np.interp(start + np.arange(0, len(samples) + step, step) / opus.RATE, *gains)
    factor = np.interp(np.arange(len(samples)), np.arange(len(coarse)) * step, coarse)
    sound = samples * factor.astype(np.float32)
    if np.abs(sound).max() > LOUDEST:
        size = round(AHEAD * opus.RATE) | 1
        over = maximum_filter1d(np.abs(sound), size) / np.float32(LOUDEST)
        sound /= np.maximum(uniform_filter1d(np.maximum(over, 1), size), np.abs(sound) / np.float32(LOUDEST))
    return np.asarray(sound, np.float32)


class Sound:
    """The sound of one session as packets to be heard, prepared or made when asked for."""

    def __init__(self, session: Session, use: str = "self_review") -> None:
        self._session, self._use = session, use
        session.recording(use)  # before anything of it is shown or heard
        self.peaks = np.load(io.BytesIO(session.derived("peaks.npy"))).astype(np.float32)
        self.duration = session.duration
        self._gains = levels(session.turns, self.peaks)
        self._prepared: Kept | None = None
        self._stamps: tuple[Stamp | None, Stamp | None]  # of the turns and of the packets
        self._stamps = _stamp(session, "derived/made_from.json"), None

    def __len__(self) -> int:
        return int(np.ceil(self.duration / opus.PACKET))

    def packets(self, first: int, after: int) -> list[bytes]:
        """Give packets, asking the consent gate each time."""
        recording = self._session.recording(self._use)
        first, after = max(0, first), min(after, len(self))
        if self.is_prepared() and (kept := self._prepared):
            offsets, data = kept
            # The packets' times may promise a little more than decoding gives.
            return [data[a:b] for a, b in pairwise(offsets[first : after + 1])]
        begin = max(0, first - RUN_IN)
        made = list(opus.encoded([self._stretch(recording, begin, after)]))
        return made[first - begin : after - begin]

    def _stretch(self, recording: Recording, first: int, after: int) -> NDArray[np.float32]:
        around = round(AHEAD / opus.PACKET)
        before = min(around, first)
        start = (first - before) * opus.PACKET
        samples = recording.read(start, (after + around) * opus.PACKET, rate=opus.RATE)
        size = round(opus.PACKET * opus.RATE)
        return levelled(samples, start, self._gains)[before * size : (before + after - first) * size]

    def is_prepared(self) -> bool:
        """Tell whether the whole session is at hand as packets, at the levels of who speaks as it now stands."""
        now = _stamp(self._session, "derived/made_from.json"), _stamp(self._session, FILE)
        if now[0] != self._stamps[0]:
            with contextlib.suppress(NotAnalysedError):  # the next analysis will tell
                self._gains = levels(self._session.turns, self.peaks)
        if now != self._stamps:
            self._prepared = _load(self._session, self._gains)
            self._stamps = now
        return self._prepared is not None

    def prepare(self, progress: Progress | None = None) -> None:
        """Make the packets of the whole session, and keep them with the derived files."""
        tell = progress or (lambda _done: None)
        with _PREPARING:
            gains = None
            # Who speaks may be put right meanwhile; then it is begun anew.
            while not self.is_prepared() and self._gains is not gains:
                gains, source, made = self._gains, _source(self._session), []
                for packet in opus.encoded(self._whole(self._session.recording(self._use), gains)):
                    made.append(packet)
                    if len(made) % 250 == 0:
                        tell(min(1.0, len(made) / len(self)))
                self._keep(source, gains, made)
        tell(1.0)

    def _whole(self, recording: Recording, gains: Levels) -> Iterator[NDArray[np.float32]]:
        start = 0.0
        for block, before, after in _with_edges(recording.blocks(rate=opus.RATE), round(AHEAD * opus.RATE)):
            whole = levelled(block, start - before / opus.RATE, gains)
            yield whole[before : len(whole) - after]
            start += (len(whole) - before - after) / opus.RATE

    def _keep(self, source: str, gains: Levels, made: list[bytes]) -> None:
        out = io.BytesIO()
        lengths = np.array([len(packet) for packet in made], np.uint16)
        data = np.frombuffer(b"".join(made), np.uint8)
        np.savez(out, source=np.array(source), levels=np.array(gains), lengths=lengths, packets=data)
        store = self._session.journal.store
        with store.writing():
            self._session.unless_gone(self._use)
            store.write(self._session.file(FILE), out.getvalue())


def prepare(session: Session, progress: Progress | None = None) -> None:
    """Make the sound of an analysed session ready to be heard, unless it is.

    Parameters
    ----------
    session : Session
    progress : callable, optional
        Called with the part that is done, 0 to 1.

    Raises
    ------
    ConsentError
        When somebody heard has not agreed.
    RecordingError
        When the recording can't be read.
    NotAnalysedError
        When it is not known who spoke when.
    """
    Sound(session).prepare(progress)


def _source(session: Session) -> str:
    return f"{VERSION} {session.recording_digest()}"


def _stamp(session: Session, file: str) -> Stamp | None:
    return if_there(session.journal.store.stamp, session.file(file))


def _load(session: Session, gains: Levels) -> Kept | None:
    if (data := if_there(session.journal.store.read, session.file(FILE))) is None:
        return None
    source = _source(session)
    try:
        with np.load(io.BytesIO(data)) as kept:
            times, factors = kept["levels"]
            if str(kept["source"]) != source or not _alike((times, factors), gains):
                return None
            lengths = kept["lengths"].astype(np.int64)
            return np.concatenate([[0], np.cumsum(lengths)]), kept["packets"].tobytes()
    except Exception:  # noqa: BLE001  broken by whatever, which numpy and zipfile call many names: it is made anew
        return None


def _with_edges(
    blocks: Iterable[NDArray[np.float32]], size: int
) -> Iterator[tuple[NDArray[np.float32], int, int]]:
    """Give each block with the end of the one before and the beginning of the next, and how long these are."""
    nothing = np.zeros(0, np.float32)
    before, now = nothing, None
    for block in blocks:
        if now is not None:
            after = block[:size]
            yield np.concatenate([before, now, after]), len(before), len(after)
            before = now[-size:]
        now = block
    if now is not None:
        yield np.concatenate([before, now, nothing]), len(before), 0
