"""Write a fitted model to a folder, whole or not at all.

The manifest of a fitted model: what it is, what it reads and answers, what it learned from.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets import Dataset, InputError, Task
from .card import card
from .formats import inner, model_content
from .inputs import known_inputs, signature
from .manifest import FORMAT, sha256
from .versions import versions


def save(
    model: Any,
    path: str | os.PathLike[str],
    *,
    dataset: Dataset | None = None,
    X: Any = None,
    y: Any = None,
    name: str = "",
    family: str = "",
    scores: dict[str, Any] | None = None,
    seed: int | None = None,
    overwrite: bool = False,
    **about: Any,
) -> Path:
    """Save a fitted model with what it needs to answer raw rows.

    Parameters
    ----------
    model : fitted estimator of the zoo
    path : path
        A folder that does not exist yet (or a saved model, with ``overwrite``).
    dataset : Dataset, optional
        What it was trained on: input columns, classes and fingerprint go into the manifest.
    X, y : rows and targets, optional
        The same where there is no Dataset. Networks know their columns and need neither; without them the
        manifest has no fingerprint of the data.
    name, family : str
        The registered name and family.
    scores : dict, optional
        Metrics as measured.
    about : evaluation, findings, verdict, costs, run
        Further fields of the manifest: how ``scores`` were measured, with their intervals, what is odd about
        the data, what a comparison said, and what the model costs.

    Returns
    -------
    Path
        The folder with ``manifest.json``, ``card.md`` and ``model.keras`` or ``model.skops``.

    Raises
    ------
    InputError
        The folder cannot be written, or no safe format holds the model. Nothing is left behind.
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
        data = dataset if dataset is not None else in_memory(model, X, y)
        manifest = describe(model, data, name, family, scores, seed, about)
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
    """Refuse to replace anything but a saved model, and that only if asked to."""
    if not folder.exists():
        return
    if not (folder / "manifest.json").is_file() and any(folder.iterdir() if folder.is_dir() else [folder]):
        raise InputError(f"{folder} exists and is not a saved model; choose another folder")
    if not overwrite and (folder / "manifest.json").is_file():
        raise InputError(f"{folder} holds a saved model already; choose another folder or add --overwrite")


def _write(draft: Path, content: tuple[str, bytes], manifest: dict[str, Any]) -> None:
    name, data = content
    _write_file(draft / name, data)
    _write_file(draft / "card.md", card(manifest).encode())
    manifest["files"] = {file.name: sha256(file) for file in sorted(draft.iterdir())}
    text = json.dumps(manifest, indent=2, allow_nan=False) + "\n"
    _write_file(draft / "manifest.json", text.encode())
    draft.chmod(0o755)


def _write_file(path: Path, data: bytes) -> None:
    """Onto the disk, so that a machine that stops leaves no empty file behind a new name."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _move(draft: Path, folder: Path) -> None:
    """The draft takes the folder's place; if it cannot, what was there stays."""
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


MEMORY = "data in memory"


def describe(
    model: Any,
    data: Dataset | None,
    name: str,
    family: str,
    scores: dict[str, Any] | None,
    seed: int | None,
    about: dict[str, Any],
) -> dict[str, Any]:
    """All fields of the manifest but ``files``.

    Parameters
    ----------
    data : Dataset or None
        None where the model was fitted in memory and knows its columns itself.
    about : evaluation, findings, verdict, costs, run

    Raises
    ------
    InputError
        Two classes have one name, or a field is unknown.
    """
    unknown = sorted(set(about) - {"evaluation", "findings", "verdict", "costs", "run"})
    if unknown:
        raise TypeError(f"save() has no parameter {unknown[0]!r}")
    confidence = getattr(model, "confidence_", None)
    fitted = inner(model)
    classes = [str(c) for c in getattr(model, "classes_", [])]
    if len(set(classes)) < len(classes):
        raise InputError("two classes have the same name as text; rename one of them and fit again")
    return {
        "format": FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": name or _name_of(fitted),
        "family": family or ("deep" if hasattr(fitted, "keras_model") else "classical"),
        "params": _plain_params(fitted),
        "task": data.task if data is not None else _task_of(classes),
        "modality": data.modality if data is not None else fitted.modality_,
        "inputs": signature(fitted, data) if data is not None else known_inputs(fitted),
        "target": data.target if data is not None else "target",
        "classes": classes,
        "scores": {k: v if v is None else float(v) for k, v in (scores or {}).items()},
        "dataset": _data_facts(data, classes),
        "seed": seed,
        "versions": versions(),
        **({"confidence": confidence} if confidence is not None else {}),
        **{key: value for key, value in about.items() if value},
    }


def in_memory(model: Any, X: Any, y: Any) -> Dataset | None:
    """Rows that a model was fitted to as a dataset; None without rows, if the model knows its columns."""
    if X is None:
        if hasattr(inner(model), "preprocessor_"):
            return None
        raise InputError(
            f"{type(model).__name__} does not know the columns it was fitted to; save it with X=... "
            f"(a few rows are enough)"
        )
    fitted = inner(model)
    classes = tuple(str(c) for c in getattr(model, "classes_", ()))
    modality = getattr(fitted, "modality_", None) or _modality_of(X)
    known = y is not None
    target = np.asarray(y) if known else np.zeros(len(X)) if not classes else np.full(len(X), classes[0])
    made = Dataset(MEMORY, X, target, _task_of(list(classes)), modality, classes=classes)
    if not known:
        made.provenance = made.provenance.__class__("rows without answers")
    return made


def _modality_of(X: Any) -> Any:
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


def _name_of(fitted: Any) -> str:
    entry = getattr(fitted, "_entry", None)
    return entry.name if entry is not None else type(fitted).__name__


def _data_facts(data: Dataset | None, classes: list[str]) -> dict[str, Any]:
    if data is None:
        positive = classes[1] if len(classes) == 2 else None
        return {"name": MEMORY, "rows": None, "fingerprint": None, "positive": positive, "licence": ""}
    whole = data.provenance.source != "rows without answers"
    return {
        "name": data.name,
        "rows": len(data) if whole else None,
        "fingerprint": data.fingerprint() if whole else None,
        "positive": data.positive,
        "licence": data.provenance.licence,
    }


def _plain_params(model: Any) -> dict[str, Any]:
    """Parameters that JSON holds, nested estimators as text."""
    plain = (str, int, float, bool, type(None))
    return {
        k: v
        if isinstance(v, plain) and v == v
        else np.asarray(v).tolist()
        if isinstance(v, tuple) and k != "steps"
        else str(v)
        for k, v in model.get_params(deep=False).items()
    }
