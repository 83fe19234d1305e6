"""Opus: speech as packets of twenty milliseconds, and packets as pieces a browser can play.

Packet `n` of a recording holds the sound from ``n * PACKET`` seconds on, whoever encoded it and wherever encoding
began, so that a piece can be cut anywhere between two packets and put beside any other.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 24_000  # Hz: speech has little above 12 kHz
PACKET = 0.02  # seconds
BITS = 32_000  # a second
# Of libopus' steps from 0 to 10: half the time of the last one, and no difference to be heard in speech.
COMPLEXITY = 5
DELAY = 0.0065  # seconds by which the sound in the packets is late: the encoder's run-in
_TICKS = Fraction(1, 48_000)  # seconds: the clock of Opus in any file
# An empty head, and pieces that stand for themselves without an index behind them.
_MOVFLAGS = "empty_moov+default_base_moof+frag_custom+skip_trailer"


def encoded(blocks: Iterable[NDArray[np.float32]]) -> Iterator[bytes]:
    """Encode blocks of any lengths, mono at 24 kHz: a packet for every 20 ms, the last one filled up with silence.

    Examples
    --------
    >>> len(list(encoded([np.zeros(RATE, np.float32)])))
    50
    """
    import av

    codec: Any = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = RATE, "mono", "s16", BITS
    codec.options = {"compression_level": str(COMPLEXITY), "frame_duration": str(PACKET * 1000)}
    codec.open()
    length = made = 0
    for samples in filter(len, blocks):
        steps = np.clip(np.round(samples * 32767), -32767, 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(steps[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        length += len(samples)
        for packet in codec.encode(frame):
            made += 1
            yield bytes(packet)
    # What the encoder gives beyond the sound is its run-in, and silence.
    yield from map(bytes, islice(codec.encode(None), -(-length // round(PACKET * RATE)) - made))


def head() -> bytes:
    """Give what a browser must be told before the first piece: the head of a fragmented MP4 file, without sound."""
    return _mp4([])


def piece(packets: Sequence[bytes]) -> bytes:
    """Put packets that follow one another into a piece to be played after the `head`; its own time begins at 0."""
    whole = _mp4(packets)
    return whole[whole.index(b"moof") - 4 :]


def _mp4(packets: Sequence[bytes]) -> bytes:
    import av

    out, ticks = io.BytesIO(), round(PACKET / _TICKS)
    with av.open(out, "w", format="mp4", options={"movflags": _MOVFLAGS}) as file:
        stream = file.add_stream("libopus", rate=round(1 / _TICKS), layout="mono")
        file.start_encoding()
        for n, data in enumerate(packets):
            packet: Any = av.Packet(data)
            packet.stream, packet.time_base, packet.duration = stream, _TICKS, ticks
            packet.pts = packet.dts = n * ticks
            file.mux(packet)
    return out.getvalue()
