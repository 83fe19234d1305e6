"""JupyterLab as the workbook starts it: on this computer only, one quiet page, nothing fetched from anywhere."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from therapy_review import fonts, hints

if TYPE_CHECKING:
    from therapy_review.journal import Journal

HAS_SOCKET_FILES = hasattr(socket, "AF_UNIX")  # not on Windows
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
    f"--ServerApp.tornado_settings={ {'static_custom_path': [str(SETTINGS / 'custom'), str(fonts.FOLDER)]} }",
    # No second copies of notebooks.
    "--AsyncContentsManager.checkpoints_class=therapy_review.lab.managers.NoCheckpoints",
    # Nor what was typed, in IPython's own folder.
    "--ServerApp.kernel_spec_manager_class=therapy_review.lab.managers.QuietKernelSpecs",
    # Its address and what goes wrong, without the sign language of a log.
    "--ServerApp.log_level=ERROR",
    "--LabApp.log_level=ERROR",
    "--Application.log_format=%(message)s",
)
OPENS = "The workbook opens in your browser. Leave this window open meanwhile; to end it, press Ctrl-C here twice."
TALKS = "therapy-review-"  # begins the names of folders in which Lab talks to its kernels; then who made it
SEALED = "--ServerApp.contents_manager_class=therapy_review.lab.managers.SealedContents"


def command(root: Path, notebook: str, *, sealed: bool = False) -> list[str]:
    """Give the command that opens one notebook in Lab's simple interface.

    Parameters
    ----------
    root : Path
        The folder Lab may see.
    notebook : str
        The notebook's name below that folder, with forward slashes.
    sealed : bool
        Whether the folder is a sealed journal.

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
    opened = [f"--ServerApp.root_dir={root}", f"--LabApp.default_url=/doc/tree/{notebook}"]
    return [program, *opened, *QUIET, *_between_us(), *([SEALED] if sealed else [])]


def _between_us() -> list[str]:
    """Let nobody else on this computer listen to kernels: files only their owner may open, or in cipher."""
    if not HAS_SOCKET_FILES:
        return ["--KernelManager.transport_encryption=auto"]
    _clear_away()
    # A socket's whole name may have about a hundred letters; Jupyter's own folder can be too long for that.
    folder = tempfile.mkdtemp(prefix=f"{TALKS}{os.getpid()}-")
    return ["--KernelManager.transport=ipc", f"--KernelManager.ip={folder}/k"]


def _clear_away() -> None:
    """Remove what a Lab left that was killed; one that ends takes its folder with it."""
    for folder in Path(tempfile.gettempdir()).glob(f"{TALKS}*-*"):
        number = folder.name.removeprefix(TALKS).split("-")[0]
        if number.isdecimal() and not _lives(int(number)):
            shutil.rmtree(folder, ignore_errors=True)  # another's stays: it may not be removed


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # somebody else's
        return True
    return True


def environment() -> dict[str, str]:
    """Give the environment Lab is started in: this one, with the workbook's settings for Lab.

    Returns
    -------
    dict of str to str
    """
    earlier = os.environ.get("JUPYTER_CONFIG_PATH")
    paths = [str(SETTINGS), *([earlier] if earlier else [])]
    return {
        **os.environ,
        "JUPYTER_CONFIG_PATH": os.pathsep.join(paths),
        hints.READER: hints.ANYWHERE,  # its kernels run where nobody stands
    }


def start(journal: Journal, notebook: str) -> NoReturn:
    """Open one notebook of a journal in Lab, and say so; this program becomes Lab and does not come back."""
    import typer

    from therapy_review.storage import unlock

    started = command(journal.root, notebook, sealed=bool(journal.settings.get("sealed")))
    typer.echo(OPENS)
    os.umask(0o077)  # what Jupyter writes is its owner's, too
    os.execvpe(started[0], started, {**environment(), **unlock.passed_on(journal.store)})
