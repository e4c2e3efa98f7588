"""Decisions with confidence: conformal sets and intervals, and thresholds by misclassification costs.

Sets and intervals hold the truth at a stated level (Vovk, Gammerman and Shafer 2005). The scores come from
out-of-fold predictions, the prediction from one model that was fitted to all rows: the cross-validated form
of Barber, Candes, Ramdas and Tibshirani (2021, their "CV" without the plus). CV+ would have to keep every
fold's model. Theory promises less for the simple form, so its coverage is measured: out of fold in every
report, and against known truth in the benchmarks.

Widths follow the predicted value. Intervals of one width for all rows are too wide where a model errs little
and too narrow where it errs much (prices, counts). Residuals are therefore divided by their usual size at the
predicted value, a normalised nonconformity score (Papadopoulos, Vovk and Gammerman, Regression conformal
prediction with nearest neighbours, JAIR 40, 2011; Lei, G'Sell, Rinaldo, Tibshirani and Wasserman,
Distribution-free predictive inference for regression, JASA 113, 2018, section 5.2). The size is a curve of
the prediction and of nothing else: a model of any family and modality has one, and so has every export of it.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ...datasets import InputError
from .calibrators import Calibrator

LEVEL = 0.9
ROUNDING = 1e-6  # error of a network in single precision, which must not remove a class from its set


def rank(n_rows: int, level: float) -> int:
    """Which of n sorted scores bounds a new one with probability ``level``: ceil((n + 1) level)."""
    return math.ceil((n_rows + 1) * level - 1e-9)


def least_probabilities(probabilities: np.ndarray, codes: np.ndarray, level: float) -> np.ndarray:
    """The probability from which on each class belongs to the set, (n_classes,).

    The score of a row is one minus the probability of its true class (least ambiguous sets: Sadinle, Lei
    and Wasserman 2019). Each class has a bound of its own (Vovk 2012), so that the level holds for a rare
    class too: one bound for all classes would reach it on the frequent ones alone. A class with too few
    rows for the level takes the bound of all rows; where these are too few, all classes belong.
    """
    of_truth = probabilities[np.arange(len(codes)), codes]
    of_all = _bound(of_truth, level)
    bounds = [_bound(of_truth[codes == k], level) for k in range(probabilities.shape[1])]
    return np.array([(of_all or 0.0) if bound is None else bound for bound in bounds])


def _bound(of_truth: np.ndarray, level: float) -> float | None:
    """The probability that the true class of a new row reaches at the level; None for too few rows."""
    number = rank(len(of_truth), level)
    return float(np.sort(of_truth)[::-1][number - 1]) if number <= len(of_truth) else None


def prediction_sets(probabilities: np.ndarray, least: np.ndarray) -> np.ndarray:
    """Which classes belong to the set of each row: bool (n_samples, n_classes).

    An empty set gets the most probable class: a model that is right more often than the level asks for would
    have empty sets, only to miss often enough.
    """
    sets = probabilities >= np.asarray(least) - ROUNDING
    empty = np.flatnonzero(~sets.any(axis=1))
    sets[empty, probabilities[empty].argmax(axis=1)] = True
    return sets


def refer(sets: np.ndarray, predicted: np.ndarray | None = None) -> np.ndarray:
    """Rows to refer to a person, bool (n_samples,): a set of several classes, or without the predicted one.

    The predicted class may be outside of its set where costs move the threshold, or another class is rare.
    """
    several = sets.sum(axis=1) != 1
    return several if predicted is None else several | ~sets[np.arange(len(sets)), predicted]


def half_width(residuals: np.ndarray, level: float) -> float:
    """Half the width of a prediction interval; infinite where the rows are too few for the level."""
    sizes = np.sort(np.abs(residuals))
    number = rank(len(sizes), level)
    return float(sizes[number - 1]) if number <= len(sizes) else math.inf


def check_level(level: float) -> float:
    """The confidence level, or an error if it is none."""
    if not 0 < level < 1:
        raise InputError(f"confidence level must be between 0 and 1, got {level}")
    return float(level)


def sets_out_of_fold(
    method: type[Calibrator], probabilities: np.ndarray, codes: np.ndarray, folds: np.ndarray, level: float
) -> np.ndarray:
    """Sets of each fold, calibrator and bounds learned on the other folds: bool (n_samples, n_classes)."""
    sets = np.empty(probabilities.shape, dtype=bool)
    for fold in np.unique(folds):
        inside = folds == fold
        learned = method.fit(probabilities[~inside], codes[~inside])
        # Bounds are of this calibrator's probabilities, not of cross-fitted ones: where a curve is flat,
        # small differences between curves would move many rows over the bound.
        least = least_probabilities(learned.transform(probabilities[~inside]), codes[~inside], level)
        sets[inside] = prediction_sets(learned.transform(probabilities[inside]), least)
    return sets


@dataclass(frozen=True)
class Widths:
    """Half the width of intervals by the predicted value: ``half_width`` times the spread there."""

    half_width: float
    spread: Spread

    def at(self, values: np.ndarray) -> np.ndarray:
        """Half widths at predicted values, (n_samples,)."""
        return self.half_width * self.spread.at(values)


def learn_widths(values: np.ndarray, residuals: np.ndarray, folds: np.ndarray, level: float) -> Widths:
    """Widths that follow the predicted value where that is clearly better than one width for all rows.

    Every residual is divided by a size that was learned on the other folds: on its own rows a curve fits too
    well, and intervals would be too narrow. Better is a lower interval score (Gneiting and Raftery 2007) by
    more than a standard error of the paired difference.

    Parameters
    ----------
    values, residuals : ndarray of shape (n_samples,)
        Predictions, and what is missing from them to the truth, of rows left out in training.
    folds : int ndarray of shape (n_samples,)
        The fold of each row.
    level : float

    Returns
    -------
    Widths
    """
    plain = Widths(half_width(residuals, level), Spread())
    if not np.isfinite(plain.half_width) or len(np.unique(folds)) < 2:
        return plain
    sizes = _sizes_out_of_fold(values, residuals, folds)
    following = Widths(half_width(residuals / sizes, level), Spread.fit(values, residuals))
    unit = float(np.abs(residuals).max()) or 1.0  # residuals of any size, without overflow
    one, other = (
        _interval_scores(residuals / unit, widths / unit, level)
        for widths in (plain.at(values), following.half_width * sizes)
    )
    saved = one - other
    clear = saved.mean() > saved.std(ddof=1) / np.sqrt(len(saved))
    return following if clear and not following.spread.constant else plain


def _sizes_out_of_fold(values: np.ndarray, residuals: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """The size of each row's error by the other folds."""
    sizes = np.empty(len(values))
    for fold in np.unique(folds):
        inside = folds == fold
        sizes[inside] = Spread.fit(values[~inside], residuals[~inside]).at(values[inside])
    return sizes


def _interval_scores(residuals: np.ndarray, widths: np.ndarray, level: float) -> np.ndarray:
    """Width of each interval, plus what it misses by times 2 / (1 - level)."""
    return 2 * widths + 2 / (1 - level) * np.maximum(0.0, np.abs(residuals) - widths)


def widths_out_of_fold(
    values: np.ndarray, residuals: np.ndarray, folds: np.ndarray, level: float
) -> np.ndarray:
    """The half width for every row by the other folds, (n_samples,)."""
    widths = np.empty(len(residuals))
    for fold in np.unique(folds):
        inside = folds == fold
        learned = learn_widths(values[~inside], residuals[~inside], folds[~inside], level)
        widths[inside] = learned.at(values[inside])
    return widths


@dataclass(frozen=True)
class MisclassificationCosts:
    """What a wrong prediction costs, in any unit.

    Attributes
    ----------
    false_negative : float
        Cost of a positive case that is missed.
    false_positive : float
        Cost of a false alarm.

    Examples
    --------
    >>> from deepworth.zoo.calibration.conformal import MisclassificationCosts
    >>> MisclassificationCosts(false_negative=9, false_positive=1).threshold
    0.1
    """

    false_negative: float
    false_positive: float

    def __post_init__(self) -> None:
        for name, value in (("negative", self.false_negative), ("positive", self.false_positive)):
            if not (np.isfinite(value) and value > 0):
                raise InputError(f"--cost-false-{name} must be a number above 0, got {value}")

    @property
    def threshold(self) -> float:
        """The probability of equal expected costs, c_fp / (c_fp + c_fn) (Elkan 2001, equation 2)."""
        return self.false_positive / (self.false_positive + self.false_negative)

    def of_rows(self, probability: np.ndarray, positive: np.ndarray, threshold: float) -> np.ndarray:
        """The cost of each row's prediction, float64 (n_samples,).

        Parameters
        ----------
        probability : ndarray of shape (n_samples,)
            Of the positive class.
        positive : bool ndarray of shape (n_samples,)
            Whether that is the true class.
        threshold : float
            Probability from which on the positive class is predicted.
        """
        predicted = probability >= threshold
        return self.false_negative * (positive & ~predicted) + self.false_positive * (~positive & predicted)

    def mean(self, probability: np.ndarray, positive: np.ndarray, threshold: float) -> float:
        """Mean cost of these rows; parameters as in :meth:`of_rows`."""
        return float(np.mean(self.of_rows(probability, positive, threshold)))

    def best_threshold(self, probability: np.ndarray, positive: np.ndarray) -> float:
        """The threshold of least cost on these rows, for probabilities that are not calibrated.

        It lies half-way between two probabilities. Of equally good ones the nearest to :attr:`threshold` is
        taken.
        """
        values, code = np.unique(probability, return_inverse=True)
        missed = np.concatenate([[0.0], np.cumsum(np.bincount(code, weights=positive))])
        alarms = np.concatenate([np.bincount(code, weights=~positive)[::-1].cumsum()[::-1], [0.0]])
        total = missed * self.false_negative + alarms * self.false_positive
        never = np.nextafter(1.0, 2.0)  # above a probability of one
        between = np.concatenate([[0.0], (values[1:] + values[:-1]) / 2, [never]])
        best = between[total <= total.min() + 1e-9]
        return float(best[np.argmin(np.abs(best - self.threshold))])


def misclassification_costs(
    false_negative: float | None, false_positive: float | None
) -> MisclassificationCosts | None:
    """Both costs, none, or an error that asks for the other one."""
    if false_negative is None and false_positive is None:
        return None
    if false_negative is None or false_positive is None:
        lacking = "positive" if false_positive is None else "negative"
        raise InputError(f"misclassification costs come in pairs: add --cost-false-{lacking}")
    return MisclassificationCosts(float(false_negative), float(false_positive))


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
