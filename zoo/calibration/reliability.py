"""Does 70 % happen in 70 of 100 cases? Calibration error and the reliability curve.

Of two classes the probability of the positive one is judged, of more the confidence in the most probable
class (Guo et al. 2017). Bins hold equally many rows (Nguyen and O'Connor 2015): with equal widths most would
be empty.

What confidence turned out to be worth on rows that were left out.
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
    """Rows by their stated probability: for each bin its rows, mean statement and share of hits."""

    rows: np.ndarray
    stated: np.ndarray
    happened: np.ndarray


def statements(
    probabilities: np.ndarray, codes: np.ndarray, positive: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """What is judged: stated probabilities and hits, both (n_samples,)."""
    if probabilities.shape[1] == 2:
        return probabilities[:, positive], codes == positive
    said = probabilities.argmax(axis=1)
    return probabilities.max(axis=1), codes == said


def bin_numbers(stated: np.ndarray, n_bins: int = BINS) -> np.ndarray:
    """The bin of every row: equally many rows a bin, equal statements never apart."""
    n_bins = int(np.clip(len(stated) // FEWEST_IN_BIN, 1, n_bins))
    edges = np.quantile(stated, np.arange(1, n_bins) / n_bins)
    return np.unique(np.searchsorted(np.unique(edges), stated, side="right"), return_inverse=True)[1]


def summarise(
    stated: np.ndarray, hits: np.ndarray, numbers: np.ndarray, weights: np.ndarray | None = None
) -> Bins:
    """The bins of rows, each row counted ``weights`` times; empty bins are left out."""
    weights = np.ones(len(stated)) if weights is None else weights
    rows = np.bincount(numbers, weights=weights)
    full = rows > 0
    sums = [np.bincount(numbers, weights=weights * values)[full] for values in (stated, hits)]
    return Bins(rows[full], sums[0] / rows[full], sums[1] / rows[full])


def expected_error(bins: Bins) -> float:
    """Expected calibration error: mean over rows of |stated - happened| by bin (Naeini et al. 2015)."""
    return float(np.sum(bins.rows * np.abs(bins.stated - bins.happened)) / np.sum(bins.rows))


@dataclass(frozen=True)
class ErrorEstimate:
    """The calibration error without the part of chance, and its interval."""

    value: float
    low: float
    high: float


def estimated_error(bins: Bins, level: float = 0.95) -> ErrorEstimate:
    """The expected calibration error less what the chance of the labels adds, with its interval.

    Chance makes every bin look off, and a bootstrap would add it once more: near zero its intervals
    nearly never hold the truth. So errors are tried: the gaps seen, times a factor from 0 on, with fresh
    chance (normal, of the bins' variance). The value is the error under which what was seen lies in the
    middle, the interval are all those under which it is not extreme: Hansen's (1999) grid method.
    """
    gap, weight = bins.stated - bins.happened, bins.rows / np.sum(bins.rows)
    seen = expected_error(bins)
    noise = np.random.default_rng(0).standard_normal((_DRAWS, len(gap)))
    reached = np.maximum.accumulate([_reached(bins, gap, weight, noise, f, seen) for f in _FACTORS])
    factors = [_where(reached, share) for share in (0.5, 0.5 - level / 2, 0.5 + level / 2)]
    return ErrorEstimate(*(seen * factor for factor in factors))


def _reached(
    bins: Bins, gap: np.ndarray, weight: np.ndarray, noise: np.ndarray, factor: float, seen: float
) -> float:
    """How often gaps of that factor would show at least the error seen."""
    share = np.clip(bins.stated - factor * gap, _SHARES, 1 - _SHARES)
    drawn = factor * gap + noise * np.sqrt(share * (1 - share) / bins.rows)
    return float(np.mean(np.abs(drawn) @ weight >= seen))


def _where(reached: np.ndarray, share: float) -> float:
    """The factor at which that share is reached; none below the first, the last where it never is."""
    return 0.0 if reached[0] >= share else float(np.interp(share, reached, _FACTORS))


def root_mean_square_error(bins: Bins) -> float:
    """Root of the unbiased squared calibration error (Kumar, Liang and Ma 2019, definition 5.2)."""
    chance = bins.happened * (1 - bins.happened) / np.maximum(bins.rows - 1, 1)
    squared = np.sum(bins.rows * ((bins.stated - bins.happened) ** 2 - chance)) / np.sum(bins.rows)
    return float(np.sqrt(max(0.0, squared)))


def error_by_chance(stated: np.ndarray, numbers: np.ndarray) -> float:
    """The expected calibration error that perfect probabilities would show on these rows."""
    rows = np.bincount(numbers)
    variance = np.bincount(numbers, weights=stated * (1 - stated)) / rows**2
    return float(np.sum(rows * np.sqrt(2 * variance / np.pi)) / len(stated))


def wilson(share: np.ndarray, n: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's (1927) interval of a share of n rows."""
    from scipy import stats

    z = stats.norm.ppf(0.5 + level / 2)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return centre - half, centre + half


def of_classes(
    method: type[Calibrator],
    raw: np.ndarray,
    codes: np.ndarray,
    parts: np.ndarray,
    place: int,
    level: float | None,
) -> dict[str, Any]:
    """Calibration before and after, and the sets, by row that was left out; each fold by the others.

    Parameters
    ----------
    raw : ndarray of shape (n_samples, n_classes)
        Probabilities of the model.
    place : int
        The positive class of two.
    """
    measured: dict[str, Any] = {"rows": len(codes), "folds": len(np.unique(parts))}
    after = cross_fitted(method, raw, codes, parts)
    for name, shares in (("before", raw), ("after", after)):
        measured[name] = {
            "log_loss": float(log_losses(shares, codes).mean()),
            "calibration_error": error_of(shares, codes, place),
        }
    if level is not None and measured["folds"] > 1:
        measured |= of_sets(sets_out_of_fold(method, raw, codes, parts, level), codes)
    return measured


def of_sets(sets: np.ndarray, codes: np.ndarray) -> dict[str, float]:
    """How often sets hold the truth, how large they are, and how many rows go to a human."""
    return {
        "coverage": float(sets[np.arange(len(codes)), codes].mean()),
        "mean_set_size": float(sets.sum(axis=1).mean()),
        "referred": float(refer(sets).mean()),
    }


def of_values(residuals: np.ndarray, parts: np.ndarray, level: float) -> dict[str, Any]:
    """How often intervals hold the truth."""
    measured: dict[str, Any] = {"rows": len(residuals), "folds": len(np.unique(parts))}
    if measured["folds"] > 1:
        widths = widths_out_of_fold(residuals, parts, level)
        measured["coverage"] = float(np.mean(np.abs(residuals) <= widths))
    return measured


def error_of(probabilities: np.ndarray, codes: np.ndarray, place: int = 1) -> float:
    """The calibration error of these rows, without the part of chance."""
    stated, hits = statements(probabilities, codes, place)
    return estimated_error(summarise(stated, hits, bin_numbers(stated))).value
