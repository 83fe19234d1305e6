"""The commands ``path``, ``how-far`` and ``together``: the notebooks that look at more than one session."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from therapy_review import hints

say = Console(highlight=False, markup=False, soft_wrap=True)
JournalOption = Annotated[Path, typer.Option("--journal", "-j", help="The journal's folder.")]
OpenOption = Annotated[
    bool, typer.Option("--open/--no-open", help="Open the notebook in JupyterLab, or only write it.")
]
HERE = Path()


class Sound(StrEnum):
    """Whether a page may have things to play."""

    on = "on"
    off = "off"


SoundOption = Annotated[
    Sound, typer.Option(help="With off nothing on the page can play; notes and charts are all there.")
]


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command()(path)
    app.command("how-far")(how_far)
    app.command()(together)


def path(journal: JournalOption = HERE, opened: OpenOption = True, sound: SoundOption = Sound.on) -> None:
    """See your sessions along a line: moods, words, scores, talking and silences."""
    open_notebook(journal, "path", opened, {"sound": sound.value})


def how_far(journal: JournalOption = HERE, opened: OpenOption = True, sound: SoundOption = Sound.on) -> None:
    """Put your first sessions and your newest beside each other."""
    open_notebook(journal, "how_far", opened, {"sound": sound.value})


def together(
    session: Annotated[str, typer.Option(help="The session you talk about; the newest when left out.")] = "",
    journal: JournalOption = HERE,
    opened: OpenOption = True,
    sound: SoundOption = Sound.on,
) -> None:
    """Look at the journal with your therapist; you are asked first what may be seen."""
    open_notebook(journal, "together", opened, {"session": session, "sound": sound.value})


def open_notebook(folder: Path, name: str, opened: bool, parameters: dict[str, str] | None = None) -> None:
    """Write a notebook beside the journal's others, and open it or say where it is."""
    from therapy_review.journal import open_journal
    from therapy_review.lab import server
    from therapy_review.reports import runner

    journal = open_journal(folder)
    if session := (parameters or {}).get("session"):
        journal.session(session)  # says so when there is none
    with say.status("Writing the notebook …"):
        made = runner.run_one(journal, name, name, parameters or {})
    if opened:
        server.start(journal, made.notebook)
    elif journal.settings.get("sealed"):
        say.print(f"It is sealed in {journal.name}. To read it, leave --no-open out.")
    else:
        say.print(f"To read:  {hints.place(runner.place(journal, made.page))}")
        say.print(f"Notebook: {hints.place(runner.place(journal, made.notebook))}")
