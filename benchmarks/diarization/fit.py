"""Fit what voice activity is decided by to the tuning sessions; writes therapy_review/models/speech.npz.

.venv/bin/python -m benchmarks.diarization.fit
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier

from therapy_review.segmentation import frame_times, voices_at_once
from therapy_review.speech import features

from .cases import standard_cases
from .readers import ROOT
from .simulate import Case, simulate

TARGET = ROOT / "therapy_review" / "models" / "speech.npz"
SECONDS = 480  # of each session: enough, and every session counts alike
EVERY = 3  # frames: neighbours tell the same
HIDDEN = 16  # twice as many gain nothing on sessions left out
FOLDS = 3


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


def fitted(parts: list[tuple[NDArray[np.float64], NDArray[np.bool_]]]) -> dict[str, NDArray[np.float64]]:
    """Fit one hidden layer; give its weights with the features' scale in them."""
    x, y = (np.concatenate(column) for column in zip(*parts, strict=True))
    middle, spread = x.mean(axis=0), x.std(axis=0)
    net = MLPClassifier((HIDDEN,), alpha=1e-3, max_iter=40, early_stopping=True, random_state=0)
    net.fit((x - middle) / spread, y)
    first = net.coefs_[0] / spread[:, None]
    biases = (net.intercepts_[0] - middle @ first, net.intercepts_[1])
    return {"into": first, "bias": biases[0], "out": net.coefs_[1][:, 0], "constant": biases[1]}


def error(
    weights: dict[str, NDArray[np.float64]], x: NDArray[np.float64], y: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Give missed speech and false alarms as parts of all speech."""
    hidden = np.maximum(x @ weights["into"] + weights["bias"], 0)
    said = hidden @ weights["out"] + weights["constant"] > 0
    return np.array([(y & ~said).sum(), (said & ~y).sum()]) / y.sum()


def main() -> None:
    parts = Parallel(2)(delayed(sample)(case) for case in standard_cases("tuning"))
    left_out = []
    for fold in range(FOLDS):
        weights = fitted([part for i, part in enumerate(parts) if i % FOLDS != fold])
        left_out += [error(weights, *part) for part in parts[fold::FOLDS]]
    missed, false = np.mean(left_out, axis=0)
    print(f"on tuning sessions left out: missed {missed:.1%}, false alarms {false:.1%} of speech")
    np.savez(TARGET, **{name: value.astype(np.float32) for name, value in fitted(parts).items()})
    print(f"wrote {TARGET.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
