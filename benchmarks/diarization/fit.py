"""Fit the weights of voice activity on the tuning sessions, and print them for `therapy_review.speech`.

    .venv/bin/python -m benchmarks.diarization.fit
"""

from __future__ import annotations

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from therapy_review.segmentation import frame_times, voices_at_once
from therapy_review.speech import features

from .cases import standard_cases
from .simulate import Case, simulate

SECONDS = 480  # of each session: enough, and every session counts alike
EVERY = 3  # frames: neighbours tell the same
STRENGTH = 0.1  # of the penalty's inverse; the weights hardly depend on it


def sample(case: Case) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Give features and truth of a session's frames."""
    samples, turns = simulate(case)
    samples = samples[: SECONDS * 16_000]
    found = features(samples, 1 - voices_at_once(samples)[:, 0])
    times = frame_times(len(found))
    truth = np.zeros(len(found), dtype=bool)
    for start, end in turns[["start", "end"]].to_numpy():
        truth |= (times >= start) & (times < end)
    return found[::EVERY], truth[::EVERY]


def main() -> None:
    parts = Parallel(2)(delayed(sample)(case) for case in standard_cases("tuning"))
    x, y = (np.concatenate(column) for column in zip(*parts, strict=True))
    middle, spread = x.mean(axis=0), x.std(axis=0)
    fitted = LogisticRegression(C=STRENGTH, max_iter=500).fit((x - middle) / spread, y)
    weights = fitted.coef_[0] / spread
    constant = fitted.intercept_[0] - weights @ middle
    print(np.array2string(np.append(constant, weights), precision=4, separator=", ", max_line_width=100))
    said = x @ weights + constant > 0
    print(f"missed {(y & ~said).sum() / y.sum():.1%}, false alarms {(said & ~y).sum() / y.sum():.1%} of speech")


if __name__ == "__main__":
    main()
