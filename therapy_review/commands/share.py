"""The command ``therapy-review share``: clips that leave the journal, looked at first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from therapy_review import sharing
from therapy_review.commands.notebooks import open_notebook
from therapy_review.commands.terminal import HERE, JournalOption, SessionArgument, in_parts, open_journal, say
from therapy_review.errors import ShareError

if TYPE_CHECKING:
    from therapy_review.journal import Session
    from therapy_review.turns import Span


def share(
    session: SessionArgument,
    who: Annotated[str, typer.Option("--with", help="With whom: a name or pseudonym.")] = "",
    clip: Annotated[
        list[str] | None, typer.Option(help="A moment, as in 12:30-13:10; may be given more than once.")
    ] = None,
    marked: Annotated[
        str, typer.Option(help="Also every moment you marked as this, as in 'proud moment'.")
    ] = "",
    silence: Annotated[
        list[str] | None,
        typer.Option(
            help="What is to be silent in them, as a name or a place, as in 12:41-12:43; more than once."
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            help="A folder outside the journal to write the clips into. Without it you see what would go out, and "
            "nothing is written."
        ),
    ] = None,
    yes: Annotated[
        str,
        typer.Option(
            help="For scripts: the names of all cautions, with commas between them, to say that they were read."
        ),
    ] = "",
    journal: JournalOption = HERE,
    opened: Annotated[
        bool,
        typer.Option("--open/--no-open", help="With no moment given: open the notebook, or only write it."),
    ] = True,
) -> None:
    """Share chosen clips with somebody: others' voices are left out unless they agreed to it.

    Without a moment it opens a notebook in which you choose, hear and look at everything first.
    """
    if not (clip or marked):
        open_notebook(journal, "share", opened, {"session": session})
        return
    chosen = open_journal(journal).session(session)
    moments = [sharing.clip.read_span(text) for text in clip or []] + _marked(chosen, marked)
    plan = sharing.plan.plan(chosen, who, moments, [sharing.clip.read_span(text) for text in silence or []])
    for line in sharing.cautions.in_words(plan, {"therapist": chosen.journal.therapist}):
        say.print(line)
    say.print(sharing.cautions.LISTEN)
    if to is None:
        say.print("Nothing was written. To write the clips, name a folder outside the journal with --to.")
        return
    sharing.export.outside(to)  # said before the cautions, which are not to be read for nothing
    say.print("\nBefore anything is written:")
    for name, text in sharing.cautions.CAUTIONS.items():
        say.print(f"  {name}: {text}")
    say.print(sharing.cautions.LIES_OPEN)
    read = _read(yes)
    if not read:
        say.print("Nothing was written.")
        raise typer.Exit(1)
    for path in sharing.export.write(chosen, plan, to, read):
        say.print(f"Written: {path}")
    say.print("It is in the journal's ledger. Hear them once more before you send them.")


def _marked(session: Session, kind: str) -> list[Span]:
    """Make clips of what was marked as one kind."""
    from therapy_review.journal import marks

    wanted = kind.strip().lower()
    if not wanted:
        return []
    found = [mark for mark in marks.marks_in(session.marks) if mark.kind.strip().lower() == wanted]
    if not found:
        raise ShareError(f"Nothing in {session.name} is marked as {kind.strip()}; give moments with --clip.")
    duration = float(session.made_from().get("duration", 0.0))
    return [sharing.clip.of_mark(mark, duration) for mark in found]


def _read(yes: str) -> list[str]:
    """Ask whether the cautions were read, and give the names of those that were."""
    if not yes:
        agreed = typer.confirm(
            "Have you read all of them, and do you want the clips to be written?", default=False
        )
        return list(sharing.cautions.CAUTIONS) if agreed else []
    read = in_parts(yes)
    if unread := sharing.cautions.left_unread(read):
        raise ShareError(
            f"Nothing was written: --yes says which cautions were read, and {', '.join(unread)} is missing; read "
            f"all of them, then write --yes {','.join(sharing.cautions.CAUTIONS)}"
        )
    return read
