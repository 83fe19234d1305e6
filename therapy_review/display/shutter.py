"""Shutter: a part of a page that can be shut, so that nothing of it is left there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from therapy_review.display.parts import Live, put_away
from therapy_review.display.still import Still


class Shutter(Live):
    """A part of the page that shows what may be seen now, follows when that changes, and can be shut.

    Parameters
    ----------
    draw : callable
        Returns what is shown: a chart, a still or a widget.
    """

    def __init__(self, draw: Callable[[], Any]) -> None:
        super().__init__(draw)
        self._shown: Any = None

    def refresh(self) -> None:
        """Show it anew, where it was shown."""
        if self._shown is not None:
            super().refresh()

    def shut(self) -> None:
        """Take what is shown away."""
        if self._shown is not None:
            self._put(Still("<p></p>", ""), update=True)

    def _show(self, *, update: bool) -> None:
        self._put(self._draw(), update=update)

    def _put(self, thing: Any, *, update: bool) -> None:
        from IPython.display import display

        bundle = thing._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        display(data, raw=True, display_id=self._name, update=update)
        before, self._shown = self._shown, thing
        put_away(before)
