"""The commands ``therapy-review voice``: what is kept of voices, to begin with it, and to forget it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from therapy_review.journal import Journal

voice = typer.Typer(no_args_is_help=True, help="Being known by your voice: what is kept, and forgetting it.")
say = Console(highlight=False, markup=False, soft_wrap=True)
JournalOption = Annotated[Path, typer.Option("--journal", "-j", help="The journal's folder.")]
HERE = Path()

EXPLAINED = """A voice print is a row of numbers that tells this voice from others. With it the charts of a new
session can name you both without asking. It says nothing about what was said or felt, and the voice can't
be heard from it; but it can identify a person, so it is kept only in this journal, like a recording. It is
made only from sessions in which you said which voice is whose. You can look at what is kept, and forget one
session or all of it, at any time; without it you are asked each time, and nothing else changes."""


class Whose(StrEnum):
    """Whose voice is meant."""

    client = "client"
    therapist = "therapist"


WhoseOption = Annotated[Whose, typer.Option(help="Whose voice; yours when left out.")]


@voice.command()
def show(journal: JournalOption = HERE) -> None:
    """List what is kept of whose voice: from which sessions, how much was heard, and when it was made."""
    from therapy_review.analysis import enrolment
    from therapy_review.diarization import embedding
    from therapy_review.journal import open_journal

    opened = open_journal(journal)
    for whose in Whose:
        parts, name = enrolment.contributions(opened, whose), _name(opened, whose)
        if not parts:
            say.print(f"{name}: no voice print.")
            continue
        unused = (
            "" if enrolment.agreed(opened, whose) else "; it is not used, for no agreement to it is in force"
        )
        say.print(f"{name}: a voice print from {len(parts)} session{'s' * (len(parts) != 1)}{unused}.")
        for part in parts:
            old = (
                ""
                if part.model == embedding.MODEL
                else "; by an earlier voice model, so not used until it is made anew"
            )
            say.print(f"  {part.session}  {part.seconds:.0f} s, made on {part.made_on}{old}")
    if names := enrolment.left_out(opened):
        say.print(f"Left out at your word: {', '.join(names)}.")


@voice.command()
def remember(
    whose: WhoseOption = Whose.client,
    agree: Annotated[
        bool | None, typer.Option("--agree/--no-agree", help="Whether that person agrees to a voice print.")
    ] = None,
    how: Annotated[str, typer.Option(help="How it was given: written or spoken.")] = "written",
    session: Annotated[str, typer.Option(help="Let this session add to it again, as in 2026-03-04.")] = "",
    journal: JournalOption = HERE,
) -> None:
    """Begin to know somebody by voice, or make the print anew from the sessions that were confirmed."""
    from therapy_review.analysis import analysis, enrolment
    from therapy_review.journal import open_journal

    opened = open_journal(journal)
    if session:
        enrolment.let_in(opened, opened.session(session).name)
    if not enrolment.agreed(opened, whose):
        say.print(EXPLAINED)
        yours = "Do you agree to a print of your voice?"
        theirs = f"Has {opened.therapist} agreed to a print of their voice, openly?"
        if agree is None:
            agree = typer.confirm(yours if whose is Whose.client else theirs)
        if not agree:
            say.print("Nothing is kept, then.")
            return
        enrolment.agree(opened, whose, how)
    with say.status("Listening to the sessions in which you said who is who …"):
        analysis.follow_prints(opened)
    parts = enrolment.contributions(opened, whose)
    if parts:
        say.print(f"Kept, from {', '.join(part.session for part in parts)}.")
    else:
        say.print(
            "Kept. Once you have said in a session which voice is yours, the next ones will be known by it."
        )


@voice.command()
def forget(
    whose: WhoseOption = Whose.client,
    session: Annotated[
        str, typer.Option(help="Only what this session added, as in 2026-03-04; everything when left out.")
    ] = "",
    journal: JournalOption = HERE,
) -> None:
    """Forget a voice print, or what one session added to it, as if it had never been given."""
    from therapy_review.analysis import analysis, enrolment
    from therapy_review.journal import open_journal

    opened = open_journal(journal)
    if session:
        enrolment.leave_out(opened, opened.session(session).name)
        done = f"Forgotten: {session} adds nothing to a voice print any more."
    else:
        number = enrolment.forget(opened, whose)
        done = f"Forgotten: the voice print of {_name(opened, whose)}, from {number} session{'s' * (number != 1)}."
    with say.status("Looking again at the sessions that were named by it …"):
        analysis.follow_prints(opened)
    say.print(done)


def _name(journal: Journal, whose: Whose) -> str:
    return journal.client if whose is Whose.client else journal.therapist
