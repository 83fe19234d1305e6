"""Rendering: an executed notebook as a page or a PDF to read, without code, that loads nothing from anywhere."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape, unescape
from importlib.resources import files
from logging import CRITICAL, Logger, getLogger
from typing import TYPE_CHECKING, Any

from therapy_review import fonts
from therapy_review.errors import MissingPackageError
from therapy_review.hints import install_line

if TYPE_CHECKING:
    from nbformat import NotebookNode

ACTIVE = ("script", "meta", "base", "iframe", "frame", "object", "embed", "link")
_MAY_REACH_OUT = re.compile(
    rf"<\s*(?:{'|'.join(ACTIVE)}|form)\b|<\s*img\b[^>]*\bsrc\s*=(?!\s*[\"']?data:)", re.IGNORECASE
)
HEADING = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)
WORDLESS = "No description has been provided for this image"  # what nbconvert says of a picture without words
_HEADING_OR_WORDLESS = re.compile(rf'<h[1-6]\b[^>]*>(.*?)</h[1-6]>|\balt="{WORDLESS}"', re.DOTALL)
NO_PANGO = (
    "PDF needs Pango, which is not on this computer; install it (Debian: apt install libpangoft2-1.0-0, macOS: "
    "brew install pango), or print the page from your browser."
)
NO_PDF = f"PDF needs a package more; install it with:  {install_line('pdf')}  (or print the page from your browser)"


def as_page(notebook: NotebookNode, heading: str = "") -> str:
    """Write an executed notebook as one page without code that loads nothing from anywhere.

    Parameters
    ----------
    notebook : NotebookNode
    heading : str
        In plain words; stands above a page that has no first heading of its own.

    Returns
    -------
    str
        HTML; its first heading is the page's title.
    """
    body, _ = _exporter().from_notebook_node(_drawings_shown(notebook))
    body = _still(body)
    own = HEADING.search(body)
    if heading and not (own and _plain(own[1])):
        body = f"<h1>{escape(heading)}</h1>\n{body}"
    return in_shell(_described(body))


def _still(body: str) -> str:
    """Take out what a template brings that would run, or load something, or lead elsewhere by itself."""
    if not _MAY_REACH_OUT.search(body):
        return body
    from bs4 import BeautifulSoup

    content = BeautifulSoup(body, "html.parser")
    for tag in content(ACTIVE):
        tag.decompose()
    for form in content("form"):
        form.unwrap()
    for picture in content("img"):
        if not str(picture.get("src", "")).lower().startswith("data:"):
            named = str(picture.get("alt", "")).replace(WORDLESS, "") or "without a name"
            picture.replace_with(
                f"(A picture that lies beside the notebook, or elsewhere, is left out: {named}.)"
            )
    return str(content)


def in_shell(body: str, *, style: str = "", script: str = "") -> str:
    """Put a page's content between head and foot, with the style every page shares and its first heading as title.

    Parameters
    ----------
    body : str
        HTML.
    style : str
        CSS beside what every page has.
    script : str
        The one script that may run; whatever else the content brings stays still, and nothing is loaded.

    Returns
    -------
    str
        HTML.
    """
    found = HEADING.search(body)
    plain = _plain(found[1]) if found else "Therapy review"
    shell = files("therapy_review.display").joinpath("page.html").read_text(encoding="utf-8")
    allowed = f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" if script else "'none'"
    parts = {"title": plain, "fonts": fonts.style(), "style": style, "script": allowed, "body": body}
    if script:
        parts["body"] += f"\n<script>{script}</script>"
    return re.sub(r"\{\{ (title|fonts|style|script|body) \}\}", lambda place: parts[place[1]], shell)


def with_way_back(page: str) -> str:
    """Let a page lead back to the index beside it; on paper that is left out.

    Parameters
    ----------
    page : str
        From `as_page`.

    Returns
    -------
    str
    """
    before, end, after = page.rpartition("</main>")
    return f'{before}<nav><a href="index.html">All sessions</a></nav>\n{end}{after}'


def as_pdf(page: str) -> bytes:
    """Print a page.

    Parameters
    ----------
    page : str
        From `as_page`.

    Returns
    -------
    bytes
        A PDF; the same page gives the same bytes.

    Raises
    ------
    MissingPackageError
        When the renderer is not installed.
    """
    render = can_print()
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    getLogger("weasyprint").setLevel(CRITICAL)
    # What a page carries in itself is all there is; only this style of ours may read files, which are fonts.
    fetcher = URLFetcher(allowed_protocols={"data"}, allow_redirects=False)
    known = FontConfiguration()
    more = CSS(
        string=fonts.for_print(), font_config=known, url_fetcher=URLFetcher(allowed_protocols={"file"})
    )
    # Tags carry headings, tables and the words for pictures to those who have the PDF read aloud.
    printed = render(string=page, base_url=None, url_fetcher=fetcher).write_pdf(
        stylesheets=[more], font_config=known, pdf_tags=True
    )
    assert isinstance(printed, bytes)
    return printed


def can_print() -> Any:
    """Find what prints pages.

    Returns
    -------
    type
        WeasyPrint's ``HTML``.

    Raises
    ------
    MissingPackageError
        When it, or what it needs itself, is not installed.
    """
    try:
        from weasyprint import HTML
    except ImportError as error:
        raise MissingPackageError(NO_PDF) from error
    except OSError as error:  # it needs Pango, which is no Python package
        raise MissingPackageError(NO_PANGO) from error
    return HTML


@cache
def _exporter() -> Any:
    from nbconvert import HTMLExporter

    return HTMLExporter(
        template_name="basic",
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_output_stdin=True,
        log=Logger("nbconvert", CRITICAL),  # that pictures have no words is seen to here
    )


def _drawings_shown(notebook: NotebookNode) -> NotebookNode:
    """Show drawings as the pictures they are: nbconvert has no place for words beside a drawing."""
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        if drawn := output.get("data", {}).get("image/svg+xml"):
            encoded = b64encode("".join(drawn).encode()).decode()
            output.data.setdefault("text/html", f'<img src="data:image/svg+xml;base64,{encoded}">')
    return notebook


def _described(body: str) -> str:
    """Give pictures of a client's own template words, too: the heading above, for want of better ones."""
    under = ""

    def words(found: re.Match[str]) -> str:
        nonlocal under
        if found[1] is not None:
            under = _plain(found[1]) or under
            return found[0]
        said = f"A picture: {unescape(under)}" if under else "A picture"
        return f'alt="{escape(said)}"'

    return _HEADING_OR_WORDLESS.sub(words, body)


def _plain(heading: str) -> str:
    """Take a heading's words, as HTML, out of what stands around them."""
    return re.sub(r"<[^>]*>", "", heading).replace("¶", "").strip()
