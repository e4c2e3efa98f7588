"""Two halves of the tested rows, so that what is found on one half is tested on the other."""

from __future__ import annotations

import numpy as np

from ..results.rows import Results


def half_by_fold(results: Results) -> np.ndarray:
    """Which rows are in the first half: those of every other fold of the first repeat, bool (n_rows,).

    Rows of a single test part are divided at random.
    """
    first = min(repeat for repeat, _ in results.test_rows)
    parts = [rows for (repeat, _), rows in sorted(results.test_rows.items()) if repeat == first]
    if len(parts) == 1:
        return random_half(results)
    chosen = np.zeros(len(results.labels.y), dtype=bool)
    for rows in parts[::2]:
        chosen[rows] = True
    return chosen


def random_half(results: Results) -> np.ndarray:
    """The same by chance: whole groups, the earlier ones where time is known, and half of each class."""
    labels = results.labels
    n = len(labels.y)
    tested = np.unique(np.concatenate(list(results.test_rows.values())))
    chosen = np.zeros(n, dtype=bool)
    if results.facts.plan.in_time_order and labels.times is not None:
        chosen[tested] = labels.times[tested] <= np.median(labels.times[tested])
        return chosen
    rng = np.random.default_rng(results.facts.plan.seed)
    if labels.groups is not None:
        units = np.unique(labels.groups[tested])
        chosen[tested] = np.isin(labels.groups[tested], rng.permutation(units)[: len(units) // 2])
        return chosen
    strata = (
        [tested] if labels.task == "regression" else [tested[labels.y[tested] == c] for c in labels.classes]
    )
    for rows in strata:
        chosen[rng.permutation(rows)[: len(rows) // 2]] = True
    return chosen
