"""How learning curves vary: by the rows that score them, by training rows and seeds.

Both families are scored on the same rows at all sizes, and trained on the same nested subsets. So their
errors vary together, and most of what scoring rows do to them does not touch the place where they cross.

What scoring rows do is known from influence values. What training rows and seeds add is estimated from the
repeats, for all sizes and families together, by variance components (restricted maximum likelihood): the
standard deviation of a family falls with a power of the size, and the correlation of two sizes is a power of
their ratio, because subsets are nested. With few repeats a component may seem to be zero by chance; the
penalty of Chung, Rabe-Hesketh, Dorie, Gelman and Liu (2013) avoids that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .row_level import Evidence

MANY = 1e6  # degrees of freedom of what is as good as known
_JITTER = 1e-6
# Mean and standard deviation of what is expected of training luck, and what is possible
_SLOPE, _SLOPES = (-0.5, 1.0), (-3.0, 0.5)  # the power of the size by which it falls
_DECAY, _DECAYS = (0.0, 0.7), (np.log(0.05), np.log(20.0))  # log of the power of a ratio of sizes
_LEVELS, _CORRELATIONS = (np.log(1e-4), np.log(1e3)), (-2.0, 2.0)


@dataclass(frozen=True)
class Spread:
    """Covariances (K, K) of the mean errors of all curves, one behind the other.

    ``rows`` is by scoring rows; ``luck`` by training rows and seeds, with the degrees of ``freedom`` that a
    few repeats leave.
    """

    rows: np.ndarray
    luck: np.ndarray
    freedom: float

    @property
    def total(self) -> np.ndarray:
        """Their sum."""
        return np.asarray(self.rows + self.luck)

    def evidence(self, value: float, weights: np.ndarray) -> Evidence:
        """A value that is the mean errors weighted by (K,), with its uncertainty."""
        rows, luck = (float(weights @ part @ weights) for part in (self.rows, self.luck))
        freedom = self.freedom * (1.0 + rows / luck) ** 2 if luck > 0 else MANY
        return Evidence(value, rows, 0.0, luck, min(freedom, MANY))

    def draws(self, n_draws: int, seed: int) -> np.ndarray:
        """Deviations of the mean errors: float64 (n_draws, K), those by luck with Student's tails."""
        rng = np.random.default_rng(seed)
        heavy = np.sqrt(self.freedom / rng.chisquare(self.freedom, size=(n_draws, 1)))
        by_rows, by_luck = (rng.normal(size=(n_draws, len(c))) @ _root(c) for c in (self.rows, self.luck))
        return np.asarray(by_rows + heavy * by_luck)


def _root(covariance: np.ndarray) -> np.ndarray:
    """A matrix whose product with itself is the covariance."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T)


def estimate_spread(
    sizes: Sequence[np.ndarray], errors: np.ndarray, of_mean: np.ndarray, of_fit: np.ndarray, ratio: float
) -> Spread:
    """How much the mean errors of one or two curves vary, and how together.

    Parameters
    ----------
    sizes : sequence of ndarray
        Training sizes of each curve, K in all.
    errors : ndarray of shape (J, K)
        Errors by repeat, one curve behind the other.
    of_mean, of_fit : ndarray of shape (K, K)
        Covariances of mean errors, and of the errors of one repeat, by scoring rows.
    ratio : float
        Scoring rows over training rows of the largest fit.
    """
    n_repeats = len(errors)
    unit = float(np.sqrt(np.mean(np.var(errors, axis=0, ddof=1)) + np.mean(np.diag(of_fit))))
    if unit == 0.0:  # nothing varies at all
        return Spread(of_mean, np.zeros_like(of_mean), n_repeats - 1.0)
    own = np.atleast_2d(np.cov(errors, rowvar=False)) / unit**2
    components = _Components.of(sizes)
    luck = components.covariance(_most_likely(components, own, of_fit / unit**2, n_repeats)) * unit**2
    largest = max(float(own_sizes[-1]) for own_sizes in sizes)
    scale = np.sqrt(1.0 / n_repeats + ratio * np.concatenate(sizes) / largest)
    return Spread(of_mean, luck * np.outer(scale, scale), _freedom(luck, n_repeats))


def _freedom(luck: np.ndarray, n_repeats: int) -> float:
    """Degrees of freedom of each repeat's K correlated deviations (Satterthwaite)."""
    each = float(np.trace(luck) ** 2 / np.sum(luck**2)) if luck.any() else 1.0
    return max(1.0, (n_repeats - 1) * each)


@dataclass(frozen=True)
class _Components:
    """The form of what training rows and seeds do to the errors of K fits of a repeat.

    ``logs`` (K,) are logarithms of sizes, ``curve`` (K,) the number of each one's curve.
    """

    logs: np.ndarray
    curve: np.ndarray

    @classmethod
    def of(cls, sizes: Sequence[np.ndarray]) -> _Components:
        logs = np.log(np.concatenate(sizes))
        return cls(logs - logs.mean(), np.repeat(np.arange(len(sizes)), [len(own) for own in sizes]))

    def start(self, unit: float) -> np.ndarray:
        """First parameters: by curve the log of the standard deviation and its slope; decay, correlation."""
        n_curves = int(self.curve[-1]) + 1
        return np.array([np.log(unit), _SLOPE[0]] * n_curves + [_DECAY[0], 0.0])

    def covariance(self, parameters: np.ndarray) -> np.ndarray:
        """Covariance (K, K)."""
        level, slope = parameters[:-2].reshape(-1, 2)[self.curve].T
        deviation = np.exp(level + slope * self.logs)
        correlation = np.exp(-np.exp(parameters[-2]) * np.abs(np.subtract.outer(self.logs, self.logs)))
        same = np.equal.outer(self.curve, self.curve)
        correlation = correlation * np.where(same, 1.0, np.tanh(parameters[-1]))
        return np.asarray(np.outer(deviation, deviation) * correlation)

    def penalty(self, parameters: np.ndarray) -> float:
        """Less where parameters are as expected; infinite where a standard deviation is 0."""
        levels, slopes = parameters[:-2].reshape(-1, 2).T
        decay = (parameters[-2] - _DECAY[0]) / _DECAY[1]
        off = np.append((slopes - _SLOPE[0]) / _SLOPE[1], [decay, parameters[-1]])
        return float(np.sum(off**2) / 2 - np.sum(levels))


def _most_likely(components: _Components, own: np.ndarray, by_rows: np.ndarray, n_repeats: int) -> np.ndarray:
    """Parameters by penalized restricted maximum likelihood; ``own`` is the covariance of the repeats."""
    from scipy.optimize import minimize

    jitter = _JITTER * np.eye(len(own))

    def loss(parameters: np.ndarray) -> float:
        expected = by_rows + components.covariance(parameters) + jitter
        factor = np.linalg.cholesky(expected)
        fit = 2 * np.sum(np.log(np.diag(factor))) + np.trace(np.linalg.solve(expected, own))
        return float((n_repeats - 1) / 2 * fit + components.penalty(parameters))

    start = components.start(0.5)
    bounds = [_LEVELS, _SLOPES] * ((len(start) - 2) // 2) + [_DECAYS, _CORRELATIONS]
    found: np.ndarray = minimize(loss, start, method="L-BFGS-B", bounds=bounds).x
    return found
