"""Misclassification costs: from which probability on it costs less to predict the positive class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...datasets import InputError


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
    >>> from deepworth.zoo.calibration.decisions import MisclassificationCosts
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
