"""The gate: the one question asked before a recording, or what came of it, is opened.

The rule is the same everywhere: everybody who is heard agrees to the use, on the day it is made. A recording that
was made while somebody's agreement to being recorded was taken back, or over, stays closed as well, whatever it is
wanted for; one that was made before anybody wrote anything down does not.

One exception is known, and it is narrow: where a place's law asks for one party alone, a client may listen again
(``self_review``, nothing else) on their own word (``basis = "one_party"``), as long as the others have said nothing
at all. It stands in for silence, never for a no.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from therapy_review import hints
from therapy_review.consent.agreement import (
    ONE_PARTY,
    RECORD,
    SELF_REVIEW,
    Agreement,
    is_use,
    person_in_words,
    use_in_words,
)
from therapy_review.consent.agreements_file import how_to_ask
from therapy_review.errors import ConsentError


@dataclass(frozen=True)
class Gate:
    """What was agreed to, and the day on which it is asked.

    Parameters
    ----------
    given : tuple of Agreement
    day : datetime.date
        The day of the use.
    one_party_is_clear : callable
        Whether the law of the place surely asks for one party alone; asked only where that matters.
    journal : Path, optional
        The journal's folder, for the commands in sentences.
    """

    given: tuple[Agreement, ...]
    day: dt.date
    one_party_is_clear: Callable[[], bool] = lambda: False
    journal: Path | None = None

    def missing(self, heard: Sequence[str], use: str) -> list[str]:
        """Name those heard whose agreement to a use is missing; nobody where one party's word is enough."""
        found = [who for who in heard if not self._agrees(who, use, self.day)]
        if not found or use != SELF_REVIEW or "client" not in heard or not self._has_own_word:
            return found
        return [] if self._are_silent(found) and self.one_party_is_clear() else found

    def not_to_be_recorded(self, heard: Sequence[str], made_on: dt.date) -> list[str]:
        """Name those whose agreement to being recorded was taken back or over on the day a recording was made.

        Those who never wrote anything down about it, or only for later days, are not among them: recordings that
        are older than the agreement rest on what is agreed to about them now.
        """
        begun = {one.who for one in self.given if RECORD in one.uses and one.given_from <= made_on}
        return [who for who in heard if who in begun and not self._agrees(who, RECORD, made_on)]

    def require(self, session: str, heard: Sequence[str], use: str) -> None:
        """Let a use of a recording pass, or say whose agreement is missing.

        Parameters
        ----------
        session : str
            The session's name; it begins with the day the recording was made.
        heard : sequence of str
            Everybody heard in it.
        use : str
            What the sound is wanted for; one of `therapy_review.consent.agreement.USES` or ``share:NAME``.

        Raises
        ------
        ConsentError
            When anybody heard has no agreement to this use in force on that day, or had taken back, or let end,
            that to being recorded by the day it was made.
        """
        closed = f"The recording of {session} stays closed"
        if not heard or not is_use(use):
            unknown = "it is not known who is heard in it"
            raise ConsentError(f"{closed}: {f'nobody can have agreed to {use!r}' if heard else unknown}.")
        if missing := self.missing(heard, use):
            raise ConsentError(f"{closed}: {self._what_is_missing(missing, use)}. {how_to_ask(self.journal)}")
        made_on = dt.date.fromisoformat(session[:10])
        if against := self.not_to_be_recorded(heard, made_on):
            reasons = "; ".join(self._why_not(who, RECORD, made_on) for who in against)
            since = ("--to", RECORD, "--since", f"{made_on}")
            raise ConsentError(
                f"{closed}: it was made on a day without an agreement to recording from "
                f"{' and '.join(map(person_in_words, against))} ({reasons}). If all of you want to keep it, write "
                f"that down from its day on: {hints.command('consent', 'add', *since, journal=self.journal)}"
            )

    def closed(self, heard: Mapping[str, Sequence[str]], use: str) -> set[str]:
        """Name the sessions that may not be opened for a use; `heard` is everybody heard, by session."""

        def is_open(session: str) -> bool:
            try:
                self.require(session, heard[session], use)
            except ConsentError:
                return False
            return True

        return {session for session in heard if not is_open(session)}

    def _agrees(self, who: str, use: str, day: dt.date) -> bool:
        return any(one.who == who and one.holds(use, day) for one in self.given)

    @property
    def _has_own_word(self) -> bool:
        return any(one.basis == ONE_PARTY and one.holds(SELF_REVIEW, self.day) for one in self.given)

    def _are_silent(self, people: Sequence[str]) -> bool:
        return not any(one.who in people for one in self.given)

    def _what_is_missing(self, missing: Sequence[str], use: str) -> str:
        reasons = [reason for who in missing if (reason := self._why_not(who, use, self.day))]
        if self._has_own_word and use == SELF_REVIEW:
            silent = self._are_silent(missing)
            why = "the rule of your place is not sure" if silent else "others have had their say"
            reasons.append(f"your word alone is not enough, for {why}")
        because = f" ({'; '.join(reasons)})" if reasons else ""
        people = " and ".join(map(person_in_words, missing))
        return f"there is no agreement in force from {people} for {use_in_words(use)}{because}"

    def _why_not(self, who: str, use: str, day: dt.date) -> str:
        """Say what became of somebody's last word on a use; nothing where they never gave one."""
        own = [agreement for agreement in self.given if agreement.who == who and use in agreement.uses]
        if not own:
            return ""
        last = own[-1]
        if (back := last.taken_back(use)) is not None and back <= day:
            return f"{person_in_words(who)} took it back on {back}"
        whose = "yours" if who == "client" else f"{person_in_words(who)}'s"
        if last.until is not None and last.until < day:
            return f"{whose} ended on {last.until}"
        return f"{whose} begins on {last.given_from}"
