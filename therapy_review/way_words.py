"""Words of the path: what the pages across all sessions say, as HTML.

They put early and recent beside each other in the client's own words, and claim no more than
`therapy_review.changes` allows.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from therapy_review.chart import counted
from therapy_review.early import Sides
from therapy_review.still import paragraphs
from therapy_review.trend_words import OF_MANY, sentence
from therapy_review.words import day

if TYPE_CHECKING:
    from therapy_review.journal import Journal
    from therapy_review.letters import Letter
    from therapy_review.path import Way
    from therapy_review.session import Session

MOST_WORDS = 5
TOLD = (
    ("mood_before", ""),
    ("mood_after", ""),
    ("talk_share", "client"),
    ("long_silences", ""),
)
SIDE = 'style="flex:1 1 16rem;min-width:0"'
BESIDE = 'style="display:flex;flex-wrap:wrap;gap:1.5rem"'


def opening(journal: Journal, title: str, text: str) -> str:
    """Greet the client, and say how far the path goes.

    Parameters
    ----------
    journal : Journal
    title : str
        The page's heading.
    text : str
        What the page is, in a sentence or two.

    Returns
    -------
    str
        HTML.
    """
    sessions = journal.sessions
    hello = f"<h1>{title}</h1>\n<p>Hello {html.escape(journal.client)},</p>"
    if not sessions:
        return f"{hello}\n<p>this page fills as you go. It begins with your first session.</p>"
    first, last = sessions[0], sessions[-1]
    span = f"from {day(first.date)} to {day(last.date)}" if first != last else f"that of {day(first.date)}"
    return f"{hello}\n<p>{text} It looks at {counted(len(sessions), 'session')}, {span}.</p>"


def then_and_now(journal: Journal, sides: Sides | None) -> str:
    """Put the client's own words from the first sessions beside those from the newest.

    Parameters
    ----------
    journal : Journal
    sides : Sides or None
        As from `therapy_review.early.sides`.

    Returns
    -------
    str
        HTML.
    """
    if sides is None:
        return "<p>Once there are two sessions, your first words and your newest stand here beside each other.</p>"
    every = {session.name: session for session in journal.sessions}
    early = _side("Early", [every[name] for name in sides.early])
    recent = _side("Recently", [every[name] for name in sides.recent[::-1]])
    return f"<div {BESIDE}><div {SIDE}>{early}</div><div {SIDE}>{recent}</div></div>"


def _side(title: str, sessions: Sequence[Session]) -> str:
    notes = [(session, session.notes) for session in sessions]
    often = Counter(tag for _, written in notes for tag in written.tags)
    first, last = min(s.date for s in sessions), max(s.date for s in sessions)
    span = day(first) if first == last else f"{day(first)} to {day(last)}"
    parts = [f"<h3>{title}</h3><p><small>{counted(len(sessions), 'session')}, {span}</small></p>"]
    if often:
        words = ", ".join(tag for tag, _ in often.most_common(MOST_WORDS))
        parts.append(f"<p>Your words most often: {html.escape(words)}.</p>")
    wrote = [(session, written.text.strip().split("\n\n")[0]) for session, written in notes]
    brought = [(session, written.bring_next) for session, written in notes]
    for label, found in (("You wrote", wrote), ("You wanted to bring", brought)):
        session, said = next(((session, said) for session, said in found if said), (None, ""))
        if session:
            quoted = f"<blockquote>{paragraphs(said)}</blockquote>"
            parts.append(f"<p>{label}, on {day(session.date)}:</p>{quoted}")
    return "\n".join(parts)


def moved(way: Way) -> str:
    """Say of moods, questionnaires and measures what moved, at the certainty there is.

    Parameters
    ----------
    way : Way
        As from `therapy_review.path.way`.

    Returns
    -------
    str
        HTML.
    """
    table = way.measured
    said = []
    for measure, speaker in (*TOLD[:2], *((scale, "") for scale in way.scales), *TOLD[2:]):
        own = table[(table["measure"] == measure) & (table["speaker"] == speaker)]
        if own["value"].notna().any():
            said.append(f"<li>{html.escape(sentence(own))}</li>")
    if not said:
        return "<p>Nothing has been noted yet that could be put into numbers.</p>"
    return f"<ul>{''.join(said)}</ul>\n<p><small>{OF_MANY}</small></p>"


def letters(written: Sequence[Letter]) -> str:
    """Show letters to read, the newest first.

    Parameters
    ----------
    written : sequence of Letter
        The oldest first.

    Returns
    -------
    str
        HTML; empty where there are none.
    """
    return "\n".join(
        f"<p><small>On {day(one.day)} you wrote:</small></p><blockquote>{paragraphs(one.text)}</blockquote>"
        for one in written[::-1]
    )
