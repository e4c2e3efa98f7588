"""How many rows decide between models: those of the rarer class, which scores of classes hang on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from ..metrics import Metric
from ..results.rows import Results

FEWEST_ROWS = 10  # below, scores of pure noise differ too often by more than any margin
MANY_ROWS = 50  # from here on what is seen is taken as it is


@dataclass(frozen=True)
class Support:
    """Rows that decide a difference in a metric, each counted once however often it was tested.

    ``label`` names the rarest class, ``per_fold`` its fewest rows in a fold. ``rows`` may be fractional: it
    is the number of rows of each class that as many equal classes would have.
    """

    rows: float
    label: str
    tested: int
    per_fold: int

    @property
    def enough(self) -> bool:
        """Whether a verdict can be given."""
        return self.rows >= FEWEST_ROWS


def expansion(support: Support | None) -> float:
    """By how much an uncertainty that was seen on a few rows must be spread out; 1 for many.

    A variance of n rows that are drawn again and again is too small by (n - 1) / n, and its tails are those
    of a normal distribution where they should be those of Student's t (Hesterberg 2015, What teachers should
    know about the bootstrap, section 5.2: the expanded percentile interval). Folds share the few rows, as
    bootstrap samples do. Both families can win by chance, so the tails are those of a two-sided test:
    simulated noise then gives a verdict in at most 5 % of all cases.
    """
    if support is None or support.rows >= MANY_ROWS:
        return 1.0
    freedom = max(1.0, support.rows - 1)
    tails = special.stdtrit(freedom, 0.975) / special.ndtri(0.95)
    return float(np.sqrt(support.rows / freedom) * tails)


def support_of(results: Results, metric: Metric) -> Support | None:
    """The rows that decide a difference in a metric; None for regression, where all rows do."""
    labels = results.labels
    parts = list(results.test_rows.values())
    if labels.task == "regression" or not parts:
        return None
    tested = _counts(labels.y[np.unique(np.concatenate(parts))], labels.classes)
    known = np.flatnonzero(tested)
    if not len(known):
        return None
    rarest = known[np.argmin(tested[known])]
    label = labels.classes[rarest]
    per_fold = min(int(np.sum(labels.y[rows] == label)) for rows in parts)
    return Support(_deciding(tested[known], metric), label, int(tested[rarest]), per_fold)


def _counts(y: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    return np.array([np.sum(y == name) for name in classes])


def feels_rare_classes(metric: Metric) -> bool:
    """Whether a few rows of a class can weigh as much as all others; in a mean of bounded values none can."""
    return metric.row_values is None or not np.isfinite(metric.bounds).all()


def _deciding(counts: np.ndarray, metric: Metric) -> float:
    """Rows outside the largest class; of a mean over many classes the harmonic mean of their rows.

    A mean over rows hardly feels a rare class of many, and if no row can weigh much, as in accuracy, all rows
    decide. A mean over classes feels each as much as any other: its variance is the mean of the classes'
    variances, which fall with their rows.
    """
    if not feels_rare_classes(metric):
        return float(counts.sum())
    if len(counts) <= 2 or metric.row_values is not None:
        return float(counts.sum() - counts.max())
    return float(len(counts) / np.sum(1.0 / counts))
