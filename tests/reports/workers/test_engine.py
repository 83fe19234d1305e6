"""The engine, where it listens: no more sessions are listened to at once than a computer has cores for."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from therapy_review.reports.workers.engine import turn_to_listen

HOLDS = """
import sys, time
from therapy_review.reports.workers.engine import turn_to_listen
with turn_to_listen(1):
    print("listens", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("places", [1, 2])
def test_there_are_never_more_at_once_than_places_and_everybody_has_a_turn(places: int) -> None:
    count, at_once, most, done = threading.Lock(), 0, 0, 0

    def listen() -> None:
        nonlocal at_once, most, done
        with turn_to_listen(places):
            with count:
                at_once += 1
                most = max(most, at_once)
            threading.Event().wait(0.1)
            with count:
                at_once -= 1
                done += 1

    everybody = [threading.Thread(target=listen) for _ in range(5)]
    for one in everybody:
        one.start()
    for one in everybody:
        one.join()
    assert most == places
    assert done == 5


def test_a_process_that_is_killed_gives_its_place_back() -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDS], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "listens\n"
        there = threading.Event()

        def wait() -> None:
            with turn_to_listen(1):
                there.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not there.wait(1.0)
        other.kill()
        assert there.wait(120.0)
        waiting.join()
