"""JupyterLab as the workbook starts it: what is typed stays in the notebook, and nothing of it is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager
from traitlets.config import Config

from therapy_review.lab import server
from therapy_review.lab.managers import NO_HISTORY, QuietKernelSpecs

TYPED = "The heron stood in the car park."
sockets = pytest.mark.skipif(not server.HAS_SOCKET_FILES, reason="kernels are talked to in another way there")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A short folder for temporary files, of this test alone."""
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp" if os.name == "posix" else None) as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", None)
        yield Path(folder)
    monkeypatch.setattr(tempfile, "tempdir", None)


def typed_into(specs: KernelSpecManager, home: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Type a line into a kernel as Lab starts it; return the files in IPython's folder in which it is then."""
    monkeypatch.setenv("IPYTHONDIR", str(home))
    manager = KernelManager(kernel_name="python3", kernel_spec_manager=specs)
    manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(60)
        reply = client.execute_interactive(f"{TYPED!r}", store_history=True, output_hook=lambda _: None)
        assert reply["content"]["status"] == "ok"
        client.execute_interactive("1", store_history=True, output_hook=lambda _: None)
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    return [path for path in home.rglob("*") if path.is_file() and TYPED.encode() in path.read_bytes()]


def test_every_kernel_of_ipythons_is_told_to_keep_no_history(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "python3": ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "mine": ["/opt/mine/bin/ipykernel-wrapper", "{connection_file}"],
        "other": ["R", "--slave"],
    }
    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", lambda _, name: KernelSpec(argv=given[name]))
    found = {name: QuietKernelSpecs().get_kernel_spec(name).argv for name in given}
    assert found["python3"] == [*given["python3"], NO_HISTORY]
    assert found["mine"] == [*given["mine"], NO_HISTORY]
    assert found["other"] == given["other"]
    assert any(option.endswith("therapy_review.lab.managers.QuietKernelSpecs") for option in server.QUIET)


@pytest.mark.slow
def test_what_is_typed_in_a_cell_is_not_kept_by_ipython(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert typed_into(QuietKernelSpecs(), tmp_path / "quiet", monkeypatch) == []
    kept = typed_into(KernelSpecManager(), tmp_path / "usual", monkeypatch)
    assert "history.sqlite" in {path.name for path in kept}  # which is what is switched off


@sockets
def test_what_a_killed_lab_left_is_cleared_away_and_nothing_else(temporary: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left, used = temporary / f"{server.TALKS}{ended.pid}-x", temporary / f"{server.TALKS}{os.getpid()}-y"
    others = [temporary / "tr-abc", temporary / f"{server.TALKS}notes", temporary / f"{server.TALKS}x-1"]
    for folder in (left, used, *others):
        folder.mkdir()
        (folder / "k-1").touch()
    server.command(temporary, "reports/week.ipynb")
    assert not left.exists()
    assert all(folder.exists() for folder in (used, *others))
    assert len(list(temporary.iterdir())) == 5


@sockets
def test_the_folder_goes_when_the_server_ends(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_the_end = []
    monkeypatch.setattr("atexit.register", lambda *what, **_: at_the_end.append(what))
    (ip,) = (word for word in server.command(temporary, "x.ipynb") if word.startswith("--KernelManager.ip="))
    folder = Path(ip.partition("=")[2]).parent
    for place in (f"{folder}/k", str(temporary / "k"), "127.0.0.1"):
        QuietKernelSpecs(config=Config(KernelManager={"ip": place}))
    ((remove, gone),) = at_the_end
    assert gone == folder
    remove(gone)
    assert not folder.exists()


@pytest.fixture
def jupyters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Jupyter's folders, of this test alone; the one in which a running server is named."""
    for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
        monkeypatch.setenv(f"JUPYTER_{name}", str(tmp_path / name))
    return tmp_path / "RUNTIME_DIR"


def start(folder: Path, runtime: Path, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
    """Start Lab as `lab.start` does it: the program that made its folder becomes Lab."""
    becomes = "import os, sys; from therapy_review import lab; c = lab.command(*sys.argv[1:3]); "
    becomes += "os.execvpe(c[0], [*c, *sys.argv[3:]], lab.environment())"
    options = ["--no-browser", "--allow-root", "--ServerApp.port=0"]
    running = subprocess.Popen(
        [sys.executable, "-c", becomes, str(folder), "x.ipynb", *options], stdout=output, stderr=output
    )
    wait_for(lambda: list(runtime.glob("jpserver-*.json")), running)
    return running


def wait_for(it: Callable[[], object], running: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while not it():
        assert running.poll() is None
        assert time.monotonic() < end, running.kill()
        time.sleep(0.1)


@sockets
def test_lab_says_where_it_is_and_nothing_else(temporary: Path, tmp_path: Path, jupyters: Path) -> None:
    with (tmp_path / "said").open("w+b") as said:
        running = start(tmp_path, jupyters, said)
        wait_for(lambda: b"token=" in (tmp_path / "said").read_bytes(), running)
        running.send_signal(signal.SIGTERM)
        running.wait(30)
        said.seek(0)
        lines = [line.strip() for line in said.read().decode().splitlines() if line.strip()]
    sentences = [line for line in lines if not line.startswith(("http://", "file://"))]
    assert sentences == [
        "To access the server, open this file in a browser:",
        "Or copy and paste one of these URLs:",
        "received signal 15, stopping",
    ]
    assert any(line.startswith("http://127.0.0.1:") for line in lines)


@sockets
@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_no_folder_of_a_lab_is_left(
    how: signal.Signals, temporary: Path, tmp_path: Path, jupyters: Path
) -> None:
    running = start(tmp_path, jupyters, subprocess.DEVNULL)
    try:
        assert len(list(temporary.glob(f"{server.TALKS}{running.pid}-*"))) == 1
    finally:
        running.send_signal(how)
        running.wait(30)
    if how == signal.SIGKILL:
        server._clear_away()  # the next one that starts
    assert list(temporary.glob(f"{server.TALKS}*")) == []
