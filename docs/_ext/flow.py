"""The flow in one picture: the floors of the package as the contracts in pyproject.toml name them, as an SVG.

``python docs/_ext/flow.py > flow.svg`` draws it alone; on a page it is::

    ```{flow} therapy_review
    ```

Colours are those of the page around it, so that it reads in light and in dark.
"""

from __future__ import annotations

import ast
import html
import sys
import textwrap
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
WIDTH = 760  # about as wide as a page's text
SIDE = 34  # on the left and on the right, for the arrows
GAP = 12
LINE = 18
LETTER = 6.9  # widest usual letter of 13 pixels, on average; boxes are filled no further
STYLE = """
.flow { color: var(--color-foreground-primary, CanvasText); font: 13px system-ui, sans-serif; max-width: 100% }
.flow text { fill: currentColor }
.flow a { text-decoration: none }
.flow .name { font-weight: 600; font-size: 15px }
.flow rect { fill: currentColor; fill-opacity: .06; stroke: currentColor; stroke-opacity: .45 }
.flow a:hover rect, .flow a:focus rect { fill-opacity: .16 }
.flow .way { stroke: currentColor; fill: none; stroke-width: 1.5 }
.flow .head { fill: currentColor }
""".strip()
Link = Callable[[str], str]


@dataclass(frozen=True)
class Box:
    """A package or module: its name and its sentence."""

    name: str
    says: list[str]
    x: float
    width: float


def contract(container: str) -> list[list[str]]:
    """Read the layers of a container from the contracts, the topmost first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for one in settings["tool"]["importlinter"]["contracts"]:
        if one["type"] == "layers" and one.get("containers") == [container]:
            return [[name.strip() for name in layer.split("|")] for layer in one["layers"]]
    raise LookupError(f"No contract in pyproject.toml orders what lies in {container}.")


def first_sentence(name: str) -> str:
    """Give the first sentence of a package's or module's docstring, without importing it."""
    path = ROOT.joinpath(*name.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    said = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(said.split("\n\n")[0].split())
    sentence = paragraph.partition(". ")[0].rstrip(".").replace("``", "").replace("`", "") + "."
    titled, _, rest = sentence.partition(": ")
    # "Hints: commands and paths …" says its name, which stands beside it already.
    return rest[0].upper() + rest[1:] if rest and titled.casefold() == path.name else sentence


def floors(container: str) -> list[list[Box]]:
    """Set the boxes of every floor side by side."""
    drawn = []
    for layer in contract(container):
        width = (WIDTH - 2 * SIDE - GAP * (len(layer) - 1)) / len(layer)
        beside = len(layer) == 1  # alone, a name has its sentence beside it
        room = int((width - (140 if beside else 34)) / LETTER)
        drawn.append(
            [
                Box(
                    name,
                    textwrap.wrap(first_sentence(f"{container}.{name}"), room),
                    SIDE + place * (width + GAP),
                    width,
                )
                for place, name in enumerate(layer)
            ]
        )
    return drawn


def picture(container: str, link: Link | None = None) -> str:
    """Draw the floors of a container; `link` says where a box leads."""
    parts, y = [], 34.0
    for floor in floors(container):
        alone = len(floor) == 1
        lines = max(len(box.says) for box in floor) + (0 if alone else 1)
        height = 18 + LINE * max(lines, 1)
        parts += [_box(box, y, height, "beside" if alone else "below", link) for box in floor]
        y += height + GAP
    top, bottom, right = 34, y - GAP, WIDTH - SIDE / 2
    ways = [
        f'<path class="way" d="M{SIDE / 2} {top} V{bottom - 10}"/>',
        f'<path class="head" d="M{SIDE / 2} {bottom} l-6 -12 h12 z"/>',
        f'<path class="way" d="M{right} {bottom} V{top + 10}"/>',
        f'<path class="head" d="M{right} {top} l-6 12 h12 z"/>',
        '<text x="4" y="20">an import points down</text>',
        f'<text x="{WIDTH - 4}" y="20" text-anchor="end">what is found out goes up</text>',
    ]
    named = ", ".join(" beside ".join(box.name for box in floor) for floor in floors(container))
    label = html.escape(f"The floors of {container}, the topmost first: {named}.")
    return (
        f'<svg class="flow" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 8:g}" role="img" '
        f'aria-label="{label}">\n<style>{STYLE}</style>\n' + "\n".join([*ways, *parts]) + "\n</svg>\n"
    )


def _box(box: Box, y: float, height: float, sentence: str, link: Link | None) -> str:
    x, start = box.x + 14, y + 23
    left, first = (box.x + 120, start) if sentence == "beside" else (x, start + LINE)
    words = "".join(
        f'<text x="{left:g}" y="{first + place * LINE:g}">{html.escape(line)}</text>'
        for place, line in enumerate(box.says)
    )
    drawn = (
        f'<rect x="{box.x:g}" y="{y:g}" width="{box.width:g}" height="{height:g}" rx="6"/>'
        f'<text class="name" x="{x:g}" y="{start:g}">{box.name}</text>{words}'
    )
    where = link(box.name) if link else ""
    return f'<a href="{html.escape(where)}">{drawn}</a>' if where else f"<g>{drawn}</g>"


class Flow(Directive):
    """Draws the floors of a container where it stands."""

    required_arguments = 1
    has_content = False
    option_spec: ClassVar = {}

    def run(self) -> list[nodes.Node]:
        """Draw."""
        env = self.state.document.settings.env
        env.note_dependency(str(ROOT / "pyproject.toml"))
        (container,) = self.arguments
        drawn = picture(container, lambda name: _page_of(env.found_docs, env.docname, container, name))
        return [nodes.raw("", drawn, format="html")]


def _page_of(pages: set[str], here: str, container: str, name: str) -> str:
    """Say where the page of a box is, seen from the page it is drawn on; empty where it has none."""
    if container != "therapy_review":
        return ""
    page = f"{name}.html" if f"packages/{name}" in pages else f"ground.html#{name}"
    return "../" * here.count("/") + f"packages/{page}"


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of the directive."""
    app.add_directive("flow", Flow)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    sys.stdout.write(picture("therapy_review"))
