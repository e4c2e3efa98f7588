"""Learning curves as power laws with an asymptote: error(n) = a + b n^-c.

The form is that of Cortes et al. (1993, "Learning Curves: Asymptotic Values and Rate of Convergence") and
Hestness et al. (2017); Viering and Loog (2023, "The Shape of Learning Curves: a Review") find it among the
forms that extrapolate best, and warn of curves that it does not fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# A slower fall than n^-0.05 looks like a logarithm, a faster one than n^-2 like a step.
EXPONENTS = (0.05, 2.0)
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
