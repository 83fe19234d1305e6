"""The commands ``init`` and ``add``: a new journal, and recordings put into it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from therapy_review import analysis, hints
from therapy_review.commands import seal
from therapy_review.commands.terminal import HERE, JournalOption, in_parts, open_journal, read_day, say
from therapy_review.consent import RECORD, SELF_REVIEW


def init(
    folder: Annotated[Path, typer.Argument(help="A new folder for your journal.")],
    name: Annotated[str, typer.Option(prompt="What should the workbook call you", help="Name or pseudonym.")],
    therapist: Annotated[str, typer.Option(prompt="And your therapist", help="Name or pseudonym.")],
    place: Annotated[
        str | None, typer.Option(help="Where you are during your sessions, as in GB or US-CA.")
    ] = None,
    therapist_place: Annotated[
        str | None, typer.Option(help="Where your therapist is, by phone or video; the same when left out.")
    ] = None,
    time_zone: Annotated[str, typer.Option(help="As in Europe/London.")] = "",
    sealed: Annotated[
        bool | None,
        typer.Option("--seal/--no-seal", help="Seal it with a passphrase; you are asked for one."),
    ] = None,
) -> None:
    """Make a new, empty journal."""
    from therapy_review.journal import check_new_journal, create_journal, folder_of

    here, there = _places(place, therapist_place, therapist)
    check_new_journal(folder, client=name, therapist=therapist, time_zone=time_zone)
    is_wanted = seal.is_wanted(sealed)
    # Made before the journal, so that who breaks off has none that lies open.
    keys = seal.ask_for_keys(folder) if is_wanted else None
    made = create_journal(
        folder, client=name, therapist=therapist, place=here, therapist_place=there, time_zone=time_zone
    )
    if keys:
        seal.seal_with(folder_of(folder)[0], *keys)
    elif not is_wanted:
        say.print(seal.without(made.root))
    say.print(
        f"Your journal is in {hints.place(made.root)}. Before the first recording, talk it over with {therapist}."
    )
    say.print("This makes a page for that:")
    say.print(f"  {hints.command('consent', 'draft', journal=made.root)}")
    say.print("And this writes down what you agreed on:")
    say.print(f"  {hints.command('consent', 'add', journal=made.root)}")


def _places(place: str | None, therapist_place: str | None, therapist: str) -> tuple[str, str]:
    """Ask where both are, for the rule of the place; where nobody can be asked it stays empty."""
    asks = sys.stdin.isatty()
    if place is None:
        question = "Where are you during your sessions, as in GB or US-CA (empty: not now)"
        place = typer.prompt(question, default="", show_default=False) if asks else ""
    if therapist_place is None:
        question = f"And where is {therapist}, if you meet by phone or video"
        therapist_place = typer.prompt(question, default=place) if asks and place else place
    return place.strip(), therapist_place.strip()


def add(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="A recording, sound or video, as it came from the phone; or the files of a call, one for "
            "each who spoke.",
        ),
    ],
    date: Annotated[str, typer.Option(prompt="On which day was the session", help="As in 2026-03-04.")],
    tracks: Annotated[
        str,
        typer.Option(
            help="Who is heard in each file, or on each side of a stereo file, as in client,therapist; seen from "
            "the names of the files, or found from the sound, when left out."
        ),
    ] = "",
    remove_original: Annotated[
        bool | None,
        typer.Option(
            "--remove-original/--keep-original",
            help="Whether the file you give is removed once it is sealed in the journal; you are asked.",
        ),
    ] = None,
    journal: JournalOption = HERE,
) -> None:
    """Add the recording of a session; the file itself stays where it is, unless you say otherwise."""
    day = read_day(date)
    opened = open_journal(journal)
    session = analysis.add_recording(opened, files, day, in_parts(tracks))
    beside = "" if session.name == f"{day}" else ", another session of that day"
    still = f"{files[0]} is still" if len(files) == 1 else "The files are still"
    say.print(
        f"Added as {session.name}{beside}. {still} where {'it was' if len(files) == 1 else 'they were'}."
    )
    if sentence := session.why_closed(SELF_REVIEW):
        say.print(sentence)
    elif names := analysis.not_agreed_to_record(session):
        to_do_so = hints.command(
            "consent", "add", "--to", RECORD, "--since", f"{session.date}", journal=opened.root
        )
        say.print(
            f"It opens as agreed. That it is recorded was not written down yet by {' and '.join(names)}; to do so: "
            f"{to_do_so}"
        )
    if remove_original or opened.settings.get("sealed"):
        seal.offer_to_remove(files, answer=remove_original)
