"""Who in a cluster is given orders, and what is said when nobody is left; a stand-in for Dask's client answers."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock, Timeout

from tests.conftest import root_of
from tests.support.meanwhile import before
from tests.support.short_journals import DAYS
from therapy_review.errors import ReportError
from therapy_review.journal.journal import Journal
from therapy_review.reports.manifest import program
from therapy_review.reports.workers import cluster, scratch
from therapy_review.reports.workers.bundles import laid_out, pack
from therapy_review.reports.workers.cluster import Cluster
from therapy_review.reports.workers.orders import GIVEN_UP, Made, Order

HERE, ALSO_HERE, ELSEWHERE, CIPHERED = (
    "tcp://127.0.0.1:1",
    "tcp://127.0.0.1:2",
    "tcp://10.0.0.7:1",
    "tls://10.0.0.7:1",
)


@dataclass(eq=False)
class Future:
    order: Order
    workers: list[str]
    status: str = "pending"

    def result(self, timeout: float) -> Made:
        from distributed import KilledWorker

        if self.status == "error":
            raise KilledWorker.__new__(KilledWorker)
        return Made(self.order.name)

    def cancel(self) -> None:
        self.status = "cancelled"


@dataclass
class Client:
    """As much of Dask's client as is asked for; `happens` may change anything before each look."""

    there: dict[str, int]
    happens: Callable[[Client], None] = lambda _client: None
    status: str = "running"
    versions: dict[str, str] = field(default_factory=dict)
    given: list[Future] = field(default_factory=list)
    scheduler: Any = None

    def __post_init__(self) -> None:
        self.scheduler = self

    def sync(self, asked: Callable[..., Any], *about: Any, callback_timeout: float, **more: Any) -> Any:
        return asked(*about, **more)

    def identity(self) -> dict[str, Any]:
        self.happens(self)
        return {"workers": {address: {"nthreads": number} for address, number in self.there.items()}}

    def _run(
        self, what: Callable[..., Any], *about: Any, workers: list[str], on_error: str
    ) -> dict[str, Any]:
        return {worker: self.versions.get(worker, what(*about)) for worker in workers}

    def submit(self, what: object, order: Order, *, workers: list[str], **more: object) -> Future:
        assert more["allow_other_workers"] is False
        self.given.append(Future(order, workers))
        return self.given[-1]

    def cancel(self, given: list[Future]) -> None:
        for future in given:
            future.cancel()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def done(_self: Cluster, given: list[Future]) -> list[Future]:
        for future in given[:1]:
            future.status = "error" if future.order.name == "deadly" else "finished"
        return given[:1]

    monkeypatch.setattr(Cluster, "_done", done)
    monkeypatch.setattr(cluster, "JOIN", 0.3)
    monkeypatch.setattr(cluster, "EMPTY", 0.3)


def crowd(client: Client, journal: Journal) -> Cluster:
    found = Cluster(client, "tcp://127.0.0.1:8786", journal)
    found.wait_for_a_worker()
    return found


def orders(names: str) -> Iterator[Order]:
    yield from (Order(name, "", "") for name in names)


def test_everything_is_done_and_no_order_is_written_before_somebody_is_free(short: Journal) -> None:
    written: list[str] = []

    def write() -> Iterator[Order]:
        for order in orders("abcdef"):
            written.append(order.name)
            yield order

    made = []
    for one in crowd(Client({HERE: 1, ALSO_HERE: 1}), short).carry_out(write()):
        made.append(one.name)
        assert len(written) <= len(made) + 2
    assert sorted(made) == list("abcdef")


@pytest.mark.parametrize(("late", "takes_part"), [(ELSEWHERE, False), (CIPHERED, True), (ALSO_HERE, True)])
def test_a_worker_that_comes_later_is_looked_at_like_the_first(
    late: str, takes_part: bool, short: Journal
) -> None:
    client = Client({HERE: 1})
    found = crowd(client, short)
    client.happens = lambda client: client.there.update({late: 1})
    assert len(list(found.carry_out(orders("abcd")))) == 4
    assert any(late in future.workers for future in client.given) is takes_part


def test_a_worker_with_another_program_gets_nothing(short: Journal) -> None:
    client = Client({HERE: 1, ALSO_HERE: 4}, versions={ALSO_HERE: "another"})
    list(crowd(client, short).carry_out(orders("abcd")))
    assert {worker for future in client.given for worker in future.workers} == {HERE}
    with pytest.raises(ReportError, match="another version"):
        crowd(Client({ALSO_HERE: 4}, versions={ALSO_HERE: "another"}), short)


def test_where_no_worker_is_it_is_said_at_once(short: Journal) -> None:
    with pytest.raises(ReportError, match=r"tcp:.*8786, .* dask worker tcp"):
        crowd(Client({}), short)
    with pytest.raises(ReportError, match="on the way"):
        crowd(Client({ELSEWHERE: 2}), short)


def test_when_every_worker_is_gone_it_is_said_within_a_time(short: Journal) -> None:
    client = Client({HERE: 1})
    coming = crowd(client, short).carry_out(orders("abcd"))
    assert next(coming).name == "a"
    client.there.clear()
    with pytest.raises(ReportError, match=r"No worker .* kept"):
        list(coming)
    assert all(future.status != "pending" for future in client.given)


def test_what_gone_workers_had_in_hand_is_done_by_those_that_come(short: Journal) -> None:
    client = Client({HERE: 2})
    coming = crowd(client, short).carry_out(orders("abcd"))
    first = next(coming).name
    client.there = {CIPHERED: 1}
    assert sorted([first, *(one.name for one in coming)]) == list("abcd")


@pytest.mark.parametrize("status", ["closed", "connecting"])
def test_a_scheduler_that_is_gone_is_one_sentence(status: str, short: Journal) -> None:
    client = Client({HERE: 1})
    coming = crowd(client, short).carry_out(orders("abcd"))
    next(coming)
    client.status = status
    with pytest.raises(ReportError, match="no longer answers"):
        list(coming)


def test_what_workers_die_of_is_given_up_alone(short: Journal) -> None:
    def some() -> Iterator[Order]:
        yield from orders("ab")
        yield Order("deadly", "", "")
        yield from orders("cd")

    made = {one.name: one.sentence for one in crowd(Client({HERE: 1}), short).carry_out(some())}
    assert made == {"a": "", "b": "", "deadly": GIVEN_UP, "c": "", "d": ""}


def test_whether_the_folder_is_seen_is_asked_of_newcomers_too(short: Journal) -> None:
    client = Client({HERE: 1})
    found = crowd(client, short)
    assert found.sees_journal
    assert not (root_of(short) / cluster.PROOF).exists()
    found._is_seen = lambda _workers: False  # type: ignore[method-assign]
    client.there[ALSO_HERE] = 1
    assert found.workers() == {HERE: 1}
    assert program() in client._run(program, workers=[HERE], on_error="return").values()


def test_a_bundle_to_listen_to_holds_nothing_that_was_written(short: Journal) -> None:
    for file in ("notes-kept-1.md", "letter.txt", "transcript.vtt"):
        short.store.write(f"sessions/{DAYS[3]}/{file}", b"river")
    bundle = pack(short, DAYS[3], "listen")
    recording = f"sessions/{DAYS[3]}/recording.flac"
    assert recording in bundle.files
    assert not [name for name in bundle.files if DAYS[3] not in name and name.startswith("sessions/")]
    assert b"river" not in b"".join(data for name, data in bundle.files.items() if name != recording)
    assert not [name for name in bundle.files if name.endswith((".vtt", ".txt", "marks.csv", "peaks.npy"))]
    report = pack(short, DAYS[3], "report")
    assert not [name for name in report.files if "kept" in name or name.endswith((".txt", ".flac"))]


def test_a_folder_that_the_killed_left_is_cleared_away_by_the_next(short: Journal) -> None:
    with laid_out(pack(short, DAYS[3], "report")) as kept:
        left = scratch.Scratch()
        left._lock.release()  # as the system does when a process is killed
        with laid_out(pack(short, DAYS[2], "report")) as other:
            assert not left.path.exists()
            assert kept.is_dir()
            assert other.is_dir()
    assert not kept.exists()


def test_a_folder_that_is_not_ours_stays() -> None:
    with tempfile.TemporaryDirectory(prefix=scratch.PREFIX) as others:
        scratch.clear_left()
        scratch.Scratch().clear()
        assert Path(others).is_dir()


def test_a_folder_is_locked_until_all_in_it_is_cleared_away(monkeypatch: pytest.MonkeyPatch) -> None:
    left, asked = scratch.Scratch(), list[bool]()
    left._lock.release()  # as the system does when a process is killed

    def ask() -> None:
        with pytest.raises(Timeout):
            FileLock(left.path / scratch.LOCK).acquire(blocking=False)
        asked.append(True)

    before(monkeypatch, shutil, "rmtree", ask, of=str(left.path))
    scratch.clear_left()
    assert asked
    assert not left.path.exists()


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_folder_cleared_away_before_it_was_locked_is_its_owners_alone_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before(monkeypatch, scratch, "_lock", lambda: [each.rmdir() for each in tmp_path.iterdir()])
    umask = os.umask(0o022)
    try:
        made = scratch.Scratch()
    finally:
        os.umask(umask)
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o700
    made.clear()
