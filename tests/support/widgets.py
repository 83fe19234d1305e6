"""What stands in a form: its widgets, one of its fields, and what it says at its end."""

from __future__ import annotations

from typing import Any

import ipywidgets as w


def everything_in(widget: Any) -> list[Any]:
    return [widget, *(one for child in getattr(widget, "children", ()) for one in everything_in(child))]


def field(form: Any, label: str) -> Any:
    """Find the one field whose label begins with some words, or else holds them."""
    every = [one for one in everything_in(form) if label in getattr(one, "description", "")]
    (found,) = [one for one in every if one.description.startswith(label)] or every
    return found


def state(form: Any) -> str:
    return [one for one in everything_in(form) if isinstance(one, w.HTML)][-1].value
