"""evaluate(): a saved model on labelled rows."""

from __future__ import annotations

import os
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from ...datasets import (
    ColumnReader,
    DataLike,
    Dataset,
    InputError,
    ReadOptions,
    as_dataset,
    load_dataset,
    take,
)
from ..artefact.loading import SavedModel, load
from ..artefact.signature import column_reader, unused_columns
from ..calibration.reliability import (
    bin_numbers,
    error_by_chance,
    estimated_error,
    of_sets,
    statements,
    summarise,
    wilson,
)
from ..metrics import Metric, Truth, bootstrap_weights, of_task, truth_of, weighted_scores
from ..metrics import evaluate as metric_value
from ..option_types import checked_types
from ..results.models import Manifest
from ..results.rows import Labels
from ..results.saved import CalibrationErrorEstimate, ConfidenceReport, Evaluation, ScoreWithInterval, Share
from ..runs.fitting import predict


@checked_types
def evaluate(
    artefact: str | os.PathLike[str],
    data: DataLike,
    *,
    confidence_level: float = 0.95,
    seed: int = 0,
    n_samples: int = 200,
    **reading: Unpack[ReadOptions],
) -> Evaluation:
    """Score a saved model on labelled data, with bootstrap intervals over the rows.

    Parameters
    ----------
    artefact : path
        Folder of a saved model.
    data : str, path, DataFrame or Dataset
        Labelled rows; where they have an official test set, only that is used.
    confidence_level : float, default=0.95
        Level of the intervals.
    seed : int, default=0
        Seed of the bootstrap samples.
    n_samples : int, default=200
        Number of bootstrap samples.
    **reading
        How the data is read: the options of :func:`deepworth.load_dataset`.

    Returns
    -------
    Evaluation
        Every metric of the task with its interval, and calibration or coverage of a model with confidence.

    Raises
    ------
    InputError
        The data do not suit the model.

    Examples
    --------
    >>> import deepworth, tempfile
    >>> folder = tempfile.mkdtemp() + "/model"
    >>> trained = deepworth.train("iris", model="logistic-regression", output=folder)
    >>> deepworth.evaluate(folder, "iris").seen_in_training
    True
    """
    model = load(artefact)
    dataset = labelled_rows(model, data, seed, reading)
    rows = rows_to_judge(dataset)
    truth, prediction = truth_of(Labels.of(dataset), rows), predict(model, take(dataset.X, rows), dataset)
    weights = bootstrap_weights(truth.y, dataset.task != "regression", n_samples, seed)
    manifest = model.manifest
    return Evaluation(
        path=str(artefact),
        model=manifest["model"],
        family=manifest["family"],
        task=manifest["task"],
        modality=manifest["modality"],
        dataset=dataset.name,
        rows=len(rows),
        seen_in_training=seen_in_training(model, dataset),
        confidence_level=confidence_level,
        scores={
            m.name: _with_interval(m, truth, prediction, weights, confidence_level)
            for m in of_task(dataset.task)
        },
        confidence=_confidence(model, truth, prediction, confidence_level),
    )


def _with_interval(
    metric: Metric, truth: Truth, prediction: np.ndarray, weights: np.ndarray, level: float
) -> ScoreWithInterval:
    """A metric and the quantiles of its values over samples of the rows."""
    values = weighted_scores(metric, truth, prediction, weights)
    known = values[~np.isnan(values)]
    tails = [0.5 - level / 2, 0.5 + level / 2]
    low, high = np.quantile(known, tails).tolist() if len(known) else (None, None)
    return ScoreWithInterval(metric.label, metric_value(metric, truth, prediction), low, high)


def _confidence(model: SavedModel, truth: Truth, prediction: np.ndarray, level: float) -> ConfidenceReport:
    """How far the model's confidence held; ``level`` is that of the intervals."""
    known = model.confidence
    if truth.task == "regression":
        if known.half_width is None:
            return ConfidenceReport(known.level)
        widths = known.half_widths(prediction)
        inside = np.abs(truth.y - prediction) <= widths
        return ConfidenceReport(known.level, float(widths.mean()), share_with_interval(inside, level))
    confidence: dict[str, object] = {"calibrator": known.calibrator.method}
    confidence["calibration_error"] = calibration_error(truth, prediction, level)
    if known.least_probabilities is not None:
        sets = known.sets(prediction)
        hits = sets[np.arange(len(truth.y)), truth.y]
        confidence |= {**of_sets(sets, truth.y), "coverage": share_with_interval(hits, level)}
    if known.threshold is not None and known.costs is not None:
        stated, happened = prediction[:, known.positive], truth.y == known.positive
        confidence |= {"threshold": known.threshold, "positive": str(model.classes_[known.positive])}
        confidence["expected_cost"] = known.costs.mean(stated, happened, known.threshold)
        confidence["expected_cost_at_half"] = known.costs.mean(stated, happened, 0.5)
    return ConfidenceReport(known.level, **confidence)  # type: ignore[arg-type]


def calibration_error(truth: Truth, prediction: np.ndarray, level: float) -> CalibrationErrorEstimate:
    """The calibration error with its interval, and what perfect probabilities would show."""
    stated, hits = statements(prediction, truth.y, truth.positive)
    numbers = bin_numbers(stated)
    error = estimated_error(summarise(stated, hits, numbers), level)
    return CalibrationErrorEstimate(error.value, error.low, error.high, error_by_chance(stated, numbers))


def share_with_interval(hits: np.ndarray, level: float) -> Share:
    """A share of rows with Wilson's interval."""
    share = float(hits.mean())
    low, high = wilson(np.array(share), np.array(len(hits)), level)
    return Share(share, float(low), float(high))


def labelled_rows(model: SavedModel, data: DataLike, seed: int, reading: ReadOptions) -> Dataset:
    """The data read as the model's task.

    Raises
    ------
    InputError
        The data are of another modality or task, or have a class that the model does not know.
    """
    manifest = model.manifest
    if isinstance(data, str) and Path(data).is_file() and reading.get("target") is None:
        reading = {**reading, "target": manifest["target"]}
        if manifest["modality"] == "text" and not reading.get("text"):
            reading = {**reading, "text": manifest["inputs"][0]["name"]}
    dataset = _as_trained(model, data, seed, reading)
    source = data if isinstance(data, (str, os.PathLike)) else dataset.name
    if dataset.modality != manifest["modality"]:
        raise InputError(f"{source} is {dataset.modality} data, the model wants {manifest['modality']} data")
    if (dataset.task == "regression") != (manifest["task"] == "regression"):
        raise InputError(f"{source} is a {dataset.task} task, the model was trained for {manifest['task']}")
    dataset = _of_used_columns(dataset, manifest)
    unknown = [c for c in dataset.classes if c not in manifest["classes"]]
    if unknown:
        raise InputError(f"class {unknown[0]!r} is unknown to the model, which knows {manifest['classes']}")
    if dataset.task != "regression":
        dataset.classes = tuple(manifest["classes"])
        dataset.task, dataset.positive = manifest["task"], manifest["dataset"]["positive"]
    return dataset


def _of_used_columns(dataset: Dataset, manifest: Manifest) -> Dataset:
    """Without the columns that the model does not use: nothing that it says hangs on them."""
    X: Any = dataset.X
    inputs = [c["name"] for c in manifest["inputs"]]
    if dataset.modality != "tabular" or not set(inputs) < set(X.columns):
        return dataset
    warnings.warn(unused_columns(manifest, list(X.columns)), stacklevel=4)
    return replace(dataset, X=X[inputs])


def _as_trained(model: SavedModel, data: DataLike, seed: int, reading: ReadOptions) -> Dataset:
    """The data, whose cells are read as those of the training rows where they are a table of raw cells."""
    in_memory = not isinstance(data, (str, os.PathLike, Dataset))
    is_table = in_memory or (isinstance(data, (str, os.PathLike)) and Path(data).is_file())
    manifest = model.manifest
    if not is_table or manifest["modality"] == "image":
        return as_dataset(data, seed=seed, **reading)
    readers = {c["name"]: column_reader(c) for c in manifest["inputs"]}
    if "target_reader" in manifest:
        target = reading.get("target") or manifest["target"]
        readers[target] = ColumnReader.from_dict(manifest["target_reader"])
    dataset = load_dataset(data, seed=seed, readers=readers, **reading)
    for finding in dataset.findings:
        if finding.code in ("DW021", "DW022"):
            warnings.warn(finding.message, stacklevel=4)
    return dataset


def rows_to_judge(dataset: Dataset) -> np.ndarray:
    """Rows of the official test part, or all where there is none."""
    return np.arange(len(dataset)) if dataset.test is None else np.flatnonzero(dataset.test)


def seen_in_training(model: SavedModel, dataset: Dataset) -> bool:
    """Whether the rows are those that the model was trained on."""
    same = dataset.fingerprint() == model.manifest["dataset"]["fingerprint"]
    return same and dataset.test is None
