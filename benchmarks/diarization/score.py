"""How wrong a table of turns is, and why.

Conventions: tables are turns tables (`therapy_review.turns.table`), times are seconds, the found voices are mapped
to the reference's speakers so that the most time agrees (Hungarian method). *Miss*, *false alarm* and *confusion*
are those of the diarization error rate (DER): of every moment, how many voices too few, too many and wrong. DER is
their sum over the reference's speaking time, two at once counted twice; 0.25 s around every boundary of the
reference are left out where it is given "with a collar".

Every error also has one cause, the first of these that holds:

boundary
    within 0.25 s of a boundary of the reference;
overlap
    two voices at once, in the reference or in what was found;
voice activity
    a voice where nobody speaks, or nobody where one voice speaks;
confusion
    one voice taken for the other.

References
----------
Bredin 2017, "pyannote.metrics: a toolkit for reproducible evaluation, diagnostic, and error analysis of speaker
diarization systems", Interspeech.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate

from therapy_review.turns import floor_turns, speakers

COLLAR = 0.25  # seconds to each side
KINDS = ("miss", "false_alarm", "confusion")
CAUSES = ("boundary", "overlap", "voice_activity", "mistaken")
SWALLOWED = 5.0  # per cent of the talk that is found for somebody
PRESENT = 10.0  # per cent of the talk that somebody had to have for this to be a fault


def score(reference: pd.DataFrame, found: pd.DataFrame, length: float) -> dict[str, float]:
    """Hold one table of turns against the reference.

    Parameters
    ----------
    reference, found : DataFrame
        Turns tables; what lies beyond `length` is left out.
    length : float
        Seconds that are scored, from the start.

    Returns
    -------
    dict of str to float
        ``speech`` (s, the reference's), the errors in seconds as ``miss``, ``false_alarm`` and ``confusion``, the
        same again with each cause (``miss_boundary`` ...), ``collar_speech`` and ``collar_errors`` (s),
        ``share_error`` (percentage points of the client's talk share), ``turns_found``, ``turns_reference`` and
        ``swallowed`` (how many who had more than 10 % of the talk were left with under 5 %).
    """
    reference, found = clipped(reference, length), clipped(found, length)
    taken = mapping(reference, found)
    named = found.assign(speaker=[taken.get(voice, "nobody") for voice in found["speaker"]])
    result = {"speech": float((reference["end"] - reference["start"]).sum())}
    result |= _errors(reference, named)
    result |= _beyond_collar(reference, found, length)
    real, heard = talk_shares(reference), talk_shares(named)
    client = "client" if "client" in real else min(real, default="client")
    result["share_error"] = heard.get(client, 0.0) - real.get(client, 0.0)
    result["turns_found"], result["turns_reference"] = len(floor_turns(found)), len(floor_turns(reference))
    result["swallowed"] = sum(
        heard.get(who, 0.0) < SWALLOWED for who, share in real.items() if share > PRESENT
    )
    return {name: float(value) for name, value in result.items()}


def clipped(turns: pd.DataFrame, length: float) -> pd.DataFrame:
    """Leave out what lies beyond a time."""
    inside = turns[turns["start"] < length]
    return inside.assign(end=inside["end"].clip(upper=length)).reset_index(drop=True)


def annotation(turns: pd.DataFrame) -> Annotation:
    """Say a turns table in pyannote's words."""
    said = Annotation(uri="session")
    for i, (start, end, who) in enumerate(turns[["start", "end", "speaker"]].itertuples(index=False)):
        said[Segment(start, end), i] = who
    return said


def mapping(reference: pd.DataFrame, found: pd.DataFrame) -> dict[str, str]:
    """Say which found voice is taken for which speaker, so that the most time agrees."""
    best = DiarizationErrorRate().optimal_mapping(annotation(reference), annotation(found))
    return {str(voice): str(speaker) for voice, speaker in best.items()}


def talk_shares(turns: pd.DataFrame) -> dict[str, float]:
    """Give everybody's part of the talk in per cent, two at once counted for both."""
    seconds = (turns["end"] - turns["start"]).groupby(turns["speaker"]).sum()
    return {str(who): float(100 * own / seconds.sum()) for who, own in seconds.items()}


def _beyond_collar(reference: pd.DataFrame, found: pd.DataFrame, length: float) -> dict[str, float]:
    # pyannote.metrics takes the whole width of the collar, half on each side
    parts = DiarizationErrorRate(collar=2 * COLLAR)(
        annotation(reference), annotation(found), uem=Timeline([Segment(0, length)]), detailed=True
    )
    errors = parts["missed detection"] + parts["false alarm"] + parts["confusion"]
    return {"collar_speech": parts["total"], "collar_errors": errors}


def _errors(reference: pd.DataFrame, found: pd.DataFrame) -> dict[str, float]:
    """Sum up the errors by kind and cause, exactly: between any two times at which something changes."""
    edges = np.unique(reference[["start", "end"]].to_numpy())
    times = np.concatenate(
        [edges, edges - COLLAR, edges + COLLAR, found[["start", "end"]].to_numpy().ravel()]
    )
    times = np.unique(times)
    seconds, middle = np.diff(times), (times[:-1] + times[1:]) / 2
    names = [*speakers(reference), "nobody"]
    real = np.array([_speaks(reference, who, middle) for who in names])
    heard = np.array([_speaks(found, who, middle) for who in names])
    said, given = real.sum(axis=0), heard.sum(axis=0)
    right = np.minimum(real, heard).sum(axis=0)
    voices = {
        "miss": np.maximum(said - given, 0),
        "false_alarm": np.maximum(given - said, 0),
        "confusion": np.minimum(said, given) - right,
    }
    boundary, overlap = _near(edges, middle), (said > 1) | (given > 1)
    within = {
        "boundary": boundary,
        "overlap": ~boundary & overlap,
        "elsewhere": ~boundary & ~overlap,
    }
    result = {kind: float(voices[kind] @ seconds) for kind in KINDS}
    for kind in KINDS:
        for where, here in within.items():
            cause = (
                ("mistaken" if kind == "confusion" else "voice_activity") if where == "elsewhere" else where
            )
            result[f"{kind}_{cause}"] = float((voices[kind] * here) @ seconds)
    return result


def _speaks(turns: pd.DataFrame, who: str, times: NDArray[np.float64]) -> NDArray[np.int64]:
    """Count the stretches of one speaker at each time."""
    own = turns[turns["speaker"] == who]
    begun = np.searchsorted(np.sort(own["start"].to_numpy()), times)
    return begun - np.searchsorted(np.sort(own["end"].to_numpy()), times)


def _near(edges: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.bool_]:
    if len(edges) == 0:
        return np.zeros(len(times), dtype=bool)
    after = np.clip(np.searchsorted(edges, times), 1, max(1, len(edges) - 1))
    before = after - 1
    after = np.minimum(after, len(edges) - 1)
    return np.minimum(np.abs(times - edges[before]), np.abs(times - edges[after])) <= COLLAR


def pooled(scores: pd.DataFrame) -> dict[str, float]:
    """Put the scores of several sessions together, long ones counting for more.

    Parameters
    ----------
    scores : DataFrame
        One row a session, as from `score`.

    Returns
    -------
    dict of str to float
        In per cent of the reference's speech: ``DER``, ``DER_collar``, every kind and every cause; and
        ``share_error`` (mean size, points), ``share_error_worst``, ``turns`` (found for each in the reference)
        and ``swallowed`` (sessions).
    """
    percent = 100 / scores["speech"].sum()
    kinds = {kind: percent * scores[kind].sum() for kind in KINDS}
    causes = {
        cause: percent * sum(scores[c].sum() for c in scores.columns if c.endswith(f"_{cause}"))
        for cause in CAUSES
    }
    result = {
        "DER": sum(kinds.values()),
        "DER_collar": 100 * scores["collar_errors"].sum() / scores["collar_speech"].sum(),
        **kinds,
        **causes,
        "share_error": scores["share_error"].abs().mean(),
        "share_error_worst": scores["share_error"].abs().max(),
        "turns": scores["turns_found"].sum() / scores["turns_reference"].sum(),
        "swallowed": (scores["swallowed"] > 0).sum(),
    }
    return {name: float(value) for name, value in result.items()}


def sureness(reference: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Hold the confidence of every stretch against what is true.

    Parameters
    ----------
    reference, found : DataFrame
        Turns tables.

    Returns
    -------
    DataFrame
        One row a stretch found: confidence, seconds, right (whether that speaker spoke for most of it).
    """
    names = found["speaker"].map(mapping(reference, found))
    start, end = found["start"].to_numpy(), found["end"].to_numpy()
    spoken = np.zeros(len(found))
    for who, own in reference.groupby("speaker"):
        mine = (names == who).to_numpy()
        # Time spoken up to any moment, as a line between the ends of stretches.
        times = own[["start", "end"]].to_numpy().ravel()
        done = np.repeat(np.cumsum((own["end"] - own["start"]).to_numpy()), 2)
        done[::2] -= (own["end"] - own["start"]).to_numpy()
        until = [np.interp(t, times, done, left=0.0) for t in (start[mine], end[mine])]
        spoken[mine] = until[1] - until[0]
    seconds = end - start
    return pd.DataFrame(
        {"confidence": found["confidence"].to_numpy(), "seconds": seconds, "right": spoken > seconds / 2}
    )
