"""pyannote.audio as a journal's diarizer: with weights on this computer, and nothing sent anywhere.

pyannote is never asked to fetch anything: its pipeline is loaded from the folder that ``journal.toml`` names. The
model hub is switched off before it is imported, and so is the count of uses that pyannote 4 sends to its makers.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from therapy_review import hints
from therapy_review.errors import DiarizerError, MissingPackageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

INSTALL = f"{hints.word(sys.executable)} -m pip install {hints.word('pyannote.audio>=3.1')}"
QUIET = {"HF_HUB_OFFLINE": "1", "PYANNOTE_METRICS_ENABLED": "false"}


@dataclass(frozen=True)
class Pyannote:
    """pyannote's speaker diarization, loaded when it is first used."""

    weights: Path
    name: str
    sees_overlap: ClassVar[str] = "yes"

    def __call__(
        self, samples: NDArray[np.float32], sample_rate: int, speakers: int | None, /
    ) -> pd.DataFrame:
        """Find out who spoke when; see `therapy_review.diarization.registry.Diarizer`."""
        pipeline = _load(self.weights)
        import torch

        # As samples, not as a file: nothing decoded touches the disk.
        sound = {"waveform": torch.from_numpy(samples)[None], "sample_rate": sample_rate}
        found = pipeline(sound, num_speakers=speakers)
        said = getattr(found, "speaker_diarization", found)  # pyannote 3 returns the annotation itself
        rows = [(part.start, part.end, str(who)) for part, _, who in said.itertracks(yield_label=True)]
        return pd.DataFrame(rows, columns=["start", "end", "speaker"])


def make(settings: Mapping[str, Any]) -> Pyannote:
    """Return pyannote as a diarizer, or say what it lacks."""
    if not _installed():
        raise MissingPackageError(
            f"The diarizer pyannote needs the package pyannote.audio, which is not installed; to add it: {INSTALL}"
        )
    path = str(settings.get("pyannote", ""))
    weights = Path(path).expanduser()
    config = weights / "config.yaml" if weights.is_dir() else weights
    if not path or not config.is_file():
        raise DiarizerError(
            "The diarizer pyannote needs its weights on this computer"
            + (f", but there is no pipeline in {path}" if path else "")
            + "; put the pipeline's folder (config.yaml and its models) anywhere and write into journal.toml: "
            '[diarizer] and, on the next line, pyannote = "the full path of that folder".'
        )
    return Pyannote(weights, f"pyannote.audio {version('pyannote.audio')}, {config.parent.name}")


def _installed() -> bool:
    try:
        return find_spec("pyannote.audio") is not None
    except ModuleNotFoundError:  # not even pyannote
        return False


@cache
def _load(weights: Path) -> Any:
    os.environ.update(QUIET)
    if hub := sys.modules.get("huggingface_hub.constants"):
        hub.HF_HUB_OFFLINE = True  # type: ignore[attr-defined]  # imported before, it no longer looks at the environment
    try:
        from pyannote.audio import Pipeline

        pipeline = Pipeline.from_pretrained(weights)
    except (ImportError, OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError) as error:
        raise DiarizerError(
            f"pyannote could not load the pipeline in {weights} ({type(error).__name__}); see that all its models "
            "are in that folder, that config.yaml names no others, and that it fits the installed pyannote.audio."
        ) from error
    if pipeline is None:
        raise DiarizerError(f"pyannote found no pipeline in {weights}; put its whole folder there once more.")
    return pipeline
