"""A template's cells run through papermill in a kernel that is ready already, all of it in memory.

papermill's own engine starts a kernel for each notebook and saves the notebook after each cell. This one is given
its kernel and no file, so that nothing a client wrote lies open on a disk while a report is made.
"""

from __future__ import annotations

import asyncio
import getpass
import logging
import math
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import papermill
from filelock import FileLock, Timeout
from jupyter_core.utils import ensure_event_loop
from loky import cpu_count
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from papermill.exceptions import PapermillException, PapermillExecutionError

from therapy_review import errors, hints
from therapy_review.consent import REPORT
from therapy_review.diarization import THREADS
from therapy_review.display import OPENS
from therapy_review.reports.workers.kernels import START, Kernel, KernelEndedError, ToldError
from therapy_review.storage import FILE_MODE
from therapy_review.wording import counted

if TYPE_CHECKING:
    from nbformat import NotebookNode

NAME = "therapy-review"
CELL = 600.0  # seconds a cell may take
LISTENING = 3600.0  # seconds one session may be listened to
AGAIN = 0.2  # seconds until it is asked again whether it is one's turn to listen
PLACE = "__import__('os').chdir({!r})"
FOR_THE_CLIENT = "__import__('os').environ.update({!r})"
LISTEN = (
    "from therapy_review.analysis import analyse; from therapy_review.journal.journal import open_journal; "
    "analyse(open_journal({!r}).session({!r}), use={!r})"
)
ENDED = (
    "The kernel ended by itself; most often that is because the computer's memory was not enough. Close other "
    "programs, or make fewer reports at once with --jobs 1."
)
OnStart = Callable[[Any], None]

_SILENT = logging.getLogger("therapy_review.reports.workers.engine")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False  # what nbclient would write to a log may hold a client's words


class FailedError(Exception):
    """Why a report could not be made, in a sentence that holds nothing of the session."""

    def __init__(self, sentence: str, cell: int | None = None) -> None:
        super().__init__(sentence)
        self.sentence, self.cell = sentence, cell


class WarmEngine(Engine):  # type: ignore[misc, unused-ignore]
    """Runs a notebook in a kernel that was started before."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        """Run the cells; see `papermill.engines.Engine`."""
        client = PapermillNotebookClient(
            nb_man,
            km=options["manager"],
            timeout=options["cell_wait"],
            on_cell_start=lambda cell, cell_index: options["reached"](cell_index),  # noqa: ARG005
            kernel_name=kernel_name,
            store_widget_state=False,
            record_timing=False,
            log=_SILENT,
        )
        try:
            client.execute()
        except KeyboardInterrupt:
            _let_go()
            raise
        finally:
            if client.kc is not None:
                client.kc.stop_channels()


papermill_engines.register(NAME, WarmEngine)


def _let_go() -> None:
    """Call off what still waits for the kernel; when that is ended it would complain of it in a traceback."""
    loop = ensure_event_loop()
    if waiting := asyncio.all_tasks(loop):
        for task in waiting:
            task.cancel()
        done, _ = loop.run_until_complete(asyncio.wait(waiting, timeout=1.0))
        for task in done:
            if not task.cancelled():
                task.exception()  # nbclient takes being called off for a dead kernel; looked at, it is not printed


@contextmanager
def turn_to_listen(places: int | None = None) -> Iterator[None]:
    """Wait until fewer sessions are listened to on this computer, by whoever asks, than it has cores for.

    Listening keeps several cores busy by itself and needs most of the memory, so two at once on two cores are
    slower than one after the other, and need twice as much. A process that dies gives its place back.
    """
    places = places or max(1, cpu_count() // THREADS)
    name = Path(tempfile.gettempdir()) / f"therapy_review-{getpass.getuser()}-listens"
    locks = [FileLock(f"{name}-{place}.lock", mode=FILE_MODE) for place in range(places)]
    while not any(map(_is_taken, locks)):
        time.sleep(AGAIN)
    try:
        yield
    finally:
        for lock in locks:
            lock.release()


def _is_taken(lock: FileLock) -> bool:
    with suppress(Timeout):
        lock.acquire(blocking=False)
    return lock.is_locked


def listen(kernel: Kernel, journal: str, session: str, *, on_start: OnStart | None = None) -> None:
    """Have a kernel find out who spoke when in a session, and keep that with the session's derived files."""
    try:
        _begin(kernel, journal, on_start)
        with turn_to_listen():
            kernel.tell(LISTEN.format(journal, session, REPORT), LISTENING)
    except ToldError as error:
        raise FailedError(_in_words(error.name, error.text, "Listening to the recording")) from None
    except KernelEndedError:
        raise FailedError(ENDED) from None
    except TimeoutError:
        raise FailedError(f"Listening to the recording took longer than {_lasting(LISTENING)}.") from None


def execute(
    kernel: Kernel,
    template: NotebookNode,
    folder: str,
    parameters: Mapping[str, object],
    *,
    on_start: OnStart | None = None,
    cell_wait: float = CELL,
    opens: str = "",
) -> NotebookNode:
    """Run a template in a kernel."""
    tagged = ["parameters" in cell.metadata.get("tags", []) for cell in template.cells]
    added = tagged.index(True) + 1 if any(tagged) else 0  # where papermill puts a cell of its own
    reached: list[int] = []
    cell_wait = math.ceil(cell_wait)  # who watches the cells counts in whole seconds

    def cell() -> int | None:
        """Count the template's cells from 1, without the added one."""
        return reached[-1] + (reached[-1] < added) if reached else None

    try:
        _begin(kernel, folder, on_start)
        if opens:
            kernel.tell(FOR_THE_CLIENT.format({OPENS: opens, hints.READER: hints.ANYWHERE}))
        kernel.leave()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # papermill's remarks are not for the client
            executed: NotebookNode = papermill.execute_notebook(
                template,
                None,
                parameters=dict(parameters),
                engine_name=NAME,
                kernel_name="python3",
                progress_bar=False,
                manager=kernel.manager,
                cell_wait=cell_wait,
                reached=reached.append,
            )
            return executed
    except PapermillExecutionError as error:
        raise FailedError(_in_words(error.ename, error.evalue, f"Cell {cell()}"), cell()) from None
    except CellTimeoutError:
        raise FailedError(f"Cell {cell()} took longer than {_lasting(cell_wait)}.", cell()) from None
    except (DeadKernelError, KernelEndedError):
        raise FailedError(ENDED, cell()) from None
    except ToldError as error:
        raise FailedError(_in_words(error.name, error.text, "The kernel")) from None
    except (PapermillException, TimeoutError, RuntimeError) as error:
        raise FailedError(f"The template could not be run here ({type(error).__name__}).", cell()) from None


def _begin(kernel: Kernel, folder: str, on_start: OnStart | None) -> None:
    kernel.tell(PLACE.format(folder))
    if on_start:
        kernel.client.wait_for_ready(timeout=START)  # what it shows is heard, too, from here on
        on_start(kernel.client)


def _lasting(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else counted(round(seconds), "second")


def _in_words(name: str, text: str, what: str) -> str:
    """Say what went wrong: our own sentences as they are, of other errors the kind alone."""
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, errors.TherapyReviewError):
        return text
    if name == "MemoryError":
        return f"{what} needs more memory than this computer has free; close other programs, then try again."
    if name == "CellExecutionError" and not text:  # the kernel could not even say what kind of error it was
        return (
            f"{what} stopped and could not say why; most often there was not enough memory. Close other programs, "
            "then try again."
        )
    return (
        f"{what} stopped with a {name}. What it says is left out, for it may hold words of yours; run the notebook "
        "in JupyterLab to see it."
    )
