"""A sealed journal in JupyterLab: opened, heard, written in, and nothing of it left plain."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from playwright.sync_api import Page, Playwright, expect

from therapy_review import Journal, analyse, open_journal
from therapy_review.journal.journal import folder_of
from therapy_review.player.playback import prepare
from therapy_review.reports import runner
from therapy_review.storage import unlock
from therapy_review.storage.keys import new_keys, new_recovery_code
from therapy_review.storage.sealing import seal
from tools.in_browser import CHROMIUM, FLAGS, PRACTICE, SCREEN, Lab, lab_at, wait_for_kernel

from .conftest import no_errors, wait_until
from .hearing import reaches

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("sealed")]  # which is sealed once for both
WEEK = "reports/weekly_review_2026-W10.ipynb"
WORDS = "harbour lentil oboe margin"
NEW = "The heron stood in the car park again."
TYPED = "What the otter said to me"
KNOWN = ("gave her a blanket", "give her a blanket", "Listened to January", NEW, TYPED, WORDS)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for all that is written anywhere: the journal, Jupyter's own folders, temporary files."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "temporary").mkdir()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TMPDIR", str(folder / "temporary"))
        patched.setenv("IPYTHONDIR", str(folder / "ipython"))
        patched.setattr(tempfile, "tempdir", None)  # it is asked for anew
        yield folder


@pytest.fixture(scope="module")
def sealed(work: Path) -> Journal:
    """The practice journal, sealed, with its last week analysed and reviewed, and a session reported."""
    root = work / "journal"
    shutil.copytree(PRACTICE, root, ignore=shutil.ignore_patterns("derived", "reports", ".lock"))
    root.chmod(0o700)
    keys = new_keys(WORDS, new_recovery_code())
    seal(folder_of(root)[0], keys)
    unlock.keep(keys.identity)
    journal = open_journal(root)
    session = journal.session("2026-03-05")
    analyse(session)
    prepare(session)
    runner.run_one(journal, "weekly_review", "weekly_review_2026-W10", {"week": "2026-W10"})
    done = runner.run(journal, [session])
    assert done.number("made") == 1
    return journal


@pytest.fixture(scope="module")
def sealed_lab(sealed: Journal, work: Path) -> Iterator[Lab]:
    root = Path(sealed.store.plain.root)  # type: ignore[attr-defined]
    with lab_at(root, work / "jupyter", WEEK, sealed) as lab:
        yield lab


def test_reviewed_heard_written_in_and_crashed_it_leaves_nothing_plain(
    sealed: Journal, sealed_lab: Lab, playwright: Playwright, work: Path
) -> None:
    profile = work / "profile"
    browser = playwright.chromium.launch_persistent_context(
        profile, executable_path=CHROMIUM, args=FLAGS, **SCREEN
    )
    page = browser.pages[0]
    page.goto(sealed_lab.page_of(WEEK))
    unlocked(page)
    no_errors(page)
    listen(page)
    write(page)
    type_into_a_cell(page)
    wait_until(lambda: NEW in sealed.session("2026-03-05").notes.text)
    saved(page, sealed)
    # A crash: the kernel is killed in the middle of it all, as by a failing machine.
    for kernel in Path("/proc").glob("[0-9]*/cmdline"):
        if b"ipykernel_launcher" in (line := kernel.read_bytes()) and str(sealed_lab.root).encode() in cwd(
            kernel
        ):
            assert b"python" in line
            os.kill(int(kernel.parent.name), signal.SIGKILL)
    browser.close()
    searched = [path for place in (work, *homes()) for path in place.rglob("*")]
    searched = [path for path in searched if path.is_file() and not path.is_symlink()]
    assert {"journal", "jupyter", "profile", "ipython"} <= {
        path.relative_to(work).parts[0] for path in work.rglob("*")
    }
    for path in searched:
        data = path.read_bytes()
        assert not any(words.encode() in data for words in KNOWN), path
        assert not plays(path), path


def test_the_passphrase_is_in_no_history_and_no_notebook(
    sealed: Journal, sealed_lab: Lab, tab: Page, work: Path
) -> None:
    tab.goto(sealed_lab.page_of(WEEK))
    unlocked(tab)
    saved(tab, sealed)
    notebook = sealed.store.read(WEEK).decode()
    assert "Your week" in notebook
    assert WORDS not in notebook
    assert "AGE-SECRET-KEY" not in notebook
    for place in (work, *homes()):
        for path in place.rglob("*"):
            assert not path.is_file() or WORDS.encode() not in path.read_bytes(), path


def unlocked(page: Page) -> None:
    """Run the notebook, and give first another passphrase, then the right one."""
    wait_for_kernel(page)
    page.get_by_role("button", name="Run all cells").click()
    field = page.locator(".jp-Stdin-input")
    expect(field).to_have_attribute("type", "password")
    field.fill("another one")
    field.press("Enter")
    expect(page.get_by_text("That was another one.")).to_be_visible()
    expect(field).to_have_count(1)  # the first one is taken away a moment later
    field.fill(WORDS)
    field.press("Enter")
    expect(page.locator(".tr-player").first).to_be_visible()
    expect(page.locator("textarea").first).to_be_visible()


def listen(page: Page) -> None:
    player = page.locator(".tr-player").first
    expect(player.get_by_role("heading", name="Thursday 5 March 2026")).to_be_visible()
    player.locator(".tr-play").click()
    expect(player).to_have_attribute("data-state", "playing")
    reaches(player, 2)
    page.keyboard.press("Escape")


def write(page: Page) -> None:
    noticed = page.locator("textarea").first
    noticed.fill(NEW)
    noticed.press("Tab")


def type_into_a_cell(page: Page) -> None:
    """Run a line as a cell runs it, which IPython would keep in its history."""
    line = f"print(len({TYPED!r})); get_ipython().history_manager.writeout_cache()"
    status = page.evaluate(
        """async (code) => {
          const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
          const reply = await kernel.requestExecute({ code, store_history: true }).done;
          return reply.content.status;
        }""",
        line,
    )
    assert status == "ok"


def saved(page: Page, sealed: Journal) -> None:
    before = sealed.store.stamp(WEEK)
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    wait_until(lambda: sealed.store.stamp(WEEK) != before)


def cwd(process: Path) -> bytes:
    try:
        return str((process.parent / "cwd").readlink()).encode()
    except OSError:  # gone, or somebody else's
        return b""


def homes() -> list[Path]:
    """Where Jupyter, IPython and others leave files: a folder of each program, and the one for temporary files."""
    own = [Path.home() / name for name in (".ipython", ".jupyter", ".local/share/jupyter")]
    return [path for path in own if path.is_dir()]


def plays(path: Path) -> bool:
    """Tell whether a file has sound in it."""
    try:
        with av.open(str(path)) as file:
            return bool(file.streams.audio) and next(file.decode(audio=0), None) is not None
    except (av.FFmpegError, OSError, ValueError):
        return False
