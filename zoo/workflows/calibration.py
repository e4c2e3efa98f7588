"""calibration(): how far the confidence of a run's models can be trusted."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..calibration.conformal import LEVEL, misclassification_costs
from ..judging.calibration import judge_calibration
from ..results.saved import CalibrationAnswer
from ..runs.store import find_run, load_results, need_answer, read_run


def calibration(
    run: str | os.PathLike[str] = "last",
    *,
    models: Sequence[str] = (),
    confidence_level: float = LEVEL,
    cost_false_negative: float | None = None,
    cost_false_positive: float | None = None,
    store: str | os.PathLike[str] | None = None,
    seed: int = 0,
) -> CalibrationAnswer:
    """Judge calibration, thresholds and conformal coverage of a past run, without training.

    Parameters
    ----------
    run : str, default="last"
        Name of the run, an unambiguous beginning of it, "last" for the newest, or its folder.
    models : sequence of str, default=()
        Names of models; by default all of the run.
    confidence_level : float, default=0.9
        Level of prediction sets and prediction intervals.
    cost_false_negative, cost_false_positive : float, optional
        Costs of the two mistakes of a binary classifier, for which thresholds are chosen.
    store : path, optional
        Folder in which runs are kept; by default ``DEEPWORTH_HOME`` or the user's data folder.
    seed : int, default=0
        Seed of the bootstrap.

    Returns
    -------
    CalibrationAnswer
        Calibration error, scores, reliability and coverage of each model.

    Raises
    ------
    InputError
        There is no such run or model, or the run kept no predictions.

    Examples
    --------
    >>> import deepworth
    >>> options = {"models": ["constant", "logistic-regression"], "folds": 2, "costs": False}
    >>> run = deepworth.compare("iris", **options).run
    >>> deepworth.calibration(run).models[0].model
    'logistic-regression'
    """
    kept = read_run(find_run(os.fspath(run), store))
    answer = need_answer(kept)
    return judge_calibration(
        answer,
        load_results(kept.folder).predictions(),
        models=models,
        level=confidence_level,
        costs=misclassification_costs(cost_false_negative, cost_false_positive),
        seed=seed,
    )
