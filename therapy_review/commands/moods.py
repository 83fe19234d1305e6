"""The commands ``therapy-review moods``: to bring in moods and appointments, see what came from where, undo it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from therapy_review import hints, importing
from therapy_review.commands import notebooks
from therapy_review.commands.terminal import HERE, JournalOption, open_journal, say
from therapy_review.errors import ImportFileError

if TYPE_CHECKING:
    import pandas as pd

    from therapy_review.importing import Columns, MoodFile
    from therapy_review.journal import Journal

Answer = TypeVar("Answer")
moods = typer.Typer(
    no_args_is_help=True, help="Moods noted between sessions, and appointments, from other programs' files."
)
SHOWN = 12  # entries of a dry run


@moods.command("import")
def import_moods(
    file: Annotated[
        Path,
        typer.Argument(
            help="Daylio's CSV export, another table (.csv), or a calendar of appointments (.ics)."
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would come in; keep nothing.")
    ] = False,
    value: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="What a word for a mood stands for, from 1 (low) to 10 (high), as in --map meh=5; once for each "
            "word. Nothing after the = leaves it without a number.",
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="Which column of another table is what, as in --column date=Day --column mood=Rating; also time, "
            "tags and note, low and high (where its numbers end), and order (day first or month first)."
        ),
    ] = None,
    keep_both: Annotated[
        bool,
        typer.Option(
            "--keep-both",
            help="Where the file has a newer version of an entry that is here, keep the older one beside it.",
        ),
    ] = False,
    containing: Annotated[
        str, typer.Option(help="For a calendar: a word in what your appointments are called there.")
    ] = "",
    journal: JournalOption = HERE,
) -> None:
    """Bring in moods, or appointments; the same file again changes nothing."""
    if not file.is_file():
        raise ImportFileError(f"There is no file {file}; check its name.")
    opened, data = open_journal(journal), file.read_bytes()
    if file.suffix.lower() in (".ics", ".ical"):
        _import_calendar(opened, data, file.name, containing, dry_run=dry_run)
        return
    columns = _with_ends(_columns(column or []), data, file.name)
    found = importing.moods.read_moods(data, file.name, columns)
    for one in found.damaged:
        say.print(f"Line {one.line} of {file.name} {one.why}; it is left out.")
    if found.about_times:
        say.print(found.about_times)
    if found.left_out:
        say.print(f"Not brought in: the columns {', '.join(found.left_out)}.")
    values = _values(opened, found, _told(value or [], "--map"), ask=not dry_run)
    how = importing.moods.KEEP_BOTH if keep_both else importing.moods.TAKE_NEWER
    looked = importing.moods.preview(opened, found, values, how)
    if about := importing.moods.in_words(looked["status"].tolist()):
        say.print(f"Entries in {file.name}: {len(looked)}. {about} To keep both: --keep-both")
    if dry_run:
        _show(looked)
        counts = looked["status"].value_counts()
        summed = "; ".join(f"{number} {status}" for status, number in counts.items()) or "none"
        say.print(f"Entries: {summed}. Nothing was changed.")
        return
    done = importing.moods.bring_in(opened, found, values, columns, how)
    newer = f", {done.newer} took the place of an older version" if done.newer else ""
    also = f", {done.there} were there already" if done.there else ""
    say.print(f"Brought in: {done.added} entries{newer}{also}.")
    if done.added:
        again = hints.command("moods", "remove", done.origin.split()[1], journal=opened.root)
        say.print(f"To take them out again:  {again}")


@moods.command("list")
def list_moods(journal: JournalOption = HERE) -> None:
    """List what was brought in, from which files."""
    found = importing.moods.brought_in(open_journal(journal))
    for one in found:
        signs = f"  [{one.origin.split()[1]}]" if one.origin else ""
        say.print(f"{one}{signs}")
    if not found:
        say.print("Nothing was brought in yet.")


@moods.command("remove")
def remove_moods(
    origin: Annotated[str, typer.Argument(help="The file's name, or its eight signs; see moods list.")],
    journal: JournalOption = HERE,
) -> None:
    """Take out what one file brought in, in one step."""
    opened = open_journal(journal)
    there = [one.origin for one in importing.moods.brought_in(opened)]
    meant = importing.moods.meant_by(origin, there, opened.root)
    what = "appointments" if meant.startswith(f"{importing.calendar.KIND} ") else "entries"
    say.print(f"Taken out: {importing.moods.take_back(opened, meant)} {what}.")


@moods.command("open")
def open_notebook(journal: JournalOption = HERE) -> None:
    """Open the notebook in which files are brought in and questionnaires filled in."""
    notebooks.open_notebook(journal, "bring_in")


def _told(pairs: list[str], option: str) -> dict[str, str]:
    told = {}
    for pair in pairs:
        name, sign, value = pair.rpartition("=")
        if not sign or not name.strip():
            raise ImportFileError(f"{option} {pair} has no =; write it as in {option} name=value.")
        told[name.strip()] = value.strip()
    return told


def _columns(pairs: list[str]) -> Columns | None:
    if not pairs:
        return None
    told: dict[str, Any] = {**_told(pairs, "--column")}
    known = [one.name for one in fields(importing.Columns)]
    if unknown := sorted(set(told) - set(known)):
        raise ImportFileError(
            f"{', '.join(unknown)} is nothing a table has here; there are {', '.join(known)}."
        )
    if missing := [name for name in ("date", "mood") if not told.get(name)]:
        raise ImportFileError(f"Say which column is the {' and which the '.join(missing)}, with --column.")
    told |= {
        name: importing.mood_table.as_number(told[name], f"The {name} end")
        for name in ("low", "high")
        if name in told
    }
    return importing.Columns(**told)


def _with_ends(columns: Columns | None, data: bytes, name: str) -> Columns | None:
    """Ask how low and how high the numbers of a table can go, where it was not told."""
    found = importing.mood_table.numbers_of(data, name, columns.mood) if columns else None
    if columns is None or found is None or columns.high is not None:
        return columns
    say.print(importing.mood_table.how_far(*found))
    if columns.low is None:
        offer = importing.mood_table.likely_low(found[0])
        low = _asked(
            "What is the lowest there can be?",
            "" if offer is None else f"{offer:g}",
            lambda text: importing.mood_table.as_number(text, "The lowest"),
        )
        columns = replace(columns, low=low)
    told = columns
    return _asked(
        "What is the highest there can be?",
        "",
        lambda text: replace(told, high=importing.mood_table.as_number(text, "The highest")),
    )


def _values(journal: Journal, found: MoodFile, told: dict[str, str], *, ask: bool) -> dict[str, float]:
    """Give each word of a file its number: as told, as known from before, or as the client answers now."""
    known = importing.mood_values.known_moods(journal.store, found.kind)
    offered = importing.moods.offered_moods(journal.store, found)
    if strange := sorted(set(told) - set(found.names)):
        raise ImportFileError(
            f"{', '.join(strange)} is no mood in {found.name}; there are {', '.join(found.names)}."
        )
    values: dict[str, float | None] = {name: known.get(name) for name in found.names if name in known}
    values |= {name: _mood(name, text) for name, text in told.items()}
    for name in found.names:
        if name not in values:
            offer = f"{offered[name]:g}" if offered[name] else ""
            asked = f"{name}, from 1 (low) to 10 (high), or nothing"
            values[name] = _asked(asked, offer, partial(_mood, name)) if ask else _mood(name, offer)
    if left := [name for name in found.names if values[name] is None]:
        say.print(f"Without a number: {', '.join(left)}.")
    return {name: value for name, value in values.items() if value is not None}


def _mood(name: str, text: str) -> float | None:
    return (
        importing.mood_values.checked(name, importing.mood_table.as_number(text, f"The mood {name}"))
        if text.strip()
        else None
    )


def _asked(text: str, offer: str, read: Callable[[str], Answer]) -> Answer:
    """Ask until the answer can be read, so that a slip costs no other answer."""
    while True:
        try:
            return read(typer.prompt(text, default=offer))
        except ImportFileError as error:
            say.print(str(error))


def _show(looked: pd.DataFrame) -> None:
    from therapy_review.journal import days_in_words

    table = Table(box=None, pad_edge=False, header_style="")
    for name in ("day", "time", "word", "mood", "tags", ""):
        table.add_column(name, no_wrap=name != "tags")
    columns = ["date", "time", "mood_name", "mood", "tags", "status"]
    for row in days_in_words(looked[:SHOWN])[columns].to_numpy().tolist():
        table.add_row(*row)
    Console(highlight=False, markup=False).print(table)
    if len(looked) > SHOWN:
        say.print(f"… and {len(looked) - SHOWN} more")


def _import_calendar(journal: Journal, data: bytes, name: str, containing: str, *, dry_run: bool) -> None:
    word = containing or typer.prompt("A word in what your appointments are called")
    found = importing.calendar.read_calendar(data, name, word, journal)
    for what in found.attrs["left_out"]:
        say.print(f"One called {what} can't be understood; it is left out.")
    if dry_run:
        for day, time, what, _ in found.itertuples(index=False, name=None):
            say.print(f"{day:%Y-%m-%d} {time:5} {what}")
        say.print(f"Appointments: {len(found)}. Nothing was changed.")
        return
    added = importing.calendar.bring_in(journal, found)
    say.print(f"Brought in: {added} appointments of {len(found)}.")
