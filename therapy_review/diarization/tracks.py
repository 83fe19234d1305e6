"""Tracks: who spoke when, where everybody has a track of their own.

Calls are recorded that way ("a separate audio file for each participant"), and so is a room with a clip-on
microphone for each. Nobody has to be told apart by voice then. What remains is to find the speech on every track,
and to leave out what is heard there of the others, from across the room or from a loudspeaker. Samples are float32;
times are seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from therapy_review.diarization.segmentation import HOP, SAMPLE_RATE, check_rate, checked, voices_at_once
from therapy_review.diarization.voice_activity import loudness, speech_probability, stretches_of
from therapy_review.errors import RecordingError
from therapy_review.turns import turns_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from therapy_review.sound import Recording

    Numbers = NDArray[np.float64]

# Telling two tracks from two ears of one microphone.
LOOKS, LOOK = 24, 15.0  # how often, and for how many seconds, spread over the recording
GRAIN = 800  # samples: 50 ms
HEARD = 25.0  # dB below a channel's loudest: what somebody who speaks is not softer than
APART = 10.0  # dB by which one side is louder, beside the other's own loudness, when only one person speaks
ONE_SIDED = 0.85  # of what is heard, so much is on one side
EITHER = 0.02  # and so much on each
NO_LOUDER = 30.0  # dB: a channel that is softer than the other by more is a dead one

# Telling what is said on a track from what is heard of the others.
ECHO = round(0.25 * SAMPLE_RATE / HOP)  # frames for which a room keeps what another said
LEAD = round(0.05 * SAMPLE_RATE / HOP)  # frames by which a track may lag behind another
MARGIN = 8.0  # dB by which one's own voice stands out above what is heard of another
SPEAKS = 0.5  # probability
CLEAR = 10.0  # dB below the loudest moments of a track
ROUNDS = 10
ANYTHING = round(1.0 * SAMPLE_RATE / HOP)  # frames of speech without which a track is silent


class _Track(NamedTuple):
    """What one track says by itself, frame by frame."""

    probability: NDArray[np.floating]
    loud: Numbers  # dB


def are_separate(recording: Recording) -> bool:
    """Tell whether the two sides of a stereo recording hold one person each.

    Parameters
    ----------
    recording : Recording

    Returns
    -------
    bool
        Only when nearly everything heard is clearly louder on one side, now on the one and now on the other. The
        two sides of one stereo microphone differ too little for that, and so do two copies of one sound.
    """
    if recording.channels != 2:
        return False
    starts = np.linspace(0, max(0.0, recording.duration - LOOK), LOOKS)
    looks = [[_levels(recording.read(start, start + LOOK, side)) for start in starts] for side in (0, 1)]
    # Sides may be cut a grain apart.
    both = [(one[: len(other)], other[: len(one)]) for one, other in zip(*looks, strict=True)]
    levels = np.stack([np.concatenate(side) for side in zip(*both, strict=True)])
    if not levels.size:
        return False
    usual = np.quantile(levels, 0.98, axis=1, keepdims=True)
    if abs(float(usual[0, 0] - usual[1, 0])) > NO_LOUDER:
        return False
    beside = levels - usual
    heard = beside.max(axis=0) > -HEARD
    left = beside[0] - beside[1] > APART
    right = beside[1] - beside[0] > APART
    shares = [float(side[heard].mean()) if heard.any() else 0.0 for side in (left, right)]
    return sum(shares) >= ONE_SIDED and min(shares) >= EITHER


def _levels(samples: NDArray[np.float32]) -> Numbers:
    grains = samples[: len(samples) // GRAIN * GRAIN].reshape(-1, GRAIN)
    return np.asarray(10 * np.log10(np.mean(np.square(grains, dtype=np.float64), axis=1) + 1e-10))


def diarize_tracks(
    tracks: Iterable[NDArray[np.float32]], sample_rate: int = SAMPLE_RATE, names: Sequence[str] = ()
) -> pd.DataFrame:
    """Find who spoke when from a track for everybody.

    Parameters
    ----------
    tracks : iterable of ndarray of float32, shape (n_samples,)
        Mono each. One after the other is listened to, so that no two need to be in memory at once. All begin
        together.
    sample_rate : int
        Hz, 4000 to 384000; other rates than 16000 are resampled.
    names : sequence of str
        Who is on each track, each by a name of their own; ``voice_1``, ``voice_2`` … in the order of the tracks
        when left out.

    Returns
    -------
    DataFrame
        A turns table. Confidence is the mean probability that somebody speaks on that track.

    Raises
    ------
    RecordingError
        When a track is not one channel of finite numbers, the rate is none that sound has, or two tracks have the
        same name.

    Examples
    --------
    >>> diarize_tracks([np.zeros(32000, np.float32)] * 2).empty
    True
    """
    check_rate(sample_rate)
    _check_names(names)
    heard = [_listen(track, sample_rate) for track in tracks]
    called = [*names[: len(heard)], *(f"voice_{i + 1}" for i in range(len(names), len(heard)))]
    _check_names(called)
    length = max((len(track.loud) for track in heard), default=0)
    for i, (probability, loud) in enumerate(heard):
        rest = (0, length - len(loud))
        heard[i] = _Track(np.pad(probability, rest), np.pad(loud, rest, constant_values=-100.0))
    rows: list[tuple[float, float, str, float]] = []
    for number, track in enumerate(heard):
        others = [other for other in heard if other is not track]
        own = np.where(_stands_out(track, others), track.probability, 0.0)
        sums = np.append(0.0, np.cumsum(own))
        for start, end in stretches_of(own).to_numpy().tolist():
            first, last = (min(length, max(0, round(t * SAMPLE_RATE / HOP))) for t in (start, end))
            sure = (sums[last] - sums[first]) / max(1, last - first)
            rows.append((start, end, called[number], float(np.clip(sure, 0.0, 1.0))))
    return turns_table(sorted(rows))


def _check_names(names: Sequence[str]) -> None:
    if twice := next((name for number, name in enumerate(names) if name in names[:number]), None):
        raise RecordingError(f"Two tracks are called {twice}; give everybody's track a name of its own.")


def _listen(track: NDArray[np.float32], sample_rate: int) -> _Track:
    samples = checked(track, sample_rate)
    if not len(samples):
        return _Track(np.zeros(0), np.zeros(0))
    somebody = 1 - voices_at_once(samples)[:, 0]
    return _Track(speech_probability(samples, somebody), loudness(samples, len(somebody))[0])


def _stands_out(track: _Track, others: list[_Track]) -> NDArray[np.bool_]:
    """Tell where a track is louder than what of the others is heard on it."""
    from scipy.ndimage import maximum_filter1d

    heard = np.ones(len(track.loud), dtype=bool)
    for other in others:
        if (other.probability > SPEAKS).sum() < ANYTHING:
            continue
        plain = _plain(track) | _plain(other)
        # A room keeps for a while what was said: as loud as in the last quarter of a second.
        width = ECHO + LEAD + 1
        lately = maximum_filter1d(other.loud, width, origin=(width - 1) // 2 - LEAD)
        louder = track.loud - lately
        heard &= louder > _border(louder[plain])
    return heard


def _plain(track: _Track) -> NDArray[np.bool_]:
    """Choose the moments at which a voice is about as loud as it gets: pauses tell nothing."""
    speaks = track.probability > SPEAKS
    loudest = np.quantile(track.loud[speaks], 0.9) if speaks.any() else np.inf
    return np.asarray(speaks & (track.loud > loudest - CLEAR))


def _border(louder: Numbers) -> float:
    """Find how much louder than another a track is when it holds more than what is heard of the other.

    While only the other speaks it is softer, while its own speaker does louder: two heaps, found as two means.
    """
    low, high = np.quantile(louder, [0.05, 0.95])
    for _ in range(ROUNDS):
        below = louder <= (low + high) / 2
        if below.all() or not below.any():
            break
        low, high = louder[below].mean(), louder[~below].mean()
    if high - low < 2 * MARGIN:  # one heap: only one of them ever speaks
        return 0.0
    return float(low + max(MARGIN, (high - low) / 3))
