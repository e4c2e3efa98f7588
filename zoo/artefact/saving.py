"""Save a fitted model to a folder, completely or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, cast

import numpy as np

from ...datasets import Dataset, InputError, Modality, Task, as_pandas
from ..results.models import Manifest
from .formats import model_content, uncalibrated
from .inspecting import card, versions
from .manifest import FORMAT, sha256
from .signature import RawRows, known_inputs, signature

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator

MEMORY = "data in memory"  # name of a dataset that was given as arrays
UNLABELLED = "rows without answers"


class Results(TypedDict, total=False):
    """What is known of a model beside its scores, as further fields of the manifest.

    ``evaluation`` says how the scores were measured (``by``, ``metric``, ``confidence_level``,
    ``intervals``), ``findings`` what was found in the data, ``verdict`` what a comparison concluded,
    ``costs`` what the model takes, and ``run`` names the comparison.
    """

    evaluation: dict[str, Any]
    findings: list[dict[str, Any]]
    verdict: dict[str, Any]
    costs: dict[str, Any]
    run: str


def save(
    model: BaseEstimator,
    path: str | os.PathLike[str],
    *,
    dataset: Dataset | None = None,
    X: RawRows | None = None,
    y: ArrayLike | None = None,
    name: str = "",
    family: str = "",
    scores: Mapping[str, float | None] | None = None,
    seed: int | None = None,
    overwrite: bool = False,
    **results: Unpack[Results],
) -> Path:
    """Save a fitted model with everything that it needs to predict raw rows, without pickle.

    Parameters
    ----------
    model : fitted estimator
        A model of deepworth, or any scikit-learn estimator or pipeline that was fitted to raw rows.
    path : path
        A folder that does not exist yet, or a saved model with ``overwrite``.
    dataset : Dataset, optional
        The training data: input columns, classes and fingerprint go into the manifest.
    X, y : rows and targets, optional
        The training data where there is no Dataset. Networks of deepworth know their columns and need
        neither; without them the manifest has no fingerprint of the data.
    name, family : str, default=""
        Name in the catalogue and family ("deep", "pretrained" or "classical"); by default they are taken from
        the model.
    scores : mapping of str to float, optional
        Metrics as measured, by name.
    seed : int, optional
        The random seed of the training.
    overwrite : bool, default=False
        Replace a saved model.
    **results
        Further fields of the manifest: ``evaluation``, ``findings``, ``verdict``, ``costs`` and ``run``.

    Returns
    -------
    Path
        The folder, with ``manifest.json``, ``card.md`` and ``model.keras`` or ``model.skops``.

    Raises
    ------
    InputError
        The folder cannot be written, or the model cannot be saved without pickle. Nothing is left behind.

    Examples
    --------
    >>> import tempfile
    >>> import deepworth
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> folder = deepworth.save(GaussianNB().fit(X, y), tempfile.mkdtemp() + "/iris", X=X, y=y)
    >>> sorted(file.name for file in folder.iterdir())
    ['card.md', 'manifest.json', 'model.skops']
    """
    folder = Path(path)
    check_writable(folder, overwrite)
    draft = None
    try:
        content = model_content(model)
        if content is None:
            raise InputError(
                f"{name or type(model).__name__} cannot be saved without pickle; choose another model"
            )
        data = dataset if dataset is not None else _dataset_in_memory(model, X, y)
        manifest = _describe(model, data, name, family, scores or {}, seed)
        manifest |= _checked_results(dict(results))
        manifest["costs"] = {**manifest.get("costs", {}), "model_bytes": len(content[1])}
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        _write(draft, content, manifest)
        _move(draft, folder)
    except OSError as error:
        raise InputError(f"cannot write {folder}: {error.strerror or error}") from error
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)
    return folder


def check_writable(folder: Path, overwrite: bool) -> None:
    """Refuse to replace anything but a saved model, and a saved model without ``overwrite``.

    Parameters
    ----------
    folder : Path
        Where a model is to be saved.
    overwrite : bool
        Whether a saved model may be replaced.

    Raises
    ------
    InputError
        The folder holds something else, or a saved model that may not be replaced.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from deepworth.zoo.artefact import check_writable
    >>> check_writable(Path(tempfile.mkdtemp()) / "model", overwrite=False)
    """
    if not folder.exists():
        return
    if not (folder / "manifest.json").is_file() and any(folder.iterdir() if folder.is_dir() else [folder]):
        raise InputError(f"{folder} exists and is not a saved model; choose another folder")
    if not overwrite and (folder / "manifest.json").is_file():
        raise InputError(f"{folder} already holds a saved model; choose another folder or add --overwrite")


def _write(draft: Path, content: tuple[str, bytes], manifest: dict[str, Any]) -> None:
    name, data = content
    _write_file(draft / name, data)
    _write_file(draft / "card.md", card(cast("Manifest", manifest)).encode())
    manifest["files"] = {file.name: sha256(file) for file in sorted(draft.iterdir())}
    text = json.dumps(manifest, indent=2, allow_nan=False) + "\n"
    _write_file(draft / "manifest.json", text.encode())
    draft.chmod(0o755)


def _write_file(path: Path, data: bytes) -> None:
    """Flushed to the disk, so that a crash of the machine leaves no empty file."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _move(draft: Path, folder: Path) -> None:
    """Replace the folder by the draft; if that fails, the folder stays as it was."""
    if not folder.exists():
        draft.rename(folder)
        return
    old = draft.with_name(draft.name + "-old")
    folder.rename(old)
    try:
        draft.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _describe(
    model: Any,
    data: Dataset | None,
    name: str,
    family: str,
    scores: Mapping[str, float | None],
    seed: int | None,
) -> dict[str, Any]:
    """The fields of the manifest without files and results; without data, the model knows its columns."""
    confidence = getattr(model, "confidence_", None)
    fitted = uncalibrated(model)
    classes = [str(c) for c in getattr(model, "classes_", [])]
    if len(set(classes)) < len(classes):
        raise InputError("two classes have the same name as text; rename one of them and fit again")
    return {
        "format": FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": name or _name_of(fitted),
        "family": family or _family_of(fitted),
        "params": _plain_params(fitted),
        "task": data.task if data is not None else _task_of(classes),
        "modality": data.modality if data is not None else fitted.modality_,
        "inputs": signature(fitted, data) if data is not None else known_inputs(fitted),
        "target": data.target if data is not None else "target",
        "classes": classes,
        "scores": {k: v if v is None else float(v) for k, v in scores.items()},
        "dataset": _data_facts(data, classes),
        "seed": seed,
        "versions": versions(),
        **({"confidence": confidence} if confidence is not None else {}),
        **_target_reader(data),
    }


def _target_reader(data: Dataset | None) -> dict[str, Any]:
    """How the targets of the training rows were read, where they came from a table."""
    readers = {} if data is None else data.schema.readers()
    return {"target_reader": readers[data.target].to_dict()} if data and data.target in readers else {}


def _checked_results(results: dict[str, Any]) -> dict[str, Any]:
    """Results that are not empty; a TypeError for an unknown one."""
    for unknown in sorted(set(results) - set(Results.__annotations__)):
        raise TypeError(f"save() has no parameter {unknown!r}")
    return {key: value for key, value in results.items() if value}


def _dataset_in_memory(model: Any, X: Any, y: Any) -> Dataset | None:
    """The rows that a model was fitted to as a dataset; None without rows, if the model knows its columns."""
    fitted = uncalibrated(model)
    X = as_pandas(X)
    if X is None:
        if hasattr(fitted, "preprocessor_"):
            return None
        raise InputError(
            f"{type(model).__name__} does not know the columns it was fitted to; save it with X=... "
            f"(a few rows are enough)"
        )
    classes = tuple(str(c) for c in getattr(model, "classes_", ()))
    modality = getattr(fitted, "modality_", None) or _modality_of(X)
    placeholder = np.full(len(X), classes[0]) if classes else np.zeros(len(X))
    target = placeholder if y is None else np.asarray(y)
    dataset = Dataset(MEMORY, X, target, _task_of(list(classes)), modality, classes=classes)
    if y is None:
        dataset.provenance = replace(dataset.provenance, source=UNLABELLED)
    return dataset


def _modality_of(X: Any) -> Modality:
    if hasattr(X, "columns"):
        return "tabular"
    values = np.asarray(X, dtype=object) if not hasattr(X, "dtype") else X
    if getattr(values, "dtype", None) == np.uint8 or (len(X) and getattr(X[0], "ndim", 0) == 3):
        return "image"
    return "text" if np.ndim(values) == 1 else "tabular"


def _task_of(classes: list[str]) -> Task:
    if not classes:
        return "regression"
    return "binary" if len(classes) == 2 else "multiclass"


def _family_of(fitted: Any) -> str:
    entry = getattr(fitted, "_entry", None)
    usual = "deep" if hasattr(fitted, "keras_model") else "classical"
    return usual if entry is None else str(entry.constant("FAMILY", usual))


def _name_of(fitted: Any) -> str:
    entry = getattr(fitted, "_entry", None)
    return entry.name if entry is not None else type(fitted).__name__


def _data_facts(data: Dataset | None, classes: list[str]) -> dict[str, Any]:
    if data is None:
        positive = classes[1] if len(classes) == 2 else None
        return {"name": MEMORY, "rows": None, "fingerprint": None, "positive": positive, "licence": ""}
    labelled = data.provenance.source != UNLABELLED
    return {
        "name": data.name,
        "rows": len(data) if labelled else None,
        "fingerprint": data.fingerprint() if labelled else None,
        "positive": data.positive,
        "licence": data.provenance.licence,
    }


def _plain_params(model: Any) -> dict[str, Any]:
    """Parameters as JSON has them, nested estimators as text."""
    return {name: _plain(name, value) for name, value in model.get_params(deep=False).items()}


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, (str, int, float, bool, type(None))) and value == value:
        return value
    return np.asarray(value).tolist() if isinstance(value, tuple) and name != "steps" else str(value)
