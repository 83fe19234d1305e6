"""The documentation builds without a warning and without a network, and shows the house as it is."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests.conftest import ROOT

DOCS = ROOT / "docs"
FACES = sorted(face.parent.name for face in (ROOT / "therapy_review").glob("*/__init__.py"))
TEXTS = [ROOT / "CONTRIBUTING.md", *sorted(page for page in DOCS.rglob("*.md") if "_build" not in page.parts)]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
# What a page loads as soon as it is opened.
LOADS = re.compile(
    r"<(?:script|img|iframe|source|audio|video|embed|object|image|use)\b[^>]*?\b(?:src|data|href)=\"([^\"]*)\""
    r"|<link\b(?![^>]*rel=\"(?:next|prev|index|search|canonical|author|copyright|genindex)\")[^>]*?href=\"([^\"]*)\""
)
IN_STYLE = re.compile(r"@import\s*[\"']?([^\"';]+)|url\(\s*[\"']?([^\"')]+)")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The pages as HTML, built once for all of pytest's processes, with every warning an error."""
    here = tmp_path_factory.getbasetemp()
    shared = (here if worker_id == "master" else here.parent) / "docs"
    with FileLock(f"{shared}.lock"):
        if not (shared / "done").exists():
            build = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
            made = subprocess.run(
                [*build, "-d", shared / "doctrees", DOCS, shared / "html"], capture_output=True, text=True
            )
            assert made.returncode == 0, made.stderr
            (shared / "done").touch()
    return shared / "html"


def loaded(built: Path) -> Iterator[tuple[str, str]]:
    for page in built.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        styles = "".join(re.findall(r"<style.*?</style>", text, re.DOTALL))
        for found in [*LOADS.findall(text), *IN_STYLE.findall(styles)]:
            yield page.name, "".join(found)
    for sheet in built.rglob("*.css"):
        for found in IN_STYLE.findall(sheet.read_text(encoding="utf-8")):
            yield sheet.name, "".join(found)


def test_pages_build_without_a_warning_and_load_nothing_from_elsewhere(built: Path) -> None:
    assert (built / "index.html").exists()
    found = [(page, address) for page, address in loaded(built)]
    assert len(found) > 100
    assert not [one for one in found if re.match(r"(?:https?:|ftp:)?//", one[1])]
    scripts = " ".join(file.read_text(encoding="utf-8") for file in (built / "_static").rglob("*.js"))
    assert not re.search(r"(?:src|href)\s*=\s*[\"'`]https?:", scripts)


def test_every_floor_stands_in_the_picture_and_leads_to_its_page(built: Path) -> None:
    page = (built / "packages" / "index.html").read_text(encoding="utf-8")
    picture = page[page.index('<svg class="flow"') : page.index("</svg>", page.index('<svg class="flow"'))]
    for where in re.findall(r'<a href="([^"#]+)', picture):
        assert (built / "packages" / where).exists()


def floors(container: str) -> list[str]:
    (contract,) = [one for one in CONTRACTS if one.get("containers") == [container]]
    return [name.strip() for layer in contract["layers"] for name in layer.split("|")]


@pytest.mark.parametrize("container", ["therapy_review", "therapy_review.reports"])
def test_the_picture_is_made_from_the_contracts(container: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    picture = importlib.import_module("flow").picture(container)
    assert re.findall(r'class="name"[^>]*>([^<]+)<', picture) == floors(container)
    assert "#" not in re.sub(
        r"&#?\w+;", "", picture
    )  # no colour of its own, so that it reads in light and dark


def test_every_package_has_a_page_that_hands_on_its_face() -> None:
    pages = {page.stem for page in (DOCS / "packages").glob("*.md")} - {"index", "ground"}
    assert pages == set(FACES)
    for face in FACES:
        text = (DOCS / "packages" / f"{face}.md").read_text(encoding="utf-8")
        assert f"```{{says}} therapy_review.{face}\n```" in text
        assert f"```{{face}} therapy_review.{face}\n```" in text
        assert "**In**" in text
        assert "**Out**" in text
        assert "**Files**" in text


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_and_modules_that_a_page_names_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    paths = re.findall(r"`((?:therapy_review|tests|tools|docs|notebooks|data|benchmarks)/[\w./-]*)`", text)
    assert not [path for path in paths if not (ROOT / path).exists() and path != "docs/_build"]
    for module in re.findall(r"`(therapy_review(?:\.\w+)+)`", text):
        home, _, name = module.rpartition(".")
        assert hasattr(importlib.import_module(home), name) or importlib.import_module(module)


def test_the_table_of_libraries_names_every_dependency_of_a_client() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    text = re.sub(r"[-_. ]", "", (DOCS / "libraries.md").read_text(encoding="utf-8").lower())
    called = {"av": "pyav", "pympi-ling": "pympi", "webvtt-py": "webvtt"}
    # What everybody who works with data in notebooks has, and nobody has to be told why.
    common = {
        *("numpy", "pandas", "matplotlib", "ipykernel", "ipywidgets", "jupyterlab", "nbconvert", "papermill"),
        "tzdata",
    }
    for line in project["dependencies"]:
        name = re.split(r"[<>=]", line)[0].lower()
        assert name in common or re.sub(r"[-_. ]", "", called.get(name, name)) in text, name
