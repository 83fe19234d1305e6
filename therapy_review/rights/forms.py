"""The forms of the page about agreements: the draft to fill in, and taking back, with what is erased then."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ipywidgets as w

from therapy_review.consent import (
    SHARE,
    USES,
    WAYS_TO_AGREE,
    Agreement,
    agreements_file,
    use_in_words,
)
from therapy_review.errors import TherapyReviewError
from therapy_review.journal import Journal
from therapy_review.rights import erasure, withdrawal
from therapy_review.rights.draft import IN_SHORT, Draft, as_agreed, printed, sheet, spoken_at
from therapy_review.wording import strong

FRAMED = '<div style="border:1px solid #d9dee2;border-radius:6px;overflow:hidden;max-width:752px">{}</div>'
NOWHERE = "not on a recording"
# Each field copies these: a layout that was shared would hide them all with one.
FIELD: dict[str, Any] = {"layout": {"width": "min(44rem, 99%)"}, "style": {"description_width": "9rem"}}
ALL = ("Everything", "")
NOTHING = "Nobody has an agreement in force, so there is nothing to take back."
SURE = "Nothing is erased by it: you are shown what there is from before, and choose."
CHOOSE = (
    "This is what there is from before. Your notes and marks stay, whatever you choose. Tick what is to be erased "
    "for good; all else is kept."
)
WORD = "yes"
BEFORE = " (taken back before)"


class DraftForm:
    """The draft as a form: what is filled in, the page it makes, and writing down that it was agreed to."""

    def __init__(self, journal: Journal, first: Draft, on_written: Any) -> None:
        self._journal, self._first, self._on_written = journal, first, on_written
        late = {"continuous_update": False}
        self.client = w.Text(first.client, description="You are called", **late, **FIELD)
        self.therapist = w.Text(first.therapist, description="Your therapist", **late, **FIELD)
        self.uses = {use: _tick(as_agreed(first, use), use in first.uses) for use in USES}
        self.share = w.Text("", description="Clips to share with", placeholder="nobody", **late, **FIELD)
        self.until = w.DatePicker(description="Until", value=first.until, **FIELD)
        self.asks = [
            {wish: _tick(text, wish in chosen) for wish, text in IN_SHORT.items()}
            for chosen in (first.client_asks, first.therapist_asks)
        ]
        self.own_words = w.Textarea("", description="In your words", rows=3, **late, **FIELD)
        self.preview, self.saved, self.written = w.HTML(), w.HTML(), w.HTML()
        as_page, as_pdf = w.Button(description="Save as a page"), w.Button(description="Save as a PDF")
        as_page.on_click(lambda _: self._save(".html"))
        as_pdf.on_click(lambda _: self._save(".pdf"))
        self.who = {
            "client": _tick(f"{first.client} agrees", chosen=False),
            "therapist": _tick(f"{first.therapist} agrees", chosen=False),
        }
        sessions = [NOWHERE, *(s.name for s in journal.sessions if s.has_recording)]
        self.how = w.Dropdown(options=WAYS_TO_AGREE, description="It was", **FIELD)
        self.spoken_in = w.Dropdown(options=sessions, description="Heard in", **FIELD)
        self.at = w.Text("", description="At", placeholder="2:14", **late, **FIELD)
        self.how.observe(lambda _: self._where_it_matters(), "value")
        self._where_it_matters()
        write = w.Button(description="Write it down")
        write.on_click(lambda _: self._write_down())
        ticks = [*self.uses.values(), *self.asks[0].values(), *self.asks[1].values()]
        for field in (self.client, self.therapist, self.share, self.until, self.own_words, *ticks):
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

    def _where_it_matters(self) -> None:
        """Ask where it is heard only of what was spoken."""
        for field in (self.spoken_in, self.at):
            field.layout.display = None if self.how.value == WAYS_TO_AGREE[1] else "none"

    @property
    def draft(self) -> Draft:
        """The draft as it is filled in."""
        first, shared = self._first, self.share.value.strip()
        uses, ours, theirs = (
            tuple(name for name, tick in ticks.items() if tick.value) for ticks in (self.uses, *self.asks)
        )
        return replace(
            first,
            client=self.client.value.strip() or first.client,
            therapist=self.therapist.value.strip() or first.therapist,
            uses=(*uses, f"{SHARE}{shared}") if shared else uses,
            until=self.until.value,
            client_asks=ours,
            therapist_asks=theirs,
            own_words=self.own_words.value,
        )

    def _show(self, _change: object = None) -> None:
        self.preview.value = FRAMED.format(sheet(self.draft))

    def _save(self, ending: str) -> None:
        _say(self.saved, lambda: self._saved_as(ending))

    def _saved_as(self, ending: str) -> str:
        store = self._journal.store  # which seals it where the journal is sealed: names stand in it
        name, number = f"agreement-{self._first.since}", 1
        file, page = f"{name}{ending}", printed(self.draft, ending)
        with store.writing():  # two at once never take one name
            while store.exists(f"reports/{file}"):
                number += 1
                file = f"{name}-{number}{ending}"
            store.write(f"reports/{file}", page)
        return f"Saved as {file}, beside this notebook."

    def _write_down(self) -> None:
        _say(self.written, self._kept)
        self._on_written()

    def _kept(self) -> str:
        draft, journal = self.draft, self._journal
        names = {"client": draft.client, "therapist": draft.therapist}
        new = [who for who, tick in self.who.items() if tick.value]
        if not new:
            return "Tick who has agreed; then it can be written down."
        today, how, where = journal.today(), str(self.how.value), str(self.spoken_in.value)
        is_heard = how == WAYS_TO_AGREE[1] and where != NOWHERE
        spoken = spoken_at(journal, where, self.at.value) if is_heard else None

        def stands(one: Agreement, who: str) -> bool:
            same = (one.who, one.uses, one.until, one.spoken) == (who, draft.uses, draft.until, spoken)
            return same and all(one.holds(use, today) for use in draft.uses)

        def added(data: bytes) -> bytes:
            for who in new:
                if not any(stands(one, who) for one in journal.consents):
                    data = agreements_file.append(
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


class TakeBackForm:
    """Asks whose agreement, and for what; takes it back; then shows what could be erased."""

    def __init__(self, journal: Journal, on_change: Callable[[], None]) -> None:
        self._journal, self._on_change = journal, on_change
        self._back: withdrawal.TakenBack | None = None
        fitting = {"layout": {"width": "max-content"}}
        self.who = w.Dropdown(description="Whose", **FIELD)
        self.use = w.Dropdown(description="What", **FIELD)
        self.who.observe(lambda _: self._offer_uses(), "value")
        self.first = w.Button(description="Take it back", **fitting)
        self.sure = w.Button(description="Yes, take it back", **fitting)
        self.leave = w.Button(description="Leave it as it is", **fitting)
        self.first.on_click(lambda _: self._ask())
        self.leave.on_click(lambda _: self.refresh())
        self.sure.on_click(lambda _: self._said(self._take_back))
        self.means = w.HTML()
        self.asked = w.VBox([self.means, w.HBox([self.sure, self.leave])])
        self.ticks: dict[str, Any] = {}
        self.confirm = w.Text("", description="To erase", placeholder=f"type {WORD}", **FIELD)
        self.erase = w.Button(description="Erase what is ticked", **fitting)
        self.why = w.Text("", description="Kept because", placeholder="may stay empty", **FIELD)
        self.keep = w.Button(description="Keep the rest", **fitting)
        self.erase.on_click(lambda _: self._said(self._erase))
        self.keep.on_click(lambda _: self._said(self._keep))
        self.said, self.before = w.HTML(), w.VBox()
        self.box = w.VBox([self.who, self.use, self.first, self.asked, self.said, self.before])
        self.refresh()

    def refresh(self, said: str = "") -> None:
        """Offer what could be taken back now."""
        self.asked.layout.display = "none"
        try:
            found = withdrawal.offered(self._journal)
        except TherapyReviewError as error:
            found, said = {}, said or f"<p>{strong(str(error))}</p>"
        names = [
            (f"{self._journal.name_of(who)}{'' if uses else BEFORE}", who) for who, uses in found.items()
        ]
        for field in (self.who, self.use, self.first):
            field.layout.display = None if names else "none"
        if names:
            self.who.options = names
            self._offer_uses()
        self.said.value = said or ("" if names else f"<p>{NOTHING}</p>")

    def _offer_uses(self) -> None:
        uses = withdrawal.offered(self._journal).get(str(self.who.value), [])
        self.use.options = [ALL, *((use_in_words(use), use) for use in uses)]

    def _ask(self) -> None:
        closes = withdrawal.what_closes(str(self.use.value or ""))
        self.means.value = f"<p>{html.escape(closes)} {SURE}</p>"
        self.first.layout.display, self.asked.layout.display = "none", None

    def _said(self, act: Callable[[], list[str]]) -> None:
        """Say what came of an act, or why nothing did."""
        try:
            told = "".join(f"<p>{html.escape(text)}</p>".replace("\n", "<br>") for text in act())
        except TherapyReviewError as error:
            told = f"<p>{strong(str(error))}</p>"
        self.refresh(told)
        self._on_change()

    def _take_back(self) -> list[str]:
        self._back = withdrawal.take_back(self._journal, str(self.who.value), str(self.use.value))
        return [*self._back.said, *self._show_what_there_is()]

    def _show_what_there_is(self) -> list[str]:
        assert self._back
        made = withdrawal.made_before(self._journal, self._back)
        texts = withdrawal.listed(made)
        self.ticks = {name: _tick(text, chosen=False) for name, text in zip(made, texts, strict=True)}
        ways = [self.confirm, self.erase, self.why, self.keep]
        parts = [w.HTML(f"<p>{CHOOSE}</p>"), *self.ticks.values(), *ways]
        self.before.children = parts if made else []
        return [] if made else ["There is nothing left from before."]

    def _erase(self) -> list[str]:
        assert self._back
        chosen = [name for name, tick in self.ticks.items() if tick.value]
        if not chosen:
            return ["Nothing is ticked, so nothing was erased."]
        if self.confirm.value.strip() != WORD:
            return [f"Nothing was erased. To erase {', '.join(chosen)} for good, type {WORD} first."]
        self.confirm.value = ""
        try:
            done = [
                str(erasure.erase_made_for(self._journal.session(name), self._back.use)) for name in chosen
            ]
        finally:
            left = self._show_what_there_is()
        return [*done, *left]

    def _keep(self) -> list[str]:
        assert self._back
        withdrawal.keep_the_rest(self._journal, self._back, str(self.why.value))
        self.why.value, self.before.children = "", []
        return [withdrawal.what_is_kept(self._journal, self._back.use, self.ticks)]


def _say(where: Any, act: Callable[[], str]) -> None:
    """Say what came of an act, or why nothing did."""
    try:
        where.value = f"<em>{html.escape(act())}</em>"
    except TherapyReviewError as error:
        where.value = strong(str(error))


def _tick(text: str, chosen: bool) -> Any:  # noqa: FBT001
    return w.Checkbox(chosen, description=text, indent=False, layout=w.Layout(width="auto"))


def _label(text: str) -> Any:
    return w.HTML(f"<h4 style='margin:1.2em 0 0.2em;font-weight:600'>{html.escape(text)}</h4>")
