from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from therapy_review import reports
from therapy_review.journal import Journal

# One door on the loopback is ipykernel's own, through which programs a cell starts pass on what they print.
REACHED = """
import ipykernel, psutil
open_to = {c.laddr.ip for c in psutil.Process().net_connections("inet") if c.status == psutil.CONN_LISTEN}
(ipykernel.get_connection_info(unpack=True)["transport"], open_to - {"127.0.0.1"})
"""


def template(folder: Path, source: str) -> None:
    cells = [new_code_cell("journal = ''", metadata={"tags": ["parameters"]}), new_code_cell(source)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "asked.ipynb")


def made_from(journal: Journal) -> NotebookNode:
    made = reports.run(journal, "asked", "asked", {})
    return nbformat.reads(journal.store.read(made.notebook).decode(), as_version=4)


@pytest.mark.skipif(not reports.HAS_SOCKET_FILES, reason="Windows has no socket files; see the next test")
def test_a_reports_kernel_can_be_reached_from_no_network(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template(tmp_path, REACHED)
    monkeypatch.setattr(reports, "TEMPLATES", tmp_path)
    made = made_from(journal)
    assert made.cells[-1].outputs[0]["data"]["text/plain"] == "('ipc', set())"


def test_where_there_are_no_socket_files_the_kernel_is_spoken_to_in_cipher(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    template(tmp_path, "import ipykernel; ipykernel.get_connection_info(unpack=True)['curve_publickey'][:0]")
    monkeypatch.setattr(reports, "TEMPLATES", tmp_path)
    monkeypatch.setattr(reports, "HAS_SOCKET_FILES", False)
    made = made_from(journal)
    assert made.cells[-1].outputs[0]["data"]["text/plain"] == "''"
    assert capfd.readouterr().err == ""
