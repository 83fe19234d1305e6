"""Keys: what opens a sealed journal.

A journal has one age identity (X25519). It lies in the journal twice, sealed: ``identity.age`` opens with the
passphrase, ``recovery.age`` with the recovery code that is printed once, on paper. Each session has an identity of
its own, sealed to the journal's, so that a session can be erased by destroying its key. All is the public age
format: ``age -d`` and the passphrase are enough to read everything without this program.

References
----------
The age file format, version 1: https://c2sp.org/age
"""

from __future__ import annotations

import secrets
import time
import unicodedata
from dataclasses import dataclass

from pyrage import DecryptError, IdentityError, decrypt, passphrase, x25519

from therapy_review.errors import JournalError, LockedError

IDENTITY = "identity.age"  # the journal's identity, sealed with the passphrase
RECOVERY = "recovery.age"  # the same, sealed with the recovery code
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that look alike on paper
GROUPS, GROUP = 6, 5  # 30 letters of 30: 147 bits
# Times, and seconds between them, where a busy computer takes a passphrase for too much work.
TRIES, WAIT = 10, 0.3
WEAK = 3  # of zxcvbn's 0 to 4: below it, somebody who has the file is likely to find it

Identity = x25519.Identity


@dataclass(frozen=True)
class NewKeys:
    """What a journal needs to be sealed: its identity, and the content of ``identity.age`` and ``recovery.age``."""

    identity: Identity
    by_passphrase: bytes
    by_recovery: bytes


def new_keys(words: str, code: str) -> NewKeys:
    """Make the keys of a journal from a passphrase and a recovery code; takes some seconds, on purpose."""
    identity = Identity.generate()
    return NewKeys(identity, locked_with(words, identity), locked_with(plain_code(code), identity))


def locked_with(words: str, identity: Identity) -> bytes:
    """Seal an identity with a passphrase, as an age identity file."""
    return passphrase.encrypt(as_file(identity), _as_typed(words))


def _as_typed(words: str) -> str:
    """Give letters with accents the one form that keyboards give them; some systems' files have another."""
    return unicodedata.normalize("NFC", words)


def as_file(*identities: Identity) -> bytes:
    """Write identities as age's own identity files are: a line of text each."""
    return "".join(f"{identity}\n" for identity in identities).encode()


def from_file(data: bytes) -> Identity:
    """Read an identity from an age identity file: the first, where there are more."""
    return identities_in(data)[0]


def identities_in(data: bytes) -> list[Identity]:
    """Read all identities in an age identity file; `LockedError` where there is none."""
    lines = data.decode("ascii", "replace").splitlines()
    try:
        found = [Identity.from_str(line.strip()) for line in lines if line.startswith("AGE-SECRET-KEY-")]
    except IdentityError:
        found = []
    if not found:
        raise LockedError("A key of this journal can't be read; restore the journal from a backup.")
    return found


def opened(data: bytes, words: str) -> Identity:
    """Open what ``identity.age`` holds with its passphrase, or ``recovery.age`` with the recovery code."""
    # Before age tries a passphrase it looks for a millisecond how fast the computer is, and leaves alone what would
    # take it too long. A computer that was busy in that millisecond looks slow; a moment later it is itself again.
    for _ in range(TRIES):
        try:
            return from_file(passphrase.decrypt(data, _as_typed(words)))
        except DecryptError as error:
            if "Excessive work" not in str(error):
                raise LockedError(
                    "That does not open this journal; type it again, with capital letters and spaces as you chose "
                    "them."
                ) from error
            time.sleep(WAIT)
    raise JournalError(
        "This computer is too busy right now to try what opens this journal, so it was not tried; close other "
        "programs, wait a moment, and try again."
    )


def session_identities(sealed: bytes, identity: Identity) -> list[Identity]:
    """Open a session's identities with the journal's: first what is sealed to; any of them may open a file."""
    try:
        return identities_in(decrypt(sealed, [identity]))
    except DecryptError as error:
        raise LockedError(
            "A session's key is damaged or belongs to another journal; put it back from a backup."
        ) from error


def new_recovery_code() -> str:
    """Draw a recovery code: 147 random bits in six groups of letters that can't be mistaken on paper.

    Examples
    --------
    >>> len(new_recovery_code())
    35
    """
    drawn = ["".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS)]
    return "-".join(drawn)


def plain_code(typed: str) -> str:
    """Read a recovery code as it was typed: spaces, dashes and small letters make no difference.

    Examples
    --------
    >>> plain_code(" abcde fghjk-mnpqr ")
    'ABCDE-FGHJK-MNPQR'
    """
    letters = "".join(letter for letter in typed.upper() if letter.isalnum())
    return "-".join(letters[at : at + GROUP] for at in range(0, len(letters), GROUP))


@dataclass(frozen=True)
class Strength:
    """How long a passphrase would stand against somebody who has the journal's files."""

    is_weak: bool
    sentence: str


def strength(words: str) -> Strength:
    """Judge a passphrase before it is used, by zxcvbn (Wheeler 2016, USENIX Security).

    Examples
    --------
    >>> strength("password1").is_weak, strength("harbour lentil oboe margin").is_weak
    (True, False)
    """
    from zxcvbn import zxcvbn

    # zxcvbn takes long over long texts, and beyond this no judgement is needed. Each guess costs about a second.
    found = zxcvbn(words[:72])
    how_long = str(found["crack_times_display"]["offline_slow_hashing_1e4_per_second"])
    if found["score"] >= WEAK:
        return Strength(False, "That is hard to guess.")  # noqa: FBT003  the field's own name says it
    return Strength(
        True,  # noqa: FBT003
        f"Somebody with a copy of the journal might find that in {how_long}; four or five words that have "
        "nothing to do with each other are harder to guess, and easier to remember.",
    )
