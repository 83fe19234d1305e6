from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from therapy_review.reports.workers import kernels as module
from therapy_review.reports.workers.engine import FailedError, execute
from therapy_review.reports.workers.kernels import CAN_FORK, HAS_SOCKET_FILES, Kernels, ToldError

STARTS = ["split", "anew"] if CAN_FORK else ["anew"]
# One door on the loopback is ipykernel's own, through which programs a cell starts pass on what they print.
REACHED = """
import ipykernel, psutil
open_to = {c.laddr.ip for c in psutil.Process().net_connections("inet") if c.status == psutil.CONN_LISTEN}
(ipykernel.get_connection_info(unpack=True)["transport"], open_to - {"127.0.0.1"})
"""
LEAVES = """
import builtins, os, sys, warnings
import numpy as np, pandas as pd, matplotlib as mpl, matplotlib.pyplot as plt
left = builtins.left = "a secret"
os.environ["LEFT"], mpl.rcParams["font.size"], sys.path[0] = "a secret", 33, "/nowhere"
pd.set_option("display.precision", 1); np.seterr(all="raise"); os.umask(0o000); os.chdir("/")
plt.figure(); sys.modules["left"] = sys
import therapy_review; therapy_review.left = "a secret"
"""
LOOKS = """
import os, sys, builtins
import numpy as np, pandas as pd, matplotlib as mpl, matplotlib.pyplot as plt, therapy_review
mask = os.umask(0o077); os.umask(mask)
("left" in dir(), hasattr(builtins, "left"), os.environ.get("LEFT"), mpl.rcParams["font.size"],
 "/nowhere" in sys.path, pd.get_option("display.precision"), np.geterr()["divide"],
 os.path.basename(os.getcwd()), plt.get_fignums(), "left" in sys.modules, hasattr(therapy_review, "left"), mask)
"""


def notebook(*sources: str) -> NotebookNode:
    cells = [new_code_cell("session = ''", metadata={"tags": ["parameters"]}), *map(new_code_cell, sources)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


@pytest.fixture(params=STARTS)
def kernels(request: pytest.FixtureRequest) -> Iterator[Kernels]:
    kernels = Kernels(request.param)
    yield kernels
    kernels.close()


def last(kernels: Kernels, folder: Path, *sources: str, **options: float) -> str:
    kernel = kernels.take()
    try:
        made = execute(kernel, notebook(*sources), str(folder), {"session": "2026-03-05"}, **options)
    finally:
        kernel.end()
    return str(made.cells[-1].outputs[0]["data"]["text/plain"])


@pytest.mark.slow
@pytest.mark.skipif(not HAS_SOCKET_FILES, reason="Windows has no socket files; see the next test")
def test_a_kernel_can_be_reached_from_no_network(kernels: Kernels, tmp_path: Path) -> None:
    assert last(kernels, tmp_path, REACHED) == "('ipc', set())"


@pytest.mark.slow
def test_where_there_are_no_socket_files_a_kernel_is_spoken_to_in_cipher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HAS_SOCKET_FILES", False)
    kernels = Kernels("anew")
    asked = "import ipykernel; ipykernel.get_connection_info(unpack=True)['curve_publickey'][:0]"
    try:
        assert last(kernels, tmp_path, asked) == "''"
    finally:
        kernels.close()


@pytest.mark.slow
def test_nothing_one_report_leaves_behind_is_seen_by_the_next(kernels: Kernels, tmp_path: Path) -> None:
    before = last(kernels, tmp_path, LOOKS)
    last(kernels, tmp_path, LEAVES, "1")
    assert last(kernels, tmp_path, LOOKS) == before
    assert f"'{tmp_path.name}'" in before
    assert "secret" not in before


@pytest.mark.slow
def test_the_next_kernel_is_started_while_one_is_in_use(kernels: Kernels) -> None:
    first = kernels.take()
    first.tell("import therapy_review.pages.session")
    time.sleep(1)
    second = kernels.take()
    second.tell("import therapy_review.pages.session")
    first.end()
    second.end()


def test_while_a_session_is_listened_to_no_kernel_waits_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Started:
        def end(self) -> None:
            pass

    monkeypatch.setattr(Kernels, "_new", lambda _self: Started())
    kernels = Kernels("anew")
    kernels.take("none")
    assert len(kernels._ready) == 0
    kernels.take()
    assert len(kernels._ready) == 1
    kernels.close()


@pytest.mark.slow
def test_what_a_kernel_is_told_leaves_no_trace_in_its_history(kernels: Kernels, tmp_path: Path) -> None:
    told: list[str] = []

    def on_start(client: object) -> None:
        told.append("once")
        reply = client.execute_interactive("secret = 'key'; del secret", silent=True, store_history=False)  # type: ignore[attr-defined]
        assert reply["content"]["status"] == "ok"

    kernel = kernels.take()
    made = execute(
        kernel,
        notebook("ip = get_ipython(); (In, ip.history_manager.enabled)"),
        str(tmp_path),
        {"session": ""},
        on_start=on_start,
    )
    kernel.end()
    shown = made.cells[-1].outputs[0]["data"]["text/plain"]
    assert told == ["once"]
    assert "secret" not in shown
    assert shown.endswith("False)")


@pytest.mark.slow
def test_what_fails_in_a_told_line_is_said_by_name(kernels: Kernels) -> None:
    kernel = kernels.take()
    with pytest.raises(ToldError) as raised:
        kernel.tell("1/0")
    kernel.end()
    assert raised.value.name == "ZeroDivisionError"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise ValueError('my secret')", "Cell 3 stopped with a ValueError. "),
        ("from therapy_review.errors import NoteError; raise NoteError('A sentence.')", "A sentence."),
        ("raise MemoryError", "Cell 3 needs more memory"),
        pytest.param(
            "import psutil, resource\nfree = psutil.Process().memory_info().vms + 200 * 2**20\n"
            "resource.setrlimit(resource.RLIMIT_AS, (free, free))\nkept = []\n"
            "while True: kept.append('a' * 1000 + str(len(kept)))",
            "memory",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="no other system keeps to that limit"),
        ),
        ("import os; os.kill(os.getpid(), 9)", "kernel ended"),
        ("import time; time.sleep(60)", "Cell 3 took longer than 2 seconds."),
        ("def broken(:", "Cell 3 stopped with a SyntaxError"),
    ],
)
def test_a_failing_cell_is_named_and_its_content_is_not(source: str, said: str, tmp_path: Path) -> None:
    kernels = Kernels(STARTS[0])  # type: ignore[arg-type]
    try:
        with pytest.raises(FailedError) as raised:
            last(kernels, tmp_path, "1", source, cell_wait=1.2)
    finally:
        kernels.close()
    assert said in raised.value.sentence
    assert raised.value.cell == 3
    assert "secret" not in raised.value.sentence
    assert raised.value.__cause__ is None


def test_nothing_of_a_notebook_is_written_to_disk_while_it_runs(kernels: Kernels, tmp_path: Path) -> None:
    written: list[str] = []
    watching = [True]

    def watch(event: str, what: tuple[object, ...]) -> None:  # can't be taken back, so it is told to stop
        if not watching or event != "open" or isinstance(what[0], int):
            return
        if isinstance(what[2], int) and what[2] & (os.O_WRONLY | os.O_RDWR):
            written.append(os.fsdecode(what[0]))  # type: ignore[arg-type]

    sys.addaudithook(watch)
    last(kernels, tmp_path, "'The river behind the house'")
    watching.clear()
    assert not list(tmp_path.iterdir())
    # What a manager writes is how to reach its kernel.
    assert {Path(name).suffix for name in written if name != os.devnull} <= {".json"}
    assert any(name.endswith(".json") for name in written)


@pytest.mark.slow
@pytest.mark.skipif(not CAN_FORK, reason="only Linux splits kernels off")
def test_kernels_end_with_whoever_started_them(tmp_path: Path) -> None:
    program = (
        "from therapy_review.reports.workers.kernels import Kernels; import time\n"
        "kernels = Kernels(); kernel = kernels.take(); kernel.tell('')\n"
        "process = kernel.manager.provisioner.process\n"
        "print(kernels._source._process.pid, process.pid, kernels._scratch.path, flush=True)\n"
        "time.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment
    ) as started:
        assert started.stdout
        source, kernel, scratch = started.stdout.readline().split()
        both = [psutil.Process(int(number)) for number in (kernel, source)]
        started.kill()
    assert not psutil.wait_procs(both, timeout=120)[1]
    assert not Path(scratch).exists()


@pytest.mark.slow
def test_what_a_notebook_says_is_the_same_however_its_kernel_was_started(tmp_path: Path) -> None:
    said = []
    for start in STARTS:
        kernels = Kernels(start)  # type: ignore[arg-type]
        said.append(
            last(kernels, tmp_path, "import os, sys; (sys.argv[:0], __name__, list({'a', 'b', 'c', 'd'}))")
        )
        kernels.close()
    assert len(set(said)) == 1


@pytest.mark.slow
def test_a_template_is_left_as_it_was(kernels: Kernels, tmp_path: Path) -> None:
    template = notebook("1")
    before = nbformat.writes(template)
    kernel = kernels.take()
    execute(kernel, template, str(tmp_path), {"session": "2026-03-05"})
    kernel.end()
    assert nbformat.writes(template) == before
