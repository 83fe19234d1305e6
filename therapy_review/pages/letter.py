"""The letter: its sentences, as HTML.

They say what is there, never what it means; a difference that comes and goes by itself is said to be one.
"""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Sequence

import pandas as pd

from therapy_review import hints
from therapy_review.consent import SELF_REVIEW, ending_soon, use_in_words
from therapy_review.display import SHOWN, code
from therapy_review.errors import TherapyReviewError
from therapy_review.journal import Journal, Session, days
from therapy_review.wording import ORDINALS, clock, day, listed, paragraphs

OFTEN = 3  # tags of the week before that are named
SAME_SHARE = 0.05  # talk shares closer than this are called about the same


def opening(journal: Journal, week: str, sessions: Sequence[Session], heard: str = "") -> str:
    """Greet the client and say which week this is."""
    parts = [f"<h1>{_week_title(week)}</h1>", f"<p>Hello {html.escape(journal.client)},</p>"]
    if not week:
        parts.append("<p>this will be your weekly letter. It begins with your first session.</p>")
    elif sessions:
        parts.append(
            "<p>take this at your own pace; any part of it can wait. Nothing here leaves this "
            f"computer{f', and {heard}' if heard else ''}.</p>"
        )
    else:
        parts.append(
            "<p>there was no session this week. Weeks without one belong to the path too, and nothing needs "
            "catching up.</p>"
        )
        before = [s for s in journal.sessions if s.week < week]
        if before and before[-1].notes.bring_next:
            parts.append(
                f"<p>When you meet again, you wanted to bring:</p>{_quote(before[-1].notes.bring_next)}"
            )
    return "\n".join(parts)


def _week_title(week: str) -> str:
    if not week:
        return "Your week"
    monday = dt.date.fromisocalendar(int(week[:4]), int(week[-2:]), 1)
    sunday = monday + dt.timedelta(days=6)
    first = f"{monday.day}" if monday.month == sunday.month else f"{monday.day} {monday:%B}"
    return f"Your week, {first} to {sunday.day} {sunday:%B %Y}"


def agreements_ending(journal: Journal) -> str:
    """Say which agreement ends within two weeks, and how to give it anew."""
    people = {
        "client": "your own agreement",
        "therapist": f"the agreement of {html.escape(journal.therapist)}",
    }
    said = []
    for given, uses in ending_soon(journal.consents, journal.today()):
        whose = people.get(given.who, f"the agreement of {html.escape(given.name or given.who)}")
        what = listed([html.escape(use_in_words(use)) for use in uses])
        said.append(f"<p>On {day(given.until or journal.today())}, {whose} comes to its end ({what}).</p>")
    if not said:
        return ""
    add = code(hints.command("consent", "add", journal=journal.root))
    return "\n".join(said) + (
        "\n<p>If you both would like to go on, a few words about it in a session are enough; write down what you "
        f"agreed on with {add}, or in the notebook about agreements. Otherwise "
        "those recordings simply stay closed from then on, and your notes and moods go on as before.</p>"
    )


def session_heading(session: Session) -> str:
    """Name the session by its day, and say what is kept of it."""
    kept = "a recording and notes" if session.has_recording else "notes"
    with_whom = html.escape(session.journal.therapist)
    return f"<h1>{day(session.date)}</h1>\n<p>A session with {with_whom}, kept as {kept}.</p>"


def which(session: Session) -> str:
    """Say by its day which of several sessions is meant."""
    number = int(session.name[11:] or 1)
    beside = f", the {ORDINALS[number]} that day" if number > 1 else ""
    return f"<h3>{session.date:%A} {session.date.day} {session.date:%B}{beside}</h3>"


def what_it_held(session: Session, use: str = SELF_REVIEW, *, private_notes: str = SHOWN) -> str:
    """Say what the session held, in the client's own words and a few plain figures.

    No figure is told that not everybody heard has agreed to have used so; private notes are in it only when shown.
    """
    written = session.notes
    sentences = [f"You met {html.escape(session.journal.therapist)} on {day(session.date)}."]
    before, after = written.mood_before, written.mood_after
    if before and after:
        sentences.append(f"You came with your mood at {before} and left with it at {after}, of 10.")
    elif after or before:
        sentences.append(f"You put your mood at {after or before}, of 10.")
    if written.tags and private_notes == SHOWN:
        sentences.append(f"Your words for it: {html.escape(', '.join(written.tags))}.")
    row = _measured(session, use)
    if row is not None:
        sentences.append(_session_in_figures(row))
    parts = [f"<p>{' '.join(sentences)}</p>"]
    if private_notes != SHOWN:
        return parts[0]
    earlier = _session_before(session)
    if earlier is not None and earlier.notes.bring_next:
        parts.append(f"<p>The time before, you wanted to bring:</p>{_quote(earlier.notes.bring_next)}")
    parts.append(_week_before(session))
    first = written.text.strip().split("\n\n")[0]
    if first:
        parts.append(f"<p>Afterwards you wrote:</p>{_quote(first)}")
    return "\n".join(part for part in parts if part)


def _week_before(session: Session) -> str:
    """Say in a line what the client noted on the days before, where anything is known of them."""
    try:
        entries = days.week_before(days.kept(session.journal.store), session.date)
    except TherapyReviewError:  # said by `check`
        return ""
    if entries.empty:
        return ""
    noted = entries["date"].nunique()
    moods = entries["mood"].dropna()
    said = f"In the seven days before, you noted something on {noted}"
    if len(moods):
        low, high = (f"{mood:.2g}" for mood in (moods.min(), moods.max()))
        lay = f"lay at {low}" if low == high else f"lay between {low} and {high}"
        said += f"; your mood {lay}, of 10"
    often = days.tags(entries)["tag"].value_counts()
    named = ", ".join(html.escape(str(tag)) for tag in often.index[:OFTEN])
    return f"<p>{said}.{f' What came up most: {named}.' if named else ''}</p>"


def _session_in_figures(row: pd.Series) -> str:
    length = clock(float(row["session_end"]) - float(row["session_start"]))
    silences = int(row["long_silences"])
    counted = {0: "no silence", 1: "one silence"}.get(silences, f"{silences} silences")
    return (
        f"From the first word to the last it was {length} minutes, with {counted} of three seconds or more."
    )


def changes(session: Session, use: str = SELF_REVIEW, *, private_notes: str = SHOWN) -> str:
    """Say what is different from the session before."""
    earlier = _session_before(session)
    if earlier is None:
        return "<p>This is the first session here; there is nothing to put beside it yet.</p>"
    now, then = session.notes, earlier.notes
    measured = _measured(session, use), _measured(earlier, use)
    items = [
        _mood_change(now.mood_after, then.mood_after),
        _tag_change(now.tags, then.tags) if private_notes == SHOWN else "",
        *_measured_changes(*measured),
    ]
    said = [f"<li>{item}</li>" for item in items if item]
    if not said:
        return f"<p>There is too little to put beside {day(earlier.date)}.</p>"
    return (
        f"<p>Beside the session of {day(earlier.date)}:</p>\n<ul>{''.join(said)}</ul>\n"
        "<p>Two sessions next to each other nearly always differ; on its own that says nothing yet.</p>"
    )


def _session_before(session: Session) -> Session | None:
    earlier = [s for s in session.journal.sessions if s.name < session.name]
    return earlier[-1] if earlier else None


def _measured(session: Session, use: str) -> pd.Series | None:
    try:
        row = session.measures.iloc[0]
        session.require(use)
    except TherapyReviewError:
        return None
    return row


def _mood_change(now: int | None, then: int | None) -> str:
    if now is None or then is None:
        return ""
    if now == then:
        return f"You left with your mood at {now}, as you did then."
    return f"You left with your mood at {now}; then it was {then}."


def _tag_change(now: Sequence[str], then: Sequence[str]) -> str:
    new, gone = [t for t in now if t not in then], [t for t in then if t not in now]
    said = [
        f"{label}: {html.escape(', '.join(tags))}."
        for label, tags in (("New among your words", new), ("Not named this time", gone))
        if tags and now and then
    ]
    return " ".join(said)


def _measured_changes(now: pd.Series | None, then: pd.Series | None) -> list[str]:
    if now is None or then is None:
        return []
    silences = (
        f"Silences of three seconds or more: {int(now['long_silences'])}; then {int(then['long_silences'])}. "
        "A silence can be many things."
    )
    return [_talk_change(now, then), silences]


def _talk_change(now: pd.Series, then: pd.Series) -> str:
    if "client_talk_share" not in now or "client_talk_share" not in then:
        return ""
    share, before = float(now["client_talk_share"]), float(then["client_talk_share"])
    if abs(share - before) < SAME_SHARE:
        return f"Of the talking, about the same part was yours: {share:.0%}, then {before:.0%}."
    return f"Of the talking, {share:.0%} was yours; then {before:.0%}. There is no right share."


def _quote(text: str) -> str:
    return f"<blockquote>{paragraphs(text)}</blockquote>"
