"""How long the measures of a session take, run by ``make bench``; what may be taken is asserted."""

from __future__ import annotations

import numpy as np

from therapy_review.measures import evaluate
from therapy_review.turns import turns_table

MOST = 0.05  # seconds; a session of 50 minutes has 600 stretches or so


def test_measures_of_two_thousand_stretches(benchmark) -> None:
    rng = np.random.default_rng(3)
    ends = np.cumsum(rng.exponential(2.0, 4000) + 0.2)
    who = rng.choice(["client", "therapist"], 2000).tolist()
    turns = turns_table(zip(ends[::2].tolist(), ends[1::2].tolist(), who, strict=True))
    benchmark(evaluate, turns)
    assert benchmark.stats.stats.min <= MOST
