"""Learning curves as power laws with an asymptote: error(n) = a + b n^-c.

The form is that of Cortes et al. (1993, "Learning Curves: Asymptotic Values and Rate of Convergence") and
Hestness et al. (2017); Viering and Loog (2023, "The Shape of Learning Curves: a Review") find it among the
forms that extrapolate best, and warn of curves that it does not fit.

The law of a family's errors comes with its uncertainty: the measured errors are drawn again with what scoring
rows, training rows and seeds leave (:mod:`.curve_spread`), and a law is fitted to every such draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from ..results.curves import FEWEST_SIZES
from .curve_spread import ScoredUnits, Spread, estimate_spread

# A slower fall than n^-0.05 looks like a logarithm, a faster one than n^-2 like a step.
EXPONENTS = (0.05, 2.0)
N_DRAWS = 2000
_FEWEST_TAIL = 5  # sizes that a law must fit
_GRID = 33
_HUBER = 1.345  # loses 5 % of efficiency where all is normal (Huber 1981)


@dataclass(frozen=True)
class PowerLaw:
    """a + b n^-c; floats, or arrays of the same shape for many curves at once."""

    asymptote: np.ndarray
    scale: np.ndarray
    exponent: np.ndarray

    def __call__(self, sizes: np.ndarray) -> np.ndarray:
        """Errors at these sizes: shape (..., len(sizes))."""
        n = np.asarray(sizes, dtype=np.float64)
        a, b, c = (np.asarray(v)[..., None] for v in (self.asymptote, self.scale, self.exponent))
        errors: np.ndarray = a + b * n**-c
        return errors


def fit_power_law(
    sizes: np.ndarray,
    errors: np.ndarray,
    sigma: np.ndarray | None = None,
    *,
    reweightings: int = 3,
    refinements: int = 3,
) -> PowerLaw:
    """Weighted least squares under a >= 0, b >= 0, 0.05 <= c <= 2, robust against single sizes.

    For a fixed exponent the problem is linear and has a closed solution, so the exponent alone is
    searched: a grid, refined around its best point. Huber's weights reduce the influence of sizes that no
    power law fits.

    Parameters
    ----------
    sizes : ndarray of shape (S,), S >= 3
    errors : ndarray of shape (..., S)
        One curve a row.
    sigma : ndarray of shape (S,), optional
        Standard errors of the errors; all equal by default.

    Returns
    -------
    PowerLaw with parameters of shape ``errors.shape[:-1]``
    """
    errors = np.asarray(errors, dtype=np.float64)
    curves = errors.reshape(-1, errors.shape[-1])
    centre = float(np.exp(np.mean(np.log(sizes))))
    x = np.log(np.asarray(sizes, dtype=np.float64) / centre)
    known = sigma is not None
    precision = np.ones(len(x)) if sigma is None else 1.0 / np.asarray(sigma, dtype=np.float64) ** 2
    precision = precision / precision.max()
    unit = 1.0 if sigma is None else float(np.min(sigma))  # so that residuals / unit are in sigmas
    weights = np.broadcast_to(precision, curves.shape)
    for turn in range(reweightings + 1):
        a, b, c = _least_squares(x, curves, weights, refinements)
        if turn == reweightings:
            break
        residuals = (curves - a[:, None] - b[:, None] * np.exp(-c[:, None] * x)) * np.sqrt(precision) / unit
        weights = precision * _huber(residuals, known)
    shape = errors.shape[:-1]
    return PowerLaw(a.reshape(shape), (b * centre**c).reshape(shape), c.reshape(shape))


def _huber(residuals: np.ndarray, known: bool) -> np.ndarray:
    """Weight 1 up to 1.345 standard deviations, then falling; of the residuals' own scale if larger."""
    dof = max(residuals.shape[1] - 3, 1)
    scale = np.median(np.abs(residuals), axis=1) / 0.6745 * np.sqrt(residuals.shape[1] / dof)
    scale = np.maximum(scale, 1.0 if known else 1e-12)[:, None]
    weights: np.ndarray = 1.0 / np.maximum(1.0, np.abs(residuals) / (_HUBER * scale))
    return weights


def _least_squares(
    x: np.ndarray, curves: np.ndarray, weights: np.ndarray, refinements: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """a, b, c of each curve, with n measured in units of the middle size: y = a + b exp(-c x)."""
    low, high = np.log(EXPONENTS)
    step = (high - low) / (_GRID - 1)
    grid = np.broadcast_to(np.linspace(low, high, _GRID), (len(curves), _GRID))
    rows = np.arange(len(curves))
    for turn in range(refinements + 1):
        a, b, loss = _linear(np.exp(grid), x, curves, weights)
        best = loss.argmin(axis=1)
        if turn == refinements:
            break
        grid = np.clip(grid[rows, best][:, None] + step * np.linspace(-1, 1, 9), low, high)
        step /= 4
    return a[rows, best], b[rows, best], np.exp(grid[rows, best])


def _linear(
    exponents: np.ndarray, x: np.ndarray, curves: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Best a >= 0 and b >= 0, and the loss, for each exponent: arrays (n_curves, n_exponents).

    The loss is convex: where the free solution has a negative part, the best one has it at zero.
    """
    u = np.exp(-exponents[:, :, None] * x)
    w = weights[:, None, :]
    y = curves[:, None, :]
    sw, swu, swuu = weights.sum(axis=1)[:, None], (w * u).sum(axis=2), (w * u * u).sum(axis=2)
    swy, swuy = (weights * curves).sum(axis=1)[:, None], (w * u * y).sum(axis=2)
    determinant = np.maximum(sw * swuu - swu**2, 1e-300)
    b = (sw * swuy - swu * swy) / determinant
    a = (swy - b * swu) / sw
    no_floor = a < 0
    a = np.where(no_floor, 0.0, a)
    b = np.where(no_floor, swuy / swuu, b)
    flat = b < 0
    b = np.where(flat, 0.0, b)
    a = np.where(flat, np.maximum(swy / sw, 0.0), a)
    loss = (w * (y - a[:, :, None] - b[:, :, None] * u) ** 2).sum(axis=2)
    return a, b, loss


@dataclass(frozen=True)
class ErrorCurve:
    """Errors of a family's champion: ``sizes`` int (S,), ``errors`` float64 (J, S), lower is better.

    ``contributions`` (M, S) are what every scored unit contributes to the error of its repeat.
    """

    sizes: np.ndarray
    errors: np.ndarray
    contributions: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Mean error by size (S,)."""
        return np.asarray(self.errors.mean(axis=0))


@dataclass(frozen=True)
class FittedCurve:
    """The power law of a family from ``start`` rows on, and the laws of the draws (n_draws,).

    ``misfit`` is the root mean square of the residuals over their standard errors, about 1 where a power
    law holds; ``fits`` is False where residuals as large are rarer than one in a hundred. ``drawn`` holds
    the mean errors of the draws at all measured sizes, float64 (n_draws, S).
    """

    curve: ErrorCurve
    law: PowerLaw
    draws: PowerLaw = field(repr=False)
    start: int
    misfit: float
    fits: bool
    drawn: np.ndarray = field(repr=False)

    def errors(self, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Errors at these sizes (n,), and those of the draws (n_draws, n).

        Where no law holds, as below ``start``, they are those of the measured sizes, with straight lines
        between them.
        """
        between = _straight_lines(self.curve.sizes, sizes)
        holds = (sizes >= self.start) if self.fits else np.zeros(len(sizes), dtype=bool)
        known, drawn = self.curve.mean @ between, self.drawn @ between
        return np.where(holds, self.law(sizes), known), np.where(holds, self.draws(sizes), drawn)


def spread_of(curves: Sequence[ErrorCurve], units: ScoredUnits, ratio: float) -> Spread:
    """How much the mean errors of curves over the same repeats vary, one curve behind the other.

    Parameters
    ----------
    curves : sequence of ErrorCurve
        Of one family or two.
    units : ScoredUnits
        The rows that score them.
    ratio : float
        Scoring rows over training rows of the largest fit.
    """
    by_rows = units.covariance(np.hstack([curve.contributions for curve in curves]))
    errors = np.hstack([curve.errors for curve in curves])
    sizes = [curve.sizes for curve in curves]
    return estimate_spread(sizes, errors, by_rows.of_mean, by_rows.of_fit, ratio)


def fit_curves(
    curves: Sequence[ErrorCurve], spread: Spread, seed: int = 0, n_draws: int = N_DRAWS
) -> list[FittedCurve]:
    """Power laws of curves over the same repeats, with joint draws of their uncertainty."""
    moves = spread.draws(n_draws, seed)
    ends = np.cumsum([len(curve.sizes) for curve in curves])
    spans = [slice(end - len(curve.sizes), end) for end, curve in zip(ends, curves, strict=True)]
    return [
        _fit(curve, spread.total[own, own], moves[:, own]) for curve, own in zip(curves, spans, strict=True)
    ]


def _fit(curve: ErrorCurve, covariance: np.ndarray, moves: np.ndarray) -> FittedCurve:
    sigma = _shape_errors(covariance)
    first, law, misfit, fits = _fit_tail(curve, sigma)
    tail = moves[:, first:]
    common = tail.mean(axis=1, keepdims=True)
    # A misfit means that the law is wrong or the spread too small: the uncertainty is larger either way.
    errors = (
        curve.mean[first:]
        + common
        + (misfit if _beyond_chance(misfit, len(curve.sizes) - first) else 1.0) * (tail - common)
    )
    draws = fit_power_law(curve.sizes[first:], errors, sigma[first:], refinements=2)
    return FittedCurve(curve, law, draws, int(curve.sizes[first]), misfit, fits, curve.mean + moves)


def _beyond_chance(misfit: float, n_sizes: int, level: float = 0.95) -> bool:
    """Whether a misfit that large is rarer than 1 - level where a law of three parameters holds."""
    freedom = max(1, n_sizes - 3)
    return bool(misfit**2 * freedom > stats.chi2.ppf(level, freedom))


def _straight_lines(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Weights (S, n) of known sizes that interpolate between their logarithms."""
    weights = [np.interp(np.log(wanted), np.log(known), unit) for unit in np.eye(len(known))]
    return np.array(weights)


def _shape_errors(covariance: np.ndarray) -> np.ndarray:
    """Standard errors of the curve's shape by size (S,).

    A deviation that is the same at all sizes moves the asymptote and not the shape, so it does not count.
    """
    n_sizes = len(covariance)
    centre = np.eye(n_sizes) - 1.0 / n_sizes
    own = np.diag(centre @ covariance @ centre) * (n_sizes / (n_sizes - 1))
    return np.sqrt(np.maximum(own, 1e-6 * own.max() or 1e-24))


def _fit_tail(curve: ErrorCurve, sigma: np.ndarray) -> tuple[int, PowerLaw, float, bool]:
    """The law of all sizes, or of the larger ones where none fits the smallest too.

    Learning curves follow a power law from some size on (Hestness et al. 2017): the smallest sizes are
    dropped until the residuals agree with their standard errors, or five sizes are left.
    """
    for first in range(max(1, len(curve.sizes) - _FEWEST_TAIL + 1)):
        sizes, mean, own = curve.sizes[first:], curve.mean[first:], sigma[first:]
        law = fit_power_law(sizes, mean, own, refinements=8)
        squares = float(np.sum(((mean - law(sizes)) / own) ** 2))
        misfit = float(np.sqrt(squares / max(1, len(sizes) - 3)))
        if not _beyond_chance(misfit, len(sizes)):
            break
    return first, law, misfit, not _beyond_chance(misfit, len(sizes), 0.99)


def too_few_sizes(curve: ErrorCurve) -> bool:
    """Whether there are too few sizes to fit three parameters and to check the fit."""
    return len(curve.sizes) < FEWEST_SIZES
