"""Orders handed to processes on this computer or to a Dask cluster, and what they made as it comes back.

An order is written when there is somebody to carry it out, so that never more of them are in memory than are worked
on. A process that dies is replaced, and what it had in hand is done by another; what processes die of again and
again is found out by doing it alone, and given up.
"""

from __future__ import annotations

import os
import queue
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from therapy_review.errors import TherapyReviewError
from therapy_review.reports.workers import interrupts
from therapy_review.reports.workers.orders import GIVEN_UP, Made, Order, carry_out, end_with

if TYPE_CHECKING:
    from loky import ProcessPoolExecutor

    from therapy_review.reports.workers.cluster import Cluster

SUSPECT = 2  # deaths of processes after which what was in their hands is done alone
TRIES = 2  # deaths alone after which it is given up
AHEAD = 2  # orders written for each process, so that none waits while what it made is kept
LOOK_UP = 0.2  # seconds; on Windows a Ctrl-C is heard between two waits only
IDLE = 30.0  # seconds after which a process that has nothing to do ends
THREAD_LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)  # how the libraries beneath numpy, scipy and librosa are told to share the cores


def done(
    names: Sequence[str], write: Callable[[str], Order], jobs: int, cluster: Cluster | None = None
) -> Iterator[Made]:
    """Have orders carried out."""
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
    from loky.backend.resource_tracker import ensure_running

    processes = min(jobs, len(handing.names))
    ensure_running()  # when it starts, it lets signals through again that are held back below
    with interrupts.unheard():
        crew = _hired(processes, jobs)
    # All of loky's own work is done while no Ctrl-C is heard, which could leave it half done: one is heard while
    # this waits here, or where what is made is kept.
    came: queue.SimpleQueue[Future[Made]] = queue.SimpleQueue()
    orders, under_way = handing.orders(), 0
    try:
        while True:
            with interrupts.unheard():
                for order in islice(orders, AHEAD * processes - under_way):
                    crew.submit(carry_out, order).add_done_callback(came.put)
                    under_way += 1
            yield from handing.refused()
            if not under_way:
                return
            made = _next(came).result()
            under_way -= 1
            yield made
    finally:
        if under_way:
            with interrupts.once():
                crew.shutdown(kill_workers=True)


def _next(came: queue.SimpleQueue[Future[Made]]) -> Future[Made]:
    while True:
        with suppress(queue.Empty):
            return came.get(timeout=LOOK_UP)


def _hired(processes: int, jobs: int) -> ProcessPoolExecutor:
    """Give the processes of before when there are any; after a while without work they end."""
    from loky import cpu_count, get_reusable_executor

    # A process is replaced in silence; that it is advises programmers, and comes from a thread of loky's own.
    warnings.filterwarnings("ignore", message="A worker (stopped|was restarted) while some jobs")
    threads = str(max(1, cpu_count() // jobs))
    return get_reusable_executor(
        processes,
        timeout=IDLE,
        initializer=end_with,
        initargs=(os.getpid(),),
        env={name: os.environ.get(name, threads) for name in THREAD_LIMITS},
    )
