"""Ctrl-C is for the program a person watches, which always hears it, and for none that it starts."""

from __future__ import annotations

import _thread
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

AGAIN = 2.0  # seconds to tidy up in before a Ctrl-C is taken for lost


@contextmanager
def insisting() -> Iterator[None]:
    """Repeat a Ctrl-C until the block is left.

    Python drops an interrupt that comes while it runs a finalizer, such as that of a kernel's manager.
    """
    if not _would_be_heard():
        yield
        return
    # What a handler calls must not wait for a lock that the code it interrupted may hold; starting a thread might.
    pressed: queue.SimpleQueue[str] = queue.SimpleQueue()
    left = threading.Event()

    def repeat() -> None:
        while pressed.get() and not left.wait(AGAIN):
            _thread.interrupt_main()

    def hear(_number: int, _frame: object) -> None:
        pressed.put("Ctrl-C")
        raise KeyboardInterrupt

    def dropped(what: sys.UnraisableHookArgs) -> None:
        if what.exc_type is not KeyboardInterrupt:  # that one is repeated, and nothing to be told of
            told(what)

    threading.Thread(target=repeat, daemon=True).start()
    before, told = signal.signal(signal.SIGINT, hear), sys.unraisablehook
    sys.unraisablehook = dropped
    try:
        yield
    finally:
        left.set()
        signal.signal(signal.SIGINT, before)
        sys.unraisablehook = told
        pressed.put("")


@contextmanager
def unheard() -> Iterator[None]:
    """Let programs that are started within never hear of a Ctrl-C; the one that starts them ends them.

    Where signals can be held back, what comes meanwhile is heard at the end of the block, and what was started
    holds them back until it calls `deaf`. On Windows it is not heard at all.
    """
    before = signal.getsignal(signal.SIGINT)
    if not _would_be_heard() or not callable(before):
        yield
        return
    if not hasattr(signal, "pthread_sigmask"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
        return
    came: list[int] = []
    # Another thread may take what this one holds back, so it is noted as well.
    signal.signal(signal.SIGINT, lambda number, _frame: came.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, before)
        if came:
            before(signal.SIGINT, None)


@contextmanager
def once() -> Iterator[None]:
    """Tidy up after a Ctrl-C to the end, however often it is pressed."""
    with suppress(KeyboardInterrupt), unheard():
        yield


def deaf() -> None:
    """Hear of no Ctrl-C from now on, in a process that was started while it was held back."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _would_be_heard() -> bool:
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and signal.getsignal(signal.SIGINT) not in (signal.SIG_IGN, signal.SIG_DFL, None)
