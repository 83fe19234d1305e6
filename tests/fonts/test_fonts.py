"""Fonts: charts, pages and PDFs look the same, whatever fonts a computer has."""

from __future__ import annotations

import ast
import base64
import copy
import ctypes
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from matplotlib import font_manager

from tests.conftest import ROOT
from therapy_review import fonts
from therapy_review.display.rendering import in_shell
from therapy_review.lab import server
from therapy_review.reports import manifest, privacy
from therapy_review.rights import draft as agreeing

OWN = Path(mpl.get_data_path()) / "fonts" / "ttf"  # what matplotlib brings along
TTF = fonts.FOLDER / "AtkinsonHyperlegibleNext-Regular.ttf"
FACES = ["Regular", "Italic", "Bold"]

# What is drawn on each of the computers, in a process of its own: everything that has letters.
DRAW = """
import datetime as dt
import sys
from pathlib import Path

from therapy_review.rights import draft as agreeing
from therapy_review.charts.session import session_map
from therapy_review.display.rendering import as_pdf, in_shell
from therapy_review.turns.table import turns_table

folder = Path(sys.argv[1])
turns = turns_table([(0, 9, "client"), (13, 20, "therapist")])
(folder / "chart.png").write_bytes(session_map(turns, names={"client": "Łucja → Ада", "therapist": "Été"}).png())
words = "Łucja ▸ <strong>bold</strong> <em>slanted</em> <code>code</code> ★ Λέξεις Слова"
(folder / "page.pdf").write_bytes(as_pdf(in_shell(f"<h1>A day</h1><p>{words}</p><pre>as it is</pre>")))
draft = agreeing.Draft("Robin", "Daniel", agreeing.USUAL, dt.date(2026, 3, 4), dt.date(2027, 3, 4))
(folder / "agreement.pdf").write_bytes(agreeing.printed(draft, ".pdf"))
"""


def false_font(folder: Path) -> Path:
    """Another font that is called as ours is."""
    folder.mkdir()
    font = TTFont(OWN / "DejaVuSerif.ttf")
    for name in font["name"].names:
        if name.nameID in (1, 4, 16):
            name.string = fonts.FAMILY
    font.save(folder / "false.ttf")
    return folder / "false.ttf"


def fontconfig(into: Path, folder: Path | None) -> Path:
    """Fontconfig's settings for a computer whose fonts lie in one folder, or that has none."""
    named = f"<dir>{folder}</dir>" if folder else ""
    into.write_text(f"<fontconfig>{named}<cachedir>{into.with_suffix('.cache')}</cachedir></fontconfig>")
    return into


def matplotlibs(into: Path, *installed: Path) -> Path:
    """Matplotlib's settings for a computer with some fonts; it would look into more folders than Fontconfig."""
    into.mkdir()
    entries = [font_manager.ttfFontProperty(font_manager.get_font(path)) for path in installed]
    listed = copy.copy(font_manager.fontManager)
    listed.ttflist = entries + [f for f in listed.ttflist if Path(f.fname).parent == OWN]
    font_manager.json_dump(listed, into / f"fontlist-v{font_manager.FontManager.__version__}.json")
    return into


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Where lies what was drawn on each of four computers."""
    root = tmp_path_factory.mktemp("computers")
    (root / "dejavu").mkdir()
    (root / "dejavu" / "DejaVuSans.ttf").write_bytes((OWN / "DejaVuSans.ttf").read_bytes())
    false = false_font(root / "false")
    computers = {
        "as here": {"MPLCONFIGDIR": root / "mpl_here"},
        "none": {
            "MPLCONFIGDIR": matplotlibs(root / "mpl_none"),
            "FONTCONFIG_FILE": fontconfig(root / "none.conf", None),
        },
        "DejaVu only": {
            "MPLCONFIGDIR": matplotlibs(root / "mpl_dejavu", root / "dejavu" / "DejaVuSans.ttf"),
            "FONTCONFIG_FILE": fontconfig(root / "dejavu.conf", root / "dejavu"),
        },
        "a false one": {
            "MPLCONFIGDIR": matplotlibs(root / "mpl_false", false),
            "FONTCONFIG_FILE": fontconfig(root / "false.conf", false.parent),
        },
    }
    running = {}
    for name, settings in computers.items():
        folder = root / f"drawn {name}"
        folder.mkdir()
        environment = {**os.environ, **{key: str(path) for key, path in settings.items()}}
        command = [sys.executable, "-W", "ignore", "-c", DRAW, str(folder)]
        running[folder] = subprocess.Popen(command, env=environment, cwd=ROOT)
    for folder, process in running.items():
        assert process.wait(240) == 0, folder.name
    return dict(zip(computers, running, strict=True))


others = pytest.mark.parametrize("computer", ["none", "DejaVu only", "a false one"])


def pictures(pdf: Path) -> list[np.ndarray]:
    return [sheet.render(scale=1.5).to_numpy() for sheet in pypdfium2.PdfDocument(pdf)]


def written_in(pdf: Path) -> set[str]:
    """Name the fonts of a PDF's texts; all of them lie in it."""
    raw, found = pypdfium2.raw, set()
    for sheet in pypdfium2.PdfDocument(pdf):
        for text in sheet.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]):
            font = raw.FPDFTextObj_GetFont(text.raw)
            assert raw.FPDFFont_GetIsEmbedded(font) == 1
            room = ctypes.create_string_buffer(raw.FPDFFont_GetBaseFontName(font, None, 0))
            raw.FPDFFont_GetBaseFontName(font, room, len(room))
            found.add(room.value.decode().partition("+")[2])
    return found


@others
def test_a_chart_is_the_same_to_the_byte_on_every_computer(drawn: dict[str, Path], computer: str) -> None:
    there, here = ((drawn[name] / "chart.png").read_bytes() for name in (computer, "as here"))
    assert there == here


@others
@pytest.mark.parametrize("file", ["page.pdf", "agreement.pdf"])
def test_a_pdf_looks_the_same_on_every_computer(drawn: dict[str, Path], computer: str, file: str) -> None:
    there, here = (pictures(drawn[name] / file) for name in (computer, "as here"))
    assert len(there) == len(here) == 1
    np.testing.assert_array_equal(there[0], here[0])


@pytest.mark.parametrize("computer", ["as here", "none", "DejaVu only", "a false one"])
def test_a_pdf_is_written_in_the_fonts_that_come_along(drawn: dict[str, Path], computer: str) -> None:
    ours = {"Therapy-Review", "Therapy-Review-Bold", "Therapy-Review-Italic"}
    more = {"Therapy-Review-Code", "Therapy-Review-Signs"}
    assert written_in(drawn[computer] / "page.pdf") == ours | more
    assert written_in(drawn[computer] / "agreement.pdf") <= ours
    (sheet,) = pypdfium2.PdfDocument(drawn[computer] / "page.pdf")
    assert "Łucja ▸ bold slanted code ★ Λέξεις Слова" in sheet.get_textpage().get_text_bounded()


def test_what_draws_the_charts_is_our_own_file_and_no_installed_one() -> None:
    assert fonts.for_charts()[0] == fonts.FAMILY
    assert Path(font_manager.findfont(fonts.FAMILY, fallback_to_default=False)) == TTF
    assert Path(font_manager.findfont(fonts.MORE, fallback_to_default=False)) == OWN / "DejaVuSans.ttf"


# The files.


@pytest.mark.parametrize("face", FACES)
def test_what_pages_carry_has_the_letters_widths_and_kerning_of_the_whole_font(face: str) -> None:
    carried = TTFont(fonts.FOLDER / f"AtkinsonHyperlegibleNext-{face}.woff2")
    letters = carried.getBestCmap()
    assert set(map(chr, range(0x20, 0x7F))) | set("äéßœŁłŐőŞşĞğİıČčŘřŽžȚț…“”„·≈€") <= set(map(chr, letters))
    kept = {feature.FeatureTag for feature in carried["GPOS"].table.FeatureList.FeatureRecord}
    assert "kern" in kept
    assert "tnum" in {feature.FeatureTag for feature in carried["GSUB"].table.FeatureList.FeatureRecord}
    if face == "Regular":
        whole = TTFont(TTF)
        assert letters.keys() == whole.getBestCmap().keys()
        for letter, glyph in whole.getBestCmap().items():
            assert carried["hmtx"][letters[letter]] == whole["hmtx"][glyph]
        for ruler in ("ascent", "descent", "lineGap"):
            assert getattr(carried["hhea"], ruler) == getattr(whole["hhea"], ruler)


def test_every_sign_that_we_write_has_a_glyph_in_what_comes_along() -> None:
    known: set[int] = set()
    for name in ("AtkinsonHyperlegibleNext-Regular", "Signs"):
        known |= TTFont(fonts.FOLDER / f"{name}.woff2").getBestCmap().keys()
    package = ROOT / "therapy_review"
    sources = [*(ROOT / "notebooks").glob("*.ipynb"), *package.rglob("*.css"), *package.rglob("*.html")]
    sources += [*package.rglob("*.js"), *package.rglob("*.py")]
    written = set("".join(path.read_text(encoding="utf-8") for path in sources)) - set("\n")
    # Letters of other scripts stand in what is read from calendars, and nowhere else.
    assert {
        sign for sign in written if ord(sign) not in known and unicodedata.category(sign) != "Lo"
    } == set()


def test_the_fonts_are_small_and_their_licences_lie_beside_them() -> None:
    there = {path.name: path for path in fonts.FOLDER.iterdir()}
    assert (
        sum(path.stat().st_size for name, path in there.items() if name.endswith(("ttf", "woff2"))) < 120_000
    )
    assert "SIL OPEN FONT LICENSE Version 1.1" in there["OFL.txt"].read_text()
    assert "Bitstream Vera" in there["LICENSE_DEJAVU"].read_text()


# Pages.


def shown() -> dict[str, str]:
    from tests.rights.test_page import draft

    return {"report": in_shell("<h1>A day</h1>"), "agreement": agreeing.page(draft())}


@pytest.mark.parametrize("kind", ["report", "agreement"])
def test_a_page_carries_its_fonts_and_asks_no_other_place_for_them(kind: str) -> None:
    made = shown()[kind]
    addresses = re.findall(r"url\(\"?([^\")]*)", made)
    assert [a.partition(",")[0] for a in addresses] == ["data:font/woff2;base64"] * 4
    carried = {base64.b64decode(a.partition(",")[2]) for a in addresses}
    assert carried == {path.read_bytes() for path in fonts.FOLDER.glob("*.woff2")}
    assert "://" not in made
    assert len(made) < 85_000


def test_nothing_names_a_font_of_a_computer() -> None:
    package = ROOT / "therapy_review"
    sources = [*package.rglob("*.css"), *package.rglob("*.html"), *package.rglob("*.py")]
    for path in sources:
        for value in re.findall(r"(?:font|font-family):([^;{}]*?[a-z\"][^;{}]*)[;}]", path.read_text()):
            assert re.search(r"var\(--(?:tr|jp-content)-|inherit|\"Therapy Review", value), (path, value)


def test_a_report_is_searched_without_its_fonts_but_with_what_a_template_calls_one() -> None:
    template = '<a href="data:font/woff2;base64,U2F0dXJkYXkgaW4gdGhlIHBhcms=">a font</a>'
    found = list(privacy.texts(in_shell(f"<h1>A day</h1>{template}")))
    assert "Saturday in the park" in found
    assert sum(map(len, found)) < 10_000


def test_a_report_rests_on_the_fonts_it_was_made_with() -> None:
    rests_on = {name for name, _ in manifest._sources()}
    brought = [path.name for ending in ("ttf", "woff2", "css") for path in fonts.FOLDER.glob(f"*.{ending}")]
    assert len(brought) == 6
    assert {f"fonts/{name}" for name in brought} <= rests_on


# JupyterLab.


def test_jupyterlab_is_given_every_font_its_style_names() -> None:
    (given,) = (option for option in server.QUIET if "static_custom_path" in option)
    folders = [Path(named) for named in ast.literal_eval(given.partition("=")[2])["static_custom_path"]]
    asked = ["custom.css"]
    for name in asked:
        (path,) = (folder / name for folder in folders if (folder / name).exists())
        if path.suffix == ".css":
            asked += re.findall(r"url\(\"(.*?)\"\)", path.read_text())
    assert set(asked) == {"custom.css", "fonts.css", *(path.name for path in fonts.FOLDER.glob("*.woff2"))}
