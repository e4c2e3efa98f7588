"""Does 70 % happen in 70 of 100 cases? Calibration error and the reliability curve.

Of two classes the probability of the positive one is judged, of more the confidence in the most probable
class (Guo et al. 2017). Bins hold equally many rows (Nguyen and O'Connor 2015): with equal widths most would
be empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BINS = 15
FEWEST_IN_BIN = 10


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


def debiased_error(bins: Bins) -> float:
    """Expected calibration error less the part that the chance of the labels adds.

    Chance makes every bin look off. How much a second draw of labels would add is subtracted from what
    the first one added (Kumar, Liang and Ma 2019, their normal approximation in closed form).
    """
    gap = bins.stated - bins.happened
    spread = np.sqrt(bins.happened * (1 - bins.happened) / np.maximum(bins.rows, 1))
    corrected = 2 * np.abs(gap) - _mean_of_folded_normal(gap, spread)
    return float(max(0.0, np.sum(bins.rows * corrected) / np.sum(bins.rows)))


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


def error_interval(
    stated: np.ndarray, hits: np.ndarray, numbers: np.ndarray, draws: Sequence[np.ndarray], level: float
) -> tuple[float, float]:
    """Interval of the calibration error from bootstrap weights of the rows.

    Resampled labels carry the noise twice, so the plain quantiles lie too high. The pivotal interval
    (Efron and Tibshirani 1993, section 13.3) mirrors them at the estimate, as ``debiased_error`` does.
    """
    point = expected_error(summarise(stated, hits, numbers))
    found = [expected_error(summarise(stated, hits, numbers, w)) for w in draws]
    low, high = np.quantile(found, [0.5 - level / 2, 0.5 + level / 2])
    return float(max(0.0, 2 * point - high)), float(max(0.0, 2 * point - low))


def wilson(share: np.ndarray, n: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's (1927) interval of a share of n rows."""
    from scipy import stats

    z = stats.norm.ppf(0.5 + level / 2)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return centre - half, centre + half


def _mean_of_folded_normal(mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """E|N(mean, spread^2)|; |mean| where nothing is spread."""
    from scipy import stats

    ratio = np.minimum(np.abs(mean) / np.maximum(spread, 1e-300), 40.0)  # beyond, nothing is folded
    within = np.abs(mean) * (1 - 2 * stats.norm.cdf(-ratio))
    return spread * np.sqrt(2 / np.pi) * np.exp(-(ratio**2) / 2) + within
