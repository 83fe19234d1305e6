"""Answering a page while a cell is running."""

from __future__ import annotations

import sys
from typing import Any

SWITCH = 0.001  # seconds a busy cell runs before another thread has its turn; five times that is usual


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
