"""Killed, stopped, sealed, with bad sessions, on a cluster: what is finished is kept, and the next run goes on."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from benchmarks.batch.journals import plant_bad_ones
from tests.conftest import root_of
from tests.reports.test_runner import RIVER, no_kernel, states
from tests.reports.workers.test_cluster import a_cluster
from tests.support.short_journals import DAYS, reports_of, workers_of
from therapy_review import open_journal
from therapy_review.journal.journal import Journal
from therapy_review.reports import runner
from therapy_review.storage import unlock
from therapy_review.storage.keys import NewKeys, new_keys, new_recovery_code
from therapy_review.storage.plain import PlainStore
from therapy_review.storage.sealing import seal

PATIENCE = 180  # seconds until what is waited for counts as never to come, however busy the computer is
PROGRAM = """
import sys
from therapy_review import open_journal
from therapy_review.reports import runner as reports
if __name__ == "__main__":
    reports.run(open_journal(sys.argv[1]), jobs=2, told=lambda outcome: print(outcome.state, flush=True))
"""


def started(root: Path, folder: Path) -> subprocess.Popen[str]:
    (folder / "program.py").write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path])}
    return subprocess.Popen(
        [sys.executable, str(folder / "program.py"), str(root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )


def assert_nothing_half_is_listed(journal: Journal) -> None:
    for name in reports_of(root_of(journal)):
        if "made_from/session" in name:
            entry = json.loads(journal.store.read(name))
            for ending, hashed in entry["files"].items():
                data = journal.store.read(f"reports/{entry['name']}.{ending}")
                assert runner.digest(data) == hashed


def test_killed_it_goes_on_without_a_worker_too_and_ctrl_c_stops_it(short: Journal, tmp_path: Path) -> None:
    with started(root_of(short), tmp_path) as process:
        assert process.stdout
        assert process.stdout.readline() == "made\n"
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    assert_nothing_half_is_listed(short)
    _, left = psutil.wait_procs(family, timeout=PATIENCE)
    assert not left
    with started(root_of(short), tmp_path) as process:
        assert process.stdout
        assert process.stdout.readline() == "current\n"
        assert "made\n" in [process.stdout.readline() for _ in range(2)]
        workers_of(process.pid)[0].kill()
        assert process.stdout.readline() == "made\n"
        family = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "Traceback" not in said
    assert "Warning" not in said
    assert not psutil.wait_procs(family, timeout=PATIENCE)[1]
    assert_nothing_half_is_listed(short)
    assert "not made yet" in reports_of(root_of(short))["reports/index.html"].decode()


def test_bad_sessions_stand_beside_good_ones(short: Journal) -> None:
    mine = plant_bad_ones(root_of(short), DAYS[:6])
    chosen = [short.sessions[at] for at in (1, 2, 3, 6)]
    done = runner.run(short, chosen, template=mine, jobs=2)
    assert states(done) == "failed failed failed made"
    assert "can't be read near line" in done.outcomes[0].sentence
    assert "for reports" in done.outcomes[1].sentence
    assert "ValueError" in done.outcomes[2].sentence
    index = reports_of(root_of(short))["reports/index.html"].decode()
    for outcome in done.outcomes[:3]:
        page = reports_of(root_of(short))[f"reports/{outcome.report}.failed.html"].decode()
        assert outcome.sentence.replace("'", "&#x27;") in page
        assert f'href="{outcome.report}.failed.html"' in index
        assert "secret" not in page + index


def test_a_report_of_a_sealed_journal_is_sealed(short: Journal, keys: NewKeys) -> None:
    seal(PlainStore(root_of(short)), keys)
    unlock.keep(keys.identity)
    sealed = open_journal(root_of(short))
    assert states(runner.run(sealed, sealed.sessions[:1], parameters={"private_notes": "shown"})) == "made"
    assert {path.suffix for path in (root_of(short) / "reports").rglob("*") if path.is_file()} == {".age"}
    assert RIVER in sealed.store.read(f"reports/session_report_{DAYS[0]}.html").decode()


def test_a_worker_of_a_cluster_dies_and_its_sessions_are_done_by_another(
    short: Journal, tmp_path: Path
) -> None:
    with a_cluster(tmp_path / "cluster") as (address, workers):
        done = runner.run(
            short, short.sessions[:3], scheduler=address, told=lambda _outcome: workers[0].kill()
        )
        assert states(done) == "made made made"
        assert workers[0].wait(timeout=PATIENCE) == -signal.SIGKILL
    assert_nothing_half_is_listed(short)


@pytest.mark.slow
def test_killed_at_any_moment_the_next_run_goes_on_and_ends_the_same(short: Journal, tmp_path: Path) -> None:
    shutil.copytree(root_of(short), tmp_path / "beside" / "journal")
    undisturbed = open_journal(tmp_path / "beside" / "journal")
    runner.run(undisturbed)
    wanted = reports_of(root_of(undisturbed))
    at = random.Random(7)
    for _ in range(3):
        with started(root_of(short), tmp_path) as process:
            time.sleep(at.uniform(1.5, 6))
            family = psutil.Process(process.pid).children(recursive=True)
            process.kill()
        assert_nothing_half_is_listed(short)
        _, left = psutil.wait_procs(family, timeout=PATIENCE)
        assert not left, [process.cmdline() for process in left]
    with started(root_of(short), tmp_path) as process:
        assert process.stdout
        process.stdout.readline()
        workers_of(process.pid)[0].kill()
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
    assert states(runner.run(short)).count("current") == len(DAYS)
    made = reports_of(root_of(short))
    assert {name: data for name, data in made.items() if ".tmp" not in name} == wanted


@pytest.mark.slow
def test_ctrl_c_stops_and_keeps_what_is_finished(short: Journal, tmp_path: Path) -> None:
    with started(root_of(short), tmp_path) as process:
        assert process.stdout
        process.stdout.readline()
        family = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "Traceback" not in said
    _, left = psutil.wait_procs(family, timeout=PATIENCE)
    assert not left
    index = reports_of(root_of(short))["reports/index.html"].decode()
    assert "not made yet" in index
    assert 'href="session_report_' in index


@pytest.mark.slow
def test_reports_of_a_sealed_journal_are_sealed_and_nothing_lies_plain_while_they_are_made(
    short: Journal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root, words = root_of(short), "several words nobody guesses"
    keys = new_keys(words, new_recovery_code())
    seal(PlainStore(root), keys)
    secret = tmp_path / "passphrase"
    secret.write_text(words)
    secret.chmod(0o600)
    monkeypatch.setenv(unlock.FILE, str(secret))
    unlock.forget()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr("tempfile.tempdir", None)
    plain: list[str] = []

    def told(_outcome: object) -> None:
        for folder in (root, scratch):
            files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".age"]
            plain.extend(str(path) for path in files if b"river" in path.read_bytes())

    sealed = open_journal(root)
    done = runner.run(sealed, jobs=2, parameters={"private_notes": "shown"}, told=told)
    assert states(done) == "made " * 6 + "made"
    assert not plain
    assert {path.suffix for path in (root / "reports").rglob("*") if path.is_file()} == {".age"}
    assert RIVER in sealed.store.read(f"reports/session_report_{DAYS[0]}.html").decode()
    no_kernel(monkeypatch)
    assert states(runner.run(sealed, parameters={"private_notes": "shown"})) == "current " * 6 + "current"
    unlock.forget()
