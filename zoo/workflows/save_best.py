"""The winner of a comparison, fitted to all rows and saved with what was measured."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets import Dataset, InputError
from .. import registry
from ..artefact.saving import save
from ..inner_splits import fit_respecting
from ..own_models import joined
from ..results.answer import Answer, LeaderboardRow
from ..results.facts import PlanFacts
from ..results.json import to_json
from ..runs.fitting import ConfidenceOptions, facts_of, with_confidence
from ..runs.limits import limited, threads_for
from ..tuning import chosen
from ._comparison import Comparison
from .train import proved

_NO_COSTS = {
    *("model", "family", "status", "score", "score_low", "score_high", "metrics", "intervals", "reason"),
    *("notes", "jobs_ok", "jobs_planned", "tied_with_best"),
}


def save_best(result: Comparison, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Fit the model with the best score to all rows, and save it with scores, findings, verdict and costs.

    The scores in the manifest are those of the comparison, whose models were fitted to parts of the rows. The
    mean score of the best of several models is a little optimistic; the verdict in the manifest has scores
    that are corrected for model selection.

    Parameters
    ----------
    result : Comparison
        What :func:`deepworth.compare` returned.
    path : path
        A folder that does not exist yet; with ``overwrite`` it may hold a saved model.
    overwrite : bool, default=False
        Replace a saved model.

    Returns
    -------
    Path
        The folder of the saved model.

    Raises
    ------
    InputError
        No model has a score, or the folder cannot be written.

    Examples
    --------
    >>> import deepworth, tempfile
    >>> models = ["constant", "logistic-regression"]
    >>> result = deepworth.compare("iris", models=models, folds=2, costs=False, store=False)
    >>> folder = deepworth.save_best(result, tempfile.mkdtemp() + "/model")
    >>> deepworth.inspect(folder).manifest["model"]
    'logistic-regression'
    """
    answer, data = result.answer, result.dataset
    row = next((r for r in answer.leaderboard if r.score is not None), None)
    if row is None:
        raise InputError("no model has a score, so there is none to save")
    with joined(result.own_models):
        model, seconds = _fitted(row.model, answer, data)
    costs = {k: v for k, v in to_json(row).items() if k not in _NO_COSTS and v is not None}
    folder = save(
        model,
        path,
        dataset=data,
        name=row.model,
        family=row.family,
        scores=row.metrics,
        seed=answer.plan.seed,
        overwrite=overwrite,
        evaluation=_evaluation(answer, row),
        findings=to_json(answer.findings),
        verdict=to_json(answer.verdict),
        costs={**costs, "final_fit_seconds": seconds},
        run=answer.run,
    )
    if not proved(model, folder).holds:
        raise InputError(f"{folder}: the saved model answers otherwise than the trained one, see proof.json")
    return folder


def _fitted(name: str, answer: Answer, data: Dataset) -> tuple[Any, float]:
    """The model fitted to all rows, and the seconds that took."""
    plan, rows = answer.plan, np.arange(len(data))
    params: dict[str, Any] = dict(plan.params.get(name, {}))
    made = registry.create(name, data.task, data.modality, random_state=plan.seed, **params)
    model = with_confidence(made, data, rows, ConfidenceOptions(plan.calibrate))
    if hasattr(model, "warm_up"):
        model.warm_up()
    facts = facts_of(data)
    started = time.perf_counter()
    with limited(threads_for(len(rows))):
        fit_respecting(model, data.X, data.y, facts)
    return chosen(model), time.perf_counter() - started


def _evaluation(answer: Answer, row: LeaderboardRow) -> dict[str, Any]:
    return {
        "by": _in_words(answer.plan),
        "metric": answer.metric.name,
        "confidence_level": answer.verdict.confidence_level,
        "intervals": to_json(row.intervals),
    }


def _in_words(plan: PlanFacts) -> str:
    if plan.official_test:
        return "the rows of the official test part, with models of the training part"
    if plan.in_time_order:
        return f"{plan.folds} later periods, each from the rows before it"
    if plan.holdout:
        return f"{plan.holdout:.0%} of the rows, held out {plan.repeats} times"
    return f"{plan.folds}-fold cross-validation" + (f", {plan.repeats} times" if plan.repeats > 1 else "")
