"""Thirty sessions each of ten clients and therapists: is the client known again by voice?

``python -m benchmarks.diarization.series`` listens to all of them as the program does (what was heard is kept under
``build/diarization``), lets the client say who is who in the first session, follows what the voice print says of
the other twenty-nine, and writes ``results/series.md``.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from therapy_review.analysis.enrolment import LIKENESS, MARGIN, mean_voice, recognise, surest_stretches
from therapy_review.diarization.embedding import MODEL, embed
from therapy_review.diarization.engine import ENGINE, diarize

from . import rooms
from .cases import TUNING_READERS, series_pairs
from .readers import SEX, SHARED, there
from .simulate import BUILD, ROLES, Case, simulate, version

Pair = tuple[str, str]

SESSIONS = 30
MINUTES = 4.0  # long enough to find both voices in; longer ones only take longer
WRONG = 3  # the session in which, to see what it spoils, the therapist's voice is confirmed as the client's
# What is added to the print after the first session.
WAYS = {
    "nothing": "nothing is added after the first session",
    "answers": "sessions that were referred back are answered, and added",
    "every": "every session is confirmed, and added",
    "mistake": f"as `nothing`, but session {WRONG} is confirmed the wrong way round, and added",
}
RESULTS = Path(__file__).parent / "results"


def series(pair: Pair) -> Iterator[tuple[NDArray[np.float32], pd.DataFrame]]:
    """Make short sessions of one client and therapist, every time in another room and with another device."""
    for number in range(SESSIONS):
        rng = np.random.default_rng([1, number, *map(int, pair)])
        condition = ("room", "room", "fan", "clock")[rng.integers(4)]
        name = f"series-{'-'.join(pair)}-{number + 1}"
        samples, turns = simulate(Case(name, pair, int(rng.integers(2**31)), MINUTES, condition))
        yield rooms.device(rng, samples), turns


def listen(pair: Pair) -> pd.DataFrame:
    """Hear every session of a pair as the program does.

    Returns
    -------
    DataFrame
        One row a voice that was found: session, voice, role (whose it mostly is), pure (the part of it that is
        theirs), seconds that were embedded, and vector.
    """
    file = BUILD / f"series-{'-'.join(pair)}-{version()[:12]}-{ENGINE}-{MODEL}-{MINUTES:g}.pkl"
    if file.exists():
        return pd.read_pickle(file)
    warnings.simplefilter("ignore")
    rows = []
    for number, (samples, turns) in enumerate(series(pair), 1):
        found = diarize(samples)
        for voice, own in found.groupby("speaker"):
            shared = {role: _shared(own, turns[turns["speaker"] == role]) for role in ROLES}
            role = max(shared, key=lambda name: shared[name])
            stretches = surest_stretches(found, voice)
            vector = mean_voice(stretches, partial(embed, samples)) if len(stretches) else None
            pure = shared[role] / max(sum(shared.values()), 1e-9)
            seconds = float(np.diff(stretches, axis=1).sum())
            rows.append((number, voice, role, pure, seconds, vector))
        print(f"{'-'.join(pair)} {number}/{SESSIONS}", file=sys.stderr)
    table = pd.DataFrame(rows, columns=["session", "voice", "role", "pure", "seconds", "vector"])
    BUILD.mkdir(parents=True, exist_ok=True)
    table.to_pickle(file)
    return table


def _shared(own: pd.DataFrame, others: pd.DataFrame) -> float:
    a, b = (t[["start", "end"]].to_numpy(dtype=float) for t in (own, others))
    low, high = np.maximum(a[:, None, 0], b[None, :, 0]), np.minimum(a[:, None, 1], b[None, :, 1])
    return float(np.clip(high - low, 0, None).sum())


def follow(heard: pd.DataFrame, way: str) -> pd.DataFrame:
    """Enrol in the first session, and say what the print makes of each later one.

    Parameters
    ----------
    heard : DataFrame
        From `listen`.
    way : str
        One of `WAYS`.

    Returns
    -------
    DataFrame
        One row a session after the first: session, outcome (``right``, ``wrong`` or ``referred back``), margin.
    """
    contributions, rows = list[NDArray[np.float64]](), []
    for number, voices in heard.groupby("session"):
        voices = voices.dropna(subset="vector")
        client_part = voices["pure"].where(voices["role"] == "client", 1 - voices["pure"])
        # Whoever listens to the clips says so of the voice in which more of the client is heard.
        truth = voices["voice"][client_part.idxmax()]
        vectors = dict(zip(voices["voice"], voices["vector"], strict=True))
        if not contributions:
            contributions.append(vectors[truth])
            continue
        roles, margin = recognise(vectors, {"client": contributions})
        outcome = "right" if roles.get(truth) == "client" else "wrong" if roles else "referred back"
        rows.append((number, outcome, margin))
        if way == "every" or (way == "answers" and not roles):
            contributions.append(vectors[truth])
        if way == "mistake" and number == WRONG:
            contributions.append(vectors[voices["voice"][client_part.idxmin()]])
    return pd.DataFrame(rows, columns=["session", "outcome", "margin"])


def markdown(table: pd.DataFrame) -> str:
    """Write what became of the sessions of every pair, by what is added to the print."""
    lines = [
        "# Known by voice",
        "",
        f"{table['pair'].nunique()} clients and therapists, {SESSIONS} simulated sessions of {MINUTES:g} minutes "
        "each, every one in another room and with another device.",
        "In the first session the client says who is who; the print then names both in the later ones, or refers "
        "them back to the client.",
        f"Named are those whose voice is nearer to the print than the other by a cosine of {MARGIN} and as near as "
        f"{LIKENESS}; both were chosen on pairs of the four tuning readers (marked *).",
        "",
    ]
    for way, about in WAYS.items():
        own = table[table["way"] == way]
        lines += [f"## {about[0].upper()}{about[1:]}", "", *_head(), *map(_row, *_groups(own)), ""]
    named = table[table["way"] == "nothing"]["margin"]
    parts = ", ".join(f"{q:.0%}: {named.quantile(q):.2f}" for q in (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 1.0))
    return "\n".join([*lines, f"Margins with the first session alone, by quantile: {parts}.", ""])


def _head() -> list[str]:
    titles = [
        "client, therapist",
        "named right",
        "named wrong",
        "referred back",
        "smallest margin",
        "median margin",
    ]
    return [f"| {' | '.join(titles)} |", "| --- " * len(titles) + "|"]


def _groups(own: pd.DataFrame) -> tuple[list[str], list[pd.DataFrame]]:
    pairs = {str(pair): rows for pair, rows in own.groupby("pair", sort=False)}
    return [*map(_named, pairs), "all"], [*pairs.values(), own]


def _named(pair: str) -> str:
    tuned = set(pair.split("-")) <= set(TUNING_READERS)
    return ", ".join(f"{reader} ({SEX[reader]})" for reader in pair.split("-")) + " *" * tuned


def _row(title: str, own: pd.DataFrame) -> str:
    counts = [(own["outcome"] == outcome).sum() for outcome in ("right", "wrong", "referred back")]
    cells = [f"{count} ({count / len(own):.1%})" if title == "all" else f"{count}" for count in counts]
    return f"| {title} | {' | '.join(cells)} | {own['margin'].min():.2f} | {own['margin'].median():.2f} |"


def main() -> None:
    if not there():
        sys.exit(f"There is no speech in {SHARED}; set THERAPY_REVIEW_SHARED to the folder that holds it.")
    pairs = series_pairs()
    heard = Parallel(2)(delayed(listen)(pair) for pair in pairs)
    table = pd.concat(
        follow(own, way).assign(pair="-".join(pair), way=way)
        for pair, own in zip(pairs, heard, strict=True)
        for way in WAYS
    )
    RESULTS.mkdir(parents=True, exist_ok=True)
    table.round(4).to_csv(RESULTS / "series.csv", index=False)
    text = markdown(table)
    (RESULTS / "series.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
