"""How many rows decide between models, and how many would settle a verdict.

Scores of classes hang on the rows of the rarer class: where these are few, what is seen varies more than it
seems to.

With n rows the estimated gain is normal about the true one, with an error that falls with the root of n. A
verdict says "better" where the probability of a gain above the margin reaches that of one end of an interval,
and "equivalent" where that of a gain within the margin reaches the confidence level.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from ..metrics import Metric
from ..results.rows import Results

FEWEST_ROWS = 10  # below, scores of pure noise differ too often by more than any margin
MANY_ROWS = 50  # from here on what is seen is taken as it is


@dataclass(frozen=True)
class Support:
    """Rows that decide a difference in a metric, each counted once however often it was tested.

    ``label`` names the rarest class, ``per_fold`` its fewest rows in a fold. ``rows`` may be fractional: it
    is the number of rows of each class that as many equal classes would have.
    """

    rows: float
    label: str
    tested: int
    per_fold: int

    @property
    def enough(self) -> bool:
        """Whether a verdict can be given."""
        return self.rows >= FEWEST_ROWS


def expansion(support: Support | None) -> float:
    """By how much an uncertainty that was seen on a few rows must be spread out; 1 for many.

    A variance of n rows that are drawn again and again is too small by (n - 1) / n, and its tails are those
    of a normal distribution where they should be those of Student's t (Hesterberg 2015, What teachers should
    know about the bootstrap, section 5.2: the expanded percentile interval). Folds share the few rows, as
    bootstrap samples do. Both families can win by chance, so the tails are those of a two-sided test:
    simulated noise then gives a verdict in at most 5 % of all cases.
    """
    if support is None or support.rows >= MANY_ROWS:
        return 1.0
    freedom = max(1.0, support.rows - 1)
    tails = special.stdtrit(freedom, 0.975) / special.ndtri(0.95)
    return float(np.sqrt(support.rows / freedom) * tails)


def support_of(results: Results, metric: Metric) -> Support | None:
    """The rows that decide a difference in a metric; None for regression, where all rows do."""
    labels = results.labels
    parts = list(results.test_rows.values())
    if labels.task == "regression" or not parts:
        return None
    tested = _counts(labels.y[np.unique(np.concatenate(parts))], labels.classes)
    known = np.flatnonzero(tested)
    if not len(known):
        return None
    rarest = known[np.argmin(tested[known])]
    label = labels.classes[rarest]
    per_fold = min(int(np.sum(labels.y[rows] == label)) for rows in parts)
    return Support(_deciding(tested[known], metric), label, int(tested[rarest]), per_fold)


def _counts(y: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    return np.array([np.sum(y == name) for name in classes])


def feels_rare_classes(metric: Metric) -> bool:
    """Whether a few rows of a class can weigh as much as all others; in a mean of bounded values none can."""
    return metric.row_values is None or not np.isfinite(metric.bounds).all()


def _deciding(counts: np.ndarray, metric: Metric) -> float:
    """Rows outside the largest class; of a mean over many classes the harmonic mean of their rows.

    A mean over rows hardly feels a rare class of many, and if no row can weigh much, as in accuracy, all rows
    decide. A mean over classes feels each as much as any other: its variance is the mean of the classes'
    variances, which fall with their rows.
    """
    if not feels_rare_classes(metric):
        return float(counts.sum())
    if len(counts) <= 2 or metric.row_values is not None:
        return float(counts.sum() - counts.max())
    return float(len(counts) / np.sum(1.0 / counts))


POWER = 0.8  # the usual one of planned studies
MOST_ROWS = 10**9


@dataclass(frozen=True)
class Rule:
    """When a verdict is given.

    Parameters
    ----------
    margin : float
        Half the width of practical equivalence.
    level : float
        The confidence level.
    apart : float, default=0.0
        Errors by which the gain must differ from zero besides, where models were selected.
    """

    margin: float
    level: float
    apart: float = 0.0

    def power(self, gain: float, error: float) -> float:
        """The probability of a right verdict if this is the true gain and the error of its estimate."""
        if error <= 0:
            return float(abs(gain) != self.margin)
        size = abs(gain)
        one_sided = float(special.ndtri(0.5 + self.level / 2))
        needed = max(self.margin + one_sided * error, self.apart * error)
        if size > self.margin:
            return float(special.ndtr((size - needed) / error))
        border = self._equivalent_up_to(error)
        if border is None:
            return 0.0
        return float(special.ndtr((border - size) / error) - special.ndtr((-border - size) / error))

    def _equivalent_up_to(self, error: float) -> float | None:
        """The largest estimate that is called equivalent; None where even zero is not."""
        m = self.margin

        def inside(estimate: float) -> float:
            return float(special.ndtr((m - estimate) / error) - special.ndtr((-m - estimate) / error))

        if inside(0.0) < self.level:
            return None
        return _last(lambda estimate: inside(estimate) >= self.level, 0.0, m)


def rows_needed(rule: Rule, gain: float, error: float, rows: int, power: float = POWER) -> int | None:
    """The fewest rows with this power, if ``error`` is that of ``rows``; None where none are enough."""

    def enough(n: float) -> bool:
        return rule.power(gain, error * np.sqrt(rows / n)) >= power

    if error <= 0 or not enough(MOST_ROWS):
        return None
    log_n = _last(lambda x: not enough(np.exp(x)), 0.0, float(np.log(MOST_ROWS)))
    return int(np.ceil(np.exp(log_n)))


def smallest_gain(rule: Rule, error: float, power: float = POWER) -> float | None:
    """The smallest gain above the margin that this error tells with this power."""
    if error <= 0:
        return None
    one_sided = float(special.ndtri(0.5 + rule.level / 2))
    needed = max(rule.margin + one_sided * error, rule.apart * error)
    return needed + float(special.ndtri(power)) * error


def _last(holds: Callable[[float], bool], low: float, high: float) -> float:
    """The end of the stretch from ``low`` on which a condition holds; bisection."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return high
