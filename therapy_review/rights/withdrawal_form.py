"""The form by which an agreement is taken back, and what there is from before erased, session by session."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from therapy_review.consent import use_in_words
from therapy_review.errors import TherapyReviewError
from therapy_review.rights import erasure, withdrawal
from therapy_review.rights.withdrawal import TakenBack

if TYPE_CHECKING:
    from therapy_review.journal import Journal

ALL = ("Everything", "")
NOTHING = "Nobody has an agreement in force, so there is nothing to take back."
SURE = "Nothing is erased by it: you are shown what there is from before, and choose."
CHOOSE = (
    "This is what there is from before. Your notes and marks stay, whatever you choose. Tick what is to be erased "
    "for good; all else is kept."
)
WORD = "yes"
BEFORE = " (taken back before)"


class TakeBackForm:
    """Asks whose agreement, and for what; takes it back; then shows what could be erased."""

    def __init__(self, journal: Journal, on_change: Callable[[], None]) -> None:
        import ipywidgets as w

        self._journal, self._on_change = journal, on_change
        self._back: TakenBack | None = None
        wide = {"layout": {"width": "min(44rem, 99%)"}, "style": {"description_width": "9rem"}}
        fitting = {"layout": {"width": "max-content"}}
        self.who = w.Dropdown(description="Whose", **wide)
        self.use = w.Dropdown(description="What", **wide)
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
        self.confirm = w.Text("", description="To erase", placeholder=f"type {WORD}", **wide)
        self.erase = w.Button(description="Erase what is ticked", **fitting)
        self.why = w.Text("", description="Kept because", placeholder="may stay empty", **wide)
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
            found, said = {}, said or _strong(str(error))
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
            told = _strong(str(error))
        self.refresh(told)
        self._on_change()

    def _take_back(self) -> list[str]:
        self._back = withdrawal.take_back(self._journal, str(self.who.value), str(self.use.value))
        return [*self._back.said, *self._show_what_there_is()]

    def _show_what_there_is(self) -> list[str]:
        import ipywidgets as w

        assert self._back
        made = withdrawal.made_before(self._journal, self._back)
        self.ticks = {
            name: w.Checkbox(
                value=False, description=_what(name, files), indent=False, layout={"width": "auto"}
            )
            for name, files in made.items()
        }
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


def _what(session: str, files: list[str]) -> str:
    return f"{session}: {', '.join(name.removeprefix(f'sessions/{session}/') for name in files)}"


def _strong(text: str) -> str:
    return f"<p><strong>{html.escape(text)}</strong></p>"
