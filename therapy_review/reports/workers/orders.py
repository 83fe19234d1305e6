"""Orders: one piece of work each, with all it needs, so that any process on any computer can carry it out.

Nothing here writes into a journal, but for the derived files a kernel keeps where it finds out who spoke when.
"""

from __future__ import annotations

import atexit
import functools
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from therapy_review import hints
from therapy_review.display import LEFT_OUT, SHOWN
from therapy_review.errors import TherapyReviewError
from therapy_review.reports.workers import interrupts
from therapy_review.reports.workers.bundles import Bundle, derived, laid_out
from therapy_review.reports.workers.templates import Template
from therapy_review.storage import unlock

if TYPE_CHECKING:
    from therapy_review.journal import Journal
    from therapy_review.reports.workers.engine import OnStart
    from therapy_review.reports.workers.kernels import Kernel, Kernels

REPORTS = "reports"
SUFFIXES = {"ipynb": ("ipynb",), "html": ("ipynb", "html"), "pdf": ("ipynb", "html", "pdf")}
To = Literal["ipynb", "html", "pdf"]
GIVEN_UP = (
    "Every process that worked on this report ended by itself; most often the computer's memory was not enough. "
    "Try again with --jobs 1."
)


@dataclass(frozen=True)
class Order:
    """To listen to one session, or to make one report."""

    name: str  # what the report's files are called, without ending; of a session to be listened to, its own
    journal: str  # its folder, where it can be seen from here
    session: str
    template: Template | None = None  # none to listen
    parameters: Mapping[str, object] = field(default_factory=dict)
    to: To = "html"
    cell_wait: float = 600.0  # seconds
    secret: str | None = field(default=None, repr=False)  # opens a sealed journal; given to the kernel alone
    bundle: Bundle | None = None  # the files, where the journal's folder can't be seen
    opens: str = ""  # the command by which the report's reader opens the journal; from `opens`


@dataclass(frozen=True)
class Made:
    """What came of an order."""

    name: str
    # By ending for a report; by the journal's name where a session was listened to elsewhere.
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    sentence: str = ""  # why it failed
    cell: int | None = None  # of the template, counted from 1, in which it failed


def carry_out(order: Order) -> Made:
    """Carry out an order in this process; whatever goes wrong comes back as a sentence."""
    from therapy_review.reports.workers.engine import FailedError

    try:
        with _place(order) as folder, _kernel("next" if order.template else "none") as kernel:
            files = _report(order, folder, kernel) if order.template else _listened(order, folder, kernel)
    except FailedError as error:
        return Made(order.name, {}, error.sentence, error.cell)
    except TherapyReviewError as error:  # no kernel, or no renderer
        return Made(order.name, {}, str(error))
    except MemoryError:
        return Made(order.name, {}, "The computer's memory was not enough; make fewer reports at once.")
    except Exception as error:  # noqa: BLE001  a mistake of ours must not cost the other sessions their reports
        return Made(
            order.name, {}, f"Making this report met a mistake in the program ({type(error).__name__})."
        )
    return Made(order.name, files)


def _listened(order: Order, folder: Path, kernel: Kernel) -> dict[str, bytes]:
    from therapy_review.reports.workers.engine import listen

    listen(kernel, str(folder), order.session, on_start=_hook(order))
    return derived(folder, order.session) if order.bundle else {}


def _report(order: Order, folder: Path, kernel: Kernel) -> dict[str, bytes]:
    import nbformat

    from therapy_review.display import as_page, as_pdf, with_way_back
    from therapy_review.reports import privacy
    from therapy_review.reports.workers.engine import execute
    from therapy_review.wording import day_of

    assert order.template
    notebook = execute(
        kernel,
        order.template.notebook,
        str(folder / REPORTS),
        order.parameters,
        on_start=_hook(order),
        cell_wait=order.cell_wait,
        opens=order.opens,
    )
    files = {"ipynb": nbformat.writes(privacy.tidied(notebook)).encode()}
    if order.to != "ipynb":
        # Names a page whose template has no heading of its own.
        day = f"{day_of(order.session)}: " if order.session else ""
        page = as_page(notebook, f"{day}{order.template.name}")
        if order.session and order.secret is None:  # a sealed page is opened alone
            page = with_way_back(page)
        files["html"] = page.encode()
        if order.to == "pdf":
            files["pdf"] = as_pdf(page)
    return files


def _hook(order: Order) -> OnStart | None:
    """Give what unlocks a sealed journal in the kernel that has just started."""
    return functools.partial(unlock.hand_over, secret=order.secret) if order.secret is not None else None


@contextmanager
def _place(order: Order) -> Iterator[Path]:
    if order.bundle is None:
        yield Path(order.journal)
        return
    with laid_out(order.bundle) as folder:
        (folder / REPORTS).mkdir(mode=0o700)
        yield folder


def opens(journal: Journal, parameters: Mapping[str, object]) -> str:
    """Give the command by which a report's reader opens the journal; empty where others may read it.

    Without the client's own words a report is for others as well, who have no use for the command, and need not
    know what the client's folders are called.
    """
    if parameters.get("private_notes", LEFT_OUT) != SHOWN:
        return ""
    with hints.for_anywhere():
        return hints.command("lab", journal=journal.root)


_KERNELS: list[Kernels] = []
_GUARD = threading.Lock()


@contextmanager
def _kernel(then: Literal["next", "none"]) -> Iterator[Kernel]:
    """Lend a kernel, and end it when the order is carried out or given up."""
    from therapy_review.reports.workers.kernels import Kernels

    with _GUARD:
        if not _KERNELS:
            _KERNELS.append(Kernels())
            atexit.register(close)
    kernel = _KERNELS[0].take(then)
    try:
        yield kernel
    finally:
        kernel.end()


def close() -> None:
    """End the kernels this process keeps ready."""
    with _GUARD:
        for kernels in _KERNELS:
            kernels.close()
        _KERNELS.clear()


def end_with(process: int) -> None:
    """Let this process end when the one that started it is killed, and its kernels with it; not at a Ctrl-C."""

    def watch() -> None:
        while os.getppid() == process:
            time.sleep(0.5)
        os._exit(1)

    interrupts.deaf()
    if os.name == "posix":
        threading.Thread(target=watch, daemon=True).start()
