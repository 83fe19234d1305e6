"""A finished report kept in the journal, whole or not at all, and over nothing the client wrote there."""

from __future__ import annotations

import html
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from therapy_review import hints, wording
from therapy_review.consent import REPORT
from therapy_review.display import SHOWN, in_shell
from therapy_review.errors import TherapyReviewError
from therapy_review.reports import manifest, privacy
from therapy_review.reports.manifest import Entry
from therapy_review.storage import Store, digest, if_there

if TYPE_CHECKING:
    from collections.abc import Iterable

    from therapy_review.journal import Session

ENDINGS = {"ipynb", "html", "pdf"}
HELD_BACK = {
    "words": "Words from your notes stand in it, so it was not kept; ask for them with --private-notes, or "
    "change the template.",
    "sound": "The template puts sound into the report, so it was not kept; a report holds none.",
}


def what_it_holds(
    files: Mapping[str, bytes],
    parameters: Mapping[str, object],
    private: Callable[[], Iterable[privacy.Private | privacy.MoodTags]],
) -> str:
    """Search a finished report for what must not be in it."""
    texts = [files[end].decode() for end in ("ipynb", "html") if end in files]
    if any(map(privacy.holds_sound, texts)):
        return HELD_BACK["sound"]
    if parameters.get("private_notes") != SHOWN and any(
        one.held_in(text) for one in private() for text in texts
    ):
        return HELD_BACK["words"]
    return ""


def keep(
    store: Store, entry: Entry, files: Mapping[str, bytes], if_still: Callable[[], None] = lambda: None
) -> None:
    """Write a report's files, then the entry that says it is made."""
    with store.writing():
        if_still()
        before = manifest.read_one(store, entry.name)
        _save_what_was_changed(store, entry.name, before, files)
        manifest.remove(store, entry.name)  # cut short from here on, it counts as not made
        for ending in ENDINGS - set(files):
            store.remove(f"reports/{entry.name}.{ending}")
        for ending, data in files.items():
            store.write(f"reports/{entry.name}.{ending}", data)
        made = {ending: digest(data) for ending, data in files.items()}
        manifest.write(store, Entry(entry.name, entry.session, entry.template, entry.rests_on, made))
        clear_failure(store, entry.name)
        # What Jupyter put aside of the notebook before may hold what this one leaves out.
        store.remove(f"reports/.ipynb_checkpoints/{entry.name}-checkpoint.ipynb")


def _save_what_was_changed(store: Store, name: str, before: Entry | None, files: Mapping[str, bytes]) -> None:
    """Keep a notebook beside the new one when the client wrote into it or ran it since it was made."""
    file = f"reports/{name}.ipynb"
    try:
        now = if_there(store.read, file)
    except TherapyReviewError:  # sealed and damaged: perhaps somebody can still save what is in it
        store.set_aside(file, f"reports/{name}-damaged-{secrets.token_hex(4)}.ipynb")
        return
    made = before.files.get("ipynb") if before else None
    if not (now and now.strip()) or digest(now) in (made, digest(files.get("ipynb", b""))):
        return
    number = 1
    while if_there(store.read, kept := f"reports/{name}-kept-{number}.ipynb") not in (None, now):
        number += 1
    store.write(kept, now)


def clear_failure(store: Store, name: str) -> None:
    """Take away what says that a report could not be made."""
    failed = manifest.failed(name)
    store.remove(f"reports/{failed}.html")
    manifest.remove(store, failed)


def _before(store: Store, session: Session, name: str) -> str:
    """Say whether an earlier report can still be read, where this one could not be made."""
    page = f"{name}.html"
    if not any(store.exists(f"reports/{name}.{end}") for end in ENDINGS):
        return "There is no report of this session yet."
    if session.has_recording and session.why_closed(REPORT):
        erase = html.escape(hints.command("erase", session.name, journal=store.root), quote=False)
        return (
            "A report from before is still in this folder, and stays as it is. To erase it with the session:  "
            f"{erase}"
        )
    if not store.exists(f"reports/{page}"):
        return "The report could not be made again. The one from before is still in this folder."
    return (
        f'The report could not be made again. <a href="{quote(page)}">The one from before</a> is still here.'
    )


def keep_failure(store: Store, session: Session, entry: Entry, *, for_later: bool) -> str:
    """Write a page that says in one sentence why there is no report."""
    sentence, cell = entry.sentence, entry.cell
    if privacy.holds_words(sentence, privacy.words_of(session), [hints.command(journal=store.root)]):
        look = hints.command("check", journal=store.root)
        sentence = f"Something in this session's files could not be read; to see what: {look}"
    body = (
        f"<h1>{wording.day(session.date)}</h1>\n<p>{_before(store, session, entry.name)}</p>\n"
        f'<p class="sentence">{html.escape(wording.with_cell(sentence, cell))}</p>\n'
        '<p><a href="index.html">All sessions</a></p>'
    )
    kept = replace(entry, name=manifest.failed(entry.name), sentence=sentence)
    page, file = in_shell(body).encode(), f"reports/{kept.name}.html"
    with store.writing():
        session.journal.session(session.name)  # of one that was erased nothing is written any more
        if if_there(store.read, file) != page:
            store.write(file, page)
        if not for_later:
            manifest.remove(store, kept.name)
        elif manifest.read_one(store, kept.name) != kept:
            manifest.write(store, kept)
    return sentence
