"""One moment to hear: a small player for up to thirty seconds.

The page asks the kernel when the client presses play; the kernel asks the consent gate, decodes the moment,
brings it to a quiet level and answers with the samples as a binary message. They are played from memory through
Web Audio and dropped. No trait, no output and no file ever holds sound.
"""

from __future__ import annotations

import html
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from therapy_review.errors import TherapyReviewError
from therapy_review.still import HOW_TO_START, Still, clock, is_still

if TYPE_CHECKING:
    import pandas as pd
    from ipywidgets import VBox
    from numpy.typing import NDArray

    from therapy_review.session import Session

LONGEST = 30.0  # seconds; longer listening is for the full player
LEVEL = 0.05  # root mean square a moment is brought to: quiet speech
MOST_GAIN = 8.0  # a nearly silent moment stays nearly silent
_HERE = Path(__file__).parent


class Moment(anywidget.AnyWidget):
    """A play button for one stretch of a session.

    Parameters
    ----------
    session : Session
        Whose recording is played, use ``self_review``.
    start, end : float
        Seconds from the recording's start; cut to thirty seconds.
    why : str
        What this moment is, in a sentence.
    """

    _esm = _HERE / "moment.js"
    _css = _HERE / "moment.css"

    start = traitlets.Float(read_only=True).tag(sync=True)
    end = traitlets.Float(read_only=True).tag(sync=True)
    when = traitlets.Unicode(read_only=True).tag(sync=True)
    why = traitlets.Unicode(read_only=True).tag(sync=True)

    def __init__(self, session: Session, start: float, end: float, why: str = "") -> None:
        super().__init__()
        end = min(end, start + LONGEST)
        self._session = session
        self._stretch = (start, end)  # traits can be set by the page; what is sent is settled here
        self._reading = threading.Lock()  # messages may come on a thread of their own
        for name, value in (("start", start), ("end", end), ("when", clock(start)), ("why", why)):
            self.set_trait(name, value)
        self.on_msg(self._answer)

    def _answer(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if content.get("kind") != "play":
            return
        try:
            with self._reading:
                recording = self._session.recording("self_review")
                samples = level(recording.read(*self._stretch))
        except TherapyReviewError as error:
            self.send({"kind": "sorry", "sentence": str(error)})
            return
        pcm = (samples * 32767).astype("<i2").tobytes()
        self.send({"kind": "sound", "rate": recording.sample_rate}, buffers=[pcm])

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.still()._repr_mimebundle_() if is_still() else super()._repr_mimebundle_(**kwargs)

    def still(self) -> Still:
        """Return the moment as a line to read."""
        return Still(f"<p>{_line(self.when, self.why)}</p>", f"{self.when} {self.why}")


def moments_to_hear(session: Session, moments: pd.DataFrame) -> VBox | Still:
    """Show a list of moments, each with its play button.

    Parameters
    ----------
    session : Session
    moments : DataFrame
        Columns start, end (s) and why, as from `therapy_review.moments.moments`.

    Returns
    -------
    VBox or Still
        The players, or a list to read while a notebook is run in batch.
    """
    columns = (moments[name].tolist() for name in ("start", "end", "why"))
    rows = list(zip(*columns, strict=True))
    if is_still():
        items = "".join(f"<li>{_line(clock(start), why)}</li>" for start, _, why in rows)
        return Still(f'<ul class="moments">{items}</ul><p><small>{HOW_TO_START} to hear them.</small></p>')
    from ipywidgets import VBox

    return VBox([Moment(session, start, end, why) for start, end, why in rows])


def _line(when: str, why: str) -> str:
    return f"<strong>{html.escape(when)}</strong> {html.escape(why)}"


def level(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring a moment to one quiet level, so that no moment is louder than the one before.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)

    Returns
    -------
    ndarray of float32, shape (n_samples,)
        Within -1 and 1.

    Examples
    --------
    >>> loud = np.sin(np.arange(16000) / 10).astype(np.float32)
    >>> round(float(np.sqrt(np.mean(level(loud) ** 2))), 3)
    0.05
    """
    power = float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
    gain = min(MOST_GAIN, LEVEL / power) if power > 0 else 0.0
    levelled: NDArray[np.float32] = np.clip(samples * np.float32(gain), -1.0, 1.0)
    return levelled
