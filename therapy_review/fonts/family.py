"""Fonts: one family for all that is drawn and written, brought along, so that it looks the same everywhere.

Charts take it from `for_charts`, pages and PDFs carry it within themselves (`style`), JupyterLab serves it.
"""

from __future__ import annotations

import functools
import re
from base64 import b64encode
from pathlib import Path

FOLDER = Path(__file__).parent
FAMILY = "Atkinson Hyperlegible Next"
MORE = "DejaVu Sans"  # for what the family lacks; matplotlib brings it along


@functools.cache
def style() -> str:
    """Give the style that makes a page bring its fonts along.

    Returns
    -------
    str
        CSS in which the fonts stand as data; a page then writes in ``var(--tr-font)``.

    Examples
    --------
    >>> style().count("url("), style().count('url("data:font/woff2;base64,')
    (4, 4)
    """

    def within(address: re.Match[str]) -> str:
        return f'url("data:font/woff2;base64,{b64encode((FOLDER / address[1]).read_bytes()).decode()}")'

    return re.sub(r'url\("(.+?)"\)', within, (FOLDER / "fonts.css").read_text(encoding="utf-8"))


@functools.cache
def for_print() -> str:
    """Give the style that lets a PDF have what a browser takes from its computer: more letters, and those of code.

    Returns
    -------
    str
        CSS with the addresses of fonts that matplotlib brings along.
    """
    import matplotlib as mpl

    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    return "\n".join(
        f'@font-face {{ font-family: "{family}"; src: url("{(folder / file).as_uri()}"); }}'
        for family, file in {
            "Therapy Review Signs": "DejaVuSans.ttf",
            "Therapy Review Code": "DejaVuSansMono.ttf",
        }.items()
    )


@functools.cache
def for_charts() -> tuple[str, str]:
    """Let matplotlib know the family, and tell what charts are written in.

    Returns
    -------
    tuple of str
        The families whose characters are drawn the same on every computer, the first one first.
    """
    from matplotlib.font_manager import fontManager

    fontManager.addfont(FOLDER / f"{FAMILY.replace(' ', '')}-Regular.ttf")
    # Before an installed font of the same name; matplotlib's own already stand before those.
    fontManager.ttflist.insert(0, fontManager.ttflist.pop())
    return FAMILY, MORE
