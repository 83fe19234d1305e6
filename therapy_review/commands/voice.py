"""The commands ``therapy-review voice``: what is kept of voices, to begin with it, and to forget it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from therapy_review import analysis, diarization
from therapy_review.commands.terminal import HERE, JournalOption, open_journal, say
from therapy_review.wording import counted

voice = typer.Typer(no_args_is_help=True, help="Being known by your voice: what is kept, and forgetting it.")

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
    opened = open_journal(journal)
    for whose in Whose:
        parts, name = analysis.enrolment.contributions(opened, whose), opened.name_of(whose)
        if not parts:
            say.print(f"{name}: no voice print.")
            continue
        agreed = analysis.enrolment.agreed(opened, whose)
        unused = "" if agreed else "; it is not used, for no agreement to it is in force"
        say.print(f"{name}: a voice print from {counted(len(parts), 'session')}{unused}.")
        for part in parts:
            is_old = part.model != diarization.embedding.MODEL
            old = "; by an earlier voice model, so not used until it is made anew" if is_old else ""
            say.print(f"  {part.session}  {part.seconds:.0f} s, made on {part.made_on}{old}")
    if names := analysis.enrolment.left_out(opened):
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
    opened = open_journal(journal)
    if session:
        analysis.enrolment.let_in(opened, opened.session(session).name)
    if not analysis.enrolment.agreed(opened, whose):
        say.print(EXPLAINED)
        yours = "Do you agree to a print of your voice?"
        theirs = f"Has {opened.therapist} agreed to a print of their voice, openly?"
        if agree is None:
            agree = typer.confirm(yours if whose is Whose.client else theirs)
        if not agree:
            say.print("Nothing is kept, then.")
            return
        analysis.enrolment.agree(opened, whose, how)
    with say.status("Listening to the sessions in which you said who is who …"):
        analysis.follow_prints(opened)
    parts = analysis.enrolment.contributions(opened, whose)
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
    opened = open_journal(journal)
    if session:
        analysis.enrolment.leave_out(opened, opened.session(session).name)
        done = f"Forgotten: {session} adds nothing to a voice print any more."
    else:
        number = analysis.enrolment.forget(opened, whose)
        done = f"Forgotten: the voice print of {opened.name_of(whose)}, from {counted(number, 'session')}."
    with say.status("Looking again at the sessions that were named by it …"):
        analysis.follow_prints(opened)
    say.print(done)
