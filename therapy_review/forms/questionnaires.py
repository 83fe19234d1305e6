"""Forms for questionnaires: each answer is kept as it is given, any may be left open, and a total is only a number.

A number of the client's own is added to them once, by its name and its ends.

Answers and totals stand in the session's notes, ``answers: {gad7: [0, 1, …]}`` and ``scores: {gad7: 8}``. A total
follows its answers; one that was brought from elsewhere stays until all the questions are answered.
"""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as w
import traitlets

from therapy_review.display import Still, how_to_start, is_still
from therapy_review.errors import TherapyReviewError
from therapy_review.forms.notes import saver
from therapy_review.journal import (
    OF_THE_WAY,
    Journal,
    Scale,
    Session,
    SessionNotes,
    answers_in,
    change_in_words,
    cut_off_in_words,
    digits,
    is_possible_total,
    scales,
    total_of,
)
from therapy_review.measures import MEASURES, MOOD_NAMES, VOICE_MEASURES
from therapy_review.trends import phases
from therapy_review.wording import strong

OPEN = "no answer"
HELP = (
    "Thank you for answering this one honestly. You don't have to be alone with such thoughts: they can be "
    "talked about, with your therapist, a doctor or somebody you trust. If you are in danger now, call your local "
    "emergency number. {help_line} Nothing was sent, and nobody else was told."
)
HELP_LINE = "Helplines in your country are listed at findahelpline.com."
# The words of a form in letters of the page's own size.
FORM_STYLE = """<style>
:is(.tr-scale, .tr-bring, .tr-share) .widget-html-content { font: var(--jp-content-font-size1, 15px) / 1.6
  var(--jp-content-font-family, sans-serif); }
:is(.tr-scale, .tr-bring, .tr-share) .widget-html-content p { margin: 0.4rem 0; }
</style>"""
OWN_NUMBER = "A number of your own"
ABOUT_OWN = (
    "Something you count or rate yourself, or the total of a questionnaire you fill in elsewhere. It stands in "
    "this list from then on; any week may be left out."
)
HIGHER = {"neither harder nor easier": "", "harder": "harder", "easier": "easier"}
PEOPLE = ("client", "therapist", "other")
MEANS_SOMETHING_ELSE = {
    *MOOD_NAMES,
    *MEASURES,
    *VOICE_MEASURES,
    *(f"{who}_{measure}" for who in PEOPLE for measure in (*MEASURES, *VOICE_MEASURES)),
}
_HERE = Path(__file__).parent


class Questions(anywidget.AnyWidget):
    """Questions with the same answers to choose from; any may be left open."""

    _esm = _HERE / "questions.js"
    _css = _HERE / "questions.css"

    question = traitlets.Unicode().tag(sync=True)
    items = traitlets.List(traitlets.Unicode()).tag(sync=True)
    options = traitlets.List(traitlets.Unicode()).tag(sync=True)
    left_open = traitlets.Unicode(OPEN).tag(sync=True)
    answers = traitlets.List(traitlets.Int(allow_none=True)).tag(sync=True)

    def __init__(self, scale: Scale, answers: Sequence[int | None]) -> None:
        super().__init__(
            question=scale.question,
            items=list(scale.items),
            options=list(scale.options),
            answers=list(answers),
        )


def scale_forms(session: Session) -> Any:
    """Show every questionnaire of the journal, folded together until one is opened, and a way to add a number.

    Parameters
    ----------
    session : Session

    Returns
    -------
    Accordion or Still
        In batch only those that were filled in.

    Raises
    ------
    JournalError
        When a scale is described in a way that can't be used.
    """
    known, written = session.journal.scales, session.notes
    if is_still():
        filled = [one for key, one in known.items() if key in written.scores or key in written.answers]
        read = [_read(session, one) for one in filled]
        empty = f"<p>No questionnaire was filled in for this session. {how_to_start()} if you want to.</p>"
        return Still("\n".join(one.markup for one in read) or empty, "\n".join(one.text for one in read))

    def added(scale: Scale) -> None:
        # Before the last one, which adds them; the fields of the others stay as they are.
        titles, at = list(folded.titles), len(folded.children) - 1
        titles.insert(at, scale.name)
        folded.selected_index = None
        folded.children = [*folded.children[:at], _Form(session, scale).box, *folded.children[at:]]
        folded.titles, folded.selected_index = titles, at

    forms = [_Form(session, one).box for one in known.values()] + [_own_number_form(session.journal, added)]
    titles = [*(one.name for one in known.values()), OWN_NUMBER]
    folded = w.Accordion(children=forms, titles=titles, selected_index=None)
    return folded


def where_help_is(journal: Journal) -> str:
    """Say gently where help can be found; `help_line` of the journal takes the place of the list of helplines."""
    line = str(journal.settings.get("help_line", "")).strip() or HELP_LINE
    return HELP.format(help_line=line if line.endswith((".", "!")) else f"{line}.")


def is_tender(scale: Scale, notes: SessionNotes) -> bool:
    """Tell whether something was answered at which it is said where help can be found."""
    answers = answers_in(scale, notes.answers.get(scale.key, ()))
    return any(answers[item] for item in scale.tender)


def total_in_words(
    session: Session, scale: Scale, notes: SessionNotes, earlier: Sequence[Earlier] | None = None
) -> str:
    """Say what a questionnaire comes to, and how that differs from the time before."""
    answers, score = answers_in(scale, notes.answers.get(scale.key, ())), notes.scores.get(scale.key)
    said, given = [], sum(one is not None for one in answers)
    if score is not None:
        said.append(f"Total {digits(score)}; it goes from {digits(scale.low)} to {digits(scale.high)}.")
        before = earlier_totals(session, scale) if earlier is None else earlier
        if before:
            said.append(
                f"That is {change_in_words(scale, before[-1].total, score, _when(before[-1], session))}."
            )
        alike = [one for one in before if one.alike]
        # Steps that are small one by one may be none together.
        if alike and alike[0] != before[-1] and scale.reliable_change is not None:
            when = f"at first, {_when(alike[0], session)}"
            said.append(f"It is {change_in_words(scale, alike[0].total, score, when)}.")
    if (summed := total_of(scale, answers)) is not None and score != summed:
        said.append(f"Your answers add up to {summed}; give one anew and the total follows.")
    elif 0 < given < len(answers):
        said.append(f"{given} of {len(answers)} answered; the total comes with the last one.")
    return " ".join(said)


@dataclass(frozen=True)
class Earlier:
    """A total of an earlier session, and whether therapist and setting were those of the one it is put beside."""

    date: dt.date
    total: float
    alike: bool


def earlier_totals(session: Session, scale: Scale) -> list[Earlier]:
    """Gather the totals of the sessions before one."""
    before = [one for one in session.journal.sessions if one.name <= session.name]
    notes = [one.notes for one in before]
    ways = phases.held([{name: getattr(written, name) for name in OF_THE_WAY} for written in notes])
    return [
        Earlier(one.date, score, way == ways[-1])
        for one, written, way in zip(before[:-1], notes, ways, strict=False)
        if (score := written.scores.get(scale.key)) is not None
    ]


def _when(then: Earlier, session: Session) -> str:
    year = f" {then.date.year}" if then.date.year != session.date.year else ""
    return f"on {then.date.day} {then.date:%B}{year}"


def _read(session: Session, scale: Scale) -> Still:
    notes = session.notes
    answers = answers_in(scale, notes.answers.get(scale.key, ()))
    given = [(q, scale.options[a]) for q, a in zip(scale.items, answers, strict=True) if a is not None]
    said = total_in_words(session, scale, notes) or "Not filled in."
    text = [f"{scale.name}. {said}", *(f"{question}: {answer}" for question, answer in given)]
    items = "".join(f"<li>{html.escape(q)}: <em>{html.escape(a)}</em></li>" for q, a in given)
    markup = f"<p>{html.escape(scale.name)}. {html.escape(said)}</p>" + (f"<ol>{items}</ol>" if items else "")
    if is_tender(scale, notes):
        text.append(where_help_is(session.journal))
        markup += f"<p>{html.escape(text[-1])}</p>"
    return Still(markup, "\n".join(text))


class _Form:
    """One questionnaire of a session on the page."""

    def __init__(self, session: Session, scale: Scale) -> None:
        self.session, self.scale, self.notes = session, scale, session.notes
        self.earlier = earlier_totals(session, scale)
        self.said, self.help, self.state = w.HTML(), w.HTML(), w.HTML()
        self.state.value = "<em>Whatever you give is saved at once. Nothing has to be filled in.</em>"
        self.save = saver(session, self.notes, self.state, self._shown, self._changed)
        self.total = w.Text(
            description=f"Total, {digits(scale.low)} to {digits(scale.high)}",
            continuous_update=False,
            style={"description_width": "initial"},
            layout=w.Layout(width="18rem"),
        )
        self.total.observe(self._total_given, "value")
        asked = []
        if scale.asks:
            self.questions = Questions(scale, self._answers())
            self.questions.observe(self._answered, "answers")
            asked = [self.questions]
        self.box = w.VBox(
            [w.HTML(FORM_STYLE), *asked, self.help, self.total, self.said, self.state, w.HTML(self._about())]
        )
        self.box.add_class("tr-scale")
        self._draw()

    def _answers(self) -> tuple[int | None, ...]:
        return answers_in(self.scale, self.notes.answers.get(self.scale.key, ()))

    def _about(self) -> str:
        scale, said = self.scale, []
        if scale.cut_off is not None:
            said.append(cut_off_in_words(scale))
        if scale.reliable_change is not None:
            said.append(
                f"Differences below {digits(scale.reliable_change)} can come about by themselves "
                f"({scale.change_source})."
            )
        if scale.made_by and scale.asks:
            said.append(f"{scale.made_by}; in the public domain.")
        return f"<p><small>{html.escape(' '.join(said))}</small></p>" if said else ""

    def _shown(self, notes: SessionNotes) -> object:
        return notes.answers.get(self.scale.key), notes.scores.get(self.scale.key)

    def _changed(self, notes: SessionNotes, **what: Any) -> SessionNotes:
        """Return the notes with one answer (`item`, `answer`) or the total (`score`) changed."""
        key = self.scale.key
        scores: dict[str, float | None] = dict(notes.scores)
        answers: dict[str, tuple[int | None, ...] | None] = dict(notes.answers)
        if "score" in what:
            scores[key] = what["score"]
        else:
            before = answers_in(self.scale, notes.answers.get(key, ()))
            after = (*before[: what["item"]], what["answer"], *before[what["item"] + 1 :])
            answers[key] = after if any(one is not None for one in after) else None
            if (summed := total_of(self.scale, after)) is not None:
                scores[key] = summed
            elif scores.get(key) == total_of(self.scale, before):
                scores[key] = None  # it was the sum of answers that are no more
        return notes.changed(
            scores={name: one for name, one in scores.items() if one is not None},
            answers={name: one for name, one in answers.items() if one is not None},
        )

    def _answered(self, change: Any) -> None:
        pairs = zip(self._answers(), answers_in(self.scale, change["new"]), strict=True)
        for item, (before, after) in enumerate(pairs):
            if after != before:
                self._keep(item=item, answer=after)

    def _total_given(self, change: Any) -> None:
        text = change["new"].strip().replace(",", ".")
        if text == self._total_as_text():
            return
        try:
            score = float(text) if text else None
        except ValueError:
            score = float("nan")
        if score is not None and not is_possible_total(self.scale, score):
            kind = "whole number" if self.scale.items else "number"
            ends = f"from {digits(self.scale.low)} to {digits(self.scale.high)}"
            self.state.value = f"<em>Not saved: a total here is a {kind} {ends}.</em>"
            return
        self._keep(score=int(score) if score is not None and score.is_integer() else score)

    def _keep(self, **what: Any) -> None:
        self.notes = self._changed(self.notes, **what)
        self.save(**what)
        self._draw()

    def _total_as_text(self) -> str:
        score = self.notes.scores.get(self.scale.key)
        return "" if score is None else digits(score)

    def _draw(self) -> None:
        self.total.value = self._total_as_text()
        self.total.disabled = total_of(self.scale, self._answers()) is not None  # it follows from the answers
        self.said.value = (
            f"<p>{html.escape(total_in_words(self.session, self.scale, self.notes, self.earlier))}</p>"
        )
        tender = is_tender(self.scale, self.notes)
        self.help.value = f"<p>{html.escape(where_help_is(self.session.journal))}</p>" if tender else ""


def _own_number_form(journal: Journal, added: Callable[[Scale], None]) -> w.VBox:
    """Ask for a number's name and its ends; it stands in the list from then on."""
    style = {"description_width": "9rem"}
    name = w.Text(
        description="Name",
        placeholder="Sleep, CORE-10, hours outdoors …",
        style=style,
        layout=w.Layout(width="min(34rem, 99%)"),
    )
    low, high = (
        w.Text(value=end, description=label, style=style, layout=w.Layout(width="15rem"))
        for label, end in (("From", "0"), ("to", "10"))
    )
    way = w.Dropdown(
        options=list(HIGHER.items()),
        description="A higher one is",
        style=style,
        layout=w.Layout(width="24rem"),
    )
    button = w.Button(description="Add it to the list", layout=w.Layout(width="max-content"))
    state = w.HTML()

    def add(_: Any) -> None:
        try:
            scale = scales.add(
                journal.store,
                journal.settings,
                name.value,
                low.value,
                high.value,
                way.value,
                MEANS_SOMETHING_ELSE,
            )
        except TherapyReviewError as error:
            state.value = strong(f"Not added: {error}")
            return
        name.value, low.value, high.value, way.value = "", "0", "10", ""
        state.value = (
            f"<em>{html.escape(scale.name)} is in the list above now, this week and from now on.</em>"
        )
        added(scale)

    button.on_click(add)
    return w.VBox([w.HTML(f"<p>{ABOUT_OWN}</p>"), name, low, high, way, button, state])
