"""The page for bringing in what was noted elsewhere, looking first, and for taking it back out. One method a cell.

A chosen file is held in memory until it was brought in or put away, and written nowhere.
"""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ipywidgets as w
import pandas as pd

from therapy_review import hints, wording
from therapy_review.display import NothingToShow, Still, code, gentle, how_to_start, is_still, or_nothing
from therapy_review.errors import ImportFileError, TherapyReviewError
from therapy_review.forms import FORM_STYLE
from therapy_review.importing import calendar, mood_values, moods
from therapy_review.importing.dates import DAY_FIRST, MONTH_FIRST
from therapy_review.importing.daylio import is_daylio
from therapy_review.importing.mood_file import MoodFile
from therapy_review.importing.mood_table import (
    PARTS,
    Columns,
    as_number,
    how_far,
    likely_columns,
    likely_low,
    numbers_of,
)
from therapy_review.journal import Journal, days, open_journal
from therapy_review.storage import read_text_table

FIELD: dict[str, Any] = {  # which each field copies
    "style": {"description_width": "13rem"},
    "layout": {"width": "min(30rem, 99%)"},
}
SHOWN = 10  # entries or lines of a look ahead
NOTE = 40  # characters of a note in it
WHERE = " The file itself is where it was."
NO_NUMBER, NO_COLUMN = "no number", "none"
STYLE = """<style>
.tr-look { overflow-x: auto; }
.tr-look table { border-collapse: collapse; font-size: 0.9em; }
.tr-look th, .tr-look td { padding: 0.1rem 0.9rem 0.1rem 0; text-align: left; vertical-align: top; }
.tr-look th { font-weight: normal; opacity: 0.75; }
</style>"""
ASKED = {
    "date": "The day",
    "mood": "The mood",
    "time": "The time of day",
    "tags": "Words or activities",
    "note": "A note",
}


class _FileForm(ABC):
    """A file that is chosen, looked at, and brought in."""

    accept, label = "", ""

    def __init__(self, journal: Journal, when_done: Callable[[], None]) -> None:
        self.journal, self.when_done = journal, when_done
        self.data, self.name = b"", ""
        self.upload = w.FileUpload(
            accept=self.accept, multiple=False, description=self.label, layout=w.Layout(width="max-content")
        )
        self.upload.observe(self._uploaded, "value")
        self.asked, self.looked, self.said = w.VBox(), w.HTML(), w.HTML()
        self.go = w.Button(description="Bring these in", button_style="primary")
        self.away = w.Button(description="Put the file away")
        self.go.on_click(lambda _: self._pressed())
        self.away.on_click(lambda _: self._put_away("Put away; nothing was kept."))
        self.buttons = w.HBox([self.go, self.away], layout=w.Layout(display="none"))
        self.box = w.VBox(
            [w.HTML(FORM_STYLE + STYLE), self.upload, self.said, self.asked, self.looked, self.buttons]
        )
        self.box.add_class("tr-bring")

    def _uploaded(self, change: Any) -> None:
        if not change["new"]:
            return
        chosen = change["new"][0]
        self.data, self.name = bytes(chosen["content"]), str(chosen["name"])
        self.upload.value = ()  # neither the page nor the widget keeps what was chosen
        self.asked.children, self.looked.value = [], ""
        self.said.value = sentence(f"{self.name}: nothing is kept until you say so below.")
        self.buttons.layout.display = ""
        self._gently(self._ask)

    def _gently(self, act: Callable[[], None]) -> None:
        try:
            act()
        except TherapyReviewError as error:
            self.looked.value = sentence(str(error))
            self.go.disabled = True

    def _pressed(self) -> None:
        try:
            self._bring_in()
        except TherapyReviewError as error:  # the file is still here: it can be tried again
            self.said.value = sentence(str(error))

    def _put_away(self, said: str) -> None:
        self.data, self.name = b"", ""
        self.asked.children, self.looked.value, self.said.value = [], "", sentence(said)
        self.buttons.layout.display = "none"

    @abstractmethod
    def _ask(self) -> None: ...

    @abstractmethod
    def _bring_in(self) -> None: ...


class MoodsForm(_FileForm):
    """Brings in moods from Daylio's export or from any other table."""

    accept, label = ".csv,.tsv,.txt", "Choose a file of moods"

    def _ask(self) -> None:
        self.columns: Columns | None = None
        self.found: MoodFile | None = None
        self.numbers: dict[str, Any] = {}
        self.names = w.VBox()
        self.how = w.RadioButtons(
            options=[("take the newer version", moods.TAKE_NEWER), ("keep both", moods.KEEP_BOTH)],
            layout=w.Layout(width="max-content", display="none"),
        )
        self.how.observe(lambda _: self._gently(self._look), "value")
        header = read_text_table(self.data, self.name).header
        self.choices: dict[str, Any] = {}
        if is_daylio(header):
            self.asked.children = [self.names, self.how]
            self._read()
            return
        known = mood_values.known_columns(self.journal.store)
        if known is None or not {getattr(known, name) for name in PARTS} <= {*header, ""}:
            known = likely_columns(header)
        for name, text in ASKED.items():
            options = [(NO_COLUMN, ""), *((one, one) for one in header)]
            self.choices[name] = w.Dropdown(
                options=options, value=getattr(known, name), description=text, **FIELD
            )
        for name, text in (("low", "The lowest there can be"), ("high", "The highest there can be")):
            told = getattr(known, name)
            self.choices[name] = w.Text(
                value="" if told is None else f"{told:g}", description=text, continuous_update=False, **FIELD
            )

        def ask_anew(_: Any) -> None:  # about the numbers of another column
            self.choices["high"].value = self.choices["low"].value = ""

        self.ends = w.VBox([w.HTML(), self.choices["low"], self.choices["high"]])
        self.choices["mood"].observe(ask_anew, "value")
        orders = [("as the days tell it", ""), (DAY_FIRST, DAY_FIRST), (MONTH_FIRST, MONTH_FIRST)]
        self.choices["order"] = w.Dropdown(
            options=orders, value=known.order, description="In 3/4/2026 comes", **FIELD
        )
        for one in self.choices.values():
            one.observe(lambda _: self._gently(self._read), "value")
        intro = w.HTML(sentence("Which column is what?"))
        others = [one for name, one in self.choices.items() if name not in ("low", "high")]
        self.asked.children = [intro, *others, self.ends, self.names, self.how]
        self._read()

    def _read(self) -> None:
        if self.choices:
            told = {name: one.value for name, one in self.choices.items()}
            if not (told["date"] and told["mood"]):
                self.ends.layout.display = "none"
                raise ImportFileError("Choose the columns of the day and of the mood.")
            if self._offers_low(told["mood"]):
                return
            for end in ("low", "high"):
                told[end] = as_number(told[end], f"The {end}est") if told[end].strip() else None
            self.columns = Columns(**told)
        self.found = moods.read_moods(self.data, self.name, self.columns)
        self._ask_names(self.found)
        self._look()

    def _offers_low(self, mood: str) -> bool:
        """Show how far the numbers go, where there are any; true when that made the form read all anew."""
        found = numbers_of(self.data, self.name, mood)
        self.ends.layout.display = "" if found else "none"
        if found is None:
            return False
        self.ends.children[0].value = sentence(how_far(*found))
        low, offer = self.choices["low"], likely_low(found[0])
        if low.value or self.choices["high"].value or offer is None:
            return False
        low.value = f"{offer:g}"
        return True

    def _ask_names(self, found: MoodFile) -> None:
        offered = moods.offered_moods(self.journal.store, found)
        often = found.entries["mood_name"].value_counts()
        whole = [(NO_NUMBER, 0.0), *((str(number), float(number)) for number in range(1, 11))]
        self.numbers = {}
        for name, number in offered.items():
            more = [] if number is None or number == int(number) else [(f"{number:g}", number)]
            self.numbers[name] = w.Dropdown(
                options=[*whole, *more],
                value=number or 0.0,
                description=f"{name} ({often[name]})",
                **FIELD,
            )
            self.numbers[name].observe(lambda _: self._gently(self._look), "value")
        said = (
            "What does each word for a mood stand for, from 1 (low) to 10 (high)? Only you can say; two words may "
            "have the same number. It is kept for the next time."
        )
        self.names.children = [w.HTML(sentence(said)), *self.numbers.values()] if self.numbers else []

    def _values(self) -> dict[str, float]:
        return {name: one.value for name, one in self.numbers.items() if one.value}

    def _look(self) -> None:
        if self.found is None:
            return
        looked = moods.preview(self.journal, self.found, self._values(), self.how.value)
        newer = int((looked["status"] == moods.NEWER).sum())
        asked = newer or self.how.value == moods.KEEP_BOTH
        self.how.layout.display = "" if asked else "none"
        self.looked.value = as_html(looked, self.found)
        self.go.disabled = not len(looked)

    def _bring_in(self) -> None:
        if self.found is None:
            return
        done = moods.bring_in(self.journal, self.found, self._values(), self.columns, self.how.value)
        newer = f" {done.newer} took the place of an older version." if done.newer else ""
        there = f" {done.there} were there already." if done.there else ""
        self._put_away(f"Brought in: {done.added}.{newer}{there}{WHERE}")
        self.found = None
        self.when_done()


class CalendarForm(_FileForm):
    """Brings in the days of appointments from a calendar."""

    accept, label = ".ics,.ical,text/calendar", "Choose a calendar's file"

    def _ask(self) -> None:
        self.found: pd.DataFrame | None = None
        self.word = w.Text(
            description="A word they are called by",
            placeholder=f"therapy, or {self.journal.therapist}",
            continuous_update=False,
            **FIELD,
        )
        self.word.observe(lambda _: self._gently(self._look), "value")
        self.asked.children = [self.word]
        self.go.disabled = True

    def _look(self) -> None:
        found = calendar.read_calendar(self.data, self.name, self.word.value, self.journal)
        self.found, self.go.disabled = found, found.empty
        dates = found["date"].dt.strftime("%Y-%m-%d")
        rows = found.assign(date=dates)[["date", "time", "what"]].to_numpy().tolist()
        left_out = found.attrs["left_out"]
        also = f" {len(left_out)} could not be understood: {', '.join(left_out[:SHOWN])}." if left_out else ""
        self.looked.value = sentence(f"Appointments found: {len(rows)}.{also}") + _table(
            ("day", "time", ""), rows
        )

    def _bring_in(self) -> None:
        if self.found is None:
            return
        added = calendar.bring_in(self.journal, self.found)
        there = len(self.found) - added
        self._put_away(f"Brought in: {added}.{f' {there} were there already.' if there else ''}")
        self.found = None
        self.when_done()


class KeptForm:
    """Lists what was brought in, with a way to take each file's part out again."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.box: Any = None

    def show(self) -> Any:
        """Show the list; in batch, to read."""
        if is_still():
            said = [text for text, _ in self._lines()] or ["Nothing was brought in yet."]
            return Still("".join(f"<p>{html.escape(text)}</p>" for text in said), "\n".join(said))
        self.box = w.VBox()
        self.box.add_class("tr-bring")
        self.refresh()
        return self.box

    def refresh(self, said: str = "") -> None:
        """Draw the list anew, where it is shown."""
        if self.box is None:
            return
        try:
            rows = [self._row(text, origin) for text, origin in self._lines()]
        except TherapyReviewError as error:
            rows, said = [], str(error)
        nothing = [] if rows or said else [w.HTML("<p>Nothing was brought in yet.</p>")]
        self.box.children = [
            w.HTML(FORM_STYLE + STYLE),
            *rows,
            *nothing,
            *([w.HTML(sentence(said))] if said else []),
        ]

    def _lines(self) -> list[tuple[str, str]]:
        return [(str(one), one.origin) for one in moods.brought_in(self.journal)]

    def _row(self, text: str, origin: str) -> Any:
        first, sure, keep = (
            w.Button(description=label, layout=w.Layout(width="max-content"))
            for label in ("Take out", "Yes, take them out", "Keep them")
        )
        asked = w.HBox([sure, keep], layout=w.Layout(display="none"))

        def ask(_: Any) -> None:
            first.layout.display, asked.layout.display = "none", ""

        def leave(_: Any) -> None:
            first.layout.display, asked.layout.display = "", "none"

        def take(_: Any) -> None:
            try:
                self.refresh(f"Taken out: {moods.take_back(self.journal, origin)}.{WHERE}")
            except TherapyReviewError as error:
                self.refresh(str(error))

        first.on_click(ask)
        keep.on_click(leave)
        sure.on_click(take)
        buttons = [first, asked] if origin else []  # what was written by hand is not ours to take
        beside = w.Layout(flex_flow="row wrap", align_items="center")
        return w.HBox([w.HTML(sentence(text)), *buttons], layout=beside)


def as_html(looked: pd.DataFrame, found: MoodFile) -> str:
    """Show in HTML what bringing a file in would do."""
    counts = looked["status"].value_counts()
    summed = ", ".join(f"{number} {status}" for status, number in counts.items()) or "none"
    parts = [sentence(f"Entries in the file: {len(looked)} ({summed}).")]
    if about := moods.in_words(looked["status"].tolist()):
        parts.append(sentence(about))
    read = days.days_in_words(looked)
    short = read["note"].where(read["note"].str.len() <= NOTE, read["note"].str[:NOTE] + "…")
    columns = ["date", "time", "mood_name", "mood", "tags", "note", "status"]
    rows = read.assign(note=short)[columns].to_numpy().tolist()
    parts.append(_table(("day", "time", "word", "mood", "tags", "note", ""), rows))
    if found.about_times:
        parts.append(sentence(found.about_times))
    if found.damaged:
        lines = [f"Line {one.line} {one.why}" for one in found.damaged]
        more = [f"… and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
        listed = "".join(f"<li>{html.escape(line)}</li>" for line in (*lines[:SHOWN], *more))
        parts.append(sentence("These lines are left out, for they can't be read:") + f"<ul>{listed}</ul>")
    if found.left_out:
        parts.append(sentence(f"Columns that have no place here: {', '.join(found.left_out)}."))
    return "".join(parts)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    if not rows:
        return ""
    body = "".join(line(row, "td") for row in rows[:SHOWN])
    more = sentence(f"… and {len(rows) - SHOWN} more.") if len(rows) > SHOWN else ""
    return f'<div class="tr-look"><table>{line(head, "th")}{body}</table></div>{more}'


def sentence(text: str) -> str:
    """Write a sentence in HTML, whatever signs are in it."""
    return f"<p>{html.escape(text)}</p>"


@gentle
class BringIn:
    """Moods, appointments, and what was brought in before."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._kept = KeptForm(journal)

    def opening(self) -> Still:
        """Say what this page is for."""
        return Still(
            "<h1>What you noted elsewhere</h1>\n"
            f"<p>Hello {html.escape(self.journal.client)}, if you keep moods in another program, or your "
            "appointments in a calendar, they can lie beside your sessions. You see first what would come in, and "
            "the days a file brought can be taken out again in one step. Nothing leaves this computer.</p>"
        )

    def moods(self) -> Any:
        """Show the form that brings in moods."""
        if is_still():
            return Still(
                f"<p>{how_to_start()}; here you can choose a file of moods, and see what would come in.</p>"
            )
        return MoodsForm(self.journal, self._kept.refresh).box

    def calendar(self) -> Any:
        """Show the form that brings in appointments."""
        if is_still():
            return Still(f"<p>{how_to_start()}; here you can choose a calendar's file.</p>")
        return CalendarForm(self.journal, self._kept.refresh).box

    def kept(self) -> Any:
        """Show what was brought in, to take out again."""
        return self._kept.show()

    def without_session(self) -> Still:
        """Name the days of appointments of which no session is kept."""
        found = calendar.without_session(self.journal)
        if found.empty:
            return Still("")
        dates = [wording.day(day.date()) for day in found["date"]]
        listed = "".join(f"<li>{html.escape(day)}</li>" for day in dates)
        last = f"{found['date'].iloc[-1]:%Y-%m-%d}"
        example = code(hints.command("add", "FILE", "--date", last, journal=self.journal.root))
        return Still(
            "<p>Your calendar has appointments on these days, and no session is kept of them. That is all right. "
            f"If you have a recording of one: {example}</p>\n<ul>{listed}</ul>",
            "; ".join(dates),
        )


@or_nothing
def bring_in(journal: str | Path) -> BringIn | NothingToShow:
    """Open the page for bringing in what was noted elsewhere.

    Parameters
    ----------
    journal : str or Path
        The journal's folder.

    Returns
    -------
    BringIn or NothingToShow
        Always something whose parts can be shown.
    """
    return BringIn(open_journal(journal))
