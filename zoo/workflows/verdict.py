"""verdict(): judge a past run again from what it kept: another metric, margin or level, and no training."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..judging.judge import judge
from ..metrics import primary
from ..runs.store import find_run, load_results, need_answer, read_run
from ..setup import Criteria
from ._comparison import Comparison


def verdict(
    run: str = "last",
    *,
    metric: str | None = None,
    margin: float | None = None,
    confidence_level: float | None = None,
    models: Sequence[str] | None = None,
    between: tuple[str, str] | None = None,
    budget: Sequence[str] | None = None,
    store: str | os.PathLike[str] | None = None,
) -> Comparison:
    """Judge a past run again from its kept predictions.

    Parameters
    ----------
    run : str, default="last"
        Name of the run, an unambiguous beginning of it, "last" for the newest, or its folder.
    metric : str, optional
        Primary metric; by default that of the run.
    margin : float, optional
        Differences up to this, in units of the metric, do not matter in practice; by default that of the
        run, or of another ``metric``.
    confidence_level : float, optional
        Level of the intervals, and the probability that a verdict needs; by default that of the run.
    models : sequence of str, optional
        Judge these models only.
    between : pair of str, optional
        Two models to compare with each other, whatever their families; see ``answer.between``.
    budget : sequence of str, optional
        Limits such as ``["latency=5ms"]``; ``answer.budget`` names the best model within them.
    store : path, optional
        Folder in which runs are kept; by default ``DEEPWORTH_HOME`` or the user's data folder.

    Returns
    -------
    Comparison
        The answer by the new criteria; nothing is trained, and the kept run stays as it is.

    Raises
    ------
    InputError
        There is no such run, model or metric, or the run kept no predictions.

    Examples
    --------
    >>> import deepworth
    >>> options = {"models": ["constant", "logistic-regression"], "folds": 2, "costs": False}
    >>> run = deepworth.compare("iris", **options).run
    >>> deepworth.verdict(run, metric="accuracy").metric.label
    'accuracy'
    """
    answer = need_answer(read_run(find_run(run, store)))
    chosen = primary(answer.dataset.task, metric or answer.metric.name).name
    if margin is None and chosen == answer.metric.name:  # a margin belongs to its metric
        margin = answer.verdict.margin
    level = answer.verdict.confidence_level if confidence_level is None else confidence_level
    limits = (budget,) if isinstance(budget, str) else tuple(budget or ())
    results = load_results(run, store)
    again = judge(results, Criteria(chosen, margin, level, limits), models=models, between=between)
    return Comparison(again, lambda: results)
