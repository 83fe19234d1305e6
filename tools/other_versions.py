"""Try the newest versions of everything, or the oldest that our bounds allow: the main job, and the quick tests.

    python tools/other_versions.py newest
    python tools/other_versions.py oldest

A library that disappears or breaks an interface is the commonest death of a small project. `newest` goes beyond our
own upper bounds, so that this is known before they are raised, and says in one table what changed since the lock.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
UV = [shutil.which("uv", path=Path(sys.executable).parent) or "uv", "--no-config", "--quiet"]
LOCKS = ("requirements.lock", "requirements-dev.lock")
say = Console(highlight=False)


def main(which: str, python: str) -> int:
    with tempfile.TemporaryDirectory(prefix="versions-") as folder:
        copy = Path(folder, "copy")
        copy_project(copy)
        say.print(f"Finding the {which} versions and installing them, for {python} …")
        if not install(which, python, copy):
            say.print("They can't be had together; what stands in the way is said above.")
            return 1
        # The README's command and the quick tests, as anybody runs them: what make would install is there already.
        for made in ("installed", "installed-dev"):
            (copy / ".venv" / made).touch()
        results = {}
        for goal in ("review", "quick"):
            say.rule(f"make {goal}")
            results[goal] = subprocess.run(["make", goal], cwd=copy).returncode == 0
        say.print(table(which, installed(copy)))
    for goal, passed in results.items():
        say.print(f"make {goal} with the {which} versions: {'passed' if passed else 'FAILED'}")
    return 0 if all(results.values()) else 1


def copy_project(target: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    for name in listed.stdout.decode().split("\0"):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)


def install(which: str, python: str, copy: Path) -> bool:
    wanted, found = copy.parent / "wanted.txt", copy.parent / "found.txt"
    wanted.write_text("\n".join(str(one) if which == "oldest" else one.name for one in ours()))
    resolution = ["--resolution", "lowest-direct" if which == "oldest" else "highest"]
    place = ["--python", str(copy / ".venv" / "bin" / "python")]
    steps = [
        ["venv", "--python", python, copy / ".venv"],
        ["pip", "compile", *resolution, *place, wanted, "-o", found],
        ["pip", "install", *place, "-r", found],
        ["pip", "install", *place, "-c", found, "--group", f"{copy}/pyproject.toml:dev"],
        ["pip", "install", *place, "--no-deps", "-e", copy],
    ]
    # Where nobody may write bytecode later, it would be made anew each time a program starts.
    compiled = {"UV_COMPILE_BYTECODE": "1"} if sys.dont_write_bytecode else {}
    quiet = {**os.environ, **compiled, "UV_NO_PROGRESS": "1"}
    return all(
        subprocess.run([*UV, *step], stdout=subprocess.DEVNULL, env=quiet).returncode == 0 for step in steps
    )


def ours() -> list[Requirement]:
    """What the package asks for by itself, with its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [
        *project["dependencies"],
        *(one for extra in project["optional-dependencies"].values() for one in extra),
    ]
    return [Requirement(line) for line in lines]


def installed(copy: Path) -> tuple[dict[str, str], dict[str, str]]:
    """What the locks give on that Python, and what is there now: name to version."""
    python = copy / ".venv" / "bin" / "python"
    listed = subprocess.run(
        [*UV, "pip", "freeze", "--python", python], capture_output=True, text=True, check=True
    )
    now = dict(line.split("==") for line in listed.stdout.splitlines() if "==" in line)
    version = subprocess.run(
        [python, "-c", "import platform; print(platform.python_version())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    there = {"python_full_version": version, "python_version": ".".join(version.split(".")[:2])}
    lines = "\n".join((ROOT / lock).read_text() for lock in LOCKS)
    entries = re.findall(r"(?m)^(\S+)==(\S+)(?: ; (.*?))? \\$", lines)
    locked = {
        name: pinned for name, pinned, marker in entries if not marker or Marker(marker).evaluate(there)
    }
    return locked, now


def table(which: str, versions: tuple[dict[str, str], dict[str, str]]) -> Table:
    locked, now = versions
    bounds = {canonicalize_name(one.name): one.specifier for one in ours()}
    drawn = Table(title=f"The {which} versions, where the lock has others", title_justify="left")
    for heading in ("package", "locked", which, ""):
        drawn.add_column(heading)
    for name in sorted(locked | now):
        before, after = locked.get(name), now.get(name)
        if before == after or (after is None and which == "oldest"):
            continue
        note = ""
        if after is None:
            note = "asked for by nobody any more"
        elif before is None:
            note = "new"
        elif name in bounds and not bounds[name].contains(after, prereleases=True):
            note = f"beyond our bound ({bounds[name]})"
        elif Version(after).major != Version(before).major:
            note = "another major version"
        drawn.add_row(name, before or "-", after or "-", note)
    return drawn


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("which", choices=["newest", "oldest"])
    parser.add_argument("--python", default=sys.executable, help="a Python to try it with")
    given = parser.parse_args()
    sys.exit(main(given.which, given.python))
