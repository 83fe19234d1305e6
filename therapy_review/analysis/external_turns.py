"""Turns that another program found, used in place of the built-in engine.

They are kept in the session's folder as ``turns.rttm``, beside the recording and not among what is derived from it,
with a first line that says what found them (``;; found by: pyannote 3.1``). Such a file may also be put there by
hand. As long as it is there, analysis takes these turns and asks no engine; when it is removed, an engine is asked
again. They are a `therapy_review.diarization.registry.Diarizer` like any other, one that has listened before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from therapy_review.diarization import check_turns_fit
from therapy_review.errors import TurnsError
from therapy_review.journal import TURNS_ELSEWHERE
from therapy_review.storage import if_there
from therapy_review.turns import decode_turns, encode_turns

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from therapy_review.journal import Session

FOUND_BY = ";; found by: "


@dataclass(frozen=True)
class Elsewhere:
    """Turns that were found elsewhere, as a diarizer."""

    name: str
    turns: pd.DataFrame

    def __call__(
        self, samples: NDArray[np.float32], sample_rate: int, speakers: int | None, /
    ) -> pd.DataFrame:
        """Return the turns; whoever found them has listened already."""
        del samples, sample_rate, speakers
        return self.turns


def use_turns(session: Session, turns: pd.DataFrame, origin: str) -> None:
    """Use turns that another program found, in place of the built-in engine's.

    `therapy_review.analysis.analysis.analyse` then measures them and holds them against the recording; that is done
    here already where its length is known from an analysis before. Nothing is opened.

    Parameters
    ----------
    session : Session
    turns : DataFrame
        A turns table, as from `therapy_review.turns.exchange.read_turns`; speakers by any names.
    origin : str
        What found them, as in ``pyannote 3.1``; kept beside the measures, for sessions whose turns were found in
        different ways are not joined by one line.

    Raises
    ------
    TurnsError
        When there are no turns, nothing is said of their origin, or they go on after the recording's end.
    """
    said = " ".join(origin.split())
    if not said:
        raise TurnsError("Say what found these turns, as in pyannote 3.1; it is kept beside the measures.")
    data = encode_turns(turns, "rttm", session.name)
    made = session.made_from()
    if "duration" in made and made.get("inputs", {}).get("recording") == session.recording_digest():
        check_turns_fit(turns, made["duration"], said)
    with session.journal.store.writing():
        session.journal.store.write(session.file(TURNS_ELSEWHERE), f"{FOUND_BY}{said}\n".encode() + data)


def forget_turns(session: Session) -> None:
    """Remove turns that another program found; the next analysis listens again.

    Parameters
    ----------
    session : Session
        One with or without such turns.
    """
    with session.journal.store.writing():
        session.journal.store.remove(session.file(TURNS_ELSEWHERE))


def turns_elsewhere(session: Session) -> Elsewhere | None:
    """Return the turns that another program found for a session, if there are any.

    Parameters
    ----------
    session : Session

    Returns
    -------
    Elsewhere or None

    Raises
    ------
    TurnsError
        When the file can't be read as turns.
    """
    store, name = session.journal.store, session.file(TURNS_ELSEWHERE)
    if (data := if_there(store.read, name)) is None:
        return None
    turns = decode_turns(data, "rttm", store.where(name))
    first = data.decode("utf-8-sig").split("\n", 1)[0].strip()
    said = first.removeprefix(FOUND_BY.strip()).strip() if first.startswith(FOUND_BY.strip()) else ""
    return Elsewhere(said or TURNS_ELSEWHERE, turns)
