"""What a package says and hands on, written from its face: its sentence, its rooms, every name in ``__all__``.

A page asks for it by::

    ```{says} therapy_review.turns
    ```
    ```{face} therapy_review.turns
    ```

``{names}`` gives the names alone.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from flow import first_sentence

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ASKED = re.compile(r"^```\{(says|names|face)\} (\S+)\n```$", re.MULTILINE)
LONGEST = 100  # letters of a constant's value that are shown


def written(face: str) -> Iterator[str]:
    """Write, in MyST's Markdown, what a face says and hands on."""
    module = importlib.import_module(face)
    handed = {name: getattr(module, name) for name in sorted(module.__all__, key=str.casefold)}
    rooms = [name for name, one in handed.items() if isinstance(one, ModuleType)]
    objects = [name for name, one in handed.items() if inspect.isfunction(one) or inspect.isclass(one)]
    values = [name for name in handed if name not in rooms and name not in objects]
    yield from ["## Its rooms", "", "| room | what it is for |", "| --- | --- |"]
    for name in _modules(module):
        yield f"| `{name}` | {_in_a_cell(first_sentence(f'{face}.{name}'))} |"
    yield ""
    if rooms:
        named = ", ".join(f"`{name}`" for name in rooms)
        yield from [
            f"Handed on as a whole: {named}; a caller says the room's name before the function's.",
            "",
        ]
    if values:
        yield from ["## Constants", "", "| name | value |", "| --- | --- |"]
        yield from (f"| `{name}` | {_value(handed[name])} |" for name in values)
        yield ""
    if objects:
        yield from ["## Functions and classes", "", "```{eval-rst}"]
        for name in objects:
            # `set` is what matplotlib writes into every kind of figure.
            kind = "class" if inspect.isclass(handed[name]) else "function"
            yield f".. auto{kind}:: {face}.{name}"
            yield from ["   :members:", "   :exclude-members: set", ""] if kind == "class" else [""]
        yield "```"


def _modules(module: ModuleType) -> list[str]:
    folder = Path(module.__file__ or "").parent
    packages = [inner.parent.name for inner in folder.glob("*/__init__.py")]
    return sorted([*packages, *(file.stem for file in folder.glob("*.py") if file.stem != "__init__")])


def _value(one: object) -> str:
    said = repr(one)
    if len(said) <= LONGEST and " object at 0x" not in said:
        return f"`` {_in_a_cell(said)} ``"
    size = f" of {len(one)}" if hasattr(one, "__len__") else ""
    return f"a {type(one).__name__}{size}"


def _in_a_cell(text: str) -> str:
    return text.replace("|", "\\|")


def write_faces(_app: Sphinx, _page: str, source: list[str]) -> None:
    """Put what a face says in the place where a page asks for it."""

    def answer(asked: re.Match[str]) -> str:
        what, name = asked.groups()
        if what == "says":
            return first_sentence(name)
        if what == "names":
            return ", ".join(f"`{one}`" for one in importlib.import_module(name).__all__) + "."
        return "\n".join(written(name))

    source[0] = ASKED.sub(answer, source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx to write faces into pages as it reads them."""
    app.connect("source-read", write_faces)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
