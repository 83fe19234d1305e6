"""Noises that are heard beside speech: knocks, clicks, creaks, steps, rustling of paper and clothes; hiss.

They are drawn from a wide range instead of being recorded, so that what is fitted with them knows none of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

RATE = 16_000
EVERY = (2.0, 15.0)  # seconds from one noise to the next, on average; every sound has its own average
LEVEL = (-30.0, 6.0)  # dB, the noise at its loudest against speech
RUSTLES = 0.5  # of the noises
HISS = (-45.0, -15.0)  # dB, what a recorder adds against speech: steadier than the noise of any room


def disturbed(rng: np.random.Generator, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add noises to a sound.

    Parameters
    ----------
    rng : numpy.random.Generator
    samples : ndarray of float32, shape (n_samples,)
        Mono, 16 kHz, at least some seconds.

    Returns
    -------
    ndarray of float32, shape (n_samples,)
    """
    heard = samples.copy()
    speech = _loudness(samples)
    every = rng.uniform(*EVERY)
    at = rng.exponential(every)
    while (first := round(at * RATE)) < len(heard):
        noise = _coloured(rng, _rustle(rng) if rng.random() < RUSTLES else _knocks(rng))[: len(heard) - first]
        gain = speech * 10 ** (rng.uniform(*LEVEL) / 20)
        heard[first : first + len(noise)] += (noise * gain).astype(np.float32)
        at += rng.exponential(every)
    return heard


def hissing(rng: np.random.Generator, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add steady hiss to a sound.

    Parameters
    ----------
    rng : numpy.random.Generator
    samples : ndarray of float32, shape (n_samples,)
        Mono, 16 kHz.

    Returns
    -------
    ndarray of float32, shape (n_samples,)
    """
    hiss = rng.normal(size=len(samples)) * _loudness(samples) * 10 ** (rng.uniform(*HISS) / 20)
    return samples + hiss.astype(np.float32)


def _loudness(samples: NDArray[np.float32]) -> float:
    """Mean size of the samples that are louder than most, which are speech."""
    size = np.abs(samples)
    return float(size[size > size.mean()].mean())


def _knocks(rng: np.random.Generator) -> NDArray[np.float64]:
    """One to six strokes within a second, each fading in 4 to 150 ms."""
    length = RATE
    sound = np.zeros(length)
    for first in rng.integers(0, length, rng.integers(1, 7)):
        fade = np.exp(-np.arange(length - first) / RATE / rng.uniform(0.004, 0.15))
        sound[first:] += rng.uniform(0.2, 1) * rng.normal(size=length - first) * fade
    return sound


def _rustle(rng: np.random.Generator) -> NDArray[np.float64]:
    """Half a second to four of noise that swells and ebbs three to fifteen times a second."""
    seconds = rng.uniform(0.5, 4.0)
    length = round(seconds * RATE)
    swells = rng.uniform(0, 1, 2 + round(seconds * rng.uniform(3, 15))) ** 2
    swells[[0, -1]] = 0
    envelope = np.interp(np.arange(length), np.linspace(0, length, len(swells)), swells)
    return np.asarray(rng.normal(size=length) * envelope)


def _coloured(rng: np.random.Generator, noise: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leave a band of the noise, wide or narrow, and bring its loudest tenth to one."""
    low = 10 ** rng.uniform(np.log10(50), np.log10(3000))
    high = min(7500.0, low * 2 ** rng.uniform(0.7, 5))
    heard = sosfilt(butter(2, [low, high], "bandpass", fs=RATE, output="sos"), noise)
    size = np.abs(heard)
    return np.asarray(heard / size[size >= np.quantile(size, 0.9)].mean())
