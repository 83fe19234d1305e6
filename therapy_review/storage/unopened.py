"""Writing into a sealed journal without its key: to what it is sealed stands in ``journal.toml``."""

from __future__ import annotations

from pyrage import RecipientError, encrypt, x25519

from therapy_review import hints
from therapy_review.errors import JournalError
from therapy_review.storage.plain import PlainStore
from therapy_review.storage.sealed import SETTINGS
from therapy_review.storage.sealed_names import AGE


def write_unopened(store: PlainStore, sealed_to: str, name: str, data: bytes) -> None:
    """Write a new file into a sealed journal for which no key is at hand; whoever opens it finds it there.

    Parameters
    ----------
    store : PlainStore
        The journal's folder.
    sealed_to : str
        The journal's public key, as ``journal.toml`` has it.
    name : str
        Of a file outside of sessions, without a day in it.
    data : bytes

    Raises
    ------
    JournalError
        When ``journal.toml`` does not say what to seal it to, or the disk refuses.
    """
    try:
        recipient = x25519.Recipient.from_str(sealed_to)
    except RecipientError as error:
        raise JournalError(
            f"{store.where(SETTINGS)} doesn't say what this journal is sealed to; to mend that: "
            f"{hints.command('seal', journal=store.root)}"
        ) from error
    store.write(f"{name}{AGE}", encrypt(data, [recipient]))
