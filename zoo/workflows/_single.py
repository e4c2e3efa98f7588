"""One model alone: train and save it, score it, ask it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...datasets import Dataset, InputError, load_dataset, take
from .. import registry
from ..artefact.loading import SavedModel, load
from ..artefact.manifest import read_manifest
from ..artefact.predicting import predict_parts
from ..artefact.saving import check_writable, save
from ..export._proof import prove_saved
from ..judging.scores import truth_of
from ..metrics import Metric, Truth, bootstrap_weights, of_task, weighted_scores
from ..metrics import evaluate as score
from ..runs.confidence import Wanted, confident, measured
from ..runs.fitting import predict as checked
from ..runs.limits import limited, threads_for
from ..runs.plan import chosen_models, known_params


def train(
    data: Any,
    *,
    model: str = "deep-mlp",
    output: str,
    overwrite: bool = False,
    params: dict[str, dict[str, Any]] | None = None,
    seed: int = 0,
    calibrate: str | None = None,
    confidence_level: float | None = None,
    cost_false_negative: float | None = None,
    cost_false_positive: float | None = None,
    **load_options: Any,
) -> dict[str, Any]:
    """Train one model on all rows (on the training part where there is an official test part) and save it.

    The folder gets a proof: made rows, what the trained model answered, and how far the saved one is from it.

    ``calibrate``, ``confidence_level`` and the costs are those of :class:`deepworth.zoo.Calibrated`. Without
    any of them the model is the one that a comparison measured, fitted once.
    """
    wanted = Wanted(calibrate, confidence_level, cost_false_negative, cost_false_positive)
    check_writable(Path(output), overwrite)
    dataset = load_dataset(data, seed=seed, **load_options)
    name = chosen_models(dataset, [model])[0]
    if lacking := registry.missing_requirement(name):
        raise InputError(f"{name} {lacking}")
    own = known_params(params or {}, [name]).get(name, {})
    rows = np.flatnonzero(~dataset.test) if dataset.test is not None else np.arange(len(dataset))
    estimator = registry.create(name, dataset.task, dataset.modality, random_state=seed, **own)
    estimator = confident(estimator, dataset, rows, wanted, seed)
    if hasattr(estimator, "warm_up"):
        estimator.warm_up()
    started = time.perf_counter()
    with limited(threads_for(len(rows))):  # as in a comparison: threads that wait for a core may take minutes
        estimator.fit(take(dataset.X, rows), dataset.y[rows])
    seconds = time.perf_counter() - started
    scores = _test_scores(estimator, dataset) if dataset.test is not None else {}
    family = registry.family(name)
    folder = save(
        estimator,
        output,
        dataset=dataset,
        name=name,
        family=family,
        scores=scores,
        seed=seed,
        overwrite=overwrite,
    )
    summary = {**_summary(folder), "fit_seconds": seconds, "trained_rows": len(rows)}
    return {**summary, "proof": prove_saved(estimator, folder)}


def _summary(folder: Path) -> dict[str, Any]:
    manifest = read_manifest(folder)
    size = sum(f.stat().st_size for f in folder.iterdir())
    return {"path": str(folder), "size_bytes": size, **{k: v for k, v in manifest.items() if k != "files"}}


def _test_scores(model: Any, dataset: Dataset) -> dict[str, float | None]:
    assert dataset.test is not None
    rows = np.flatnonzero(dataset.test)
    prediction = checked(model, take(dataset.X, rows), dataset)
    truth = truth_of(dataset, rows)
    return {m.name: score(m, truth, prediction) for m in of_task(dataset.task)}


def evaluate(
    path: str,
    data: Any,
    *,
    confidence_level: float = 0.95,
    seed: int = 0,
    n_samples: int = 200,
    **load_options: Any,
) -> dict[str, Any]:
    """Metrics of a saved model on labelled data, with bootstrap intervals over its rows."""
    model = load(path)
    dataset = _labelled(model, data, seed, load_options)
    rows = rows_to_judge(dataset)
    truth, prediction = truth_of(dataset, rows), checked(model, take(dataset.X, rows), dataset)
    weights = bootstrap_weights(truth.y, dataset.task != "regression", n_samples, seed)
    names = ("model", "family", "task", "modality")
    return {
        "path": str(path),
        **{k: model.manifest[k] for k in names},
        "dataset": dataset.name,
        "rows": len(rows),
        "seen_in_training": dataset.fingerprint() == model.manifest["dataset"]["fingerprint"]
        and dataset.test is None,
        "confidence_level": confidence_level,
        "scores": {
            m.name: _with_interval(m, truth, prediction, weights, confidence_level)
            for m in of_task(dataset.task)
        },
        "confidence": measured(model, truth, prediction, confidence_level),
    }


def rows_to_judge(dataset: Dataset) -> np.ndarray:
    """Rows of the official test part, or all where there is none."""
    return np.arange(len(dataset)) if dataset.test is None else np.flatnonzero(dataset.test)


def _with_interval(
    metric: Metric, truth: Truth, prediction: np.ndarray, weights: np.ndarray, level: float
) -> dict[str, Any]:
    """A metric and the quantiles of its values over samples of the rows; None where no sample has a value."""
    values = weighted_scores(metric, truth, prediction, weights)
    known = values[~np.isnan(values)]
    tails = [0.5 - level / 2, 0.5 + level / 2]
    low, high = np.quantile(known, tails).tolist() if len(known) else (None, None)
    return {"label": metric.label, "value": score(metric, truth, prediction), "low": low, "high": high}


def _labelled(model: SavedModel, data: Any, seed: int, options: dict[str, Any]) -> Dataset:
    """The data as the model's task; its classes must be ones that the model knows."""
    manifest = model.manifest
    if isinstance(data, str) and Path(data).is_file() and options.get("target") is None:
        options = {**options, "target": manifest["target"]}
        if manifest["modality"] == "text" and not options.get("text"):
            options["text"] = manifest["inputs"][0]["name"]
    dataset = load_dataset(data, seed=seed, **options)
    if dataset.modality != manifest["modality"]:
        raise InputError(f"{data} is {dataset.modality} data, the model wants {manifest['modality']} data")
    if (dataset.task == "regression") != (manifest["task"] == "regression"):
        raise InputError(f"{data} is a {dataset.task} task, the model was trained for {manifest['task']}")
    unknown = [c for c in dataset.classes if c not in manifest["classes"]]
    if unknown:
        raise InputError(f"class {unknown[0]!r} is unknown to the model, which knows {manifest['classes']}")
    if dataset.task != "regression":
        dataset.classes = tuple(manifest["classes"])
        dataset.task, dataset.positive = manifest["task"], manifest["dataset"]["positive"]
    return dataset


def predict(path: str, data: Sequence[str]) -> pd.DataFrame:
    """Answers for raw rows: prediction, confidence, and one probability a class.

    A model that was trained with a confidence level adds ``prediction_set`` and ``refer`` (not only the
    predicted class is plausible), or ``low`` and ``high``.
    """
    parts = [pd.DataFrame(part) for part in predict_parts(load(path), data, warnings.warn)]
    return pd.concat(parts, ignore_index=True)
