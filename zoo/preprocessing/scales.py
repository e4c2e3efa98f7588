"""The scales of numbers and targets, so that no unit of measurement changes what a model learns.

Trees of several libraries compare in single precision, and scikit-learn stops at absolute differences of
1e-7 (features) and 2e-16 (squared error). Squares overflow above 1e154 and vanish below 1e-162. So numbers
and targets are first brought to the size of their own spread. The factor is a power of two, and the centre
is zero where that costs no digit: then not one bit of a value is lost, and what a model learns from ordinary
data is what it learns without the scale.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

# The spread of a scaled column is 2**30: far above the differences that trees take for none, and with room
# for values 1e21 spreads away below LARGEST, whose square is finite and which single precision holds.
_SPREAD_BITS = 30
USUAL_SPREAD = 2.0**_SPREAD_BITS
LARGEST = 1e30
_MOST_BITS = 1000  # 2**-1000 is a normal number, which no library rounds to zero
_ENOUGH_ROWS = 200_000  # a spread is known well from so many
_FEW_EQUAL = 0.01  # of different values; where single precision makes more equal, a column is centred
_FAR_BITS = 10  # a target further than 2**10 spreads from zero is centred: its square loses 20 of 53 bits


class Scale(NamedTuple):
    """z = (x * down - shift) * up, where both factors are powers of two and no step overflows."""

    down: float
    shift: float
    up: float

    @property
    def factor(self) -> float:
        """z for one unit of x."""
        return self.down * self.up


def power_of_two(size: float) -> float:
    """A power of two by which numbers of this size come near 1; exact, and never subnormal."""
    if not size > 0:
        return 1.0
    return float(2.0 ** -np.clip(np.frexp(size)[1], -_MOST_BITS, _MOST_BITS))


def centre_and_spread(values: np.ndarray) -> tuple[float, float]:
    """Median and interquartile range of finite numbers, without squares or differences that overflow.

    If half of the numbers are equal, the spread is the median distance of those that are not the median. Of
    counts that are mostly zero this keeps the usual ones apart, where half the range (Holzmueller et al.
    2024) is set by the largest. The spread of a constant column is 0.
    """
    down = power_of_two(float(np.abs(values).max(initial=0.0)))
    low, centre, high = np.percentile(values * down, [25, 50, 75])
    spread = high - low
    if not spread > 0:
        distances = np.abs(values * down - centre)
        distances = distances[distances > 0]
        spread = np.median(distances) if len(distances) else 0.0
    return float(centre / down), float(spread / down)


def scaled_knots(knots: Any) -> tuple[np.ndarray, float]:
    """Knots that are at most 1, and the power of two that made them so; differences do not overflow."""
    knots = np.asarray(knots, np.float64)
    down = power_of_two(float(np.abs(knots).max()))
    return knots * down, down


def mean_and_deviation(values: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of finite numbers of any size; a deviation of 0 is given as 1."""
    down = power_of_two(float(np.abs(values).max(initial=0.0)))
    scaled = values * down
    return float(np.mean(scaled) / down), float(np.std(scaled) / down) or 1.0


def densest(values: np.ndarray) -> float:
    """Where numbers lie closest together: the half-sample mode (Bickel and Fruehwirth 2006).

    Again and again the half of the sorted numbers with the least range is kept.
    """
    values = np.sort(values)
    scaled = values * power_of_two(float(np.abs(values).max(initial=0.0)))
    start, n = 0, len(values)
    while n > 2:
        half = -(-n // 2)
        widths = scaled[start + half - 1 : start + n] - scaled[start : start + n - half + 1]
        start, n = start + int(np.argmin(widths)), half
    return float(values[start])


def column_scale(values: np.ndarray, centred: bool = False) -> Scale:
    """The scale of a column, from its training values; NaN and infinity do not count.

    It is centred where single precision needs it; on request also at the median, unless different numbers
    would become equal.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return Scale(1.0, 0.0, 0.0)
    known = known[:: -(-len(known) // _ENOUGH_ROWS)]
    median, spread = centre_and_spread(known)
    if not spread > 0:
        return Scale(1.0, 0.0, 0.0)  # a column that is constant in training says nothing of new rows
    at_median = _scale(median, spread, _SPREAD_BITS)
    if centred and _kept_apart(known, at_median, np.float64) >= 1 - _FEW_EQUAL:
        return at_median
    plain = _scale(0.0, spread, _SPREAD_BITS)
    if _kept_apart(known, plain) >= 1 - _FEW_EQUAL:
        return plain
    at_densest = _scale(densest(known), spread, _SPREAD_BITS)
    return at_densest if _kept_apart(known, at_densest) > _kept_apart(known, plain) else plain


def _scale(centre: float, spread: float, bits: int) -> Scale:
    down = power_of_two(max(abs(centre), spread))
    return Scale(down, centre * down, power_of_two(spread * down) * 2.0**bits)


def apply(x: np.ndarray, scale: Scale) -> np.ndarray:
    """Scaled numbers, at most ``LARGEST`` away from zero; NaN stays NaN."""
    with np.errstate(over="ignore", invalid="ignore"):
        z = (x * scale.down - scale.shift) * scale.up
    return np.clip(z, -LARGEST, LARGEST) if scale.up else np.where(np.isnan(x), x, 0.0)


def undo(z: Any, scale: Scale) -> Any:
    """Numbers in the units of the column."""
    return (np.asarray(z, np.float64) / (scale.up or 1.0) + scale.shift) / scale.down


def _kept_apart(known: np.ndarray, scale: Scale, precision: type = np.float32) -> float:
    """The share of different values that differ in this precision too."""
    different = np.unique(known)
    return len(np.unique(apply(different, scale).astype(precision))) / len(different)


class ColumnScaler(TransformerMixin, BaseEstimator):
    """Numbers brought to the size of their own spread; missing ones stay NaN.

    Parameters
    ----------
    centred : bool, default=False
        Whether zero is the median of each column; else it is where it was, unless digits would be lost.

    Attributes
    ----------
    scales_ : float64 ndarray of shape (n_columns, 3)
        ``down``, ``shift`` and ``up`` of each column: scaled = (x * down - shift) * up.
    """

    def __init__(self, centred: bool = False) -> None:
        self.centred = centred

    def fit(self, X: Any, y: Any = None) -> ColumnScaler:
        """Learn the scale of each column from training rows."""
        x = np.asarray(X, dtype=np.float64)
        self.scales_ = np.array([column_scale(column, self.centred) for column in x.T]).reshape(-1, 3)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """float64 (n_samples, n_columns)."""
        check_is_fitted(self, "scales_")
        x = np.asarray(X, dtype=np.float64)
        return np.stack([apply(x[:, i], scale) for i, scale in enumerate(self.scales())], axis=1)

    def scales(self) -> list[Scale]:
        """The scale of each column."""
        return [Scale(*map(float, row)) for row in self.scales_]

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """The names of the columns, as they were."""
        return input_features


class TargetScaler(TransformerMixin, BaseEstimator):
    """A target brought to the size of its own spread, and centred if it is far from zero.

    Attributes
    ----------
    unit_ : float64 ndarray of shape (2,)
        ``mean_`` and ``scale_``, each also of shape (1,): scaled = (y - mean_) / scale_. The scale is a
        power of two.
    """

    @property
    def mean_(self) -> np.ndarray:
        """What is subtracted, in units of the target."""
        return self.unit_[:1]

    @property
    def scale_(self) -> np.ndarray:
        """The size of one scaled unit, in units of the target."""
        return self.unit_[1:]

    def fit(self, X: Any, y: Any = None) -> TargetScaler:
        """Learn from the targets of training rows, of any shape; all outputs have one scale."""
        values = np.asarray(X, dtype=np.float64).ravel()
        centre, spread = centre_and_spread(values)
        far = abs(centre) * 2.0**-_FAR_BITS > spread > 0
        self.unit_ = np.array([centre if far else 0.0, 1.0 / power_of_two(spread or abs(centre))])
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Scaled targets, of the shape of X."""
        check_is_fitted(self, "unit_")
        down = 1.0 / self.scale_
        return np.asarray(X, dtype=np.float64) * down - self.mean_ * down

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Targets in their own units."""
        check_is_fitted(self, "unit_")
        return np.asarray(X, dtype=np.float64) * self.scale_ + self.mean_


def with_scaled_target(model: Any) -> Any:
    """A regressor, or a pipeline that ends with one, on the scaled target; predictions have its units."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.pipeline import Pipeline

    if isinstance(model, Pipeline):
        *steps, (name, last) = model.steps
        return Pipeline([*steps, (name, with_scaled_target(last))])
    return TransformedTargetRegressor(model, transformer=TargetScaler(), check_inverse=False)
