"""Setting up says one line a step, and one sentence where it can't go on; what installers say lies in a log."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

NOTHING = "# nothing\n"
LOCKS = ("requirements.lock", "requirements-dev.lock", "tools/set_up.lock")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What is set up, without anything that would have to be fetched."""
    folder = tmp_path / "my workbook"
    (folder / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "tools/set_up.py", folder / "tools")
    for lock in LOCKS:
        (folder / lock).write_text(NOTHING)
    return folder


def set_up(folder: Path, first: str = "") -> subprocess.CompletedProcess[str]:
    """Set up where no package can be fetched, after something that makes this Python another one."""
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    runs = f"import runpy, subprocess, sys, venv\nsys.argv = sys.argv[1:]\n{first}\n"
    runs += "runpy.run_path(sys.argv[0], run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", runs, folder / "tools/set_up.py"],
        cwd=folder,
        env={**alone, "PIP_NO_INDEX": "1", "UV_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )


def test_what_cannot_be_fetched_is_one_sentence_that_names_the_log(checkout: Path) -> None:
    (checkout / "tools/set_up.lock").write_text(f"no-such-package==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    done = set_up(checkout)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "Making a place of its own for the workbook, in .venv …",
        "Fetching 0 packages …",
    ]
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("Setting up did not work. Is this computer connected to the internet")
    assert "no-such-package" in done.stderr
    (log,) = re.findall(r"in (\S+)$", done.stderr.strip())
    assert "no-such-package" in (checkout / log).read_text()
    assert not (checkout / ".venv/uv").exists()


def test_a_python_that_makes_no_environment_is_said_to_lack_a_package(checkout: Path) -> None:
    # As Debian's python3 without python3-venv, which has no ensurepip.
    lacks = "venv.EnvBuilder._setup_pip = lambda *_: subprocess.run([sys.executable, '-c', 'exit(1)'], check=True)"
    done = set_up(checkout, lacks)
    assert done.returncode == 1
    assert "sudo apt install python3-venv" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("version", [(3, 10), (3, 9)])
def test_an_old_python_is_told_what_is_needed(version: tuple[int, int], checkout: Path) -> None:
    done = set_up(checkout, f"sys.version_info = ({version[0]}, {version[1]}, 0)")
    assert done.returncode == 1
    assert done.stderr.startswith(f"This is Python 3.{version[1]} and the workbook needs 3.11 or newer.")
    assert not (checkout / ".venv").exists()


def test_what_a_client_does_without_is_asked_for_by_nothing_we_do() -> None:
    """Pitch and resampling are where librosa's libraries are used; kernels are tried by `make review` itself."""
    listed = (ROOT / "tools/not_for_clients.txt").read_text().splitlines()
    left_out = [line for line in listed if line and not line.startswith("#")]
    assert left_out
    locked = (ROOT / "requirements.lock").read_text()
    assert not [name for name in left_out if re.search(rf"(?m)^{name}==", locked)]
    imported = [name.replace("scikit-learn", "sklearn") for name in left_out]
    code = f"""
import importlib, pkgutil, sys
sys.modules.update(dict.fromkeys({imported}))  # what is None there can't be imported
import numpy as np
import therapy_review
for module in pkgutil.walk_packages(therapy_review.__path__, "therapy_review."):
    importlib.import_module(module.name)
from therapy_review.measures import pitch_loudness
from therapy_review.diarization.segmentation import SAMPLE_RATE, checked
tone = ((220 * np.arange(44100) / 44100) % 1).astype(np.float32) - 0.5
pitch = pitch_loudness._voiced_frames(checked(tone, 44100)[:: SAMPLE_RATE // pitch_loudness.RATE])[0]
print(abs(float(np.median(pitch)) - 220) < 3)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr
