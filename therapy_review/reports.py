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
from therapy_review.still import OPENS_LAB, STILL
from therapy_review.store import FOLDER_MODE

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
    notebook, page : str
        Names within the journal.
    """

    notebook: str
    page: str


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
    from papermill.exceptions import PapermillException, PapermillExecutionError

    from therapy_review import engine, unlock

    source = TEMPLATES / f"{template}.ipynb"
    if not source.is_file():
        raise ReportError(
            f"There is no notebook {template}.ipynb in {TEMPLATES.name}; choose one that is there."
        )
    folder = journal.root / "reports"
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    secret = unlock.secret_of(journal)
    # The folder holds the kernel's socket and no content.
    with tempfile.TemporaryDirectory() as scratch, _reading_only():
        try:
            executed = engine.execute(
                source,
                {"journal": "..", **parameters},  # no name of this computer's folders inside
                cwd=folder,
                on_start=(lambda client: unlock.hand_over(client, secret)) if secret else None,
                config=_between_us(Path(scratch)),
            )
        except PapermillExecutionError as error:
            # What the cell said may hold the client's own words; its place is enough to find it.
            raise ReportError(
                f"{template}.ipynb could not be run for {journal.name}: its cell {error.cell_index + 1} ended with "
                f"{error.ename}. Open it with {OPENS_LAB} to see why."
            ) from None
        except PapermillException as error:
            raise ReportError(f"{template}.ipynb could not be run for {journal.name}.") from error
    notebook, page = f"reports/{name}.ipynb", f"reports/{name}.html"
    executed = _tidied(executed)
    journal.store.write(notebook, nbformat.writes(executed).encode())
    journal.store.write(page, as_page(executed).encode())
    return Report(notebook, page)


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
