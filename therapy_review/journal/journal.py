"""A journal: one folder with everything one client keeps.

``journal.toml`` holds names or pseudonyms, place, time zone and mood groups; ``agreements.toml`` who agreed
to what; ``ledger.csv`` what was done beyond the client's own listening; ``sessions/`` one folder an appointment.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from therapy_review import hints
from therapy_review.consent import Gate, agreement, agreements_file, ledger, rule_for
from therapy_review.errors import JournalError
from therapy_review.journal import days, scales
from therapy_review.journal.scales import Scale
from therapy_review.journal.session import Session, session_date
from therapy_review.storage import PlainStore, Store, if_there, make_folder


class Sessions(list[Session]):
    """The sessions of a journal in order of time; also a table to look at."""

    def table(self) -> pd.DataFrame:
        """Return one row a session: date, recording, mood before and after, tags."""
        rows = [
            {
                "session": session.name,
                "date": pd.Timestamp(session.date),
                "recording": "yes" if session.has_recording else "notes only",
                "mood_before": written.mood_before,
                "mood_after": written.mood_after,
                "tags": ", ".join(written.tags),
            }
            for session in self
            for written in [session.notes]
        ]
        columns = ["session", "date", "recording", "mood_before", "mood_after", "tags"]
        return pd.DataFrame(rows, columns=columns).astype({"mood_before": "Int64", "mood_after": "Int64"})

    def _repr_html_(self) -> str:
        return str(self.table().to_html(index=False))


class Journal:
    """Everything one client keeps; made by `open_journal`.

    Where there is no session, week or scale of the name it is asked for, it raises `JournalError`.

    Parameters
    ----------
    store : Store
        The journal's files.
    settings : mapping
        Content of ``journal.toml``.
    """

    def __init__(self, store: Store, settings: Mapping[str, Any]) -> None:
        self.store = store
        self.settings = settings

    def __repr__(self) -> str:
        return f"Journal({self.name!r}, {len(self.sessions)} sessions)"

    @property
    def name(self) -> str:
        """The name of the journal's folder."""
        return self.store.where("")

    @property
    def root(self) -> Path:
        """The journal's folder, where kernels work; its files are read and written by `store`."""
        return self.store.root

    @property
    def client(self) -> str:
        """What the client wants to be called."""
        return str(self.settings.get("client", "you"))

    @property
    def therapist(self) -> str:
        """What the therapist is called here."""
        return str(self.settings.get("therapist", "your therapist"))

    @property
    def place(self) -> str:
        """Where the sessions take place, as in ``GB`` or ``US-CA``; empty when that was not said."""
        return str(self.settings.get("place", ""))

    @property
    def therapist_place(self) -> str:
        """Where the therapist is during a session by phone or video; empty when that was not said."""
        return str(self.settings.get("therapist_place", ""))

    @property
    def mood_groups(self) -> dict[str, list[str]]:
        """Mood words by group, as the client arranged them."""
        groups = self.settings.get("moods", {}).get("groups", {})
        return {str(group): [str(tag) for tag in tags] for group, tags in groups.items()}

    @property
    def days(self) -> pd.DataFrame:
        """Moods noted between the sessions; see `therapy_review.journal.days`."""
        return days.kept(self.store)

    @property
    def scales(self) -> dict[str, Scale]:
        """The scales the client may fill in, by the name of their totals in the notes."""
        return scales.kept(self.store, self.settings)

    def scale(self, key: str) -> Scale:
        """Return one scale by the name of its totals in the notes, as in ``phq9``."""
        if key not in self.scales:
            raise JournalError(
                f"There is no scale {key} in {self.name}; describe it in {self.store.where('journal.toml')} with "
                f"a name, a low and a high end, under [scales.{key}]."
            )
        return self.scales[key]

    def today(self) -> dt.date:
        """Return the day it is where the client lives; by this computer's clock where no zone is known."""
        return self.now().date()

    def now(self) -> dt.datetime:
        """Return the time where the client lives, with its zone; by this computer's clock where none is known."""
        zone = str(self.settings.get("time_zone", ""))
        return dt.datetime.now(ZoneInfo(zone)) if is_time_zone(zone) else dt.datetime.now().astimezone()

    @property
    def sessions(self) -> Sessions:
        """All sessions in order of time; folders with other names are left to `therapy_review.commands.check`."""
        found = [name for name in self.store.folders("sessions") if session_date(name)]
        return Sessions(Session(name, self) for name in found)

    def session(self, name: str) -> Session:
        """Return one session by its date."""
        for session in self.sessions:
            if session.name == name:
                return session
        to_see = hints.command("check", journal=self.root)
        raise JournalError(f"There is no session {name} in {self.name}; to see all: {to_see}")

    def left_out(self) -> list[str]:
        """Name, sorted, the folders among the sessions that are not named by a date, and so are no sessions."""
        return [name for name in self.store.folders("sessions") if session_date(name) is None]

    def week(self, name: str = "") -> Sessions:
        """Return the sessions of a week, none when it was missed; the newest week when no name is given.

        Parameters
        ----------
        name : str
            An ISO week as in ``2026-W10``, or empty.
        """
        sessions = self.sessions
        if name and not re.fullmatch(r"\d{4}-W(0[1-9]|[1-4]\d|5[0-3])", name):
            raise JournalError(f"{name} is not a week; write it as in 2026-W10.")
        wanted = name or (sessions[-1].week if sessions else "")
        return Sessions(s for s in sessions if s.week == wanted)

    @property
    def consents(self) -> list[agreement.Agreement]:
        """Every agreement ever given, with the day it was taken back if it was; read anew each time."""
        name = agreements_file.FILE
        data = if_there(self.store.read, name)
        return [] if data is None else agreements_file.parse(data, self.store.where(name))

    def keep_agreements(self, change: Callable[[bytes], bytes]) -> bool:
        """Let something be added to ``agreements.toml``, and tell whether it was; what can't be read is left alone.

        `change` takes what stands in the file and returns what is to stand there, as those of
        `therapy_review.consent.agreements_file` do.
        """
        with self.store.writing():
            before = if_there(self.store.read, agreements_file.FILE) or b""
            if (after := change(before)) != before:
                self.store.write(agreements_file.FILE, after)
        return after != before

    def name_of(self, who: str) -> str:
        """Return what somebody is called here, by their role; anyone else goes by their own name."""
        return {"client": self.client, "therapist": self.therapist}.get(who, who)

    @property
    def agreements(self) -> pd.DataFrame:
        """The same as a table to look at, with how each stands today."""
        return agreement.table(self.consents, self.today())

    @property
    def ledger(self) -> pd.DataFrame:
        """What was done beyond the client's own listening; see `therapy_review.consent.ledger`."""
        return ledger.read(ledger.whole(self.store), self.store.where(ledger.FILE))

    def record(self, what: str, *, session: str = "", use: str = "", who: str = "", note: str = "") -> None:
        """Add one line to the ledger; see `therapy_review.consent.ledger.record`."""
        ledger.record(
            self.store, self.now(), self._sealed_to, what, session=session, use=use, who=who, note=note
        )

    def record_opening(self, session: str, use: str) -> None:
        """Add a line for a session that is opened, once a day."""
        ledger.record_opening(self.store, self.now(), self._sealed_to, session, use)

    @property
    def _sealed_to(self) -> str | None:
        return (
            str(self.settings.get("seal", {}).get("recipient", "")) if self.settings.get("sealed") else None
        )

    def gate(self) -> Gate:
        """Make the gate as it stands today; without agreements that can be read, nobody counts as having agreed."""
        # The law is asked once at most.
        return Gate(tuple(self.consents), self.today(), cache(self.one_party_is_clear), self.root)

    def one_party_is_clear(self) -> bool:
        """Tell whether the law of the client's place surely asks for one party's agreement alone."""
        # How a session was held is not written down, so it has to be clear for one room and for a call.
        rules = rule_for(self.place), rule_for(self.place, remote_place=self.therapist_place)
        return all(rule.one_is_enough and not rule.stale(self.today()) for rule in rules)


def is_time_zone(name: str) -> bool:
    """Tell whether a name is one of the IANA time zones.

    Examples
    --------
    >>> is_time_zone("Europe/London"), is_time_zone("London time"), is_time_zone("")
    (True, False, False)
    """
    try:
        return ZoneInfo(name).key == name
    except (KeyError, ValueError, OSError):  # unknown zones are KeyErrors, parts of a name are folders
        return False


def open_journal(path: str | Path) -> Journal:
    """Open the journal in a folder.

    Parameters
    ----------
    path : str or Path
        The folder that holds ``journal.toml``.

    Returns
    -------
    Journal

    Raises
    ------
    JournalError
        When the folder is no journal, its settings can't be read, or others on this computer may look into it.
    LockedError
        When it is sealed and its passphrase is not at hand.

    Examples
    --------
    >>> open_journal("data/practice")
    Journal('practice', 8 sessions)
    """
    folder, settings = folder_of(path)
    store = PlainStore(folder.root, before_change=_AsOpened(folder, settings))
    if not settings.get("sealed"):
        # Where an earlier journal.toml was put back, what is written now would lie open.
        keys = (f"sessions/{name}/key.age" for name in folder.folders("sessions"))
        if folder.exists("identity.age") and any(map(folder.exists, keys)):
            raise JournalError(
                f"Sealed files lie in {folder.where('')}, but its journal.toml says that it is not sealed; to put "
                f"that right: {hints.command('seal', journal=folder.root)}"
            )
        return Journal(store, settings)
    from therapy_review.storage import SealedStore, identity_of

    seal = settings.get("seal", {})
    if begun := seal.get("unfinished"):
        raise JournalError(
            f"{store.where('')} was left while its files were being changed; nothing is lost. Finish it with: "
            f"{hints.command(begun, journal=store.root)}"
        )
    hides_dates = bool(seal.get("hide_dates", False))
    return Journal(SealedStore(store, identity_of(folder, settings), hides_dates=hides_dates), settings)


class _AsOpened:
    """Refuses to write into a journal that another program sealed, unsealed or rekeyed since it was opened here."""

    def __init__(self, folder: PlainStore, settings: Mapping[str, Any]) -> None:
        self.folder = folder
        self.opened = _seal_of(settings)
        self.seen: tuple[int, int] | None = None

    def __call__(self) -> None:
        name = "journal.toml"
        stamp = self.folder.stamp(name)
        if stamp == self.seen:
            return
        if _seal_of(_settings_of(self.folder)) != self.opened:
            raise JournalError(
                f"{self.folder.where('')} was sealed, unsealed or given another passphrase since it was opened "
                "here, so nothing was changed; open it again (in a notebook: restart its kernel)."
            )
        self.seen = stamp


def _seal_of(settings: Mapping[str, Any]) -> tuple[object, ...]:
    seal = settings.get("seal", {})
    wanted = ("recipient", "hide_dates", "unfinished")
    return bool(settings.get("sealed")), *(seal.get(key) or None for key in wanted)


def _settings_of(folder: PlainStore) -> dict[str, Any]:
    try:
        return tomllib.loads(folder.read("journal.toml").decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise JournalError(
            f"{folder.where('journal.toml')} can't be read ({error}); "
            "mend that line, or restore the file from a copy."
        ) from error


def folder_of(path: str | Path) -> tuple[PlainStore, dict[str, Any]]:
    """Find a journal's folder and settings, without opening what is sealed in it.

    Parameters
    ----------
    path : str or Path
        The folder that holds ``journal.toml``.

    Returns
    -------
    store : PlainStore
        The folder as it is on disk.
    settings : dict
        Content of ``journal.toml``.

    Raises
    ------
    JournalError
        When the folder is no journal, its settings can't be read, or others on this computer may look into it.
    """
    store = PlainStore(Path(path).expanduser().resolve())
    if not store.exists("journal.toml"):
        raise JournalError(
            f"There is no journal in {store.where('') or path} (no journal.toml lies there); name the folder of "
            f"yours, or make one with: {hints.command('init', 'my-journal')}"
        )
    settings = _settings_of(store)
    # The practice journal has nothing to keep; `shared_disk` is for disks that know no permissions.
    if store.is_open_to_others() and not (settings.get("practice") or settings.get("shared_disk")):
        raise JournalError(
            f"Others who use this computer may look into {store.where('')}; make it yours alone with: "
            f"{hints.command('protect', journal=store.root)}"
        )
    return store, settings


def check_new_journal(path: str | Path, *, client: str, therapist: str, time_zone: str = "") -> Path:
    """See that a new journal can be made, before anything is asked for it.

    Parameters
    ----------
    path, client, therapist, time_zone
        As for `create_journal`, and so is what it raises.

    Returns
    -------
    Path
        The folder.
    """
    for name, whose in ((client, "you"), (therapist, "your therapist")):
        if not name.strip():
            raise JournalError(f"The journal needs something to call {whose}; give a name or a pseudonym.")
    if time_zone and not is_time_zone(time_zone):
        raise JournalError(
            f"{time_zone} is not a time zone; write it as a region and a city, as in Europe/London or "
            "America/New_York, or leave it out."
        )
    root = Path(path).expanduser().resolve()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise JournalError(f"{path} is already in use; choose a new folder for the journal.")
    if any((folder / "journal.toml").exists() for folder in root.parents):
        raise JournalError(f"{path} lies inside another journal; choose a folder outside it.")
    return root


def create_journal(
    path: str | Path,
    *,
    client: str,
    therapist: str,
    place: str = "",
    therapist_place: str = "",
    time_zone: str = "",
) -> Journal:
    """Make a new, empty journal.

    Parameters
    ----------
    path : str or Path
        A folder that does not exist yet, or is empty.
    client, therapist : str
        Names or pseudonyms.
    place : str
        Where the sessions take place, as in ``GB`` or ``US-CA``; by phone or video, where the client is.
    therapist_place : str
        Where the therapist is when they are by phone or video.
    time_zone : str
        As in ``Europe/London``; this computer's own when empty.

    Returns
    -------
    Journal

    Raises
    ------
    JournalError
        When the folder is in use, lies in another journal or may not be written to, a name is missing, or the
        time zone is none; nothing is made.
    """
    import tomlkit

    root = check_new_journal(path, client=client, therapist=therapist, time_zone=time_zone)
    content = tomlkit.document()
    content.update({"format": 1, "client": client, "therapist": therapist})
    content.update(
        {"place": place, "therapist_place": therapist_place, "time_zone": time_zone, "sealed": False}
    )
    store = PlainStore(root)
    store.write("journal.toml", tomlkit.dumps(content).encode())
    make_folder(root / "sessions")
    return open_journal(root)
