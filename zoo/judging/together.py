"""Need I choose? The mean of both champions' predictions, which costs nothing once both are trained.

In every fold the champions are those of the other folds, and their mean is compared with the one that is
better on the other folds. All three are models like any other then: their scores are not flattered by having
been chosen, and their difference has the interval of any paired difference (:mod:`.row_level`). A single test
part is halved for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..metrics import Metric
from ..results.differences import Together
from ..results.rows import Result, Results
from .champions import champions_by_fold
from .halves import random_half
from .row_level import RowLevel
from .scores import ModelScores, score_models
from .support import Support, support_of

BOTH, ALONE = "both", "better one"


def together(
    results: Results, models: Sequence[ModelScores], metric: Metric, level: float
) -> Together | None:
    """The mean of both champions against the better one alone.

    Parameters
    ----------
    results : Results
    models : sequence of ModelScores
        The scores of ``results``.
    metric : Metric
        The primary one.
    level : float
        Of the intervals.

    Returns
    -------
    Together or None
        None where a family has no complete model, or too few rows decide.
    """
    support = support_of(results, metric)
    champions = champions_by_fold(models, metric)
    if champions is None or (support is not None and not support.enough):
        return None
    if len(results.test_rows) == 1:
        results = _halved(results)
        models = score_models(results)
        champions = champions_by_fold(models, metric)
        support = support_of(results, metric)
    if champions is None:
        return None
    own = [*_of_fold(models, metric, champions, mean=True), *_of_fold(models, metric, champions, mean=False)]
    return _compared(replace(results, rows=tuple(own)), metric, level, support)


def _of_fold(
    models: Sequence[ModelScores], metric: Metric, champions: dict[str, np.ndarray], *, mean: bool
) -> list[Result]:
    """A row for each fold: the mean of both champions, or the better one alone."""
    families = ("deep", "classical") if mean else ("any",)
    found = []
    for place, row in enumerate(models[0].rows):
        given = [models[champions[family][place]].rows[place].prediction for family in families]
        prediction = np.mean([own for own in given if own is not None], axis=0)
        name = BOTH if mean else ALONE
        found.append(Result(name, "unknown", row.repeat, row.fold, prediction=prediction))
    return found


def _compared(results: Results, metric: Metric, level: float, support: Support | None) -> Together | None:
    inference = RowLevel(results, score_models(results), metric, level, support)
    low, high = inference.interval(0, metric)
    pair = inference.paired(0, 1, margin=0.0)
    scores = [own.mean(metric.name) for own in inference.models]
    if pair is None or low is None or high is None or scores[0] is None or scores[1] is None:
        return None
    p = pair.posterior
    return Together(scores[0], low, high, scores[1], p.mean, p.low, p.high, p.p_above)


def _halved(results: Results) -> Results:
    """The same predictions of one test part as two folds."""
    ((fold, rows),) = results.test_rows.items()
    first = random_half(results)[rows]
    parts = {(fold[0], 0): first, (fold[0], 1): ~first}
    halves = [
        replace(
            row,
            fold=half,
            prediction=None if row.prediction is None else row.prediction[own],
        )
        for row in results.folds
        for (_, half), own in parts.items()
    ]
    test_rows = {key: rows[own] for key, own in parts.items()}
    return replace(results, rows=tuple(halves), test_rows=test_rows)
