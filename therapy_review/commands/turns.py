"""The commands that find out who spoke when, and carry it to and from other programs' files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from therapy_review import analysis, consent, diarization, hints, player, storage
from therapy_review.commands.terminal import HERE, JournalOption, SessionArgument, open_journal, say
from therapy_review.consent import SELF_REVIEW
from therapy_review.errors import JournalError, TherapyReviewError, TurnsError
from therapy_review.wording import counted

if TYPE_CHECKING:
    from therapy_review.journal import Journal

turns = typer.Typer(no_args_is_help=True, help="Who spoke when, to and from other programs' files.")


def analyse(
    diarizer: Annotated[
        str,
        typer.Option(
            help="Who is to find out: built-in, pyannote or another that is installed; each session remembers it. "
            "Turns that were brought in stay as they are."
        ),
    ] = "",
    journal: JournalOption = HERE,
) -> None:
    """Find out who spoke when, in every recording that is new or changed."""
    opened = open_journal(journal)
    if not any(session.has_recording for session in opened.sessions):
        raise JournalError(nothing_yet(opened, "recording"))
    if diarizer:  # what it lacks is said once, not for every session
        diarization.open_diarizer(diarizer, opened.settings.get("diarizer", {}))
    if analyse_all(opened, diarizer):
        raise typer.Exit(1)


def analyse_all(journal: Journal, diarizer: str = "") -> int:
    """Find out who spoke when in every recording; gives how many were left out."""
    if forgotten := analysis.enrolment.forget_without_agreement(journal):
        say.print(
            f"No agreement is in force to a voice print of {' and '.join(forgotten)}, so it was forgotten."
        )
    sessions = [session for session in journal.sessions if session.has_recording]
    failed = 0
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=say) as bars:
        for session in sessions:
            bar = bars.add_task(session.name, total=1.0)
            try:
                analysis.analyse(
                    session,
                    lambda step, done, b=bar, n=session.name: bars.update(  # type: ignore[misc]
                        b, completed=done, description=f"{n}  {step}"
                    ),
                    diarizer or None,
                )
                player.prepare(
                    session,
                    lambda done, b=bar, n=session.name: bars.update(  # type: ignore[misc]
                        b, completed=done, description=f"{n}  ready to listen"
                    ),
                )
            except TherapyReviewError as error:
                failed += 1
                bars.update(bar, description=f"{session.name}  left out")
                say.print(str(error))
    return failed


@turns.command("export")
def export_turns(
    session: SessionArgument,
    file: Annotated[
        Path, typer.Argument(help="A file to write: .rttm, .TextGrid (Praat), .eaf (ELAN), .csv or .parquet.")
    ],
    journal: JournalOption = HERE,
) -> None:
    """Write who spoke when in a session into a file for another program."""
    from therapy_review.turns import encode_turns

    if file.exists():
        raise TurnsError(f"There is already a file {file}; choose another name, or remove it first.")
    opened = open_journal(journal)
    chosen = opened.session(session)
    chosen.require(SELF_REVIEW)
    data = encode_turns(chosen.turns, file.suffix, file.stem)
    opened.record(consent.ledger.EXPORTED, session=session, who="client", note=file.name)
    storage.PlainStore(file.parent).write(file.name, data)
    say.print(f"Written to {file}. It tells when each of you spoke; it holds no sound and no words.")


@turns.command("import")
def import_turns(
    session: SessionArgument,
    file: Annotated[
        Path,
        typer.Argument(
            help="Turns as .rttm, .TextGrid, .eaf, .csv, .parquet, or .json (Whisper with speakers)."
        ),
    ],
    found_by: Annotated[
        str, typer.Option(help="What found them, as in 'pyannote 3.1'; the file's name if left out.")
    ] = "",
    journal: JournalOption = HERE,
) -> None:
    """Use turns that another program found, in place of this one's own."""
    from therapy_review.turns import read_turns

    found, opened = read_turns(file), open_journal(journal)
    chosen = opened.session(session)
    analysis.use_turns(chosen, found, found_by or file.name)
    left_out, people = found.attrs["left_out"], found["speaker"].nunique()
    also = f" {left_out} more had no speaker or no length and were left out." if left_out else ""
    say.print(f"Kept: {counted(len(found), 'turn')} of {counted(people, 'speaker')}.{also}")
    if chosen.has_recording:
        say.print(f"Next:  {hints.command('analyse', journal=opened.root)}")
    else:
        say.print(f"{session} has no recording yet; they count once it is added and analysed.")


@turns.command("forget")
def forget_turns(session: SessionArgument, journal: JournalOption = HERE) -> None:
    """Go back from turns that were brought in to this program's own."""
    opened = open_journal(journal)
    analysis.forget_turns(opened.session(session))
    say.print(f"Forgotten. Next:  {hints.command('analyse', journal=opened.root)}")


def nothing_yet(journal: Journal, what: str) -> str:
    """Say that there is no session or recording yet, and how to add one."""
    example = hints.command("add", "FILE", "--date", f"{journal.today()}", journal=journal.root)
    return f"There is no {what} in {journal.name} yet; add one with: {example}"
