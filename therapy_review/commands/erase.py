"""The command ``therapy-review erase``: a session, its sound alone, or everything."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from therapy_review import analysis, rights, storage
from therapy_review.commands.terminal import HERE, JournalOption, is_confirmed, open_journal, say
from therapy_review.errors import JournalError, TherapyReviewError


def erase(
    session: Annotated[str, typer.Argument(metavar="[SESSION]", help="Its day, as in 2026-03-04.")] = "",
    everything: Annotated[bool | None, typer.Option("--all", help="The whole journal.")] = None,
    sound: Annotated[
        bool | None,
        typer.Option("--sound", help="The sound and what was made from it; notes and marks stay."),
    ] = None,
    confirm: Annotated[
        str, typer.Option(help="yes, or with --all the journal's name, to erase it for good.")
    ] = "",
    journal: JournalOption = HERE,
) -> None:
    """Erase a session, its sound, or everything, for good; it says what it can't reach."""
    from therapy_review.journal import Journal, Session, folder_of, session_date

    if bool(everything) == bool(session) or (everything and sound):
        raise JournalError("Name one session to erase, as in 2026-03-04, or everything with --all.")
    if everything:
        # No key is needed for that: the passphrase may be forgotten, or an erasure cut short took the keys.
        opened = Journal(*folder_of(journal))
        number = len(opened.store.folders("sessions"))
        say.print(f"This erases the whole journal {opened.name}: {number} sessions, with their recordings,")
        say.print("notes, moods and marks, all agreements, voice prints and reports, and its ledger.")
        _unless_confirmed(
            confirm, f"Type the journal's name, {opened.name}, to erase it for good", opened.name
        )
        seal = opened.settings.get("seal", {})
        if seal.get("keyring"):  # the words may be used elsewhere too
            storage.unlock.forget_in_keyring(str(seal.get("recipient", "")))
        say.print(str(rights.erasure.erase_all(opened)))
        return
    opened = open_journal(journal)
    chosen = Session(session, opened)
    names = (
        (rights.erasure.sound_remains if sound else rights.erasure.remains)(chosen)
        if session_date(session)
        else []
    )
    if not names:
        _ = opened.session(session)  # says so when there is no such session, and how to see those there are
        raise JournalError(f"There is nothing of that left in {session}.")
    say.print(f"This erases{', with your notes and marks' * (not sound)}:")
    for name in names:
        say.print(f"  {opened.store.where(name)}")
    _unless_confirmed(confirm, "Type yes to erase it for good")
    say.print(str(rights.erasure.erase_sound(chosen) if sound else rights.erasure.erase_session(chosen)))
    if any(name.startswith("voices/") for name in names):
        # Where a session can't be looked at now, it is when it is opened next.
        looking = say.status("Looking again at the sessions that were named by voice …")
        with looking, contextlib.suppress(TherapyReviewError):
            analysis.follow_prints(opened)


def _unless_confirmed(confirm: str, question: str, wanted: str = "yes") -> None:
    if not is_confirmed(confirm, question, wanted):
        say.print("Nothing was erased.")
        raise typer.Exit(1)
