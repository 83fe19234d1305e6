"""Cluster: the same orders carried out by the workers of a Dask scheduler that is running already.

What is sent are sessions of somebody's therapy, so without TLS nothing leaves this computer: a scheduler or worker
with another address is refused. Keys and certificates are Dask's own settings (``distributed.comm.tls`` in its
configuration, or ``DASK_DISTRIBUTED__COMM__TLS__…`` in the environment) and are used as they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from therapy_review.batch.manifest import program
from therapy_review.errors import MissingPackageError, ReportError
from therapy_review.store import PlainStore

if TYPE_CHECKING:
    from therapy_review.journal import Journal

JOIN = 15.0  # seconds
MISSING = "A cluster needs two packages more; install them with:  pip install therapy-review[cluster]"
GONE = (
    "The scheduler no longer answers, so the cluster can't go on; what is finished is kept. Start it again, then "
    "give the same command."
)
PROOF = ".seen-by-workers"


def backend(client: Any) -> Any:
    """Give joblib's Dask backend, with one thing mended.

    A task that Dask gives up, because four workers died of it, would be waited for without end (joblib 1.6).

    Parameters
    ----------
    client : distributed.Client

    Returns
    -------
    joblib.parallel.ParallelBackendBase
    """
    from joblib._dask import DaskDistributedBackend

    class GivesUp(DaskDistributedBackend):  # type: ignore[misc, unused-ignore]
        async def _collect(self) -> None:
            while self._continue:
                async for future, result in self.waiting_futures:
                    self._results.pop(future)
                    told = self._callbacks.pop(future)
                    told(result[1] if future.status == "error" else result)
                await asyncio.sleep(0.01)

        def retrieve_result_callback(self, out: Any) -> Any:
            if isinstance(out, BaseException):
                raise out
            return super().retrieve_result_callback(out)

    return GivesUp(client=client)


def deaths() -> tuple[type[BaseException], ...]:
    """Name what is raised when workers died, or the scheduler did."""
    from distributed import KilledWorker
    from distributed.comm.core import CommClosedError

    return (KilledWorker, CommClosedError, TimeoutError)


def require_alive(client: Any) -> None:
    """See that the scheduler is still there, where something went wrong.

    Parameters
    ----------
    client : distributed.Client

    Raises
    ------
    ReportError
        When it does not answer.
    """
    try:
        client.sync(client.scheduler.identity, callback_timeout=JOIN)
    except (OSError, TimeoutError, ValueError) as error:
        raise ReportError(GONE) from error


@contextmanager
def joined(address: str, journal: Journal) -> Iterator[tuple[Any, Literal["yes", "no"]]]:
    """Join a running cluster.

    Parameters
    ----------
    address : str
        Of the scheduler, as in ``tls://host:8786``.
    journal : Journal

    Yields
    ------
    client : distributed.Client
    sees_journal : {"yes", "no"}
        Whether all workers see the journal's folder, under the same path.

    Raises
    ------
    ReportError
        When the cluster can't be used for this.
    MissingPackageError
        When Dask is not installed.
    """
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
        yield client, _fitting(client, address, journal)
    finally:
        with contextlib.suppress(Exception):  # it may be gone
            client.close(timeout=2)  # type: ignore[no-untyped-call]


def require_private(address: str) -> None:
    """Refuse an address to which data would cross a network in the clear.

    Parameters
    ----------
    address : str

    Raises
    ------
    ReportError
        When it is neither TLS nor on this computer.

    Examples
    --------
    >>> require_private("tls://10.0.0.7:8786")
    >>> require_private("tcp://127.0.0.1:8786")
    """
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    if parts.scheme == "tls" or _is_here(parts.hostname or ""):
        return
    raise ReportError(
        f"{address} is another computer, and what is sent there could be read on the way; use a scheduler with "
        "TLS, as in tls://host:8786 (see docs/scale.md)."
    )


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _fitting(client: Any, address: str, journal: Journal) -> Literal["yes", "no"]:
    """See that the workers are private, are there, and run this program; tell whether they see the journal."""
    client.wait_for_workers(1, timeout=JOIN)
    for worker in client.scheduler_info(n_workers=-1)["workers"]:
        require_private(worker)
    others = {version for version in client.run(program).values() if version != program()}
    if others:
        raise ReportError(
            f"The workers at {address} have another version of this program; install the same one everywhere."
        )
    return "yes" if _is_seen(client, journal) else "no"


def _is_seen(client: Any, journal: Journal) -> bool:
    """Lay a line into the journal that no other folder can hold, and ask all workers for it."""
    store, proof = journal.store, secrets.token_hex(16)
    assert isinstance(store, PlainStore)
    store.write(PROOF, proof.encode())
    try:
        return all(seen == proof for seen in client.run(_look, str(store.root / PROOF)).values())
    finally:
        store.remove(PROOF)


def _look(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
