"""Which notebook is meant by a name, and what is said of one that can't be a template."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.conftest import root_of
from therapy_review import hints
from therapy_review.display.rendering import as_page
from therapy_review.errors import ReportError
from therapy_review.journal.journal import Journal
from therapy_review.reports import runner
from therapy_review.reports.workers.templates import find
from therapy_review.wording import NOTEBOOKS


@pytest.mark.parametrize(
    "wanted", ["session_report", "session_report.ipynb", NOTEBOOKS / "session_report.ipynb"]
)
def test_a_notebook_that_comes_along_is_found_by_its_name(wanted: str | Path) -> None:
    assert find(wanted).name == "session_report"


@pytest.mark.parametrize(
    "wanted", ["my/session_report.ipynb", "./session_report.ipynb", "~/x/session_report"]
)
def test_a_path_that_leads_nowhere_is_no_other_notebook(wanted: str) -> None:
    with pytest.raises(ReportError, match=r"no notebook .* one of: "):
        find(wanted)


def test_the_weekly_review_is_written_by_its_own_command(short: Journal) -> None:
    review = re.escape(hints.command("review", journal=root_of(short)))
    with pytest.raises(ReportError, match=f":  {review}$"):
        runner.run(short, template="weekly_review")
    with pytest.raises(ReportError, match=r"no parameter session, .* session = "):
        runner.run(short, template="how_far")


def test_a_drawing_in_a_report_says_what_stands_above_it() -> None:
    drawing = new_output("display_data", data={"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'/>"})
    cells = [new_markdown_cell("## My week"), new_code_cell("", outputs=[drawing])]
    page = as_page(nbformat.from_dict(new_notebook(cells=cells)))
    assert 'alt="A picture: My week"' in page
    assert "No description" not in page


def test_a_notebook_that_names_no_kernel_is_a_template_too(tmp_path: Path) -> None:
    # As nbformat and jupytext write them.
    cells = [new_code_cell("session = ''\ndepth = 1", metadata={"tags": ["parameters"]})]
    nbformat.write(new_notebook(cells=cells), tmp_path / "mine.ipynb")
    found = find(tmp_path / "mine.ipynb")
    assert found.parameters == ("session", "depth")
    assert found.notebook.metadata.kernelspec.name == "python3"
