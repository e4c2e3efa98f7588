"""Explain the champions of a run: importance on held-out rows, and whether explanations agree."""

from __future__ import annotations

import json
import os
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets import Dataset, InputError, take
from .. import registry
from ..explanation import coefficients, dependence, permutation_importance, rank_agreement
from ..runs.confidence import Wanted, confident
from ..runs.limits import limited, make_limits, threads_for
from ..runs.store import EXPLANATIONS, find_run, read_run
from ._answer import Explanation
from ._readability import FIDELITY
from ._result import plain
from .resume import same_data, same_plan

SEEDS = 3
EXAMPLES = 3  # pictures or texts whose attributions are shown
_ROWS = 300  # whose gradients are averaged


def explain_run(
    run: str,
    *,
    data: Any = None,
    seeds: int = SEEDS,
    store: str | os.PathLike[str] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Train the champions of both families on the first fold, with several seeds, and explain them.

    Parameters
    ----------
    run : str
        Its name, an unmistakable start of it, "last", or its folder.
    data : DataFrame or Dataset, optional
        Needed where the run was given its data in memory.
    seeds : int
        Trainings of each champion, whose explanations are compared.

    Returns
    -------
    dict
        ``run``, ``dataset``, ``metric``, ``rows_trained``, ``rows_held_out``; ``leaderboard`` (``model``,
        ``family``, ``score``, ``fidelity``, ``fidelity_tree``, ``fidelity_linear``); ``models``, one object
        a champion: ``model``, ``family``, ``importance`` (of the first seed), ``dependence``,
        ``coefficients``, ``gradients``, ``units``, ``probes``,
        ``examples`` (attributions of three pictures or texts, as in :func:`explain`),
        ``training`` (of networks, see :func:`training`), and
        ``agreement_between_seeds`` (mean rank correlation of
        importances over pairs of seeds); ``agreement_between_families`` (mean over all pairs of the two
        champions' trainings) and ``same_most_important`` (whether both families name the same part first).
        Kept in the run's folder as ``explanations.json``, so that :func:`load_run` gives it with the run.

    Raises
    ------
    InputError
        There is no such run, or its data are not there any more.
    """
    folder = find_run(run, store)
    row = read_run(folder / "run.sqlite")
    result = row["result"]
    if result is None or row.get("configuration") is None:
        raise InputError(f"run {row['id']} did not end, or its parameters were not kept; start a new one")
    dataset = same_data(row, data)
    limits = make_limits(0, row["plan"]["threads"], None, None)
    plan = same_plan(row, dataset, limits)
    split = next(job.split for job in plan.jobs if job.split.repeat == 0 and job.split.fold == 0)
    champions = [result["verdict"][f"{f}_champion"] for f in ("deep", "classical")]
    names = [name for name in champions if name is not None]
    if not names:
        raise InputError(f"run {row['id']} has no champion to explain: no model has all of its scores")
    found = [_explained(name, dataset, split, plan, range(seed, seed + seeds)) for name in names]
    trainings = [one.pop("importances") for one in found]
    answer = plain(
        {
            "run": row["id"],
            "dataset": {k: result["dataset"][k] for k in ("name", "rows", "task", "modality", "classes")},
            "metric": result["metric"],
            "rows_trained": len(split.train),
            "rows_held_out": len(split.test),
            "seeds": seeds,
            "leaderboard": [_measured(r) for r in result["leaderboard"]],
            "models": found,
            "agreement_between_families": _between(*trainings) if len(trainings) == 2 else None,
            "same_most_important": _same_first(trainings),
        }
    )
    _keep(folder, answer)
    return Explanation(answer)


def _explained(name: str, dataset: Dataset, split: Any, plan: Any, seeds: range) -> dict[str, Any]:
    X, y = take(dataset.X, split.test), dataset.y[split.test]
    classes = dataset.classes
    importances, first = [], None
    for seed in seeds:
        model = _fitted(name, dataset, split.train, plan, seed)
        importances.append(permutation_importance(model, X, y, dataset.modality, classes, seed=seeds[0]))
        first = model if first is None else first
    tabular = dataset.modality == "tabular"
    return {
        "model": name,
        "family": registry.family(name),
        "importance": importances[0],
        "dependence": dependence(first, X, classes, positive=dataset.positive) if tabular else None,
        "coefficients": None if hasattr(first, "keras_model") else coefficients(first, classes),
        "gradients": _gradients(first, X, dataset.modality),
        **_inside(first, X, y),
        "examples": _examples(first, X, dataset.modality),
        "training": training(first),
        "agreement_between_seeds": _mean([rank_agreement(a, b) for a, b in combinations(importances, 2)]),
        "importances": importances,
    }


def _fitted(name: str, dataset: Dataset, rows: np.ndarray, plan: Any, seed: int) -> Any:
    own = plan.params.get(name, {})
    model = registry.create(name, dataset.task, dataset.modality, random_state=seed, **own)
    if plan.calibrate is not None:
        model = confident(model, dataset, rows, Wanted(plan.calibrate), seed)
    with limited(threads_for(len(rows))):
        return model.fit(take(dataset.X, rows), dataset.y[rows])


def training(model: Any) -> dict[str, Any] | None:
    """The loss of a fitted network and its parts by epoch; None for models without epochs.

    Returns
    -------
    dict
        ``loss`` (of the training rows, with dropout) and ``val_loss`` (of the rows that watch) by epoch,
        ``best_epoch`` (from 0), and ``regularisation``: ``weight_decay`` and ``half_squared_norm`` of the
        kept matrices. The decay is decoupled (AdamW, Loshchilov and Hutter 2019): it shrinks the weights
        beside the gradient and is no summand of the loss.
    """
    network = getattr(model, "estimator_", model)
    if not hasattr(network, "history_"):
        return None
    matrices = [w.numpy() for w in network.model_.trainable_variables if len(w.shape) > 1]
    return {
        **network.history_,
        "best_epoch": network.best_epoch_,
        "regularisation": {
            "weight_decay": network.weight_decay,
            "half_squared_norm": float(sum(np.sum(m.astype(np.float64) ** 2) for m in matrices) / 2),
        },
    }


def _gradients(model: Any, X: Any, modality: str) -> dict[str, Any] | None:
    if not hasattr(model, "keras_model"):
        return None
    from ..explanation import attributed

    rows = np.arange(min(len(X), _ROWS if modality == "tabular" else 20))
    usual = X if modality == "tabular" else None
    return attributed(model, take(X, rows), rows, shown=False, background=usual)


def _examples(model: Any, X: Any, modality: str) -> list[dict[str, Any]] | None:
    """Attributions of a few pictures or texts: which pixels, which words."""
    if modality == "tabular" or not hasattr(model, "keras_model"):
        return None
    from ..explanation import attributed

    rows = np.arange(min(len(X), EXAMPLES))
    return list(attributed(model, take(X, rows), rows, shown=True)["rows"])


def _inside(model: Any, X: Any, y: np.ndarray) -> dict[str, Any]:
    """Single units, and what can be read from each layer, of a network."""
    if not hasattr(model, "keras_model"):
        return {"units": None, "probes": None}
    from ..explanation import open_network, probes, unit_roles

    network = open_network(model)
    return {"units": unit_roles(network, X, y), "probes": probes(network, X, y)}


def _between(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> float | None:
    return _mean([rank_agreement(a, b) for a in first for b in second])


def _mean(values: list[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None


def _same_first(trainings: list[list[dict[str, Any]]]) -> bool | None:
    first = {one[0]["parts"][0]["part"] for one in trainings if one[0]["parts"]}
    return len(first) == 1 if len(trainings) == 2 and first else None


def _measured(row: dict[str, Any]) -> dict[str, Any]:
    return {k: row.get(k) for k in ("model", "family", "score", *FIDELITY)}


def _keep(folder: Path, answer: dict[str, Any]) -> None:
    """Whole or not at all; a run that cannot be written to is explained all the same."""
    draft = folder / f".{EXPLANATIONS}.part"
    try:
        draft.write_text(json.dumps(answer, allow_nan=False) + "\n", encoding="utf-8")
        draft.replace(folder / EXPLANATIONS)
    except OSError:
        draft.unlink(missing_ok=True)
