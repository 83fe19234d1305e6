"""Parts of pages: what a cell of a notebook can show, whatever page it is of."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from typing import Any

from therapy_review.display.still import Still
from therapy_review.errors import TherapyReviewError
from therapy_review.wording import paragraphs


class Shown:
    """Several things a cell shows one below the other.

    Parameters
    ----------
    *things
        Charts, widgets, stills.
    """

    def __init__(self, *things: Any) -> None:
        self.things = things

    def _ipython_display_(self) -> None:
        from IPython.display import display

        for thing in self.things:
            display(thing)


class Live:
    """A chart of a notebook that can be drawn anew where it stands, when the client asks for it.

    Parameters
    ----------
    draw : callable
        Returns what is shown: a chart or a still.
    """

    def __init__(self, draw: Callable[[], Any]) -> None:
        self._draw = draw
        self._name = secrets.token_hex(8)

    def _ipython_display_(self) -> None:
        self._show(update=False)

    def refresh(self) -> None:
        """Draw it anew."""
        self._show(update=True)

    def _show(self, *, update: bool) -> None:
        from IPython.display import display

        display(self._draw()._repr_mimebundle_(), raw=True, display_id=self._name, update=update)


def put_away(*things: Any) -> None:
    """Close widgets and all they hold: a page keeps no words of what it no longer shows.

    Whatever else is shown has nothing to close.
    """
    for thing in things:
        put_away(*getattr(thing, "children", ()))
        if callable(lock := getattr(thing, "lock", None)):  # a player falls silent for good
            lock()
        if hasattr(thing, "comm"):
            thing.close()


def gently(show: Callable[..., Any]) -> Callable[..., Any]:
    """Show the sentence of an error in place of what could not be shown."""

    @functools.wraps(show)
    def shown(*args: Any, **kwargs: Any) -> Any:
        try:
            return show(*args, **kwargs)
        except TherapyReviewError as error:
            return sentence(str(error))

    return shown


def sentence(text: str) -> Still:
    """Show one quiet sentence."""
    return Still(f'<p class="sentence">{paragraphs(text)}</p>', text)


class NothingToShow:
    """Stands in for a page that could not be opened: says why once, then nothing."""

    def __init__(self, why: str) -> None:
        self._why = why

    def __getattr__(self, name: str) -> Callable[[], Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda: sentence(self._why) if name in ("opening", "heading") else None
