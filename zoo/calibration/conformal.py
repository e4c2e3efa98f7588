"""Conformal prediction sets and intervals, which hold the truth at a stated level.

The method is that of Vovk, Gammerman and Shafer (2005). The scores come from out-of-fold predictions, the
prediction from one model that was fitted to all rows: the cross-validated form of Barber, Candes, Ramdas and
Tibshirani (2021, their "CV" without the plus). CV+ would have to keep every fold's model. Theory promises
less for the simple form, so its coverage is measured: out of fold in every report, and against known truth in
the benchmarks.
"""

from __future__ import annotations

import math

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


def widths_out_of_fold(residuals: np.ndarray, folds: np.ndarray, level: float) -> np.ndarray:
    """The half width for every row by the residuals of the other folds, (n_samples,)."""
    widths = np.empty(len(residuals))
    for fold in np.unique(folds):
        inside = folds == fold
        widths[inside] = half_width(residuals[~inside], level)
    return widths
