"""Whose voice may go out to somebody today, and exactly what would.

A voice goes out where its owner has agreed to ``share:NAME``. The client's own may, for sharing is their own act; a
client who once agreed to it in writing and took it back has to agree again. The client's word alone
(``basis = "one_party"``) opens nothing here. Nothing in this module writes, and nothing in it opens sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from therapy_review import hints
from therapy_review.consent import ROLES, SELF_REVIEW, SHARE, agreements_file, is_use, person_in_words
from therapy_review.errors import ConsentError, ShareError
from therapy_review.journal import Session
from therapy_review.sharing.clip import LEAST, Clip, clip, clip_of_all, silenced_by_marks
from therapy_review.turns import Span, are_named, intervals
from therapy_review.wording import clock

LONGEST = 300.0  # seconds of one clip; a session is not a clip


@dataclass(frozen=True)
class Plan:
    """What would go out, and what was asked for to make it."""

    session: str
    who: str
    voices: tuple[str, ...]
    clips: tuple[Clip, ...]
    chosen: tuple[Span, ...]
    silence: tuple[Span, ...]


def voices(session: Session, who: str) -> tuple[str, ...]:
    """Ask whose voice may go out to somebody today; opens nothing."""
    use = f"{SHARE}{who.strip()}"
    if not is_use(use):
        raise ShareError("Say with whom the clips are to be shared, by name or pseudonym.")
    session.require(SELF_REVIEW)
    given, day, root = session.journal.consents, session.journal.today(), session.journal.root
    heard = session.notes.participants
    listens = {one.who for one in given if one.holds(SELF_REVIEW, day)}
    if missing := [name for name in heard if name not in listens]:
        raise ConsentError(
            f"Nothing of {session.name} can be shared: it is open on your word alone, and sharing needs an "
            f"agreement from {' and '.join(map(person_in_words, missing))}. {agreements_file.how_to_ask(root)}"
        )
    agreed = {one.who for one in given if one.holds(use, day)}
    # Who never wrote it down agrees by doing it; who took it back, or let it end, has to say so again.
    if not any(one.who == "client" and use in one.uses for one in given):
        agreed.add("client")
    elif "client" not in agreed:
        raise ConsentError(
            f"Nothing of {session.name} is shared: your own agreement to share clips with {who.strip()} is not in "
            "force today. If you want to all the same, write it down again with: "
            f"{hints.command('consent', 'add', journal=root)}"
        )
    found = tuple(name for name in heard if name in agreed)
    if not found:
        raise ConsentError(
            f"Nothing of {session.name} can be shared: nobody heard in it has agreed to share clips with "
            f"{who.strip()}. {agreements_file.how_to_ask(root)}"
        )
    return found


def plan(session: Session, who: str, chosen: Sequence[Span], silence: Sequence[Span] = ()) -> Plan:
    """Work out exactly what would go out; nothing is opened, and nothing written."""
    agreed, heard = voices(session, who), session.notes.participants
    turns = session.turns
    if not are_named(turns):
        raise ShareError(
            f"It is not known yet which voice is yours in {session.name}, so nobody could be left out of a clip; "
            "say so in the weekly notebook first, under who is who."
        )
    if not chosen:
        raise ShareError("No moment is chosen; give one or more, as in 12:30-13:10.")
    duration = session.duration
    for start, end in chosen:
        _possible(start, end, duration, session.name)
    for start, end in silence:
        if not any(intervals.within([(start, end)], *one) for one in chosen):  # a slip would let a name out
            raise ShareError(
                f"What is to be silent from {clock(start)} to {clock(end)} lies in none of the moments; see "
                "whether its times are right."
            )
    speakers = _speakers(heard, agreed)
    quiet = intervals.joined([*silence, *silenced_by_marks(session.marks)])
    if set(heard) <= set(agreed) and set(turns["speaker"]) <= speakers:
        clips = [clip_of_all(start, end, quiet) for start, end in chosen]
    else:
        clips = [clip(turns, start, end, speakers, quiet) for start, end in chosen]
    for one in clips:
        if one.seconds - one.seconds_silent < LEAST:
            raise ShareError(
                f"Nothing would be left to hear from {clock(one.start)} to {clock(one.end)}: it is all somebody "
                "else's words, not sure to be yours, or chosen to be silent. Choose another moment."
            )
    return Plan(session.name, who.strip(), agreed, tuple(clips), tuple(chosen), tuple(silence))


def require_unchanged(session: Session, looked_at: Plan) -> None:
    """Let a plan pass that says what would go out now as well; opens nothing."""
    if plan(session, looked_at.who, looked_at.chosen, looked_at.silence) != looked_at:
        raise ShareError(
            "Something changed since you looked at it: who agreed, who speaks when, or a mark. Nothing was "
            "written; please look again."
        )


def _possible(start: float, end: float, duration: float, name: str) -> None:
    if not 0 <= start < end <= duration:
        raise ShareError(
            f"There is no stretch from {clock(start)} to {clock(end)} in {name}, which lasts {clock(duration)}."
        )
    if end - start > LONGEST:
        raise ShareError(
            f"From {clock(start)} to {clock(end)} is longer than a clip may be ({clock(LONGEST)}); choose the part "
            "that matters."
        )


def _speakers(heard: Sequence[str], agreed: Sequence[str]) -> set[str]:
    """Turn people into speakers of the turns; third people share one name there, so all must have agreed."""
    third = [name for name in heard if name not in ROLES[:2]]
    also = {ROLES[2]} if third and set(third) <= set(agreed) else set()
    return {name for name in agreed if name in ROLES[:2]} | also
