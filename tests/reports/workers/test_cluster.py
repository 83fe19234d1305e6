from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import root_of
from tests.support.short_journals import DAYS, reports_of
from therapy_review import open_journal
from therapy_review.errors import ConsentError, MissingPackageError, ReportError
from therapy_review.hints import install_line
from therapy_review.journal.journal import Journal
from therapy_review.reports import runner
from therapy_review.reports.workers import cluster
from therapy_review.reports.workers.bundles import laid_out, pack
from therapy_review.reports.workers.cluster import require_private

QUIET = {"DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "critical", "DASK_DISTRIBUTED__DASHBOARD__LINK": ""}


def port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def dask(*words: str, folder: Path, **environment: str) -> subprocess.Popen[bytes]:
    program = Path(sys.executable).with_name("dask")
    paths = os.pathsep.join([str(Path(cluster.__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [program, *words],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **QUIET, "PYTHONPATH": paths, **environment},
    )


def a_worker(address: str, folder: Path, **environment: str) -> subprocess.Popen[bytes]:
    words = (
        "--host",
        f"{address.split(':')[0]}://127.0.0.1",
        "--nthreads",
        "1",
        "--no-nanny",
        "--no-dashboard",
    )
    return dask("worker", address, *words, "--local-directory", str(folder), folder=folder, **environment)


@contextlib.contextmanager
def a_cluster(
    folder: Path, scheme: str = "tcp", **environment: str
) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A real scheduler and two real workers on the loopback."""
    folder.mkdir()
    address = f"{scheme}://127.0.0.1:{(number := port())}"
    host = ("--host", f"{scheme}://127.0.0.1")
    started = [
        dask("scheduler", *host, "--port", str(number), "--no-dashboard", folder=folder, **environment),
        *(a_worker(address, folder, **environment) for _ in range(2)),
    ]
    try:
        _wait_for_workers(address, 2, environment)
        yield address, started[1:]
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def _wait_for_workers(address: str, number: int, environment: dict[str, str]) -> None:
    joined = f"Client({address!r}, timeout=60).wait_for_workers({number}, timeout=60)"
    program = f"from distributed import Client; {joined}"
    subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        env={**os.environ, **environment},
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture
def undisturbed(short: Journal, tmp_path: Path) -> dict[str, bytes]:
    """What one computer makes of the same journal."""
    shutil.copytree(root_of(short), tmp_path / "beside" / "journal")
    runner.run(open_journal(tmp_path / "beside" / "journal"))
    return reports_of(tmp_path / "beside" / "journal")


@pytest.mark.slow
@pytest.mark.parametrize("journal_is", ["seen", "sent"])
def test_a_cluster_makes_what_one_computer_makes(
    journal_is: str,
    short: Journal,
    undisturbed: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if journal_is == "sent":
        monkeypatch.setattr(cluster.Cluster, "_is_seen", lambda _self, _workers: False)
    shutil.rmtree(root_of(short) / short.sessions[0].folder / "derived")  # one is to be listened to, too
    with a_cluster(tmp_path / "cluster") as (address, _):
        done = runner.run(short, scheduler=address)
        assert done.number("made") == len(DAYS)
        assert reports_of(root_of(short)) == undisturbed
        left = [path for path in (tmp_path / "cluster").rglob("*") if path.suffix in (".md", ".flac", ".csv")]
        assert not left
    assert not (root_of(short) / cluster.PROOF).exists()


@pytest.mark.slow
def test_what_a_dead_worker_had_in_hand_is_done_by_another(
    short: Journal, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    with a_cluster(tmp_path / "cluster") as (address, workers):
        killed: list[int] = []

        def told(outcome: object) -> None:
            if not killed:
                killed.append(workers[0].pid)
                workers[0].kill()

        done = runner.run(short, scheduler=address, told=told)
        assert killed
        assert done.number("made") == len(DAYS)
    assert reports_of(root_of(short)) == undisturbed


@pytest.mark.slow
def test_when_every_worker_died_the_run_goes_on_with_those_that_come(
    short: Journal, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    # With no failure allowed the scheduler gives the tasks up; joblib's own backend would wait for ever.
    with a_cluster(tmp_path / "cluster", DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as (
        address,
        workers,
    ):
        fresh: list[subprocess.Popen[bytes]] = []

        def told(outcome: object) -> None:
            if not fresh:
                fresh.append(a_worker(address, tmp_path / "cluster"))
                for worker in workers:
                    worker.kill()

        try:
            assert runner.run(short, scheduler=address, told=told).number("made") == len(DAYS)
        finally:
            fresh[0].kill()
            fresh[0].wait()
    assert reports_of(root_of(short)) == undisturbed


@pytest.mark.slow
def test_when_the_scheduler_dies_it_is_said_within_a_time_and_what_is_finished_can_be_read(
    short: Journal, tmp_path: Path
) -> None:
    address = f"tcp://127.0.0.1:{(number := port())}"
    scheduler = dask(
        "scheduler", "--host", "127.0.0.1", "--port", str(number), "--no-dashboard", folder=tmp_path
    )
    worker = a_worker(address, tmp_path)
    began: list[float] = []

    def told(outcome: object) -> None:
        if not began:
            began.append(time.monotonic())
            scheduler.kill()

    try:
        with pytest.raises(ReportError, match="no longer answers"):
            runner.run(short, scheduler=address, told=told)
        assert time.monotonic() - began[0] < 40
    finally:
        for process in (worker, scheduler):
            process.kill()
            process.wait()
    assert b"1 ready" in short.store.read("reports/index.html")


@pytest.mark.slow
def test_where_no_worker_is_it_is_said_within_a_time(short: Journal, tmp_path: Path) -> None:
    address = f"tcp://127.0.0.1:{(number := port())}"
    scheduler = dask(
        "scheduler", "--host", "127.0.0.1", "--port", str(number), "--no-dashboard", folder=tmp_path
    )
    began = time.monotonic()
    try:
        with pytest.raises(ReportError, match="No worker"):
            runner.run(short, scheduler=address)
        assert time.monotonic() - began < 40
    finally:
        scheduler.kill()
        scheduler.wait()


@pytest.mark.parametrize(
    "address", ["tcp://10.1.2.3:8786", "10.1.2.3:8786", "tcp://therapy.example:8786", "ucx://h:1"]
)
def test_without_tls_a_scheduler_elsewhere_is_refused(address: str, short: Journal) -> None:
    with pytest.raises(ReportError, match=r"on the way; .* TLS"):
        runner.run(short, scheduler=address)


@pytest.mark.parametrize(
    "address", ["tls://10.1.2.3:8786", "tcp://127.0.0.1:8786", "localhost:8786", "tcp://[::1]:8786"]
)
def test_tls_and_this_computer_are_private(address: str) -> None:
    require_private(address)


def test_where_no_scheduler_answers_it_is_said(short: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "JOIN", 1.0)
    with pytest.raises(ReportError, match="tcp://127"):
        runner.run(short, scheduler=f"tcp://127.0.0.1:{port()}")


def test_without_dask_the_line_to_install_it_is_said(short: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingPackageError, match=re.escape(install_line("cluster"))):
        runner.run(short, scheduler="tcp://127.0.0.1:8786")


def test_a_sealed_journal_stays_at_home(short: Journal) -> None:
    sealed = Journal(short.store, {**short.settings, "sealed": True})
    with (
        pytest.raises(ReportError, match="its key stays"),
        cluster.joined("tcp://127.0.0.1:1", sealed),
    ):
        pass


def test_a_bundle_holds_one_session_and_the_one_before_without_sound_or_voice_prints(short: Journal) -> None:
    short.store.write("voices/client/2020-01-06.json", b"{}")
    bundle = pack(short, DAYS[3], "report")
    assert {name.split("/")[1] for name in bundle.files if name.startswith("sessions/")} == {DAYS[2], DAYS[3]}
    assert not [name for name in bundle.files if "recording" in name or "voices/" in name]
    with laid_out(bundle) as folder:
        session = open_journal(folder).session(DAYS[3])
        assert session.turns.equals(short.session(DAYS[3]).turns)
        assert session.has_recording
        kept = next((folder / "sessions" / DAYS[3]).glob("recording.*"))
        assert not any(kept.read_bytes())
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()


def test_a_bundle_holds_no_more_of_other_days_than_its_report_shows(short: Journal) -> None:
    before, after = (short.session(DAYS[3]).date + dt.timedelta(days=n) for n in (-2, 2))
    short.store.write("days.csv", f"date,mood,tags\n{before},3,rainy\n{after},8,sunny\n".encode())
    assert "days.csv" not in pack(short, DAYS[3], "report").files
    assert "days.csv" not in pack(short, DAYS[3], "listen", "shown").files
    sent = pack(short, DAYS[3], "report", "shown").files["days.csv"]
    assert b"rainy" in sent
    assert b"sunny" not in sent
    alone = pack(short, DAYS[3], "report", alone=True).files
    assert {name.split("/")[1] for name in alone if name.startswith("sessions/")} == {DAYS[3]}


def test_without_private_notes_no_word_of_the_clients_is_sent(short: Journal) -> None:
    for day in DAYS[2:4]:
        short.store.write(
            f"sessions/{day}/marks.csv", b"start,kind,label,text\n9,trigger,the boat,never again\n"
        )
        short.store.write(f"sessions/{day}/transcript.vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\nthe boat\n")
    sent = pack(short, DAYS[3], "report")
    for words in (b"boat", b"never", b"river", b"garden", b"tired"):
        assert not [name for name, data in sent.files.items() if words in data]
        assert [name for name, data in pack(short, DAYS[3], "report", "shown").files.items() if words in data]
    with laid_out(sent) as folder:
        session = open_journal(folder).session(DAYS[3])
        assert (session.notes.mood_before, session.notes.mood_after) == (4, 5)
        assert session.marks[["start", "kind"]].to_numpy().tolist() == [[9, "trigger"]]


def test_a_bundle_to_listen_to_holds_the_sound_of_that_session_alone(short: Journal) -> None:
    bundle = pack(short, DAYS[3], "listen")
    assert [name for name in bundle.files if "recording" in name] == [f"sessions/{DAYS[3]}/recording.flac"]


def test_of_a_session_before_that_is_closed_to_reports_nothing_made_from_its_sound_is_sent(
    short: Journal,
) -> None:
    for name in ("transcript.vtt", "corrections.csv"):
        short.store.write(f"sessions/{DAYS[2]}/{name}", b"made from its sound")
    notes = short.session(DAYS[2]).notes
    short.session(DAYS[2]).save_notes(notes.changed(participants=("client", "therapist", "Sam")))
    bundle = pack(short, DAYS[3], "report", "shown")
    sent = {name.removeprefix(f"sessions/{DAYS[2]}/") for name in bundle.files if DAYS[2] in name}
    assert sent == {"notes.md"}
    with pytest.raises(ConsentError):
        pack(short, DAYS[2], "report")


def test_each_bundle_is_a_line_in_the_ledger(short: Journal) -> None:
    pack(short, DAYS[3], "listen")
    pack(short, DAYS[3], "report")
    lines = short.ledger[short.ledger["what"] == "exported"]
    assert lines[["session", "use"]].to_numpy().tolist() == [[DAYS[3], "report"]] * 2
    heard, read = lines["note"]
    assert "with its sound" in heard
    assert "without sound" in read
    assert (DAYS[2] in heard, DAYS[2] in read) == (False, True)


@pytest.mark.slow
def test_tls_settings_of_dask_are_used_as_they_are(
    short: Journal, undisturbed: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("cryptography")
    from distributed.security import Security

    made = Security.temporary()
    files = {"ca_file": made.tls_ca_file, "cert": made.tls_client_cert, "key": made.tls_client_key}
    paths = {}
    for name, content in files.items():
        paths[name] = str(tmp_path / f"{name}.pem")
        Path(paths[name]).write_text(str(content))
    environment = {"DASK_DISTRIBUTED__COMM__TLS__CA_FILE": paths["ca_file"]}
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        environment[f"DASK_DISTRIBUTED__COMM__TLS__{role}__CERT"] = paths["cert"]
        environment[f"DASK_DISTRIBUTED__COMM__TLS__{role}__KEY"] = paths["key"]
    import dask

    settings = {
        name.removeprefix("DASK_").replace("__", ".").lower(): value for name, value in environment.items()
    }
    with (
        a_cluster(tmp_path / "cluster", "tls", **environment) as (address, _),
        dask.config.set({name.replace("_", "-"): value for name, value in settings.items()}),
    ):
        assert runner.run(short, scheduler=address).number("made") == len(DAYS)
    assert reports_of(root_of(short)) == undisturbed
