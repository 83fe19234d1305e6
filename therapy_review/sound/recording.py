"""Recording: the only room where bytes become sound.

Whatever PyAV can decode (m4a, mp3, opus, wav, flac, the sound of a video …) comes out as mono float32 at
16 kHz, in blocks, so that a long file never needs its whole length twice. Times are seconds from the first
sample. A `Recording` holds a way to open its bytes, not a path; who may have one is decided in the journal.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from therapy_review.errors import RecordingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from therapy_review.storage import Store

SAMPLE_RATE = 16_000  # Hz
BLOCK = 30.0  # seconds
SPARE = 1.0  # seconds: what decoding may give beyond what the packets' times say
PEAKS_A_SECOND = 32  # of a waveform to be drawn: fine enough for words, far too coarse to be heard
# Decoders of mp3, aac and opus need what came shortly before; a seek starts this much early.
PREROLL = 0.5  # seconds
LONGEST = 6.0  # hours; beyond that a recorder was left running, and memory would not do
HIGHEST = 48_000  # Hz: what tracks are joined at, at most
LAYOUTS = {2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1"}
# fmt: off
SUFFIXES = frozenset({
    ".aac", ".aif", ".aiff", ".amr", ".3gp", ".caf", ".flac", ".m4a", ".m4b", ".mka", ".mkv", ".mov",
    ".mp3", ".mp4", ".oga", ".ogg", ".opus", ".wav", ".weba", ".webm", ".wma",
})
# fmt: on


class Recording:
    """The sound of one session, decoded only on demand.

    Each question of it raises `RecordingError` where the file can't be opened or has no sound.

    Parameters
    ----------
    opener : callable
        Returns the file's bytes as a new seekable binary file each time it is called.
    name : str
        What to call it in a sentence (``practice/sessions/2026-03-04/recording.m4a``).

    Examples
    --------
    >>> from therapy_review import open_journal
    >>> recording = open_journal("data/practice").sessions[0].recording()
    >>> recording.read(10, 12).shape
    (32000,)
    """

    sample_rate = SAMPLE_RATE

    def __init__(self, opener: Callable[[], BinaryIO], name: str) -> None:
        self._opener = opener
        self.name = name
        self._duration: float | None = None

    def __repr__(self) -> str:
        return f"Recording({self.name!r})"

    @property
    def duration(self) -> float:
        """Length in seconds, from the packets themselves: headers of broken files promise more than there is."""
        if self._duration is None:
            with self._container() as (container, stream):
                first, last = None, 0.0
                for packet in container.demux(stream):
                    if packet.pts is None:
                        continue
                    start = float(packet.pts * packet.time_base)
                    first = start if first is None else first
                    last = max(last, start + float((packet.duration or 0) * packet.time_base))
            # A negative first time is the encoder's run-in, which is not played.
            self._duration = max(0.0, last - max(first or 0.0, 0.0))
            if self._duration == 0:
                raise self._silent()
        return self._duration

    @property
    def channels(self) -> int:
        """How many channels there are: two in stereo."""
        with self._container() as (_, stream):
            return int(stream.codec_context.channels)

    @property
    def _rate(self) -> int:
        with self._container() as (_, stream):
            return int(stream.codec_context.sample_rate)

    @property
    def digest(self) -> str:
        """SHA-256 of the file's bytes: what derived files are held against."""
        with self._opener() as file:
            name = hashlib.sha256()
            while piece := file.read(1 << 20):
                name.update(piece)
            return name.hexdigest()

    def read(
        self,
        start: float = 0.0,
        end: float | None = None,
        channel: int | None = None,
        rate: int = SAMPLE_RATE,
    ) -> NDArray[np.float32]:
        """Decode a stretch, without decoding what lies before it.

        Parameters
        ----------
        start : float
            Seconds from the recording's start.
        end : float, optional
            Seconds; the recording's end when left out.
        channel : int, optional
            Which one, from 0; all of them mixed when left out.
        rate : int
            Samples a second, 16,000 where nothing is said.

        Returns
        -------
        ndarray of float32, shape (n_samples,)
            Mono, nominally within -1 and 1; shorter than asked where the recording ends.
        """
        if start < 0 or (end is not None and end < start):
            raise RecordingError(f"There is no stretch from {start:g} s to {end:g} s in {self.name}.")
        wanted = None if end is None else round((end - start) * rate)
        # Filled piece by piece: pieces kept until the end would need the memory twice.
        seconds = self.duration - start if end is None else min(end - start, BLOCK)
        sound, have = np.empty(round((max(0.0, seconds) + SPARE) * rate), np.float32), 0
        for piece in self._decode(start, channel, rate):
            if have + len(piece) > len(sound):
                sound = np.concatenate([sound[:have], np.empty(len(sound) // 2 + len(piece), np.float32)])
            sound[have : have + len(piece)] = piece
            have += len(piece)
            if wanted is not None and have >= wanted:
                break
        return sound[: have if wanted is None else min(have, wanted)]

    def blocks(self, seconds: float = BLOCK, rate: int = SAMPLE_RATE) -> Iterator[NDArray[np.float32]]:
        """Decode from start to end in blocks.

        Parameters
        ----------
        seconds : float
            Length of each block; the last one may be shorter.
        rate : int
            Samples a second, 16,000 where nothing is said.

        Yields
        ------
        ndarray of float32, shape (n_samples,)
            Mono.
        """
        yield from _in_blocks(self._decode(0.0, rate=rate), round(seconds * rate))

    @contextmanager
    def _container(self) -> Iterator[tuple[Any, Any]]:
        import av

        file = self._opener()
        try:
            if not file.read(1):
                raise RecordingError(
                    f"{self.name} is empty (0 bytes); copy it again from your phone or recorder."
                )
            file.seek(0)
            try:
                # A title in another encoding than UTF-8 is let be; PyAV before 19 would not open its file.
                about_tags: dict[str, Any] = (
                    {"metadata_errors": "ignore"} if int(av.__version__.split(".")[0]) < 19 else {}
                )
                container = av.open(file, mode="r", **about_tags)
            except (av.FFmpegError, ValueError) as error:
                raise RecordingError(
                    f"{self.name} can't be read as sound: it may be damaged, cut short while copying, or not "
                    "a recording at all. Copy it again from your phone or recorder."
                ) from error
            with container:
                if not container.streams.audio:
                    raise self._silent()
                yield container, container.streams.audio[0]
        finally:
            file.close()

    def _silent(self) -> RecordingError:
        return RecordingError(
            f"{self.name} has no sound in it; if it is a video, the microphone was off. "
            "Add another file for this session, or keep the session with notes alone."
        )

    def _decode(
        self, start: float, channel: int | None = None, rate: int = SAMPLE_RATE
    ) -> Iterator[NDArray[np.float32]]:
        import av

        decoded_any = False
        with self._container() as (container, stream):
            origin = max(0.0, float(stream.start_time * stream.time_base)) if stream.start_time else 0.0
            # Block codecs of dictation recorders (ADPCM) report wrong times after a seek; they decode fast anyway.
            seeks = start > PREROLL and not stream.codec_context.name.startswith("adpcm")
            if seeks:
                try:
                    early = int((origin + start - PREROLL) / stream.time_base)
                    container.seek(early, stream=stream, backward=True)
                except av.FFmpegError:  # a format without an index: read from the start instead
                    container.seek(0)
            resampler = av.AudioResampler(format="flt", rate=rate)
            skip: int | None = None  # samples before `start` still to be dropped
            for frame in _frames(container, stream):
                decoded_any = True
                if skip is None:
                    at = (frame.time or 0.0) - origin if seeks else 0.0
                    skip = round((start - at) * rate)
                    if skip < 0:  # the seek landed late: the missing run-in is silence
                        yield np.zeros(-skip, np.float32)
                        skip = 0
                frame.pts = None  # gaps in the time stamps of damaged files are closed, not filled
                for piece in _mono(resampler.resample(frame), channel):
                    kept = piece[skip:]
                    skip = max(0, skip - len(piece))
                    if len(kept):
                        yield kept
            for piece in _mono(resampler.resample(None), channel) if decoded_any else ():
                yield piece[skip or 0 :]
        if not decoded_any and start == 0.0:
            raise self._silent()


def reopener(store: Store, name: str) -> Callable[[], BinaryIO]:
    """Return what opens a file as often as it is called; one that is opened in memory is decrypted once.

    Its bytes stay in memory, once, for as long as what is returned does. A file that changed is opened anew, and of
    one that is gone nothing is given any more.

    Parameters
    ----------
    store : Store
    name : str

    Returns
    -------
    callable
        Raises as `Store.open`.
    """
    known: tuple[tuple[int, int], bytes] | None = None

    def opened() -> BinaryIO:
        nonlocal known
        stamp, before = store.stamp(name), known
        if before is not None and before[0] == stamp:
            return io.BytesIO(before[1])  # which shares these bytes, for nobody writes
        known = before = None  # let go of before there is another
        file = store.open(name)
        if isinstance(file, io.BytesIO):
            known = (stamp, file.getvalue())
        return file

    return opened


def length_to_analyse(recording: Recording) -> float:
    """Measure a recording, and refuse one that is too long to be analysed.

    Parameters
    ----------
    recording : Recording

    Returns
    -------
    float
        Seconds.

    Raises
    ------
    RecordingError
        When it can't be read, or is longer than six hours.
    """
    if recording.duration > LONGEST * 3600:
        raise RecordingError(
            f"{recording.name} is {recording.duration / 3600:.0f} hours long, more than the {LONGEST:.0f} that "
            "can be analysed; was the recorder left running? Cut the session out and add that file instead."
        )
    return recording.duration


def waveform_peaks(samples: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """Find the lowest and highest sample of `n` equal parts, for drawing a waveform.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
    n : int
        How many parts; fewer come back when there are fewer samples.

    Returns
    -------
    ndarray of float32, shape (n, 2)

    Examples
    --------
    >>> waveform_peaks(np.array([0.0, 0.5, -0.25, 0.0], np.float32), 2).tolist()
    [[0.0, 0.5], [-0.25, 0.0]]
    """
    n = min(n, len(samples))
    if n == 0:
        return np.zeros((0, 2), np.float32)
    starts = np.linspace(0, len(samples), n + 1)[:-1].astype(int)
    low, high = np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)
    return np.column_stack([low, high])


def side_by_side(recordings: Sequence[Recording]) -> bytes:
    """Write recordings that begin together as the channels of one FLAC file.

    Parameters
    ----------
    recordings : sequence of Recording
        Two to six, in the order of the channels; the shorter ones end in silence.

    Returns
    -------
    bytes
        At the highest of their sample rates, 48 kHz at most; nothing that was heard is lost.

    Raises
    ------
    RecordingError
        When there are more than six, or one can't be read as sound.
    """
    import av

    layout = LAYOUTS.get(len(recordings))
    if layout is None:
        raise RecordingError(f"Two to {max(LAYOUTS)} tracks can be joined, not {len(recordings)}.")
    rate = min(HIGHEST, max(recording._rate for recording in recordings))
    size = round(BLOCK * rate)
    tracks = [_in_blocks(recording._decode(0.0, rate=rate), size) for recording in recordings]
    out = io.BytesIO()
    with av.open(out, "w", format="flac") as file:
        stream = file.add_stream("flac", rate=rate, layout=layout)
        for blocks in zip_longest(*tracks, fillvalue=np.zeros(0, np.float32)):
            whole = np.zeros((max(map(len, blocks)), len(blocks)), np.float32)
            for column, block in zip(whole.T, blocks, strict=True):
                column[: len(block)] = block
            steps = np.clip(np.round(whole * 32768), -32768, 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(steps.reshape(1, -1), format="s16", layout=layout)
            frame.sample_rate = rate
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()


def _in_blocks(pieces: Iterable[NDArray[np.float32]], size: int) -> Iterator[NDArray[np.float32]]:
    """Put pieces of any lengths together, and cut them anew; the last block may be shorter."""
    waiting: list[NDArray[np.float32]] = []
    have = 0
    for piece in pieces:
        waiting.append(piece)
        have += len(piece)
        if have >= size:
            block = np.concatenate(waiting)
            full = have - have % size
            yield from (block[i : i + size] for i in range(0, full, size))
            waiting, have = [block[full:]], have - full
    if have:
        yield np.concatenate(waiting)


def _frames(container: Any, stream: Any) -> Iterator[Any]:
    """Decode packet by packet; a damaged packet costs itself, not the hour after it."""
    import av

    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.FFmpegError:
                continue
    except av.FFmpegError:  # the file breaks off: what came before it counts
        return


def _mono(frames: list[Any], channel: int | None) -> Iterator[NDArray[np.float32]]:
    """Mix the channels to one, or pick one; interleaved, since planes of eight channels crash PyAV 18."""
    for frame in frames:
        samples = frame.to_ndarray().reshape(-1, frame.layout.nb_channels)
        if samples.shape[1] == 1 or channel is not None:
            yield samples[:, min(channel or 0, samples.shape[1] - 1)]
        else:
            yield samples.mean(axis=1, dtype=np.float32)
