"""The command ``therapy-review check``: what is wrong in a journal, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import typer

from therapy_review import analysis, hints, importing, reports, sound, storage
from therapy_review.commands.terminal import HERE, JournalOption, open_journal, say
from therapy_review.errors import TherapyReviewError
from therapy_review.wording import counted

if TYPE_CHECKING:
    from therapy_review.journal import Journal, Session


def say_what_is_wrong(journal: JournalOption = HERE) -> None:
    """Say in plain words what is wrong in this journal."""
    opened = open_journal(journal)
    found = check(opened)
    for sentence in found:
        say.print(f"· {sentence}")
    if found:
        raise typer.Exit(1)
    say.print(f"All is well: {counted(len(opened.sessions), 'session')}.")


def check(journal: Journal) -> list[str]:
    """List what needs the client's attention, one sentence each; an empty list when all is well."""
    found = [*_open_in_sealed(journal), *_folders(journal)]
    for session in journal.sessions:
        found += _session(session)
    # What concerns the whole journal is met at every session, and said once.
    return list(dict.fromkeys(found))


def _open_in_sealed(journal: Journal) -> Iterator[str]:
    if not journal.settings.get("sealed"):
        return
    if isinstance(store := journal.store, storage.SealedStore):
        for name in storage.sealing.lies_open(store.plain.root):
            where = store.plain.where(name)
            seal = hints.command("seal", journal=journal.root)
            yield f"{where} lies in the sealed journal as a plain file; seal it with: {seal}"


def _folders(journal: Journal) -> Iterator[str]:
    for read in (
        lambda: journal.consents,
        lambda: journal.days,
        lambda: importing.calendar.kept(journal.store),
        lambda: journal.scales,
    ):
        try:
            read()
        except TherapyReviewError as error:
            yield str(error)
    for name in journal.left_out():
        yield (
            f"The folder {journal.store.where(f'sessions/{name}')} is not named by a date, so it is left out; "
            "name it as in 2026-03-04, or 2026-03-04-2 for a second session that day."
        )
    entries = reports.manifest.read(journal.store).values()
    there = [session.name for session in journal.sessions]
    for name in reports.manifest.left_behind(entries, there):
        yield (
            f"There is a report of {name}, and no such session any more; to erase what was made of it: "
            f"{hints.command('erase', name, journal=journal.root)}"
        )


def _session(session: Session) -> Iterator[str]:
    from therapy_review.journal import TURNS_ELSEWHERE

    store = session.journal.store
    try:
        yield from session.notes.problems
        _ = session.marks, session.corrections, analysis.turns_elsewhere(session)
    except TherapyReviewError as error:
        yield str(error)
    for name in store.files(session.folder):
        path = PurePosixPath(name)
        if path.suffix.lower() in sound.SUFFIXES and path.stem != "recording":
            where = store.where(session.file(name))
            yield f"{where} is not named recording{path.suffix}, so it is left out; rename it if it is the session."
        if path.stem == "turns" and name != TURNS_ELSEWHERE:
            yield (
                f"{store.where(session.file(name))} is left out; bring turns found elsewhere in with: "
                f"{hints.command('turns', 'import', session.name, 'FILE', journal=session.journal.root)}"
            )
        if path.name.startswith("notes-kept-"):
            yield (
                f"{store.where(session.file(name))} holds another version of your notes; copy what you want "
                "into notes.md, then delete it."
            )
    if session.has_recording:
        try:
            sound.length_to_analyse(session.recording("self_review"))
        except TherapyReviewError as error:
            yield str(error)
