"""The manifest of a fitted model: what it is, what it reads and answers, what it learned from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from ...datasets._base import Dataset, Task
from ...datasets._errors import InputError
from ._formats import inner
from ._inputs import known_inputs, signature
from ._manifest import FORMAT
from ._versions import versions

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
