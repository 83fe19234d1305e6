"""What is sealed is opened in memory: no plain file is written on the way, not even one that is deleted at once."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import av
import pytest

from tests.conftest import root_of, shorten
from therapy_review import Journal, open_journal
from therapy_review.storage import unlock
from therapy_review.storage.keys import NewKeys, as_file
from therapy_review.storage.plain import PlainStore
from therapy_review.storage.sealing import seal

pytestmark = pytest.mark.skipif(os.name != "posix", reason="folders and flags are POSIX's")
DAY = "2026-03-05"
PHRASE = "The heron stood in the car park again."
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
# A sealed session opened, heard through, prepared, drawn and written in; then the program crashes.
PROGRAM = f"""
import os, sys

def watch(event, args):
    if event == "open" and args[2] & {WRITES} and not isinstance(args[0], int):  # else it is open already
        os.write(2, f"WRITES {{os.fsdecode(args[0])!r}}\\n".encode())

sys.addaudithook(watch)
from therapy_review import analyse, open_journal
from therapy_review.player import playback
from therapy_review.charts import session as charts
from therapy_review.measures import talk as measures
from therapy_review.storage import keys
from therapy_review.storage import unlock
unlock.keep(keys.from_file(sys.stdin.read().encode()))
session = open_journal(sys.argv[1]).session("{DAY}")
analyse(session)
playback.prepare(session)
session.save_notes(session.notes.changed(text="{PHRASE}"))
charts.session_map(session.turns, session.marks), charts.talk_balance(measures.balance(session.turns))
print("DONE", len(session.turns), len(session.notes.text), flush=True)
os.abort()
"""
OPENS = (
    "openat",
    "open",
    "creat",
    "memfd_create",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "mknod",
    "mknodat",
)
OPENED_FOR_WRITING = "O_(WRONLY|RDWR|CREAT|TRUNC)"
HALF_OF_AN_AGE_FILE = re.compile(r"\.[^/]+\.age\.[0-9a-f]{8}\.tmp")


class Places:
    """Folders that are this test's own: all that a program could write to without being asked."""

    def __init__(self, root: Path, journal: Path) -> None:
        self.journal = journal
        self.root = root
        names = {
            "HOME": "home",
            "TMPDIR": "tmp",
            "XDG_RUNTIME_DIR": "runtime",
            "XDG_CACHE_HOME": "cache",
            "XDG_CONFIG_HOME": "config",
            "JUPYTER_RUNTIME_DIR": "jupyter",
        }
        self.environment = {**os.environ, **{name: str(root / folder) for name, folder in names.items()}}
        self.environment["PYTHONDONTWRITEBYTECODE"] = "1"
        for folder in ("work", *names.values()):
            (root / folder).mkdir()

    def run(self, keys: NewKeys, *before: str) -> subprocess.CompletedProcess[str]:
        """Run the program in them, to its crash."""
        done = subprocess.run(
            [*before, sys.executable, "-c", PROGRAM, str(self.journal)],
            input=as_file(keys.identity).decode(),
            env=self.environment,
            cwd=self.root / "work",
            capture_output=True,
            text=True,
            check=False,
        )
        assert "DONE" in done.stdout, done.stderr
        return done

    def files(self) -> list[Path]:
        found = [path for path in self.root.rglob("*") if path.is_file()]
        return [*found, *(path for path in self.journal.rglob("*") if path.is_file())]

    def may_be_written(self, path: str) -> bool:
        """Tell whether a file that was opened for writing holds nothing of a session's content."""
        where = Path(os.path.normpath(self.root / "work" / path))
        if where.is_relative_to(self.journal):
            return bool(HALF_OF_AN_AGE_FILE.fullmatch(where.name)) or where.name in (".lock", ".keys.lock")
        if where.is_relative_to("/dev") and not where.is_relative_to("/dev/shm"):
            return True
        # The list of this computer's fonts, with its lock, which matplotlib makes once.
        return where.is_relative_to(self.root / "cache" / "matplotlib") and "fontlist" in where.name


@pytest.fixture
def sealed(journal: Journal, keys: NewKeys) -> Journal:
    """A sealed journal whose one session with sound is a short one."""
    root = root_of(journal)
    for session in root.glob("sessions/*"):
        if session.name != DAY:
            shutil.rmtree(session)
    shorten(root / "sessions" / DAY)
    seal(PlainStore(root), keys)
    unlock.keep(keys.identity)
    return open_journal(root)


@pytest.fixture
def places(sealed: Journal, tmp_path: Path) -> Places:
    return Places(tmp_path / "places", root_of(sealed))


@pytest.fixture(autouse=True)
def _a_folder_for_it(tmp_path: Path) -> None:
    (tmp_path / "places").mkdir()


def is_sound(file: Path) -> bool:
    try:
        with av.open(str(file)) as opened:
            return any(True for _ in opened.decode(audio=0))
    except (av.FFmpegError, IndexError, ValueError):
        return False


def test_every_file_that_is_opened_for_writing_is_an_age_file_or_a_lock_and_none_holds_anything_plain(
    places: Places, sealed: Journal, keys: NewKeys
) -> None:
    session = sealed.session(DAY)
    known = [
        PHRASE.encode(),
        session.notes.text.encode()[:60],
        b"start,end,speaker",
        as_file(keys.identity)[:-1],
    ]
    name = next(name for name in sealed.store.files(session.folder) if name.startswith("recording"))
    sound = sealed.store.read(session.file(name))
    known += [sound[at : at + 64] for at in range(10_000, len(sound), len(sound) // 5)]

    done = places.run(keys)
    written = [
        line.removeprefix("WRITES ").strip("'") for line in done.stderr.splitlines() if "WRITES" in line
    ]
    assert any(HALF_OF_AN_AGE_FILE.search(path) for path in written)
    assert [path for path in written if not places.may_be_written(path)] == []
    found = places.files()
    assert any("derived" in path.parts for path in found)
    # What a library keeps unasked, be it a number for this computer, is more than the workbook promises.
    beside = [path for path in found if not path.is_relative_to(places.journal)]
    assert [path for path in beside if not places.may_be_written(str(path))] == []
    for path in found:
        data = path.read_bytes()
        assert not [phrase for phrase in known if phrase in data], path
        assert not is_sound(path), path


def test_the_same_seen_by_the_system_with_what_libraries_open_in_c(
    places: Places, keys: NewKeys, tmp_path: Path
) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("the program strace is not installed (Debian: apt install strace)")
    if subprocess.run([strace, "-qq", "-o", os.devnull, "true"], check=False, capture_output=True).returncode:
        pytest.skip("strace may not watch programs here")
    log = tmp_path / "calls"
    calls = f"trace=network,{','.join(OPENS)}"
    places.run(keys, strace, "-f", "-qq", "-s", "4096", "-e", calls, "-o", str(log))
    written, elsewhere = [], []
    for line in log.read_text(errors="replace").splitlines():
        call = re.match(r"\d+ +(\w+)\((.*)", line)  # not the ends of calls that took long, nor signals
        if not call:
            continue
        if call[1] in ("connect", "sendto", "sendmsg", "sendmmsg", "bind"):
            elsewhere += re.findall("AF_INET.*", call[2])
        elif call[1] in OPENS and (call[1] not in OPENS[:2] or re.search(OPENED_FOR_WRITING, call[2])):
            written += re.findall(r'"([^"]*)"', call[2]) or [call[2]]
    assert any(HALF_OF_AN_AGE_FILE.search(path) for path in written)
    assert [path for path in written if not places.may_be_written(path)] == []
    assert elsewhere == []  # nor do they speak to another computer


def test_the_watch_sees_a_plain_file(places: Places) -> None:
    for path in ("tmp/x.wav", "work/notes.md", "home/.cache/x"):
        assert not places.may_be_written(str(places.root / path))
    for name in ("sessions/2026-03-05/derived/.turns.csv.0a1b2c3d.tmp", "sessions/2026-03-05/notes.md"):
        assert not places.may_be_written(str(places.journal / name))
    assert places.may_be_written(str(places.journal / "sessions/2026-03-05/.notes.md.age.0a1b2c3d.tmp"))
    assert not places.may_be_written("/dev/shm/sound")
    assert is_sound(Path(__file__).parents[2] / "data/practice/sessions/2026-01-29/recording.opus")
