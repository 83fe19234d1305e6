"""The index of reports: one page with a row a session, to be sorted, printed, and read without any script."""

from __future__ import annotations

import contextlib
import html
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np

from therapy_review import wording
from therapy_review.charts import COLOURS, FAINT, speaker_name
from therapy_review.display import in_shell
from therapy_review.errors import TherapyReviewError
from therapy_review.journal import SessionNotes
from therapy_review.turns import speakers
from therapy_review.wording import clock, counted

if TYPE_CHECKING:
    import pandas as pd

    from therapy_review.reports.batch import Standing

BINS = 120  # steps in time of a small picture
LANE = 9  # pixels
ENDINGS = {"html": "read", "pdf": "print", "ipynb": "notebook"}
STATES = {
    "ready": "ready",
    "changed": "changed since",
    "waiting": "not made yet",
    "failed": "could not be made",
}
COLUMNS = ("Day", "Report", "Who spoke when", "Length", "Your share", "Long silences", "Mood")
FIRST_NUMBER, NUMBER = 3, ' class="number"'
HERE_ALONE = "Everything here lies in this folder and nowhere else."


def index(title: str, lines: Iterable[Standing], also: Mapping[str, str], *, where: str = HERE_ALONE) -> str:
    """Write the index."""
    listed = list(lines)
    said = [
        f"{sum(line.state == state for line in listed)} {text}"
        for state, text in STATES.items()
        if any(line.state == state for line in listed)
    ]
    heads = "".join(
        f'<th scope="col"{NUMBER if at >= FIRST_NUMBER else ""}>{column}</th>'
        for at, column in enumerate(COLUMNS)
    )
    several = len({one.template for line in listed for one in line.listed}) > 1
    rows = "\n".join(_row(line, name_templates=several) for line in reversed(listed))
    beside = ", ".join(
        f'<a href="{html.escape(file)}">{html.escape(file)}</a> ({html.escape(what)})'
        for file, what in also.items()
    )
    who_speaks = ("client", "therapist")
    keys = "".join(
        f'<i class="key" style="background:{COLOURS[who]}"></i>{speaker_name(who)}' for who in who_speaks
    )
    body = (
        f"<h1>{html.escape(title)}</h1>\n<p>{counted(len(listed), 'session')}: {', '.join(said) or 'none'}. "
        f"{html.escape(where)}</p>\n"
        "<table>\n<caption>The sessions, with their reports and figures</caption>\n"
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n"
        f"<p><small>Each strip shows one session from its first to its last minute. {keys}. Other colours are "
        f"voices nobody has named yet. None of these figures has a right value.</small></p>"
    )
    if beside:
        body += f"\n<p><small>For your own analysis: {beside}.</small></p>"
    style, script = (
        files("therapy_review.reports").joinpath(f"report_index.{end}").read_text(encoding="utf-8")
        for end in ("css", "js")
    )
    return in_shell(body, style=style, script=script)


def _row(line: Standing, *, name_templates: bool) -> str:
    session, written = line.session, SessionNotes()
    with contextlib.suppress(TherapyReviewError):  # said in the row
        written = session.notes
    number = int(session.name[11:] or 1)
    day = f"{session.date.day} {session.date:%B %Y}" + (f", {wording.ORDINALS[number]}" if number > 1 else "")
    length = share = silences = strip = ""
    sort: list[str] = ["", "", ""]
    if line.measured == "shown":
        try:
            measured, strip = session.measures.iloc[0], picture(session.turns)
        except (TherapyReviewError, ValueError):
            measured = None  # derived files that are damaged are made again by the next run
        if measured is not None:
            lasted = float(measured["session_end"]) - float(measured["session_start"])
            silences = f"{int(measured['long_silences'])}"
            length, sort[0], sort[2] = clock(lasted), f"{lasted:.1f}", silences
            part = measured.get("client_talk_share")
            if part is not None and np.isfinite(float(part)):
                share, sort[1] = f"{float(part):.0%}", f"{float(part):.4f}"
    before, after = written.mood_before, written.mood_after
    mood = f"{before or '?'} → {after or '?'}" if before or after else ""
    cells = [
        (STATES[line.state], _report(line, name_templates=name_templates)),
        (sort[1], strip),
        (sort[0], length),
        (sort[1], share),
        (sort[2], silences),
        (f"{after or before or ''}", mood),
    ]
    # A figure has the name of its column, for narrow screens.
    marks = [f'{NUMBER} data-label="{name}"' if at >= FIRST_NUMBER else "" for at, name in enumerate(COLUMNS)]
    shown = (
        f'<td data-value="{html.escape(value)}"{mark}>{text}</td>'
        for mark, (value, text) in zip(marks[1:], cells, strict=True)
    )
    named = f'<th scope="row" data-value="{session.name}"><time datetime="{session.date}">{day}</time></th>'
    return f"<tr>{named}{''.join(shown)}</tr>"


def _report(line: Standing, *, name_templates: bool) -> str:
    shown = []
    for one in line.listed:
        links = " · ".join(
            f'<a href="{quote(f"{one.name}.{end}")}">{text}</a>'
            for end, text in ENDINGS.items()
            if end in one.endings
        )
        changed = f' · <span class="state">{STATES[one.state]}</span>' if one.state != "ready" else ""
        made_with = f'<span class="state">{html.escape(one.template)}:</span> ' if name_templates else ""
        shown.append(f"<div>{made_with}{links}{changed}</div>")
    if line.state == "failed":
        state = f'<span class="state">{STATES["failed"]}</span>'
        if line.told_in:
            state = f'<a href="{quote(line.told_in)}">{STATES["failed"]}</a>'
        shown.insert(0, f"{state}<small>{html.escape(wording.with_cell(line.sentence, line.cell))}</small>")
    return "".join(shown) or f'<span class="state">{STATES[line.state]}</span>'


def picture(turns: pd.DataFrame) -> str:
    """Draw who spoke when, as small as a line of text."""
    if turns.empty:
        return ""
    people, end = speakers(turns), float(turns["end"].max())
    edges = np.linspace(0.0, end, BINS + 1)
    paths, said = [], []
    talk = float((turns["end"] - turns["start"]).sum())
    for lane, person in enumerate(people):
        own = turns[turns["speaker"] == person]
        # Time spoken up to each edge: between two edges it is what lies in that step.
        starts, ends = own["start"].to_numpy(dtype=float), own["end"].to_numpy(dtype=float)
        upto = np.clip(edges[:, None] - starts, 0, ends - starts).sum(axis=1)
        speaks = np.diff(upto) > (edges[1] - edges[0]) / 2
        runs = np.flatnonzero(np.diff(np.concatenate([[0], speaks.astype(int), [0]])))
        drawn = "".join(f"M{a} {lane * LANE + LANE / 2:g}h{b - a}" for a, b in runs.reshape(-1, 2).tolist())
        paths.append(f'<path d="{drawn}" stroke="{COLOURS.get(person, FAINT)}" stroke-width="{LANE - 2}"/>')
        said.append(f"{speaker_name(person)} {float((ends - starts).sum()) / talk:.0%}")
    label = html.escape(f"Of the talking: {', '.join(said)}")
    height = LANE * len(people)
    return (
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {BINS} {height}" height="{height * 1.2:.0f}" '
        f'preserveAspectRatio="none"><title>{label}</title>{"".join(paths)}</svg>'
    )
