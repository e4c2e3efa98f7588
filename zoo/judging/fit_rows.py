"""What every scored row contributes to the scores of a sweep's fits, and how uncertain that leaves them.

The same as :mod:`.row_level` for fits that are scored once a repeat: of a learning curve, or a grid of
networks. All fits of a repeat are scored on the same rows, so that their scores vary together.
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
