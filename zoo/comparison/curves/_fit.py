"""Power laws of a family's errors, with joint draws of their doubt.

Doubt comes from repeats: the measured errors are moved along the repeats' own deviations (Student t, with
the correction for shared training rows), for both families and all sizes together, because they share
rows. Every such draw is fitted anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from ..statistics._power_law import PowerLaw, fit_power_law
from ._plan import FEWEST_SIZES

N_DRAWS = 2000
_FEWEST_TAIL = 5  # sizes that a law must explain


@dataclass(frozen=True)
class ErrorCurve:
    """Errors of a family's champion: ``sizes`` int (S,), ``errors`` float64 (J, S), lower is better.

    ``overlap`` (S,) is what shared rows add to the variance of a mean over the J repeats.
    """

    sizes: np.ndarray
    errors: np.ndarray
    overlap: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Mean error by size (S,)."""
        return self.errors.mean(axis=0)

    def mean_scale(self) -> np.ndarray:
        """Standard error over standard deviation of a repeat, by size (S,)."""
        return np.sqrt(1.0 / len(self.errors) + self.overlap)

    def common(self) -> np.ndarray:
        """How far each repeat is off at all sizes alike (J, 1): easy or hard scoring rows."""
        return self.errors.mean(axis=1, keepdims=True) - self.errors.mean()

    def sigma(self) -> np.ndarray:
        """Standard errors of the curve's shape by size (S,).

        What a repeat is off at all sizes alike moves the asymptote and bends nothing, so it does not count.
        A line over the logarithms smooths them: few repeats say little about each size.
        """
        n_sizes = len(self.sizes)
        own = self.errors - self.mean - self.common()
        spread = own.std(axis=0, ddof=1) * np.sqrt(n_sizes / (n_sizes - 1))
        floor = max(1e-3 * float(np.median(spread)), 1e-9 * float(np.abs(self.mean).max()), 1e-12)
        x, y = np.log(self.sizes), np.log(np.maximum(spread, floor))
        slope = float(np.clip(np.polyfit(x, y, 1)[0], -1.0, 0.0))
        return np.exp(np.mean(y) + slope * (x - np.mean(x))) * self.mean_scale()

    def beyond(self, first: int) -> ErrorCurve:
        """The curve without the first so many sizes."""
        return ErrorCurve(self.sizes[first:], self.errors[:, first:], self.overlap[first:])


@dataclass(frozen=True)
class FittedCurve:
    """The power law of a family from ``start`` rows on, and the laws of the draws (n_draws,).

    ``misfit`` is the root mean square of the residuals over their standard errors, about 1 where a power
    law explains all; ``fits`` is False where such residuals would come up once in a hundred curves.
    ``drawn`` are the measured means of the draws themselves, (n_draws, S) for all sizes.
    """

    curve: ErrorCurve
    law: PowerLaw
    draws: PowerLaw = field(repr=False)
    start: int
    misfit: float
    fits: bool
    drawn: np.ndarray = field(repr=False)


def fit_curves(curves: Sequence[ErrorCurve], seed: int = 0, n_draws: int = N_DRAWS) -> list[FittedCurve]:
    """Power laws of several curves over the same repeats, with joint draws of their doubt."""
    moves = _moves(curves[0].errors.shape[0], n_draws, seed)
    return [_fit(curve, moves) for curve in curves]


def _moves(n_repeats: int, n_draws: int, seed: int) -> np.ndarray:
    """By how much each draw follows each repeat's deviation: (n_draws, n_repeats).

    Their sum over deviations has the covariance of the repeats, and Student's tails for having
    estimated it from so few.
    """
    rng = np.random.default_rng(seed)
    dof = n_repeats - 1
    normal = rng.normal(size=(n_draws, n_repeats)) / np.sqrt(dof)
    return normal * np.sqrt(dof / rng.chisquare(dof, size=(n_draws, 1)))


def _fit(curve: ErrorCurve, moves: np.ndarray) -> FittedCurve:
    tail, law, misfit, fits = _fit_tail(curve)
    common = moves @ tail.common()
    own = moves @ ((tail.errors - tail.mean - tail.common()) * tail.mean_scale())
    # A misfit says that the law is wrong or the spread too small: either way there is more doubt.
    errors = tail.mean + common * tail.mean_scale() + max(1.0, misfit) * own
    draws = fit_power_law(tail.sizes, errors, tail.sigma(), refinements=2)
    drawn = curve.mean + moves @ ((curve.errors - curve.mean) * curve.mean_scale())
    return FittedCurve(curve, law, draws, int(tail.sizes[0]), misfit, fits, drawn)


def _fit_tail(curve: ErrorCurve) -> tuple[ErrorCurve, PowerLaw, float, bool]:
    """The law of all sizes, or of the large ones where no law goes through the small ones too.

    Learning curves follow a power law from some size on (Hestness et al. 2017): sizes are left out from below
    until the residuals are no larger than their standard errors explain, or five sizes are left, the
    nearest to what is to be foretold.
    """
    for first in range(max(1, len(curve.sizes) - _FEWEST_TAIL + 1)):
        tail = curve.beyond(first)
        sigma = tail.sigma()
        law = fit_power_law(tail.sizes, tail.mean, sigma, refinements=8)
        squares = float(np.sum(((tail.mean - law(tail.sizes)) / sigma) ** 2))
        freedom = max(1, len(tail.sizes) - 3)
        if squares <= stats.chi2.ppf(0.95, freedom):
            break
    return tail, law, float(np.sqrt(squares / freedom)), bool(squares <= stats.chi2.ppf(0.99, freedom))


def too_few_sizes(curve: ErrorCurve) -> bool:
    """Whether there are not enough sizes to fit three parameters and doubt them."""
    return len(curve.sizes) < FEWEST_SIZES
