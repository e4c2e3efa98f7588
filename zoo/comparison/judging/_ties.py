"""Which models cannot be told from the best one, when many are ranked on few folds."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

import numpy as np
from scipy import optimize, special, stats

from ..statistics._metrics import Metric, Truth
from ._paired import Paired, paired_by_folds, paired_on_test_part
from ._scores import ModelScores, Resampled


def tied_with_best(
    models: Sequence[ModelScores],
    metric: Metric,
    level: float,
    test_over_train: float,
    resampled: Resampled | None,
    truth: Truth | None,
) -> dict[str, bool]:
    """Whether each model with a score is tied with the best, which is tied with itself.

    The best was chosen for its score, so every other is compared with it as Tukey's honest significant
    difference compares the largest of many means: |difference| / error times the root of 2 against the
    studentised range of as many models (Hsu 1996, chapter 5). A handful of folds says little of a single
    error, so the errors of all pairs are moderated (:func:`moderated`).
    """
    usable = [i for i, m in enumerate(models) if m.complete and m.mean(metric.name) is not None]
    if not usable:
        return {}
    best = max(usable, key=lambda i: metric.sign * (models[i].mean(metric.name) or 0.0))
    pairs = {
        models[i].model: _pair(models, best, i, metric, level, test_over_train, resampled, truth)
        for i in usable
        if i != best
    }
    known = [pair for pair in pairs.values() if pair is not None]
    errors, freedom = _errors(known)
    differences = np.abs([pair.posterior.mean for pair in known])
    apart = _apart(differences, errors, freedom, len(usable), 1 - level)
    told = dict(zip((pair.second for pair in known), apart.tolist(), strict=True))
    # nothing is said against a pair without two common folds
    return {models[best].model: True} | {name: not told.get(name, False) for name in pairs}


def _pair(
    models: Sequence[ModelScores],
    best: int,
    other: int,
    metric: Metric,
    level: float,
    test_over_train: float,
    resampled: Resampled | None,
    truth: Truth | None,
) -> Paired | None:
    if resampled is None or truth is None:
        return paired_by_folds(models[best], models[other], metric, test_over_train, 0.0, level)
    samples = (resampled.in_bag[best], resampled.in_bag[other])
    return paired_on_test_part(models[best], models[other], metric, truth, samples, 0.0, level)


def _errors(pairs: Sequence[Paired]) -> tuple[np.ndarray, float]:
    """Standard errors of the pairs, moderated where they come from folds, and their degrees of freedom."""
    errors = np.array([pair.error for pair in pairs])
    if not pairs or np.isinf(pairs[0].freedom):
        return errors, np.inf
    own = min(pair.freedom for pair in pairs)
    variances, freedom = moderated(errors**2, own)
    # all pairs share the best model's folds: no more freedom than a two-way table of folds by models has
    return np.sqrt(variances), min(freedom, own * max(1, int(np.sum(errors > 0))))


def moderated(variances: np.ndarray, freedom: float) -> tuple[np.ndarray, float]:
    """Variances drawn towards their common size, and the degrees of freedom that they then have.

    The empirical Bayes of Smyth (2004), section 6.2: with s^2 ~ s0^2 F(d, d0), the log variances have
    variance trigamma(d/2) + trigamma(d0/2), which gives d0; the posterior variance is
    (d0 s0^2 + d s^2) / (d0 + d) with d0 + d degrees of freedom.

    Parameters
    ----------
    variances : ndarray of shape (n,), each with ``freedom`` degrees; zeros have no say in the common size
    """
    known = variances[variances > 0]
    if len(known) < 3:
        return variances, freedom
    centred = np.log(known) - special.digamma(freedom / 2) + np.log(freedom / 2)
    excess = float(np.var(np.log(known), ddof=1) - special.polygamma(1, freedom / 2))
    prior = _inverse_trigamma(excess)
    if np.isinf(prior):
        return np.where(variances > 0, np.exp(centred.mean()), 0.0), np.inf
    common = float(np.exp(centred.mean() + special.digamma(prior / 2) - np.log(prior / 2)))
    drawn = (prior * common + freedom * variances) / (prior + freedom)
    return np.where(variances > 0, drawn, 0.0), freedom + prior


def _inverse_trigamma(value: float) -> float:
    """d0 with trigamma(d0 / 2) = value; infinite where the variances spread less than chance makes them."""
    if value <= special.polygamma(1, 1e6):
        return np.inf
    half = optimize.brentq(lambda x: float(special.polygamma(1, x)) - value, 1e-6, 1e6)
    return 2.0 * float(half)


def _apart(
    differences: np.ndarray, errors: np.ndarray, freedom: float, n_models: int, alpha: float
) -> np.ndarray:
    """Whether differences are as wide as the range of equal models is in a share ``alpha`` of all cases.

    The chance falls with the quotient, so that the widest one and a few on the way to the border decide
    about all.

    Parameters
    ----------
    differences, errors : ndarray of shape (n,), at least 0

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    nothing = np.where(differences > 0, np.inf, 0.0)  # of a difference without any error
    quotients = np.divide(differences, errors, out=nothing, where=errors > 0)
    order = np.argsort(quotients)

    def wide(place: int) -> bool:
        return _as_wide_as_a_range(float(quotients[order[place]]), freedom, max(2, n_models), alpha)

    if not len(order) or not wide(len(order) - 1):
        return np.zeros(len(order), dtype=bool)
    first = bisect.bisect_left(range(len(order) - 1), True, key=wide)
    return quotients >= quotients[order[first]]


def _as_wide_as_a_range(quotient: float, freedom: float, n_models: int, alpha: float) -> bool:
    """Whether the studentised range exceeds root 2 times a quotient with a chance of ``alpha`` at most.

    Its integrals take some 10 ms; most quotients are told by a bound on either side. With all freedom the
    range is narrower at any ``alpha`` up to one half, and the sum over all pairs is at least the chance.
    """
    q = np.sqrt(2.0) * quotient
    if stats.studentized_range.sf(q, n_models, np.inf) > alpha:
        return False
    if n_models * (n_models - 1) * stats.t.sf(quotient, freedom) <= alpha:
        return True
    return bool(stats.studentized_range.sf(q, n_models, freedom) <= alpha)
