"""The room two people sit in, the noise in it, and the files a phone makes of it."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pyroomacoustics
from scipy.signal import fftconvolve

SAMPLE_RATE = 24_000  # Hz, as Kokoro speaks
ROOM = (4.6, 3.8, 2.6)  # metres
RT60 = 0.32  # seconds
PHONE = (2.2, 1.9, 0.7)  # on the low table
PLACES = {"client": (1.2, 1.7, 1.15), "therapist": (3.7, 2.5, 1.2)}
SPEECH = 10 ** (-25 / 20)  # root mean square while somebody speaks
NOISE = 10 ** (-56 / 20)
SILENT_EDGES = 0.4  # seconds over which the recording's noise comes up


def in_the_room(dry: dict[str, np.ndarray], seed: int) -> np.ndarray:
    """Let two dry tracks sound in one room, with its noise, as one microphone hears it."""
    absorption, order = pyroomacoustics.inverse_sabine(RT60, ROOM)
    room = pyroomacoustics.ShoeBox(
        ROOM, fs=SAMPLE_RATE, materials=pyroomacoustics.Material(absorption), max_order=min(order, 17)
    )
    room.add_microphone(PHONE)
    for place in PLACES.values():
        room.add_source(place)
    room.compute_rir()
    length = max(map(len, dry.values()))
    mixed = np.zeros(length)
    for number, who in enumerate(PLACES):
        response = room.rir[0][number]
        response = response[np.argmax(np.abs(response)) :]  # times stay those of the dry voice
        mixed += fftconvolve(dry[who], response)[:length]
    mixed *= SPEECH / np.sqrt(np.mean(mixed[np.abs(mixed) > np.abs(mixed).max() * 0.02] ** 2))
    return np.clip(mixed + _hum(length, seed), -0.99, 0.99).astype(np.float32)


def _hum(length: int, seed: int) -> np.ndarray:
    """Room noise: falling towards high notes, a little ventilation, and a quiet clock."""
    draw = np.random.default_rng(seed)
    spectrum = np.fft.rfft(draw.standard_normal(length))
    spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(length, 1 / SAMPLE_RATE), 40.0))
    noise = np.fft.irfft(spectrum, length)
    noise *= NOISE / np.sqrt(np.mean(noise**2))
    tick = np.exp(-np.arange(240) / 40) * draw.standard_normal(240) * NOISE * 2
    for at in range(SAMPLE_RATE // 2, length - 240, SAMPLE_RATE):
        noise[at : at + 240] += tick
    edge = int(SILENT_EDGES * SAMPLE_RATE)
    noise[:edge] *= np.linspace(0, 1, edge)
    return noise


CODECS = {
    "m4a": ("ipod", "aac"),
    "mp4": ("mp4", "aac"),
    "mp3": ("mp3", "libmp3lame"),
    "opus": ("ogg", "libopus"),
    "wav": ("wav", "adpcm_ima_wav"),  # as dictation recorders write it
    "flac": ("flac", "flac"),
}


def save(path: Path, samples: np.ndarray, rate: int, channels: int, bits: int | None) -> None:
    """Write a recording as a phone or recorder would; an mp4 gets a small dark picture."""
    kind, codec = CODECS[path.suffix[1:]]
    layout = "mono" if channels == 1 else "stereo"
    with av.open(path, "w", format=kind) as file:
        picture = file.add_stream("mpeg4", rate=1) if kind == "mp4" else None
        if picture:
            picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        stream = file.add_stream(codec, rate=rate, layout=layout)
        if bits:
            stream.bit_rate = bits
        if picture:
            dark = np.full((48, 64, 3), 24, np.uint8)
            for second in range(len(samples) // SAMPLE_RATE):
                frame = av.VideoFrame.from_ndarray(dark)
                frame.pts = second
                file.mux(picture.encode(frame))
            file.mux(picture.encode(None))
        sound = av.AudioFrame.from_ndarray(samples[None, :], format="fltp", layout="mono")
        sound.sample_rate = SAMPLE_RATE
        resampler = av.AudioResampler(format=stream.codec.audio_formats[0].name, layout=layout, rate=rate)
        for frame in [*resampler.resample(sound), *resampler.resample(None)]:
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
