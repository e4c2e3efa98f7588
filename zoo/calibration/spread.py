"""How large errors are by the predicted value, so that prediction intervals are as wide as a row needs.

Intervals of one width for all rows are too wide where a model errs little and too narrow where it errs much
(prices, counts). Residuals are therefore divided by their usual size at the predicted value, a normalised
nonconformity score (Papadopoulos, Vovk and Gammerman, Regression conformal prediction with nearest
neighbours, JAIR 40, 2011; Lei, G'Sell, Rinaldo, Tibshirani and Wasserman, Distribution-free predictive
inference for regression, JASA 113, 2018, section 5.2). The size is a curve of the prediction and of nothing
else: a model of any family and modality has one, and so has every export of it.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ...datasets import InputError

_MOST_KNOTS = 8
_ROWS_PER_KNOT = 40
_LEAST, _MOST = 0.1, 10.0  # of a size, as a multiple of the mean: a curve of few rows must not run away
_TRIMMED = 0.98  # larger residuals count as this quantile, or a single one would bend the curve


@dataclass(frozen=True)
class Spread:
    """The usual size of an error over its mean: straight lines between knots, level outside.

    Attributes
    ----------
    knots : tuple of float
        Predicted values, rising.
    sizes : tuple of float
        The size at each knot; 1 is the mean of all rows.
    """

    knots: tuple[float, ...] = (0.0,)
    sizes: tuple[float, ...] = (1.0,)

    @property
    def constant(self) -> bool:
        """Whether all intervals are equally wide."""
        return len(set(self.sizes)) == 1

    @classmethod
    def fit(cls, values: np.ndarray, residuals: np.ndarray) -> Spread:
        """Learn from predicted values and residuals, both (n_samples,), of rows left out in training.

        Least squares of the absolute residuals on hat functions, with sizes that are not negative.
        """
        from sklearn.linear_model import LinearRegression

        sizes = np.abs(residuals) / (float(np.abs(residuals).max(initial=0.0)) or 1.0)  # of any unit
        sizes = np.minimum(sizes, np.quantile(sizes, _TRIMMED))
        n_knots, mean = min(_MOST_KNOTS, len(values) // _ROWS_PER_KNOT), float(sizes.mean())
        knots = np.unique(np.quantile(values, np.linspace(0.02, 0.98, max(n_knots, 1))))
        if len(knots) < 2 or not mean > 0 or not np.isfinite(mean):
            return cls()
        model = LinearRegression(positive=True, fit_intercept=False).fit(_hats(values, knots), sizes / mean)
        found = np.clip(model.coef_, _LEAST, _MOST)
        return cls(tuple(knots.tolist()), tuple(found.tolist()))

    def at(self, values: np.ndarray) -> np.ndarray:
        """The size at predicted values, (n_samples,)."""
        return np.interp(values, self.knots, self.sizes)

    def to_dict(self) -> dict[str, Any]:
        """The numbers as JSON has them."""
        return {name: list(own) for name, own in asdict(self).items()}


def _hats(values: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """The share of each knot in each value, (n_samples, n_knots); rows of sum one."""
    return np.stack([np.interp(values, knots, row) for row in np.eye(len(knots))], axis=1)


def spread_of(description: object) -> Spread:
    """The spread that :meth:`Spread.to_dict` described; of a file without one, the constant.

    Raises
    ------
    InputError
        A number is missing or impossible.
    """
    if description is None:
        return Spread()
    known: dict[str, Any] = description if isinstance(description, dict) else {}
    knots: Any = known.get("knots")
    sizes: Any = known.get("sizes")
    if not (set(known) == {"knots", "sizes"} and _rising(knots) and _positive(sizes, len(knots))):
        raise InputError("confidence: spread must be knots that rise and as many sizes above 0")
    return Spread(tuple(knots), tuple(sizes))


def _numbers(values: object) -> bool:
    return isinstance(values, list) and all(type(v) in (int, float) and math.isfinite(v) for v in values)


def _rising(values: Any) -> bool:
    return _numbers(values) and len(values) > 0 and all(a < b for a, b in pairwise(values))


def _positive(values: Any, length: int) -> bool:
    return _numbers(values) and len(values) == length and min(values) > 0
