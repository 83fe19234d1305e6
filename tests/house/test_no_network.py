"""Nothing in the package, nor in the tests, speaks to another computer."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PRACTICE, shorten
from tests.support import no_network

ELSEWHERE = "192.0.2.7"  # kept free for examples by RFC 5737
CAUGHT = f"""
import contextlib, socket

def test_a_failure_that_is_caught():
    with contextlib.suppress(OSError):
        socket.create_connection(("{ELSEWHERE}", 80), timeout=1)

def test_nothing():
    pass
"""
# What the package does by itself: every module imported, a session analysed, made ready to listen to and drawn.
BY_ITSELF = """
import importlib, pkgutil, sys

def watch(event, args):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        print("USED", event, args[1:])
        sys.exit(3)

import urllib3  # papermill's own asks by a socket of its own, when it is loaded, whether this computer has IPv6
sys.addaudithook(watch)
import matplotlib
matplotlib.use("agg")
import therapy_review
imported = 0
for module in pkgutil.walk_packages(therapy_review.__path__, "therapy_review."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
        imported += 1
journal = therapy_review.open_journal(sys.argv[1])
session = journal.sessions[-1]
therapy_review.analyse(session)
from therapy_review.player import playback
from therapy_review.charts import session as charts
from therapy_review.trends import table as trends
from therapy_review.measures import talk as measures
playback.prepare(session)
drawn = [
    charts.session_map(session.turns),
    charts.talk_balance(measures.balance(session.turns)),
    charts.pauses_and_gaps(session.turns),
]
for chart in drawn:
    chart.savefig(sys.argv[1] + "/chart.png")
trends.sessions_table(journal), trends.moods_table(journal), trends.tags_table(journal)
print("DONE", imported, len(session.turns), len(drawn))
"""


@pytest.mark.parametrize("address", [(ELSEWHERE, 80), ("2001:db8::7", 80, 0, 0)])
def test_a_connection_to_elsewhere_fails(address: tuple[object, ...]) -> None:
    family = socket.AF_INET6 if len(address) == 4 else socket.AF_INET
    with socket.socket(family) as ours, pytest.raises(no_network.LeavesThisComputerError):
        ours.connect(address)
    assert no_network.tried.pop()


def test_a_name_that_others_would_be_asked_about_and_a_packet_fail_too() -> None:
    with pytest.raises(no_network.LeavesThisComputerError):
        socket.getaddrinfo("example.org", 80)
    with socket.socket(type=socket.SOCK_DGRAM) as ours, pytest.raises(no_network.LeavesThisComputerError):
        ours.sendto(b"", (ELSEWHERE, 53))
    assert len(no_network.tried) == 2
    no_network.tried.clear()


def test_a_connection_on_this_computer_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "s"))
        server.listen()
        client.connect(str(tmp_path / "s"))


def test_the_test_fails_in_which_something_connects_elsewhere_and_catches_the_failure(tmp_path: Path) -> None:
    (tmp_path / "test_caught.py").write_text(CAUGHT)
    shutil.copy(no_network.__file__, tmp_path)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no_network", "-p", "no:cacheprovider", "."]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "wanted to reach another computer" in run.stdout
    assert "2 passed, 1 error" in run.stdout


def test_the_package_by_itself_opens_no_connection_and_listens_to_none(tmp_path: Path) -> None:
    root = tmp_path / "practice"
    shutil.copytree(PRACTICE, root, ignore=shutil.ignore_patterns("derived", "reports", ".lock"))
    shorten(root / "sessions/2026-03-05", 90)
    run = subprocess.run(
        [sys.executable, "-c", BY_ITSELF, str(root)], capture_output=True, text=True, check=False
    )
    assert "USED" not in run.stdout
    assert run.returncode == 0, run.stderr
    modules, turns, drawn = map(int, run.stdout.split("DONE")[1].split())
    assert modules > 50
    assert turns > 10
    assert drawn == 3
