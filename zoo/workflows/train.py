"""train(): one model on all rows, saved with its proof."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from ...datasets import DataLike, Dataset, InputError, ReadOptions, as_dataset, take
from .. import registry
from ..artefact.manifest import read_manifest
from ..artefact.saving import check_writable, save
from ..estimators.fitting import watched
from ..export import prove_saved
from ..inner_splits import fit_respecting
from ..metrics import evaluate, of_task, truth_of
from ..option_types import checked_types
from ..own_entries import ModelLike
from ..own_models import joined, name_models
from ..results.models import FormatResult
from ..results.rows import Labels
from ..results.runs import Event, Pace, PlanEstimate, Progress
from ..results.saved import Trained
from ..runs.estimate import Fits, estimate_fits
from ..runs.fitting import (
    ConfidenceOptions,
    PaceMeter,
    pace_of_search,
    predict,
    training_rows,
    with_confidence,
)
from ..runs.limits import limited, threads_for
from ..runs.plan import chosen_models, known_params, with_weights
from ..runs.store import store_folder
from ..setup import Calibration, Parameters
from ..tuning import Tuned, chosen, watched_search


@checked_types
def train(
    data: DataLike,
    *,
    model: ModelLike = "deep-mlp",
    output: str | os.PathLike[str],
    overwrite: bool = False,
    params: Parameters | None = None,
    weights: str | None = None,
    seed: int = 0,
    calibrate: Calibration | None = None,
    confidence_level: float | None = None,
    cost_false_negative: float | None = None,
    cost_false_positive: float | None = None,
    progress: Progress | None = None,
    **reading: Unpack[ReadOptions],
) -> Trained:
    """Train one model on all rows, and save it.

    Where the data have an official test set, the model is trained on the other rows. The folder gets a proof:
    synthetic rows, the answers of the trained model, and the largest difference from those of the saved one.

    Parameters
    ----------
    data : str, path, DataFrame or Dataset
        Anything that :func:`deepworth.load_dataset` takes.
    model : str, estimator or callable, default="deep-mlp"
        Name of a model, see :func:`deepworth.models`, or a model of your own as :func:`deepworth.compare`
        takes them.
    output : path
        Folder of the saved model.
    overwrite : bool, default=False
        Replace a saved model.
    params : dict of dict, optional
        Parameters by model, ``{"deep-mlp": {"epochs": 50}}``.
    weights : path, optional
        A folder or file with pretrained weights, for a model that takes them.
    seed : int, default=0
        The same seed gives the same model on the same machine.
    calibrate : {"auto", "none", "temperature", "platt", "matrix", "isotonic"}, optional
        Calibrate the probabilities of a classifier, see :class:`deepworth.zoo.Calibrated`.
    confidence_level : float, optional
        Level of prediction sets (classification) or prediction intervals (regression).
    cost_false_negative, cost_false_positive : float, optional
        Costs of the two mistakes of a binary classifier, which move its threshold. Without these options
        and the two before, the model is the one that a comparison measures.
    progress : callable, optional
        Called with an :class:`Event` that says how long it will take, and after every epoch of a network.
    **reading
        How the data is read: the options of :func:`deepworth.load_dataset`.

    Returns
    -------
    Trained
        The folder, the rows, the seconds, and the scores on the official test set where there is one.

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
    (name,), own_model = name_models([model])
    with joined(own_model):
        dataset = as_dataset(data, seed=seed, **reading)
        name = chosen_models(dataset, [name])[0]
        own = with_weights(known_params(params or {}, [name]), [name], weights).get(name, {})
        return _trained(dataset, name, Path(output), overwrite, own, seed, options, progress)


def _trained(
    dataset: Dataset,
    name: str,
    output: Path,
    overwrite: bool,
    own: dict[str, Any],
    seed: int,
    options: ConfidenceOptions,
    progress: Progress | None,
) -> Trained:
    if lacking := registry.missing_requirement(name, own):
        raise InputError(f"{name} {lacking}")
    rows = np.flatnonzero(~dataset.test) if dataset.test is not None else np.arange(len(dataset))
    estimator = registry.create(name, dataset.task, dataset.modality, random_state=seed, **own)
    estimator = with_confidence(estimator, dataset, rows, options)
    if progress is not None:
        calibrate = None if options.method == "none" else options.method
        progress(_expected(dataset, Fits(name, len(rows), params=own, calibrate=calibrate)))
    tell = None if progress is None else partial(_tell, progress, name)
    searches = isinstance(estimator, Tuned)  # then epochs of single candidates say little
    epochs = _epochs(name, estimator, dataset, len(rows), None if searches else progress)
    with watched(epochs), watched_search(pace_of_search(tell)):
        seconds = _fit(estimator, dataset, rows)
    estimator = chosen(estimator)
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
    proof = proved(estimator, folder)
    size = sum(f.stat().st_size for f in folder.iterdir() if f.is_file() and f.name != "proof.json")
    return Trained(str(folder), size, seconds, len(rows), proof, read_manifest(folder))


def _expected(dataset: Dataset, fit: Fits) -> Event:
    """How long the training will take, before it starts."""
    found, _ = estimate_fits(dataset, [fit], store_folder())
    total: PlanEstimate = {"seconds": found.seconds, "low": found.low, "high": found.high, "models": 1}
    return Event("plan", fit.model, total=1, estimate=total)


def _tell(progress: Progress, name: str, pace: Pace) -> None:
    progress(Event("epoch", name, message=f"epoch {pace.epoch}", pace=pace))


def _epochs(
    name: str, estimator: Any, dataset: Dataset, n_rows: int, progress: Progress | None
) -> Callable[[int, int, int, object], None] | None:
    """Tells whoever watches how far the training is."""
    if progress is None:
        return None

    return PaceMeter([n_rows], dataset, estimator, partial(_tell, progress, name)).end_epoch


def proved(estimator: Any, folder: Path) -> FormatResult:
    """The proof of a model that was just saved. One that nobody could open is not left behind."""
    try:
        return prove_saved(estimator, folder)
    except InputError as error:  # layers of the user's own: opening a model executes no code
        shutil.rmtree(folder, ignore_errors=True)
        raise InputError(f"the model was trained but cannot be saved: {error}") from error


def _fit(estimator: Any, dataset: Dataset, rows: np.ndarray) -> float:
    """Fit on these rows; seconds without imports."""
    if hasattr(estimator, "warm_up"):
        estimator.warm_up()
    X, y, facts = training_rows(dataset, rows)
    started = time.perf_counter()
    with limited(threads_for(len(rows))):  # as in a comparison: threads that wait for a core may take minutes
        fit_respecting(estimator, X, y, facts)
    return time.perf_counter() - started


def _test_scores(model: Any, dataset: Dataset) -> dict[str, float | None]:
    """Every metric on the official test part, where there is one."""
    if dataset.test is None:
        return {}
    rows = np.flatnonzero(dataset.test)
    prediction = predict(model, take(dataset.X, rows), dataset)
    truth = truth_of(Labels.of(dataset), rows)
    return {m.name: evaluate(m, truth, prediction) for m in of_task(dataset.task)}
