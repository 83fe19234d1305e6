"""Templates: notebooks that reports are made from, those that come along and the client's own.

A template has one cell tagged ``parameters``. One with a parameter ``session`` is run once for each session, and
is taken to look at that session and the one before it. One that looks further says so in its metadata,
``{"therapy_review": {"looks_at": "journal"}}``, and is made anew when anything in the journal changed. One that
shows no more of the session before than the client's own words there says ``"itself"``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from therapy_review.errors import ReportError
from therapy_review.storage import digest
from therapy_review.wording import NOTEBOOKS

if TYPE_CHECKING:
    from nbformat import NotebookNode

PYTHON = {"name": "python3", "language": "python", "display_name": "Python 3"}
OURS = ("journal", "session", "private_notes")  # what is filled in here, and need not be there
NO_NOTEBOOK = "{}.ipynb can't be read as a notebook; save it again in JupyterLab."


@dataclass(frozen=True)
class Template:
    """A notebook to make reports from: its file's name without ending, and its JSON."""

    name: str
    source: str = field(repr=False)

    @cached_property
    def notebook(self) -> NotebookNode:
        """The notebook, upgraded to today's format."""
        import nbformat

        notebook = nbformat.from_dict(json.loads(self.source))
        try:
            upgraded: NotebookNode = nbformat.v4.upgrade(nbformat.convert(notebook, 4))
            # What a newer form of notebooks adds is let be.
            upgraded["nbformat_minor"] = min(upgraded["nbformat_minor"], nbformat.v4.nbformat_minor)
            nbformat.validate(upgraded)
        except (nbformat.ValidationError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise ReportError(NO_NOTEBOOK.format(self.name)) from error
        # papermill asks for both; a notebook that was not written in JupyterLab may have neither.
        kernel = upgraded.metadata.get("kernelspec") or {}
        upgraded.metadata["kernelspec"] = nbformat.from_dict(PYTHON | kernel)
        return upgraded

    @cached_property
    def looks_at(self) -> Literal["itself", "session", "journal"]:
        """How far it looks: at a session, at the one before it as well, or at everything."""
        said = json.loads(self.source).get("metadata", {}).get("therapy_review")
        found = said.get("looks_at") if isinstance(said, dict) else None
        return found if found in ("itself", "journal") else "session"

    @property
    def digest(self) -> str:
        """Names its content."""
        return digest(self.source.encode())

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters, as papermill finds them."""
        from papermill.exceptions import PapermillException
        from papermill.inspection import inspect_notebook

        try:
            return tuple(inspect_notebook(self.notebook))
        except (PapermillException, ValueError) as error:
            raise ReportError(f"The parameters of {self.name}.ipynb can't be read ({error}).") from error

    def taking(self, given: Mapping[str, object]) -> dict[str, object]:
        """Choose what this template asks for from what the client gave and what is filled in for all; no more."""
        unknown = [name for name in given if name not in self.parameters and name not in OURS]
        if unknown:
            known = ", ".join(self.parameters) or "none, for no cell is tagged parameters"
            raise ReportError(
                f"{self.name}.ipynb has no parameter {', '.join(unknown)}; its parameters are: {known}."
            )
        return {name: value for name, value in given.items() if name in self.parameters}


def find(wanted: str | Path) -> Template:
    """Find a template by name or by file.

    Examples
    --------
    >>> find("session_report").looks_at, find("weekly_review").looks_at
    ('itself', 'journal')
    """
    path = Path(wanted).expanduser()
    # A folder before it says that a file of theirs is meant.
    if not path.is_file() and path.name == str(wanted):
        path = NOTEBOOKS / f"{path.name.removesuffix('.ipynb')}.ipynb"
    if not path.is_file():
        there = ", ".join(sorted(other.stem for other in NOTEBOOKS.glob("*.ipynb")))
        raise ReportError(f"There is no notebook {wanted}; name a file of yours, or one of: {there}.")
    try:
        source = path.read_text(encoding="utf-8")
        content = json.loads(source)
        cells, metadata = content["cells"], content.get("metadata", {})
        language = (metadata.get("kernelspec") or {}).get("language", "python")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise ReportError(NO_NOTEBOOK.format(path.stem)) from error
    if language != "python":
        raise ReportError(f"{path.name} is written for {language}; reports are made from Python notebooks.")
    if not (isinstance(cells, list) and isinstance(content.get("nbformat"), int)):
        raise ReportError(NO_NOTEBOOK.format(path.stem))
    ours = NOTEBOOKS / path.name
    if ours.is_file() and path.resolve() != ours.resolve() and source != ours.read_text(encoding="utf-8"):
        raise ReportError(
            f"A notebook that comes along is called {path.name} as well, and its reports would be replaced; give "
            f"yours another name, as in my_{path.name}."
        )
    return Template(path.stem, source)
