"""Erasing a session, its sound alone, or the whole journal, with everything that was made from it.

What an erasure is found by goes last, so that one which was cut short, at whatever instant, can be run again until
nothing is left. Nothing here asks whether it is meant; that is for whoever calls it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from therapy_review import hints
from therapy_review.analysis import enrolment
from therapy_review.consent import REPORT, SELF_REVIEW, ledger
from therapy_review.errors import TherapyReviewError
from therapy_review.journal import MADE_FROM_SOUND, Journal, Session, transcript
from therapy_review.sound import SUFFIXES
from therapy_review.storage import SealedStore, Store, keys, rekeying
from therapy_review.trends import cache

REPORTS = "reports"
# Pages on which something is agreed to, named by the day on which they begin: they are made from no session.
AGREEMENTS = re.compile(r"agreement(-\d{4}-\d{2}-\d{2}(-\d+)?|-checkpoint)?\.(html|ipynb|pdf)")
COPIES = (
    "Copies in backups, in a cloud folder, on the phone or recorder it came from, and on another computer: delete "
    "those there."
)
GIVEN_AWAY = "Whatever was exported, printed or shared, and what somebody else keeps."
PLAIN = (
    "On SSDs, memory cards and phones, deleted data can often be brought back for a while, and no program can "
    "prevent that; an encrypted disk can."
)
SEALED = (
    "The key was destroyed, so what is left of the sealed files, here or in later copies, opens for nobody. A copy "
    "made before (a backup, an older state of a cloud folder) holds that key itself, and all of it still opens "
    "there with the passphrase it had then."
)
RENEWED = (
    "The old key was destroyed, and what stays is sealed with a new one; copies of the erased files, sealed as "
    "they were, open for nobody. A copy made before (a backup, an older state of a cloud folder) holds the old key "
    "itself, and all of it still opens there with the passphrase it had then."
)
BY_THE_JOURNALS_KEY = (
    "Reports, voice prints, and what is remembered of each session in derived/index-… (moods, words for them, "
    "scores, figures; no sound and no text) are sealed with the journal's own key, which stays: copies of these "
    "files made before still open with the passphrase, so delete those too."
)
OTHER_REPORTS = "Reports of other weeks may still count it in their charts; to write them anew: "


@dataclass(frozen=True)
class Erased:
    """What an erasure removed, and what it can't reach."""

    what: str
    removed: tuple[str, ...]
    out_of_reach: tuple[str, ...]

    def __str__(self) -> str:
        """Say it all, a line each."""
        if not self.removed:
            return f"There was nothing left of {self.what}."
        lines = [f"Erased: {self.what}.", *(f"  {name}" for name in self.removed)]
        return "\n".join([*lines, "Not within reach:", *(f"  · {said}" for said in self.out_of_reach)])


def remains(session: Session) -> list[str]:
    """List what there is of a session in its journal, in the order in which it is erased."""
    there = session.name in session.journal.store.folders("sessions")
    return [*_made_elsewhere(session), *([session.folder] if there else [])]


def sound_remains(session: Session) -> list[str]:
    """List the sound of a session and what was made from it, in the order in which it is erased."""
    store, sound, rest = session.journal.store, [], []
    there = {*store.files(session.folder), *_put_there(session)}
    for name in sorted(there):
        path = PurePosixPath(name)
        if path.stem == "recording" or path.suffix.lower() in SUFFIXES:
            sound.append(session.file(name))
        elif name in MADE_FROM_SOUND:
            rest.append(session.file(name))
    derived = [session.file("derived")] if "derived" in store.folders(session.folder) else []
    return [*_made_elsewhere(session), *sound, *derived, *rest]


def erase_session(session: Session) -> Erased:
    """Erase a session: sound, notes, marks, and everything that was made from them."""
    return _erase(session, f"the session {session.name}", remains)


def erase_sound(session: Session) -> Erased:
    """Erase the sound of a session and everything that was made from it; the client's notes and marks stay.

    In a sealed journal they are sealed with a new key, and the old one is destroyed.
    """
    what = f"the sound of {session.name} and what was made from it; notes and marks stay"
    return _erase(session, what, sound_remains)


def erase_all(journal: Journal) -> Erased:
    """Erase everything in the folder of a journal, its agreements and its ledger too."""
    store = journal.store
    found = [*store.folders(""), *store.files("")]
    with store.writing():
        # Without the keys all the rest is closed, wherever this is cut short.
        for key in (keys.RECOVERY, keys.IDENTITY):
            if key in found:
                store.remove(key)
        for folder in sorted(store.folders(""), key=lambda name: (name != "sessions", name)):
            store.remove_folder(folder)
    store.remove_folder("")
    removed = tuple(store.where(name) for name in found)
    what = f"the journal {journal.name} with all that was in it"
    return Erased(what, removed, (COPIES, GIVEN_AWAY, SEALED if _is_sealed(journal) else PLAIN))


def made_for(session: Session, use: str) -> list[str]:
    """List what there is in a session on account of a use: what is offered to be erased when that is taken back."""
    if use in ("", "record", SELF_REVIEW):
        return sound_remains(session)
    if use == REPORT:
        return _reports(session)
    words = session.file(transcript.FILE)
    return [words] if use == "transcribe" and session.journal.store.exists(words) else []


def erase_made_for(session: Session, use: str) -> Erased:
    """Erase what there is in a session on account of a use; broken off, the same call goes on."""
    if use in ("", "record", SELF_REVIEW):
        return erase_sound(session)
    kind = "reports made from" if use == REPORT else "words written down from"
    return _erase(session, f"{kind} {session.name}", lambda session: made_for(session, use))


def _erase(session: Session, what: str, find: Callable[[Session], list[str]]) -> Erased:
    journal, store, names = session.journal, session.journal.store, find(session)
    within = [name for name in names if name.startswith(f"{session.folder}/")]
    if isinstance(store, SealedStore) and within:
        rekeying.unless_closed(store, session.folder, within)
    open_ones = _put_there(session)
    if names:  # written first: nothing is gone without a line
        journal.record(ledger.ERASED, session=session.name, who="client", note=what)
    if enrolment.LEFT_OUT in names:
        enrolment.let_in(journal, session.name)
    with store.writing():
        if names:
            # What another program made of it meanwhile goes too, and first: the folder is what it is found by.
            names = [*(name for name in find(session) if name not in names), *names]
            within = [name for name in names if name.startswith(f"{session.folder}/")]
        removed = tuple(map(store.where, names))
        cache.forget(journal, session.name)  # before the files: cut short here, what is left is still listed
        if isinstance(store, SealedStore) and within:
            rekeying.renew(store, session.folder, within)
        for name in names:
            if name in (session.folder, session.file("derived")):
                store.remove_folder(name)
            elif name != enrolment.LEFT_OUT:
                store.remove(name)
                if isinstance(store, SealedStore):
                    store.remove_open(name)
    anew = OTHER_REPORTS + hints.command("review", "--week", "WEEK", journal=store.root)
    others = (anew,) if any(_files(store, REPORTS)) else ()
    of_the_disk = _of_the_disk(session, names, open_ones)
    return Erased(what, removed, (*others, COPIES, GIVEN_AWAY, *of_the_disk))


def _put_there(session: Session) -> list[str]:
    """List what lies plain in a session of a sealed journal, because somebody put it there by hand."""
    store = session.journal.store
    return store.open_files(session.folder) if isinstance(store, SealedStore) else []


def _of_the_disk(session: Session, names: list[str], open_ones: list[str]) -> list[str]:
    """Say what of the erased files a disk or a copy may still give away."""
    if not _is_sealed(session.journal):
        return [PLAIN]
    said = []
    if session.folder in names:
        said.append(SEALED)
    elif any(name.startswith(f"{session.folder}/") for name in names):
        said.append(RENEWED)
    remembered = (session.folder, session.file("derived"))
    if any(name in remembered or name.startswith((f"{REPORTS}/", "voices/")) for name in names):
        said.append(BY_THE_JOURNALS_KEY)
    if (session.folder in names and open_ones) or {session.file(name) for name in open_ones} & {*names}:
        said.append(PLAIN)
    return said


def _is_sealed(journal: Journal) -> bool:
    return bool(journal.settings.get("sealed"))


def _made_elsewhere(session: Session) -> list[str]:
    """List what was made from a session outside its folder."""
    store = session.journal.store
    prints = [f"voices/{role}/{session.name}.json" for role in enrolment.PEOPLE]
    mentioned = [enrolment.LEFT_OUT] if session.name in enrolment.left_out(session.journal) else []
    return [*_reports(session), *filter(store.exists, prints), *mentioned]


def _reports(session: Session) -> list[str]:
    return [name for name in _files(session.journal.store, REPORTS) if _is_made_from(session, name)]


def _files(store: Store, folder: str) -> Iterator[str]:
    yield from (f"{folder}/{name}" for name in store.files(folder))
    # Jupyter keeps copies of notebooks in a hidden folder beside them.
    for inner in (*store.folders(folder), ".ipynb_checkpoints"):
        if inner != PurePosixPath(folder).name:
            yield from _files(store, f"{folder}/{inner}")


def _is_made_from(session: Session, report: str) -> bool:
    """Tell whether a report is of a session, of its week, or speaks of it by its day."""
    store, path = session.journal.store, PurePosixPath(report)
    if AGREEMENTS.fullmatch(path.name):
        return False
    if path.suffix == ".parquet":  # of all sessions, and squeezed so that nothing can be found in it
        return True
    if path.suffix == ".pdf" and store.exists(page := f"{path.with_suffix('.html')}"):
        return _is_made_from(session, page)  # which it was printed from
    named = rf"(?<!\d){re.escape(session.name)}(?!\d|-[2-9](?!\d))"
    day = rf"(?<!\d){session.date.day} {session.date:%B}\b"
    speaks_of_it = re.compile(f"{named}|{session.week}|{day}")
    if speaks_of_it.search(path.name):
        return True
    try:
        return speaks_of_it.search(store.read(report).decode("utf-8", "replace")) is not None
    except TherapyReviewError:  # sealed and damaged: it may be of this one, and nothing of it shall stay
        return True
