"""What a person reads in a page, a form, a command or an error: plain lines, for a snapshot to keep their wording.

What differs from one computer or engine to the next is made the same: where things lie, and the figures of a page.
"""

from __future__ import annotations

import contextlib
import html
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import ipywidgets as w
import pytest

from tests.conftest import ROOT
from therapy_review import hints
from therapy_review.charts.base import Chart
from therapy_review.display.parts import Live, Shown
from therapy_review.display.still import Still
from therapy_review.errors import TherapyReviewError
from therapy_review.wording import NOTEBOOKS

BLOCKS = re.compile(
    r"</?(?:p|h\d|li|ul|ol|div|tr|table|caption|figcaption|br|summary|details|blockquote)\b[^>]*>"
)
CELL = re.compile(r"</t[dh]>")
UNSEEN = re.compile(r"<(style|script|svg|head|title)\b.*?</\1>|<!--.*?-->", re.DOTALL)
PICTURE = re.compile(r'<img\b[^>]*?alt="([^"]*)"[^>]*>')


def fixed(text: str, *folders: Path) -> str:
    """Name the program and some folders alike on every computer, wherever they are read."""
    names = {hints.word(sys.executable): "python", f".venv/bin/{hints.PROGRAM}": hints.PROGRAM}
    for there in (contextlib.nullcontext(), hints.for_anywhere()):
        with there:
            names[hints.command()] = hints.PROGRAM
            for folder in (ROOT, *folders):
                names |= dict.fromkeys((str(folder), hints.place(folder), hints.quoted(folder)), "…")
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, names[name])
    return text


def no_figures(lines: Iterable[str]) -> list[str]:
    """Leave out every figure, and lines that were there before but for theirs."""
    return list(dict.fromkeys(re.sub(r"\d+", "#", line) for line in lines))


def refused(call: Callable[[], object], *folders: Path) -> str:
    """Do what has to be refused, and give the kind of the error and its sentence."""
    with pytest.raises(TherapyReviewError) as refusal:
        call()
    return f"{type(refusal.value).__name__}: {fixed(str(refusal.value), *folders)}"


def of_html(markup: str) -> list[str]:
    """Give what is read of HTML, a line for each paragraph."""
    seen = CELL.sub(" ", PICTURE.sub(r"<p>[picture] \1</p>", UNSEEN.sub("", markup)))
    blocks = BLOCKS.sub("\n", re.sub(r"\s+", " ", seen)).split("\n")
    plain = (" ".join(html.unescape(re.sub(r"<[^>]+>", "", block)).split()) for block in blocks)
    return [line for line in plain if line]


def read(thing: Any) -> list[str]:
    """Give what is read of a part of a page or a form: what it says now, not what it hides."""
    return [line for line in _read(thing) if line.strip()]


def _read(thing: Any) -> Iterator[str]:
    if isinstance(thing, Shown):
        for one in thing.things:
            yield from _read(one)
    elif isinstance(thing, Live):
        yield from _read(thing._draw())
    elif isinstance(thing, Chart):
        yield from of_html(thing._repr_mimebundle_()["text/html"])
    elif isinstance(thing, Still):
        yield from of_html(thing.markup)
    elif isinstance(thing, w.Widget):
        yield from _of_widget(thing)


def _of_widget(widget: Any) -> Iterator[str]:
    layout = getattr(widget, "layout", None)
    if layout is not None and "none" in (layout.display, getattr(layout, "visibility", "")):
        return
    if hasattr(widget, "still"):
        yield from _read(widget.still())
    described = " ".join(of_html(getattr(widget, "description", "")))
    if isinstance(widget, w.HTML | w.Label):
        yield from of_html(f"{described} {widget.value}")
    elif isinstance(widget, w.Button):
        yield f"[{described}]"
    elif isinstance(widget, w.Checkbox | w.ToggleButton):
        yield f"[{'x' if widget.value else ' '}] {described}"
    elif hasattr(widget, "_options_labels"):
        yield f"{described}: {' / '.join(map(str, widget._options_labels))}"
    else:
        hint = (getattr(widget, "placeholder", "") or "").strip("\u200b")  # which is how one is left empty
        yield f"{described}: {hint}".strip() if described or hint else ""
    children = getattr(widget, "children", ())
    titles = getattr(widget, "titles", ())
    for number, child in enumerate(children):
        if number < len(titles):
            yield f"▸ {titles[number]}"
        yield from _of_widget(child)


def notebook(name: str, page: Any, *folders: Path) -> list[str]:
    """Give what is read of a page: a notebook's own words, and what its cells show."""
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    lines: list[str] = []
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            lines += [line for line in source.splitlines() if line.strip()]
        elif part := re.fullmatch(r"page\.(\w+)\(\)", source.strip()):
            lines += read(getattr(page, part[1])())
    return no_figures(fixed(line, *folders) for line in lines)
