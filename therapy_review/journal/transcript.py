"""Transcripts: what was said in a session, as another program wrote it down in ``transcript.vtt`` (WebVTT).

A *transcript* is a DataFrame with one row for what one voice says in one cue, in order of time: ``start``,
``end`` (seconds from the recording's start), ``speaker`` (``client``, ``therapist``, another name as it is written
there, or empty) and ``text``. Nothing here writes one.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

import pandas as pd

from therapy_review.errors import JournalError

COLUMNS = ["start", "end", "speaker", "text"]
FILE = "transcript.vtt"
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]+)>")
_TAG = re.compile(r"<[^<>]*>")

Row = tuple[float, float, str, str]


def none() -> pd.DataFrame:
    """Make a transcript in which nothing is said."""
    return _table([])


def read(data: bytes, where: str, names: Mapping[str, str] | None = None) -> pd.DataFrame:
    r"""Read a transcript from a file's bytes; what can't be understood whole is a `JournalError`.

    `names` tells how client and therapist are called there, by role; capitals make no difference, and the words
    client and therapist are always understood.

    Examples
    --------
    >>> said = b"WEBVTT\n\n00:01.500 --> 00:04.000\n<v Robin>I went <i>home</i>.\n"
    >>> read(said, "transcript.vtt", {"client": "Robin"})
       start  end speaker          text
    0    1.5  4.0  client  I went home.
    """
    import webvtt
    from webvtt.errors import MalformedCaptionError, MalformedFileError

    called = {name.strip().casefold(): role for role, name in (names or {}).items() if name.strip()}
    called |= {role: role for role in ("client", "therapist")}
    try:
        text = data.decode("utf-8-sig")
        cues = [
            (cue.start_time.in_milliseconds() / 1000, cue.end_time.in_milliseconds() / 1000, cue.raw_text)
            for cue in webvtt.from_string(text).captions
        ]
        # The library passes over times it can't read, and the words below them with it.
        timed = re.findall(r"^(?!NOTE).*-->", text.replace("\r", "\n"), re.MULTILINE)
        if len(cues) < len(timed) or any(start > end for start, end, _ in cues):
            raise ValueError("A cue has no times, or ends before it starts.")
    except (ValueError, MalformedCaptionError, MalformedFileError) as error:
        raise JournalError(
            f"{where} should be a transcript in WebVTT, with WEBVTT in its first line and times such as "
            "00:01:02.500 --> 00:01:04.000 above the words; mend it, or save it anew from where it came."
        ) from error
    return _table(
        [
            (start, end, called.get(speaker.casefold(), speaker), said)
            for start, end, words in sorted(cues, key=lambda cue: cue[0])
            for speaker, said in _voices(words)
        ]
    )


def _voices(words: str) -> list[tuple[str, str]]:
    """Take a cue apart into who speaks and what is said; a cue may hold several voices."""
    pieces = ["", *_VOICE.split(words)]
    said = [(_plain(voice), _plain(piece)) for voice, piece in zip(pieces[::2], pieces[1::2], strict=True)]
    return [(voice, piece) for voice, piece in said if piece]


def _plain(words: str) -> str:
    return " ".join(html.unescape(_TAG.sub("", words)).split())


def _table(rows: list[Row]) -> pd.DataFrame:
    types = dict(zip(COLUMNS, (float, float, str, str), strict=True))
    return pd.DataFrame(rows, columns=COLUMNS).astype(types)
