"""Seven readers of LibriSpeech, brought to one spectrum and one level, and cut at their own silences.

Each of them used another microphone in another room. Side by side as they are, they can be told apart by their
channels alone; so every reader is filtered to the average long-term spectrum of all seven and brought to one
level before anything is made of them. Samples are float32, mono, 16 kHz.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d
from scipy.signal import butter, firwin2, oaconvolve, sosfiltfilt, welch

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("THERAPY_REVIEW_SHARED", ROOT.parent / "shared"))
SEX = {
    "1998": "female",
    "3080": "female",
    "367": "female",
    "1688": "male",
    "2033": "male",
    "2414": "male",
    "3005": "male",
}
SAMPLE_RATE = 16_000
FRAME = 160  # samples, 10 ms
BELOW_SPEECH = 35.0  # dB: quieter than that below a reader's speech is silence
ABOVE_NOISE = 7.0  # dB: where a reader's own noise is louder than that, speech must rise so far above it
SURE = 17.0  # dB below a reader's speech: what never gets so loud is a breath
REACH = 0.12  # seconds of softer sound that may come before and after what is loud: consonants, not breaths
CUT = 0.1  # seconds: the shortest silence at which a reading is cut; closures within words are shorter
SHORTEST = 0.1  # seconds: anything shorter says nothing by itself
MARGIN = 0.03  # seconds kept around a stretch, faded, so that soft beginnings and ends are not chopped
LEVEL = 0.05  # root mean square of everybody's voiced stretches
EVEN = (200.0, 7000.0)  # Hz: where the spectra are made alike; below lies the pitch, which is the voice's own


@dataclass(frozen=True)
class Reader:
    """What one person read, with the places between silences.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        All readings, one after the other.
    start, end : ndarray of int, shape (n_stretches,)
        Samples between which a stretch is voiced.
    pause : ndarray of float, shape (n_stretches,)
        Seconds of silence after each in the reading itself; nan at the end of a reading.
    """

    samples: NDArray[np.float32]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    pause: NDArray[np.float64]

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Length of every stretch."""
        return (self.end - self.start) / SAMPLE_RATE

    def sound(self, stretch: int) -> tuple[NDArray[np.float32], int]:
        """Cut out a stretch with faded margins; the second value is the length of the first margin."""
        margin = round(MARGIN * SAMPLE_RATE)
        first, last = max(0, self.start[stretch] - margin), min(len(self.samples), self.end[stretch] + margin)
        piece = self.samples[first:last].copy()
        lead, tail = self.start[stretch] - first, last - self.end[stretch]
        piece[:lead] *= _rise(lead)
        piece[len(piece) - tail :] *= _rise(tail)[::-1]
        return piece, int(lead)


def _rise(length: int) -> NDArray[np.float32]:
    return np.sin(np.linspace(0, np.pi / 2, length, dtype=np.float32)) ** 2


def there() -> bool:
    """Tell whether the speech and the rhythms are on this computer."""
    return (SHARED / "speech" / "librispeech").is_dir() and (SHARED / "turns").is_dir()


@cache
def read(name: str) -> Reader:
    """Give a reader, at the common spectrum and level."""
    readings = [_filtered(x, _correction(name)) for x in _readings(name)]
    found = _voiced(readings)
    voiced = np.concatenate(
        [x[a:b] for x, (s, e) in zip(readings, found, strict=True) for a, b in zip(s, e, strict=True)]
    )
    gain = LEVEL / level(voiced)
    offset = np.concatenate([[0], np.cumsum([len(x) for x in readings])])[:-1]
    return Reader(
        samples=(np.concatenate(readings) * gain).astype(np.float32),
        start=np.concatenate([s + o for (s, _), o in zip(found, offset, strict=True)]),
        end=np.concatenate([e + o for (_, e), o in zip(found, offset, strict=True)]),
        pause=np.concatenate([np.append((s[1:] - e[:-1]) / SAMPLE_RATE, np.nan) for s, e in found]),
    )


def _readings(name: str) -> list[NDArray[np.float32]]:
    files = sorted((SHARED / "speech" / "librispeech" / name).glob("*.flac"))
    # Rumble below any voice would hide its silences.
    rumble = butter(4, 70, "highpass", fs=SAMPLE_RATE, output="sos")
    return [sosfiltfilt(rumble, sf.read(file, dtype="float32")[0]).astype(np.float32) for file in files]


def _voiced(readings: list[NDArray[np.float32]]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Find the stretches of each reading that are louder than silence."""
    loudness = [_loudness(x) for x in readings]
    every = np.concatenate(loudness)
    power = 10 ** (every / 10)
    speech = 10 * np.log10(power[every > np.percentile(every, 60)].mean())
    threshold = max(speech - BELOW_SPEECH, np.percentile(every, 5) + ABOVE_NOISE)
    # Breaths go on without a silence into what is said, so that they are known by how long they stay soft.
    near = [maximum_filter1d(x > speech - SURE, 2 * round(REACH * 100) + 1) for x in loudness]
    return [_runs((x > threshold) & close) for x, close in zip(loudness, near, strict=True)]


def _loudness(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    return 10 * np.log10((frames**2).mean(axis=1) + 1e-12)


def _runs(loud: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud, [0]]).astype(int)))
    start, end = edges[::2], edges[1::2]
    heard = end - start >= 3  # a frame or two on their own are the noise, not a voice
    start, end = start[heard], end[heard]
    parted = start[1:] - end[:-1] >= CUT * 100
    start, end = start[np.append(True, parted)], end[np.append(parted, True)]
    heard = end - start >= SHORTEST * 100
    return start[heard] * FRAME, end[heard] * FRAME


def spectrum(samples: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Long-term average spectrum in thirds of an octave: centre frequencies (Hz) and power (dB)."""
    frequency, power = welch(samples, SAMPLE_RATE, nperseg=2048)
    centres = 1000 * 2 ** (np.arange(-10, 9) / 3)
    bands = [power[(frequency >= c * 2 ** (-1 / 6)) & (frequency < c * 2 ** (1 / 6))].mean() for c in centres]
    return centres, 10 * np.log10(np.array(bands) + 1e-20)


def even_bands(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give the long-term spectrum (dB) within the bands that are made alike, and nothing of the rest."""
    centres, power = spectrum(samples)
    return power[(centres >= EVEN[0]) & (centres <= EVEN[1])]


def level(samples: NDArray[np.float32]) -> float:
    """Root mean square over the bands that are made alike; a deep voice is not louder for its pitch."""
    width = 1000 * 2 ** (np.arange(-10, 9) / 3) * (2 ** (1 / 6) - 2 ** (-1 / 6))
    centres, power = spectrum(samples)
    within = (centres >= EVEN[0]) & (centres <= EVEN[1])
    return float(np.sqrt((10 ** (power / 10) * width)[within].sum()))


@cache
def _voice(name: str) -> NDArray[np.float32]:
    """Put a reader's voiced stretches one after the other, as they were recorded."""
    readings = _readings(name)
    found = _voiced(readings)
    return np.concatenate(
        [x[a:b] for x, (s, e) in zip(readings, found, strict=True) for a, b in zip(s, e, strict=True)]
    )


@cache
def _correction(name: str) -> NDArray[np.float64]:
    """Make the filter that brings a reader to the average spectrum of all."""
    shapes = {other: even_bands(_voice(other)) for other in SEX}
    wanted = np.mean([shape - shape.mean() for shape in shapes.values()], axis=0)
    centres = spectrum(_voice(name))[0]
    within = (centres >= EVEN[0]) & (centres <= EVEN[1])
    frequency = np.linspace(0, SAMPLE_RATE / 2, 1025)
    gain, taps = np.zeros(within.sum()), np.ones(1)
    for _ in range(3):  # bands are wide and filters smooth: what is left over is corrected again
        shape = even_bands(_filtered(_voice(name), taps))
        gain = np.clip(gain + wanted - (shape - shape.mean()), -25, 25)
        steps = np.interp(np.log(np.maximum(frequency, 1)), np.log(centres[within]), gain)
        taps = firwin2(1023, frequency, 10 ** (steps / 20), fs=SAMPLE_RATE)
    return taps


def _filtered(samples: NDArray[np.float32], taps: NDArray[np.float64]) -> NDArray[np.float32]:
    return oaconvolve(samples, taps, mode="same").astype(np.float32)
