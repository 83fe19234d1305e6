from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support import heard_before
from tests.support.heard_before import Kept, fingerprint, sources
from therapy_review.diarization import engine

SOUND = np.zeros(160, np.float32)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What had to be listened to."""
    heard: list[object] = []
    monkeypatch.setattr(engine, "tell_apart", lambda _, people: heard.append(people) or f"for {people}")
    return heard


def kept_in(folder: Path) -> Kept:
    kept = Kept(engine, "tell_apart", folder)
    kept.begin()
    return kept


def test_what_was_heard_is_known_again_in_this_process_and_the_next(
    heard: list[object], tmp_path: Path
) -> None:
    kept = kept_in(tmp_path)
    assert [kept(SOUND, 2), kept(SOUND, 2), kept_in(tmp_path)(SOUND, 2)] == ["for 2"] * 3
    assert heard == [2]
    assert [kept(SOUND, 3), kept(SOUND + 1, 2)] == ["for 3", "for 2"]
    assert heard == [2, 3, 2]


@pytest.mark.parametrize(
    "part",
    ["therapy_review.diarization.voice_activity.stretches_of", "therapy_review.diarization.engine.WINDOW"],
)
def test_with_another_part_nothing_is_kept_or_taken(part: str, heard: list[object], tmp_path: Path) -> None:
    kept = kept_in(tmp_path)
    kept(SOUND, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part, 7)
        for _ in range(2):
            kept(SOUND, 2)
            kept(SOUND, 3)
    assert heard == [2, 2, 3, 2, 3]
    assert kept(SOUND, 2) == "for 2"
    assert len(heard) == 5


def test_it_rests_on_every_source_and_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heard_before, "PACKAGE", tmp_path / "therapy_review")
    parts = {"a.py": "from therapy_review.inner import b", "inner/__init__.py": "", "inner/b.py": ""}
    parts |= {"inner/c.py": "import therapy_review.last.d", "last/d.py": "", "far/e.py": ""}
    parts |= {"models/x.onnx": "1"}
    for name, text in parts.items():
        (tmp_path / "therapy_review" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "therapy_review" / name).write_text(text)
    module = type(engine)("therapy_review.a")
    module.__file__ = str(tmp_path / "therapy_review/a.py")
    found = sources(module)
    assert {str(file.relative_to(tmp_path / "therapy_review")) for file in found} == {*parts} - {"far/e.py"}
    before = fingerprint(found)
    found[-1].write_text("2")
    assert fingerprint(found) != before


def test_what_is_kept_is_what_is_heard(heard_before: list[Kept], monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(kept.is_itself() for kept in heard_before)
    noise = np.random.default_rng(0).normal(0, 0.1, 8000).astype(np.float32)
    heard = engine.diarize(noise)
    monkeypatch.setattr(engine, "tell_apart", heard_before[0].real)
    assert heard.equals(engine.diarize(noise))
