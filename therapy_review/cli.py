"""The command ``therapy-review``. Every question it asks can be answered by an option as well."""

from __future__ import annotations

import sys
from collections.abc import Callable

import typer

from therapy_review.commands import (
    check,
    consent,
    erase,
    moods,
    new,
    notebooks,
    report,
    seal,
    share,
    terminal,
    turns,
    voice,
)
from therapy_review.errors import TherapyReviewError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A private workbook for hearing your own therapy sessions again. Nothing leaves this computer.",
)
commands: list[Callable[..., None]] = [  # as the help lists them
    erase.erase,
    share.share,
    *(seal.seal, seal.unseal, seal.rekey, seal.backup, seal.restore, seal.protect),
    report.report,
    *(notebooks.path, notebooks.how_far, notebooks.together),
    *(new.init, new.add),
    turns.analyse,
    *(notebooks.review, notebooks.lab),
]
for command in commands:
    app.command(cls=report.AsInPapermill if command is report.report else None)(command)
app.command("check")(check.say_what_is_wrong)
app.add_typer(turns.turns, name="turns")
app.add_typer(voice.voice, name="voice")
app.add_typer(consent.consent, name="consent")
app.add_typer(moods.moods, name="moods")


def main() -> None:
    """Run the command; a mistake that can be mended is one sentence and exit status 1."""
    try:
        app()
    except TherapyReviewError as error:
        sentence = str(error)
    except OSError as error:
        reason, where = error.strerror or "the disk gave no reason", error.filename or "a file"
        sentence = (
            f"Could not use {where} ({reason.lower()}); see that it is yours and has room, then try again."
        )
    else:
        return
    terminal.complain.print(sentence)
    sys.exit(1)
