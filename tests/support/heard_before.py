"""What was heard in a sound before is known again: in other tests, other workers, and the next run of pytest.

Most tests that analyse a session are about what comes after the listening, and the sound is the same few
recordings. So what three pure functions return, in which nearly all of the time goes, is kept by pytest's cache. It
counts only for the same arguments, sources, models and libraries; and where a test has put something else in place
of a part of them, nothing is kept and nothing taken from there. `heard_anew` has a test hear everything by itself.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import os
import pickle
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from filelock import FileLock

import therapy_review
from therapy_review.diarization import embedding, engine
from therapy_review.measures import pitch_loudness

PACKAGE = Path(therapy_review.__file__).parent
# Who speaks when, what voices sound like, and pitch and loudness. What surrounds them is done anew each time.
LISTENING = [(engine, "tell_apart"), (embedding, "embed"), (pitch_loudness, "_each_on_a_core")]
OLD_ONES = 4  # sets of sources whose results are kept beside the present one, for who goes to and fro


class Kept:
    """A function whose results are kept.

    Parameters
    ----------
    module : module
    name : str
        Of the function in it.
    root : Path
        Where results lie, for whatever sources.
    """

    def __init__(self, module: ModuleType, name: str, root: Path) -> None:
        self.module, self.name, self.real, self.root = module, name, getattr(module, name), root
        self.before: list[tuple[ModuleType, dict[str, object]]] = []

    def begin(self) -> None:
        """Remember what it is made of now, before any test."""
        self.before = [(module, _parts(module)) for module in _reached(self.module)]

    def is_itself(self) -> bool:
        """Tell whether no test has put anything in place of a part of it."""
        return all(
            parts.keys() == now.keys() and all(parts[key] is now[key] for key in parts)
            for module, parts in self.before
            for now in [_parts(module)]
        )

    @functools.cached_property
    def folder(self) -> Path:
        """Where results of these sources lie."""
        folder = self.root / f"{self.name}-{fingerprint(sources(self.module))}"
        if not folder.exists():
            _make_room(self.root, self.name)
            folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        return folder

    def __call__(self, *given: Any) -> Any:
        """Do as the function does."""
        if not self.is_itself():
            return self.real(*given)
        file = self.folder / hashlib.sha256(pickle.dumps(given, protocol=5)).hexdigest()
        with contextlib.suppress(FileNotFoundError):
            return pickle.loads(file.read_bytes())
        with FileLock(f"{file}.lock"):
            if not file.exists():
                found = self.real(*given)
                if not self.is_itself():  # by now
                    return found
                file.with_suffix(".new").write_bytes(pickle.dumps(found, protocol=5))
                file.with_suffix(".new").replace(file)
            return pickle.loads(file.read_bytes())


def _reached(module: ModuleType) -> list[ModuleType]:
    """Find the package's modules that hold anything a module's functions reach by name."""
    found, todo = {}, [module.__name__]
    while todo:
        if (name := todo.pop()) in found or not f"{name}.".startswith("therapy_review."):
            continue
        found[name] = sys.modules[name]
        todo += [
            value.__name__ if isinstance(value, ModuleType) else str(getattr(value, "__module__", ""))
            for value in vars(found[name]).values()
        ]
    return list(found.values())


def _parts(module: ModuleType) -> dict[str, object]:
    return {name: value for name, value in vars(module).items() if not name.startswith("__")}


def _make_room(root: Path, name: str) -> None:
    old = sorted(root.glob(f"{name}-*"), key=lambda folder: folder.stat().st_mtime)
    for folder in old[:-OLD_ONES]:
        shutil.rmtree(folder, ignore_errors=True)


def sources(module: ModuleType) -> list[Path]:
    """Find all of the package that a module may rest on: whole folders, which hand things on, and the models."""
    assert module.__file__
    found: set[Path] = set()
    todo = {Path(module.__file__)}
    while todo:
        file = todo.pop()
        is_the_door = file == PACKAGE / "__init__.py"  # which names every room
        new = ({file} if is_the_door else {*file.parent.glob("*.py")}) - found
        found |= new
        for one in new - {PACKAGE / "__init__.py"}:
            todo |= _imported(one) - found
    return sorted(found | {file for file in PACKAGE.rglob("models/*") if file.is_file()})


@functools.cache
def _imported(file: Path) -> set[Path]:
    named = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            named |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    found = set()
    for name in named:
        place = PACKAGE.parent.joinpath(*name.split("."))
        if place.is_relative_to(PACKAGE):
            found |= {one for one in (place.with_suffix(".py"), place / "__init__.py") if one.exists()}
    return found


@functools.cache
def _libraries() -> bytes:
    found = {f"{one.metadata['Name']} {one.version}" for one in distributions()}
    return "\n".join([sys.version, *sorted(found)]).encode()


def fingerprint(files: list[Path]) -> str:
    """Tell sources and libraries from all others."""
    whole = hashlib.sha256(_libraries())
    for file in files:
        whole.update(f"\n{file.relative_to(PACKAGE)} {file.stat().st_size}\n".encode() + file.read_bytes())
    return whole.hexdigest()[:24]


@pytest.fixture(scope="session", autouse=True)
def heard_before(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Kept]]:
    """Keep what the functions in `LISTENING` return."""
    cache = getattr(pytestconfig, "cache", None)
    root = cache.mkdir("heard") if cache else tmp_path_factory.mktemp("heard")
    every = [Kept(module, name, root) for module, name in LISTENING]
    with pytest.MonkeyPatch.context() as patch:
        for kept in every:
            patch.setattr(kept.module, kept.name, kept)
        for kept in every:
            kept.begin()
        yield every


@pytest.fixture
def heard_anew(heard_before: list[Kept], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing count that was heard before."""
    for kept in heard_before:
        monkeypatch.setattr(kept.module, kept.name, kept.real)
