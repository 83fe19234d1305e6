"""Extras: packages that not everybody needs, and the line that installs them."""

from __future__ import annotations

import sys
from pathlib import Path

from therapy_review import hints
from therapy_review.wording import PACKAGE


def install_line(extra: str, root: Path = PACKAGE.parent) -> str:
    """Give the line that installs what an extra of this package needs, as it can be typed into a terminal.

    Parameters
    ----------
    extra : str
        As in ``pdf``.
    root : Path
        The folder the package lies in: in a checkout everything is installed from there.

    Returns
    -------
    str
        With quotes around the brackets, which some shells would read otherwise.

    Examples
    --------
    >>> install_line("pdf", Path("/nowhere")).endswith(" -m pip install 'therapy-review[pdf]'")
    True
    """
    what = f"{root}[{extra}]" if (root / "pyproject.toml").is_file() else f"therapy-review[{extra}]"
    editable = "-e " if what.startswith(str(root)) else ""
    return f"{hints.word(sys.executable)} -m pip install {editable}{hints.word(what)}"
