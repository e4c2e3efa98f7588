"""Which calibrator: cross-validated log loss among the rows kept for it."""

from __future__ import annotations

import numpy as np

from ._calibrators import CALIBRATORS, Calibrator, Unchanged

FEWEST_ROWS = 20  # below, even a temperature is a guess


def cross_fitted(
    method: type[Calibrator], probabilities: np.ndarray, codes: np.ndarray, parts: np.ndarray
) -> np.ndarray:
    """Every part's probabilities after a calibrator that learned from the other parts.

    Parameters
    ----------
    probabilities : ndarray of shape (n_samples, n_classes)
    codes : int ndarray of shape (n_samples,)
    parts : int ndarray of shape (n_samples,)
        The part (fold) of each row; at least two parts.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
    """
    found = np.empty(probabilities.shape, dtype=np.float64)
    for part in np.unique(parts):
        own = parts == part
        found[own] = method.fit(probabilities[~own], codes[~own]).transform(probabilities[own])
    return found


def choose(probabilities: np.ndarray, codes: np.ndarray, parts: np.ndarray) -> type[Calibrator]:
    """The simplest calibrator whose cross-validated log loss is within a standard error of the best.

    Simplest is the order of :data:`CALIBRATORS`: none, temperature, Platt, isotonic. The standard error is
    that of the paired difference, the rule of Breiman, Friedman, Olshen and Stone (1984) for trees. So
    "none" stays unless something is really better.
    """
    if len(codes) < FEWEST_ROWS or len(np.unique(codes)) < 2 or len(np.unique(parts)) < 2:
        return Unchanged
    return simplest(
        {
            method: log_losses(cross_fitted(method, probabilities, codes, parts), codes)
            for method in CALIBRATORS.values()
        }
    )


def simplest(losses: dict[type[Calibrator], np.ndarray]) -> type[Calibrator]:
    """The first whose losses by row are on average within a standard error of the best."""
    best = min(losses.values(), key=lambda loss: float(loss.mean()))
    return next(method for method, loss in losses.items() if _as_good(loss, best))


def log_losses(probabilities: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Minus the log of each row's true class, (n_samples,)."""
    return -np.log(np.maximum(probabilities[np.arange(len(codes)), codes], 1e-15))


def _as_good(loss: np.ndarray, best: np.ndarray) -> bool:
    worse = loss - best
    return bool(worse.mean() <= worse.std(ddof=1) / np.sqrt(len(worse)))
