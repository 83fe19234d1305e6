"""How long it takes to look at years of sessions, and how often a change is told; run by ``make bench``.

The journals are those of ``tests/support/believable.py``. What may be taken is asserted, what was taken is printed.
"""

from __future__ import annotations

import io
import os
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from joblib import Parallel, cpu_count, delayed
from pyrage.x25519 import Identity

from benchmarks.test_analysis import MINUTES, hour  # noqa: F401
from tests.support.believable import DIALOGUES, write_journal
from tests.trends.test_lasting_change import (
    NOISES,
    TIMES,
    Noise,
    carried,
    claims,
    found,
    missed_weeks,
    pages_that_claim,
)
from therapy_review import Journal, Recording, open_journal
from therapy_review.diarization import diarize
from therapy_review.measures.pitch_loudness import ranges
from therapy_review.storage import PlainStore, keys, sealing, unlock
from therapy_review.trends import slopes, trends
from therapy_review.trends.lasting_change import change_of, direction
from therapy_review.trends.slopes import kendall_tau, theil_sen

FIRST, OF_100, OF_500, SEALED, PROSODY = 3.0, 0.5, 1.0, 1.5, 20.0  # seconds; SEALED: times as long as plain
ROOM = 0.1  # for the first opening, measured at 1.48 to 1.50: four files of each session are decrypted, 0.1 ms each
YEAR = range(5, 55)  # sessions at each of which somebody looks
PAGES = {1: 160, 4: 40, 8: 24}  # by lines on a page
MOST_EVER = 0.15  # of pages of noise that claim something in a year of looks
LENGTHS = (5, 8, 12, 20, 40, 100)


@pytest.fixture(scope="module")
def long_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("long") / "journal"
    write_journal(root, sessions=500)
    return root


@pytest.fixture(scope="module")
def two_years(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("years") / "journal"
    write_journal(root, sessions=100)
    return root


def without_index(root: Path) -> Journal:
    shutil.rmtree(root / "derived", ignore_errors=True)
    return open_journal(root)


def test_first_reading_of_500_sessions(benchmark, long_once: Path) -> None:
    benchmark.pedantic(trends, setup=lambda: ((without_index(long_once),), {}), rounds=3)
    assert benchmark.stats.stats.median <= FIRST


@pytest.mark.parametrize(("sessions", "most"), [(100, OF_100), (500, OF_500)])
def test_trends_after_the_first_reading(
    benchmark, sessions: int, most: float, long_once: Path, two_years: Path
) -> None:
    root = two_years if sessions == 100 else long_once
    trends(open_journal(root))
    benchmark.pedantic(trends, setup=lambda: ((open_journal(root),), {}), rounds=5)
    assert benchmark.stats.stats.median <= most


def test_what_is_known_of_every_line_of_500_sessions(benchmark, long_once: Path) -> None:
    lines = [own for _, own in trends(open_journal(long_once)).groupby(["measure", "speaker"])]
    assert len(benchmark.pedantic(lambda: [change_of(own) for own in lines], rounds=2)) > 30


def settle(root: Path) -> None:
    """Let no file be of this moment."""
    for file in root.rglob("*.*"):
        os.utime(file, (time.time() - 3600,) * 2)


def test_a_sealed_journal_of_200_sessions_beside_a_plain_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    write_journal(plain, sessions=200)
    shutil.copytree(plain, sealed)
    sealed.chmod(0o700)
    identity = Identity.generate()
    sealing.seal(PlainStore(sealed), keys.NewKeys(identity, b"", b""))
    settle(sealed)
    unlock.keep(identity)
    took: dict[str, list[tuple[float, float]]] = {"first": [], "later": []}
    without_index(plain)
    trends(open_journal(plain))  # what is imported with the first table is no part of either
    for _ in range(6):  # by turns, so that whatever else this computer does slows both
        for when in took:
            if when == "first":
                without_index(plain)
                without_index(sealed)
            took[when].append((seconds(plain), seconds(sealed)))
    lines = []
    for when, times in took.items():
        a, b = np.median(times, axis=0).tolist()
        lines.append(f"{when}: plain in {a:.3f} s, sealed in {b:.3f} s, {b / a:.2f}x")
    with capsys.disabled():
        print("\n200 sessions,", "; ".join(lines))
    for when, times in took.items():
        a, b = np.median(times, axis=0)
        assert b <= (SEALED + (ROOM if when == "first" else 0)) * a


def seconds(root: Path) -> float:
    began = time.perf_counter()
    trends(open_journal(root))
    return time.perf_counter() - began


def test_pitch_and_loudness_of_an_hour(benchmark, hour: bytes, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    recording = Recording(lambda: io.BytesIO(hour), "hour")
    turns = diarize(recording.read())
    table = benchmark.pedantic(lambda: ranges(recording, turns), rounds=2)
    with capsys.disabled():
        print(f"\n{MINUTES} minutes:", table.round(2).to_string(), sep="\n")
    assert benchmark.stats.stats.max <= PROSODY


def told(what: str, rates: list[float]) -> str:
    return f"{what:28}" + "".join(f"{n:6}: {100 * rate:4.1f}" for n, rate in zip(LENGTHS, rates, strict=True))


def at_once(work: Callable[..., float], rows: Iterable[tuple[object, ...]]) -> list[float]:
    """Work on every core. The quarters claim nothing, and resampling them would take most of the time."""

    def alone(*row: object) -> float:
        with patch.object(slopes, "quarters", lambda *_: None):
            return work(*row)

    return [float(one) for one in Parallel(n_jobs=cpu_count())(delayed(alone)(*row) for row in rows)]


def test_how_often_noise_is_called_a_change(capsys: pytest.CaptureFixture[str]) -> None:
    kinds: dict[str, Noise] = dict(NOISES)
    for part in (0.3, 0.5, 0.7):
        kinds[f"carried over {part}"] = lambda rng, n, part=part: carried(rng, n, part)
    found_each = at_once(claims, [(noise, [n]) for noise in kinds.values() for n in LENGTHS])
    by_kind = dict(zip(kinds, np.reshape(found_each, (len(kinds), len(LENGTHS))).tolist(), strict=True))
    lines = [f"\nOf {TIMES} lines of noise so many percent are called a change, by number of sessions:"]
    lines += [told(kind, own) for kind, own in by_kind.items()]
    lines.append(
        f"carried over 0.5, 40 sessions, were it not corrected for: {100 * uncorrected(0.5, 40):.1f}"
    )
    with capsys.disabled():
        print("\n".join(lines))
    rates = [rate for kind in NOISES for rate in by_kind[kind]]
    assert np.mean(rates) <= 0.05
    assert max(rates) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / TIMES)  # three standard errors of a thousand tries


def test_how_often_a_page_of_noise_claims_something_in_a_year(capsys: pytest.CaptureFixture[str]) -> None:
    ever, once = dict[int, float](), dict[int, float]()
    for lines, pages in PAGES.items():
        parts = [(pages // 8, lines, YEAR, None, seed) for seed in range(8)]
        ever[lines] = float(np.mean(at_once(pages_that_claim, parts)))
        looks = [(pages, lines, [n], None, n) for n in LENGTHS[1:5]]
        once[lines] = float(np.mean(at_once(pages_that_claim, looks)))
    with capsys.disabled():
        print(
            f"\nPages of noise, by lines a page ({PAGES}): part that claims at any of {len(YEAR)} looks", ever
        )
        print("and at one look, on average", once)
    assert max(once.values()) <= 0.05
    assert all(rate <= MOST_EVER + 3 * np.sqrt(MOST_EVER / PAGES[lines]) for lines, rate in ever.items())


def uncorrected(part: float, n: int) -> float:
    rng = np.random.default_rng(n)
    lines = [(missed_weeks(rng, n), carried(rng, n, part)) for _ in range(300)]
    said = [direction(n, theil_sen(*line), kendall_tau(*line)) for line in lines]
    return sum(one != "too early to say" for one in said) / len(said)


def test_how_often_a_change_that_is_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        "\nMoods from 1 to 10 that move by so much and vary by 1.2: percent told, by number of sessions:"
    ]
    for rise in (1, 2, 3, 4):
        own = at_once(found, [(rise, n, 1.2, 300) for n in LENGTHS])
        lines.append(told(f"{rise} points", own))
    with capsys.disabled():
        print("\n".join(lines))
    assert own[-1] == 1


def test_the_journals_have_the_rhythm_of_real_dialogues(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(
            "\nTurns by the real dialogues." if DIALOGUES.is_file() else "\nTurns by the dialogues' deciles."
        )
