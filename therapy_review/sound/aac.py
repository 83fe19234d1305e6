"""AAC: sound as an ``.m4a`` file that phones, computers and browsers play, and that tells nothing of its origin."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from therapy_review.sound.opus import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

BITS = 64_000  # a second: plenty for one voice


def m4a(samples: NDArray[np.float32], title: str) -> bytes:
    """Encode sound as a whole file.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono, 24 kHz.
    title : str
        The only thing the file says about itself.

    Returns
    -------
    bytes
        AAC in MP4; without date, place, device, or the name of a program.

    Examples
    --------
    >>> m4a(np.zeros(RATE, np.float32), "Clip 1")[4:11]
    b'ftypM4A'
    """
    import av
    from av.codec.context import Flags

    out = io.BytesIO()
    with av.open(out, "w", format="ipod", options={"fflags": "+bitexact"}) as file:
        stream: Any = file.add_stream("aac", rate=RATE, layout="mono")
        stream.bit_rate = BITS
        stream.codec_context.flags |= Flags.bitexact  # or the encoder signs its first packet
        file.metadata["title"] = title
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        file.mux([*stream.encode(frame), *stream.encode(None)])
    return out.getvalue()
