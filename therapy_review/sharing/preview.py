"""Share hearing: a clip heard as it would go out, silences and all, before anything is written."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from therapy_review.player import PIECE, Answer, Moment
from therapy_review.sharing.export import require_unchanged, sound_of
from therapy_review.sound import opus

if TYPE_CHECKING:
    from therapy_review.journal import Session
    from therapy_review.sharing.clip import Clip
    from therapy_review.sharing.plan import Plan


class ClipFeed:
    """What would go out of one clip, piece by piece, as `therapy_review.player.feed.Feed` gives a session."""

    def __init__(self, session: Session, plan: Plan, clip: Clip) -> None:
        self._session, self._plan, self._clip = session, plan, clip
        self._packets: list[bytes] = []
        self._reading = threading.Lock()  # messages may come on a thread of their own

    @property
    def sound(self) -> ClipFeed:
        """What has a duration, once everything was asked."""
        require_unchanged(self._session, self._plan)
        return self

    @property
    def duration(self) -> float:
        """Seconds of the recording up to the clip's end, for times are the recording's."""
        return self._clip.end

    def head(self) -> bytes:
        """Give what the page needs before the first piece."""
        return opus.head()

    def pieces(self, start: float) -> Answer:
        """Give the next five seconds of the clip, asking each time whether it may still go out like that."""
        clip = self._clip
        with self._reading:
            require_unchanged(self._session, self._plan)  # what was opened before stays at hand
            self._packets = self._packets or list(opus.encoded([sound_of(self._session, self._plan, clip)]))
            packets = self._packets
        first = int(max(0.0, start - clip.start + opus.DELAY) / opus.PACKET + 1e-6)
        some = packets[first : first + PIECE]
        at = clip.start + first * opus.PACKET - opus.DELAY
        done = first + PIECE >= len(packets)
        until = clip.end if done else at + len(some) * opus.PACKET
        return {"at": [round(at, 4)] if some else [], "until": until}, [opus.piece(some)] if some else []


class ClipToHear(Moment):
    """A play button for one clip as it would go out."""

    def __init__(self, session: Session, plan: Plan, clip: Clip, why: str = "") -> None:
        super().__init__(session, clip.start, clip.end, why)
        self._feed: Any = ClipFeed(session, plan, clip)
        self.set_trait("end", float(np.round(clip.end, 3)))
