"""New journal: a folder with its settings and nothing else yet."""

from __future__ import annotations

from pathlib import Path

from therapy_review.errors import JournalError
from therapy_review.journal.journal import Journal, is_time_zone, open_journal
from therapy_review.storage import PlainStore, make_folder


def check_new(path: str | Path, *, client: str, therapist: str, time_zone: str = "") -> Path:
    """See that a new journal can be made, before anything is asked for it.

    Parameters
    ----------
    path, client, therapist, time_zone
        As for `create_journal`.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    JournalError
        As `create_journal`.
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

    root = check_new(path, client=client, therapist=therapist, time_zone=time_zone)
    content = tomlkit.document()
    content.update({"format": 1, "client": client, "therapist": therapist})
    content.update(
        {"place": place, "therapist_place": therapist_place, "time_zone": time_zone, "sealed": False}
    )
    store = PlainStore(root)
    store.write("journal.toml", tomlkit.dumps(content).encode())
    make_folder(root / "sessions")
    return open_journal(root)
