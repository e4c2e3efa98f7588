"""Two models on the same rows: how far apart they are, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from ..statistics._intervals import Posterior, correlated_t, difference_variance, of_samples
from ..statistics._metrics import Metric, Truth
from ._scores import ModelScores


@dataclass(frozen=True)
class Paired:
    """The first model's score less the second's, positive if the first is better.

    ``error`` is the standard error of the difference and ``freedom`` its degrees of freedom. ``p_value``
    is two-sided, for "no difference at all"; the posterior's probabilities allow for the margin.
    """

    first: str
    second: str
    test: str  # corrected t, DeLong, McNemar, paired bootstrap
    posterior: Posterior
    error: float
    freedom: float
    p_value: float


def paired_by_folds(
    first: ModelScores,
    second: ModelScores,
    metric: Metric,
    test_over_train: float,
    margin: float,
    level: float,
) -> Paired | None:
    """The corrected t test over folds (Nadeau and Bengio 2003); None below two folds with both scores."""
    differences = metric.sign * (first.folds[metric.name] - second.folds[metric.name])
    differences = differences[~np.isnan(differences)]
    if len(differences) < 2:
        return None
    width = metric.bounds[1] - metric.bounds[0]
    posterior = correlated_t(differences, test_over_train, margin, level, first.rows_tested, width)
    error, freedom = float(np.sqrt(difference_variance(differences, test_over_train))), len(differences) - 1
    p_value = _two_sided(posterior.mean, error, freedom)
    return Paired(first.model, second.model, "corrected t", posterior, error, freedom, p_value)


def paired_on_test_part(
    first: ModelScores,
    second: ModelScores,
    metric: Metric,
    truth: Truth,
    samples: tuple[np.ndarray, np.ndarray],
    margin: float,
    level: float,
) -> Paired | None:
    """On one official test part: DeLong for the AUC of two classes, McNemar for accuracy, else bootstrap.

    ``samples`` are the bootstrap scores (n_samples,) of both models; None where one has no predictions.
    """
    one, other = first.jobs[0].prediction, second.jobs[0].prediction
    if one is None or other is None:
        return None
    bootstrap = metric.sign * (samples[0] - samples[1])
    posterior = of_samples(bootstrap[~np.isnan(bootstrap)], margin, level)
    error, test = float(np.nanstd(bootstrap, ddof=1)), "paired bootstrap"
    if metric.name == "roc_auc" and truth.task == "binary":
        column = truth.positive
        gain, variance = delong(truth.y == column, one[:, column], other[:, column])
        error, test = float(np.sqrt(variance)), "DeLong"
        posterior = _normal(gain, error, margin, level)
    p_value = _two_sided(posterior.mean, error, np.inf)
    if metric.name == "accuracy":
        test, p_value = "McNemar", mcnemar(one.argmax(axis=1) == truth.y, other.argmax(axis=1) == truth.y)
    return Paired(first.model, second.model, test, posterior, error, np.inf, p_value)


def _two_sided(mean: float, error: float, freedom: float) -> float:
    if error == 0.0:
        return 1.0 if mean == 0.0 else 0.0
    return float(2 * stats.t.sf(abs(mean) / error, freedom))


def _normal(mean: float, error: float, margin: float, level: float) -> Posterior:
    """The posterior of a mean with a known error."""
    if error == 0.0:
        return of_samples(np.array([mean]), margin, level)
    found = stats.norm(mean, error)
    low, high = found.interval(level)
    below, above = float(found.cdf(-margin)), float(found.sf(margin))
    return Posterior(mean, float(low), float(high), below, max(0.0, 1 - below - above), above)


def delong(positive: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Difference of two correlated AUCs and its variance.

    DeLong, DeLong and Clarke-Pearson (1988), by the midranks of Sun and Xu (2014).

    Parameters
    ----------
    positive : bool (n_rows,)
    first, second : float (n_rows,), scores of both models, higher for positive
    """
    one, other = _placements(positive, first), _placements(positive, second)
    gain = float(one[0].mean() - other[0].mean())
    parts = [
        np.var(a - b, ddof=1) / len(a) if len(a) > 1 else np.nan for a, b in zip(one, other, strict=True)
    ]
    return gain, float(sum(parts))


def _placements(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each positive row the share of negatives below it; for each negative of positives above it."""
    above, below = scores[positive], scores[~positive]
    ranks = stats.rankdata(scores)
    own_above, own_below = stats.rankdata(above), stats.rankdata(below)
    return (
        (ranks[positive] - own_above) / len(below),
        1.0 - (ranks[~positive] - own_below) / len(above),
    )


def mcnemar(first_right: np.ndarray, second_right: np.ndarray) -> float:
    """Exact two-sided p of McNemar's (1947) test: a sign test of the rows that one model alone gets right."""
    only_first = int(np.sum(first_right & ~second_right))
    only_second = int(np.sum(second_right & ~first_right))
    if only_first + only_second == 0:
        return 1.0
    return float(stats.binomtest(only_first, only_first + only_second).pvalue)
