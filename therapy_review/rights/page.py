"""The page of the notebook about agreements: asking, the draft to talk over, writing down what was agreed on."""

from __future__ import annotations

import datetime as dt
import html
from pathlib import Path
from typing import TYPE_CHECKING, Any

from therapy_review import hints
from therapy_review.consent import (
    ONE_PARTY,
    SHARE,
    USES,
    WAYS,
    Agreement,
    Spoken,
    append,
    in_words,
    law,
    state,
)
from therapy_review.display import (
    NothingToShow,
    Still,
    code,
    gently,
    how_to_start,
    is_still,
    or_nothing,
    sentence,
)
from therapy_review.errors import JournalError, TherapyReviewError
from therapy_review.journal import Journal, open_journal
from therapy_review.player import Moment
from therapy_review.rights import draft as agreeing
from therapy_review.rights.withdrawal_form import TakeBackForm
from therapy_review.wording import clock, day, paragraphs

if TYPE_CHECKING:
    from therapy_review.journal import Session

BEFORE, AFTER = 2.0, 20.0  # seconds heard around the moment at which somebody said that they agree
A_YEAR = dt.timedelta(days=365)
FIRST_WISHES = (("own_computer",), ("pause", "no_sharing"))
FRAMED = '<div style="border:1px solid #d9dee2;border-radius:6px;overflow:hidden;max-width:752px">{}</div>'
NOWHERE = "not on a recording"


def where_spoken(journal: Journal, given: Agreement) -> tuple[Session, float, float]:
    """Tell where somebody can be heard saying that they agree."""
    if given.spoken is None:
        raise JournalError(f"Where {given.name or given.who} agreed is not heard on a recording.")
    session, time = journal.session(given.spoken.session), given.spoken.time
    return session, max(0.0, time - BEFORE), time + AFTER


class AgreementPage:
    """The notebook about agreements, part by part."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._agreed: Any = None

    @gently
    def heading(self) -> Still:
        """Say what this page is for."""
        return Still(
            "<h1>Asking about recording</h1>\n"
            "<p>Recording is something two people do together. This page helps you to ask, to talk it over, and to "
            "write down what you both agree on. Take your time; nothing here is settled by looking at it, and "
            "until everybody who is heard has agreed, every recording stays closed.</p>"
        )

    @gently
    def why(self) -> Still:
        """Say what listening again can be for."""
        return Still(agreeing.WHY)

    @gently
    def how_to_ask(self) -> Still:
        """Offer words for asking."""
        return Still(agreeing.HOW_TO_ASK.replace("{therapist}", html.escape(self.journal.therapist)))

    @gently
    def place(self) -> Still:
        """Say what is known of the rule of the place."""
        return Still("".join(f"<p>{html.escape(said)}</p>" for said in agreeing.rule_of(self.journal)))

    @gently
    def cautions(self) -> Still:
        """Say what to keep in mind, whatever the law of a place."""
        said = dict.fromkeys([*agreeing.CAUTIONS, *law.also_said()])
        return Still(f"<ul>{''.join(f'<li>{html.escape(one)}</li>' for one in said)}</ul>")

    @gently
    def draft(self) -> Any:
        """Show the draft to fill in, with the page as it will be printed below it."""
        first = self._first_draft()
        if is_still():
            return Still(
                FRAMED.format(agreeing.sheet(first))
                + f"<p><small>{how_to_start()} to fill it in.</small></p>"
            )
        return DraftForm(self.journal, first, self._look_again).box

    @gently
    def take_back(self) -> Any:
        """Let an agreement be taken back, and then choose what is erased of what there is from before."""
        if is_still():
            revoke = hints.command("consent", "revoke", journal=self.journal.root)
            return Still(
                "<p>Each of you can take it back at any time, all of it or a part. "
                f"{how_to_start()} to do so here; in a terminal it is {code(revoke)}.</p>"
            )
        return TakeBackForm(self.journal, self._look_again).box

    @gently
    def agreed(self) -> Any:
        """Show what is written down, and let be heard what was spoken on a recording."""
        if is_still():
            return self._written(self.journal.consents)
        import ipywidgets as w

        self._agreed = w.VBox(self._rows())
        return self._agreed

    def _first_draft(self) -> agreeing.Draft:
        journal, today = self.journal, self.journal.today()
        return agreeing.Draft(
            journal.client,
            journal.therapist,
            agreeing.USUAL,
            today,
            today + A_YEAR,
            *FIRST_WISHES,
            rule=tuple(agreeing.rule_of(journal)),
        )

    def _written(self, given: list[Agreement]) -> Still:
        if not given:
            return sentence("Nothing is written down yet, so every recording stays closed.")
        today = self.journal.today()
        return Still("\n".join(_entry(self.journal, one, today) for one in given))

    def _spoken(self, given: list[Agreement]) -> list[Any]:
        rows = []
        for one in given:
            if one.spoken is None:
                continue
            try:
                name = one.name or one.who
                rows.append(Moment(*where_spoken(self.journal, one), f"{name} says what they agree to."))
            except TherapyReviewError as error:
                rows.append(self._as_widget(sentence(str(error))))
        return rows

    def _as_widget(self, shown: Still) -> Any:
        import ipywidgets as w

        return w.HTML(shown.markup)

    def _rows(self) -> list[Any]:
        given = self.journal.consents
        return [self._as_widget(self._written(given)), *self._spoken(given)]

    def _look_again(self) -> None:
        """Let what is shown of the agreements follow what was written down below."""
        if self._agreed is not None:
            self._agreed.children = self._rows()


class DraftForm:
    """The draft as a form: what is filled in, the page it makes, and writing down that it was agreed to."""

    def __init__(self, journal: Journal, first: agreeing.Draft, on_written: Any) -> None:
        import ipywidgets as w

        self._journal, self._first, self._on_written = journal, first, on_written
        # Each field copies these: a layout that was shared would hide them all with one.
        wide = {"layout": {"width": "min(44rem, 99%)"}, "style": {"description_width": "9rem"}}
        late = {"continuous_update": False}
        self.client = w.Text(first.client, description="You are called", **late, **wide)
        self.therapist = w.Text(first.therapist, description="Your therapist", **late, **wide)
        self.uses = {use: _tick(agreeing.as_agreed(first, use), use in first.uses) for use in USES}
        self.share = w.Text("", description="Clips to share with", placeholder="nobody", **late, **wide)
        self.until = w.DatePicker(description="Until", value=first.until, **wide)
        self.asks = [
            {wish: _tick(text, wish in chosen) for wish, text in agreeing.IN_SHORT.items()}
            for chosen in (first.client_asks, first.therapist_asks)
        ]
        self.own_words = w.Textarea("", description="In your words", rows=3, **late, **wide)
        self.preview, self.saved, self.written = w.HTML(), w.HTML(), w.HTML()
        as_page, as_pdf = w.Button(description="Save as a page"), w.Button(description="Save as a PDF")
        as_page.on_click(lambda _: self._save(".html"))
        as_pdf.on_click(lambda _: self._save(".pdf"))
        self.who = {
            "client": _tick(f"{first.client} agrees", chosen=False),
            "therapist": _tick(f"{first.therapist} agrees", chosen=False),
        }
        sessions = [NOWHERE, *(s.name for s in journal.sessions if s.has_recording)]
        self.how = w.Dropdown(options=WAYS, description="It was", **wide)
        self.spoken_in = w.Dropdown(options=sessions, description="Heard in", **wide)
        self.at = w.Text("", description="At", placeholder="2:14", **late, **wide)
        self.how.observe(lambda _: self._where_it_matters(), "value")
        self._where_it_matters()
        write = w.Button(description="Write it down")
        write.on_click(lambda _: self._write_down())
        for field in self._fields():
            field.observe(self._show, "value")
        self._show()
        columns = [
            w.VBox([_label(f"{who} asks"), *asks.values()], layout=w.Layout(flex="1 1 18rem"))
            for who, asks in zip((first.client, first.therapist), self.asks, strict=True)
        ]
        row = w.Layout(flex_flow="row wrap")
        self.box = w.VBox(
            [
                self.client,
                self.therapist,
                _label("What it is for"),
                *self.uses.values(),
                self.share,
                self.until,
                w.HBox(columns, layout=row),
                self.own_words,
                _label("The page, as it would be printed"),
                self.preview,
                w.HBox([as_page, as_pdf], layout=row),
                self.saved,
                _label("When you have talked it over, and agree"),
                *self.who.values(),
                self.how,
                self.spoken_in,
                self.at,
                write,
                self.written,
            ]
        )

    def _fields(self) -> list[Any]:
        ticks = [*self.uses.values(), *self.asks[0].values(), *self.asks[1].values()]
        return [self.client, self.therapist, self.share, self.until, self.own_words, *ticks]

    def _where_it_matters(self) -> None:
        """Ask where it is heard only of what was spoken."""
        for field in (self.spoken_in, self.at):
            field.layout.display = None if self.how.value == WAYS[1] else "none"

    @property
    def draft(self) -> agreeing.Draft:
        """The draft as it is filled in."""
        shared = self.share.value.strip()
        uses = [use for use, tick in self.uses.items() if tick.value] + (
            [f"{SHARE}{shared}"] if shared else []
        )
        ours, theirs = (tuple(wish for wish, tick in own.items() if tick.value) for own in self.asks)
        first = self._first
        return agreeing.Draft(
            self.client.value.strip() or first.client,
            self.therapist.value.strip() or first.therapist,
            tuple(uses),
            first.since,
            self.until.value,
            ours,
            theirs,
            own_words=self.own_words.value,
            rule=first.rule,
        )

    def _show(self, _change: object = None) -> None:
        self.preview.value = FRAMED.format(agreeing.sheet(self.draft))

    def _save(self, ending: str) -> None:
        store = self._journal.store  # which seals it where the journal is sealed: names stand in it
        name, number = f"agreement-{self._first.since}", 1
        file = f"{name}{ending}"
        try:
            page = agreeing.printed(self.draft, ending)
            with store.writing():  # two at once never take one name
                while store.exists(f"reports/{file}"):
                    number += 1
                    file = f"{name}-{number}{ending}"
                store.write(f"reports/{file}", page)
            self.saved.value = f"<em>Saved as {file}, beside this notebook.</em>"
        except TherapyReviewError as error:
            self.saved.value = f"<strong>{html.escape(str(error))}</strong>"

    def _write_down(self) -> None:
        try:
            self.written.value = f"<em>{html.escape(self._kept())}</em>"
        except TherapyReviewError as error:
            self.written.value = f"<strong>{html.escape(str(error))}</strong>"
        self._on_written()

    def _kept(self) -> str:
        draft, journal = self.draft, self._journal
        names = {"client": draft.client, "therapist": draft.therapist}
        new = [who for who, tick in self.who.items() if tick.value]
        if not new:
            return "Tick who has agreed; then it can be written down."
        today, how = journal.today(), str(self.how.value)
        spoken = self._spoken() if how == WAYS[1] else None

        def stands(one: Agreement, who: str) -> bool:
            same = (one.who, one.uses, one.until, one.spoken) == (who, draft.uses, draft.until, spoken)
            return same and all(one.holds(use, today) for use in draft.uses)

        def added(data: bytes) -> bytes:
            for who in new:
                if not any(stands(one, who) for one in journal.consents):
                    data = append(
                        data,
                        who,
                        draft.uses,
                        given_from=today,
                        name=names[who],
                        how=how,
                        until=draft.until,
                        spoken=spoken,
                    )
            return data

        if not journal.keep_agreements(added):
            return "That is written down already."
        for tick in self.who.values():
            tick.value = False
        return f"Written down: {' and '.join(names[who] for who in new)}, from today on. Thank you."

    def _spoken(self) -> Spoken | None:
        if self.spoken_in.value == NOWHERE:
            return None
        return agreeing.spoken_at(self._journal, str(self.spoken_in.value), self.at.value)


def _tick(text: str, chosen: bool) -> Any:  # noqa: FBT001
    import ipywidgets as w

    return w.Checkbox(chosen, description=text, indent=False, layout=w.Layout(width="auto"))


def _label(text: str) -> Any:
    import ipywidgets as w

    return w.HTML(f"<h4 style='margin:1.2em 0 0.2em;font-weight:600'>{html.escape(text)}</h4>")


def _entry(journal: Journal, one: Agreement, today: dt.date) -> str:
    name = html.escape(one.name or journal.name_of(one.who))
    said = [f"{one.how}"]
    if one.spoken:
        said.append(f"heard in {one.spoken.session} at {clock(one.spoken.time)}")
    if one.basis == ONE_PARTY:
        said.append("on one party's word")
    end = f"until {day(one.until)}" if one.until else "until it is taken back"
    kept = dict.fromkeys(back.kept for back in one.revocations if back.kept)
    more = [*kept, *([one.note] if one.note else [])]
    return (
        f"<p><strong>{name}</strong>: {html.escape(state(one, today))}<br>"
        f"{html.escape(', '.join(map(in_words, one.uses)))}<br>"
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
