"""The house: every folder small, every face light, and from outside a package nothing but its face."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import therapy_review
from tests.conftest import ROOT
from tests.house import test_one_door

PACKAGE = Path(therapy_review.__file__).parent
FACES = sorted(
    ".".join(face.parent.relative_to(PACKAGE.parent).parts) for face in PACKAGE.rglob("__init__.py")
)
HEAVY = {"pandas", "matplotlib", "ipywidgets"}
MOST = 12  # modules a folder
# Names of one release before, which templates and executed notebooks of clients may name.
HANDED_ON = {
    "agreement_page": ["agreement"],
    "bring_in": ["bring_in"],
    "path_pages": ["path_page", "how_far"],
    "share_page": ["share_page"],
    "together": ["together"],
}


@pytest.mark.parametrize("face", FACES)
def test_a_folder_holds_few_modules(face: str) -> None:
    folder = PACKAGE.parent.joinpath(*face.split("."))
    modules = [file for file in folder.glob("*.py") if file.stem not in ("__init__", "__main__", *HANDED_ON)]
    assert len(modules) <= MOST, [file.name for file in modules]


def test_no_face_brings_what_takes_long_to_import() -> None:
    program = (
        f"import importlib, sys\nfor face in {FACES}: importlib.import_module(face)\nprint(*sys.modules)"
    )
    came = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert not HEAVY & set(came.stdout.split())


@pytest.mark.parametrize("face", FACES)
def test_a_face_holds_no_code_and_hands_on_what_there_is(face: str) -> None:
    module = importlib.import_module(face)
    source = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))
    assert not [part for part in source.body if isinstance(part, ast.FunctionDef | ast.ClassDef)]
    assert module.__doc__
    for name in module.__all__:
        assert getattr(module, name) is not None


def named() -> Iterator[tuple[str, str]]:
    """Every function and class that a face hands on."""
    for face in FACES:
        module = importlib.import_module(face)
        for name in module.__all__:
            one = getattr(module, name)
            if (inspect.isfunction(one) or inspect.isclass(one)) and one.__module__.startswith(face):
                yield face, name


def test_what_a_face_hands_on_says_what_it_takes_and_gives() -> None:
    short = []
    for face, name in named():
        one = getattr(importlib.import_module(face), name)
        said = inspect.getdoc(one) or ""
        if inspect.isfunction(one):
            takes = [p for p in inspect.signature(one).parameters if p != "self"]
            gives = one.__annotations__.get("return") not in (None, "None")
            if (takes and "Parameters\n---" not in said) or (
                gives and not any(f"{part}\n---" in said for part in ("Returns", "Yields"))
            ):
                short.append(f"{face}.{name}")
        elif not said:
            short.append(f"{face}.{name}")
    assert not short


def imported(file: Path) -> Iterator[tuple[int, str]]:
    """Modules of the package that a file names in its imports."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)


def test_from_outside_a_package_only_its_face_is_imported() -> None:
    reached = []
    files = [*PACKAGE.rglob("*.py"), *(ROOT / "tools").glob("*.py")]
    for file in files:
        own = ".".join(file.relative_to(PACKAGE.parent).parent.parts) if PACKAGE in file.parents else ""
        for line, module in imported(file):
            if not module.startswith("therapy_review.") or module in FACES:
                continue
            home = module.rpartition(".")[0]
            if home not in ("therapy_review", own):
                reached.append(f"{file.relative_to(ROOT)}:{line} {module}")
    assert not reached


@pytest.mark.parametrize("old", HANDED_ON)
def test_names_of_the_release_before_hand_on(old: str) -> None:
    module = importlib.import_module(f"therapy_review.{old}")
    for name in HANDED_ON[old]:
        assert callable(getattr(module, name))


def test_every_place_the_one_door_allows_is_there() -> None:
    tables = (
        [file for file, _ in test_one_door.ALLOWED],
        test_one_door.MAKES_RECORDINGS,
        test_one_door.OPENS_FILES,
        test_one_door.READS_RECORDINGS,
        test_one_door.READS_FILES,
        test_one_door.STARTS_PROGRAMS,
    )
    for table in tables:
        for file in table:
            assert (PACKAGE / file).is_file(), file
