"""Segmentation: how many people are heard, every 17 ms.

A network listens to ten seconds at a time and tells nobody, one voice and two at once apart. Samples are float32,
mono, 16 kHz; times are seconds. (The network also names local voices. Tied to nothing but ten seconds of sound,
they are less sure than `therapy_review.diarization.embedding`, and left out.)
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from therapy_review.diarization.loading import THREADS, freeing, model
from therapy_review.errors import RecordingError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SAMPLE_RATE = 16_000
RATES = (4_000, 384_000)  # Hz: from half a telephone's to the highest that sound is kept in
HOP = 270  # samples from one frame to the next
FIRST = 495.5  # samples from a chunk's start to the middle of its first frame
CHUNK = 160_000  # samples: the ten seconds the network was trained with
FRAMES = 589  # frames in a chunk
STEP = 560  # frames from one chunk to the next
SHARED = FRAMES - STEP  # half a second that two chunks hear, faded from one into the other
ONE, TWO = slice(1, 4), slice(4, 7)  # the network's classes: nobody, each of three voices, each pair of them
BATCH = 2  # chunks a call, which keeps memory small


def checked(samples: ArrayLike, sample_rate: float) -> NDArray[np.float32]:
    """Return samples as the engine hears them, or say in a sentence what is wrong with them.

    Examples
    --------
    >>> checked([0.0, 0.5], 0)
    Traceback (most recent call last):
    ...
    therapy_review.errors.RecordingError: Sound has a rate of 4000 to 384000 samples a second, not 0; give its own.
    """
    check_rate(sample_rate)
    try:
        sound = np.asarray(samples, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise RecordingError("The samples are no numbers; give one channel of sound as an array.") from error
    if sound.ndim != 1:
        raise RecordingError(
            f"Who spoke when is found in one channel, but these samples have the shape {sound.shape}; mix the "
            "channels first, or give each as a track of its own."
        )
    if not np.isfinite(sound).all():
        raise RecordingError("Some of the samples are not finite numbers; read the sound once more.")
    if sample_rate == SAMPLE_RATE or not len(sound):
        return sound
    import librosa

    resampled: NDArray[np.float32] = librosa.resample(sound, orig_sr=sample_rate, target_sr=SAMPLE_RATE)
    return resampled


def check_rate(sample_rate: float) -> None:
    """Let a sample rate pass that sound can have."""
    low, high = RATES
    given: object = sample_rate
    is_number = isinstance(given, int | float | np.integer | np.floating) and not isinstance(given, bool)
    if not (is_number and low <= sample_rate <= high):
        raise RecordingError(
            f"Sound has a rate of {low} to {high} samples a second, not {sample_rate!r}; give its own."
        )


def frame_times(count: int) -> NDArray[np.float64]:
    """Give the middle of each frame in seconds."""
    return np.asarray((FIRST + HOP * np.arange(count)) / SAMPLE_RATE)


def voices_at_once(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the probability that nobody, one person, or two at once are heard, a row a frame.

    References
    ----------
    Bredin & Laurent 2021, "End-to-end speaker segmentation for overlap-aware resegmentation", Interspeech;
    Plaquet & Bredin 2023, "Powerset multi-class cross entropy loss for neural speaker diarization", Interspeech.
    """
    network = model("segmentation")
    length = -(-len(samples) // HOP)
    count = max(1, -(-(length - SHARED) // STEP))
    found = np.zeros((count * STEP + SHARED, 3), np.float32)

    def listen(first: int) -> NDArray[np.float32]:
        chunks = [_chunk(samples, number) for number in range(first, min(first + BATCH, count))]
        (log_probability,) = network.run(None, {"samples": np.stack(chunks)[:, None]})
        classes = np.exp(log_probability)
        parts = (classes[..., 0], classes[..., ONE].sum(axis=-1), classes[..., TWO].sum(axis=-1))
        return np.stack(parts, axis=-1)

    with ThreadPoolExecutor(THREADS) as pool:
        chunks = (chunk for batch in pool.map(listen, range(0, count, BATCH)) for chunk in batch)
        for number, chunk in enumerate(chunks):
            fade = np.ones((FRAMES, 1), np.float32)
            rise = ((np.arange(SHARED, dtype=np.float32) + 0.5) / SHARED)[:, None]
            if number > 0:
                fade[:SHARED] = rise
            if number < count - 1:
                fade[-SHARED:] = 1 - rise
            found[number * STEP : number * STEP + FRAMES] += chunk * fade
    network.run(None, {"samples": np.zeros((1, 1, SAMPLE_RATE), np.float32)}, freeing())
    return found[:length]


def _chunk(samples: NDArray[np.float32], number: int) -> NDArray[np.float32]:
    piece = samples[number * STEP * HOP :][:CHUNK]
    return np.pad(piece, (0, CHUNK - len(piece)))
