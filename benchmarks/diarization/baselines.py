"""The systems that are held against each other: the engine, and two simple ones that stay as they are.

A system is a callable ``(samples, sample_rate, speakers=2) -> turns table``. The simple ones keep the voice
activity that the first engine had, so that a change of the engine does not move them: Silero, stretches parted at
0.2 s. Each then hears windows of 1.2 s, one every 0.4 s, and gives each to one of the clusters that k-means finds.
"""

from __future__ import annotations

from collections.abc import Callable

import librosa
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from therapy_review.diarization import diarize
from therapy_review.turns import MIN_SILENCE, merge_stretches, turns_table

from .ge2e import embed, opened

System = Callable[..., pd.DataFrame]
SAMPLE_RATE = 16_000
FRAME, CONTEXT, GROUP = 512, 64, 1024  # samples a frame, samples of the frame before, frames a call
ONSET, OFFSET, SHORTEST = 0.5, 0.3, 0.1
WINDOW, STEP = 1.2, 0.4  # seconds


def mfcc_kmeans(samples: NDArray[np.float32], sample_rate: int, speakers: int = 2) -> pd.DataFrame:
    """Cluster mean and spread of 19 mel-frequency cepstral coefficients (without the first: the loudness)."""
    if sample_rate != SAMPLE_RATE:
        samples = librosa.resample(samples, orig_sr=sample_rate, target_sr=SAMPLE_RATE)

    def features(centres: NDArray[np.float64]) -> NDArray[np.float64]:
        rows = librosa.feature.mfcc(y=samples, sr=SAMPLE_RATE, n_mfcc=20, n_fft=400, hop_length=160)[1:].T
        half = round(WINDOW / 2 * 100)
        padded = np.pad(rows, ((half, half), (0, 0)), mode="edge")
        heard = np.array([padded[round(c * 100) : round(c * 100) + 2 * half] for c in centres])
        both = np.concatenate([heard.mean(axis=1), heard.std(axis=1)], axis=1)
        return (both - both.mean(axis=0)) / (both.std(axis=0) + 1e-9)

    return _clustered(samples, features, speakers)


def ge2e_kmeans(samples: NDArray[np.float32], sample_rate: int, speakers: int = 2) -> pd.DataFrame:
    """Cluster GE2E voice embeddings (Wan et al. 2018)."""
    if sample_rate != SAMPLE_RATE:
        samples = librosa.resample(samples, orig_sr=sample_rate, target_sr=SAMPLE_RATE)
    return _clustered(samples, lambda centres: embed(samples, centres - WINDOW / 2, WINDOW), speakers)


SYSTEMS: dict[str, System] = {"engine": diarize, "ge2e_kmeans": ge2e_kmeans, "mfcc_kmeans": mfcc_kmeans}


def _clustered(samples: NDArray[np.float32], features: Callable[..., NDArray], speakers: int) -> pd.DataFrame:
    edges = [
        np.linspace(start, end, max(1, round((end - start) / STEP)) + 1) for start, end in _speech(samples)
    ]
    if sum(len(e) - 1 for e in edges) < speakers:
        return turns_table()
    centres = np.concatenate([(e[:-1] + e[1:]) / 2 for e in edges])
    voice = KMeans(speakers, n_init=10, random_state=0).fit_predict(features(centres))
    pieces = np.concatenate([np.column_stack([e[:-1], e[1:]]) for e in edges])
    order = {cluster: number for number, cluster in enumerate(dict.fromkeys(voice.tolist()), 1)}
    rows = ((a, b, f"voice_{order[int(v)]}") for (a, b), v in zip(pieces, voice, strict=True))
    return merge_stretches(turns_table(rows))


def _speech(samples: NDArray[np.float32]) -> list[tuple[float, float]]:
    """Find stretches of speech, silences of 0.2 s and more cut out."""
    network, state, cell = opened("silero_vad"), *np.zeros((2, 1, 1, 128), np.float32)
    count = -(-len(samples) // FRAME)
    padded = np.pad(samples, (CONTEXT, count * FRAME - len(samples)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, CONTEXT + FRAME)[::FRAME]
    probability = np.empty(count, np.float32)
    for first in range(0, count, GROUP):
        given = {"input": np.ascontiguousarray(frames[first : first + GROUP]), "h": state, "c": cell}
        probability[first : first + GROUP], state, cell = network.run(None, given)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], probability >= OFFSET, [0]]).astype(int)))
    runs = [(a, b) for a, b in edges.reshape(-1, 2) if probability[a:b].max() >= ONSET]
    joined: list[tuple[float, float]] = []
    for start, end in (np.array(runs).reshape(-1, 2) * FRAME / SAMPLE_RATE).tolist():
        if joined and start - joined[-1][1] < MIN_SILENCE:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    length = len(samples) / SAMPLE_RATE
    return [(start, min(end, length)) for start, end in joined if end - start >= SHORTEST]
