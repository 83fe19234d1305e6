"""The standard cases: which sessions are simulated, and which of them may be used for choosing parameters.

Four readers make the tuning cases. In every held-out case at least one voice was in no tuning case, and in
those that `both_new` tells, neither was. Conditions, lengths and mixes of women and men are spread evenly.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from .readers import SEX
from .simulate import CONDITIONS, Case

TUNING_READERS = ("1998", "3080", "1688", "2033")
MINUTES = {"tuning": (12, 18, 30), "held_out": (10, 25, 15, 50, 12, 20)}
MIXES = ("female-female", "female-male", "male-male")


def standard_cases(part: str) -> list[Case]:
    """List the cases of one part of the benchmark.

    Parameters
    ----------
    part : str
        ``tuning`` (18 sessions) or ``held_out`` (36).

    Returns
    -------
    list of Case
    """
    rng = np.random.default_rng(list(part.encode()))
    minutes, cases = MINUTES[part], []
    rounds = len(minutes) // len(MIXES)
    for i, mix in enumerate(MIXES):
        pairs = _pairs(part, mix)
        order = iter(rng.permutation(np.resize(np.arange(len(pairs)), len(CONDITIONS) * rounds)))
        for j, condition in enumerate(CONDITIONS):
            for again in range(rounds):
                client, therapist = rng.permutation(pairs[next(order)]).tolist()
                name = f"{part}-{mix}-{condition}" + (f"-{again + 1}" if rounds > 1 else "")
                # Every condition meets every length once, and every mix most of them.
                length = float(minutes[(i * rounds + again + j) % len(minutes)])
                cases.append(Case(name, (client, therapist), int(rng.integers(2**31)), length, condition))
    return cases


def _pairs(part: str, mix: str) -> list[tuple[str, str]]:
    every = [pair for pair in combinations(SEX, 2) if "-".join(sorted(SEX[r] for r in pair)) == mix]
    if part == "tuning":
        return [pair for pair in every if set(pair) <= set(TUNING_READERS)]
    some_new = [pair for pair in every if not set(pair) <= set(TUNING_READERS)]
    # There are few pairs of two new voices: each is heard twice as often.
    return [pair for pair in some_new if not set(pair) & set(TUNING_READERS)] + some_new


def both_new(case: Case) -> bool:
    """Tell whether neither voice of a case was in any tuning case."""
    return not set(case.pair) & set(TUNING_READERS)


def series_pairs() -> list[tuple[str, str]]:
    """Ten clients and therapists out of the seven readers, for series of sessions."""
    names = list(SEX)
    return [(names[i % 7], names[(i + 2 + i // 7) % 7]) for i in range(10)]
