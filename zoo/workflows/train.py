"""train(): one model on all rows, saved with its proof."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from ...datasets import DataLike, Dataset, InputError, ReadOptions, as_dataset, take
from .. import registry
from ..artefact.manifest import read_manifest
from ..artefact.saving import check_writable, save
from ..export import prove_saved
from ..metrics import evaluate, of_task, truth_of
from ..results.rows import Labels
from ..results.saved import Trained
from ..runs.fitting import ConfidenceOptions, predict, with_confidence
from ..runs.limits import limited, threads_for
from ..runs.plan import chosen_models, known_params
from ..setup import Calibration, Parameters


def train(
    data: DataLike,
    *,
    model: str = "deep-mlp",
    output: str | os.PathLike[str],
    overwrite: bool = False,
    params: Parameters | None = None,
    seed: int = 0,
    calibrate: Calibration | None = None,
    confidence_level: float | None = None,
    cost_false_negative: float | None = None,
    cost_false_positive: float | None = None,
    **reading: Unpack[ReadOptions],
) -> Trained:
    """Train one model on all rows (on the training part where there is an official test part) and save it.

    The folder gets a proof: synthetic rows, what the trained model answered, and how far the saved model's
    answers are from that.

    Parameters
    ----------
    data : str, path, DataFrame or Dataset
        Whatever :func:`deepworth.load_dataset` takes, with its options as ``**reading``.
    model : str, default="deep-mlp"
        The name of a model, see :func:`deepworth.models`.
    output : path
        The folder of the saved model.
    overwrite : bool, default=False
        Replace a saved model.
    params : dict of dict, optional
        Parameters by model, ``{"deep-mlp": {"epochs": 50}}``.
    seed : int, default=0
        The same seed gives the same model on the same machine.
    calibrate, confidence_level, cost_false_negative, cost_false_positive
        As :class:`deepworth.zoo.Calibrated` takes them; without any of them the model is the one that a
        comparison measures.

    Returns
    -------
    Trained

    Raises
    ------
    InputError
        The data, the model or the folder cannot be used.

    Examples
    --------
    >>> import deepworth, tempfile
    >>> folder = tempfile.mkdtemp() + "/model"
    >>> deepworth.train("iris", model="logistic-regression", output=folder).trained_rows
    150
    """
    options = ConfidenceOptions(calibrate, confidence_level, cost_false_negative, cost_false_positive)
    check_writable(Path(output), overwrite)
    dataset = as_dataset(data, seed=seed, **reading)
    name = _model_for(dataset, model)
    own = known_params(params or {}, [name]).get(name, {})
    rows = np.flatnonzero(~dataset.test) if dataset.test is not None else np.arange(len(dataset))
    estimator = registry.create(name, dataset.task, dataset.modality, random_state=seed, **own)
    estimator = with_confidence(estimator, dataset, rows, options, seed)
    seconds = _fit(estimator, dataset, rows)
    folder = save(
        estimator,
        output,
        dataset=dataset,
        name=name,
        family=registry.family(name),
        scores=_test_scores(estimator, dataset),
        seed=seed,
        overwrite=overwrite,
    )
    proof = prove_saved(estimator, folder)
    size = sum(f.stat().st_size for f in folder.iterdir() if f.name != "proof.json")
    return Trained(str(folder), size, seconds, len(rows), proof, read_manifest(folder))


def _model_for(dataset: Dataset, model: str) -> str:
    (name,) = chosen_models(dataset, [model])
    if lacking := registry.missing_requirement(name):
        raise InputError(f"{name} {lacking}")
    return name


def _fit(estimator: Any, dataset: Dataset, rows: np.ndarray) -> float:
    """Fit on these rows; seconds without imports."""
    if hasattr(estimator, "warm_up"):
        estimator.warm_up()
    started = time.perf_counter()
    with limited(threads_for(len(rows))):  # as in a comparison: threads that wait for a core may take minutes
        estimator.fit(take(dataset.X, rows), dataset.y[rows])
    return time.perf_counter() - started


def _test_scores(model: Any, dataset: Dataset) -> dict[str, float | None]:
    """Every metric on the official test part, where there is one."""
    if dataset.test is None:
        return {}
    rows = np.flatnonzero(dataset.test)
    prediction = predict(model, take(dataset.X, rows), dataset)
    truth = truth_of(Labels.of(dataset), rows)
    return {m.name: evaluate(m, truth, prediction) for m in of_task(dataset.task)}
