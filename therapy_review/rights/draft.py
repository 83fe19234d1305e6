"""The words for asking a therapist about recording, and the page on which both write what they agree on.

Everything here is text; what is filled in comes as a `Draft`. None of it is legal advice, and the page says so.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from therapy_review import fonts
from therapy_review.consent import SHARE, USES, Spoken, law
from therapy_review.display import as_pdf
from therapy_review.errors import JournalError, NotAnalysedError
from therapy_review.journal import Journal
from therapy_review.storage import PlainStore
from therapy_review.wording import clock, day, listed, seconds_in

USUAL = ("record", "self_review", "review_together", "report")
AS_AGREED = {
    "record": "Our sessions are recorded, openly. We both know when it runs.",
    "self_review": "{client} listens again, alone.",
    "review_together": "We listen together to moments one of us chooses, and look at the charts.",
    "report": "{client} has reports made: who spoke when, silences, moods over the weeks.",
    "transcribe": "What was said is written down.",
    "voice_print": "{client}'s computer may keep what it needs to tell our voices apart.",
}
AS_LEFT_OUT = {
    "record": "recording",
    "self_review": "listening again alone",
    "review_together": "listening together",
    "report": "reports",
    "transcribe": "writing down what was said",
    "voice_print": "telling our voices apart",
}
WISHES = {
    "pause": "Either of us can pause or stop the recording at any moment, without a reason.",
    "each_time": "At the beginning of each session we say whether it is recorded.",
    "no_sharing": "It is passed on to nobody, and put nowhere online.",
    "own_computer": "It stays on {client}'s own computer, locked by a password, and in no cloud.",
    "erase_after_a_year": "Each recording is erased a year after its session, unless we agree anew.",
    "erase_when_asked": "When one of us asks for it, a recording is erased, with all that was made from it.",
    "not_in_the_records": "No copy goes into the records of the practice.",
    "talk_about_it": "We come back to what listening again was like.",
}
IN_SHORT = {
    "pause": "a pause button for both",
    "each_time": "asked anew each time",
    "no_sharing": "nothing passed on",
    "own_computer": "on one computer only",
    "erase_after_a_year": "erased after a year",
    "erase_when_asked": "erased when one of us asks",
    "not_in_the_records": "no copy in the records",
    "talk_about_it": "coming back to how it was",
}
NOTHING_YET = "Nothing is written down yet, so every recording stays closed."
ALREADY = "There is already a file {file}; choose another name, or remove it first."
NOT_LEGAL_ADVICE = "This is not legal advice."

WHY = """<p>People forget most of a session by the evening. To hear it again can bring back a sentence that
mattered, or let you notice something you could not take in at the time. In one study of cognitive therapy, nine in
ten of 72 people listened again between their sessions <small>(Shepherd, Salkovskis &amp; Morris, 2009)</small>.</p>
<p>It is not for everybody. Clients expect more help from recordings than therapists do, and more harm
<small>(King &amp; Boswell, 2021)</small>. Some find their own voice hard to hear. You can stop at any time, and
notes and charts work without the sound.</p>"""

HOW_TO_ASK = """<p>A calm moment early in a session is easier than the last five minutes. You might say:</p>
<blockquote>There is something I would like to ask. I would like to record our sessions, so that I can listen
again at home. It would stay on my computer. How would that be for you?</blockquote>
<blockquote>What would you need, to be all right with it?</blockquote>
<blockquote>Could we try it for a month, and then talk about how it was?</blockquote>
<p>{therapist} may want to think about it, or to ask the practice. A pause button, nothing passed on, everything
erased after a year: these are usual wishes, and fair ones. You may have some too.</p>
<p><strong>If the answer is no,</strong> that is an answer, and it can be about many things other than you. Writing
down what stayed with you, right after the session, works without any recording; so does the rest of this
workbook.</p>"""

CAUTIONS = (
    "Record openly or not at all. A recording the other person does not know of can cost the trust that the "
    "therapy rests on.",
    "What may be recorded depends on where both of you are; across a border the stricter rule counts. A recording "
    "made in secret can be an offence, and worth nothing as evidence.",
    "What you keep is yours to protect, with a password and an encrypted disk. A court may ask for what exists.",
    "What is passed on can't be called back, and it holds the other person's voice too.",
)
SECRECY = (
    "Your own word alone is the exception, for listening again and for nothing else. Secrecy can harm trust. What "
    "was recorded in secret may be worth nothing as evidence, or be an offence, across the border of a state. "
    "Another therapist, one who agrees, is the better way."
)


@dataclass(frozen=True)
class Draft:
    """What two people think of agreeing on; what they ask are words of `WISHES`."""

    client: str
    therapist: str
    uses: tuple[str, ...]
    since: dt.date
    until: dt.date | None = None
    client_asks: tuple[str, ...] = ()
    therapist_asks: tuple[str, ...] = ()
    own_words: str = ""
    rule: tuple[str, ...] = ()


def spoken_at(journal: Journal, session: str, at: str) -> Spoken:
    """Point at where on a recording somebody says that they agree, at a time as in ``2:14``."""
    heard = journal.session(session)
    try:
        time = seconds_in(at.strip())
    except ValueError as error:
        raise JournalError(f"{error}.") from error
    with contextlib.suppress(NotAnalysedError):
        if time >= heard.duration:
            raise JournalError(
                f"The recording of {heard.name} ends before {clock(time)}, so nothing was written down; see when "
                "in it they say so."
            )
    return Spoken(heard.name, time)


def rule_of(journal: Journal) -> list[str]:
    """Tell in sentences what is known of the rule of a journal's places, which is no legal advice."""
    return law.of_both_ways(journal.place, journal.therapist_place, journal.today())


def first_draft(journal: Journal, uses: Sequence[str] = USUAL, until: dt.date | None = None) -> Draft:
    """Make the draft that two people begin from, with what is asked for most often."""
    names, rule = (journal.client, journal.therapist), tuple(rule_of(journal))
    return Draft(
        *names, tuple(uses), journal.today(), until, ("own_computer",), ("pause", "no_sharing"), "", rule
    )


def sheet(draft: Draft) -> str:
    """Write a draft as it looks on paper, to be shown within any page.

    Examples
    --------
    >>> "Robin listens again" in sheet(Draft("Robin", "Daniel", ("self_review",), dt.date(2026, 3, 4)))
    True
    """
    both = [html.escape(draft.client), html.escape(draft.therapist)]
    agreed = _list([as_agreed(draft, use) for use in draft.uses], "agreed")
    left_out = [AS_LEFT_OUT[use] for use in USES if use not in draft.uses]
    if not any(use.startswith(SHARE) for use in draft.uses):
        left_out.append("passing anything on")
    end = f"until {day(draft.until)}" if draft.until else "until one of us takes it back"
    asks = [
        f"<div><h4>{who} asks</h4>{_list([_filled(draft, WISHES[one]) for one in wishes], 'asked')}</div>"
        for who, wishes in zip(both, (draft.client_asks, draft.therapist_asks), strict=True)
    ]
    own = html.escape(draft.own_words.strip()).replace("\n", "<br>")
    parts = [
        "<h2>Recording our sessions</h2>",
        f'<p class="between">An agreement between {both[0]} and {both[1]}</p>',
        "<p>We want to record our sessions, so that what is said in them can be heard again. This page says what "
        "the recordings are for, in words of our own. Either of us may say no to any part of it.</p>",
        f"<h3>What it is for</h3>{agreed or '<p>Nothing yet.</p>'}",
        f"<p>For nothing else; in particular not for {listed(left_out, 'or')}.</p>" if left_out else "",
        f"<h3>From when, until when</h3><p>From {day(draft.since)} {end}.</p>",
        f'<h3>What we ask of each other</h3><div class="both">{"".join(asks)}</div>',
        f"<p>{own}</p>" if own else '<p class="line"></p><p class="line"></p>',
        "<h3>Taking it back</h3><p>Each of us can take this back at any time, all of it or a part, by saying so. "
        "From that day on the recordings stay closed, and we talk about what is erased.</p>",
        f'<div class="both signed">{"".join(_signed(who) for who in both)}</div>',
        f'<p class="small">{html.escape(" ".join(draft.rule or [NOT_LEGAL_ADVICE]))}</p>',
    ]
    style = files("therapy_review.rights").joinpath("agreement.css").read_text(encoding="utf-8")
    written = "\n".join(part for part in parts if part)
    return f'<style>\n{style}</style>\n<div class="agreement">\n{written}\n</div>'


def as_agreed(draft: Draft, use: str) -> str:
    """Say a use as both would agree to it, in plain text."""
    if use.startswith(SHARE):
        return f"Chosen clips may be shared with {use.removeprefix(SHARE)}."
    return _filled(draft, AS_AGREED[use])


def _filled(draft: Draft, text: str) -> str:
    return text.replace("{client}", draft.client).replace("{therapist}", draft.therapist)


def _list(items: Iterable[str], kind: str) -> str:
    rows = "".join(f"<li>{html.escape(item)}</li>" for item in items)
    # Room for what they think of only when the page lies between them.
    empty = '<li class="line"></li><li class="line"></li>' if kind == "asked" else ""
    return f'<ul class="{kind}">{rows}{empty}</ul>' if rows or empty else ""


def _signed(who: str) -> str:
    return (
        f'<div><p class="name">{who}</p><p class="line"></p><p class="under">Signature</p>'
        '<p class="line"></p><p class="under">Day</p></div>'
    )


def page(draft: Draft) -> str:
    """Write a draft as a page to print, that loads nothing from anywhere."""
    shell = files("therapy_review.rights").joinpath("agreement.html").read_text(encoding="utf-8")
    return shell.replace("{{ fonts }}", fonts.style()).replace("{{ body }}", sheet(draft))


def save(draft: Draft, file: Path) -> Path:
    """Write a draft into a file of its own, for its owner only."""
    kind = _ending(file)
    if file.exists():
        raise JournalError(ALREADY.format(file=file))
    PlainStore(file.resolve().parent).write(file.name, printed(draft, kind))
    return file


def save_within(journal: Journal, draft: Draft, file: Path) -> str:
    """Write a draft into the folder of a journal, sealed where all else there is."""
    kind, store = _ending(file), journal.store
    within = file.resolve().relative_to(store.root.resolve()).as_posix()
    name = within if "/" in within else f"reports/{within}"
    page = printed(draft, kind)
    with store.writing():
        if store.exists(name):
            raise JournalError(ALREADY.format(file=store.where(name)))
        store.write(name, page)
    return name


def _ending(file: Path) -> str:
    kind = file.suffix.lower()
    if kind not in (".html", ".pdf"):
        raise JournalError(f"{file.name} should end in .html, to be printed from a browser, or in .pdf.")
    return kind


def printed(draft: Draft, ending: str) -> bytes:
    """Give a draft as the content of a file to be printed."""
    return page(draft).encode() if ending == ".html" else as_pdf(page(draft))
