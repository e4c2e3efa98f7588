"""The winner of a comparison, fitted to all rows and saved with what was measured."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets import InputError
from .. import registry
from ..artefact.saving import save
from ..export._proof import prove_saved
from ..runs.confidence import Wanted, confident
from ..runs.limits import limited, threads_for
from ._result import Comparison, plain

_NO_COSTS = {
    *("model", "family", "status", "score", "score_low", "score_high", "metrics", "intervals", "reason"),
    *("notes", "jobs_ok", "jobs_planned", "tied_with_best"),
}


def save_best(result: Comparison, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Fit the model with the best score to all rows and save it with scores, findings, verdict and costs.

    The scores in the manifest are those of the comparison, of models fitted to a part of the rows each. Where
    the best is the luckiest of several, its own mean is a little better than it deserves; the verdict in the
    manifest holds the score of a family's best without that luck.

    Parameters
    ----------
    result : Comparison
    path : path
        A folder that does not exist yet, or a saved model with ``overwrite``.

    Raises
    ------
    InputError
        No model was scored, or the folder cannot be written.
    """
    row = next((r for r in result.rows() if r["score"] is not None), None)
    if row is None:
        raise InputError("no model has a score, so there is none to save")
    data, plan, name = result.dataset, result.plan, row["model"]
    rows = np.arange(len(data))
    made = registry.create(
        name, data.task, data.modality, random_state=plan.seed, **plan.params.get(name, {})
    )
    model = confident(made, data, rows, Wanted(plan.calibrate), plan.seed)
    if hasattr(model, "warm_up"):
        model.warm_up()
    started = time.perf_counter()
    with limited(threads_for(len(rows))):
        model.fit(data.X, data.y)
    costs = {key: value for key, value in row.items() if key not in _NO_COSTS and value is not None}
    costs["final_fit_seconds"] = time.perf_counter() - started
    folder = save(
        model,
        path,
        dataset=data,
        name=name,
        family=row["family"],
        scores=row["metrics"],
        seed=plan.seed,
        overwrite=overwrite,
        evaluation=plain(_evaluation(result, row)),
        findings=plain([asdict(f) for f in result.findings]),
        verdict=plain(asdict(result.verdict)),
        costs=plain(costs),
        run=result.run,
    )
    if not prove_saved(model, folder)["holds"]:
        raise InputError(
            f"{folder}: the saved model answers otherwise than the trained one, see its proof.json"
        )
    return folder


def _evaluation(result: Comparison, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "by": _in_words(result),
        "metric": result.metric.name,
        "confidence_level": result.verdict.confidence_level,
        "intervals": row["intervals"],
    }


def _in_words(result: Comparison) -> str:
    plan = result.plan
    if plan.official_test:
        return "the rows of the official test part, with models of the training part"
    if plan.in_time_order:
        return f"{plan.folds} later periods, each from the rows before it"
    if plan.holdout:
        return f"{plan.holdout:.0%} of the rows, held out {plan.repeats} times"
    return f"{plan.folds}-fold cross-validation" + (f", {plan.repeats} times" if plan.repeats > 1 else "")
