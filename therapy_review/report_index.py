"""The index of reports: one page with a row a session, to be sorted, printed, and read without any script."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from therapy_review import words
from therapy_review.chart import COLOURS, FAINT, counted, name
from therapy_review.errors import TherapyReviewError
from therapy_review.rendering import in_shell
from therapy_review.still import clock
from therapy_review.turns import speakers

if TYPE_CHECKING:
    import pandas as pd

    from therapy_review.batch.standing import Standing

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
STYLE = """
  body { max-width: 68rem; }
  table { width: 100%; border-collapse: collapse; font-size: 0.95rem; line-height: 1.4; }
  th, td { padding: 0.45rem 0.7rem 0.45rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
  th { font-weight: normal; color: var(--faint); vertical-align: bottom; white-space: nowrap; }
  th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
  th button::after { content: " ↕"; opacity: 0.5; }
  th[aria-sort=ascending] button::after { content: " ↑"; opacity: 1; } th[aria-sort=descending] button::after { content: " ↓"; opacity: 1; }
  td.number { text-align: right; padding-right: 1.4rem; white-space: nowrap; } td:first-child { white-space: nowrap; }
  td small { display: block; max-width: 22rem; }
  a { color: inherit; } .state { color: var(--faint); }
  svg { display: block; width: 100%; min-width: 8rem; max-width: 15rem; }
  i.key { display: inline-block; width: 0.8em; height: 0.8em; border-radius: 2px; margin: 0 0.3em 0 0.9em; }
  @media print { table { font-size: 9pt; } th button::after { content: ""; } thead { display: table-header-group; } }
  @media (max-width: 46rem) { th:nth-child(n+4), td:nth-child(n+4) { display: none; } }
"""
# Rows keep their order until a heading is pressed; missing values stay below.
SCRIPT = """
const body = document.querySelector("tbody");
document.querySelectorAll("th").forEach((head, column) => {
  const button = document.createElement("button");
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    document.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const value = (row) => row.cells[column].dataset.value;
    const order = (a, b) => isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b;
    const rows = [...body.rows].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      return x === "" || y === "" ? (x === "") - (y === "") : (up ? 1 : -1) * order(x, y);
    });
    body.append(...rows);
  });
});
"""


def index(title: str, lines: Iterable[Standing], also: Mapping[str, str]) -> str:
    """Write the index.

    Parameters
    ----------
    title : str
        What the reports are of.
    lines : iterable of Standing
        In order of time.
    also : mapping of str to str
        Further files beside it: name, and what it is.

    Returns
    -------
    str
        HTML.
    """
    listed = list(lines)
    said = [
        f"{sum(line.state == state for line in listed)} {text}"
        for state, text in STATES.items()
        if any(line.state == state for line in listed)
    ]
    heads = "".join(f'<th scope="col">{column}</th>' for column in COLUMNS)
    rows = "\n".join(_row(line) for line in reversed(listed))
    files = ", ".join(
        f'<a href="{html.escape(file)}">{html.escape(file)}</a> ({html.escape(what)})'
        for file, what in also.items()
    )
    keys = "".join(
        f'<i class="key" style="background:{COLOURS[who]}"></i>{name(who)}' for who in ("client", "therapist")
    )
    body = (
        f"<h1>{html.escape(title)}</h1>\n<p>{counted(len(listed), 'session')}: {', '.join(said) or 'none'}. "
        f"Everything here lies in this folder and nowhere else.</p>\n"
        f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n"
        f"<p><small>Each strip shows one session from its first to its last minute.{keys}; other colours are "
        f"voices nobody has named yet. None of these figures has a right value.</small></p>\n"
        f"<p><small>For your own analysis: {files}.</small></p>"
    )
    return in_shell(body, style=STYLE, script=SCRIPT)


def _row(line: Standing) -> str:
    session, written = line.session, line.session.notes
    number = int(session.name[11:] or 1)
    day = f"{session.date.day} {session.date:%B %Y}" + (f", {words.ORDINALS[number]}" if number > 1 else "")
    length = share = silences = strip = ""
    sort: list[str] = ["", "", ""]
    if line.measured == "shown":
        try:
            measured, strip = session.measures.iloc[0], picture(session.turns)
        except TherapyReviewError:
            measured = None
        if measured is not None:
            lasted = float(measured["session_end"]) - float(measured["session_start"])
            silences = f"{int(measured['long_silences'])}"
            length, sort[0], sort[2] = clock(lasted), f"{lasted:.1f}", silences
            part = measured.get("client_talk_share")
            if part is not None and np.isfinite(float(part)):
                share, sort[1] = f"{float(part):.0%}", f"{float(part):.4f}"
    before, after = written.mood_before, written.mood_after
    mood = f"{before or '–'} → {after or '–'}" if before or after else ""
    cells = [
        (session.name, f'<time datetime="{session.date}">{day}</time>', ""),
        (STATES[line.state], _report(line), ""),
        (sort[1], strip, ""),
        (sort[0], length, "number"),
        (sort[1], share, "number"),
        (sort[2], silences, "number"),
        (f"{after or before or ''}", mood, "number"),
    ]
    return (
        "<tr>"
        + "".join(
            f'<td data-value="{html.escape(value)}"{f" class={kind}" if kind else ""}>{shown}</td>'
            for value, shown, kind in cells
        )
        + "</tr>"
    )


def _report(line: Standing) -> str:
    links = [
        f'<a href="{html.escape(line.report)}.{end}">{text}</a>'
        for end, text in ENDINGS.items()
        if end in line.endings
    ]
    shown = f'<span class="state">{STATES[line.state]}</span>' if line.state != "ready" else ""
    if line.state == "failed":
        where = f" (cell {line.cell})" if line.cell else ""
        if line.endings:
            shown = f'<a href="{html.escape(line.report)}.failed.html">{STATES[line.state]}</a>'
        return f"{shown}<small>{html.escape(line.sentence)}{where}</small>"
    return " · ".join([*links, *([shown] if shown else [])])


def picture(turns: pd.DataFrame) -> str:
    """Draw who spoke when, as small as a line of text.

    Parameters
    ----------
    turns : DataFrame
        A turns table.

    Returns
    -------
    str
        SVG: a lane for each speaker, where most of each small step in time was theirs.
    """
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
        said.append(f"{name(person)} {float((ends - starts).sum()) / talk:.0%}")
    label = html.escape(f"Of the talking: {', '.join(said)}")
    height = LANE * len(people)
    return (
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {BINS} {height}" height="{height * 1.2:.0f}" '
        f'preserveAspectRatio="none"><title>{label}</title>{"".join(paths)}</svg>'
    )
