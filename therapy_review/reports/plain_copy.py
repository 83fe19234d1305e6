"""Pages of a sealed journal written where they lie open, for somebody who wants to read them with any browser.

What that means is said, and asked, before anything is made; each has its line in the ledger before it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from therapy_review import hints
from therapy_review.consent import REPORT
from therapy_review.errors import JournalError
from therapy_review.storage import PlainStore

if TYPE_CHECKING:
    from therapy_review.journal import Journal
    from therapy_review.reports.runner import Summary

say = Console(highlight=False, markup=False, soft_wrap=True)
PlainTo = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Also write the pages of a sealed journal into this folder, where they lie open; you are asked first.",
    ),
]
Sure = Annotated[bool, typer.Option("--yes", help="With --plain-to: do not ask.")]
LIES_OPEN = (
    "Pages in {folder} lie open: whoever comes by them can read them, a backup or a cloud folder may copy them, "
    "and your browser may remember them. The journal itself stays sealed."
)
NOT_SEALED = (
    "{journal} is not sealed: its pages lie open as they are, so nothing is copied to another folder."
)
OPEN = ("html", "pdf")  # what any browser shows
WHEN_DONE = "Delete it when you are done."
COPIES = "These are copies that lie open; the journal they are from stays sealed."


def place_for(journal: Journal, folder: Path | None, names: Iterable[str], *, sure: bool) -> Path | None:
    """Find the folder that pages may be written to, after saying what that means and asking."""
    if folder is None:
        return None
    if not journal.settings.get("sealed"):
        say.print(NOT_SEALED.format(journal=journal.name))
        return None
    from therapy_review.sharing import export

    target = export.outside(folder)
    for name in names:
        if (target / name).exists():
            raise JournalError(
                f"There is already a file {folder / name}; choose another folder, or remove it first."
            )
    say.print(LIES_OPEN.format(folder=folder))
    if not (sure or typer.confirm("Write them there?", default=False)):
        say.print("Nothing was written.")
        raise typer.Exit(1)
    return target


def write(journal: Journal, folder: Path, pages: Mapping[str, bytes], sessions: Mapping[str, str]) -> None:
    """Write pages where they lie open, each after its line in the ledger, and say where to read them."""
    from therapy_review.consent import ledger

    if not pages:
        say.print(
            "There was no page to write; with --to html, which is the usual, there is one for each report."
        )
        return
    store = PlainStore(folder)
    for name, data in pages.items():
        note = f"a page that lies open: {name}"
        journal.record(ledger.EXPORTED, session=sessions.get(name, ""), use=REPORT, who="client", note=note)
        store.write(name, data)
    say.print(f"To read:  {hints.place(folder / next(iter(pages)))}")
    say.print(WHEN_DONE)


def of_reports(journal: Journal, done: Summary) -> tuple[dict[str, bytes], dict[str, str]]:
    """Gather the pages of reports as they may lie open: an index of these sessions alone, then each page."""
    from therapy_review.display import with_way_back
    from therapy_review.reports.index_page import index

    chosen = {outcome.report for outcome in done.outcomes if outcome.state in ("made", "current")}
    lines, pages, sessions = [], {}, {}
    for line in done.standings:
        made = [one for one in line.listed if one.name in chosen]
        listed = [replace(one, endings=tuple(end for end in one.endings if end in OPEN)) for one in made]
        if listed:
            lines.append(replace(line, listed=tuple(listed)))
        for file in (f"{one.name}.{end}" for one in listed for end in one.endings):
            data = journal.store.read(f"reports/{file}")
            pages[file] = with_way_back(data.decode()).encode() if file.endswith(".html") else data
            sessions[file] = line.session.name
    if not lines:
        return {}, {}
    first = index(f"Sessions with {journal.therapist}", lines, {}, where=COPIES)
    return {"index.html": first.encode(), **pages}, sessions
