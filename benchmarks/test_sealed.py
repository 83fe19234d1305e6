"""What a sealed journal costs over a plain one: opening a 50-minute recording, and the trends of 200 sessions."""

from __future__ import annotations

import datetime as dt
import io
import json
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from benchmarks.test_analysis import hour  # noqa: F401  the same 50 minutes of sound
from therapy_review import Journal, Recording, analyse, open_journal
from therapy_review.storage import PlainStore, keys, sealing, unlock
from therapy_review.trends import moods_table, sessions_table, tags_table

PRACTICE = Path(__file__).parent.parent / "data" / "practice"
SESSIONS = 200
RECORDING = "recording.opus"
SECONDS, TIMES = 0.3, 1.5  # what a sealed one may cost


def twins(root: Path) -> tuple[Journal, Journal]:
    """Open a plain journal and its sealed twin; the passphrase, which takes its second once, is left out."""
    shutil.copytree(root, root.with_name("sealed"))
    identity = keys.Identity.generate()
    sealing.seal(PlainStore(root.with_name("sealed")), keys.NewKeys(identity, b"", b""))
    unlock.keep(identity)
    sealed = open_journal(root.with_name("sealed"))
    for (
        session
    ) in sealed.sessions:  # as if each had been analysed there: its recording is known by size and time
        made, name = session.file("derived/made_from.json"), session.file(RECORDING)
        if sealed.store.exists(made):
            known = {**json.loads(sealed.store.read(made)), "stamp": list(sealed.store.stamp(name))}
            sealed.store.write(made, json.dumps(known).encode())
    return open_journal(root), sealed


def median(act: Callable[[], object], rounds: int) -> float:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def alternating(
    plain: Callable[[], object], sealed: Callable[[], object], rounds: int
) -> tuple[float, float]:
    """Measure two acts by turns, so that whatever else this computer does slows both."""
    both = [(median(plain, 1), median(sealed, 1)) for _ in range(rounds)]
    return statistics.median(a for a, _ in both), statistics.median(b for _, b in both)


def test_opening_a_sealed_50_minute_recording(
    benchmark,
    hour: bytes,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = PlainStore(tmp_path / "plain")
    for name in ("journal.toml", "agreements.toml"):
        store.write(name, (PRACTICE / name).read_bytes())
    store.write("sessions/2026-03-05/recording.m4a", hour)
    plain, sealed = (journal.session("2026-03-05") for journal in twins(store.root))

    def first_second(session) -> Callable[[], object]:
        return lambda: session.recording().read(0, 1)

    a, b = alternating(first_second(plain), first_second(sealed), 15)
    benchmark.pedantic(first_second(sealed), rounds=5)
    with capsys.disabled():
        print(f"\n{len(hour) / 1e6:.0f} MB: opened plain in {a * 1e3:.0f} ms, sealed in {b * 1e3:.0f} ms")
    assert b - a <= SECONDS


def test_three_stretches_of_a_sealed_50_minute_wav(
    hour: bytes,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = PlainStore(tmp_path / "plain")
    for name in ("journal.toml", "agreements.toml"):
        store.write(name, (PRACTICE / name).read_bytes())
    rate = 44_100
    samples = Recording(lambda: io.BytesIO(hour), "hour").read(rate=rate)
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format="WAV", subtype="PCM_16")
    store.write("sessions/2026-03-05/recording.wav", out.getvalue())
    plain, sealed = (journal.session("2026-03-05") for journal in twins(store.root))

    def stretches(session, n: int) -> Callable[[], object]:
        def read() -> None:
            recording = session.recording()
            for start in range(0, 600 * n, 600):
                recording.read(start, start + 1)

        return read

    one = alternating(stretches(plain, 1), stretches(sealed, 1), 5)
    three = alternating(stretches(plain, 3), stretches(sealed, 3), 5)
    with capsys.disabled():
        print(
            f"\n{len(out.getvalue()) / 1e6:.0f} MB of WAV: one stretch plain in {one[0] * 1e3:.0f} ms, sealed in "
            f"{one[1] * 1e3:.0f} ms; three of them in {three[0] * 1e3:.0f} ms and {three[1] * 1e3:.0f} ms"
        )
    assert (three[1] - three[0]) <= 1.5 * (one[1] - one[0])  # decrypted once, not once a stretch


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> tuple[Journal, Journal]:
    """200 analysed sessions, plain and sealed: the practice journal's, week after week."""
    root = tmp_path_factory.mktemp("years") / "plain"
    shutil.copytree(PRACTICE, root, ignore=shutil.ignore_patterns("derived", "reports", ".lock", "sessions"))
    learned = tmp_path_factory.mktemp("learned") / "practice"
    shutil.copytree(PRACTICE, learned, ignore=shutil.ignore_patterns("derived", "reports", ".lock"))
    sources = [s for s in open_journal(learned).sessions if s.journal.store.exists(s.file(RECORDING))]
    for session in sources:
        analyse(session)
    for number in range(SESSIONS):
        source = sources[number % len(sources)]
        day = dt.date(2022, 1, 6) + dt.timedelta(weeks=number)
        shutil.copytree(learned / source.folder, root / "sessions" / f"{day}")
    return twins(root)


@pytest.mark.parametrize("table", [sessions_table, moods_table, tags_table])
def test_the_trends_of_200_sealed_sessions(
    benchmark,
    years: tuple[Journal, Journal],
    table: Callable[[Journal], object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Opened anew each time, as a person does: nothing is known yet.
    paths = [getattr(journal.store, "plain", journal.store).root for journal in years]
    plain, sealed = (lambda path=path: table(open_journal(path)) for path in paths)
    assert len(plain()) == len(sealed()) >= SESSIONS
    a, b = alternating(plain, sealed, 3)
    benchmark.pedantic(sealed, rounds=2)
    with capsys.disabled():
        print(f"\n{SESSIONS} sessions: plain in {a:.2f} s, sealed in {b:.2f} s, {b / a:.2f}x")
    assert b / a <= TIMES
