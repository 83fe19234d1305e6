"""Clickable: a chart across sessions in which a session can be chosen, with the pointer or with the keys.

Picture and words go to the page as a message; no trait holds them, for a notebook may be saved with those.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget

from therapy_review.charts import Chart
from therapy_review.player import at_once
from therapy_review.wording import day

_HERE = Path(__file__).parent
Choose = Callable[[str, str], None]


class Clickable(anywidget.AnyWidget):
    """A chart whose sessions can be chosen.

    Parameters
    ----------
    chart : Chart
        With rows of sessions.
    on_choose : callable
        Called with the key of the row and the session's name.
    """

    _esm = _HERE / "clickable.js"
    _css = _HERE / "clickable.css"

    def __init__(self, chart: Chart, on_choose: Choose) -> None:
        super().__init__()
        self._choose = on_choose
        self._shown = _as_sent(chart)
        self.on_msg(self._asked)
        at_once(self)

    def show(self, chart: Chart) -> None:
        """Show another chart in its place."""
        self._shown = _as_sent(chart)
        self._tell()

    def _tell(self) -> None:
        content, picture = self._shown
        self.send(content, buffers=[picture])

    def _asked(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if content.get("kind") == "open":
            self._tell()
        elif content.get("kind") == "choose":
            what, session = str(content.get("what")), str(content.get("session"))
            if any(row["what"] == what and session in row["sessions"] for row in self._shown[0]["rows"]):
                self._choose(what, session)


def _as_sent(chart: Chart) -> tuple[dict[str, Any], bytes]:
    picture = chart.png()  # where things stand is known once it is drawn
    rows = chart.standing()
    days = {name: _named(name) for row in rows for name in row["sessions"]}
    content = {"kind": "picture", "alt": chart.alt, "caption": chart.caption, "rows": rows, "days": days}
    return content, picture


def _named(session: str) -> str:
    number = f" ({session[11:]})" if session[11:] else ""
    return f"{day(dt.date.fromisoformat(session[:10]))}{number}"
