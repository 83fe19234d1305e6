"""What lies between two voices and a file: a room, its noises, a telephone, a codec, a device."""

from __future__ import annotations

import io

import av
import numpy as np
import pyroomacoustics as pra
from numpy.typing import NDArray
from scipy.signal import butter, firwin2, lfilter, oaconvolve, sosfilt, sosfiltfilt

from therapy_review.sound import Recording

SAMPLE_RATE = 16_000
EARLY = 24  # samples kept before the direct sound, where its band-limited pulse begins
Sound = NDArray[np.float32]


class Room:
    """A living or consulting room with one microphone somewhere on a table.

    Parameters
    ----------
    rng : Generator
    reverberation : float
        Seconds until a sound has fallen by 60 dB.
    """

    def __init__(self, rng: np.random.Generator, reverberation: float) -> None:
        self.size = rng.uniform([3.2, 3.0, 2.4], [5.5, 4.5, 2.8])
        absorption, order = pra.inverse_sabine(reverberation, self.size)
        self.walls, self.order = pra.Material(absorption), min(order, 40)
        self.microphone = self.size * rng.uniform([0.35, 0.35, 0.28], [0.65, 0.65, 0.32])
        self.rng = rng

    def response(self, distance: float) -> Sound:
        """Give the impulse response from somebody at a distance, its direct sound at sample `EARLY`."""
        for _ in range(200):
            angle = self.rng.uniform(0, 2 * np.pi)
            place = self.microphone + distance * np.array([np.cos(angle), np.sin(angle), 0])
            place[2] = self.rng.uniform(1.0, 1.3)
            if (place > 0.25).all() and (place < self.size - 0.25).all():
                break
        else:
            place = np.clip(place, 0.25, self.size - 0.25)
        room = pra.ShoeBox(self.size, fs=SAMPLE_RATE, materials=self.walls, max_order=self.order)
        room.add_source(place)
        room.add_microphone(self.microphone)
        room.compute_rir()
        response = np.asarray(room.rir[0][0])
        away = float(np.linalg.norm(place - self.microphone)) / room.c * SAMPLE_RATE
        direct = round(away + pra.constants.get("frac_delay_length") / 2 - 0.5)
        return response[max(0, direct - EARLY) :].astype(np.float32)


def through(sound: Sound, response: Sound) -> Sound:
    """Let a dry sound pass a room; what is heard keeps the times of what is said."""
    return oaconvolve(sound, response)[EARLY : EARLY + len(sound)].astype(np.float32)


def power(sound: Sound) -> float:
    return float(np.mean(np.square(sound, dtype=np.float64)))


def decibel(value: float) -> float:
    """Turn decibels into a factor of amplitude."""
    return float(10 ** (value / 20))


def room_noise(rng: np.random.Generator, samples: int) -> Sound:
    """Make noise that falls with frequency, as rooms have it, of power one within the band of speech."""
    white = rng.standard_normal(samples, dtype=np.float32)
    # Three poles and zeros spread over the octaves: about 3 dB an octave, and a little steeper high up.
    pink = lfilter([0.049922, -0.095993, 0.050613, -0.004408], [1, -2.494956, 2.017266, -0.522190], white)
    return _even(lfilter([1.0], [1, -0.6], pink).astype(np.float32))


def fan_noise(rng: np.random.Generator, samples: int) -> Sound:
    """Make the noise of a fan, a low rush that sways and the hum of its blades, of power one as above."""
    time = np.arange(samples, dtype=np.float32) / SAMPLE_RATE
    rush = sosfilt(butter(2, [80, 1200], "bandpass", fs=SAMPLE_RATE, output="sos"), room_noise(rng, samples))
    rush = rush / np.sqrt(power(rush)) * (1 + 0.15 * np.sin(2 * np.pi * rng.uniform(0.1, 0.4) * time))
    blades = rng.uniform(90, 140)
    hum = sum(np.sin(2 * np.pi * blades * k * time + rng.uniform(0, 6)) / k for k in (1, 2, 3))
    return _even((rush + 0.3 * hum).astype(np.float32))


def _even(noise: Sound) -> Sound:
    """Bring a noise to power one where speech is; what it has below disturbs nobody."""
    return noise / np.float32(np.sqrt(power(telephone(noise[: 60 * SAMPLE_RATE]))))


def clock_ticks(rng: np.random.Generator, samples: int, response: Sound) -> Sound:
    """Make the ticks of a wall clock, one a second, each with a peak of one."""
    time = np.arange(int(0.03 * SAMPLE_RATE)) / SAMPLE_RATE
    ticks = np.zeros(samples, np.float32)
    shapes = []
    for _ in range(2):  # tick and tock differ
        tones = rng.uniform(1500, 5500, 3)
        ring = sum(np.sin(2 * np.pi * f * time) for f in tones) * np.exp(-time / 0.004)
        shapes.append(ring)
    for i, at in enumerate(range(int(rng.uniform(0, SAMPLE_RATE)), samples - len(time), SAMPLE_RATE)):
        ticks[at : at + len(time)] = shapes[i % 2]
    ticks = through(ticks, response)
    return ticks / np.float32(np.abs(ticks).max() + 1e-9)


def telephone(sound: Sound) -> Sound:
    """Keep the band of a telephone, without moving anything in time."""
    band = butter(4, [300, 3400], "bandpass", fs=SAMPLE_RATE, output="sos")
    return sosfiltfilt(band, sound).astype(np.float32)


def aac(sound: Sound, bit_rate: int = 48_000) -> Sound:
    """Write an m4a as telephones do, and decode it as the workbook does."""
    out = io.BytesIO()
    rate = 48_000
    with av.open(out, "w", format="ipod") as file:
        stream = file.add_stream("aac", rate=rate, layout="mono")
        stream.bit_rate = bit_rate
        finer = av.AudioResampler(format="fltp", layout="mono", rate=rate)
        for start in range(0, len(sound), SAMPLE_RATE):
            piece = np.ascontiguousarray(sound[None, start : start + SAMPLE_RATE])
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
            frame.sample_rate = SAMPLE_RATE
            frame.pts = start
            for part in finer.resample(frame):
                file.mux(stream.encode(part))
        for part in finer.resample(None):
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    decoded = Recording(lambda: io.BytesIO(out.getvalue()), "simulated.m4a").read()
    return np.pad(decoded, (0, max(0, len(sound) - len(decoded))))[: len(sound)]


def device(rng: np.random.Generator, sound: Sound) -> Sound:
    """Record with another device: a microphone's colour, its band, sometimes a codec, another level."""
    corners = np.geomspace(60, 8000, 9)
    colour = np.concatenate([[0], np.cumsum(rng.normal(0, 3.0, len(corners) - 1))])
    colour = np.clip(colour - colour.mean(), -10, 10)
    frequency = np.linspace(0, SAMPLE_RATE / 2, 513)
    gain = np.interp(np.log(np.maximum(frequency, 60)), np.log(corners), colour)
    coloured = oaconvolve(sound, firwin2(511, frequency, 10 ** (gain / 20), fs=SAMPLE_RATE), mode="same")
    band = [rng.uniform(40, 200), rng.uniform(4500, 7800)]
    coloured = sosfiltfilt(butter(2, band, "bandpass", fs=SAMPLE_RATE, output="sos"), coloured)
    coloured *= decibel(rng.uniform(-32, -16)) / np.sqrt(power(coloured))
    coloured = np.clip(coloured, -1, 1).astype(np.float32)
    return aac(coloured, int(rng.choice([24_000, 32_000, 64_000]))) if rng.random() < 0.5 else coloured
