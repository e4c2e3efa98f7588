"""calibration(): how far the confidence of a run's models can be trusted."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..calibration.conformal import LEVEL, misclassification_costs
from ..judging.calibration import judge_calibration
from ..results.calibration import CalibrationAnswer
from ..runs.store import find_run, load_predictions, need_answer, read_run


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
    """Calibration, thresholds and conformal coverage of a past run; nothing is trained.

    Parameters
    ----------
    run : str
        Its name, an unambiguous start of it, "last", or its folder.
    models : sequence of str
        All of the run by default.
    confidence_level : float, default=0.9
        Of prediction sets and intervals.
    cost_false_negative, cost_false_positive : float, optional
        What a missed positive case and a false alarm cost, for two classes.
    store : path, optional
        Where runs are kept.
    seed : int, default=0
        Of the bootstrap.

    Returns
    -------
    CalibrationAnswer

    Raises
    ------
    InputError
        There is no such run or model, or no predictions were kept.

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
        load_predictions(kept.folder),
        models=models,
        level=confidence_level,
        costs=misclassification_costs(cost_false_negative, cost_false_positive),
        seed=seed,
    )
