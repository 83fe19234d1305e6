"""The commands that seal a journal, open it for good, keep copies of it, and make it its owner's alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from therapy_review import hints, storage
from therapy_review.commands.terminal import HERE, JournalOption, say
from therapy_review.errors import JournalError, LockedError
from therapy_review.wording import counted

if TYPE_CHECKING:
    from therapy_review.storage import PlainStore


OPEN_STILL = (
    "journal.toml stays readable: the names and the place you gave stand there. Pseudonyms will do as well."
)
ON_SEALED_OVER = (
    "That holds from now on. The files lay open before: on most disks their bytes stay for a while, and copies in "
    "backups or in the cloud are as open as they were; delete those there."
)
ON_REMOVING = (
    "Removing a file hides it; on most disks its bytes stay for a while, and a copy may be on your phone, in a "
    "backup or in the cloud. What is in the journal is not touched by that."
)


def without(journal: Path) -> str:
    """Say what it means to go without a passphrase, and how to have one later."""
    return (
        "Without a passphrase, anybody who can open this folder (on a lent or lost computer, in a copy in the "
        "cloud) can hear and read everything in it. You can seal it later with: "
        f"{hints.command('seal', journal=journal)}"
    )


def is_wanted(answer: bool | None) -> bool:
    """Tell whether a new journal is to be sealed: as was said, or else where somebody can be asked."""
    return (sys.stdin.isatty() or bool(os.environ.get(storage.unlock.FILE))) if answer is None else answer


def choose_passphrase() -> str:
    """Take the passphrase of a journal to be sealed from its file, or ask; empty when the client wants none."""
    if named := os.environ.get(storage.unlock.FILE):
        words = storage.unlock.from_passphrase_file(Path(named))
        say.print(f"Of the passphrase in {named}: {storage.keys.strength(words).sentence}")
        return words
    if not sys.stdin.isatty():
        raise LockedError(
            f"Nobody can be asked for a passphrase here; name a passphrase file in {storage.unlock.FILE}."
        )
    say.print("A passphrase keeps the journal closed to everybody else. Four or five words do well.")
    return _ask_twice("Passphrase (empty for none)", default="")


def _ask_twice(prompt: str, default: str | None = None) -> str:
    while True:
        words = str(typer.prompt(prompt, default=default, show_default=False, hide_input=True))
        if not words:
            return ""
        judged = storage.keys.strength(words)
        say.print(judged.sentence)
        if judged.is_weak and not typer.confirm("Use it all the same?", default=False):
            continue
        if str(typer.prompt("The same again", hide_input=True)) == words:
            return words
        say.print("Those were two different ones; let us begin again.")


def make_keys(words: str) -> storage.keys.NewKeys:
    """Make a journal's keys, and see that the recovery code is on paper before anything rests on it."""
    code = storage.keys.new_recovery_code()
    made = storage.keys.new_keys(words, code)
    say.print(
        "\nIf the passphrase is ever forgotten, only this code opens the journal. It is shown this once:\n"
    )
    say.print(f"    {code}\n")
    say.print("Write it on paper, and keep the paper away from this computer.")
    if not sys.stdin.isatty():
        say.print("Nobody could be asked to type it here, so nothing shows yet that it is on paper.")
        return made
    while True:
        typed = str(typer.prompt("To be sure it is written down, type it from the paper"))
        try:
            storage.keys.opened(made.by_recovery, storage.keys.plain_code(typed))
        except LockedError:
            say.print("That is not quite it; look at the paper again.")
            continue
        # Off the screen and out of what can be scrolled back to: whoever sits here next could read it.
        typer.echo("\x1b[H\x1b[2J\x1b[3J", nl=False)
        say.print("Yes, that opens it.")
        return made


def ask_for_keys(journal: Path) -> tuple[str, storage.keys.NewKeys] | None:
    """Ask for a passphrase and make keys from it; say what it means where the client wants none."""
    if words := choose_passphrase():
        return words, make_keys(words)
    say.print(without(journal))
    return None


def seal_with(
    store: PlainStore,
    words: str,
    made: storage.keys.NewKeys,
    *,
    hides_dates: bool = False,
    keyring: bool = False,
) -> None:
    """Seal a plain journal with keys that were made for it."""
    held_files = any(storage.sealing.lies_open(store.root))
    storage.sealing.seal(store, made, hides_dates=hides_dates)
    storage.unlock.keep(made.identity)
    if keyring:
        _use_keyring(store, str(made.identity.to_public()), words)
    say.print(
        "Sealed. From now on it opens with your passphrase, or with the code on paper. We have neither and could "
        "not open it for you if both were lost, so please keep the paper in a safe place."
    )
    if held_files:
        say.print(ON_SEALED_OVER)
    say.print(OPEN_STILL)


def seal(
    journal: JournalOption = HERE,
    hide_dates: Annotated[
        bool | None,
        typer.Option("--hide-dates/--show-dates", help="Keep days out of the names of folders and files."),
    ] = None,
    keyring: Annotated[
        bool,
        typer.Option(
            "--keyring", help="Let this computer's keyring keep the passphrase, so that it is not asked."
        ),
    ] = False,
) -> None:
    """Seal a journal with a passphrase; also what was put into a sealed one since, or what was interrupted."""
    from therapy_review.journal import folder_of

    store, settings = folder_of(journal)
    if not settings.get("sealed") and not storage.sealing.holds_sealed(store):
        if chosen := ask_for_keys(store.root):
            seal_with(store, *chosen, hides_dates=bool(hide_dates), keyring=keyring)
        return
    _unless_begun(store, settings, "seal")
    waiting = len(storage.sealing.lies_open(store.root))
    identity = storage.unlock.identity_of(store, settings)
    storage.sealing.finish_sealing(store, identity, hides_dates=hide_dates)
    if keyring:
        words = str(typer.prompt("The passphrase of this journal", hide_input=True))
        storage.keys.opened(store.read(storage.keys.IDENTITY), words)  # says so where it is another
        _use_keyring(store, str(identity.to_public()), words)
    say.print(f"Sealed: {counted(waiting, 'file')} more." if waiting else "All is sealed.")


def unseal(
    journal: JournalOption = HERE,
    sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take the seal off: all files become plain, and anybody who can open the folder can read them."""
    from therapy_review.journal import folder_of

    store, settings = folder_of(journal)
    if (
        not settings.get("sealed")
        and store.exists(storage.keys.IDENTITY)
        and not storage.sealing.holds_sealed(store)
    ):
        with store.writing():
            storage.sealing.forget_keys(store)  # all that was left to do when it was stopped
        say.print(f"Done: {store.where('')} lies open now.")
        return
    _sealed(store, settings)
    _unless_begun(store, settings, "unseal")
    if not (
        sure or typer.confirm("Afterwards anybody who can open the folder can read it. Take the seal off?")
    ):
        raise typer.Exit(1)
    identity = storage.unlock.identity_of(store, settings)
    storage.sealing.unseal(store, identity)
    storage.unlock.forget_in_keyring(str(identity.to_public()))
    say.print(f"Done: {store.where('')} lies open now.")


def rekey(journal: JournalOption = HERE) -> None:
    """Choose another passphrase and recovery code; where the passphrase is gone, the code on paper opens it."""
    from therapy_review.journal import folder_of

    store, settings = _sealed(*folder_of(journal))
    _unless_begun(store, settings, "rekey")
    if not sys.stdin.isatty():  # a passphrase file says what the passphrase is, not what it is to be
        raise LockedError("A new passphrase is asked for in a terminal, and nobody can be asked here.")
    identity = storage.unlock.identity_of(store, settings)
    words = _ask_twice("New passphrase")
    made = make_keys(words)
    closed = storage.sealing.rekey(store, identity, made)
    storage.unlock.keep(made.identity)
    storage.unlock.forget_in_keyring(str(identity.to_public()))
    if settings.get("seal", {}).get("keyring"):
        _use_keyring(store, str(made.identity.to_public()), words)
    say.print(
        "Changed. The old passphrase and the old code open it no longer; they still open copies made before."
    )
    if closed:
        say.print(f"Left as they are, because they could not be opened before either: {', '.join(closed)}.")


def backup(
    file: Annotated[
        Path, typer.Argument(help="A new file, best on another disk, as in /media/usb/journal.tar.")
    ],
    journal: JournalOption = HERE,
) -> None:
    """Write the whole journal into one file; a sealed journal stays sealed in it."""
    from therapy_review.consent import ledger
    from therapy_review.journal import Journal, folder_of

    store, settings = folder_of(journal)
    _unless_begun(store, settings, "backup")
    found = storage.sealing.lies_open(store.root) if settings.get("sealed") else []
    plain = [name for name in found if not storage.archive.is_stray(name)]
    if plain:
        raise JournalError(
            f"{store.where('')} is sealed, but this is not: {', '.join(plain)}. In a backup anybody could read it; "
            f"first seal it with: {hints.command('seal', journal=store.root)}"
        )
    storage.archive.unless_in_the_way(store, file)
    # No passphrase is asked for: a copy that is made every night has nobody to type it.
    Journal(store, settings).record(ledger.EXPORTED, who="client", note=f"backup of everything: {file.name}")
    number = storage.archive.backup(store, file)
    sealed = settings.get("sealed")
    how = (
        "It is sealed as the journal is." if sealed else "It is as open as the journal: anybody can read it."
    )
    say.print(f"Written and read back: {number} files in {file}. {how}")
    say.print("What you erase from the journal later stays in this copy until you delete it.")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that the command backup wrote.")],
    folder: Annotated[Path, typer.Argument(help="A new folder for the journal.")],
) -> None:
    """Make a journal from a backup, in a new folder."""
    number = storage.archive.restore(file, folder)
    look = hints.command("check", journal=folder)
    say.print(f"{number} files are back in {hints.place(folder)}; to see that all is well: {look}")


def protect(journal: JournalOption = HERE) -> None:
    """Make the journal's folder and files yours alone on a shared computer."""
    store = storage.PlainStore(journal.expanduser().resolve())
    if not store.exists("journal.toml"):
        raise JournalError(f"There is no journal in {journal} (no journal.toml lies there).")
    if store.protect():
        say.print("Done: only you can look into it now.")
        return
    with _settings(store) as settings:
        settings["shared_disk"] = True
    say.print(
        "This disk knows no permissions, so whoever can use it can look into the journal; a passphrase keeps it "
        f"closed: {hints.command('seal', journal=store.root)}"
    )


def offer_to_remove(files: list[Path], *, answer: bool | None) -> None:
    """Offer to remove the plain originals of what was sealed; without an answer and nobody to ask, they stay."""
    if answer is None:
        if not sys.stdin.isatty():
            return
        say.print(ON_REMOVING)
        these = files[0].name if len(files) == 1 else "the files"
        answer = typer.confirm(f"Remove {these} from where you added it?", default=False)
    if answer:
        for file in files:
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                raise JournalError(
                    f"{file} could not be removed ({error.strerror}); it is still there."
                ) from error
        say.print("Removed." if sys.stdin.isatty() else f"Removed. {ON_REMOVING}")


def _use_keyring(store: PlainStore, public: str, words: str) -> None:
    try:
        storage.unlock.remember_in_keyring(public, words)
    except LockedError as error:
        say.print(str(error))
        return
    with _settings(store) as settings:
        settings["seal"]["keyring"] = True
    say.print(
        "This computer's keyring keeps the passphrase: whoever can use your account here can open the journal."
    )


@contextmanager
def _settings(store: PlainStore) -> Iterator[Any]:
    """Give the settings of a journal to be changed, and write them."""
    import tomlkit

    with store.writing():
        settings = tomlkit.parse(store.read("journal.toml").decode("utf-8-sig"))
        yield settings
        store.write("journal.toml", tomlkit.dumps(settings).encode())


def _sealed(store: PlainStore, settings: dict[str, Any]) -> tuple[PlainStore, dict[str, Any]]:
    if not settings.get("sealed"):
        to_seal = hints.command("seal", journal=store.root)
        raise JournalError(f"{store.where('')} is not sealed; to seal it: {to_seal}")
    return store, settings


def _unless_begun(store: PlainStore, settings: dict[str, Any], act: str) -> None:
    begun = storage.sealing.unfinished(settings)
    if begun and begun != act:
        raise JournalError(
            f"{store.where('')} was left in the middle of something else; first finish that with: "
            f"{hints.command(begun, journal=store.root)}"
        )
