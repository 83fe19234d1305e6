"""Templates: what can't be used is said in one sentence, before any session is looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from therapy_review.errors import ReportError
from therapy_review.reports.workers import templates

CELL = {
    "cell_type": "code",
    "source": "session = ''",
    "metadata": {"tags": ["parameters"]},
    "outputs": [],
    "execution_count": None,
}
WHOLE: dict[str, Any] = {"cells": [CELL], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}


def written(folder: Path, content: dict[str, Any], name: str = "mine") -> Path:
    file = folder / f"{name}.ipynb"
    file.write_text(json.dumps(content))
    return file


@pytest.mark.parametrize(
    "wrong",
    [
        {"metadata": None},
        {"metadata": {"kernelspec": "x"}},
        {"metadata": [1]},
        {"cells": [3]},
        {"cells": {"a": 1}},
        {"cells": [{name: value for name, value in CELL.items() if name != "outputs"}]},
        {"nbformat": "x"},
        {"nbformat": None},
    ],
)
def test_what_is_no_notebook_is_one_sentence(wrong: dict[str, Any], tmp_path: Path) -> None:
    file = written(tmp_path, WHOLE | wrong)
    with pytest.raises(ReportError, match=r"^mine.ipynb can't be read .* JupyterLab\.$"):
        _ = templates.find(file).parameters


@pytest.mark.parametrize(
    "other",
    [{}, {"cells": [CELL | {"id": "a"}], "nbformat_minor": 99}, {"metadata": {"therapy_review": "x"}}],
)
def test_what_a_notebook_says_beside_is_let_be(other: dict[str, Any], tmp_path: Path) -> None:
    found = templates.find(written(tmp_path, WHOLE | other))
    assert (found.parameters, found.looks_at) == (("session",), "session")
    assert found.notebook.nbformat_minor <= 5


def test_a_notebook_of_ones_own_is_not_called_like_one_that_comes_along(tmp_path: Path) -> None:
    file = written(tmp_path, WHOLE, "session_report")
    with pytest.raises(ReportError, match=r"my_session_report\.ipynb"):
        templates.find(file)
    file.write_text((templates.NOTEBOOKS / file.name).read_text(encoding="utf-8"), encoding="utf-8")
    assert templates.find(file) == templates.find("session_report")


def test_those_that_come_along_say_how_far_they_look() -> None:
    assert templates.find("session_report").looks_at == "itself"
    assert templates.find("weekly_review").looks_at == "journal"
