"""What the first engine listened with, kept here as a baseline that does not change: GE2E voice embeddings.

`ge2e.onnx` is `resemblyzer/pretrained.pt` of the package Resemblyzer 0.1.4 (Apache-2.0, Resemble AI), exported to
ONNX: mel frames of 40 bands in, 256 numbers of length one out. `silero_vad.onnx` is the file of that name for
whole sequences at 16 kHz in the package silero-vad 6.2.3 (MIT, Silero Team), unchanged.

References
----------
Wan, Wang, Papir & Lopez Moreno 2018, "Generalized end-to-end loss for speaker verification", ICASSP.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import librosa
import numpy as np
import onnxruntime
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
WINDOW, HOP, MELS = 400, 160, 40  # samples, samples, bands
LOUDNESS = 1e-3  # mean power the encoder was trained with
BATCH = 128


def embed(samples: NDArray[np.float32], starts: NDArray[np.float64], seconds: float) -> NDArray[np.float32]:
    """Embed the voice heard in windows of one length, all brought to one level.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono, 16 kHz.
    starts : ndarray of float64, shape (n_windows,)
        Seconds; silence stands in beyond both ends.
    seconds : float

    Returns
    -------
    ndarray of float32, shape (n_windows, 256)
        Each row of length one.
    """
    frames = round(seconds * SAMPLE_RATE / HOP)
    spectrum = {"sr": SAMPLE_RATE, "n_fft": WINDOW, "hop_length": HOP, "n_mels": MELS, "pad_mode": "constant"}
    mel = np.pad(librosa.feature.melspectrogram(y=samples, **spectrum).T, ((frames, frames), (0, 0)))
    first = np.clip(np.round(starts * SAMPLE_RATE / HOP).astype(int) + frames, 0, len(mel) - frames)
    filters = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=WINDOW, n_mels=MELS)
    # White noise of the encoder's level through the same filters ties both scales together.
    level = LOUDNESS * np.sum(np.hanning(WINDOW + 1)[:-1] ** 2) * filters.sum(axis=1).mean()
    vectors = np.empty((len(first), 256), np.float32)
    for i in range(0, len(first), BATCH):
        windows = mel[first[i : i + BATCH, None] + np.arange(frames)]
        power = np.maximum(windows.mean(axis=(1, 2), keepdims=True), 1e-12)
        (vectors[i : i + BATCH],) = opened("ge2e").run(
            None, {"mel": (windows * (level / power)).astype(np.float32)}
        )
    return vectors


@cache
def opened(name: str) -> onnxruntime.InferenceSession:
    """Open one of the two models that lie here."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    file = Path(__file__).with_name(f"{name}.onnx")
    return onnxruntime.InferenceSession(file.read_bytes(), options, providers=["CPUExecutionProvider"])
