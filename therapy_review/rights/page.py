"""The page of the notebook about agreements: asking, the draft to talk over, writing down what was agreed on."""

from __future__ import annotations

import datetime as dt
import html
from pathlib import Path
from typing import Any

import ipywidgets as w

from therapy_review import hints
from therapy_review.consent import ONE_PARTY, Agreement, law, use_in_words
from therapy_review.display import (
    NothingToShow,
    Still,
    code,
    gentle,
    how_to_start,
    is_still,
    or_nothing,
    sentence,
)
from therapy_review.errors import JournalError, TherapyReviewError
from therapy_review.journal import Journal, Session, open_journal
from therapy_review.player import Moment
from therapy_review.rights.draft import (
    CAUTIONS,
    HOW_TO_ASK,
    NOTHING_YET,
    WHY,
    first_draft,
    rule_of,
    sheet,
)
from therapy_review.rights.forms import FRAMED, DraftForm, TakeBackForm
from therapy_review.wording import clock, day, paragraphs

BEFORE, AFTER = 2.0, 20.0  # seconds heard around the moment at which somebody said that they agree
A_YEAR = dt.timedelta(days=365)


def where_spoken(journal: Journal, given: Agreement) -> tuple[Session, float, float]:
    """Tell where somebody can be heard saying that they agree."""
    if given.spoken is None:
        raise JournalError(f"Where {given.name or given.who} agreed is not heard on a recording.")
    session, time = journal.session(given.spoken.session), given.spoken.time
    return session, max(0.0, time - BEFORE), time + AFTER


@gentle
class AgreementPage:
    """The notebook about agreements, part by part."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._agreed: Any = None

    def heading(self) -> Still:
        """Say what this page is for."""
        return Still(
            "<h1>Asking about recording</h1>\n"
            "<p>Recording is something two people do together. This page helps you to ask, to talk it over, and to "
            "write down what you both agree on. Take your time; nothing here is settled by looking at it, and "
            "until everybody who is heard has agreed, every recording stays closed.</p>"
        )

    def why(self) -> Still:
        """Say what listening again can be for."""
        return Still(WHY)

    def how_to_ask(self) -> Still:
        """Offer words for asking."""
        return Still(HOW_TO_ASK.replace("{therapist}", html.escape(self.journal.therapist)))

    def place(self) -> Still:
        """Say what is known of the rule of the place."""
        return Still("".join(f"<p>{html.escape(said)}</p>" for said in rule_of(self.journal)))

    def cautions(self) -> Still:
        """Say what to keep in mind, whatever the law of a place."""
        said = dict.fromkeys([*CAUTIONS, *law.also_said()])
        return Still(f"<ul>{''.join(f'<li>{html.escape(one)}</li>' for one in said)}</ul>")

    def draft(self) -> Any:
        """Show the draft to fill in, with the page as it will be printed below it."""
        first = first_draft(self.journal, until=self.journal.today() + A_YEAR)
        if is_still():
            return Still(
                FRAMED.format(sheet(first)) + f"<p><small>{how_to_start()} to fill it in.</small></p>"
            )
        return DraftForm(self.journal, first, self._look_again).box

    def take_back(self) -> Any:
        """Let an agreement be taken back, and then choose what is erased of what there is from before."""
        if is_still():
            revoke = hints.command("consent", "revoke", journal=self.journal.root)
            return Still(
                "<p>Each of you can take it back at any time, all of it or a part. "
                f"{how_to_start()} to do so here; in a terminal it is {code(revoke)}.</p>"
            )
        return TakeBackForm(self.journal, self._look_again).box

    def agreed(self) -> Any:
        """Show what is written down, and let be heard what was spoken on a recording."""
        if is_still():
            return self._written(self.journal.consents)
        self._agreed = w.VBox(self._rows())
        return self._agreed

    def _written(self, given: list[Agreement]) -> Still:
        if not given:
            return sentence(NOTHING_YET)
        today = self.journal.today()
        return Still("\n".join(_entry(self.journal, one, today) for one in given))

    def _rows(self) -> list[Any]:
        given = self.journal.consents
        rows = [w.HTML(self._written(given).markup)]
        for one in (one for one in given if one.spoken):
            try:
                why = f"{one.name or one.who} says what they agree to."
                rows.append(Moment(*where_spoken(self.journal, one), why))
            except TherapyReviewError as error:
                rows.append(w.HTML(sentence(str(error)).markup))
        return rows

    def _look_again(self) -> None:
        """Let what is shown of the agreements follow what was written down below."""
        if self._agreed is not None:
            self._agreed.children = self._rows()


def _entry(journal: Journal, one: Agreement, today: dt.date) -> str:
    name = html.escape(one.name or journal.name_of(one.who))
    said = [one.how]
    if one.spoken:
        said.append(f"heard in {one.spoken.session} at {clock(one.spoken.time)}")
    if one.basis == ONE_PARTY:
        said.append("on one party's word")
    end = f"until {day(one.until)}" if one.until else "until it is taken back"
    kept = dict.fromkeys(back.kept for back in one.revocations if back.kept)
    more = [*kept, *([one.note] if one.note else [])]
    return (
        f"<p><strong>{name}</strong>: {html.escape(one.state(today))}<br>"
        f"{html.escape(', '.join(map(use_in_words, one.uses)))}<br>"
        f"<small>From {day(one.given_from)} {end}; {', '.join(said)}.</small>"
        f"{''.join(f'<br><small>{paragraphs(text)}</small>' for text in more)}</p>"
    )


@or_nothing
def agreement(journal: str | Path) -> AgreementPage | NothingToShow:
    """Open the page about agreements of a journal.

    Parameters
    ----------
    journal : str or Path
        The journal's folder.

    Returns
    -------
    AgreementPage or NothingToShow
        Always something whose parts can be shown.
    """
    return AgreementPage(open_journal(journal))
