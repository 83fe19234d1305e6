from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from tests.conftest import CODE, PRACTICE, ROOT, WORDS
from tests.house.test_killed import seen
from tests.storage.test_keys import work_for
from tests.support.in_process import run
from tests.support.killable import FILES, SETTINGS
from therapy_review import create_journal, hints, open_journal
from therapy_review.commands.seal import choose_passphrase
from therapy_review.errors import LockedError
from therapy_review.storage import keys as k, unlock
from therapy_review.storage.keys import NewKeys
from therapy_review.storage.plain import PlainStore
from therapy_review.storage.sealing import seal

pytestmark = pytest.mark.skipif(os.name != "posix", reason="terminals are driven as on POSIX")
PROGRAM = [str(Path(sys.executable).with_name("therapy-review"))]
LIGHT = [sys.executable, str(ROOT / "tests/support/light_program.py")]
VOICE = PRACTICE / "sessions/2026-01-29/recording.opus"
NEW = "copper willow antenna quilt"


@pytest.fixture
def passphrase_file(tmp_path: Path) -> Path:
    file = tmp_path / "passphrase"
    file.touch(0o600)
    file.write_text(WORDS)
    return file


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a small plain journal, and a home without a keyring."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")  # not the developer's own
    monkeypatch.delenv(unlock.FILE, raising=False)
    store = PlainStore(tmp_path / "mine")
    for name, data in {"journal.toml": SETTINGS, **FILES}.items():
        store.write(name, data)
    store.remove("agreements.toml")  # the small one's holds no whole agreement
    store.remove("sessions/2026-03-04/recording.m4a")  # nor is that sound
    return store.root


@pytest.fixture
def sealed_mine(mine: Path, keys: NewKeys) -> Path:
    seal(PlainStore(mine), keys)
    return mine


@pytest.fixture
def known(sealed_mine: Path, passphrase_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small sealed journal whose passphrase is in a file."""
    monkeypatch.setenv(unlock.FILE, str(passphrase_file))
    return sealed_mine


class Terminal:
    """A person at a terminal."""

    def __init__(self, *words: str, program: list[str] = LIGHT) -> None:
        self.shown = ""
        start, *rest = [*program, *words]
        self.program: pexpect.spawn[str] = pexpect.spawn(
            start, rest, encoding="utf-8", timeout=120, dimensions=(40, 200)
        )

    def sees(self, text: str) -> str:
        self.program.expect(re.compile(text, re.DOTALL))
        now = str(self.program.before) + str(self.program.after)
        self.shown += now
        return now

    def types(self, text: str, *, hidden: bool = False) -> None:
        if hidden:
            assert self.program.waitnoecho(10), "what is typed here would be seen"
        self.program.sendline(text)

    def ends(self, status: int = 0) -> str:
        self.program.expect(pexpect.EOF)
        self.shown += str(self.program.before)
        self.program.close()
        assert self.program.exitstatus == status, self.shown
        assert "Traceback" not in self.shown
        return self.shown


def choose(terminal: Terminal, prompt: str, words: str) -> str:
    """Choose a passphrase and write the code down; return the code."""
    terminal.sees(re.escape(prompt))
    terminal.types(words, hidden=True)
    terminal.sees("hard to guess.*The same again")
    terminal.types(words, hidden=True)
    shown = terminal.sees("from the paper")
    (code,) = re.findall(r"(?:[2-9A-Z]{5}-){5}[2-9A-Z]{5}", shown)
    terminal.types(code)
    terminal.sees("that opens it")
    return str(code)


def opens(root: Path, words: str, *, code: bool = False) -> bool:
    data = (root / ("recovery.age" if code else "identity.age")).read_bytes()
    try:
        unlock.keep(k.opened(data, words))
    except LockedError:
        return False
    return True


def test_a_new_journal_asks_twice_advises_against_what_is_weak_and_has_the_code_written_down(
    tmp_path: Path,
) -> None:
    at = Terminal("init", str(tmp_path / "new"), "--name", "A", "--therapist", "B")
    at.sees("Where are you")
    at.types("US-TX")
    at.sees("where is B")
    at.types("US-CA")
    at.sees(r"Passphrase \(")
    at.types("password1", hidden=True)
    at.sees("might find.*four or five.*all the same")
    at.types("n")
    at.sees("Passphrase")
    at.types(WORDS, hidden=True)
    at.sees("The same again")
    at.types(WORDS.upper(), hidden=True)
    at.sees("two different.*Passphrase")
    at.types(WORDS, hidden=True)
    at.sees("The same again")
    at.types(WORDS, hidden=True)
    shown = at.sees("only this code.*from the paper")
    (code,) = re.findall(r"(?:[2-9A-Z]{5}-){5}[2-9A-Z]{5}", shown)
    at.types("ABCDE FGHJK")
    at.sees("not quite.*from the paper")
    at.types(code.lower().replace("-", " "))
    at.sees(re.escape("\x1b[3J"))  # nor can be scrolled back to
    after = at.sees("We have neither")
    at.sees("journal.toml stays")
    at.ends()
    assert code not in after
    assert at.shown.count(WORDS) == 0
    assert opens(tmp_path / "new", WORDS)
    assert opens(tmp_path / "new", code, code=True)
    journal = open_journal(tmp_path / "new")
    assert journal.settings["sealed"]
    assert (journal.place, journal.therapist_place) == ("US-TX", "US-CA")
    assert not journal.sessions


@pytest.mark.parametrize("way", ["at the passphrase", "at the code"])
def test_a_new_journal_that_is_broken_off_leaves_none_that_lies_open(tmp_path: Path, way: str) -> None:
    words = ("init", str(tmp_path / "new"), "--name", "A", "--therapist", "B", "--place", "GB")
    at = Terminal(*words, "--therapist-place", "GB")
    at.sees("Passphrase")
    if way == "at the code":
        at.types(WORDS, hidden=True)
        at.sees("The same again")
        at.types(WORDS, hidden=True)
        at.sees("from the paper")
    at.program.sendintr()
    at.program.expect(pexpect.EOF)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_is_in_use_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "mine.txt").write_text("x")
    at = Terminal("init", str(tmp_path / "new"), "--name", "A", "--therapist", "B", "--place", "GB")
    at.sees("where is B")
    at.types("")
    assert "already in use" in at.ends(1)


def test_a_weak_passphrase_is_taken_from_who_insists(mine: Path) -> None:
    at = Terminal("seal", "-j", str(mine))
    at.sees("Passphrase")
    at.types("password1", hidden=True)
    at.sees("all the same")
    at.types("y")
    at.sees("The same again")
    at.types("password1", hidden=True)
    at.sees("from the paper")
    at.program.terminate()
    assert not open_journal(mine).settings["sealed"]  # nothing rests on a code that is on no paper yet
    assert seen(open_journal(mine).store).keys() >= {"sessions/2026-03-04/notes.md"}


def test_who_wants_no_passphrase_is_told_what_that_means(tmp_path: Path) -> None:
    at = Terminal("init", str(tmp_path / "new"), "--name", "A", "--therapist", "B")
    at.sees("empty: not now")
    at.types("")  # then where the therapist is isn't asked either
    at.sees("Passphrase")
    at.types("", hidden=True)
    at.sees("Without a passphrase.*everything")
    seal = hints.command("seal", journal=tmp_path / "new")
    at.sees(re.escape(f": {seal}\r\n"))
    at.ends()
    assert not open_journal(tmp_path / "new").settings["sealed"]


def test_a_passphrase_from_a_file_is_judged_as_one_that_is_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "passphrase"
    for words, said in (("password1", "might find"), (WORDS, "hard to guess")):
        file.write_text(words)
        file.chmod(0o600)
        monkeypatch.setenv(unlock.FILE, str(file))
        assert choose_passphrase() == words
        assert said in capsys.readouterr().out


@pytest.mark.slow
def test_without_a_terminal_a_new_journal_is_plain_or_takes_the_passphrase_from_its_file(
    tmp_path: Path, passphrase_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("--name", "A", "--therapist", "B")
    monkeypatch.delenv(unlock.FILE, raising=False)
    plain = run("init", str(tmp_path / "plain"), *names)
    assert plain.returncode == 0
    assert "Without a passphrase" in plain.stdout
    refused = run("init", str(tmp_path / "refused"), *names, "--seal")
    assert refused.returncode == 1
    assert unlock.FILE in refused.stderr
    monkeypatch.setenv(unlock.FILE, str(passphrase_file))
    done = run("init", str(tmp_path / "sealed"), *names)
    assert done.returncode == 0, done.stderr
    (code,) = re.findall(r"(?:[2-9A-Z]{5}-){5}[2-9A-Z]{5}", done.stdout)
    assert opens(tmp_path / "sealed", WORDS)
    assert opens(tmp_path / "sealed", code, code=True)


@pytest.mark.slow
def test_sealed_with_hidden_dates_more_is_sealed_later_shown_again_and_unsealed(mine: Path) -> None:
    before = seen(open_journal(mine).store)
    at = Terminal("seal", "--hide-dates", "-j", str(mine))
    choose(at, "Passphrase (", WORDS)
    at.sees("Sealed. ")
    at.ends()
    assert not [path for path in mine.rglob("*") if "2026-" in path.name]
    (mine / "sessions/2026-03-18").mkdir()
    (mine / "sessions/2026-03-18/notes.md").write_text("By hand.\n")
    at = Terminal("seal", "-j", str(mine))
    at.sees(re.escape(unlock.ASK))
    at.types(WORDS, hidden=True)
    at.sees("Sealed: 1 file more.")
    at.ends()
    assert not [path for path in mine.rglob("*") if "2026-" in path.name]
    at = Terminal("seal", "--show-dates", "-j", str(mine))
    at.sees(re.escape(unlock.ASK))
    at.types(WORDS, hidden=True)
    at.sees("All is sealed.")
    at.ends()
    assert (mine / "sessions/2026-03-18/notes.md.age").exists()

    at = Terminal("unseal", "-j", str(mine))
    at.sees("anybody.*the seal off")
    at.types("n")
    at.ends(status=1)
    assert (mine / "sessions/2026-03-18/notes.md.age").exists()
    at = Terminal("unseal", "-j", str(mine))
    at.sees("the seal off")
    at.types("y")
    at.sees(re.escape(unlock.ASK))
    at.types(WORDS, hidden=True)
    at.sees("Done: mine lies open now.")
    at.ends()
    after = seen(open_journal(mine).store)
    assert after == {**before, "sessions/2026-03-18/notes.md": b"By hand.\n"}


@pytest.mark.slow
def test_who_forgot_the_passphrase_chooses_another_with_the_code_on_paper(sealed_mine: Path) -> None:
    before = (sealed_mine / "recovery.age").read_bytes()
    at = Terminal("rekey", "-j", str(sealed_mine))
    at.sees(re.escape(unlock.ASK))
    at.types(CODE, hidden=True)
    code = choose(at, "New passphrase", NEW)
    at.sees("Changed. .*no longer")
    at.ends()
    assert not opens(sealed_mine, WORDS)
    assert (sealed_mine / "recovery.age").read_bytes() != before
    assert opens(sealed_mine, code, code=True)
    unlock.forget()
    assert opens(sealed_mine, NEW)
    assert open_journal(sealed_mine).session("2026-03-04").notes.text


def test_a_new_passphrase_is_not_taken_from_the_file_with_the_old_one(known: Path) -> None:
    before = (known / "identity.age").read_bytes()
    done = run("rekey", "-j", str(known))
    assert done.returncode == 1
    assert "in a terminal" in done.stderr
    assert (known / "identity.age").read_bytes() == before


def test_a_copy_in_one_file_and_back(known: Path, tmp_path: Path) -> None:
    done = run("backup", str(tmp_path / "copy.tar"), "-j", str(known))
    assert done.returncode == 0
    assert re.search(r"read back: \d+ files .* sealed as", done.stdout)
    assert "this copy" in done.stdout
    back = run("restore", str(tmp_path / "copy.tar"), str(tmp_path / "back"))
    assert back.returncode == 0
    assert back.stdout.endswith(f": {hints.command('check', journal=tmp_path / 'back')}\n")
    checked = run("check", "-j", str(tmp_path / "back"))
    assert (checked.returncode, checked.stdout) == (0, "All is well: 2 sessions.\n")
    again = run("backup", str(tmp_path / "copy.tar"), "-j", str(known))
    assert again.returncode == 1
    assert len(again.stderr.splitlines()) == 1
    shutil.rmtree(known)
    create_journal(tmp_path / "plain", client="A", therapist="B")
    assert (
        "anybody can read" in run("backup", str(tmp_path / "plain.tar"), "-j", str(tmp_path / "plain")).stdout
    )


def test_a_journal_that_others_may_read_is_refused_and_one_word_mends_that(mine: Path) -> None:
    mine.chmod(0o755)
    (mine / "reports/weekly_review_2026-W10.html").chmod(0o644)
    for word in ("check", "seal", "unseal", "rekey"):
        refused = run(word, "-j", str(mine))
        assert refused.returncode == 1
        assert f": {hints.command('protect', journal=mine)}\n" in refused.stderr
    assert "only you" in run("protect", "-j", str(mine)).stdout
    assert stat.S_IMODE(mine.stat().st_mode) == 0o700
    assert stat.S_IMODE((mine / "reports/weekly_review_2026-W10.html").stat().st_mode) == 0o600
    assert run("check", "-j", str(mine)).returncode == 0
    assert "no journal in" in run("protect", "-j", str(mine / "sessions")).stderr


def adding(root: Path, file: Path, *more: str) -> tuple[str, ...]:
    return ("add", str(file), "--date", "2026-03-04", "-j", str(root), *more)


@pytest.mark.parametrize("answer", ["y", "n", pytest.param("", marks=pytest.mark.slow)])
def test_once_it_is_sealed_in_the_journal_the_original_is_removed_if_the_client_says_so(
    known: Path, tmp_path: Path, answer: str
) -> None:
    file = Path(shutil.copy(VOICE, tmp_path / "phone.opus"))
    at = Terminal(*adding(known, file))
    at.sees("Added as 2026-03-04")
    at.sees("phone.*backup.*cloud.*Remove phone.opus")
    at.types(answer)
    assert ("Removed." in at.ends()) is (answer == "y")
    assert file.exists() is (answer != "y")
    assert (known / "sessions/2026-03-04/recording.opus.age").exists()
    assert opens(known, WORDS)
    assert open_journal(known).store.read("sessions/2026-03-04/recording.opus") == VOICE.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("option", ["--keep-original", "--remove-original", None])
def test_where_nobody_can_be_asked_the_original_stays_unless_that_was_said(
    known: Path, tmp_path: Path, option: str | None
) -> None:
    file = Path(shutil.copy(VOICE, tmp_path / "phone.opus"))
    done = run(*adding(known, file, *([option] if option else [])))
    assert done.returncode == 0, done.stderr
    assert file.exists() is (option != "--remove-original")
    assert ("its bytes stay" in done.stdout) is (option == "--remove-original")


@pytest.mark.slow
def test_what_was_begun_is_finished_first_and_by_its_own_command(known: Path) -> None:
    settings = known / "journal.toml"
    settings.write_text(settings.read_text() + 'unfinished = "unseal"\n')  # `seal` is the last table
    for words in (("check",), ("seal",), ("rekey",)):
        refused = run(*words, "-j", str(known))
        assert refused.returncode == 1
        assert f": {hints.command('unseal', journal=known)}\n" in refused.stderr
    assert "lies open now" in run("unseal", "--yes", "-j", str(known)).stdout
    assert not list(known.rglob("*.age"))


@pytest.mark.slow
def test_where_all_but_the_keys_was_gone_already_to_unseal_again_removes_them(known: Path) -> None:
    kept = (known / "identity.age").read_bytes()
    assert run("unseal", "--yes", "-j", str(known)).returncode == 0
    (known / "identity.age").write_bytes(kept)  # as if it had been stopped just before
    assert "lies open now" in run("unseal", "--yes", "-j", str(known)).stdout
    assert not (known / "identity.age").exists()
    refused = run("unseal", "--yes", "-j", str(known))
    assert refused.returncode == 1
    assert f": {hints.command('seal', journal=known)}\n" in refused.stderr


@pytest.mark.slow
def test_an_earlier_settings_file_that_was_put_back_is_mended_and_no_new_key_made(known: Path) -> None:
    kept = (known / "identity.age").read_bytes()
    (known / "journal.toml").write_bytes(SETTINGS)
    refused = run("check", "-j", str(known))
    assert f": {hints.command('seal', journal=known)}\n" in refused.stderr
    assert run("seal", "-j", str(known)).stdout == "All is sealed.\n"
    assert (known / "identity.age").read_bytes() == kept
    assert run("check", "-j", str(known)).returncode == 0


@pytest.mark.slow
def test_a_computer_without_a_keyring_says_so_and_the_journal_is_sealed_all_the_same(known: Path) -> None:
    at = Terminal("seal", "--keyring", "-j", str(known))
    at.sees("of this journal")
    at.types(WORDS, hidden=True)
    at.sees("no keyring")
    at.ends()
    assert "keyring" not in (known / "journal.toml").read_text()


def test_a_wrong_passphrase_in_the_file_is_one_sentence(known: Path, passphrase_file: Path) -> None:
    passphrase_file.write_text(NEW)
    done = subprocess.run(
        [*PROGRAM, "check", "-j", str(known)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "does not open mine" in done.stderr


def test_a_journal_whose_passphrase_is_forgotten_can_still_be_erased(sealed_mine: Path) -> None:
    (sealed_mine / "identity.age").unlink()
    refused = run("erase", "--all", "--confirm", "yes", "-j", str(sealed_mine))
    assert "Nothing was erased" in refused.stdout
    done = run("erase", "--all", "--confirm", "mine", "-j", str(sealed_mine))
    assert done.returncode == 0, done.stderr
    assert "2 sessions" in done.stdout
    assert "key was destroyed" in done.stdout
    assert list(sealed_mine.iterdir()) == []


def test_a_backup_of_a_sealed_journal_takes_no_plain_file(known: Path, tmp_path: Path) -> None:
    (known / "sessions/2026-03-04/letter.txt").write_text("Put in by hand.")
    done = run("backup", str(tmp_path / "copy.tar"), "-j", str(known))
    assert done.returncode == 1
    assert "sessions/2026-03-04/letter.txt" in done.stderr
    assert not (tmp_path / "copy.tar").exists()
    assert run("seal", "-j", str(known)).returncode == 0
    assert run("backup", str(tmp_path / "copy.tar"), "-j", str(known)).returncode == 0


def test_sealing_what_lay_open_says_what_stays_open_elsewhere(mine: Path) -> None:
    terminal = Terminal("seal", "-j", str(mine), program=PROGRAM)
    choose(terminal, "Passphrase", WORDS)
    assert "lay open before" in terminal.ends()
    for name in ("identity.age", "recovery.age"):
        assert work_for((mine / name).read_bytes()) >= 10  # the program's own, which is not light


def test_without_a_terminal_it_is_said_that_the_code_was_not_tried(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from therapy_review.commands.seal import make_keys

    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    make_keys(WORDS)
    assert "nothing shows" in capsys.readouterr().out
