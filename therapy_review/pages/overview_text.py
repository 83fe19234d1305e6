"""Words of the path: what the pages across all sessions say, as HTML.

They put early and recent beside each other in the client's own words, and claim no more than
`therapy_review.trends.lasting_change` allows. Each sentence stands at the row of the picture it is about, and in a
list of them.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from therapy_review.trends import OF_PAGE, TOO_EARLY, Sides, said_of_lines, said_of_word, words_by_use
from therapy_review.wording import counted, day, paragraphs

if TYPE_CHECKING:
    from therapy_review.journal import Journal, Session
    from therapy_review.trends import Way

MOST_WORDS = 5
SIDE = 'style="flex:1 1 16rem;min-width:0"'
BESIDE = 'style="display:flex;flex-wrap:wrap;gap:1.5rem"'


def opening(journal: Journal, title: str, text: str) -> str:
    """Greet the client, and say how far the path goes."""
    sessions = journal.sessions
    hello = f"<h1>{title}</h1>\n<p>Hello {html.escape(journal.client)},</p>"
    if not sessions:
        return f"{hello}\n<p>this page fills as you go. It begins with your first session.</p>"
    first, last = sessions[0], sessions[-1]
    span = f"from {day(first.date)} to {day(last.date)}" if first != last else f"that of {day(first.date)}"
    return f"{hello}\n<p>{text} It looks at {counted(len(sessions), 'session')}, {span}.</p>"


def then_and_now(journal: Journal, sides: Sides | None) -> str:
    """Put the client's own words from the first sessions beside those from the newest."""
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
    """Say of moods, questionnaires and measures what moved, at the certainty there is."""
    said = list(said_of_lines(way).values())
    said += [said_of_word(way.tags, word) for word in words_by_use(way.tags)[:1]]
    items = "".join(_gathered([one for one in said if one]))
    if not items:
        return "<p>Nothing has been noted yet that could be put into numbers.</p>"
    return f"<ul>{items}</ul>\n<p><small>{OF_PAGE}</small></p>"


def _gathered(said: Sequence[str]) -> list[str]:
    """List what was said; of lines of which the same is too early to say, it is said once."""
    parts = [one.partition(TOO_EARLY) for one in said]
    alike = Counter(rest for _, early, rest in parts if early)
    items, done = list[str](), set[str]()
    for one, (_, early, rest) in zip(said, parts, strict=True):
        if not early or alike[rest] == 1:
            items.append(f"<li>{html.escape(one)}</li>")
        elif rest not in done:
            done.add(rest)
            own = "".join(f"<li>{html.escape(of)}</li>" for of, _, other in parts if other == rest)
            items.append(f"<li>It is too early to say of these; {html.escape(rest)}<ul>{own}</ul></li>")
    return items
