"""How uncertain the scores of a sweep's fits are: by the rows that score them, by training rows and seeds.

What every scored row contributes is known, as in :mod:`.row_level`, here for fits that are scored once a
repeat: of a learning curve, or a grid of networks. All fits of a repeat are scored on the same rows, and both
families are trained on the same nested subsets. So the errors of two learning curves vary together, and most
of what scoring rows do to them does not touch the place where they cross.

What training rows and seeds add is estimated from the repeats, for all sizes and families together, by
variance components (restricted maximum likelihood): the standard deviation of a family falls with a power of
the size, and the correlation of two sizes is a power of their ratio, because subsets are nested. With few
repeats a component may seem to be zero by chance; the penalty of Chung, Rabe-Hesketh, Dorie, Gelman and Liu
(2013) avoids that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..metrics import Metric
from ..results.curves import ScoredFit, ScoringRows
from .intervals import nothing_apart, student
from .row_level import TRAINING, Evidence, excess


@dataclass(frozen=True)
class RowCovariance:
    """Covariances (K, K) of K scores by the rows that score them.

    ``of_mean`` is that of means over all repeats, ``of_fit`` that of the scores of one repeat.
    """

    of_mean: np.ndarray
    of_fit: np.ndarray


class ScoredUnits:
    """The rows, groups or moments that score the fits of each repeat, one after the other: M in all."""

    def __init__(self, rows: ScoringRows) -> None:
        unique = [np.unique(units, return_inverse=True) for units in rows.units]
        self._rows = rows
        self._places = [places for _, places in unique]
        self._unit = np.unique(np.concatenate([ids for ids, _ in unique]), return_inverse=True)[1]
        self._repeat = np.repeat(np.arange(len(unique)), [len(ids) for ids, _ in unique])
        self.n_repeats = len(unique)
        self.n_units = int(self._unit.max()) + 1

    def contributions(self, fits: Sequence[ScoredFit]) -> np.ndarray:
        """What every unit contributes to the score of its repeat's fit: float64 (M,)."""
        return np.concatenate([self._of_fit(repeat, fit) for repeat, fit in enumerate(fits)])

    def chosen(self, contributions: np.ndarray, choices: np.ndarray) -> np.ndarray:
        """The contributions (M,) of the model that is chosen in each repeat (J,) from those (n, M) of all."""
        own: np.ndarray = contributions[choices[self._repeat], np.arange(len(self._repeat))]
        return own

    def _of_fit(self, repeat: int, fit: ScoredFit) -> np.ndarray:
        assert fit.influence is not None, "a fit with a score has influence values"
        values = fit.influence.astype(np.float64)
        if self._rows.classes is not None:
            values = _spread_out(values, self._rows.classes[repeat])
        return np.bincount(self._places[repeat], weights=values) / len(values)

    def covariance(self, contributions: np.ndarray) -> RowCovariance:
        """Covariances of scores to which the units contribute so much: float64 (M, K)."""
        whole = np.zeros((self.n_units, contributions.shape[1]))
        np.add.at(whole, self._unit, contributions / self.n_repeats)
        single = [contributions[self._repeat == repeat] for repeat in range(self.n_repeats)]
        of_fit = np.mean([self._products(own) for own in single], axis=0)
        return RowCovariance(self._products(whole), of_fit)

    def _products(self, sums: np.ndarray) -> np.ndarray:
        products = _in_order(sums) if self._rows.in_order else sums.T @ sums
        enlarged = self._rows.classes is not None
        return products if enlarged or len(sums) < 2 else products * (len(sums) / (len(sums) - 1))

    def evidence(
        self, values: np.ndarray, contributions: np.ndarray, ratio: float, shared: float
    ) -> Evidence:
        """The mean of scores (J,) with its uncertainty by rows, training rows, and luck of splits and seeds.

        Parameters
        ----------
        values : ndarray of shape (J,)
        contributions : ndarray of shape (M,)
        ratio : float
            Scoring rows over training rows of the largest fit.
        shared : float
            The covariance of two fits over the variance of one, by the training rows that they share.
        """
        covariance = self.covariance(contributions[:, None])
        rows, within = float(covariance.of_mean[0, 0]), float(covariance.of_fit[0, 0])
        luck = excess(values, within) * (1 / len(values) + shared)
        training = TRAINING * ratio * within
        by_rows, by_fits = max(1, self.n_units - self.n_repeats), max(1, len(values) - 1)
        spread = (rows + training) ** 2 / by_rows + luck**2 / by_fits
        freedom = (rows + training + luck) ** 2 / spread if spread > 0 else float(by_fits)
        return Evidence(float(values.mean()), rows, training, luck, freedom)

    def interval(self, evidence: Evidence, metric: Metric, level: float) -> tuple[float, float]:
        """Student t within the metric's bounds; a perfect score is as sure as its rows are many."""
        value, (worst, best) = evidence.value, metric.bounds
        if evidence.error == 0.0 and np.isfinite(best - worst) and value in metric.bounds:
            room = nothing_apart(best - worst, self.n_units, level)
            return (value - room, value) if value == best else (value, value + room)
        own = student(value, evidence.error, evidence.freedom, 0.0, level)
        return (max(own.low, worst), min(own.high, best)) if evidence.error > 0.0 else (value, value)


def _spread_out(values: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Values with the spread about the mean of each class enlarged, for the few rows that it may have."""
    counts = np.bincount(classes)
    means = np.bincount(classes, weights=values) / np.maximum(1, counts)
    larger = np.sqrt(np.where(counts > 1, counts / np.maximum(1, counts - 1), 2.0))
    spread: np.ndarray = means[classes] + (values - means[classes]) * larger[classes]
    return spread


def _in_order(sums: np.ndarray) -> np.ndarray:
    """Products of sums (n, K) of correlated neighbours: Newey and West (1987), lags after Andrews (1991)."""
    n, products = len(sums), np.asarray(sums.T @ sums)
    squares = np.diag(products)
    if n < 3 or not squares.any():
        return products
    next_ones = np.einsum("nk,nk->k", sums[1:], sums[:-1])
    rho = float(np.clip(np.max(next_ones / np.where(squares > 0, squares, 1.0)), 0.0, 0.97))
    alpha = 4 * rho**2 / ((1 - rho) ** 2 * (1 + rho) ** 2)
    lags = min(n // 3, int(1.1447 * (alpha * n) ** (1 / 3)))
    for lag in range(1, lags + 1):
        neighbours = sums[lag:].T @ sums[:-lag]
        products = np.asarray(products + (1 - lag / (lags + 1)) * (neighbours + neighbours.T))
    return products


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
