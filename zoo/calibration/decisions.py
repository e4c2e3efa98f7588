"""From which probability on it is cheaper to say yes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...datasets import InputError


@dataclass(frozen=True)
class Costs:
    """What a wrong answer costs: a positive case missed, and a false alarm. Any unit."""

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


def costs_of(false_negative: float | None, false_positive: float | None) -> Costs | None:
    """Both costs, none, or an error that asks for the other one."""
    if false_negative is None and false_positive is None:
        return None
    if false_negative is None or false_positive is None:
        lacking = "positive" if false_positive is None else "negative"
        raise InputError(f"one cost alone decides nothing: add --cost-false-{lacking}")
    return Costs(float(false_negative), float(false_positive))


def expected_cost(stated: np.ndarray, hits: np.ndarray, threshold: float, costs: Costs) -> float:
    """Mean cost of a row when "yes" is said from the threshold on."""
    return float(np.mean(row_costs(stated, hits, threshold, costs)))


def row_costs(stated: np.ndarray, hits: np.ndarray, threshold: float, costs: Costs) -> np.ndarray:
    """The cost of each row's answer, (n_samples,)."""
    yes = stated >= threshold
    return costs.false_negative * (hits & ~yes) + costs.false_positive * (~hits & yes)


def cheapest_threshold(stated: np.ndarray, hits: np.ndarray, costs: Costs) -> float:
    """The threshold of least cost on these rows, for probabilities that are not to be trusted as such.

    It lies half-way between two statements. Of equally cheap ones the nearest to the theoretical is taken.
    """
    values, place = np.unique(stated, return_inverse=True)
    missed = np.concatenate([[0.0], np.cumsum(np.bincount(place, weights=hits))]) * costs.false_negative
    alarms = np.bincount(place, weights=~hits)[::-1].cumsum()[::-1]
    total = missed + np.concatenate([alarms, [0.0]]) * costs.false_positive
    never = np.nextafter(1.0, 2.0)  # a stated certainty must not be above it
    between = np.concatenate([[0.0], (values[1:] + values[:-1]) / 2, [never]])
    cheap = between[total <= total.min() + 1e-9]
    return float(cheap[np.argmin(np.abs(cheap - costs.threshold))])
