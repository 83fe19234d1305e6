"""Reports: run a notebook for one week or session with papermill, and write it as a page to read.

The executed notebook and the page lie in the journal's ``reports`` folder. Neither holds sound, widget state or
code in view, and the page loads nothing from anywhere.
"""

from __future__ import annotations

import os
import socket
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from therapy_review.errors import ReportError
from therapy_review.journal import Journal
from therapy_review.still import STILL
from therapy_review.store import FOLDER_MODE, PlainStore

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from traitlets.config import Config

HAS_SOCKET_FILES = hasattr(socket, "AF_UNIX")  # not on Windows
_INSIDE = Path(__file__).resolve().with_name("notebooks")  # an installed package carries them
TEMPLATES = _INSIDE if _INSIDE.is_dir() else _INSIDE.parent.parent / "notebooks"


@dataclass(frozen=True)
class Report:
    """Where an executed notebook and its page were written.

    Parameters
    ----------
    notebook, page : Path
    """

    notebook: Path
    page: Path


def run(journal: Journal, template: str, name: str, parameters: Mapping[str, str]) -> Report:
    """Run a template for a journal and write the notebook and the page made from it.

    Parameters
    ----------
    journal : Journal
    template : str
        Name of a notebook in ``notebooks``, as in ``weekly_review``.
    name : str
        What the two files are called, without ending.
    parameters : mapping of str to str
        The template's parameters; ``journal`` is filled in.

    Returns
    -------
    Report

    Raises
    ------
    ReportError
        When the template is missing or one of its cells fails.
    """
    import nbformat
    import papermill
    from papermill.exceptions import PapermillException

    source = TEMPLATES / f"{template}.ipynb"
    if not source.is_file():
        raise ReportError(
            f"There is no notebook {template}.ipynb in {TEMPLATES.name}; choose one that is there."
        )
    if not isinstance(journal.store, PlainStore):
        raise ReportError(f"Reports of {journal.name} can't be written yet.")
    root = journal.store.root
    (root / "reports").mkdir(mode=FOLDER_MODE, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, _reading_only():
        made = Path(scratch) / f"{name}.ipynb"
        try:
            papermill.execute_notebook(
                source,
                made,
                parameters={"journal": "..", **parameters},  # no name of this computer's folders inside
                cwd=str(root / "reports"),
                progress_bar=False,
                store_widget_state=False,
                kernel_name="python3",
                config=_between_us(Path(scratch)),
            )
        except PapermillException as error:
            raise ReportError(f"{template}.ipynb could not be run for {journal.name}: {error}") from error
        notebook, page = f"reports/{name}.ipynb", f"reports/{name}.html"
        executed = _tidied(nbformat.read(made, as_version=4))
        journal.store.write(notebook, nbformat.writes(executed).encode())
        journal.store.write(page, as_page(executed).encode())
    return Report(root / notebook, root / page)


def _between_us(folder: Path) -> Config:
    """Let nobody else listen to a kernel: talk through files only their owner may open, or in cipher."""
    from traitlets.config import Config

    transport = (
        {"transport": "ipc", "ip": str(folder / "kernel")}
        if HAS_SOCKET_FILES
        else {"transport_encryption": "auto"}
    )
    # A kernel that is told to stop while it is busy says so as an error; errors of cells come with the notebook.
    quiet = {"extra_arguments": ["--IPKernelApp.log_level=CRITICAL"]}
    return Config(KernelManager=transport, NotebookClient=quiet)


@contextmanager
def _reading_only() -> Iterator[None]:
    """Tell kernels started within that their notebook is only going to be read."""
    before = os.environ.get(STILL)
    os.environ[STILL] = "1"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # papermill's remarks on parameter tags are not for the client
            yield
    finally:
        if before is None:
            del os.environ[STILL]
        else:
            os.environ[STILL] = before


def _tidied(notebook: NotebookNode) -> NotebookNode:
    """Collapse the cell of parameters that papermill adds, and drop its record of this computer's folders."""
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.metadata["jupyter"] = {"source_hidden": True}
    return notebook


def as_page(notebook: NotebookNode) -> str:
    """Write an executed notebook as one page without code that loads nothing from anywhere.

    Parameters
    ----------
    notebook : NotebookNode

    Returns
    -------
    str
        HTML.
    """
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(
        template_name="basic",
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_output_stdin=True,
    )
    body, _ = exporter.from_notebook_node(notebook)
    shell = files("therapy_review").joinpath("page.html").read_text(encoding="utf-8")
    return shell.replace("{{ body }}", body)
