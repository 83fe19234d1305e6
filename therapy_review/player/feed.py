"""What the kernel gives a page to play, piece by piece, and what it keeps back.

The page asks for sound from a time on. It gets the next five seconds that may be heard: nothing of a stretch the
client closed, only the wanted voice where one was chosen, nothing beyond the moment a player was made for. What is
kept back is not in the answer at all, so that a page which errs, or sleeps, can't play it.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from therapy_review.journal import marks
from therapy_review.player.playback import Sound
from therapy_review.sound import opus
from therapy_review.turns import intervals

if TYPE_CHECKING:
    import pandas as pd

    from therapy_review.journal import Session

Stretches = list[tuple[float, float]]
Answer = tuple[dict[str, Any], list[bytes]]

PIECE = 250  # packets: five seconds
EVERYONE = "everyone"
BREATH = 20  # packets within one voice's words that are played on: 0.4 s
EDGE = 0.08  # seconds around a voice's words
MOST_RUNS = 24  # in one answer


class Feed:
    """The sound of one session for one player."""

    def __init__(
        self, session: Session, start: float = 0.0, end: float = np.inf, *, use: str = "self_review"
    ) -> None:
        self._session, self._use = session, use
        self._bounds = (start, end)
        self._opened: set[tuple[float, float]] = set()  # closed stretches the client chose to hear this once
        self._reading = threading.Lock()  # messages may come on a thread of their own

    @property
    def sound(self) -> Sound:
        """The session's sound."""
        self._session.recording(self._use)  # asked each time: what was opened before stays at hand
        return _sound_of(self._session, str(self._session.recording_digest()), self._use)

    def head(self) -> bytes:
        """Give what the page needs before the first piece."""
        return opus.head()

    def closed(self) -> Stretches:
        """Give the stretches that stay silent until the client says otherwise."""
        return [
            stretch for stretch in marks.closed_stretches(self._session.marks) if stretch not in self._opened
        ]

    def open_once(self, at: float) -> None:
        """Let the closed stretch at a time be heard, as the client chose, until it is closed again."""
        self._opened |= {(a, b) for a, b in self.closed() if a <= at < b}

    def close_again(self) -> None:
        """Close what was opened once."""
        self._opened.clear()

    def pieces(self, start: float, voice: str = EVERYONE) -> Answer:
        """Give the next five seconds that may be heard."""
        with self._reading:
            sound = self.sound
            low, high = max(start, self._bounds[0]), min(self._bounds[1], sound.duration)
            first, last = int((low + opus.DELAY) / opus.PACKET + 1e-6), int(np.ceil(high / opus.PACKET))
            runs = without(self.closed(), first, min(last, len(sound)))
            if voice != EVERYONE:
                heard = spoken(self._session.turns, voice)
                runs = [both for a, b in runs for both in intervals.within(heard, a, b)]
            chosen: list[tuple[int, int]] = []
            room = PIECE
            for a, b in runs:
                if room <= 0 or len(chosen) == MOST_RUNS:
                    break
                b = min(b, a + room)
                room -= b - a
                chosen.append((a, b))
            packets = {a: some for a, b in chosen if (some := sound.packets(a, b))}
        done = room > 0 and len(chosen) == len(runs)
        until = high if done else chosen[-1][1] * opus.PACKET - opus.DELAY
        at = [round(a * opus.PACKET - opus.DELAY, 4) for a in packets]
        return {"at": at, "until": until}, [opus.piece(some) for some in packets.values()]


@lru_cache(maxsize=3)
def _sound_of(session: Session, recording: str, use: str) -> Sound:  # noqa: ARG001  another recording has another sound
    return Sound(session, use)


def without(closed: Stretches, first: int, last: int) -> list[tuple[int, int]]:
    """Leave closed stretches out of a row of packets, whole packets at a time."""
    # What a packet holds begins a little earlier than its time, and reaches into the one before.
    shut = [
        (int(start / opus.PACKET + 1e-6), int(np.ceil((end + 2 * opus.DELAY) / opus.PACKET - 1e-6)))
        for start, end in closed
    ]
    return intervals.without(shut, first, last)


def spoken(turns: pd.DataFrame, voice: str) -> list[tuple[int, int]]:
    """Give the packets in which a voice speaks, with the breath between its words."""
    own = turns.loc[turns["speaker"] == voice, ["start", "end"]].to_numpy(dtype=float)
    first = (np.maximum(0.0, own[:, 0] - EDGE) / opus.PACKET).astype(int).tolist()
    after = np.ceil((own[:, 1] + EDGE) / opus.PACKET).astype(int).tolist()
    runs = intervals.joined((a, b + BREATH) for a, b in zip(first, after, strict=True))
    return [(a, b - BREATH) for a, b in runs]
