"""The files a project is installed from agree with one another."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = PROJECT["dependency-groups"]


def names(requirements: list[str]) -> set[str]:
    found = (re.match(r"[A-Za-z0-9._-]+", line) for line in requirements)
    return {re.sub(r"[-_.]+", "-", match.group()).lower() for match in found if match}


def test_conda_and_pip_install_the_same_things_within_the_same_bounds() -> None:
    text = (ROOT / "environment.yml").read_text().partition("dependencies:")[2]
    listed = {line.strip(" -") for line in text.splitlines() if line.strip()}
    # `-e .` is this package itself.
    assert listed - {"pip", "pip:", "e ."} == {
        f"python{PROJECT['project']['requires-python']}",
        *PROJECT["project"]["dependencies"],
    }


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_every_dependency_with_its_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    wanted = list(PROJECT["project"]["dependencies"])
    if "dev" in lock:
        wanted += [line for group in GROUPS.values() for line in group if isinstance(line, str)]
    entries = re.sub(r"\\\n\s*", "", text).splitlines()
    assert names(wanted) <= names(entries)
    for entry in entries:
        assert re.match(r"[a-z0-9._\[\],-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", entry), entry
    assert "://" not in text
