"""Parts of pages: what a cell of a notebook can show, whatever page it is of."""

from __future__ import annotations

import functools
import inspect
import secrets
from collections.abc import Callable
from typing import Any, Literal, ParamSpec, TypeVar

from therapy_review.display.still import Still, how_to_open
from therapy_review.errors import TherapyReviewError
from therapy_review.wording import paragraphs

ON: Literal["on"] = "on"
OFF: Literal["off"] = "off"
IS_OFF = "The sound is switched off on this page: nothing here can play, and everything else is there."
NOTHING_SOUNDS = "nothing makes a sound until you press play"
HOW_TO_LISTEN = (
    "Nothing plays by itself. Press play when you want to, and stop whenever you like; Escape is silence at "
    "once."
)
NO_CLIPS = (
    "Which voice is yours is asked with short clips of the recording, and the sound is switched off on this page. "
    "The charts are there all the same."
)


def is_on(sound: object) -> bool:
    """Tell whether a page may have things to play.

    Parameters
    ----------
    sound : object
        A notebook's parameter: ``on`` or ``off``; whatever else it is, the page is quiet.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_on("on"), is_on("off"), is_on("On"), is_on(True), is_on(False)
    (True, False, True, True, False)
    """
    return str(sound).strip().lower() in (ON, "true")  # YAML reads on and off as true and false


def in_the_workbook() -> str:
    """Say where the sound is heard that a report only shows.

    Returns
    -------
    str
        HTML.
    """
    opened = f"{how_to_open()}, then " if how_to_open() else ""
    return f"Whoever keeps this journal can hear it in the workbook: {opened}Run ▸ Run All Cells."


P = ParamSpec("P")
Page = TypeVar("Page")


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

    Parameters
    ----------
    *things
        What was shown; whatever is no widget has nothing to close.
    """
    for thing in things:
        put_away(*getattr(thing, "children", ()))
        if callable(lock := getattr(thing, "lock", None)):  # a player falls silent for good
            lock()
        if hasattr(thing, "comm"):
            thing.close()


def gently(show: Callable[..., Any]) -> Callable[..., Any]:
    """Show the sentence of an error in place of what could not be shown.

    Parameters
    ----------
    show : callable

    Returns
    -------
    callable
    """

    @functools.wraps(show)
    def shown(*args: Any, **kwargs: Any) -> Any:
        try:
            return show(*args, **kwargs)
        except TherapyReviewError as error:
            return sentence(str(error))

    return shown


def gentle(page: type[Page]) -> type[Page]:
    """Let no part of a page raise for what a person can mend: each shows the sentence instead, as `gently` does.

    Parameters
    ----------
    page : type
        Its methods that others may call are its parts.

    Returns
    -------
    type
        The same.
    """
    for name, part in list(vars(page).items()):
        if inspect.isfunction(part) and not name.startswith("_"):
            setattr(page, name, gently(part))
    return page


def sentence(text: str) -> Still:
    """Show one quiet sentence.

    Parameters
    ----------
    text : str

    Returns
    -------
    Still
    """
    return Still(f'<p class="sentence">{paragraphs(text)}</p>', text)


class NothingToShow:
    """Stands in for a page that could not be opened: says why once, then nothing."""

    def __init__(self, why: str) -> None:
        self._why = why

    def __getattr__(self, name: str) -> Callable[[], Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda: sentence(self._why) if name in ("opening", "heading") else None


def or_nothing(opens: Callable[P, Page]) -> Callable[P, Page | NothingToShow]:
    """Let a page that can't be opened say why.

    Parameters
    ----------
    opens : callable
        Returns a page, or raises an error of this package.

    Returns
    -------
    callable
        Always returns something whose parts can be shown.
    """

    @functools.wraps(opens)
    def opened(*args: P.args, **kwargs: P.kwargs) -> Page | NothingToShow:
        try:
            return opens(*args, **kwargs)
        except TherapyReviewError as error:
            return NothingToShow(str(error))

    return opened


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
