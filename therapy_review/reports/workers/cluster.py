"""Cluster: the same orders carried out by the workers of a Dask scheduler that is running already.

What is sent are sessions of somebody's therapy, so without TLS nothing leaves this computer: a scheduler or worker
with another address gets nothing, whenever it came. Keys and certificates are Dask's own settings
(``distributed.comm.tls`` in its configuration, or ``DASK_DISTRIBUTED__COMM__TLS__…`` in the environment) and are
used as they are. An order is written when a worker is free for it. Whatever happens to the cluster, it is said in a
sentence within half a minute.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import ipaddress
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from therapy_review.errors import MissingPackageError, ReportError
from therapy_review.hints import install_line
from therapy_review.reports import manifest
from therapy_review.reports.workers.orders import GIVEN_UP, Made, Order, carry_out
from therapy_review.storage import PlainStore

if TYPE_CHECKING:
    from therapy_review.journal import Journal

JOIN = 15.0  # seconds for anything the scheduler or a worker is asked
EMPTY = 30.0  # seconds without any worker before it is given up
LOOK = 1.0  # seconds between two looks at who is there
TRIES = 2  # times the scheduler may say that workers died of an order
MISSING = f"A cluster needs two packages more; install them with:  {install_line('cluster')}"
GONE = (
    "The scheduler at {} no longer answers, so the cluster can't go on. What is finished is kept; start it again, "
    "then give the same command."
)
NOBODY = (
    "No worker is at {}, or none that can be used; start some with:  dask worker {}  "
    "What is finished is kept; the same command goes on from there."
)
PROOF = ".seen-by-workers"
# What Dask raises when somebody does not answer; its own errors are among these families.
SILENT = (
    OSError,
    TimeoutError,
    asyncio.TimeoutError,
    concurrent.futures.CancelledError,
    asyncio.CancelledError,
)


@contextmanager
def joined(address: str, journal: Journal) -> Iterator[Cluster]:
    """Join a running cluster."""
    require_private(address)
    if journal.settings.get("sealed"):
        raise ReportError(
            f"{journal.name} is sealed, and its key stays on this computer; make its reports here, without "
            "--scheduler."
        )
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingPackageError(MISSING) from error
    try:
        client = Client(address, timeout=JOIN, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        raise ReportError(
            f"No scheduler answers at {address} ({type(error).__name__}); see that it runs and, for tls, that "
            "Dask's settings name the right certificates."
        ) from error
    try:
        cluster = Cluster(client, address, journal)
        cluster.wait_for_a_worker()
        yield cluster
    finally:
        with contextlib.suppress(Exception):  # it may be gone
            client.close(timeout=2)  # type: ignore[no-untyped-call]


class Cluster:
    """The workers that may be given orders."""

    def __init__(self, client: Any, address: str, journal: Journal) -> None:
        self._client, self._address, self._journal = client, address, journal
        self._good: dict[str, int] = {}  # how many orders at once, by a worker's address
        self._refused: set[str] = set()
        self._why = NOBODY.format(address, address)
        self.sees_journal = True

    def wait_for_a_worker(self) -> None:
        """Wait until somebody is there who can be used; then it is known whether they see the journal's folder."""
        end = time.monotonic() + JOIN
        while not self.workers():
            if time.monotonic() > end or self._refused:
                raise ReportError(self._why)
            time.sleep(0.2)

    def workers(self) -> dict[str, int]:
        """Give the workers that are there now and may be used; newcomers are looked at first."""
        there = self._ask_the_scheduler()
        new = [address for address in there if address not in self._good and address not in self._refused]
        fitting = self._fitting(new) if new else []
        self._refused |= set(new) - set(fitting)
        self._good = {
            address: said["nthreads"]
            for address, said in there.items()
            if address in self._good or address in fitting
        }
        return self._good

    def _ask_the_scheduler(self) -> dict[str, dict[str, Any]]:
        gone = ReportError(GONE.format(self._address))
        end = time.monotonic() + JOIN
        while self._client.status == "connecting" and time.monotonic() < end:
            time.sleep(0.2)  # a network that fails for a moment
        if self._client.status != "running":
            raise gone
        try:
            found = self._client.sync(self._client.scheduler.identity, callback_timeout=JOIN)
        except SILENT as error:
            raise gone from error
        return dict(found["workers"])

    def _fitting(self, new: list[str]) -> list[str]:
        """See that workers are private and run this program, and whether they see the journal's folder."""
        fitting = []
        for address in new:
            try:
                require_private(address)
                fitting.append(address)
            except ReportError as error:
                self._why = str(error)
        said = self._ask(fitting, manifest.program)
        same = [address for address in fitting if said.get(address) == manifest.program()]
        if same != fitting:
            self._why = (
                f"The workers at {self._address} have another version of this program; install the same one "
                "everywhere."
            )
        fitting = same
        if self.sees_journal and fitting and not self._is_seen(fitting):
            if self._good:
                # What was begun with the folder goes on with those who see it.
                self._why = f"A worker at {self._address} does not see the journal's folder as the others do."
                return []
            self.sees_journal = False
        return fitting

    def _ask(self, workers: list[str], what: Callable[..., Any], *about: Any) -> dict[str, Any]:
        """Have workers answer something; who does not answer in time, or can't, answers with an error."""
        if not workers:
            return {}
        how = {"workers": workers, "on_error": "return", "callback_timeout": JOIN}
        try:
            return dict(self._client.sync(self._client._run, what, *about, **how))
        except SILENT:
            return {}

    def _is_seen(self, workers: list[str]) -> bool:
        """Lay a line into the journal that no other folder can hold, and ask workers for it."""
        store, proof = self._journal.store, secrets.token_hex(16)
        assert isinstance(store, PlainStore)
        store.write(PROOF, proof.encode())
        try:
            said = self._ask(workers, _look, str(store.root / PROOF))
            return all(said.get(worker) == proof for worker in workers)
        finally:
            store.remove(PROOF)

    def carry_out(self, orders: Iterable[Order]) -> Iterator[Made]:
        """Have orders carried out by those who are there; the next one is taken when there is somebody for it."""
        coming, again, given = iter(orders), list[Order](), dict[Any, tuple[Order, frozenset[str]]]()
        deaths, seen = Counter[str](), time.monotonic()
        try:
            while True:
                there = self.workers()
                seen = time.monotonic() if there else seen
                if time.monotonic() - seen > EMPTY:
                    raise ReportError(self._why)
                for future in [one for one, (_, whose) in given.items() if not whose & there.keys()]:
                    again.append(given.pop(future)[0])  # all who could have done it are gone
                    future.cancel()
                while len(given) < sum(there.values()):
                    order = again.pop() if again else next(coming, None)
                    if order is None:
                        break
                    given[self._give(order, list(there))] = (order, frozenset(there))
                if not (given or again):
                    if (order := next(coming, None)) is None:
                        return
                    again.append(order)
                for future in self._done(list(given)):
                    order, _ = given.pop(future)
                    made = _made(future, order)
                    if made is None:
                        deaths[order.name] += 1
                        if deaths[order.name] < TRIES:
                            again.append(order)
                            continue
                        made = Made(order.name, sentence=GIVEN_UP)
                    yield made
        finally:
            with contextlib.suppress(Exception):  # it may be gone
                self._client.cancel(list(given))

    def _give(self, order: Order, workers: list[str]) -> Any:
        # Whoever comes later has to be looked at before, so nobody else may take it.
        return self._client.submit(
            carry_out,
            order,
            key=f"order-{secrets.token_hex(8)}",
            workers=workers,
            allow_other_workers=False,
            pure=False,
        )

    def _done(self, given: list[Any]) -> list[Any]:
        from distributed import wait

        if not given:
            time.sleep(LOOK)
            return []
        with (
            contextlib.suppress(*SILENT),  # nothing yet, or nobody there: the next look tells
            self._client.as_current(),
        ):
            wait(given, timeout=LOOK, return_when="FIRST_COMPLETED")  # type: ignore[no-untyped-call]
        return [future for future in given if future.status not in ("pending", "lost")]


def _made(future: Any, order: Order) -> Made | None:
    """Give what came of an order; None where workers died of it, or it was lost on the way."""
    from distributed import KilledWorker

    try:
        made = future.result(timeout=JOIN)
    except (KilledWorker, *SILENT):
        return None
    except Exception as error:  # noqa: BLE001  whatever a worker could not understand costs no other order anything
        return Made(order.name, sentence=f"The cluster could not carry it out ({type(error).__name__}).")
    assert isinstance(made, Made)
    return made


def require_private(address: str) -> None:
    """Refuse an address to which data would cross a network in the clear."""
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    if parts.scheme == "tls" or parts.hostname == "localhost":
        return
    with contextlib.suppress(ValueError):  # a name
        if ipaddress.ip_address(parts.hostname or "").is_loopback:
            return
    raise ReportError(
        f"{address} is another computer, and what is sent there could be read on the way; use a scheduler with "
        "TLS, as in tls://host:8786 (see docs/scale.md)."
    )


def _look(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
