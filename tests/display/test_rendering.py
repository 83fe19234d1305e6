from __future__ import annotations

import base64
import ctypes
import io
import re
from collections.abc import Callable

import pandas as pd
import pypdfium2
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from therapy_review.display.rendering import as_page, as_pdf

PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def page(*outputs: dict[str, str]) -> str:
    shown = [new_output("display_data", data=data) for data in outputs]
    return as_page(
        new_notebook(cells=[new_markdown_cell("# A day & more"), new_code_cell("secret()", outputs=shown)])
    )


def figure(height: int) -> dict[str, str]:
    markup = (
        f'<figure><img alt="x" style="height:{height}px !important" src="data:image/png;base64,{PICTURE}">'
        f"<figcaption>Under a picture of {height}.</figcaption></figure>"
    )
    return {"text/html": markup}


def tags(sheet: pypdfium2.PdfPage) -> list[str]:
    """Name a sheet's tags, each with its words for what can't be seen."""
    raw, found = pypdfium2.raw, []

    def text(read: Callable[..., int], element: object) -> str:
        room = ctypes.create_string_buffer(read(element, None, 0))
        read(element, room, len(room))
        return room.raw.decode("utf-16-le").rstrip("\0")

    def look(element: object) -> None:
        words = text(raw.FPDF_StructElement_GetAltText, element)
        found.append(text(raw.FPDF_StructElement_GetType, element) + (f": {words}" if words else ""))
        for at in range(raw.FPDF_StructElement_CountChildren(element)):
            if child := raw.FPDF_StructElement_GetChildAtIndex(element, at):
                look(child)

    tree = raw.FPDF_StructTree_GetForPage(sheet)
    for at in range(raw.FPDF_StructTree_CountChildren(tree)):
        look(raw.FPDF_StructTree_GetChildAtIndex(tree, at))
    raw.FPDF_StructTree_Close(tree)
    return found


def test_a_page_has_no_code_a_title_and_loads_nothing() -> None:
    made = page({"text/html": '<img src="https://example.org/x.png"><script>alert(1)</script><p>Words</p>'})
    assert "<title>A day &amp; more</title>" in made
    assert "secret()" not in made
    assert "default-src 'none'; img-src data:" in made
    assert "script-src 'none'" in made  # what a template brings along can't run


def test_a_page_without_a_heading_of_its_own_is_given_one() -> None:
    outputs = [
        new_output("display_data", data={"image/png": PICTURE}),
        new_output("display_data", data={"text/html": f'<img src="data:image/png;base64,{PICTURE}">'}),
        new_output("display_data", data={"text/html": f'<h2>A "part"</h2>{figure(9)["text/html"]}'}),
        new_output("display_data", data={"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'/>"}),
        new_output("display_data", data={"text/html": '<img src="beside.png">'}),
    ]
    made = as_page(new_notebook(cells=[new_code_cell("", outputs=outputs)]), "4 March: mine & yours")
    assert "<title>4 March: mine &amp; yours</title>" in made
    assert made.count("<h1") == 1
    assert "<h1>4 March: mine &amp; yours</h1>" in made
    named = ["A picture: 4 March: mine &amp; yours"] * 2 + ["x", "A picture: A &quot;part&quot;"]
    assert re.findall(r'<img[^>]* ?alt="([^"]*)"', made) == named
    assert "left out: without a name." in made
    assert "No description" not in made


@pytest.mark.parametrize("own", ["<h1>My own</h1>", '<h1 id="x"><em>My</em> own</h1>'])
def test_a_heading_of_its_own_stays_the_only_one(own: str) -> None:
    shown = new_output("display_data", data={"text/html": own})
    made = as_page(new_notebook(cells=[new_code_cell("", outputs=[shown])]), "4 March: mine")
    assert "<title>My own</title>" in made
    assert made.count("<h1") == 1
    assert "4 March" not in made


@pytest.mark.parametrize(
    "markup",
    [
        '<script src="https://example.org/x.js"></script>',
        '<meta http-equiv="refresh" content="0;url=https://example.org/">',
        '<base href="https://example.org/">',
        '<iframe src="https://example.org/"></iframe>',
        '<object data="https://example.org/x.svg"></object>',
        '<link rel="stylesheet" href="https://example.org/x.css">',
        '<form action="https://example.org/"><p>Inside</p></form>',
        '<img alt="a lamp" src="https://example.org/lamp.png">',
        '<IMG ALT="a lamp" SRC=https://example.org/lamp.png>',
    ],
)
def test_what_a_template_brings_can_neither_load_nor_lead_elsewhere_by_itself(markup: str) -> None:
    made = page({"text/html": f"<p>Before</p>{markup}<p>After</p>"})
    assert "example.org" not in made
    assert "<p>Before</p>" in made
    assert "<p>After</p>" in made
    assert ("Inside" in made) is ("Inside" in markup)
    assert ("left out: a lamp." in made) is ("lamp" in markup)


def test_what_a_page_carries_in_itself_stays() -> None:
    address = '<a href="https://example.org/">more</a>'  # followed only when it is pressed
    made = page(figure(100), {"text/html": address + "<form>Inside</form>"})
    assert f'src="data:image/png;base64,{PICTURE}"' in made
    assert 'style="height:100px !important"' in made
    assert address in made


def test_a_page_is_readable_in_the_dark_and_printed_light() -> None:
    made = page()
    assert "@media screen and (prefers-color-scheme: dark)" in made
    assert "@media print" in made


def test_a_printed_picture_is_never_cut_by_the_end_of_a_page() -> None:
    blocks = [
        {"text/html": "<h2>A heading</h2>"},
        figure(430),
        figure(430),
        {"text/html": "<h2>Last</h2>"},
        figure(430),
    ]
    pdf = pypdfium2.PdfDocument(as_pdf(page(*blocks)))
    assert len(pdf) >= 2
    for sheet in pdf:
        text = sheet.get_textpage().get_text_bounded()
        pictures = sum(1 for thing in sheet.get_objects() if thing.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE)
        assert pictures == text.count("Under a picture")  # each with its caption, on one page
    for sheet in list(pdf)[:-1]:
        lines = [line for line in sheet.get_textpage().get_text_bounded().splitlines() if line.strip()]
        assert lines[-2] not in ("A heading", "Last")  # above the page's number there is no heading by itself


def tall() -> str:
    file = io.BytesIO()
    Image.new("RGB", (430, 2150)).save(file, "png")  # as of plt.figure(figsize=(6, 30))
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    "output",
    [
        {"image/png": tall()},
        {"text/html": f'<figure><img alt="x" style="width:700px" src="data:image/png;base64,{tall()}">'},
    ],
)
def test_a_picture_taller_than_a_sheet_is_printed_whole_and_in_its_shape(output: dict[str, str]) -> None:
    for sheet in pypdfium2.PdfDocument(as_pdf(page(output))):
        for thing in sheet.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]):
            left, bottom, right, top = thing.get_bounds()
            assert left > 0 < bottom
            assert right < sheet.get_width()
            assert top < sheet.get_height()
            assert (top - bottom) / (right - left) == pytest.approx(5, rel=0.01)
            return
    raise AssertionError("no picture was printed")


@pytest.mark.parametrize("columns", [8, 12, 18, 24, 40])
def test_a_table_of_many_columns_is_printed_with_all_of_them(columns: int) -> None:
    table = pd.DataFrame({f"measure_{at}": [1000 + at, f"q{at}"] for at in range(columns)})
    table.insert(0, "words", "a sentence that is somewhat longer than a figure is")
    shown = in_print(page({"text/html": table.to_html()}))
    assert all(f"{1000 + at}" in shown and f"q{at}" in shown for at in range(columns))


def test_figures_are_not_broken_for_the_sake_of_a_long_text_beside_them() -> None:
    table = pd.DataFrame({"a": 0.142857, "b": 0.285714, "words": ["a long text of many words " * 9]})
    with pd.option_context("display.max_colwidth", None):
        shown = pypdfium2.PdfDocument(as_pdf(page({"text/html": table.to_html()})))[0]
    assert "0.142857 0.285714 a long" in shown.get_textpage().get_text_bounded()


def test_a_line_without_any_space_is_printed_to_its_end() -> None:
    made = as_page(
        new_notebook(
            cells=[
                new_markdown_cell("w" * 200),
                new_code_cell("", outputs=[new_output("stream", text="x" * 400), result("y" * 300)]),
            ]
        )
    )
    shown = in_print(made)
    assert [shown.count(letter) for letter in "wxy"] == [200, 400, 300]


def result(text: str) -> NotebookNode:
    return new_output("execute_result", data={"text/plain": text})


def in_print(made: str) -> str:
    """Read what lies on the sheets, without what runs off them, with broken words put together."""
    sheets = pypdfium2.PdfDocument(as_pdf(made))
    return "".join("".join(sheet.get_textpage().get_text_bounded().split()) for sheet in sheets)


def test_pages_are_numbered_and_the_same_page_gives_the_same_bytes() -> None:
    made = page(figure(300))
    assert as_pdf(made) == as_pdf(made)
    assert "1 / 1" in pypdfium2.PdfDocument(as_pdf(made))[0].get_textpage().get_text_bounded()


def test_a_pdf_can_be_read_aloud_with_headings_and_the_words_for_pictures() -> None:
    printed = as_pdf(page({"text/html": "<h2>A part</h2>"}, figure(100), {"text/html": "<table><tr><th>x"}))
    sheet = pypdfium2.PdfDocument(printed)[0]
    assert pypdfium2.raw.FPDFCatalog_IsTagged(sheet.pdf)
    assert {"H1", "H2", "Figure: x", "Table", "TH"} <= set(tags(sheet))


def test_printing_fetches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def reach(*_: object, **__: object) -> None:
        raise AssertionError("something was fetched")

    monkeypatch.setattr(socket, "create_connection", reach)
    monkeypatch.setattr(socket.socket, "connect", reach)
    for source in ("http://127.0.0.1:9/x.png", "file:///etc/hostname"):
        as_pdf(
            page({"text/html": f'<p>Words</p><img alt="" src="{source}"><object data="{source}"></object>'})
        )
