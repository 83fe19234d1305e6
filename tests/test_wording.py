"""Where the package lies, and what is found by it, whichever folder the module that asks lies in."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT
from therapy_review import hints
from therapy_review.hints import install_line
from therapy_review.reports import privacy
from therapy_review.reports.workers import templates
from therapy_review.wording import NOTEBOOKS, PACKAGE


def test_the_package_and_its_notebooks_are_found() -> None:
    assert PACKAGE == ROOT / "therapy_review"
    assert NOTEBOOKS == ROOT / "notebooks"
    assert templates.find("weekly_review").name == "weekly_review"


def test_in_a_checkout_an_extra_is_installed_from_there() -> None:
    where = hints.word(f"{ROOT}[pdf]")
    assert install_line("pdf") == f"{hints.word(sys.executable)} -m pip install -e {where}"


def test_what_a_report_may_say_of_itself_is_the_whole_program() -> None:
    told = privacy._program_words()
    every = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.html"), *NOTEBOOKS.glob("*.ipynb")]
    for file in every:
        assert privacy._letters(file.read_text(encoding="utf-8")) in told, file


def test_words_that_let_a_mood_pass_come_from_every_folder_and_from_no_style_sheet() -> None:
    said = set(privacy._program_says())
    assert {templates.NO_NOTEBOOK, hints.PROGRAM, hints.READER} <= said  # rooms of two folders
    assert (PACKAGE / "display/page.html").read_text(encoding="utf-8") in said
    assert any("weekly_review" in text for text in said)
    assert not any("backdrop-filter" in text for text in said)


def test_wording_brings_no_other_room_along() -> None:
    lists = "import sys, therapy_review.wording; print(*(m for m in sys.modules if m.startswith('therapy_review')))"
    done = subprocess.run([sys.executable, "-c", lists], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["therapy_review", "therapy_review.wording"]
