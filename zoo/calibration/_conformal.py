"""Sets and intervals that hold the truth as often as stated (Vovk, Gammerman and Shafer 2005).

The scores come from out-of-fold predictions, the answer from one model that was fitted to all rows: the
cross-validated form of Barber, Candes, Ramdas and Tibshirani (2021, their "CV" without the plus). CV+ would
have to keep and ask every fold's model. Theory promises less for the simple form, so its coverage is
measured: out of fold in every report, and against known truth in the benchmarks.
"""

from __future__ import annotations

import math

import numpy as np

from ...datasets._errors import InputError

LEVEL = 0.9
_ROUNDING = 1e-6  # of a network in single precision; it must not push a class out of its set


def rank(n_rows: int, level: float) -> int:
    """Which of n sorted scores bounds a new one with probability ``level``: ceil((n + 1) level)."""
    return math.ceil((n_rows + 1) * level - 1e-9)


def least_probability(probabilities: np.ndarray, codes: np.ndarray, level: float) -> float:
    """The probability from which on a class belongs to the set.

    The score of a row is one minus the probability of its true class (least ambiguous sets: Sadinle, Lei
    and Wasserman 2019): of all sets with that coverage the smallest on average. 0 where the rows are too
    few for the level, so that every class belongs.
    """
    own = np.sort(probabilities[np.arange(len(codes)), codes])[::-1]
    number = rank(len(own), level)
    return float(own[number - 1]) if number <= len(own) else 0.0


def prediction_sets(probabilities: np.ndarray, least: float) -> np.ndarray:
    """Which classes belong to the set of each row: bool (n_samples, n_classes)."""
    return probabilities >= least - _ROUNDING


def refer(sets: np.ndarray) -> np.ndarray:
    """Rows for a human: more than one class is plausible, or none. Bool (n_samples,)."""
    return sets.sum(axis=1) != 1


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
    probabilities: np.ndarray, codes: np.ndarray, parts: np.ndarray, level: float
) -> np.ndarray:
    """Every part's sets by the scores of the other parts: bool (n_samples, n_classes)."""
    sets = np.empty(probabilities.shape, dtype=bool)
    for part in np.unique(parts):
        own = parts == part
        least = least_probability(probabilities[~own], codes[~own], level)
        sets[own] = prediction_sets(probabilities[own], least)
    return sets


def widths_out_of_fold(residuals: np.ndarray, parts: np.ndarray, level: float) -> np.ndarray:
    """The half width for every row by the residuals of the other parts, (n_samples,)."""
    found = np.empty(len(residuals))
    for part in np.unique(parts):
        own = parts == part
        found[own] = half_width(residuals[~own], level)
    return found
