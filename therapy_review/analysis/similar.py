"""Which other stretches sound like one that was corrected.

What a voice sounds like comes as unit vectors from whatever embeds stretches of sound; the closer the voices, the
larger the product of two. `alike` knows neither sound nor engine; `hearing` is what lets it hear a session.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from therapy_review.consent import SELF_REVIEW
from therapy_review.journal import Correction
from therapy_review.turns import TOLERANCE, edits, spoken_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from therapy_review.journal import Session

SHORTEST = 0.5  # seconds; less of a voice says too little about whose it is
ENOUGH = 10.0  # seconds; more of one stretch says little more
AROUND = 1.0  # seconds read on both sides, for what listens in windows
SAID = 20.0  # weight of a stretch the client spoke of, against 1 for one that an engine gave to somebody
COLUMNS = ["start", "end", "speaker", "to", "closer"]

# From starts and ends in seconds, one row a stretch, to rows of length one.
Embed = Callable[["NDArray[np.float64]"], "NDArray[np.float32]"]


def alike(
    turns: pd.DataFrame, corrections: pd.DataFrame, start: float, end: float, embed: Embed
) -> pd.DataFrame:
    """Find the stretches that sound more like who speaks in a corrected stretch than like who they are given to.

    What somebody sounds like is the mean over their stretches; those the client has said something about weigh
    most, for the others are what is in doubt, and are not asked about again. In `turns` the correction holds
    already. Each is given with who speaks in the corrected stretch (``to``) and by how much more it sounds like
    that one (``closer``); none where nobody or several people were corrected to.
    """
    here = turns[(turns["start"] < end - TOLERANCE) & (turns["end"] > start + TOLERANCE)]
    alone = turns[(turns["end"] - turns["start"] >= SHORTEST) & ~_over_one_another(turns)]
    none = pd.DataFrame(columns=COLUMNS).astype({c: float for c in COLUMNS if c not in ("speaker", "to")})
    people = set(here["speaker"])
    who = next(iter(people), "")
    if len(people) != 1 or who not in set(alone["speaker"]):
        return none
    said = spoken_of(alone, corrections)
    seconds = (alone["end"] - alone["start"]).clip(upper=ENOUGH).to_numpy()
    vectors = np.asarray(embed(alone[["start", "end"]].to_numpy(dtype=float)), dtype=float)
    near = _nearness(vectors, seconds * np.where(said, SAID, 1.0), alone["speaker"])
    closer = near[who] - near.to_numpy()[alone["speaker"].to_numpy()[:, None] == near.columns.to_numpy()]
    found = alone.assign(to=who, closer=closer.to_numpy())[COLUMNS]
    return found[(found["closer"] > 0) & ~said].reset_index(drop=True)


def relabel_alike(turns: pd.DataFrame, found: pd.DataFrame) -> list[Correction]:
    """Say of all stretches that sound alike that it is that speaker, as one step."""
    spans = found[["start", "end", "to", "speaker"]].itertuples(index=False)
    return [line for span in spans for line in edits.relabel(turns, *span)]


def hearing(session: Session, use: str = SELF_REVIEW) -> Embed:
    """Let stretches of a session be embedded; what was embedded once is not opened again, and nothing is written.

    The recording is opened when it is needed, and not before; everybody heard must have agreed to the client
    listening again. Another use than that is written into the ledger; that those whose voices they are have agreed
    to it, too, is for the caller to ask.
    """
    known: dict[tuple[float, float], NDArray[np.float32]] = {}

    def embed(stretches: NDArray[np.float64]) -> NDArray[np.float32]:
        from therapy_review.diarization import embedding

        new = [(start, end) for start, end in stretches.tolist() if (start, end) not in known]
        if new:
            times = np.array(new)
            first, last = max(0.0, float(times.min()) - AROUND), float(times.max()) + AROUND
            recording = session.recording(SELF_REVIEW)
            if use != SELF_REVIEW:
                session.journal.record_opening(session.name, use)
            samples = recording.read(first, last)
            known.update(zip(new, embedding.embed(samples, times - first), strict=True))
        return np.stack([known[start, end] for start, end in stretches.tolist()])

    return embed


def _nearness(
    vectors: NDArray[np.float64], weights: NDArray[np.float64], speaker: pd.Series[str]
) -> pd.DataFrame:
    """Give the product of every stretch (rows) with what everybody (columns) sounds like elsewhere."""
    weighed = vectors * weights[:, None]
    near = {}
    for name in speaker.unique():
        own = (speaker == name).to_numpy()
        # Without the stretch itself: it is not to sound like somebody only because it is a part of them.
        rest = weighed[own].sum(axis=0) - own[:, None] * weighed
        near[name] = (vectors * rest).sum(axis=1) / np.maximum(np.linalg.norm(rest, axis=1), 1e-9)
    return pd.DataFrame(near)


def _over_one_another(turns: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell of each stretch whether somebody else speaks within it."""
    start, end = (turns[name].to_numpy(dtype=float) for name in ("start", "end"))
    before = np.concatenate([[-np.inf], np.maximum.accumulate(end)[:-1]]) if len(turns) else end
    after = np.concatenate([start[1:], [np.inf]]) if len(turns) else start
    return np.asarray((before > start + TOLERANCE) | (after < end - TOLERANCE))
