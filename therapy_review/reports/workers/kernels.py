"""Kernels: ready before they are needed, used for one report each, and gone when it is made.

While one report is drawn the next kernel starts already. On Linux it is split off from a process that has done the
imports (`therapy_review.reports.workers.kernel_fork`), which takes a third of a second instead of two; elsewhere it
is an ordinary one. Either way no kernel is used twice, so nothing one report leaves behind is seen by the next.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_core.utils import run_sync
from traitlets.config import Config

from therapy_review import hints
from therapy_review.display import STILL
from therapy_review.errors import ReportError
from therapy_review.reports.workers.scratch import Scratch
from therapy_review.storage import unlock

if TYPE_CHECKING:
    from jupyter_client.blocking.client import BlockingKernelClient

HAS_SOCKET_FILES = hasattr(socket, "AF_UNIX")  # not on Windows
CAN_FORK = sys.platform == "linux" and hasattr(os, "pidfd_open")
START = 120.0  # seconds a kernel may take to start on a busy computer
# A kernel that is told to stop while it is busy says so as an error. No history is kept anywhere.
ARGUMENTS = ["--IPKernelApp.log_level=CRITICAL", "--HistoryManager.enabled=False"]
ENVIRONMENT = {
    STILL: "1",
    hints.READER: hints.OTHERS,  # until it is known for whom the report is
    "PYTHONHASHSEED": "0",  # the names in a set come in the same order in every run
    "OPENBLAS_NUM_THREADS": "1",  # the other cores are for other kernels
    "OMP_NUM_THREADS": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # as a kernel would choose, before any import
}
FORK = "therapy_review.reports.workers.kernel_fork"
IMPORTS = """--IPKernelApp.exec_lines=['__import__("therapy_review.pages.session")']"""


class Kernel:
    """A kernel for one report."""

    def __init__(self, manager: AsyncKernelManager) -> None:
        self.manager = manager
        self._client: BlockingKernelClient | None = None

    @property
    def client(self) -> BlockingKernelClient:
        """A client to talk to it before its first cell; the first question waits until the kernel is ready."""
        if self._client is None:
            self._client = self.manager.blocking_client()
            self._client.start_channels()
        return self._client

    def tell(self, code: str, wait: float = START) -> None:
        """Have the kernel run a line that leaves no trace."""
        client = self.client
        asked, end = client.execute(code, silent=True, store_history=False), time.monotonic() + wait
        while time.monotonic() < end:
            with contextlib.suppress(queue.Empty):
                reply = client.get_shell_msg(timeout=1)
                if reply["parent_header"].get("msg_id") != asked:
                    continue
                if reply["content"]["status"] != "ok":
                    raise ToldError(reply["content"].get("ename", ""), reply["content"].get("evalue", ""))
                return
            if not client.is_alive():
                raise KernelEndedError
        raise TimeoutError

    def leave(self) -> None:
        """Stop talking to it; another client may go on."""
        if self._client is not None:
            self._client.stop_channels()
            self._client = None

    def end(self) -> None:
        """End the kernel at once."""
        self.leave()
        with contextlib.suppress(RuntimeError, OSError):
            run_sync(self.manager.shutdown_kernel)(now=True)
        run_sync(self.manager.cleanup_resources)()


class ToldError(Exception):
    """What a kernel was told to do failed."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name)
        self.name, self.text = name, text


class KernelEndedError(Exception):
    """The kernel is no longer there."""


class Kernels:
    """Gives kernels, one for each report, and keeps one in reserve."""

    def __init__(self, start: str = "split" if CAN_FORK else "anew") -> None:
        self._scratch = Scratch()
        self._start, self._number = start, 0
        self._ready: list[Kernel] = []
        self._guard = threading.Lock()
        self._source = _Source(self._scratch.path) if start == "split" else None
        self._closed = False

    def take(self, then: Literal["next", "none"] = "next") -> Kernel:
        """Return a kernel nobody has used, and start the next one."""
        with self._guard:
            kernel = self._ready.pop() if self._ready else self._new()
            if then == "next" and not self._ready and not self._closed:
                self._ready.append(self._new())
        return kernel

    def close(self) -> None:
        """End what is in reserve, and clear away what was needed to start it."""
        with self._guard:
            self._closed = True
            for kernel in self._ready:
                kernel.end()
            self._ready.clear()
            if self._source:
                self._source.close()
            self._scratch.clear()

    def _new(self) -> Kernel:
        self._number += 1
        place = self._scratch.path / f"{self._number}"
        # Nobody else can listen: through files only their owner may open, or in cipher.
        talk = (
            {"transport": "ipc", "ip": str(place)} if HAS_SOCKET_FILES else {"transport_encryption": "auto"}
        )
        manager = AsyncKernelManager(
            kernel_name="python3",
            config=Config(KernelManager=talk),
            connection_file=f"{place}.json",
        )
        arguments = list(ARGUMENTS)
        if self._source:
            manager.provisioner = _Split(
                parent=manager, kernel_id=manager.kernel_id, kernel_spec=manager.kernel_spec
            )
            manager.provisioner.source = self._source
        else:
            arguments.append(IMPORTS)
        try:
            run_sync(manager.start_kernel)(
                extra_arguments=arguments,
                env=_environment(),
                cwd=str(self._scratch.path),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except (OSError, RuntimeError, ValueError) as error:
            raise ReportError(
                f"No kernel could be started on this computer ({type(error).__name__}); close other programs, "
                "then try again."
            ) from error
        return Kernel(manager)


def _environment() -> dict[str, str]:
    """Give a kernel this program's environment, without the way to a passphrase: its key is handed to it."""
    kept = {name: value for name, value in os.environ.items() if name not in (unlock.FILE, unlock.PIPE)}
    return kept | ENVIRONMENT


class _Source:
    """The process kernels are split off from, and the way to talk to it."""

    def __init__(self, scratch: Path) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            number = theirs.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-m", FORK, str(number), str(scratch)],
                pass_fds=[number],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
            )
        self._channel, self._lines = ours, ours.makefile("r", encoding="utf-8")
        self._waiting: list[_Process] = []
        self._guard = threading.Lock()

    def split(self, arguments: list[str], folder: str, environment: dict[str, str]) -> _Process:
        """Ask for a kernel; who it is becomes known when the process has done its imports."""
        wanted = {"arguments": arguments, "folder": folder, "environment": environment}
        process = _Process(self)
        with self._guard:
            self._waiting.append(process)
            self._channel.sendall(f"{json.dumps(wanted)}\n".encode())
        return process

    def hear(self, until: _Process) -> None:
        """Read answers, which come in the order of asking, up to the one for a kernel."""
        with self._guard:
            while until.number is None:
                line = self._lines.readline()
                if not line:
                    raise ChildProcessError("The process that starts kernels has ended.")
                self._waiting.pop(0).born(int(line))

    def close(self) -> None:
        """End it; the kernels it split off end with it."""
        with contextlib.suppress(OSError):
            self._lines.close()
        self._channel.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)


class _Process:
    """A kernel's process, with the few methods of a `subprocess.Popen` that are asked for."""

    stdin = stdout = stderr = None

    def __init__(self, source: _Source) -> None:
        self._source = source
        self.number: int | None = None
        self._handle = -1

    def born(self, number: int) -> None:
        """Hold on to the process, so that its number can't come to mean another."""
        self.number = number
        with contextlib.suppress(ProcessLookupError):
            self._handle = os.pidfd_open(number)  # type: ignore[attr-defined, unused-ignore]

    @property
    def pid(self) -> int:
        """Its number; the first call waits until there is one."""
        if self.number is None:
            self._source.hear(self)
        assert self.number is not None
        return self.number

    def poll(self) -> int | None:
        """Return None while it lives."""
        _ = self.pid
        if self._handle < 0:
            return 1
        return 1 if select.select([self._handle], [], [], 0)[0] else None

    def wait(self) -> int:
        """Wait for its end."""
        if self._handle >= 0:
            select.select([self._handle], [], [])
            os.close(self._handle)
            self._handle = -1
        return 1

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        if self.poll() is None:
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    terminate = kill


class _Split(LocalProvisioner):
    """Starts a kernel by splitting it off."""

    source: Any = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        arguments = cmd[cmd.index("-f") :]
        self.process = self.source.split(arguments, kwargs["cwd"], kwargs["env"])
        self.cwd = kwargs["cwd"]
        return self.connection_info
