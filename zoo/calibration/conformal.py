"""Sets and intervals that hold the truth as often as stated (Vovk, Gammerman and Shafer 2005).

The scores come from out-of-fold predictions, the answer from one model that was fitted to all rows: the
cross-validated form of Barber, Candes, Ramdas and Tibshirani (2021, their "CV" without the plus). CV+ would
have to keep and ask every fold's model. Theory promises less for the simple form, so its coverage is
measured: out of fold in every report, and against known truth in the benchmarks.
"""

from __future__ import annotations

import math

import numpy as np

from ...datasets import InputError
from .calibrators import Calibrator

LEVEL = 0.9
ROUNDING = 1e-6  # of a network in single precision; it must not push a class out of its set


def rank(n_rows: int, level: float) -> int:
    """Which of n sorted scores bounds a new one with probability ``level``: ceil((n + 1) level)."""
    return math.ceil((n_rows + 1) * level - 1e-9)


def least_probabilities(probabilities: np.ndarray, codes: np.ndarray, level: float) -> np.ndarray:
    """The probability from which on each class belongs to the set, (n_classes,).

    The score of a row is one minus the probability of its true class (least ambiguous sets: Sadinle, Lei
    and Wasserman 2019), and each class is bounded by its own rows (Vovk 2012), so that the level holds
    for the rare class too: one bound for all would reach it by never missing the frequent ones. A class
    with too few rows for the level takes the bound of all rows; where these are too few, all classes
    belong.
    """
    own = probabilities[np.arange(len(codes)), codes]
    of_all = _bound(own, level)
    bounds = [_bound(own[codes == k], level) for k in range(probabilities.shape[1])]
    return np.array([(of_all or 0.0) if bound is None else bound for bound in bounds])


def _bound(own: np.ndarray, level: float) -> float | None:
    """The probability that a new row of these reaches at the level; None for too few."""
    number = rank(len(own), level)
    return float(np.sort(own)[::-1][number - 1]) if number <= len(own) else None


def prediction_sets(probabilities: np.ndarray, least: np.ndarray) -> np.ndarray:
    """Which classes belong to the set of each row: bool (n_samples, n_classes).

    A set without any class gets the most probable one: a model that is right more often than the level
    asks for would leave sets empty, only to be wrong often enough.
    """
    sets = probabilities >= np.asarray(least) - ROUNDING
    empty = np.flatnonzero(~sets.any(axis=1))
    sets[empty, probabilities[empty].argmax(axis=1)] = True
    return sets


def refer(sets: np.ndarray, said: np.ndarray | None = None) -> np.ndarray:
    """Rows for a human, bool (n_samples,): more than one class is plausible, or another than was ``said``.

    The class said may not be the plausible one: where another is rare, or dear to miss.
    """
    several = sets.sum(axis=1) != 1
    return several if said is None else several | ~sets[np.arange(len(sets)), said]


def half_width(residuals: np.ndarray, level: float) -> float:
    """What to add on both sides of a value; infinite where the rows are too few for the level."""
    sizes = np.sort(np.abs(residuals))
    number = rank(len(sizes), level)
    return float(sizes[number - 1]) if number <= len(sizes) else math.inf


def check_level(level: float) -> float:
    """The confidence level, or an error that says what is one."""
    if not 0 < level < 1:
        raise InputError(f"confidence level must be between 0 and 1, got {level}")
    return float(level)


def sets_out_of_fold(
    method: type[Calibrator], probabilities: np.ndarray, codes: np.ndarray, parts: np.ndarray, level: float
) -> np.ndarray:
    """Every part's sets, calibrator and bounds learned on the other parts: bool (n_samples, n_classes)."""
    sets = np.empty(probabilities.shape, dtype=bool)
    for part in np.unique(parts):
        own = parts == part
        learned = method.fit(probabilities[~own], codes[~own])
        # Bounds are of this calibrator's probabilities, not of cross-fitted ones: where a curve is flat,
        # small differences between curves would move many rows over the bound.
        least = least_probabilities(learned.transform(probabilities[~own]), codes[~own], level)
        sets[own] = prediction_sets(learned.transform(probabilities[own]), least)
    return sets


def widths_out_of_fold(residuals: np.ndarray, parts: np.ndarray, level: float) -> np.ndarray:
    """The half width for every row by the residuals of the other parts, (n_samples,)."""
    found = np.empty(len(residuals))
    for part in np.unique(parts):
        own = parts == part
        found[own] = half_width(residuals[~own], level)
    return found
