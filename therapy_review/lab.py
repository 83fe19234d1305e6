"""JupyterLab as the workbook starts it: on this computer only, one quiet page, nothing fetched from anywhere."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

# labconfig/: no news asked for, no tools for programming in view; custom/: a notebook as a page to read.
# Nor does the tab's icon change with every message to the kernel: Chromium keeps 49 kB for each change.
SETTINGS = Path(__file__).parent / "jupyter"
# Updates and the list of extensions would ask an outside server too.
QUIET = (
    "--ServerApp.ip=127.0.0.1",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
    "--LabApp.custom_css=True",
    f"--ServerApp.tornado_settings={ {'static_custom_path': [str(SETTINGS / 'custom')]} }",
)


def command(root: Path, notebook: str) -> list[str]:
    """Give the command that opens one notebook in Lab's simple interface.

    Parameters
    ----------
    root : Path
        The folder Lab may see.
    notebook : str
        The notebook's name below that folder, with forward slashes.

    Returns
    -------
    list of str
        The program and its arguments.

    Examples
    --------
    >>> command(Path("my-journal"), "reports/week.ipynb")[2]
    '--LabApp.default_url=/doc/tree/reports/week.ipynb'
    """
    program = shutil.which("jupyter-lab", path=str(Path(sys.executable).parent)) or "jupyter-lab"
    return [program, f"--ServerApp.root_dir={root}", f"--LabApp.default_url=/doc/tree/{notebook}", *QUIET]


def environment() -> dict[str, str]:
    """Give the environment Lab is started in: this one, with the workbook's settings for Lab.

    Returns
    -------
    dict of str to str
    """
    earlier = os.environ.get("JUPYTER_CONFIG_PATH")
    paths = [str(SETTINGS), *([earlier] if earlier else [])]
    return {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join(paths)}
