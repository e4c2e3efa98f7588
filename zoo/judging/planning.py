"""How many rows settle a verdict between two models, and which gain a number of rows can tell.

With n rows the estimated gain is normal about the true one, with an error that falls with the root of n. A
verdict says "better" where the probability of a gain above the margin reaches that of one end of an interval,
and "equivalent" where that of a gain within the margin reaches the confidence level.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

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
