"""Crew: orders handed to processes on this computer or to a Dask cluster, and what they made as it comes back.

An order is written when there is somebody to carry it out, so that never more of them are in memory than are worked
on. A process that dies is replaced, and what it had in hand is done by another; what processes die of again and
again is found out by doing it alone, and given up.
"""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from typing import TYPE_CHECKING

from therapy_review.batch import stopping
from therapy_review.batch.orders import GIVEN_UP, Made, Order, carry_out, end_with
from therapy_review.errors import TherapyReviewError

if TYPE_CHECKING:
    from therapy_review.batch.cluster import Cluster

SUSPECT = 2  # deaths of processes after which what was in their hands is done alone
TRIES = 2  # deaths alone after which it is given up


def done(
    names: Sequence[str], write: Callable[[str], Order], jobs: int, cluster: Cluster | None = None
) -> Iterator[Made]:
    """Have orders carried out.

    Parameters
    ----------
    names : sequence of str
        Of the orders, each its own.
    write : callable
        Writes the order of that name; what it raises of the family of `therapy_review.errors` is why it failed.
    jobs : int
        How many at once on this computer; with one, in this process.
    cluster : Cluster, optional
        Does it in place of this computer.

    Yields
    ------
    Made
        One for each order, in the order in which they are finished.

    Raises
    ------
    ReportError
        When the cluster is no longer there.
    """
    if cluster:
        handing = _Handing(list(names), write)
        for made in cluster.carry_out(handing.orders()):
            yield made
            yield from handing.refused()
        yield from handing.refused()
        return
    if jobs == 1 or len(names) == 1:
        yield from (_alone(name, write) for name in names)
        return
    waiting, strikes = dict.fromkeys(names), Counter[str]()
    while waiting:
        suspect = next((name for name in waiting if strikes[name] >= SUSPECT), "")
        handing = _Handing([suspect] if suspect else list(waiting), write)
        try:
            for made in _here(handing, jobs):
                del waiting[made.name]
                yield made
        except BrokenExecutor:
            # Nobody knows which of them a process died of.
            strikes.update(name for name in handing.handed if name in waiting)
            if strikes[suspect] >= SUSPECT + TRIES:
                del waiting[suspect]
                yield Made(suspect, sentence=GIVEN_UP)


def _alone(name: str, write: Callable[[str], Order]) -> Made:
    try:
        return carry_out(write(name))
    except TherapyReviewError as error:
        return Made(name, sentence=str(error))


class _Handing:
    """One round: what was handed out, and what could not be."""

    def __init__(self, names: list[str], write: Callable[[str], Order]) -> None:
        self.names, self._write = names, write
        self.handed: list[str] = []
        self._refused: list[Made] = []

    def orders(self) -> Iterator[Order]:
        """Write one order after the other, as they are asked for."""
        for name in self.names:
            try:
                order = self._write(name)
            except TherapyReviewError as error:
                self._refused.append(Made(name, sentence=str(error)))
                continue
            self.handed.append(name)
            yield order

    def refused(self) -> Iterator[Made]:
        """Give those that could not be written, each once."""
        while self._refused:
            yield self._refused.pop(0)


def _here(handing: _Handing, jobs: int) -> Iterator[Made]:
    from joblib import Parallel, delayed, parallel_config
    from joblib.externals.loky.backend.resource_tracker import ensure_running

    # When a run is stopped, joblib tells of what it cancels and how to program better, which is nobody's concern
    # here. It does so wherever the interrupt finds it, so that no block could be put around that.
    warnings.filterwarnings("ignore", message="(?s).*adjusting the input task", module=r"joblib\.parallel")
    ensure_running()  # when it starts, it lets signals through again that are held back below
    with parallel_config(backend="loky", initializer=end_with, initargs=(os.getpid(),)):
        made = Parallel(
            n_jobs=max(2, min(jobs, len(handing.names))),  # with one, joblib would do it in this very process
            return_as="generator_unordered",
            batch_size=1,
            pre_dispatch="2*n_jobs",
            max_nbytes=None,  # nothing of an order is laid into a file to be shared
        )
        with stopping.unheard():
            coming = made(delayed(carry_out)(order) for order in handing.orders())
        try:
            for one in coming:
                yield one
                yield from handing.refused()
        finally:
            coming.close()
    yield from handing.refused()
