"""Hints: what is printed to be typed runs where it is read."""

from __future__ import annotations

import ast
import contextlib
import html
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer.main

from tests.conftest import PRACTICE, ROOT, root_of
from tests.support.in_process import run
from tests.support.short_journals import DAYS
from therapy_review import Journal, cli, create_journal, hints, open_journal
from therapy_review.lab.server import environment
from therapy_review.reports import runner
from therapy_review.storage.keys import NewKeys
from therapy_review.storage.plain import PlainStore
from therapy_review.storage.sealing import seal


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder like a checkout's, with a program of its own, in which one stands; nothing of it is on the PATH."""
    scripts = tmp_path / "workbook" / ".venv" / "bin"
    scripts.mkdir(parents=True)
    (scripts / "python").symlink_to(sys.executable)
    script(scripts)
    monkeypatch.setattr(sys, "executable", str(scripts / "python"))
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv(hints.READER, raising=False)
    monkeypatch.chdir(tmp_path / "workbook")
    forget()
    yield tmp_path / "workbook"
    forget()


def forget() -> None:
    for found in (hints._script, hints._is_found):
        found.cache_clear()


def script(folder: Path, name: str = "therapy-review") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)


# The program.


def test_a_program_below_the_folder_one_stands_in_is_named_from_there(checkout: Path) -> None:
    assert hints.command("check") == ".venv/bin/therapy-review check"


def test_from_elsewhere_it_is_named_whole(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert hints.command("check") == f"{checkout.relative_to('/')}/.venv/bin/therapy-review check"
    monkeypatch.chdir("/usr")
    assert hints.command("check") == f"{checkout}/.venv/bin/therapy-review check"


def test_beside_the_program_its_bare_name_would_be_looked_for_elsewhere(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout / ".venv/bin")
    assert hints.command("check") == "./therapy-review check"


def test_a_program_that_a_shell_finds_needs_no_folder(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(checkout / ".venv/bin"))
    assert hints.command("check") == "therapy-review check"
    # As pipx and uv do it.
    (checkout.parent / "links").mkdir()
    (checkout.parent / "links/therapy-review").symlink_to(checkout / ".venv/bin/therapy-review")
    monkeypatch.setenv("PATH", str(checkout.parent / "links"))
    assert hints.command("check") == "therapy-review check"


def test_another_program_of_that_name_is_not_taken_for_this_one(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(checkout.parent / "another")
    monkeypatch.setenv("PATH", str(checkout.parent / "another"))
    assert hints.command("check") == ".venv/bin/therapy-review check"


def test_a_program_that_is_not_beside_its_python_is_looked_for_where_scripts_are_put(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(checkout / "scripts")
    (checkout / ".venv/bin/therapy-review").unlink()
    monkeypatch.setattr(hints.sysconfig, "get_path", lambda _name: str(checkout / "scripts"))
    assert hints.command("check") == "scripts/therapy-review check"


def test_where_there_is_no_program_its_python_does(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout / ".venv/bin/therapy-review").unlink()
    monkeypatch.setattr(hints.sysconfig, "get_path", lambda _name: str(checkout / "nothing"))
    assert hints.command("check") == ".venv/bin/python -m therapy_review check"
    done = subprocess.run(
        [os.path.realpath(sys.executable), "-m", "therapy_review", "--help"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
    )
    assert done.returncode == 0, done.stderr


# The journal and other words.


def test_the_journal_is_named_as_seen_from_where_one_stands(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = checkout / "my-journal"
    mine.mkdir()
    assert hints.command("check", journal=mine).endswith(" check --journal my-journal")
    assert hints.command("check", journal=Path("my-journal")).endswith(" check --journal my-journal")
    assert hints.command("check", journal=Path("/elsewhere")).endswith(" check --journal /elsewhere")
    monkeypatch.chdir(mine)
    assert hints.command("check", journal=mine).endswith("/therapy-review check")
    assert hints.command("check", journal=checkout / "another").endswith(f" --journal {checkout}/another")


@pytest.mark.parametrize("name", ["my journal", "it's mine", 'a "b" $HOME `c`', "-j", "~", "é & ü;"])
def test_any_name_comes_through_a_shell_as_it_is(
    name: str, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / ".venv").rename(checkout / name)
    monkeypatch.setattr(sys, "executable", str(checkout / name / "bin/python"))
    (checkout / name / "bin/therapy-review").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (checkout / name / "it").mkdir()
    for kept in (False, True):
        with hints.for_anywhere() if kept else contextlib.nullcontext():
            line = hints.command("add", "Voice 003.m4a", journal=Path(name, "it"))
        done = subprocess.run(line, shell=True, capture_output=True, text=True, check=True)
        *words, journal = done.stdout.splitlines()
        assert words == ["add", "Voice 003.m4a", "--journal"]
        assert Path(journal).samefile(checkout / name / "it")


def test_words_to_be_replaced_stay_as_they_are(checkout: Path) -> None:
    assert hints.command("restore", "FILE", "NEW_FOLDER").endswith(" restore FILE NEW_FOLDER")
    assert hints.command("consent", "add", "--to", "share:Sam").endswith(" consent add --to share:Sam")


def test_a_path_is_told_from_where_one_stands(checkout: Path) -> None:
    assert hints.place(checkout / "reports/index.html") == "reports/index.html"
    assert hints.place(checkout / "my journal") == "my journal"
    assert hints.place(checkout) == str(checkout)
    assert hints.place(checkout.parent / "x") == str(checkout.parent / "x")
    assert hints.place(Path("a/../b")) == "b"


# Read elsewhere.


def test_what_is_kept_begins_at_the_home_folder(checkout: Path) -> None:
    with hints.for_anywhere():
        line = hints.command("lab", journal=checkout / "my journal")
        assert line == "~/workbook/.venv/bin/therapy-review lab --journal ~/'workbook/my journal'"
        assert hints.place(checkout / "my journal") == "~/workbook/my journal"
        assert hints.command("lab", journal=Path("/media/usb")).endswith(" --journal /media/usb")
        assert hints.command("lab", journal=checkout.parent).endswith(" --journal ~/.")
    assert hints.command("lab") == ".venv/bin/therapy-review lab"


def test_the_folder_one_stands_in_and_the_path_count_for_nothing_then(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(checkout / ".venv/bin"))
    with hints.for_anywhere():
        assert hints.command("lab", journal=checkout).endswith("bin/therapy-review lab --journal ~/workbook")


def test_a_home_that_is_a_link_is_known_by_both_names(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout.parent / "link").symlink_to(checkout)
    monkeypatch.setenv("HOME", str(checkout.parent / "link"))
    with hints.for_anywhere():
        assert hints.place(checkout / "mine") == "~/mine"
        assert hints.place(checkout.parent / "link" / "mine") == "~/mine"


def test_a_kernel_is_known_by_its_shell_and_nothing_is_imported_for_it(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    assert hints.command("check") == ".venv/bin/therapy-review check"
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=object))
    assert hints.command("check") == "~/workbook/.venv/bin/therapy-review check"
    asked = "import sys, therapy_review.hints; print({'IPython', 'pandas', 'numpy'} & {*sys.modules})"
    plain = [os.path.realpath(sys.executable), "-c", asked]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    assert subprocess.run(plain, capture_output=True, text=True, check=True, env=env).stdout == "set()\n"


def test_jupyterlab_and_its_kernels_are_read_elsewhere(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(hints.READER, environment()[hints.READER])
    assert hints.command("check") == "~/workbook/.venv/bin/therapy-review check"


def test_a_page_for_others_names_no_folder(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(hints.READER, hints.OTHERS)
    assert hints.command("consent", "add", journal=checkout) == "the command consent add"


# Windows.


def test_on_windows_quotes_are_double_and_the_program_has_an_ending(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hints, "IS_WINDOWS", True)
    script(checkout / "Scripts", "therapy-review.exe")
    monkeypatch.setattr(sys, "executable", str(checkout / "Scripts" / "python.exe"))
    assert hints.command("check", journal=Path("mine")) == "Scripts/therapy-review.exe check --journal mine"
    assert hints.command("check", journal=Path("it's mine")).endswith(' check --journal "it\'s mine"')
    assert hints.word(r"C:\Users\me\mine") == r"C:\Users\me\mine"
    assert hints.word(r"C:\Users\me & you\mine") == r'"C:\Users\me & you\mine"'
    with hints.for_anywhere():  # its shells know no ~
        assert hints.command("check").startswith(str(checkout))


# All together.

ASK = ["consent draft", "consent add"]
AGREED = ["consent", "add", "--who", "both", "--to", "record,self_review", "--how", "written", "--until", ""]

# A word that ends in the program's name begins a command; it ends where its line or its bracket does.
TYPED = re.compile(
    r"""(?<![^\s(])((?:'[^']*'|"[^"]*"|[^\s'"()])+(?:(?<=therapy-review)|(?<=therapy-review'))(?= |$)[^)\n]*)"""
)
DAY = "2026-03-04"
IN_TURN = """
import json, sys
from therapy_review.cli import main
for words in json.loads(sys.stdin.read()):
    sys.argv = ["therapy-review", *words]
    try:
        main()
    except SystemExit:
        pass
    print("\\x1e", flush=True)
"""
# What is typed by mistake or too early, and the commands that are told then. {} is the journal, {beside} a folder
# beside it.
TOLD: list[tuple[list[str], list[str]]] = [
    (
        ["init", "{beside}/new one", "--name", "A", "--therapist", "B"],
        ["seal", "consent draft", "consent add"],
    ),
    (["check", "-j", "{beside}/nowhere"], ["init my-journal"]),
    (["consent", "show", "-j", "{}"], ["consent add"]),
    (["consent", "revoke", "--who", "client", "--use", "record", "-j", "{}"], ["consent show"]),
    (["add", str(PRACTICE / "sessions/2026-01-29/recording.opus"), "--date", DAY, "-j", "{}"], ASK),
    (["analyse", "-j", "{}"], ASK),
    (["turns", "forget", DAY, "-j", "{}"], ["analyse"]),
    (["unseal", "-j", "{}"], ["seal"]),
    (["lab", "-j", "{}"], ["review --week 2026-W10"]),
    (["lab", "--report", "x", "-j", "{}"], ["report --all"]),
    (["report", "--all", "--template", "weekly_review", "-j", "{}"], ["review"]),
    (["moods", "remove", "x.csv", "-j", "{}"], ["moods list"]),
    (["erase", "2031-01-01", "-j", "{}"], ["check"]),
    (["check", "-j", "{}"], ["turns import 2026-03-04 FILE", *ASK]),
    ([*AGREED, "-j", "{}"], []),
    (["turns", "export", DAY, "{beside}/x.csv", "-j", "{}"], ["analyse"]),
    (["backup", "{beside}/a copy.tar", "-j", "{}"], []),
    (["restore", "{beside}/a copy.tar", "{beside}/back"], ["check"]),
    (["backup", "{beside}/another.tar", "-j", "{beside}/sealed"], ["seal"]),
    (["check", "-j", "{beside}/open"], ["protect"]),
]


@pytest.mark.parametrize("stands_in", ["the workbook", "the journal", "elsewhere"])
def test_whatever_is_told_can_be_pasted_where_one_stands(
    stands_in: str, tmp_path: Path, keys: NewKeys
) -> None:
    beside = tmp_path / "my workbook"
    program, journal = beside / ".venv/bin/therapy-review", beside / "Ada's journal"
    program.parent.mkdir(parents=True)
    (program.parent / "python").symlink_to(sys.executable)
    program.write_text('#!/bin/sh\nexec "$(dirname "$0")/python" -m therapy_review "$@"\n')
    program.chmod(0o755)
    for name in ("Ada's journal", "sealed", "open"):
        create_journal(beside / name, client="A", therapist="B").store.write(f"sessions/{DAY}/turns.csv", b"")
    seal(PlainStore(beside / "sealed"), keys)
    (beside / "sealed/notes.md").touch()
    (beside / "open").chmod(0o755)
    here = {"the workbook": beside, "the journal": journal}.get(stands_in, tmp_path / "elsewhere")
    here.mkdir(exist_ok=True)

    typed = [
        [word.format(shown(journal, here), beside=shown(beside, here)) for word in words] for words, _ in TOLD
    ]
    env = {**os.environ, "PATH": os.defpath, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    done = subprocess.run(
        [program.parent / "python", "-c", IN_TURN],
        input=json.dumps(typed),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
        cwd=here,
        env=env,
    )
    assert "Traceback" not in done.stdout
    runs: set[str] = set()
    for (words, told), said in zip(TOLD, done.stdout.split("\x1e"), strict=False):
        lines = TYPED.findall(said)
        assert len(lines) == len(told), (words, said)
        for line, command in zip(lines, told, strict=True):
            start, *rest = shlex.split(line)
            assert (here / start).samefile(program), line
            folder = Path(rest[rest.index("--journal") + 1]) if "--journal" in rest else Path()
            assert " ".join(rest).startswith(command), line
            if command != "init my-journal":
                assert (here / folder / "journal.toml").is_file(), line
            runs.add(f"{line} --help")
    # What a shell makes of each line is what the program takes; one is run from start to end.
    once = max(runs, key=len)
    pasted = subprocess.run(once, shell=True, cwd=here, env=env, capture_output=True, text=True, check=False)
    assert pasted.returncode == 0, (once, pasted.stderr)
    program.write_text('#!/bin/sh\nprintf "%s\\37" "$@"\necho\n')
    shell = subprocess.run("\n".join(runs), shell=True, cwd=here, env=env, capture_output=True, text=True)
    assert not shell.stderr
    for line, given in zip(runs, shell.stdout.splitlines(), strict=True):
        assert run(*given.split("\37")[:-1]).returncode == 0, line


def shown(path: Path, here: Path) -> str:
    """Write a path as somebody would who stands somewhere."""
    return os.path.relpath(path, here)


@pytest.mark.parametrize("private_notes", ["left out", "shown"])
def test_a_page_tells_folders_to_the_client_alone(
    private_notes: str, short: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a folder that is called as the client's own words are holds no report back."""
    root = root_of(short)
    words = "the year of leaving everything"
    home = root.parent / words
    home.mkdir()
    monkeypatch.setenv("HOME", str(root.parent))
    root = root.rename(home / "journal")
    notes = root / "sessions" / DAYS[0] / "notes.md"
    notes.write_text(f"{notes.read_text()}\n\n{words}\n")
    agreements = (root / "agreements.toml").read_text()
    journal = open_journal(root)
    done = runner.run(journal, [journal.sessions[0]], parameters={"private_notes": private_notes})
    assert done.number("made") == 1, [one.sentence for one in done.outcomes]
    page = (root / f"reports/session_report_{DAYS[0]}.html").read_text()
    assert str(root.parent.parent) not in page
    if private_notes == "left out":
        assert ": Run ▸ Run All Cells." in page
        assert words not in page
    else:
        assert f" lab --journal ~/'{words}/journal'</code>, then Run" in page

    # Where nothing is agreed to any more, what is to be done is said by a page as well.
    (root / "agreements.toml").write_text(agreements.replace('"report"', '"share:Sam"'))
    done = runner.run(open_journal(root), [journal.sessions[0]], parameters={"private_notes": private_notes})
    (outcome,) = done.outcomes
    assert f" consent add --journal ~/'{words}/journal'" in outcome.sentence
    told = (root / f"reports/{outcome.report}.failed.html").read_text()
    assert f" consent add --journal ~/'{words}/journal'" in html.unescape(told)


def test_a_report_that_names_a_folder_is_made_anew_once_the_journal_lies_elsewhere(
    short: Journal, tmp_path: Path, no_kernels: None
) -> None:
    shown = {"private_notes": "shown"}
    assert runner.run(short, parameters=shown).number("made") == len(DAYS)
    assert runner.run(short, parameters=shown).number("current") == len(DAYS)
    moved = open_journal(root_of(short).rename(tmp_path / "moved"))
    assert runner.run(moved, parameters=shown).number("made") == len(DAYS)
    assert runner.run(moved).number("made") == len(DAYS)
    again = open_journal(root_of(moved).rename(tmp_path / "again"))
    assert runner.run(again).number("current") == len(DAYS)


def test_no_text_of_the_program_is_a_command_written_by_hand() -> None:
    by_hand = re.compile(r"therapy-review |\bmake (?:lab|review|reports)\b")
    found = []
    for path in (ROOT / "therapy_review").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        beside = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found += [
            f"{path.name}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in beside
            if by_hand.search(node.value)
        ]
    assert not found


def test_notebooks_that_come_along_speak_from_the_folder_of_the_workbook() -> None:
    commands = typer.main.get_command(cli.app)
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            said = "".join(cell["source"])
            for line in re.findall(r"[^\s`]*therapy-review [^`\n]*", said):
                assert "in the folder of the workbook" in said
                program, name, *_ = shlex.split(line)
                assert program == ".venv/bin/therapy-review"
                assert name in commands.commands
