"""Does 70 % happen in 70 of 100 cases? Calibration error, the reliability curve, and coverage.

Of two classes the probability of the positive one is judged, of more the confidence in the most probable
class (Guo et al. 2017). Bins hold equally many rows (Nguyen and O'Connor 2015): with equal widths most would
be empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .calibrators import Calibrator, cross_fitted, log_losses
from .conformal import refer, sets_out_of_fold, widths_out_of_fold

BINS = 15
FEWEST_IN_BIN = 10
_DRAWS = 1000
_FACTORS = np.linspace(0, 1.6, 33)
_SHARES = 1e-3  # the least variance of a bin is that of one in a thousand


@dataclass(frozen=True)
class Bins:
    """Rows by their predicted probability, all arrays of shape (n_bins,).

    Attributes
    ----------
    rows : ndarray
        Number of rows.
    stated : ndarray
        Mean predicted probability.
    happened : ndarray
        Observed frequency.
    """

    rows: np.ndarray
    stated: np.ndarray
    happened: np.ndarray


def statements(
    probabilities: np.ndarray, codes: np.ndarray, positive: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """The probabilities that are judged, and whether what they were given for happened, both (n_samples,)."""
    if probabilities.shape[1] == 2:
        return probabilities[:, positive], codes == positive
    return probabilities.max(axis=1), codes == probabilities.argmax(axis=1)


def bin_numbers(stated: np.ndarray, n_bins: int = BINS) -> np.ndarray:
    """The bin of every row: equally many rows a bin, equal probabilities in one bin."""
    n_bins = int(np.clip(len(stated) // FEWEST_IN_BIN, 1, n_bins))
    edges = np.quantile(stated, np.arange(1, n_bins) / n_bins)
    return np.unique(np.searchsorted(np.unique(edges), stated, side="right"), return_inverse=True)[1]


def summarise(
    stated: np.ndarray, hits: np.ndarray, numbers: np.ndarray, weights: np.ndarray | None = None
) -> Bins:
    """The bins of rows, each row counted ``weights`` times, without empty bins."""
    weights = np.ones(len(stated)) if weights is None else weights
    rows = np.bincount(numbers, weights=weights)
    full = rows > 0
    sums = [np.bincount(numbers, weights=weights * values)[full] for values in (stated, hits)]
    return Bins(rows[full], sums[0] / rows[full], sums[1] / rows[full])


def expected_error(bins: Bins) -> float:
    """Expected calibration error: mean over rows of |predicted - observed| by bin (Naeini et al. 2015)."""
    return float(np.sum(bins.rows * np.abs(bins.stated - bins.happened)) / np.sum(bins.rows))


@dataclass(frozen=True)
class ErrorEstimate:
    """The calibration error corrected for chance, and its interval."""

    value: float
    low: float
    high: float


def estimated_error(bins: Bins, level: float = 0.95) -> ErrorEstimate:
    """The expected calibration error less what the randomness of the labels adds, with its interval.

    Randomness moves every bin, and a bootstrap would add it once more: near zero its intervals hardly ever
    hold the truth. So errors are tried: the observed gaps, times a factor from 0 on, with new normal noise of
    the bins' variance. The value is the error under which the observed one is the median, the interval are
    all errors under which it is not extreme: the grid method of Hansen (1999).
    """
    gap, weight = bins.stated - bins.happened, bins.rows / np.sum(bins.rows)
    observed = expected_error(bins)
    noise = np.random.default_rng(0).standard_normal((_DRAWS, len(gap)))
    reached = np.maximum.accumulate([_reached(bins, gap, weight, noise, f, observed) for f in _FACTORS])
    factors = [_where(reached, share) for share in (0.5, 0.5 - level / 2, 0.5 + level / 2)]
    return ErrorEstimate(*(observed * factor for factor in factors))


def _reached(
    bins: Bins, gap: np.ndarray, weight: np.ndarray, noise: np.ndarray, factor: float, observed: float
) -> float:
    """How often gaps of that factor would show at least the observed error."""
    share = np.clip(bins.stated - factor * gap, _SHARES, 1 - _SHARES)
    drawn = factor * gap + noise * np.sqrt(share * (1 - share) / bins.rows)
    return float(np.mean(np.abs(drawn) @ weight >= observed))


def _where(reached: np.ndarray, share: float) -> float:
    """The factor at which that share is reached, within the factors tried."""
    return 0.0 if reached[0] >= share else float(np.interp(share, reached, _FACTORS))


def root_mean_square_error(bins: Bins) -> float:
    """Root of the unbiased squared calibration error (Kumar, Liang and Ma 2019, definition 5.2)."""
    chance = bins.happened * (1 - bins.happened) / np.maximum(bins.rows - 1, 1)
    squared = np.sum(bins.rows * ((bins.stated - bins.happened) ** 2 - chance)) / np.sum(bins.rows)
    return float(np.sqrt(max(0.0, squared)))


def error_by_chance(stated: np.ndarray, numbers: np.ndarray) -> float:
    """The expected calibration error that perfectly calibrated probabilities would show on these rows."""
    rows = np.bincount(numbers)
    variance = np.bincount(numbers, weights=stated * (1 - stated)) / rows**2
    return float(np.sum(rows * np.sqrt(2 * variance / np.pi)) / len(stated))


def wilson(share: np.ndarray, n: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """The interval of a share of n rows (Wilson 1927)."""
    from scipy import stats

    z = stats.norm.ppf(0.5 + level / 2)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return centre - half, centre + half


def measured_probabilities(
    method: type[Calibrator],
    raw: np.ndarray,
    codes: np.ndarray,
    folds: np.ndarray,
    positive: int,
    level: float | None,
) -> dict[str, Any]:
    """Log loss and calibration error before and after calibration, and the coverage of sets, out of fold.

    Parameters
    ----------
    method : type of Calibrator
    raw : ndarray of shape (n_samples, n_classes)
        Out-of-fold probabilities of the model.
    codes, folds : int ndarray of shape (n_samples,)
        Code of the true class and fold of each row.
    positive : int
        Code of the positive class of two.
    level : float or None
        Of the sets.
    """
    measured: dict[str, Any] = {"rows": len(codes), "folds": len(np.unique(folds))}
    after = cross_fitted(method, raw, codes, folds)
    for name, probabilities in (("before", raw), ("after", after)):
        measured[name] = {
            "log_loss": float(log_losses(probabilities, codes).mean()),
            "calibration_error": calibration_error(probabilities, codes, positive),
        }
    if level is not None and measured["folds"] > 1:
        measured |= of_sets(sets_out_of_fold(method, raw, codes, folds, level), codes)
    return measured


def of_sets(sets: np.ndarray, codes: np.ndarray) -> dict[str, float]:
    """How often sets hold the true class, their mean size, and the share of rows to refer to a person."""
    return {
        "coverage": float(sets[np.arange(len(codes)), codes].mean()),
        "mean_set_size": float(sets.sum(axis=1).mean()),
        "referred": float(refer(sets).mean()),
    }


def measured_intervals(
    values: np.ndarray, residuals: np.ndarray, folds: np.ndarray, level: float
) -> dict[str, Any]:
    """How often intervals hold the true value, out of fold."""
    measured: dict[str, Any] = {"rows": len(residuals), "folds": len(np.unique(folds))}
    if measured["folds"] > 1:
        widths = widths_out_of_fold(values, residuals, folds, level)
        measured["coverage"] = float(np.mean(np.abs(residuals) <= widths))
    return measured


def calibration_error(probabilities: np.ndarray, codes: np.ndarray, positive: int = 1) -> float:
    """The calibration error of these rows, corrected for chance."""
    stated, hits = statements(probabilities, codes, positive)
    return estimated_error(summarise(stated, hits, bin_numbers(stated))).value
