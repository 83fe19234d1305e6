"""How papermill runs a notebook here: in memory, and with the key of a sealed journal handed to its kernel.

Papermill reads and writes files; what is run for a journal is kept from the disk until the journal's own store
writes it. It is therefore given an address in memory, and an engine whose kernel has the key before its first cell.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.iorw import papermill_io
from papermill.utils import merge_kwargs, remove_args

SCHEME = "journal-memory://"
ENGINE = "therapy_review"
_HELD: dict[str, str] = {}  # notebooks by their address, while papermill is at work on them
OnStart = Callable[[Any], Any]


class _Memory:
    """What papermill knows as a place to read from and write to."""

    def read(self, path: str) -> str:
        return _HELD[path]

    def write(self, buf: str, path: str) -> None:
        _HELD[path] = buf

    def listdir(self, path: str) -> list[str]:
        return [held for held in _HELD if held.startswith(path)]

    def pretty_path(self, path: str) -> str:
        return path


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """Does something with a kernel that is ready, before the first cell."""

    def __init__(self, *args: Any, on_start: OnStart | None = None, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._on_start = on_start

    async def async_start_new_kernel_client(self) -> Any:
        client = await super().async_start_new_kernel_client()
        if self._on_start:
            await self._on_start(client)
        return client

    # The running of a coroutine in a program without a loop is nbclient's, and bound to its own method.
    def start_new_kernel_client(self, **settings: Any) -> Any:
        from jupyter_core.utils import run_sync

        return run_sync(self.async_start_new_kernel_client)(**settings)


class _Engine(NBClientEngine):  # type: ignore[misc]
    """Papermill's own engine with the client above."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        **settings: Any,
    ) -> Any:
        kept = remove_args(["input_path", "log_output", "stdout_file", "stderr_file"], **settings)
        final = merge_kwargs(
            kept, timeout=execution_timeout, startup_timeout=start_timeout, kernel_name=kernel_name
        )
        return _Client(nb_man, **final).execute()


papermill_io.register(SCHEME, _Memory())
papermill_engines.register(ENGINE, _Engine)


@contextmanager
def _held(source: str) -> Iterator[tuple[str, str]]:
    name = secrets.token_hex(8)
    before, after = f"{SCHEME}{name}/before.ipynb", f"{SCHEME}{name}/after.ipynb"
    _HELD[before] = source
    try:
        yield before, after
    finally:
        for address in (before, after):
            _HELD.pop(address, None)


def execute(
    template: Path,
    parameters: Mapping[str, Any],
    *,
    cwd: Path,
    on_start: OnStart | None = None,
    config: Any = None,
) -> NotebookNode:
    """Run a notebook with papermill, without a file.

    Parameters
    ----------
    template : Path
        A notebook with a cell of parameters.
    parameters : mapping of str to object
    cwd : Path
        Where its kernel is at work.
    on_start : coroutine function, optional
        Called with the client of the kernel before the first cell.
    config : traitlets.config.Config, optional
        For the kernel and its client.

    Returns
    -------
    NotebookNode
        The executed notebook.

    Raises
    ------
    papermill.exceptions.PapermillException
        When a cell fails.
    """
    import nbformat
    import papermill

    with _held(template.read_text(encoding="utf-8")) as (before, after):
        papermill.execute_notebook(
            before,
            after,
            parameters=dict(parameters),
            engine_name=ENGINE,
            cwd=str(cwd),
            progress_bar=False,
            store_widget_state=False,
            kernel_name="python3",
            config=config,
            on_start=on_start,
        )
        executed: NotebookNode = nbformat.reads(_HELD[after], as_version=4)
    return executed
