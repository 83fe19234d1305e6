"""Unlock: where the key of a sealed journal comes from, once for each program that runs.

In order: what was opened in this program before; a passphrase file, for runs without people
(``THERAPY_REVIEW_PASSPHRASE_FILE``); this computer's keyring, where the client wants that; and the client, who is
asked in a field that shows nothing. The key stays in memory, and the passphrase nowhere.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from therapy_review import hints
from therapy_review.errors import LockedError, MissingPackageError
from therapy_review.hints import install_line
from therapy_review.storage.keys import IDENTITY, RECOVERY, Identity, as_file, from_file, opened, plain_code
from therapy_review.storage.plain import PlainStore, Store

FILE = "THERAPY_REVIEW_PASSPHRASE_FILE"
PIPE = "THERAPY_REVIEW_KEY_PIPE"
TRIES = 3
KEYRING = "therapy-review"
ASK = "The passphrase of this journal: "
ASK_CODE = "identity.age, which the passphrase opens, is missing. The recovery code of this journal: "
_KNOWN: dict[str, Identity] = {}  # by the journal's public key


def identity_of(store: PlainStore, settings: Mapping[str, Any]) -> Identity:
    """Find what opens a sealed journal, asking the client where nothing else knows.

    Parameters
    ----------
    store : PlainStore
        The journal's folder.
    settings : mapping
        Content of ``journal.toml``.

    Returns
    -------
    Identity

    Raises
    ------
    LockedError
        When nobody can be asked, or what was given is another passphrase.
    JournalError
        When the computer is too busy to try it.
    """
    public = str(settings.get("seal", {}).get("recipient", ""))
    if PIPE in os.environ:
        _from_pipe()
    if public in _KNOWN:
        return _KNOWN[public]
    # Without it, the recovery code still opens the journal.
    sealed = store.read(IDENTITY) if store.exists(IDENTITY) or not store.exists(RECOVERY) else b""
    if named := os.environ.get(FILE):
        words = from_passphrase_file(Path(named))
        try:
            return keep(opened(sealed, words))
        except LockedError as error:
            raise LockedError(
                f"What the passphrase file {named} says does not open {store.where('')}; check its first line."
            ) from error
    if settings.get("seal", {}).get("keyring") and (kept := _from_keyring(public)):
        with contextlib.suppress(LockedError):  # another passphrase by now: the client is asked
            return keep(opened(sealed, kept))
    return keep(_ask(store, sealed))


def keep(identity: Identity) -> Identity:
    """Keep a key in this program's memory until it ends, and out of what is written when a program crashes."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # not on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _KNOWN[str(identity.to_public())] = identity
    return identity


def forget() -> None:
    """Forget every key this program knows."""
    _KNOWN.clear()


def from_passphrase_file(path: Path) -> str:
    """Read a passphrase, the first line of a file that only its owner can read."""
    path = path.expanduser()
    try:
        found = path.stat()
        words = path.read_text(encoding="utf-8-sig").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise LockedError(
            f"The passphrase file {path} can't be read; check {FILE}, or unset it to be asked."
        ) from error
    if os.name == "posix" and found.st_uid != os.getuid():
        raise LockedError(
            f"The passphrase file {path} belongs to somebody else on this computer; use a file of your own."
        )
    if os.name == "posix" and stat.S_IMODE(found.st_mode) & 0o077:
        raise LockedError(
            f"Others on this computer may read the passphrase file {path}; make it yours alone first:  "
            f"chmod 600 {hints.quoted(path)}"
        )
    if not words:
        raise LockedError(f"The passphrase file {path} is empty; its first line is the passphrase.")
    return words


def _ask(store: PlainStore, sealed: bytes) -> Identity:
    """Ask the client, in the terminal or below the notebook's cell; the recovery code is taken as well."""
    name = store.where("")
    prompt = ASK if sealed else ASK_CODE
    for _ in range(TRIES):
        words = _field(prompt, name)
        with contextlib.suppress(LockedError):
            return opened(sealed, words)
        # Six groups of five are a recovery code; trying it takes another second, so only what looks like one is.
        if len(plain_code(words).split("-")) > 5 and store.exists(RECOVERY):
            with contextlib.suppress(LockedError):
                return opened(store.read(RECOVERY), plain_code(words))
        asked = "The passphrase (or the recovery code)" if sealed else "The code"
        prompt = f"That was another one. {asked}: "
    raise LockedError(
        f"{name} stays closed: none of these was its passphrase. If it is forgotten, the recovery code on paper "
        "opens it; type that in place of the passphrase."
    )


def _field(prompt: str, name: str) -> str:
    closed = LockedError(
        f"{name} is sealed, and nobody can be asked for its passphrase here; open it in a notebook or a terminal, "
        f"or name a passphrase file in {FILE}."
    )
    in_notebook = "ipykernel" in sys.modules and _kernel_asks()
    if not in_notebook and not (sys.stdin is not None and sys.stdin.isatty()):
        raise closed
    try:
        return getpass.getpass(prompt)
    except (EOFError, OSError) as error:
        raise closed from error
    except KeyboardInterrupt as error:
        raise LockedError(f"{name} stays closed.") from error


def _kernel_asks() -> bool:
    from ipykernel.kernelapp import IPKernelApp

    return bool(IPKernelApp.initialized() and getattr(IPKernelApp.instance().kernel, "_allow_stdin", False))


def _from_keyring(public: str) -> str | None:
    # A keyring may be locked or broken in its own way: the client is asked.
    with contextlib.suppress(Exception):
        found = _keyring().get_password(KEYRING, public)
        return None if found is None else str(found)
    return None


def remember_in_keyring(public: str, words: str) -> None:
    """Put a passphrase into this computer's keyring, under the journal's public key."""
    try:
        _keyring().set_password(KEYRING, public, words)
        if _from_keyring(public) != words:
            raise LockedError(
                "This computer's keyring did not keep the passphrase, so it is asked for each time."
            )
    except Exception as error:
        if isinstance(error, MissingPackageError | LockedError):
            raise
        raise LockedError(f"This computer's keyring did not take the passphrase ({error}).") from error


def forget_in_keyring(public: str) -> None:
    """Take a passphrase out of this computer's keyring, if it is there."""
    with contextlib.suppress(Exception):
        _keyring().delete_password(KEYRING, public)


def _keyring() -> Any:
    try:
        import keyring
        from keyring.backends.fail import Keyring as NoKeyring
        from keyring.backends.null import Keyring as NullKeyring
    except ImportError as error:
        raise MissingPackageError(
            f"This computer's keyring needs a package more; install it with:  {install_line('keyring')}"
        ) from error
    if isinstance(keyring.get_keyring(), (NoKeyring, NullKeyring)):
        raise LockedError(
            "This computer has no keyring (machines without a screen often have none), so the passphrase is asked "
            "for each time, or read from a passphrase file."
        )
    return keyring


def secret_of(store: Store) -> str | None:
    """Return a sealed journal's key, to hand it to a program started from this one; None for a plain journal."""
    identity = getattr(store, "identity", None)
    return None if identity is None else as_file(identity).decode()


def passed_on(store: Store) -> dict[str, str]:
    """Lay a sealed journal's key in a pipe for the program that takes this one's place.

    Gives what to add to that program's environment: nothing for a plain journal, or where programs inherit no pipe.
    """
    secret = secret_of(store)
    if secret is None or os.name != "posix":
        return {}
    reading, writing = os.pipe()
    os.write(writing, secret.encode())
    os.close(writing)
    os.set_inheritable(reading, True)  # noqa: FBT003
    return {PIPE: str(reading)}


def _from_pipe() -> None:
    """Take the key that was laid in a pipe, which can be done once."""
    with contextlib.suppress(OSError, ValueError, LockedError):
        reading = int(os.environ.pop(PIPE))
        with os.fdopen(reading, "rb") as pipe:
            keep(from_file(pipe.read()))


def take_over() -> None:
    """Take a key that the program which started this kernel gives through the field for passwords."""
    keep(from_file(getpass.getpass("").encode()))


HAND_OVER = "from therapy_review.storage import unlock as _u; _u.take_over(); del _u"


def hand_over(client: Any, secret: str, *, wait: float = 60.0) -> None:
    """Give a kernel that is ready the key from `secret_of`, before its first cell; it is kept nowhere there."""
    failed = LockedError("The key of the journal could not be given to the notebook's kernel; try again.")
    try:
        reply = client.execute_interactive(
            HAND_OVER,
            silent=True,
            store_history=False,
            allow_stdin=True,
            stop_on_error=False,
            timeout=wait,
            output_hook=lambda _message: None,
            stdin_hook=lambda _message: client.input(secret.strip()),
        )
    except (TimeoutError, RuntimeError) as error:  # it answered too late, or it died
        raise failed from error
    if reply["content"]["status"] != "ok":
        raise failed
