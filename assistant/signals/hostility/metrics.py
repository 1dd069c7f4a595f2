"""Figures of merit for probabilities against truths. Pure numpy; what scikit-learn gives, without needing it.

In: (n,) float scores in [0, 1] and (n,) bool truths. Out: floats, NaN where a figure is not defined.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Truths = NDArray[np.bool_]


def auroc(scores: Scores, truths: Truths) -> float:
    """Chance that a true one scores above a false one, ties counting half; NaN when one kind is missing."""
    positives = int(truths.sum())
    negatives = len(truths) - positives
    if not positives or not negatives:
        return float("nan")
    values, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    del values
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2.0)[inverse]
    return float((ranks[truths].sum() - positives * (positives + 1) / 2.0) / (positives * negatives))


@dataclass(frozen=True)
class AtThreshold:
    """Counts and ratios where `score >= threshold` is a yes; a ratio is NaN when nothing is in its denominator."""

    true_yes: int
    false_yes: int
    missed: int
    precision: float
    recall: float
    f1: float


def at_threshold(scores: Scores, truths: Truths, threshold: float) -> AtThreshold:
    """Precision, recall and F1 at `threshold`."""
    said = scores >= threshold
    hit, false, missed = int((said & truths).sum()), int((said & ~truths).sum()), int((~said & truths).sum())
    precision = _ratio(hit, hit + false)
    return AtThreshold(
        hit, false, missed, precision, _ratio(hit, hit + missed), _ratio(2 * hit, 2 * hit + false + missed)
    )


@dataclass(frozen=True)
class Bin:
    """One bar of a calibration picture: `n` scores, their mean, and the share that was true."""

    n: int
    mean_score: float
    share_true: float


def calibration_bins(scores: Scores, truths: Truths, bins: int = 10) -> list[Bin]:
    """Bins of equal width over [0, 1], empty ones left out."""
    at = np.minimum((scores * bins).astype(np.int64), bins - 1)
    found = []
    for number in range(bins):
        inside = at == number
        if n := int(inside.sum()):
            found.append(Bin(n, float(scores[inside].mean()), float(truths[inside].mean())))
    return found


def calibration_error(scores: Scores, truths: Truths, bins: int = 10) -> float:
    """Expected calibration error: mean gap between score and truth over equal-width bins, weighted by their size, [0,
    1]."""
    if not len(scores):
        return float("nan")
    return sum(b.n * abs(b.mean_score - b.share_true) for b in calibration_bins(scores, truths, bins)) / len(scores)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
