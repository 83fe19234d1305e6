"""Crew: orders handed to processes on this computer or to a Dask cluster, and what they made as it comes back.

A process that dies is replaced, and what it had in hand is done by another.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from typing import Any

from therapy_review.batch import cluster, stopping
from therapy_review.batch.orders import Made, Order, carry_out, end_with

TRIES = 3  # rounds in which nothing was finished before what is left is given up
GIVEN_UP = (
    "Every process that worked on this report ended by itself; most often the computer's memory was not enough. "
    "Try again with --jobs 1."
)


def done(orders: Sequence[Order], jobs: int, client: Any = None) -> Iterator[Made]:
    """Have orders carried out.

    Parameters
    ----------
    orders : sequence of Order
        Each with a name of its own.
    jobs : int
        How many at once on this computer; with one, in this process.
    client : distributed.Client, optional
        A cluster that does it in place of this computer.

    Yields
    ------
    Made
        One for each order, in the order in which they are finished.
    """
    if client is None and (jobs == 1 or len(orders) == 1):
        yield from map(carry_out, orders)
        return
    deaths = (BrokenExecutor,) if client is None else cluster.deaths()
    waiting, fruitless = {order.name: order for order in orders}, 0
    while waiting and fruitless < TRIES:
        before = len(waiting)
        try:
            for made in _round(list(waiting.values()), jobs, client):
                del waiting[made.name]
                yield made
        except deaths:
            fruitless = fruitless + 1 if len(waiting) == before else 0
    for name in waiting:
        yield Made(name, sentence=GIVEN_UP)


def _round(orders: list[Order], jobs: int, client: Any) -> Iterator[Made]:
    from joblib import Parallel, delayed, parallel_config

    if client is None:
        backend: dict[str, Any] = {"backend": "loky", "initializer": end_with, "initargs": (os.getpid(),)}
    else:
        backend = {"backend": cluster.backend(client)}
    with parallel_config(**backend):
        made = Parallel(
            n_jobs=min(jobs, len(orders)) if client is None else -1,
            return_as="generator_unordered",
            batch_size=1,
            pre_dispatch="2*n_jobs",
            max_nbytes=None,  # nothing of an order is laid into a file to be shared
        )
        with stopping.unheard():
            coming = made(delayed(carry_out)(order) for order in orders)
        yield from coming
