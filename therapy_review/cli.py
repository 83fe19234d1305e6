"""The command ``therapy-review``. Every question it asks can be answered by an option as well."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from therapy_review import hints
from therapy_review.commands import (
    Sound,
    SoundOption,
    consent,
    erase,
    moods,
    notebooks,
    report as report_commands,
    seal,
    share,
    voice,
)
from therapy_review.consent import RECORD, SELF_REVIEW
from therapy_review.errors import JournalError, TherapyReviewError, TurnsError
from therapy_review.reports import PlainTo, Sure

if TYPE_CHECKING:
    from therapy_review.journal import Journal

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A private workbook for hearing your own therapy sessions again. Nothing leaves this computer.",
)
say = Console(highlight=False, markup=False, soft_wrap=True)
turns = typer.Typer(no_args_is_help=True, help="Who spoke when, to and from other programs' files.")
app.add_typer(turns, name="turns")
app.add_typer(voice.voice, name="voice")
app.add_typer(consent.consent, name="consent")
app.command()(erase.erase)
app.command()(share.share)
app.add_typer(moods.moods, name="moods")
seal.register(app)
report_commands.register(app)
notebooks.register(app)
JournalOption = Annotated[Path, typer.Option("--journal", "-j", help="The journal's folder.")]
HERE = Path()
SessionArgument = Annotated[str, typer.Argument(metavar="SESSION", help="Its day, as in 2026-03-04.")]


@app.command()
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


@app.command()
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
    from therapy_review.analysis import add_recording, not_agreed_to_record
    from therapy_review.journal import open_journal

    day = _day(date)
    who = [name.strip() for name in tracks.split(",") if name.strip()]
    opened = open_journal(journal)
    session = add_recording(opened, files, day, who)
    beside = "" if session.name == f"{day}" else ", another session of that day"
    still = f"{files[0]} is still" if len(files) == 1 else "The files are still"
    say.print(
        f"Added as {session.name}{beside}. {still} where {'it was' if len(files) == 1 else 'they were'}."
    )
    if sentence := session.why_closed(SELF_REVIEW):
        say.print(sentence)
    elif names := not_agreed_to_record(session):
        to_do_so = hints.command(
            "consent", "add", "--to", RECORD, "--since", f"{session.date}", journal=opened.root
        )
        say.print(
            f"It opens as agreed. That it is recorded was not written down yet by {' and '.join(names)}; to do so: "
            f"{to_do_so}"
        )
    if remove_original or opened.settings.get("sealed"):
        seal.offer_to_remove(files, answer=remove_original)


@app.command()
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
    from therapy_review.diarization import open_diarizer
    from therapy_review.journal import open_journal

    opened = open_journal(journal)
    if not any(session.has_recording for session in opened.sessions):
        raise JournalError(_empty(opened, "recording"))
    if diarizer:  # what it lacks is said once, not for every session
        open_diarizer(diarizer, opened.settings.get("diarizer", {}))
    if _analyse_all(opened, diarizer):
        raise typer.Exit(1)


def _analyse_all(journal: Journal, diarizer: str = "") -> int:
    from therapy_review.analysis import analyse as analyse_one, forget_without_agreement
    from therapy_review.player import prepare

    if forgotten := forget_without_agreement(journal):
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
                analyse_one(
                    session,
                    lambda step, done, b=bar, n=session.name: bars.update(  # type: ignore[misc]
                        b, completed=done, description=f"{n}  {step}"
                    ),
                    diarizer or None,
                )
                prepare(
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
    from therapy_review.consent import ledger
    from therapy_review.journal import open_journal
    from therapy_review.storage import PlainStore
    from therapy_review.turns import encode

    if file.exists():
        raise TurnsError(f"There is already a file {file}; choose another name, or remove it first.")
    opened = open_journal(journal)
    chosen = opened.session(session)
    chosen.require(SELF_REVIEW)
    data = encode(chosen.turns, file.suffix, file.stem)
    opened.record(ledger.EXPORTED, session=session, who="client", note=file.name)
    PlainStore(file.parent).write(file.name, data)
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
    from therapy_review.analysis import use_turns
    from therapy_review.journal import open_journal
    from therapy_review.turns import read_turns

    found, opened = read_turns(file), open_journal(journal)
    chosen = opened.session(session)
    use_turns(chosen, found, found_by or file.name)
    left_out, people = found.attrs["left_out"], found["speaker"].nunique()
    also = f" {left_out} more had no speaker or no length and were left out." if left_out else ""
    kept = f"{len(found)} turn{'s' * (len(found) != 1)} of {people} speaker{'s' * (people != 1)}"
    say.print(f"Kept: {kept}.{also}")
    if chosen.has_recording:
        say.print(f"Next:  {hints.command('analyse', journal=opened.root)}")
    else:
        say.print(f"{session} has no recording yet; they count once it is added and analysed.")


@turns.command("forget")
def forget_turns(session: SessionArgument, journal: JournalOption = HERE) -> None:
    """Go back from turns that were brought in to this program's own."""
    from therapy_review.analysis import forget_turns as forget
    from therapy_review.journal import open_journal

    opened = open_journal(journal)
    forget(opened.session(session))
    say.print(f"Forgotten. Next:  {hints.command('analyse', journal=opened.root)}")


@app.command()
def review(
    week: Annotated[str, typer.Option(help="As in 2026-W10; the newest when left out.")] = "",
    plain_to: PlainTo = None,
    sure: Sure = False,
    sound: SoundOption = Sound.on,
    journal: JournalOption = HERE,
) -> None:
    """Write the weekly review: a notebook to open and a page to read."""
    from therapy_review.journal import open_journal
    from therapy_review.reports import plain_copy, runner

    opened = open_journal(journal)
    chosen = _week(opened, week)
    page = f"weekly_review_{chosen}.html"
    target = plain_copy.place_for(opened, plain_to, [page], sure=sure)
    failed = _analyse_all(opened)
    with say.status(f"Writing the review of {chosen} …"):
        made = runner.run_one(
            opened, "weekly_review", f"weekly_review_{chosen}", {"week": chosen, "sound": sound.value}
        )
    in_lab = hints.command("lab", "--week", chosen, journal=opened.root)
    if not opened.settings.get("sealed"):
        say.print(f"To read:  {hints.place(runner.place(opened, made.page))}")
        say.print(f"Notebook: {hints.place(runner.place(opened, made.notebook))}")
        say.print(f"To hear and write in it, with JupyterLab:  {in_lab}")
    elif target is None:
        say.print(f"It is sealed in {opened.name}. To read it:  {in_lab}")
    else:
        plain_copy.write(opened, target, {page: opened.store.read(made.page)}, {})
    if failed:
        raise typer.Exit(1)


@app.command()
def lab(
    week: Annotated[str, typer.Option(help="As in 2026-W10; the newest when left out.")] = "",
    report: Annotated[
        str, typer.Option(help="A report in place of the week, as in session_report_2026-03-04.")
    ] = "",
    journal: JournalOption = HERE,
) -> None:
    """Open the weekly notebook, or a report, in JupyterLab, in its simple interface."""
    from therapy_review.journal import open_journal
    from therapy_review.lab import server

    opened = open_journal(journal)
    if report:
        notebook = f"reports/{report.removesuffix('.ipynb')}.ipynb"
        if not opened.store.exists(notebook):
            raise JournalError(
                f"There is no report {report} in {opened.name}; to write reports: "
                f"{hints.command('report', '--all', journal=opened.root)}"
            )
        server.start(opened, notebook)
    chosen = _week(opened, week)
    notebook = f"reports/weekly_review_{chosen}.ipynb"
    if not opened.store.exists(notebook):
        raise JournalError(
            f"The review of {chosen} is not written yet; run: "
            f"{hints.command('review', '--week', chosen, journal=opened.root)}"
        )
    server.start(opened, notebook)


@app.command()
def check(journal: JournalOption = HERE) -> None:
    """Say in plain words what is wrong in this journal."""
    from therapy_review.commands import check as looking
    from therapy_review.journal import open_journal

    opened = open_journal(journal)
    found = looking.check(opened)
    for sentence in found:
        say.print(f"· {sentence}")
    if found:
        raise typer.Exit(1)
    number = len(opened.sessions)
    say.print(f"All is well: {number} session{'s' * (number != 1)}.")


def _week(journal: Journal, week: str) -> str:
    """Return the week that is meant; the newest one with a session when none is named."""
    if not journal.sessions:
        raise JournalError(_empty(journal, "session"))
    _ = journal.week(week)  # says so when that is no week
    return week or journal.sessions[-1].week


def _empty(journal: Journal, what: str) -> str:
    example = hints.command("add", "FILE", "--date", f"{journal.today()}", journal=journal.root)
    return f"There is no {what} in {journal.name} yet; add one with: {example}"


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise JournalError(f"{text} is not a day; write it as in 2026-03-04.") from error


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
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(sentence)
    sys.exit(1)
