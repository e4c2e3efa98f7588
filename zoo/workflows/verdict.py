"""verdict(): judge what is predicted already, of a past run or of any models, and train nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Unpack, cast, overload

from ...datasets import InputError, unknown_name
from ..option_types import with_options_signature
from ._verdict_options import PredictionOptions, Predictions, RunOptions, VerdictOptions

if TYPE_CHECKING:  # predictions of any models need nothing that trains
    from ._compared_predictions import ComparedPredictions
    from ._comparison import Comparison


@overload
def verdict(run: str = "last", **options: Unpack[RunOptions]) -> Comparison: ...
@overload
def verdict(*, predictions: Predictions, **options: Unpack[PredictionOptions]) -> ComparedPredictions: ...
@with_options_signature(VerdictOptions)
def verdict(
    run: str = "last", *, predictions: Predictions | None = None, **options: Unpack[VerdictOptions]
) -> Comparison | ComparedPredictions:
    """Judge a past run again from its kept predictions, or judge predictions of any models.

    Predictions are files or tables with a row for each predicted row: the true answer, and probabilities of
    each class (columns ``probability_CLASS``, or named as the classes), a score of the positive class,
    predicted classes, or predicted values. A file holds one model, or a column for each model.

    Parameters
    ----------
    run : str, default="last"
        Name of the run, an unambiguous beginning of it, "last" for the newest, or its folder.
    predictions : list of paths or DataFrames, or mapping of model to path or DataFrame, optional
        Judge these instead of a run: CSV or Parquet files, or tables of pandas, polars or pyarrow.
    metric : str, optional
        Primary metric; by default that of the run, or of the task.
    margin : float, optional
        Differences up to this, in units of the metric, do not matter in practice; by default that of the
        run, or of another ``metric``.
    confidence_level : float, optional
        Level of the intervals, and the probability that a verdict needs; by default that of the run, or 0.95.
    inference : {"rows", "corrected-t"}, optional
        Whether uncertainty is estimated from every tested row, or from one score per fold by the corrected t
        test of Nadeau and Bengio (2003); by default as the run did, or "rows".
    models : sequence of str, optional
        Judge these models only.
    between : pair of str, optional
        Two models to compare with each other, whatever their families; see ``answer.between``. The verdict
        about predictions is about these two, by default about the two best ones.
    target : str, optional
        Column of the true answers, in at least one of the tables; "truth" by default.
    id : str, optional
        Column that names the rows, by which tables are joined; "id" or "row" by default. Without ids, tables
        have the same rows in the same order.
    fold, repeat : str, optional
        Columns with the folds and the repeats of cross-validated predictions; "fold" and "repeat" by default.
    groups : str, optional
        Column whose equal values mark rows that belong together, such as those of one patient.
    time : str, optional
        Column with the time of each row, if neighbours in time may be alike.
    task : {"binary", "multiclass", "classification", "regression"}, optional
        Inferred from the target by default.
    positive : str, optional
        The positive class of a binary task; by default the last one in sorted order.
    gain : float, optional
        The true gain for which the number of rows is planned; by default the observed one.
    budget : sequence of str, optional
        Limits such as ``["latency=5ms"]``; ``answer.budget`` names the best model of the run within them.
    store : path, optional
        Folder in which runs are kept; by default ``DEEPWORTH_HOME`` or the user's data folder.

    Returns
    -------
    Comparison or ComparedPredictions
        The answer by the new criteria; nothing is trained, and the kept run stays as it is.

    Raises
    ------
    InputError
        There is no such run, model or metric, the run kept no predictions, or predictions cannot be used.

    Examples
    --------
    >>> import deepworth
    >>> options = {"models": ["constant", "logistic-regression"], "folds": 2, "costs": False}
    >>> run = deepworth.compare("iris", **options).run
    >>> deepworth.verdict(run, metric="accuracy").metric.label
    'accuracy'

    Predictions of any two models:

    >>> import pandas as pd
    >>> sick = ["no", "yes"] * 50
    >>> good = pd.DataFrame({"sick": sick, "score": [0.2, 0.7] * 50})
    >>> poor = pd.DataFrame({"sick": sick, "score": [0.2, 0.7, 0.6, 0.4] * 25})
    >>> found = deepworth.verdict(predictions={"good": good, "poor": poor}, target="sick", metric="accuracy")
    >>> found.verdict.outcome
    'first'
    """
    _check_names(options)
    if predictions is None:
        _refuse(options, RunOptions, "is for predictions; name their files, or remove it")
        return _of_run(run, cast(RunOptions, options))
    given = {"run": None if run == "last" else run, **options}
    _refuse(given, PredictionOptions, "is for a run; remove it, or remove the predictions")
    from ._compared_predictions import compare_predictions

    return compare_predictions(predictions, cast(PredictionOptions, options))


def _check_names(options: Mapping[str, object]) -> None:
    """Refuse options that there are not."""
    for name in options:
        if name not in VerdictOptions.__annotations__:
            raise unknown_name("option", name, ["run", "predictions", *VerdictOptions.__annotations__])


def _refuse(options: Mapping[str, object], allowed: type, why: str) -> None:
    """Refuse an option of the other kind of verdict; one that is empty is not given."""
    others = (name for name, value in options.items() if value and name not in allowed.__annotations__)
    if (given := next(others, None)) is not None:
        raise InputError(f"{given} {why}")


def _of_run(run: str, asked: RunOptions) -> Comparison:
    from ..judging.judge import judge
    from ..metrics import primary
    from ..runs.store import find_run, load_results, need_answer, read_run
    from ..setup import Criteria
    from ._comparison import Comparison

    answer = need_answer(read_run(find_run(run, asked.get("store"))))
    chosen = primary(answer.dataset.task, asked.get("metric") or answer.metric.name).name
    margin, level, budget = asked.get("margin"), asked.get("confidence_level"), asked.get("budget")
    if margin is None and chosen == answer.metric.name:  # a margin belongs to its metric
        margin = answer.verdict.margin
    level = answer.verdict.confidence_level if level is None else level
    limits = (budget,) if isinstance(budget, str) else tuple(budget or ())
    results = load_results(run, asked.get("store"))
    inference = asked.get("inference") or answer.verdict.inference
    criteria = Criteria(chosen, margin, level, limits, inference)
    again = judge(results, criteria, models=asked.get("models"), between=asked.get("between"))
    return Comparison(again, lambda: results)
