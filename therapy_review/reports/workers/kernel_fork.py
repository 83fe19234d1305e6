"""One process that has imported what a notebook needs, and splits a new kernel off whenever it is asked to.

A kernel spends most of its first seconds on imports. Here they are done once; each kernel is then a process of its
own, with its own memory, folder, environment and settings, and nothing of the kernels before it. Linux only: other
systems do not let a process go on after it was split.

Started by `therapy_review.reports.workers.kernels`, never by hand: ``python -m
therapy_review.reports.workers.kernel_fork DESCRIPTOR FOLDER``. It talks in lines of JSON through the socket it
inherits, and ends, with all its kernels, when that is closed.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import shutil
import signal
import socket
import sys
from typing import Any, NoReturn

IMPORTED = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.subshell_manager",
    "IPython.core.completerlib",
    "matplotlib.backends.backend_agg",
    "therapy_review.pages.session",
)


def main() -> None:
    """Import everything, then answer one line after the other until nobody is there any more."""
    channel, folder = socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program that is watched by a person
    for name in IMPORTED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # so that the kernels share this memory instead of copying it
    children: set[int] = set()
    with contextlib.suppress(OSError), channel.makefile("r", encoding="utf-8") as lines:
        for line in lines:
            children -= {child for child in children if os.waitpid(child, os.WNOHANG)[0]}
            wanted, parent = json.loads(line), os.getpid()
            child = os.fork()
            if child == 0:
                channel.close()
                _become_kernel(wanted, parent)
            children.add(child)
            channel.sendall(f"{child}\n".encode())
    for child in children:
        with contextlib.suppress(OSError):
            os.killpg(child, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def _become_kernel(wanted: dict[str, Any], parent: int) -> NoReturn:
    """Go on as a kernel, as one that was started by itself would."""
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.clear()
        os.environ.update(wanted["environment"])
        os.chdir(wanted["folder"])
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):  # what a crashing kernel prints may hold a client's words
            os.dup2(nowhere, stream)
        from ipykernel.kernelapp import IPKernelApp

        IPKernelApp.launch_instance(argv=[*wanted["arguments"], f"--IPKernelApp.parent_handle={parent}"])
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
