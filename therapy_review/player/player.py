"""Hear any moment of a session at once, see who speaks, put marks, put right who spoke when.

The page holds no sound but the next seconds, in memory; everything else stays with the kernel, which answers its
messages (see `therapy_review.player.desk`). No trait, no output and no file of a notebook ever holds sound or a
word the client wrote.
"""

from __future__ import annotations

import contextlib
import html
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from therapy_review.charts import waveform_map
from therapy_review.display import Still, how_to_start, is_still
from therapy_review.errors import TherapyReviewError
from therapy_review.player.desk import ALONE, Desk, Listeners
from therapy_review.player.moment import Moment, at_once

if TYPE_CHECKING:
    from therapy_review.journal import Session

_HERE = Path(__file__).parent


class Player(anywidget.AnyWidget):
    """A player for a whole session.

    Parameters
    ----------
    session : Session
        One that was analysed.
    listeners : Listeners
        Who listens and what for; the client alone when left out.

    Attributes
    ----------
    time : float
        Seconds from the recording's start: where the page last began, stopped or went to; while something observes
        it, also twice a second as it plays.
    playing : bool
        Whether it plays.
    selected_turn : dict
        ``start``, ``end`` (s) and ``speaker`` of the turn that is chosen in the page; empty when none is.

    Examples
    --------
    >>> from therapy_review import open_journal
    >>> player = Player(open_journal("data/practice").sessions[0])
    >>> player.observe(lambda change: print(change["new"]), "time")
    >>> player.playing
    False
    """

    _esm = _HERE / "player.js"
    _css = _HERE / "player.css"

    time = traitlets.Float(0.0).tag(sync=True, echo_update=False)
    playing = traitlets.Bool(default_value=False).tag(sync=True, echo_update=False)
    selected_turn = traitlets.Dict().tag(sync=True, echo_update=False)
    still_name = traitlets.Unicode(read_only=True).tag(sync=True)
    # Whether something observes `time`.
    is_followed = traitlets.Bool(default_value=False, read_only=True).tag(sync=True)

    @traitlets.default("still_name")
    def _new_name(self) -> str:
        # A report has no live player, and is the same each time.
        return "" if is_still() else secrets.token_hex(8)

    def __init__(self, session: Session, listeners: Listeners = ALONE) -> None:
        super().__init__()
        self._session, self._desk = session, Desk(session, listeners)
        self._refreshers: list[Callable[[], None]] = []
        self._preparing: threading.Thread | None = None
        self.on_msg(self._asked)
        at_once(self)

    def observe(self, handler: Any, names: Any = traitlets.All, type: Any = "change") -> None:  # noqa: A002
        """Have something called when a trait changes; the page tells the time only where somebody wants it."""
        super().observe(handler, names, type)
        if names is traitlets.All or "time" in ([names] if isinstance(names, str) else names):
            self.set_trait("is_followed", value=True)

    def play(self, time: float) -> None:
        """Play from a time on (s)."""
        self.send({"kind": "play", "time": float(time)})

    def stop(self) -> None:
        """Stop at once."""
        self.send({"kind": "stop"})

    def lock(self) -> None:
        """Be silent at once, and cover the page until somebody chooses to go on."""
        self._desk.is_locked = True
        self.send({"kind": "locked"})

    def moment(self, start: float, end: float, why: str = "") -> Moment:
        """Make a small player for one moment of the session, cut to thirty seconds; `why` says what it is."""
        return Moment(self._session, start, end, why, use=self._desk.listeners.use)

    def on_refresh(self, refresh: Callable[[], None]) -> None:
        """Have something done when the client asks for the charts to follow what was put right."""
        self._refreshers.append(refresh)

    def _asked(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if content.get("kind") == "refresh":
            for refresh in self._refreshers:
                refresh()
            self.send({"kind": "refreshed"})
            return
        answer = self._desk.answer(content)
        if answer is None:
            return
        self.send(answer[0], buffers=answer[1])
        if answer[0]["kind"] == "session":  # it was opened, or somebody may be heard at another level now
            self._prepare()

    def _prepare(self) -> None:
        """Make the sound ready in the background; until then it is made when it is asked for."""
        if self._desk.feed.sound.is_prepared() or (self._preparing and self._preparing.is_alive()):
            return
        self._preparing = threading.Thread(target=self._prepared, daemon=True)
        self._preparing.start()

    def _prepared(self) -> None:
        told = 0.0

        def tell(done: float) -> None:
            nonlocal told
            if done - told >= 0.05 or done == 1:
                told = done
                self.send({"kind": "preparing", "done": done})

        # What hinders it is said where sound is asked for; this only saves time.
        with contextlib.suppress(TherapyReviewError):
            self._desk.feed.sound.prepare(tell)

    def still(self, how: str = "") -> Still:
        """Return the player as a picture to look at, with a word on how to start: HTML, the usual when left out."""
        try:
            turns, marks, sound = self._session.turns, self._desk.marks_in_view(), self._desk.feed.sound
        except TherapyReviewError as error:
            return Still(f"<p>{html.escape(str(error))}</p>", str(error))
        chart = waveform_map(sound.peaks, sound.duration, turns, marks)
        shown = chart._repr_mimebundle_()
        markup = (
            f'<div data-therapy-review-still="{self.still_name}">{shown["text/html"]}'
            f"<p><small>{how or f'{how_to_start()} to listen.'}</small></p></div>"
        )
        return Still(markup, shown["text/plain"])

    def _ipython_display_(self) -> None:
        from IPython.display import display

        # The picture is what a notebook shows that was opened and not run; the live player hides it.
        display(self.still())
        if not is_still():
            live, *_ = super()._repr_mimebundle_() or ({},)
            display(live, raw=True)
