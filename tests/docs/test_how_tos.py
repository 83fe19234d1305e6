"""The examples of the how-tos do what their pages say: each page's Python is run as it stands there."""

from __future__ import annotations

import doctest
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOTHING_DERIVED, PRACTICE, ROOT

PAGES = sorted(page for page in (ROOT / "docs" / "how-to").glob("*.md") if page.stem != "index")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def code_of(page: Path) -> str:
    """The Python of a page, every line where it stands there, so that an error names the page's own line."""
    text, code, at = page.read_text(encoding="utf-8"), "", 0
    for block in BLOCK.finditer(text):
        code += "\n" * text.count("\n", at, block.start(1)) + block.group(1)
        at = block.end(1)
    return code


def test_there_is_a_page_for_each_of_the_usual_changes() -> None:
    assert {page.stem for page in PAGES} >= {
        "add_a_chart",
        "add_a_measure",
        "plug_in_a_diarizer",
        "read_another_file_format",
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(PRACTICE, tmp_path / "data" / "practice", ignore=NOTHING_DERIVED)
    shutil.copytree(ROOT / "tests" / "reference", tmp_path / "tests" / "reference")
    monkeypatch.chdir(tmp_path)
    assert "assert " in code_of(page)
    names: dict[str, Any] = {"__name__": page.stem}
    exec(compile(code_of(page), str(page), "exec"), names)
    for one in [one for one in names.values() if getattr(one, "__module__", "") == page.stem]:
        examples = doctest.DocTestParser().get_doctest(one.__doc__ or "", names, one.__name__, str(page), 0)
        assert not doctest.DocTestRunner().run(examples).failed
