"""Ctrl-C: never lost, and heard by nobody else."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import psutil
import pytest
from jupyter_core.utils import ensure_event_loop
from loky import ProcessPoolExecutor
from typer.testing import CliRunner

from tests.conftest import root_of
from tests.support.short_journals import workers_of
from therapy_review.cli import app
from therapy_review.commands.report import GOES_ON
from therapy_review.journal.journal import Journal
from therapy_review.reports.batch import Run
from therapy_review.reports.workers import engine, interrupts, pool
from therapy_review.reports.workers.orders import Made, Order

pytestmark = pytest.mark.skipif(os.name != "posix", reason="raises signals")


class Finalizer:
    """Something during whose clearing away a Ctrl-C comes."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_ctrl_c_that_python_drops_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "AGAIN", 0.2)

    def dropped() -> None:
        with interrupts.insisting():
            Finalizer()
            threading.Event().wait(120)

    with pytest.raises(KeyboardInterrupt):
        dropped()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_one_that_was_heard_does_not_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "AGAIN", 0.1)
    with pytest.raises(KeyboardInterrupt), interrupts.insisting():
        signal.raise_signal(signal.SIGINT)
    time.sleep(0.3)


def test_what_is_started_within_never_hears_of_it() -> None:
    code = (
        "import os, signal; from therapy_review.reports.workers import interrupts; "
        "os.kill(os.getpid(), signal.SIGINT); interrupts.deaf(); "
        "os.kill(os.getpid(), signal.SIGINT); print('goes on')"
    )
    for how, told in ((interrupts.unheard, "goes on"), (interrupts.insisting, "")):
        with how():
            run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert run.stdout.strip() == told
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_one_that_comes_while_programs_are_started_is_heard_once_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(interrupts, "AGAIN", 60.0)
    reached = []

    def pressed(send: Callable[[], None]) -> None:
        with interrupts.insisting():
            with interrupts.unheard():
                send()
                time.sleep(0.05)
                reached.append("the end of the block")
            reached.append("too far")

    for send in (lambda: signal.raise_signal(signal.SIGINT), lambda: os.kill(os.getpid(), signal.SIGINT)):
        with pytest.raises(KeyboardInterrupt):
            pressed(send)
    assert reached == ["the end of the block"] * 2
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_one_more_that_comes_while_processes_are_ended_leaves_none_and_breaks_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def busy(order: Order) -> Made:
        time.sleep(60 if order.name != "a" else 0)
        return Made(order.name)

    def impatient(self: ProcessPoolExecutor, **how: bool) -> None:
        signal.raise_signal(signal.SIGINT)
        shutdown(self, **how)
        ended.append(self)

    shutdown, ended = ProcessPoolExecutor.shutdown, []
    monkeypatch.setattr(ProcessPoolExecutor, "shutdown", impatient)
    monkeypatch.setattr(pool, "carry_out", busy)
    coming = pool.done(list("abcd"), lambda name: Order(name, "", ""), jobs=2)
    assert next(coming) == Made("a")
    hired = workers_of(os.getpid())
    assert len(hired) == 2
    monkeypatch.setattr(pool, "_next", lambda _came: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        next(coming)
    assert len(ended) == 1
    assert not psutil.wait_procs(hired, timeout=120)[1]


def test_beside_the_main_thread_nothing_is_changed() -> None:
    seen = []

    def look() -> None:
        with interrupts.insisting(), interrupts.unheard():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]


def test_ctrl_c_while_it_is_planned_is_a_sentence_too(
    short: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "plan", interrupted)
    done = CliRunner().invoke(app, ["report", "--all", "-j", str(root_of(short))])
    assert done.exit_code == 130
    assert GOES_ON in done.stdout


def test_what_waits_for_a_kernel_that_is_ended_is_called_off() -> None:
    loop, complaints = ensure_event_loop(), list[object]()
    loop.set_exception_handler(lambda _loop, about: complaints.append(about))

    async def complaining() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise RuntimeError("Kernel died") from None

    waiting = [loop.create_task(asyncio.sleep(60)), loop.create_task(complaining())]
    loop.run_until_complete(asyncio.sleep(0))
    engine._let_go()
    assert all(task.done() for task in waiting)
    del waiting
    gc.collect()
    loop.set_exception_handler(None)
    assert not complaints
    engine._let_go()  # with nothing left to call off


def test_once_stopped_it_tidies_up_to_the_end() -> None:
    done = []
    with interrupts.once():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        done.append("tidy")
    assert done == ["tidy"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
