"""Fit to the tuning sessions what decides voice activity, and then how far a turn is to be believed.

Writes speech.npz and confidence.npz in therapy_review/diarization/models.

    .venv/bin/python -m benchmarks.diarization.fit [confidence]
"""

from __future__ import annotations

import sys

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from therapy_review.diarization.engine import believed, tell_apart
from therapy_review.diarization.loading import weights_of
from therapy_review.diarization.segmentation import frame_times, voices_at_once
from therapy_review.diarization.voice_activity import features

from .cases import standard_cases
from .noises import disturbed, hissing
from .readers import ROOT
from .score import sureness
from .simulate import Case, simulate

MODELS = ROOT / "therapy_review" / "diarization" / "models"
SECONDS = 480  # of each session: enough, and every session counts alike
EVERY = 9  # frames: neighbours tell the same
VERSIONS = ("as it is", "noises", "hiss")  # of every session
HIDDEN = 16  # twice as many gain nothing on sessions left out
FITS = 3
FOLDS = 3


def sample(case: Case, version: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Give features and truth of a session's frames, in one of its versions."""
    samples, turns = simulate(case)
    samples = samples[: SECONDS * 16_000]
    if version != "as it is":
        spoil = {"noises": disturbed, "hiss": hissing}[version]
        samples = spoil(np.random.default_rng([case.seed, 4]), samples)
    found = features(samples, 1 - voices_at_once(samples)[:, 0])
    times = frame_times(len(found))
    truth = np.zeros(len(found), dtype=bool)
    for start, end in turns[["start", "end"]].to_numpy():
        truth |= (times >= start) & (times < end)
    return found[::EVERY], truth[::EVERY]


def fitted(parts: list[tuple[NDArray[np.float64], NDArray[np.bool_]]]) -> dict[str, NDArray[np.float64]]:
    """Fit one hidden layer, with the features' scale in its weights.

    It is several fits side by side, whose mean is steadier than each in sounds unlike those it was fitted to.
    """
    x, y = (np.concatenate(column) for column in zip(*parts, strict=True))
    middle, spread = x.mean(axis=0), x.std(axis=0)
    first, bias, out, constant = [], [], [], 0.0
    for seed in range(FITS):
        net = MLPClassifier((HIDDEN,), alpha=1e-3, max_iter=150, early_stopping=True, random_state=seed)
        net.fit((x - middle) / spread, y)
        first.append(net.coefs_[0] / spread[:, None])
        bias.append(net.intercepts_[0] - middle @ first[-1])
        out.append(net.coefs_[1][:, 0] / FITS)
        constant += net.intercepts_[1] / FITS
    return {
        "into": np.concatenate(first, axis=1),
        "bias": np.concatenate(bias),
        "out": np.concatenate(out),
        "constant": np.asarray(constant),
    }


def error(
    weights: dict[str, NDArray[np.float64]], x: NDArray[np.float64], y: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Give missed speech and false alarms as parts of all speech."""
    hidden = np.maximum(x @ weights["into"] + weights["bias"], 0)
    said = hidden @ weights["out"] + weights["constant"] > 0
    return np.array([(y & ~said).sum(), (said & ~y).sum()]) / y.sum()


def belief(case: Case) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Give what tells how far each turn of a session is to be believed, and whether it is right."""
    samples, reference = simulate(case)
    found = tell_apart(samples, 2)
    return believed(found), sureness(reference, found)["right"].to_numpy()


def trust(parts: list[tuple[NDArray[np.float64], NDArray[np.bool_]]]) -> NDArray[np.float64]:
    x, right = (np.concatenate(column) for column in zip(*parts, strict=True))
    return LogisticRegression(C=10.0, fit_intercept=False).fit(x, right).coef_[0]


def fit_speech() -> None:
    cases = standard_cases("tuning")
    parts = Parallel(2)(delayed(sample)(case, version) for case in cases for version in VERSIONS)
    fold = np.repeat(
        np.arange(len(cases)) % FOLDS, len(VERSIONS)
    )  # all versions of a session are left out together
    version = np.tile(VERSIONS, len(cases))
    errors = np.empty((len(parts), 2))
    for left_out in range(FOLDS):
        weights = fitted([parts[i] for i in np.flatnonzero(fold != left_out)])
        for i in np.flatnonzero(fold == left_out):
            errors[i] = error(weights, *parts[i])
    for name in VERSIONS:
        missed, false = errors[version == name].mean(axis=0)
        print(f"tuning sessions left out, {name}: missed {missed:.1%}, false alarms {false:.1%} of speech")
    write("speech", fitted(parts))


def fit_confidence() -> None:
    parts = [belief(case) for case in standard_cases("tuning")]
    expected, right = [], []
    for fold in range(FOLDS):
        weights = trust([part for i, part in enumerate(parts) if i % FOLDS != fold])
        for x, truth in parts[fold::FOLDS]:
            expected.append(1 / (1 + np.exp(-x @ weights)))
            right.append(truth)
    sure, truth = np.concatenate(expected), np.concatenate(right)
    near = (sure > 0.85) & (sure < 0.95)
    print(f"of {near.sum()} turns left out that were given about 0.9, {truth[near].mean():.1%} are right")
    write("confidence", {"weights": trust(parts)})


def write(name: str, weights: dict[str, NDArray[np.float64]]) -> None:
    np.savez(MODELS / f"{name}.npz", **{key: value.astype(np.float32) for key, value in weights.items()})
    print(f"wrote {name}.npz")


if __name__ == "__main__":
    if "confidence" not in sys.argv[1:]:
        fit_speech()
        weights_of.cache_clear()
    fit_confidence()
