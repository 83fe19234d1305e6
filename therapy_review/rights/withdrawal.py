"""Taking an agreement back: the door is closed first, then it is seen what there is from before.

Nothing is erased here, nor asked: that is for the command and for the notebook, which both do it through these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from therapy_review import hints
from therapy_review.analysis import enrolment
from therapy_review.consent import RECORD, REPORT, agreements_file, ledger, use_in_words
from therapy_review.errors import JournalError
from therapy_review.journal import Journal
from therapy_review.rights import erasure

EVERYTHING = "everything"
CLOSES = "From now on it stays closed."
CLOSES_WHAT_IS_NEW = (
    "Recordings made from today on stay closed, whatever they are wanted for. Those from before stay open for what "
    "is still agreed to; take that back as well to close them."
)


@dataclass(frozen=True)
class TakenBack:
    """What was taken back, everything where `use` is empty; `said` is what that means from now on."""

    who: str
    use: str
    said: tuple[str, ...]


def what_closes(use: str) -> str:
    """Say what is closed once a use was taken back."""
    return CLOSES_WHAT_IS_NEW if use == RECORD else CLOSES


def what_is_kept(journal: Journal, use: str, sessions: Iterable[str]) -> str:
    """Say how that stands which was not erased when a use was taken back, of one session or more."""
    first, *_ = names = list(sessions)
    days = ", ".join(names)
    later = f"To erase it later: {hints.command('erase', first, '--sound', journal=journal.root)}"
    if use == RECORD:
        return f"Kept, and open for what is still agreed to: {days}. {later}"
    if use == REPORT:
        return f"Kept: {days}. No report is made anew; one that was made can still be read here. {later}"
    return f"Kept, and closed: {days}. {later}"


def offered(journal: Journal) -> dict[str, list[str]]:
    """List what could be taken back today, and who took something back before, for what is there may be erased."""
    today, found = journal.today(), dict[str, list[str]]()
    for one in journal.consents:
        if one.revocations:
            found.setdefault(one.who, [])
        for use in one.left(today):
            uses = found.setdefault(one.who, [])
            uses += [] if use in uses else [use]
    return found


def take_back(journal: Journal, who: str, use: str) -> TakenBack:
    """Take an agreement back, at any time and by anybody; `what_closes` tells what is closed from then on."""
    today = journal.today()
    taken_back = journal.keep_agreements(lambda data: agreements_file.take_back(data, who, use, on=today))
    if not taken_back and not _was_taken_back(journal, who, use):
        part = f" for {use}" if use else ""
        raise JournalError(
            f"There is nothing of {journal.name_of(who)} to take back{part}; to see what was agreed: "
            f"{hints.command('consent', 'show', journal=journal.root)}"
        )
    noted = journal.ledger
    if taken_back or not ((noted["what"] == ledger.REVOKED) & (noted["who"] == who)).any():
        journal.record(ledger.REVOKED, use=use, who=who)
    what = use_in_words(use) if use else EVERYTHING
    said = [f"Taken back by {journal.name_of(who)}: {what}. {what_closes(use)}"]
    forgotten = map(journal.name_of, enrolment.forget_without_agreement(journal))
    said += [f"The voice print of {name} was forgotten." for name in forgotten]
    return TakenBack(who, use, tuple(said))


def made_before(journal: Journal, back: TakenBack) -> dict[str, list[str]]:
    """List what there is from before, on account of what was taken back: names within the journal, by session."""
    found = {}
    for session in journal.sessions:
        heard = session.notes.participants
        # Where it can't be told who is heard, it is asked about.
        if (back.who in heard or not heard) and (names := erasure.made_for(session, back.use)):
            found[session.name] = names
    return found


def listed(made: Mapping[str, list[str]]) -> list[str]:
    """Name what there is from before in a line for each session."""
    return [
        f"{session}: {', '.join(name.removeprefix(f'sessions/{session}/') for name in names)}"
        for session, names in made.items()
    ]


def keep_the_rest(journal: Journal, back: TakenBack, why: str) -> None:
    """Write down why what was recorded is kept although it was taken back; without a reason, nothing."""
    if why := why.strip():
        journal.keep_agreements(lambda data: agreements_file.keep_all_the_same(data, back.who, why))
        journal.record(ledger.KEPT, use=back.use, who=back.who, note=why)


def _was_taken_back(journal: Journal, who: str, use: str) -> bool:
    return any(
        one.who == who and any(not back.uses or not use or use in back.uses for back in one.revocations)
        for one in journal.consents
    )
