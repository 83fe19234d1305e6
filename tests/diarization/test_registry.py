from __future__ import annotations

import os
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyannote.core import Annotation, Segment

from therapy_review import analyse
from therapy_review.analysis.analysis import is_current
from therapy_review.diarization import registry
from therapy_review.diarization.registry import BUILT_IN, BuiltIn, hear, open_diarizer, sees_overlap
from therapy_review.errors import ConsentError, DiarizerError, MissingPackageError, TurnsError
from therapy_review.journal.journal import Journal
from therapy_review.journal.session import Session
from therapy_review.storage.plain import PlainStore
from therapy_review.trends.table import sessions_table

SECOND = np.zeros(16_000, np.float32)


class Halves:
    """Gives the first half of any recording to one person and the second to another."""

    name = "halves 1.0"

    def __init__(self) -> None:
        self.asked: list[tuple[type, int, int | None]] = []

    def __call__(self, samples: np.ndarray, sample_rate: int, speakers: int | None) -> pd.DataFrame:
        self.asked.append((samples.dtype.type, sample_rate, speakers))
        end = len(samples) / sample_rate
        rows = [(0.0, end / 2, "SPEAKER_01"), (end / 2, end, "SPEAKER_00")]
        return pd.DataFrame(rows, columns=["start", "end", "speaker"])


@pytest.fixture
def session(journal: Journal) -> Session:
    found = journal.session("2026-01-29")
    journal.store.remove(found.file("corrections.csv"))
    return found


def returning(*rows: tuple[object, ...]) -> object:
    def found(samples: np.ndarray, sample_rate: int, speakers: int | None) -> pd.DataFrame:
        return pd.DataFrame(list(rows), columns=["start", "end", "speaker", "confidence"][: len(rows[0])])

    found.name = "mine 0.1"  # type: ignore[attr-defined]
    return found


def test_another_diarizer_is_asked_once_and_remembered_by_its_session(session: Session) -> None:
    halves = Halves()
    turns = analyse(session, diarizer=halves)
    assert halves.asked == [(np.float32, 16_000, None)]
    assert turns["speaker"].tolist() == ["voice_1", "voice_2"]
    assert session.made_from()["engine"] == "halves 1.0"
    assert is_current(session)
    assert is_current(session, halves)
    assert not is_current(session, BUILT_IN)
    analyse(session)
    analyse(session, diarizer=halves)
    assert len(halves.asked) == 1
    assert sessions_table(session.journal).set_index("session").loc[session.name, "engine"] == "halves 1.0"


def test_the_built_in_engine_comes_back_when_it_is_asked_for(session: Session) -> None:
    analyse(session, diarizer=Halves())
    assert len(analyse(session, diarizer=BUILT_IN)) > 20
    assert session.made_from()["engine"] == BuiltIn.name
    assert is_current(session)


def test_another_version_of_a_diarizer_listens_again(session: Session) -> None:
    halves = Halves()
    analyse(session, diarizer=halves)
    halves.name = "halves 2.0"
    analyse(session, diarizer=halves)
    assert len(halves.asked) == 2


def test_new_sound_is_given_to_the_diarizer_the_session_remembers(session: Session) -> None:
    analyse(session, diarizer=Halves())
    other = session.journal.session("2026-02-05").recording_file()
    session.journal.store.remove(session.recording_file())
    session.journal.store.write(session.file("recording.wav"), session.journal.store.read(other))
    with pytest.raises(
        DiarizerError, match=r"no diarizer called halves 1\.0; choose one of: built-in, pyannote"
    ):
        analyse(session)
    assert len(analyse(session, diarizer=BUILT_IN)) > 20


def test_no_diarizer_hears_a_recording_without_everybodys_agreement(session: Session) -> None:
    session.journal.store.remove("agreements.toml")
    halves = Halves()
    with pytest.raises(ConsentError):
        analyse(session, diarizer=halves)
    assert halves.asked == []


def test_a_diarizers_speakers_are_voices_in_order_unless_they_are_known_people() -> None:
    found = returning((0.0, 0.2, "S7"), (0.2, 0.4, "Robin "), (0.4, 0.6, "THERAPIST"), (0.8, 1.0, "S2"))
    turns = hear(found, SECOND, 16_000, names={"Robin": "client"})  # type: ignore[arg-type]
    assert turns["speaker"].tolist() == ["voice_1", "client", "therapist", "voice_2"]


def test_two_names_of_one_person_are_joined_where_they_lie_over_each_other() -> None:
    found = returning((0.0, 0.6, "client"), (0.5, 0.9, "Robin"))
    turns = hear(found, SECOND, 16_000, names={"Robin": "client"})  # type: ignore[arg-type]
    assert turns[["start", "end", "speaker"]].to_numpy().tolist() == [[0.0, 0.9, "client"]]


def test_a_turn_a_little_after_the_end_is_cut_and_one_long_after_it_belongs_elsewhere() -> None:
    found = returning((0.5, 1.5, "A"), (1.2, 1.8, "B"))
    assert hear(found, SECOND, 16_000)["end"].tolist() == [1.0]  # type: ignore[arg-type]
    with pytest.raises(TurnsError, match=r"9 s, .* 1 s"):
        hear(returning((0.5, 9.0, "A")), SECOND, 16_000)  # type: ignore[arg-type]


@pytest.mark.parametrize("rows", [[(0, 1)], [(0, -1, "A")], [("soon", 1, "A")]])
def test_what_is_no_table_of_turns_is_refused_with_the_diarizers_name(rows: list[tuple[object, ...]]) -> None:
    with pytest.raises(DiarizerError, match=r"mine 0\.1"):
        hear(returning(*rows), SECOND, 16_000)  # type: ignore[arg-type]


def test_whether_overlap_is_seen_is_said_by_the_diarizer_or_shown_by_its_turns() -> None:
    quiet, both = (hear(found, SECOND, 16_000) for found in (  # type: ignore[arg-type]
        returning((0.0, 0.5, "A"), (0.5, 1.0, "B")), returning((0.0, 0.6, "A"), (0.5, 1.0, "B"))
    ))  # fmt: skip
    assert [sees_overlap(Halves(), turns) for turns in (quiet, both)] == ["no", "yes"]
    assert sees_overlap(BuiltIn(), both) == BuiltIn.sees_overlap


PACKAGE = """
def make(settings):
    def silent(samples, sample_rate, speakers):
        import pandas as pd
        return pd.DataFrame({"start": [0.0], "end": [settings["until"]], "speaker": ["A"]})
    silent.name = "silent 3.2"
    return silent
"""


@pytest.fixture
def offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package that offers two diarizers, one of which is broken."""
    (tmp_path / "silent_diarizer.py").write_text(PACKAGE)
    metadata = tmp_path / "silent_diarizer-3.2.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: silent-diarizer\nVersion: 3.2\n")
    points = "silent = silent_diarizer:make\nbroken = silent_diarizer:gone\n"
    (metadata / "entry_points.txt").write_text(f"[therapy_review.diarizers]\n{points}")
    monkeypatch.syspath_prepend(tmp_path)


def test_an_installed_package_offers_a_diarizer_and_gets_the_journals_settings(
    session: Session, offered: None
) -> None:
    session.journal.settings = {**session.journal.settings, "diarizer": {"until": 20.0}}
    assert analyse(session, diarizer="silent")["end"].tolist() == [20.0]
    assert session.made_from()["diarizer"] == "silent"
    with pytest.raises(DiarizerError, match="built-in, pyannote, broken, silent"):
        open_diarizer("loud", {})
    with pytest.raises(DiarizerError, match="broken can't be loaded"):
        open_diarizer("broken", {})


# pyannote: its package and weights are not here, so a stand-in returns what pyannote documents.


def test_without_pyannote_the_sentence_says_how_to_install_it(session: Session) -> None:
    with pytest.raises(MissingPackageError, match=r"python -m pip install 'pyannote\.audio>=3\.1'"):
        analyse(session, diarizer="pyannote")


class Pipeline:
    """Stands in for ``pyannote.audio.Pipeline``; `wrap` makes its output that of a version."""

    wrap = staticmethod(lambda annotation: annotation)
    loaded: list[Path] = []  # noqa: RUF012

    @classmethod
    def from_pretrained(cls, checkpoint: Path) -> Pipeline:
        assert os.environ["HF_HUB_OFFLINE"] == "1"
        assert os.environ["PYANNOTE_METRICS_ENABLED"] == "false"
        if "models" not in Path(checkpoint, "config.yaml").read_text():
            raise ValueError("not a pipeline")
        cls.loaded.append(checkpoint)
        return cls()

    def __call__(self, file: dict[str, object], num_speakers: int | None = None) -> object:
        assert file["waveform"].shape == (1, 16_000)  # type: ignore[attr-defined]
        assert file["sample_rate"] == 16_000
        assert num_speakers == 2
        said = Annotation()
        said[Segment(0.0, 0.6), "a"] = "SPEAKER_01"
        said[Segment(0.4, 1.0), "b"] = "SPEAKER_00"
        return self.wrap(said)


@pytest.fixture
def pyannote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A stand-in for pyannote.audio and torch, and a folder of weights."""
    package, torch = types.ModuleType("pyannote.audio"), types.ModuleType("torch")
    package.Pipeline, torch.from_numpy = Pipeline, np.asarray  # type: ignore[attr-defined]
    for name in registry.QUIET:
        monkeypatch.setenv(name, "")
    monkeypatch.setitem(sys.modules, "pyannote.audio", package)
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(registry, "_installed", lambda: True)
    monkeypatch.setattr(registry, "version", lambda _: "4.0.7")
    folder = tmp_path / "community-1"
    folder.mkdir()
    (folder / "config.yaml").write_text("models: here\n")
    registry._load.cache_clear()
    yield folder
    registry._load.cache_clear()
    Pipeline.loaded.clear()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda said: said,
        lambda said: types.SimpleNamespace(
            speaker_diarization=said, exclusive_speaker_diarization=Annotation()
        ),
    ],
    ids=["pyannote 3", "pyannote 4"],
)
def test_pyannote_is_given_samples_and_its_overlapping_turns_are_taken(
    pyannote: Path, wrap: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pipeline, "wrap", staticmethod(wrap))
    diarizer = open_diarizer("pyannote", {"pyannote": str(pyannote)})
    assert diarizer.name == "pyannote.audio 4.0.7, community-1"
    assert Pipeline.loaded == []  # nothing is loaded before there is something to hear
    turns = hear(diarizer, SECOND, 16_000, 2)
    assert turns[["start", "end", "speaker"]].to_numpy().tolist() == [
        [0.0, 0.6, "voice_1"],
        [0.4, 1.0, "voice_2"],
    ]
    assert sees_overlap(diarizer, turns) == "yes"
    hear(diarizer, SECOND, 16_000, 2)
    assert Pipeline.loaded == [pyannote]


@pytest.mark.parametrize("settings", [{}, {"pyannote": ""}, {"pyannote": "not/there"}])
def test_without_weights_the_sentence_says_where_to_put_them(
    pyannote: Path, settings: dict[str, str]
) -> None:
    with pytest.raises(DiarizerError, match=r"journal\.toml: \[diarizer\]") as raised:
        open_diarizer("pyannote", settings)
    assert settings.get("pyannote", "") in str(raised.value)


def test_weights_that_can_not_be_loaded_are_named(pyannote: Path) -> None:
    (pyannote / "config.yaml").write_text("")
    with pytest.raises(DiarizerError, match=r"not load .*community-1"):
        hear(open_diarizer("pyannote", {"pyannote": str(pyannote)}), SECOND, 16_000)


def test_a_model_hub_that_was_imported_before_is_switched_off_too(
    pyannote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    constants = types.ModuleType("huggingface_hub.constants")
    constants.HF_HUB_OFFLINE = False  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "huggingface_hub.constants", constants)
    hear(open_diarizer("pyannote", {"pyannote": str(pyannote)}), SECOND, 16_000, 2)
    assert constants.HF_HUB_OFFLINE


def test_a_journals_settings_name_the_weights(session: Session, pyannote: Path) -> None:
    assert isinstance(session.journal.store, PlainStore)
    session.journal.settings = {**session.journal.settings, "diarizer": {"pyannote": str(pyannote / "gone")}}
    with pytest.raises(DiarizerError, match="gone"):
        analyse(session, diarizer="pyannote")
