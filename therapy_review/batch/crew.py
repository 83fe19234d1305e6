"""Crew: orders handed to processes on this computer or to a Dask cluster, and what they made as it comes back.

An order is written when there is somebody to carry it out, so that never more of them are in memory than are worked
on. A process that dies is replaced, and what it had in hand is done by another; what processes die of again and
again is found out by doing it alone, and given up.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from typing import Any

from therapy_review.batch import cluster, stopping
from therapy_review.batch.orders import Made, Order, carry_out, end_with
from therapy_review.errors import TherapyReviewError

SUSPECT = 2  # deaths of processes after which what was in their hands is done alone
TRIES = 2  # deaths alone after which it is given up
GIVEN_UP = (
    "Every process that worked on this report ended by itself; most often the computer's memory was not enough. "
    "Try again with --jobs 1."
)


def done(
    names: Sequence[str], write: Callable[[str], Order], jobs: int, client: Any = None
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
    client : distributed.Client, optional
        A cluster that does it in place of this computer.

    Yields
    ------
    Made
        One for each order, in the order in which they are finished.

    Raises
    ------
    ReportError
        When the cluster is no longer there.
    """
    if client is None and (jobs == 1 or len(names) == 1):
        yield from (_alone(name, write) for name in names)
        return
    deaths = (BrokenExecutor,) if client is None else cluster.deaths()
    waiting, strikes = dict.fromkeys(names), Counter[str]()
    while waiting:
        suspect = next((name for name in waiting if strikes[name] >= SUSPECT), "")
        handing = _Handing([suspect] if suspect else list(waiting), write)
        try:
            for made in handing.round(jobs, client):
                del waiting[made.name]
                yield made
        except deaths:
            if client is not None:
                cluster.require_alive(client)
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
        self._names, self._write = names, write
        self.handed: list[str] = []
        self._refused: list[Made] = []

    def _orders(self) -> Iterator[Order]:
        for name in self._names:
            try:
                order = self._write(name)
            except TherapyReviewError as error:
                self._refused.append(Made(name, sentence=str(error)))
                continue
            self.handed.append(name)
            yield order

    def round(self, jobs: int, client: Any) -> Iterator[Made]:
        from joblib import Parallel, delayed, parallel_config

        if client is None:
            backend: dict[str, Any] = {
                "backend": "loky",
                "initializer": end_with,
                "initargs": (os.getpid(),),
            }
        else:
            backend = {"backend": cluster.backend(client)}
        with parallel_config(**backend):
            made = Parallel(
                # With one, joblib would do it in this very process.
                n_jobs=max(2, min(jobs, len(self._names))) if client is None else -1,
                return_as="generator_unordered",
                batch_size=1,
                pre_dispatch="2*n_jobs",
                max_nbytes=None,  # nothing of an order is laid into a file to be shared
            )
            with stopping.unheard():
                coming = made(delayed(carry_out)(order) for order in self._orders())
            for one in coming:
                yield one
                yield from self._take_refused()
        yield from self._take_refused()

    def _take_refused(self) -> Iterator[Made]:
        while self._refused:
            yield self._refused.pop()
