from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keyring
import pexpect
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringLocked, PasswordDeleteError

from tests.conftest import CODE, WORDS, root_of
from tests.support.meanwhile import STUCK
from therapy_review import Journal, open_journal
from therapy_review.errors import LockedError
from therapy_review.journal.journal import folder_of
from therapy_review.storage import unlock
from therapy_review.storage.keys import Identity, NewKeys
from therapy_review.storage.unlock import ASK, FILE

posix = pytest.mark.skipif(os.name != "posix", reason="modes, owners and terminals are POSIX's")
OPEN = "import sys; from therapy_review import open_journal; print('OPENED', open_journal(sys.argv[1]))"


class InMemory(KeyringBackend):
    """A keyring that a test can look into."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError


class Closed(InMemory):
    """A keyring that its owner does not open."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("dismissed")


@pytest.fixture
def closed(sealed: Journal, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sealed journal that nothing in this program opens yet, where nobody can be asked."""
    unlock.forget()
    monkeypatch.delenv(FILE, raising=False)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: False))
    return root_of(sealed)


@pytest.fixture
def passphrase_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "passphrase"
    file.touch(0o600)
    file.write_text(f"{WORDS}\n")
    monkeypatch.setenv(FILE, str(file))
    return file


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemory]:
    before, ours = keyring.get_keyring(), InMemory()
    keyring.set_keyring(ours)
    yield ours
    keyring.set_keyring(before)


def in_keyring(root: Path) -> str:
    """Let a journal's settings say that a keyring keeps its passphrase, and return its public key."""
    file = root / "journal.toml"
    file.write_text(f"{file.read_text()}keyring = true\n")  # `seal` is the last table
    return str(open_settings(root)["seal"]["recipient"])


def open_settings(root: Path) -> dict[str, Any]:
    return folder_of(root)[1]


def test_where_nobody_can_be_asked_it_is_said_what_to_do(closed: Path) -> None:
    with pytest.raises(LockedError, match=f"can be asked .* {FILE}"):
        open_journal(closed)


def test_once_opened_nothing_is_asked_again_until_it_is_forgotten(closed: Path, keys: NewKeys) -> None:
    unlock.keep(keys.identity)
    assert open_journal(closed).session("2026-03-05").notes.text
    unlock.keep(Identity.generate())  # another journal's
    assert open_journal(closed).sessions
    unlock.forget()
    with pytest.raises(LockedError):
        open_journal(closed)


def test_a_passphrase_file_opens_it_and_is_read_once(closed: Path, passphrase_file: Path) -> None:
    assert open_journal(closed).session("2026-03-05").notes.text
    passphrase_file.unlink()
    assert open_journal(closed).sessions


@pytest.mark.parametrize("content", [f"{WORDS}\r\n", f"\ufeff{WORDS}\n# more", WORDS])
def test_the_first_line_of_a_passphrase_file_counts(passphrase_file: Path, content: str) -> None:
    passphrase_file.write_bytes(content.encode())
    assert unlock.from_passphrase_file(passphrase_file) == WORDS


def test_a_passphrase_file_is_found_from_the_home_folder(
    passphrase_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(passphrase_file.parent))
    assert unlock.from_passphrase_file(Path("~/passphrase")) == WORDS


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_passphrase_file_that_others_may_read_is_refused(
    closed: Path, passphrase_file: Path, mode: int
) -> None:
    passphrase_file.chmod(mode)
    with pytest.raises(LockedError, match=f"  chmod 600 {passphrase_file}"):
        open_journal(closed)


@posix
def test_a_passphrase_file_of_somebody_else_is_refused(
    closed: Path, passphrase_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: passphrase_file.stat().st_uid + 1)
    with pytest.raises(LockedError, match="somebody else"):
        open_journal(closed)


@pytest.mark.parametrize("content", [b"", b"\n", b"\nthe second line\n"])
def test_an_empty_passphrase_file_is_a_sentence(closed: Path, passphrase_file: Path, content: bytes) -> None:
    passphrase_file.write_bytes(content)
    with pytest.raises(LockedError, match="is empty"):
        open_journal(closed)


@pytest.mark.parametrize("instead", ["nothing", "a folder", "no text"])
def test_a_passphrase_file_that_cannot_be_read_is_a_sentence(
    closed: Path, passphrase_file: Path, instead: str
) -> None:
    passphrase_file.unlink()
    if instead == "a folder":
        passphrase_file.mkdir(0o700)
    elif instead == "no text":
        passphrase_file.touch(0o600)
        passphrase_file.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(LockedError, match=f"can't be read; .*{FILE}"):
        open_journal(closed)


def test_a_passphrase_file_that_says_another_one_is_a_sentence(closed: Path, passphrase_file: Path) -> None:
    passphrase_file.write_text("another one\n")
    with pytest.raises(LockedError, match=f"{passphrase_file} .* not open practice"):
        open_journal(closed)


def test_a_keyring_opens_it_where_the_client_wants_that_and_only_there(closed: Path, ring: InMemory) -> None:
    public = str(open_settings(closed)["seal"]["recipient"])
    unlock.remember_in_keyring(public, WORDS)
    assert ring.kept == {("therapy-review", public): WORDS}
    with pytest.raises(LockedError, match="can be asked"):
        open_journal(closed)
    in_keyring(closed)
    assert open_journal(closed).session("2026-03-05").notes.text
    unlock.forget_in_keyring(public)
    unlock.forget_in_keyring(public)  # what is not there need not be forgotten
    assert not ring.kept


def test_a_keyring_that_has_another_passphrase_none_or_is_closed_leads_to_the_question(
    closed: Path, ring: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = in_keyring(closed)
    with pytest.raises(LockedError, match="can be asked"):
        open_journal(closed)
    unlock.remember_in_keyring(public, "an earlier one")
    with pytest.raises(LockedError, match="can be asked"):
        open_journal(closed)
    for other in (Closed(), fail.Keyring(), null.Keyring()):
        keyring.set_keyring(other)
        with pytest.raises(LockedError, match="can be asked"):
            open_journal(closed)


@pytest.mark.parametrize("none", [fail.Keyring(), null.Keyring()])
def test_a_computer_without_a_keyring_says_so(ring: InMemory, none: KeyringBackend) -> None:
    keyring.set_keyring(none)
    with pytest.raises(LockedError, match=r"no keyring .* passphrase file"):
        unlock.remember_in_keyring("age1…", WORDS)


def test_a_keyring_that_refuses_or_forgets_is_a_sentence(ring: InMemory) -> None:
    keyring.set_keyring(Closed())
    with pytest.raises(LockedError, match="not keep"):
        unlock.remember_in_keyring("age1…", WORDS)
    ring.set_password = None  # type: ignore[assignment,method-assign]
    keyring.set_keyring(ring)
    with pytest.raises(LockedError, match="not take"):
        unlock.remember_in_keyring("age1…", WORDS)


def in_terminal(root: Path, *, tmp: Path) -> pexpect.spawn[str]:
    environment = {**os.environ, "HOME": str(tmp)}
    environment.pop(FILE, None)
    return pexpect.spawn(
        sys.executable, ["-c", OPEN, str(root)], env=environment, encoding="utf-8", timeout=STUCK
    )


@posix
def test_in_a_terminal_the_passphrase_is_asked_for_and_not_shown(closed: Path, tmp_path: Path) -> None:
    asked = in_terminal(closed, tmp=tmp_path)
    asked.expect_exact(ASK)
    asked.waitnoecho()
    asked.sendline("not this one")
    asked.expect("another one.* recovery code.*: ")
    asked.waitnoecho()
    asked.sendline(WORDS)
    asked.expect_exact("OPENED Journal('practice', 8 sessions)")
    asked.expect(pexpect.EOF)
    assert WORDS not in asked.before


@posix
def test_after_three_others_it_stays_closed_and_says_what_helps(closed: Path, tmp_path: Path) -> None:
    asked = in_terminal(closed, tmp=tmp_path)
    for _ in range(3):
        asked.expect(r"passphrase.*: ")
        asked.waitnoecho()
        asked.sendline("not this one")
    asked.expect_exact("practice stays closed")
    asked.expect_exact("recovery code on")
    asked.expect(pexpect.EOF)


@posix
def test_the_recovery_code_is_taken_in_place_of_the_passphrase(closed: Path, tmp_path: Path) -> None:
    asked = in_terminal(closed, tmp=tmp_path)
    asked.expect_exact(ASK)
    asked.waitnoecho()
    asked.sendline(CODE.lower().replace("-", " "))
    asked.expect_exact("OPENED Journal('practice', 8 sessions)")


@posix
def test_where_the_file_that_the_passphrase_opens_was_lost_the_code_still_opens_it(
    closed: Path, tmp_path: Path
) -> None:
    (closed / "identity.age").unlink()
    asked = in_terminal(closed, tmp=tmp_path)
    asked.expect("is missing.* recovery code .*: ")
    asked.waitnoecho()
    asked.sendline(CODE)
    asked.expect_exact("OPENED Journal('practice', 8 sessions)")


@posix
@pytest.mark.parametrize("way", ["interrupted", "ended"])
def test_a_question_that_is_broken_off_is_a_sentence(closed: Path, tmp_path: Path, way: str) -> None:
    asked = in_terminal(closed, tmp=tmp_path)
    asked.expect_exact(ASK)
    asked.waitnoecho()
    asked.sendintr() if way == "interrupted" else asked.sendeof()
    asked.expect("practice stays closed" if way == "interrupted" else "can be asked")


@posix
def test_a_program_that_holds_a_key_leaves_no_core_file_when_it_crashes(
    closed: Path, passphrase_file: Path
) -> None:
    code = f"{OPEN}; import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
    run = subprocess.run(
        [sys.executable, "-c", code, str(closed)], capture_output=True, text=True, check=True
    )
    assert run.stdout.endswith("(0, 0)\n")


@posix
def test_a_key_in_a_pipe_reaches_the_program_that_takes_this_ones_place_once(
    closed: Path, keys: NewKeys
) -> None:
    unlock.keep(keys.identity)
    added = unlock.passed_on(open_journal(closed).store)
    (number,) = added.values()
    code = f"import os; {OPEN}; print(os.environ.get({unlock.PIPE!r}))"
    run = subprocess.run(
        [sys.executable, "-c", code, str(closed)],
        env={**os.environ, **added},
        pass_fds=[int(number)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "OPENED" in run.stdout
    assert run.stdout.endswith("None\n")
    assert str(keys.identity) not in str(added)
    os.close(int(number))


def test_a_plain_journal_has_no_secret_to_hand_on(journal: Journal) -> None:
    assert unlock.secret_of(journal.store) is None
    assert unlock.passed_on(journal.store) == {}


@pytest.mark.parametrize("pipe", ["", "none", "987654"])
def test_a_pipe_that_is_not_there_leads_to_the_question(
    closed: Path, monkeypatch: pytest.MonkeyPatch, pipe: str
) -> None:
    monkeypatch.setenv(unlock.PIPE, pipe)
    with pytest.raises(LockedError, match="can be asked"):
        open_journal(closed)


def test_the_order_is_memory_file_keyring_question(
    closed: Path, passphrase_file: Path, monkeypatch: pytest.MonkeyPatch, keys: NewKeys
) -> None:
    asked: list[str] = []

    def asking(name: str, answer: Any) -> Any:
        return lambda *_: (asked.append(name), answer)[1]

    monkeypatch.setattr(unlock, "from_passphrase_file", asking("file", WORDS))
    monkeypatch.setattr(unlock, "_from_keyring", asking("keyring", WORDS))
    monkeypatch.setattr(unlock, "_ask", asking("question", keys.identity))
    monkeypatch.setattr(unlock, "opened", lambda *_: keys.identity)
    in_keyring(closed)

    open_journal(closed)
    assert asked == ["file"]
    open_journal(closed)
    assert asked == ["file"]  # known by now
    unlock.forget()
    monkeypatch.delenv(FILE)
    open_journal(closed)
    assert asked == ["file", "keyring"]
    unlock.forget()
    settings = closed / "journal.toml"
    settings.write_text(settings.read_text().replace("keyring = true\n", ""))
    open_journal(closed)
    assert asked == ["file", "keyring", "question"]


# In a kernel, as Jupyter and papermill start it, with all that it leaves on disk in folders of its own.


class Kernel:
    """A kernel that speaks through files, and everything it writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manager = KernelManager(
            transport="ipc", ip=str(folder / "k"), connection_file=str(folder / "runtime" / "kernel.json")
        )
        for name in ("runtime", "ipython", "home", "tmp"):
            (folder / name).mkdir(mode=0o700)
        elsewhere = {
            "HOME": "home",
            "IPYTHONDIR": "ipython",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "XDG_RUNTIME_DIR": "runtime",
            "TMPDIR": "tmp",
        }
        environment = {**os.environ, **{name: str(folder / sub) for name, sub in elsewhere.items()}}
        environment.pop(FILE, None)
        self.manager.start_kernel(env=environment)
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=STUCK)

    def run(self, code: str, answer: str | None = None) -> str:
        """Run a cell and return what it shows; `answer` is typed into the field it asks in."""
        shown: list[str] = []

        def show(message: dict[str, Any]) -> None:
            content = message["content"]
            shown.append(content.get("text") or "\n".join(content.get("traceback", [])))
            shown.append(content.get("data", {}).get("text/plain", ""))

        def ask(message: dict[str, Any]) -> None:
            shown.append(f"ASKED {message['content']}")
            self.client.input(answer or "")

        self.client.execute_interactive(
            code, allow_stdin=answer is not None, output_hook=show, stdin_hook=ask, timeout=STUCK
        )
        return "".join(shown)

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=False)

    def left(self) -> bytes:
        """Return all bytes in its folders: history, connection, whatever else."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        assert any(path.name == "history.sqlite" for path in files)
        return b"".join(path.read_bytes() for path in files)

    def history(self) -> str:
        """Return every line that the kernel's history file holds."""
        (file,) = self.folder.rglob("history.sqlite")
        with sqlite3.connect(file) as database:
            tables = [
                name for (name,) in database.execute("select name from sqlite_master where type='table'")
            ]
            return str([database.execute(f"select * from {name}").fetchall() for name in tables])


@pytest.fixture
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    started = Kernel(tmp_path_factory.mktemp("kernel"))
    yield started
    if started.manager.has_kernel:
        started.stop()


REMEMBERED = (
    "print(In, Out, [name for name in dir() if name.startswith('_')]); print(_i, _ii, _iii)\n%history -g"
)


@posix
def test_a_kernel_takes_the_key_and_keeps_it_in_no_history_and_no_file(
    closed: Path, keys: NewKeys, kernel: Kernel
) -> None:
    unlock.keep(keys.identity)
    secret = unlock.secret_of(open_journal(closed).store)
    assert secret == f"{keys.identity}\n"
    unlock.hand_over(kernel.client, secret)
    kernel.run("2 + 2")
    opened = kernel.run(f"from therapy_review import open_journal\nopen_journal({str(closed)!r})")
    assert "Journal('practice', 8 sessions)" in opened
    remembered = kernel.run(REMEMBERED)
    assert "2 + 2" in remembered
    kernel.stop()
    assert "2 + 2" in kernel.history()
    for kept in (opened, remembered, kernel.history(), kernel.left().decode("latin-1")):
        assert secret.strip() not in kept
        assert "take_over" not in kept


@posix
def test_in_a_notebook_the_passphrase_is_typed_into_a_field_that_shows_nothing(
    closed: Path, keys: NewKeys, kernel: Kernel
) -> None:
    cell = f"from therapy_review import open_journal\nopen_journal({str(closed)!r})"
    opened = kernel.run(cell, answer=WORDS)
    assert str({"prompt": ASK, "password": True}) in opened
    assert "Journal('practice', 8 sessions)" in opened
    again = kernel.run(cell, answer="not asked")
    assert "ASKED" not in again
    remembered = kernel.run(REMEMBERED)
    kernel.stop()
    assert "open_journal" in kernel.history()
    for kept in (remembered, kernel.history(), kernel.left().decode("latin-1")):
        assert WORDS not in kept
        assert str(keys.identity) not in kept


@posix
def test_a_kernel_without_anybody_to_ask_says_so_and_waits_for_nobody(closed: Path, kernel: Kernel) -> None:
    shown = kernel.run(f"from therapy_review import open_journal\nopen_journal({str(closed)!r})")
    assert "can be asked" in shown
    with pytest.raises(LockedError, match="notebook's kernel"):
        unlock.hand_over(kernel.client, "no key")
    kernel.run(
        "import therapy_review.storage.unlock as u, threading\nu.take_over = lambda: threading.Event().wait()"
    )
    with pytest.raises(LockedError, match="not be given"):
        unlock.hand_over(kernel.client, "no key", wait=0.1)
    kernel.manager.interrupt_kernel()
