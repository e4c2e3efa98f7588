"""The input signature of a saved model, and raw rows checked against it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ...datasets._base import Dataset, Role
from ...datasets._errors import InputError
from ...datasets._schema import MISSING_MARKS, infer_role, inspect_column

_KINDS = {"numeric": "number", "categorical": "category", "text": "text", "datetime": "date"}


def signature(model: Any, dataset: Dataset) -> list[dict[str, Any]]:
    """One object an input: name, kind, and the name of the Keras input where there is one."""
    if dataset.modality == "image":
        return [{"name": "image", "kind": "image", "input": "image", "channels": _channels(model, dataset)}]
    if dataset.modality == "text":
        return [{"name": str(getattr(dataset.X, "name", None) or "text"), "kind": "text", "input": "text"}]
    names = _keras_names(model)
    roles = {c.name: c.role for c in dataset.schema.columns}
    return [
        {
            "name": str(c),
            "kind": _KINDS.get(roles.get(str(c), ""), _kind_of(dataset.X[c])),
            "input": names.get(str(c)),
        }
        for c in dataset.X.columns
    ]


def known_inputs(model: Any) -> list[dict[str, Any]]:
    """The same from what a network learned, without rows; columns that it leaves out are not among them."""
    prepared = model.preprocessor_
    if model.modality_ == "image":
        return [{"name": "image", "kind": "image", "input": "image", "channels": int(prepared.channels)}]
    if model.modality_ == "text":
        return [{"name": "text", "kind": "text", "input": "text"}]
    return [{"name": c.name, "kind": _KINDS[c.role], "input": c.input_name} for c in prepared.columns]


def _kind_of(values: pd.Series) -> str:
    return _KINDS.get(infer_role(values, str(values.name))[0], "category")


def _keras_names(model: Any) -> dict[str, str]:
    columns = getattr(getattr(model, "preprocessor_", None), "columns", ())
    return {c.name: c.input_name for c in columns}


def _channels(model: Any, dataset: Dataset) -> int:
    return int(getattr(getattr(model, "preprocessor_", None), "channels", 0) or dataset.X[0].shape[-1])


def checked_table(X: pd.DataFrame, inputs: list[dict[str, Any]]) -> pd.DataFrame:
    """The model's columns, by name and in its order; numbers are numbers. Extra columns are left out."""
    by_name = {str(c): c for c in X.columns}
    missing = [c["name"] for c in inputs if c["name"] not in by_name]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise InputError(
            f"column {missing[0]!r}{more} is missing; the model needs {[c['name'] for c in inputs]}"
        )
    columns = {c["name"]: X[by_name[c["name"]]] for c in inputs}
    return pd.DataFrame({c["name"]: _converted(columns[c["name"]], c) for c in inputs}, index=X.index)


def _converted(values: pd.Series, column: dict[str, Any]) -> pd.Series:
    if column["kind"] == "number":
        return _numbers(values, column["name"])
    if column["kind"] == "date":
        return _dates(values, column["name"])
    role: Role = "categorical" if column["kind"] == "category" else "text"
    return inspect_column(values, column["name"], role).values.set_axis(values.index)


def _numbers(values: pd.Series, name: str) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.astype(np.float64)
    cells = values.astype(object)
    known = cells.map(lambda v: not (pd.isna(v) or str(v).strip() in MISSING_MARKS))
    numbers = pd.to_numeric(cells.where(known), errors="coerce")
    wrong = np.flatnonzero((known & numbers.isna()).to_numpy())
    if len(wrong):
        raise InputError(
            f"column {name!r}, row {wrong[0] + 1}: expected a number, got {cells.iloc[wrong[0]]!r}"
        )
    return numbers.astype(np.float64)


def _dates(values: pd.Series, name: str) -> pd.Series:
    dates = pd.to_datetime(values, errors="coerce", format="mixed")
    wrong = np.flatnonzero(
        (dates.isna() & values.notna() & (values.astype(str).str.strip() != "")).to_numpy()
    )
    if len(wrong):
        raise InputError(
            f"column {name!r}, row {wrong[0] + 1}: expected a date, got {values.iloc[wrong[0]]!r}"
        )
    return dates
