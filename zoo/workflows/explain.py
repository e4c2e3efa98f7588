"""Explain a saved model, or the champions of a run, as one plain object."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets import Dataset, InputError, load_dataset, take, unknown_name
from ..artefact.loading import SavedModel, load
from ..explanation import Answers, coefficients, dependence, permutation_importance, surrogates
from ._answer import Explanation
from ._labelled import labelled_rows, rows_to_judge, seen_in_training
from ._result import plain

METHODS = ("importance", "dependence", "coefficients", "surrogate", "gradients", "units", "probes")
USUAL = ("importance", "dependence", "coefficients", "surrogate", "gradients")
_ROWS = 500  # whose gradients are averaged
_BACKGROUND = 5000  # whose mean is the baseline


def explain(
    path: str,
    data: Any = None,
    *,
    methods: Sequence[str] = (),
    row: int | None = None,
    trace: bool = False,
    seed: int = 0,
    **load_options: Any,
) -> dict[str, Any]:
    """What a saved model answers by, on labelled rows.

    Parameters
    ----------
    path : str
        Folder of a saved model.
    data : str or DataFrame, optional
        Labelled rows, best ones that the model was not trained on; by default the named dataset that it was
        trained on.
    methods : sequence of str
        Of "importance", "dependence", "coefficients", "surrogate", "gradients" (networks), "units" and
        "probes" (networks), or "all"; the first five by default, and for one row "gradients" alone.
    row : int, optional
        Explain the answer for this row of the data, counted from 0.
    trace : bool
        Show every number of the forward pass of a plain network (of row 0 by default).

    Returns
    -------
    dict
        ``model``, ``family``, ``task``, ``modality``, ``dataset``, ``rows``, ``seen_in_training``, and a key
        for each method that this model has: ``importance`` as
        :func:`~deepworth.zoo.explanation.permutation_importance` gives it, ``dependence``, ``coefficients``,
        ``surrogate``, ``gradients`` (``parts`` by mean absolute attribution, ``rows`` with the attributions
        of the chosen rows, ``completeness_error``), ``units``, ``probes`` and ``trace``.

    Raises
    ------
    InputError
        The data do not suit the model, it has none of these methods, or there is no such row.
    """
    wanted = _chosen(methods, row, trace)
    model = load(path)
    dataset = _data_of(model, data, seed, load_options)
    own = dataset.take(rows_to_judge(dataset))
    if row is not None and not 0 <= row < len(own):
        raise InputError(f"row {row} is not there: {dataset.name} has rows 0 to {len(own) - 1}")
    names = ("model", "family", "task", "modality")
    answer: dict[str, Any] = {
        "path": str(path),
        **{k: model.manifest[k] for k in names},
        "classes": list(own.classes),
        "dataset": dataset.name,
        "rows": len(own),
        "row": row,
        "seen_in_training": seen_in_training(model, dataset),
    }
    for name in wanted:
        found = _METHODS[name](model, own, row, seed)
        if found is not None:
            answer[name] = found
    if trace:
        answer["trace"] = _trace(model, own, row or 0)
    if not set(answer) & {*METHODS, "trace"}:
        why = "; single answers are explained of networks only" if row is not None else ""
        raise InputError(
            f"{answer['model']} has no {', '.join(wanted)}{why}: "
            "leave out --row and --method to see what it has"
        )
    return Explanation(plain(answer))


def _chosen(methods: Sequence[str], row: int | None, trace: bool) -> tuple[str, ...]:
    for name in methods:
        if name not in (*METHODS, "all"):
            raise unknown_name("method", name, [*METHODS, "all"])
    if "all" in methods:
        return METHODS
    if methods:
        return tuple(name for name in METHODS if name in methods)
    return () if trace else ("gradients",) if row is not None else USUAL


def _data_of(model: SavedModel, data: Any, seed: int, options: dict[str, Any]) -> Dataset:
    """The labelled rows, or the named dataset that the model learned from."""
    if data is not None:
        return labelled_rows(model, data, seed, options)
    kept = model.manifest["dataset"]
    try:
        return load_dataset(kept["name"], seed=seed, **options)
    except InputError as error:
        raise InputError(
            f"which rows? {kept['name']!r} is no named dataset: deepworth explain ARTEFACT DATA"
        ) from error


def _importance(model: Any, data: Dataset, row: int | None, seed: int) -> dict[str, Any]:
    return permutation_importance(model, data.X, data.y, data.modality, data.classes, seed=seed)


def _dependence(model: Any, data: Dataset, row: int | None, seed: int) -> list[dict[str, Any]] | None:
    if data.modality != "tabular":
        return None
    return dependence(model, data.X, data.classes, positive=data.positive, seed=seed)


def _coefficients(model: Any, data: Dataset, row: int | None, seed: int) -> list[dict[str, Any]] | None:
    return None if hasattr(model, "keras_model") else coefficients(model, data.classes)


def _surrogate(model: Any, data: Dataset, row: int | None, seed: int) -> dict[str, Any]:
    """Of a single model the rows are dealt out in folds: only the surrogate has to be held to new rows."""
    if data.task == "regression":
        said = np.asarray(model.predict(data.X), dtype=np.float64)
    else:
        shares = np.asarray(model.predict_proba(data.X), dtype=np.float64)
        said = shares[:, [list(map(str, model.classes_)).index(c) for c in data.classes]]
    rows = np.arange(len(data))
    answers = {"model": Answers(rows, said, np.zeros(len(rows), dtype=int))}
    return surrogates(data.X, data.modality, data.classes, answers, seed=seed)["model"]


def _gradients(model: Any, data: Dataset, row: int | None, seed: int) -> dict[str, Any] | None:
    if not hasattr(model, "keras_model"):
        return None
    from ..explanation import attributed

    rows = np.arange(len(data)) if row is None else np.array([row])
    most = _ROWS if data.modality == "tabular" else 20
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    usual = data.X.iloc[:_BACKGROUND] if data.modality == "tabular" else None
    return attributed(model, take(data.X, rows), rows, shown=row is not None, background=usual)


def _units(model: Any, data: Dataset, row: int | None, seed: int) -> list[dict[str, Any]] | None:
    if not hasattr(model, "keras_model"):
        return None
    from ..explanation import open_network, unit_roles

    return unit_roles(open_network(model), data.X, data.y, seed=seed)


def _probes(model: Any, data: Dataset, row: int | None, seed: int) -> list[dict[str, Any]] | None:
    if not hasattr(model, "keras_model"):
        return None
    from ..explanation import open_network, probes

    return probes(open_network(model), data.X, data.y, seed=seed)


def _trace(model: Any, data: Dataset, row: int) -> dict[str, Any]:
    if not hasattr(model, "keras_model"):
        raise InputError(
            f"{model.manifest['model']} is no network, and only networks can be traced: "
            "deepworth train DATA -m perceptron -o net, then deepworth explain net DATA --row N --trace"
        )
    from ..explanation import open_network, trace

    return {"row": row, "truth": data.y[row], **trace(open_network(model), take(data.X, [row]))}


_METHODS: dict[str, Any] = {
    "importance": _importance,
    "dependence": _dependence,
    "coefficients": _coefficients,
    "surrogate": _surrogate,
    "gradients": _gradients,
    "units": _units,
    "probes": _probes,
}


def is_artefact(what: str | os.PathLike[str]) -> bool:
    """Whether this is the folder of a saved model, and not the name of a run."""
    folder = Path(what)
    if not folder.is_dir():  # a path that is not there is told as a path
        return os.sep in os.fspath(what)
    return not (folder / "run.sqlite").is_file()
