"""Whoever finds out who spoke when, the built-in engine or another program in its place.

A diarizer is a callable with a name (see `Diarizer`). A journal knows some by name: ``built-in``, ``pyannote``, and
whatever an installed package offers as an entry point of the group ``therapy_review.diarizers``. Such an
entry point is a *maker*: it takes the table ``[diarizer]`` of ``journal.toml``, looks at once whether all it needs
is there, and returns a diarizer, or raises a `TherapyReviewError` with one sentence that says what is missing::

    # in the other package's pyproject.toml
    [project.entry-points."therapy_review.diarizers"]
    mine = "my_package:make"

What a diarizer returns is checked and put in order by `hear`; its speakers may have any names.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

import pandas as pd

from therapy_review import hints
from therapy_review.consent import ROLES
from therapy_review.diarization import engine
from therapy_review.diarization.clustering import MOST
from therapy_review.diarization.tracks import diarize_tracks
from therapy_review.errors import DiarizerError, MissingPackageError, TurnsError
from therapy_review.turns import MIN_SILENCE, merge_stretches, well_formed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from therapy_review.sound import Recording

BUILT_IN = "built-in"
PYANNOTE = "pyannote"
INSTALL = f"{hints.word(sys.executable)} -m pip install {hints.word('pyannote.audio>=3.1')}"
QUIET = {"HF_HUB_OFFLINE": "1", "PYANNOTE_METRICS_ENABLED": "false"}
GROUP = "therapy_review.diarizers"
OVERRUN = 1.0  # seconds that whole windows may hear past the end; another recording's turns go on for longer

SeesOverlap = Literal["yes", "no"]


class Diarizer(Protocol):
    """Finds out who spoke when. A function with an attribute ``name`` is one.

    It may also have ``sees_overlap`` (``"yes"`` or ``"no"``: whether it can tell two people at once; as its turns
    show when left out) and ``shortest_silence`` (seconds; 0.2 when left out), which are kept beside the measures;
    and ``hear_tracks``, called as `diarize_tracks` is when everybody has a track of their own.
    """

    @property
    def name(self) -> str:
        """What found the turns, with its version: another name means that other turns may be found."""

    def __call__(
        self, samples: NDArray[np.float32], sample_rate: int, speakers: int | None, /
    ) -> pd.DataFrame:
        """Find out who spoke when in a whole recording (mono); how many people are heard, where that is known.

        Columns start, end (s), speaker, and confidence (0 to 1) where there is one, in any order.
        """


Maker = Callable[[Mapping[str, Any]], Diarizer]


class BuiltIn:
    """The engine of `therapy_review.diarization.engine`."""

    name = engine.ENGINE
    sees_overlap = "yes"
    shortest_silence = MIN_SILENCE
    hear_tracks = staticmethod(diarize_tracks)

    def __call__(
        self, samples: NDArray[np.float32], sample_rate: int, speakers: int | None, /
    ) -> pd.DataFrame:
        """Find out who of one to three people spoke when; of more, the three that are most unlike."""
        return engine.diarize(samples, sample_rate, None if speakers is None else min(speakers, MOST))


@dataclass(frozen=True)
class Pyannote:
    """pyannote's speaker diarization, loaded when it is first used, from the folder that ``journal.toml`` names.

    It is never asked to fetch anything: the model hub is switched off before it is imported, and so is the count of
    uses that pyannote 4 sends to its makers.
    """

    weights: Path
    name: str
    sees_overlap: ClassVar[str] = "yes"

    def __call__(
        self, samples: NDArray[np.float32], sample_rate: int, speakers: int | None, /
    ) -> pd.DataFrame:
        """Find out who spoke when."""
        pipeline = _load(self.weights)
        import torch

        # As samples, not as a file: nothing decoded touches the disk.
        sound = {"waveform": torch.from_numpy(samples)[None], "sample_rate": sample_rate}
        found = pipeline(sound, num_speakers=speakers)
        said = getattr(found, "speaker_diarization", found)  # pyannote 3 returns the annotation itself
        rows = [(part.start, part.end, str(who)) for part, _, who in said.itertracks(yield_label=True)]
        return pd.DataFrame(rows, columns=["start", "end", "speaker"])


def _pyannote(settings: Mapping[str, Any]) -> Pyannote:
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


@dataclass(frozen=True)
class OnTracks:
    """A diarizer that hears every channel of a recording by itself instead of all mixed.

    Parameters
    ----------
    diarizer : Diarizer
        One with ``hear_tracks``.
    recording : Recording
        One in which everybody has a channel of their own.
    names : sequence of str
        Who is on each channel; unknown when empty.
    """

    diarizer: Any
    recording: Recording
    names: Sequence[str]

    @property
    def name(self) -> str:
        """The diarizer's."""
        return str(self.diarizer.name)

    def __call__(
        self, samples: NDArray[np.float32], sample_rate: int, speakers: int | None, /
    ) -> pd.DataFrame:
        """Find out who spoke when from one channel after the other."""
        del samples, speakers
        channels = (self.recording.read(channel=i) for i in range(self.recording.channels))
        found: pd.DataFrame = self.diarizer.hear_tracks(channels, sample_rate, self.names)
        return found


def open_diarizer(name: str, settings: Mapping[str, Any]) -> Diarizer:
    """Return a diarizer by its name, ready for use.

    Parameters
    ----------
    name : str
        ``built-in``, ``pyannote``, or one that an installed package offers.
    settings : mapping
        The table ``[diarizer]`` of ``journal.toml``.

    Returns
    -------
    Diarizer

    Raises
    ------
    DiarizerError
        When there is none of that name, or it lacks something other than a package.
    MissingPackageError
        When it needs a package that is not installed.

    Examples
    --------
    >>> open_diarizer("dora", {})
    Traceback (most recent call last):
    ...
    therapy_review.errors.DiarizerError: There is no diarizer called dora; choose one of: built-in, pyannote.
    """
    if name == BUILT_IN:
        return BuiltIn()
    if name == PYANNOTE:
        return _pyannote(settings)
    offered = {point.name: point for point in entry_points(group=GROUP)}
    if name not in offered:
        known = ", ".join([BUILT_IN, PYANNOTE, *sorted(offered)])
        raise DiarizerError(f"There is no diarizer called {name}; choose one of: {known}.")
    try:
        make: Maker = offered[name].load()
    except (ImportError, AttributeError) as error:
        raise DiarizerError(
            f"The diarizer {name} can't be loaded ({error}); install its package once more."
        ) from error
    return make(settings)


def hear(
    diarizer: Diarizer,
    samples: NDArray[np.float32],
    sample_rate: int,
    speakers: int | None = None,
    names: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Let a diarizer find out who spoke when, and put what it found in order.

    Parameters
    ----------
    diarizer : Diarizer
    samples : ndarray of float32, shape (n_samples,)
        Mono.
    sample_rate : int
        Hz.
    speakers : int, optional
        How many people are heard.
    names : mapping of str to str, optional
        Names by which a diarizer may call people, and the role of each.

    Returns
    -------
    DataFrame
        A turns table: stretches of one speaker less than 0.2 s apart are joined. Whoever is called ``client``,
        ``therapist``, ``other`` or by one of `names`, in capitals or not, has that role; everybody else is
        ``voice_1``, ``voice_2`` in the order in which they are first heard.

    Raises
    ------
    DiarizerError
        When what it returned is no table of turns.
    TurnsError
        When its turns go on after the recording's end.

    Examples
    --------
    >>> import numpy as np
    >>> from therapy_review.turns import turns_table
    >>> def two(samples, sample_rate, speakers):
    ...     return turns_table([(0, 1, "SPEAKER_01"), (1.1, 2, "SPEAKER_01"), (2, 3, "Robin")])
    >>> two.name = "two people 1.0"
    >>> hear(two, np.zeros(48_000, np.float32), 16_000, names={"robin": "client"})[["start", "end", "speaker"]]
       start  end  speaker
    0    0.0  2.0  voice_1
    1    2.0  3.0   client
    """
    found, length = diarizer(samples, sample_rate, speakers), len(samples) / sample_rate
    try:
        columns = [name for name in ("start", "end", "speaker", "confidence") if name in found.columns]
        turns = well_formed(found[columns].itertuples(index=False), f"what {diarizer.name} returned")
    except (TurnsError, AttributeError, ValueError) as error:
        raise DiarizerError(
            f"{diarizer.name} did not return turns with start, end and speaker; use another diarizer, or ask who "
            "made it."
        ) from error
    check_turns_fit(turns, length, diarizer.name)
    roles = {role: role for role in ROLES} | {name.casefold(): role for name, role in (names or {}).items()}
    called: dict[str, str] = {}
    for label in turns["speaker"].unique():
        voice = f"voice_{len(set(called.values()) - set(ROLES)) + 1}"
        called[label] = roles.get(label.strip().casefold(), voice)
    within = turns.assign(end=turns["end"].clip(upper=length), speaker=turns["speaker"].map(called))
    # Once more, for two names may be one person's, and what began after the end is now without length.
    rows = within[within["start"] < length].itertuples(index=False)
    return merge_stretches(well_formed(rows, diarizer.name), MIN_SILENCE)


def check_turns_fit(turns: pd.DataFrame, length: float, origin: str) -> None:
    """Let turns pass that fit a recording.

    Parameters
    ----------
    turns : DataFrame
        A turns table.
    length : float
        Seconds of the recording.
    origin : str
        What found them.

    Raises
    ------
    TurnsError
        When they go on for more than a second after the recording's end.
    """
    if len(turns) and turns["end"].max() > length + OVERRUN:
        raise TurnsError(
            f"The turns from {origin} go on until {turns['end'].max():.0f} s, but the recording ends at "
            f"{length:.0f} s; see that they belong to this session."
        )


def sees_overlap(diarizer: Diarizer, turns: pd.DataFrame) -> SeesOverlap:
    """Tell whether a diarizer can hear two people at once: as it says itself, or as its turns show.

    Parameters
    ----------
    diarizer : Diarizer
    turns : DataFrame
        The turns it found.

    Returns
    -------
    {"yes", "no"}
    """
    if (said := getattr(diarizer, "sees_overlap", None)) in ("yes", "no"):
        return "yes" if said == "yes" else "no"
    return "yes" if (turns["start"].iloc[1:].array < turns["end"].cummax().iloc[:-1].array).any() else "no"
