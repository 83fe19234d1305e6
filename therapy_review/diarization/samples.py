"""Samples: sound in memory, looked at before anybody listens to it.

What is passed on is float32, one channel, 16 kHz.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from therapy_review.diarization.segmentation import SAMPLE_RATE
from therapy_review.errors import RecordingError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

RATES = (4_000, 384_000)  # Hz: from half a telephone's to the highest that sound is kept in


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
