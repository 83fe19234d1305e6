"""Real sound for the tests: the practice journal, copied where a test may change it."""

from __future__ import annotations

import io
import shutil
import signal
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import soundfile
from filelock import FileLock
from hypothesis import settings
from pyrage import passphrase

from tests.support.examples import examples
from tests.support.heard_before import heard_anew, heard_before  # noqa: F401  fixtures
from tests.support.light_keys import lightly
from tests.support.no_network import nothing_leaves  # noqa: F401  watches every test
from tests.support.short_journals import no_kernels, short, short_once  # noqa: F401  fixtures
from therapy_review import Journal, Session, analyse, open_journal
from therapy_review.sound.opus import RATE, head, piece
from therapy_review.storage import unlock
from therapy_review.storage.keys import NewKeys, new_keys
from therapy_review.storage.plain import PlainStore
from therapy_review.storage.sealing import seal
from therapy_review.turns.table import turns_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A shell starts what runs in the background so that it ignores Ctrl-C, and what that starts inherits it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes depends on what else the machine does.
settings.register_profile("patient", examples(100), deadline=None)
settings.load_profile("patient")

ROOT = Path(__file__).parent.parent
PRACTICE = ROOT / "data" / "practice"
WORDS = "harbour lentil oboe margin"
CODE = "ABCDE-FGHJK-MNPQR-STVWX-YZ234-56789"
RECORDED = ["2026-01-08", "2026-01-15", "2026-01-29", "2026-02-05", "2026-02-19", "2026-02-26", "2026-03-05"]
NOTHING_DERIVED = shutil.ignore_patterns("derived", "reports", ".lock", "ledger.csv")
Hear = Callable[[Path, Iterable[str]], Journal]
IN_EARNEST = passphrase.encrypt


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A copy of the practice journal without anything derived."""
    shutil.copytree(PRACTICE, tmp_path / "practice", ignore=NOTHING_DERIVED)
    return open_journal(tmp_path / "practice")


@pytest.fixture(scope="session")
def hear(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Hear:
    """Copies the practice journal with some sessions analysed, each of them once for all of pytest's processes."""
    here = tmp_path_factory.getbasetemp()
    shared = here if worker_id == "master" else here.parent

    def hear(into: Path, days: Iterable[str]) -> Journal:
        shutil.copytree(PRACTICE, into, ignore=NOTHING_DERIVED)
        for day in days:
            kept = shared / f"heard_{day}"
            with FileLock(f"{kept}.lock"):
                if not kept.exists():
                    root = shutil.copytree(PRACTICE, shared / f"begun_{day}", ignore=NOTHING_DERIVED)
                    analyse(open_journal(root).session(day))
                    (root / "sessions" / day / "derived").rename(kept)
            shutil.copytree(kept, into / "sessions" / day / "derived")
        return open_journal(into)

    return hear


@pytest.fixture(scope="session")
def heard_once(hear: Hear, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The practice journal with its two last sessions analysed; not to be changed."""
    return root_of(hear(tmp_path_factory.mktemp("heard") / "practice", RECORDED[-2:]))


@pytest.fixture
def heard(heard_once: Path, tmp_path: Path) -> Journal:
    """A copy of the practice journal with its two last sessions analysed."""
    shutil.copytree(heard_once, tmp_path / "practice")
    return open_journal(tmp_path / "practice")


@pytest.fixture(scope="session", autouse=True)
def light_work() -> Iterator[None]:
    """Let passphrases be tried at once, not after the second that guessing each costs in earnest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passphrase, "encrypt", lightly)
        yield


@pytest.fixture
def real_work(light_work: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seal with a passphrase as it is done for a client."""
    monkeypatch.setattr(passphrase, "encrypt", IN_EARNEST)


@pytest.fixture(scope="session")
def keys(light_work: None) -> NewKeys:
    """Keys that `WORDS` and `CODE` open; the same in every test."""
    return new_keys(WORDS, CODE)


@pytest.fixture
def sealed(journal: Journal, keys: NewKeys) -> Journal:
    """A sealed copy of the practice journal, opened."""
    root = root_of(journal)
    seal(PlainStore(root), keys)
    unlock.keep(keys.identity)
    return open_journal(root)


@pytest.fixture(autouse=True)
def every_journal_is_closed() -> Iterator[None]:
    """Forget the keys a test used, so that the next one has to open its journal itself."""
    yield
    unlock.forget()


def root_of(journal: Journal) -> Path:
    """The folder of a journal, sealed or not."""
    store = getattr(journal.store, "plain", journal.store)
    assert isinstance(store, PlainStore)
    return store.root


def reference(day: str) -> pd.DataFrame:
    """Exact turns of a session of the practice journal."""
    rows = pd.read_csv(ROOT / "tests" / "reference" / f"{day}.rttm", sep=" ", header=None)
    return turns_table(zip(rows[3], rows[3] + rows[4], rows[7], strict=True))


def session_of(
    journal: Journal, sound: NDArray[np.float32], turns: Iterable[tuple[float, float, str]]
) -> Session:
    """A new, analysed session of a journal whose sound (24 kHz) and turns are known exactly."""
    out, store = io.BytesIO(), journal.store
    soundfile.write(out, sound, RATE, format="WAV", subtype="FLOAT")
    lines = [f"SPEAKER it 1 {a:.3f} {b - a:.3f} <NA> <NA> {who} <NA> <NA>\n" for a, b, who in turns]
    store.write("sessions/2026-03-10/recording.wav", out.getvalue())
    store.write("sessions/2026-03-10/turns.rttm", "".join(lines).encode())
    session = journal.session("2026-03-10")
    analyse(session)
    return session


def shorten(folder: Path, seconds: float = 45) -> None:
    """Cut a session's recording short, in the format it has: for what does not ask how long it is."""
    import av

    (file,) = folder.glob("recording.*")
    out = io.BytesIO()
    with av.open(str(file)) as whole, av.open(out, "w", format=file.suffix[1:].replace("m4a", "mp4")) as cut:
        (stream,) = whole.streams.audio
        copy = cut.add_stream_from_template(stream)
        for packet in whole.demux(stream):
            if packet.dts is not None and packet.dts * packet.time_base < seconds:
                packet.stream = copy
                cut.mux(packet)
    file.write_bytes(out.getvalue())


def packets_of(sent: bytes) -> list[bytes]:
    """The packets in a piece that was sent to a page."""
    import av

    with av.open(io.BytesIO(head() + sent)) as file:
        return [bytes(packet) for packet in file.demux(audio=0) if packet.size]


def decoded(sent: bytes) -> NDArray[np.float32]:
    """What a page hears of a piece: mono at 48 kHz, from the time on at which the piece begins."""
    import av

    with av.open(io.BytesIO(head() + sent)) as file:
        (stream,) = file.streams.audio
        stream.codec_context.options = {"flags2": "+skip_manual"}  # its run-in is heard, too
        return np.concatenate([frame.to_ndarray().ravel() for frame in file.decode(stream)])


def joined(packets: list[bytes]) -> NDArray[np.float32]:
    """What is heard of packets one after the other: mono at 48 kHz."""
    return decoded(piece(packets))
