"""Make the font files in therapy_review/fonts from the family's files as a package for npm brings them.

npm pack @expo-google-fonts/atkinson-hyperlegible-next@0.4.1 && tar xzf expo-google-fonts-*.tgz
python -m tools.make_fonts package
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import matplotlib as mpl
from fontTools import subset

from therapy_review.fonts import FAMILY, FOLDER

PACKAGE = {"name": "@expo-google-fonts/atkinson-hyperlegible-next", "version": "0.4.1"}
CHARTS = "400Regular"  # the only one in charts; they need it as TTF
FACES = {CHARTS: "Regular", "400Regular_Italic": "Italic", "700Bold": "Bold"}
# Of what our pages say and the family lacks; taken from the font that matplotlib brings.
SIGNS = "←↑→↓↕■▶▸◂◆●★✎"
KEPT = ["ccmp", "kern", "locl", "mark", "mkmk", "tnum"]  # numbers stand below each other with tnum


def for_pages(source: Path, made: Path, text: str = "") -> None:
    """Write a font as pages carry it: with all its characters, or some, and without what no page asks for."""
    options = subset.Options(
        flavor="woff2", hinting=False, layout_features=KEPT, drop_tables=["FFTM", "STAT"]
    )
    font = subset.load_font(source, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=map(ord, text) if text else font.getBestCmap())
    subsetter.subset(font)
    subset.save_font(font, made, options)


def main(package: Path) -> None:
    told = json.loads((package / "package.json").read_text())
    if {name: told[name] for name in PACKAGE} != PACKAGE:
        raise SystemExit(f"{package} is not {PACKAGE['name']} {PACKAGE['version']}.")
    name, matplotlibs = FAMILY.replace(" ", ""), Path(mpl.get_data_path()) / "fonts" / "ttf"
    for face, called in FACES.items():
        source = package / face / f"{name}_{face}.ttf"
        for_pages(source, FOLDER / f"{name}-{called}.woff2")
        if face == CHARTS:
            shutil.copyfile(source, FOLDER / f"{name}-{called}.ttf")
    for_pages(matplotlibs / "DejaVuSans.ttf", FOLDER / "Signs.woff2", SIGNS)
    shutil.copyfile(package / "LICENSE_FONT", FOLDER / "OFL.txt")
    shutil.copyfile(matplotlibs / "LICENSE_DEJAVU", FOLDER / "LICENSE_DEJAVU")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
