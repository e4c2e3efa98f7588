"""Whether two explanations say the same: rank correlation of importances."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats


def rank_agreement(first: dict[str, Any], second: dict[str, Any]) -> float | None:
    """Spearman's correlation of two results of :func:`permutation_importance` over their common parts.

    1 is the same order, 0 none in common; None with fewer than three parts, or where all are alike.
    """
    one = {p["part"]: p["importance"] for p in first["parts"]}
    other = {p["part"]: p["importance"] for p in second["parts"]}
    names = [name for name in one if name in other]
    a, b = np.array([one[n] for n in names]), np.array([other[n] for n in names])
    if len(names) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(stats.spearmanr(a, b).statistic)
