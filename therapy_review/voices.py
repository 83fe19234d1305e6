"""Voice embeddings: what a voice sounds like, as 256 numbers.

Samples are float32, mono, 16 kHz. Two stretches by one person lie close together (their product is near one), by
two people further apart. The numbers identify a person: they are treated like recordings.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from therapy_review.models import model

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE = 16_000
WINDOW = 400  # samples, 25 ms
HOP = 160  # samples, 10 ms
MELS = 40
LOUDNESS = 1e-3  # mean power every stretch is brought to (-30 dB): a voice is the same voice from far away
BATCH = 128  # windows a call, which keeps memory under 100 MB
BLOCK = 3000  # mel frames at a time: 30 s


def embed(
    samples: NDArray[np.float32], starts: NDArray[np.float64], seconds: float = 1.6
) -> NDArray[np.float32]:
    """Embed the voice heard in windows of one length.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono, 16 kHz.
    starts : ndarray of float64, shape (n_windows,)
        Seconds; a window may reach beyond either end of the samples, where silence stands in.
    seconds : float
        Length of every window; the encoder was trained with 1.6 s.

    Returns
    -------
    ndarray of float32, shape (n_windows, 256)
        Each row of length one.

    References
    ----------
    Wan, Wang, Papir & Lopez Moreno 2018, "Generalized end-to-end loss for speaker verification", ICASSP.

    Examples
    --------
    >>> tone = np.sin(np.arange(32000) / 5).astype(np.float32)
    >>> embed(tone, np.array([0.0, 0.4])).shape
    (2, 256)
    """
    encoder = model("ge2e", 2)
    mel = mel_frames(samples)
    frames = round(seconds * SAMPLE_RATE / HOP)
    first = np.round(np.asarray(starts, dtype=float) * SAMPLE_RATE / HOP).astype(int)
    mel = np.pad(mel, ((frames, frames), (0, 0)))  # windows beyond the ends
    first = np.clip(first, -frames, len(mel) - 2 * frames) + frames
    vectors = np.empty((len(first), 256), np.float32)
    for i in range(0, len(first), BATCH):
        windows = mel[first[i : i + BATCH, None] + np.arange(frames)]
        (vectors[i : i + BATCH],) = encoder.run(None, {"mel": _levelled(windows)})
    return vectors


def _levelled(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    power = windows.mean(axis=(1, 2), keepdims=True)
    return np.asarray(windows * (_mel_level() / np.maximum(power, 1e-12)), dtype=np.float32)


@cache
def _mel_level() -> float:
    """Mean mel power of speech at the level the encoder was trained with."""
    # White noise of that power, through the same filters: the one number that ties both scales together.
    spectrum_power = LOUDNESS * float(np.sum(np.hanning(WINDOW + 1)[:-1] ** 2))
    return float(spectrum_power * _filters().sum(axis=1).mean())


def mel_frames(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute the mel power spectrogram that the encoder listens to.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono, 16 kHz.

    Returns
    -------
    ndarray of float32, shape (n_samples // 160 + 1, 40)
        Power, one row every 10 ms, centred on its time.
    """
    import scipy.fft

    taper = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    count = len(samples) // HOP + 1
    filters = _filters().T
    mel = np.empty((count, MELS), np.float32)
    for first in range(0, count, BLOCK):
        rows = min(BLOCK, count - first)
        start, end = first * HOP - WINDOW // 2, (first + rows - 1) * HOP + WINDOW // 2
        piece = samples[max(0, start) : end]
        padded = np.pad(piece, (max(0, -start), end - max(0, start) - len(piece)))
        frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP] * taper
        spectrum = scipy.fft.rfft(frames, axis=1)
        mel[first : first + rows] = (spectrum.real**2 + spectrum.imag**2) @ filters
    return mel


@cache
def _filters() -> NDArray[np.float32]:
    import librosa

    return np.asarray(librosa.filters.mel(sr=SAMPLE_RATE, n_fft=WINDOW, n_mels=MELS), dtype=np.float32)
