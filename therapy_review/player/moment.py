"""One moment to hear: a small player for up to thirty seconds.

The page asks the kernel when the client presses play; the kernel asks the consent gate and gives the moment piece
by piece, as to the large player. No trait, no output and no file ever holds sound.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets as w
import pandas as pd
import traitlets

from therapy_review.display import Still, how_to_start, is_still
from therapy_review.errors import TherapyReviewError
from therapy_review.player.feed import Feed
from therapy_review.wording import clock

if TYPE_CHECKING:
    from therapy_review.journal import Mark, Session

LONGEST = 30.0  # seconds; longer listening is for the full player
SWITCH = 0.001  # seconds a busy cell runs before another thread has its turn; five times that is usual
_HERE = Path(__file__).parent


def at_once(widget: Any) -> None:
    """Let the kernel answer a widget's page while it is busy with a cell, where it can.

    Parameters
    ----------
    widget : DOMWidget
    """
    # JupyterLab sends the messages of widgets to a thread of their own. ipykernel 7.4 gives them to the one that
    # last sent the page something instead, which is the cell that showed the widget, where they would have to wait.
    if hasattr(widget.comm, "_reply_subshell_for"):
        widget.comm._reply_subshell_for = lambda _data, subshell: subshell
    # An answer passes through four threads: each turn it waits for is heard as a later sound.
    sys.setswitchinterval(min(SWITCH, sys.getswitchinterval()))


class Moment(anywidget.AnyWidget):
    """A play button for one stretch of a session.

    Parameters
    ----------
    session : Session
        Whose recording is played.
    start, end : float
        Seconds from the recording's start; cut to thirty seconds.
    why : str
        What this moment is, in a sentence.
    use : str
        What the recording is opened for; one of the uses that can be agreed to.
    """

    _esm = _HERE / "moment.js"
    _css = _HERE / "moment.css"

    start = traitlets.Float(read_only=True).tag(sync=True)
    end = traitlets.Float(read_only=True).tag(sync=True)
    when = traitlets.Unicode(read_only=True).tag(sync=True)
    why = traitlets.Unicode(read_only=True).tag(sync=True)

    def __init__(
        self, session: Session, start: float, end: float, why: str = "", *, use: str = "self_review"
    ) -> None:
        super().__init__()
        end = min(end, start + LONGEST)
        # Traits can be set by the page; what is sent is settled here.
        self._feed = Feed(session, start, end, use=use)
        for name, value in (("start", start), ("end", end), ("when", clock(start)), ("why", why)):
            self.set_trait(name, value)
        self.on_msg(self._answer)
        at_once(self)

    def _answer(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        kind, ticket = content.get("kind"), content.get("ticket")
        try:
            if kind == "open":
                self.send(
                    {"kind": "opened", "duration": self._feed.sound.duration}, buffers=[self._feed.head()]
                )
            elif kind == "sound":
                said, pieces = self._feed.pieces(float(content["from"]))
                self.send({"kind": "sound", "ticket": ticket, **said}, buffers=pieces)
        except TherapyReviewError as error:
            self.send({"kind": "sorry", "ticket": ticket, "sentence": str(error)})

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.still()._repr_mimebundle_() if is_still() else super()._repr_mimebundle_(**kwargs)

    def still(self) -> Still:
        """Return the moment as a line to read."""
        return Still(f"<p>{_line(self.when, self.why)}</p>", f"{self.when} {self.why}")


def moments_to_hear(session: Session, moments: pd.DataFrame, *, use: str = "self_review") -> w.VBox | Still:
    """Show a list of moments, each with its play button.

    Parameters
    ----------
    session : Session
    use : str
        What the recording is opened for; one of the uses that can be agreed to.
    moments : DataFrame
        Columns start, end (s) and why, as from `therapy_review.measures.moment_finder.moments`.

    Returns
    -------
    VBox or Still
        The players, or a list to read while a notebook is run in batch.
    """
    if is_still():
        return Still(f"{moments_to_read(moments).markup}<p><small>{how_to_start()} to hear them.</small></p>")
    rows = zip(*(moments[name].tolist() for name in ("start", "end", "why")), strict=True)
    return w.VBox([Moment(session, start, end, why, use=use) for start, end, why in rows])


def _line(when: str, why: str) -> str:
    return f"<strong>{html.escape(when)}</strong> {html.escape(why)}"


def moments_to_read(found: pd.DataFrame) -> Still:
    """List moments with their time and why they were chosen.

    Parameters
    ----------
    found : DataFrame
        Columns start (s) and why, as from `therapy_review.measures.moment_finder.moments`.

    Returns
    -------
    Still

    Examples
    --------
    >>> moments_to_read(pd.DataFrame({"start": [61.0], "why": ["A long silence."]})).text
    '1:01 A long silence.'
    """
    rows = [(clock(start), why) for start, why in found[["start", "why"]].itertuples(index=False)]
    items = "".join(f"<li>{_line(when, why)}</li>" for when, why in rows)
    return Still(f'<ul class="moments">{items}</ul>', "\n".join(f"{when} {why}" for when, why in rows))


def marks_to_read(marks: Iterable[Mark], client: str) -> Still:
    """List marks with their time, whose they are, and what they say.

    Parameters
    ----------
    marks : iterable of Mark
    client : str
        What the client is called.

    Returns
    -------
    Still

    Examples
    --------
    >>> from therapy_review.journal import Mark
    >>> marks_to_read([Mark(61, 70, "proud moment", "I asked")], "Robin").text
    '1:01 Robin, proud moment: I asked'
    """
    rows = []
    for mark in sorted(marks, key=lambda mark: mark.start):
        words = " ".join(filter(None, (mark.label, mark.text)))
        rows.append((mark.start, f"{mark.by or client}, {mark.kind}{': ' * bool(words)}{words}"))
    return moments_to_read(pd.DataFrame(rows, columns=["start", "why"]))
