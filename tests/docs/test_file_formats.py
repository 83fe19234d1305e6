"""The page on file formats names the files that are there, with their columns, and leaves none out."""

from __future__ import annotations

import ast
import re

from tests.conftest import PRACTICE, ROOT
from therapy_review.consent.ledger import TABLE as LEDGER
from therapy_review.journal.corrections import TABLE as CORRECTIONS
from therapy_review.journal.days import TABLE as DAYS
from therapy_review.journal.marks import TABLE as MARKS
from therapy_review.journal.shared_notes import TABLE as TOGETHER

PAGE = (ROOT / "docs" / "file_formats.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| (`[^|]+`) \| (.*) \|$", PAGE, re.MULTILINE))
FILE = re.compile(r"[\w./-]+\.(?:age|csv|json|md|npy|npz|rttm|toml|vtt)")
# Files of the package itself, not of a journal.
OF_THE_PACKAGE = {"recording_rules.csv", "calendar_words.csv"}
# What stands for something else in a name, and names that the program puts together out of parts.
PLACES = re.compile(r"NAME|ROLE|SESSION|2026-03-04|-1\b|…")
PUT_TOGETHER = re.compile(r"index(-\w+\.json|\.html)|measures\.(csv|parquet)|agreement-.*")


def written() -> set[str]:
    """Every text without a space in the package's source; of those with something filled in, the rest."""
    found = set()
    for file in (ROOT / "therapy_review").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value:
                found.add(node.value)
    return found


def named() -> set[str]:
    return {name for row in ROWS for name in re.findall(r"`([^`]+)`", row)}


def test_every_file_on_the_page_is_known_to_the_program_or_lies_in_the_practice_journal() -> None:
    known = written() | {file.name for file in PRACTICE.rglob("*") if file.is_file()}
    whole = known | {text.rpartition("/")[2] for text in known}
    words = {word for text in known for word in re.split(r"\W+", text)}
    for name in named():
        if PLACES.search(name) or PUT_TOGETHER.fullmatch(name):
            parts = [part for part in re.split(r"\W+", PLACES.sub("", name)) if part]
            assert {*parts} <= words, name
        else:
            assert name in whole, name


def test_every_file_the_program_names_at_the_top_of_a_module_is_on_the_page() -> None:
    missing = set()
    for file in (ROOT / "therapy_review").rglob("*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            for part in ast.walk(node) if isinstance(node, ast.Assign) else ():
                if isinstance(part, ast.Constant) and FILE.fullmatch(str(part.value)):
                    name = str(part.value).removeprefix("derived").lstrip("/")
                    missing |= {name} - named() - OF_THE_PACKAGE
    assert not missing


def test_the_columns_of_tables_are_those_of_the_program() -> None:
    for table in (CORRECTIONS, DAYS, LEDGER, MARKS, TOGETHER):
        row = ROWS[f"`{table.name}`"]
        for column in table.columns:
            shown = f"`[{column}]`" if column in table.may_lack else f"`{column}`"
            assert shown in row, (table.name, column)
