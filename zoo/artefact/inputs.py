"""The input columns of a saved model, and raw rows checked against them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeAlias, cast

import numpy as np
import pandas as pd

from ...datasets import MISSING_MARKS, Dataset, InputError, Role, infer_role, inspect_column, parse_number
from ..results.models import InputColumn, InputKind

RawRows: TypeAlias = "pd.DataFrame | pd.Series | np.ndarray | Sequence[np.ndarray] | Sequence[str]"
"""Rows as a user has them: a table, texts, or uint8 images of any size."""

_KINDS: dict[str, InputKind] = {
    "numeric": "number",
    "categorical": "category",
    "text": "text",
    "datetime": "date",
}
_DATES = (str, date, np.datetime64, pd.Period)
_NESTED = (list, tuple, dict, set, bytes, np.ndarray)


def signature(model: Any, dataset: Dataset) -> list[InputColumn]:
    """The input columns of a model that was trained on a dataset."""
    if dataset.modality == "image":
        return [{"name": "image", "kind": "image", "input": "image", "channels": _channels(model, dataset)}]
    if dataset.modality == "text":
        return [{"name": str(getattr(dataset.X, "name", None) or "text"), "kind": "text", "input": "text"}]
    table = cast("pd.DataFrame", dataset.X)
    names = _keras_names(model)
    roles = {c.name: c.role for c in dataset.schema.columns}
    return [
        {
            "name": str(c),
            "kind": _KINDS.get(roles.get(str(c), ""), _kind_of(table[c])),
            "input": names.get(str(c)),
        }
        for c in table.columns
    ]


def known_inputs(model: Any) -> list[InputColumn]:
    """The input columns that a network uses, from its preprocessor alone."""
    preprocessor = model.preprocessor_
    if model.modality_ == "image":
        return [{"name": "image", "kind": "image", "input": "image", "channels": int(preprocessor.channels)}]
    if model.modality_ == "text":
        return [{"name": "text", "kind": "text", "input": "text"}]
    return [{"name": c.name, "kind": _KINDS[c.role], "input": c.input_name} for c in preprocessor.columns]


def _kind_of(values: pd.Series) -> InputKind:
    return _KINDS.get(infer_role(values, str(values.name))[0], "category")


def _keras_names(model: Any) -> dict[str, str]:
    columns = getattr(getattr(model, "preprocessor_", None), "columns", ())
    return {c.name: c.input_name for c in columns}


def _channels(model: Any, dataset: Dataset) -> int:
    return int(getattr(getattr(model, "preprocessor_", None), "channels", 0) or dataset.X[0].shape[-1])


def refuse_missing(inputs: Sequence[InputColumn], names: Collection[str]) -> None:
    """Refuse rows that lack a column that the model needs."""
    missing = [c["name"] for c in inputs if c["name"] not in names]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise InputError(
            f"column {missing[0]!r}{more} is missing; the model needs {[c['name'] for c in inputs]}; "
            f"leave an unknown value empty ({missing[0]}=)"
        )


def checked_table(X: pd.DataFrame, inputs: Sequence[InputColumn], first_row: int = 0) -> pd.DataFrame:
    """The columns that the model needs, in its order and as its kinds; other columns are dropped.

    Raises
    ------
    InputError
        A column is missing, or a cell is of the wrong kind; the message names column and row, the first of
        which has the number ``first_row`` + 1.
    """
    by_name = {str(c): c for c in X.columns}
    refuse_missing(inputs, by_name)
    columns = {c["name"]: X[by_name[c["name"]]] for c in inputs}
    duplicate = [name for name, values in columns.items() if values.ndim != 1]
    if duplicate:
        raise InputError(f"column {duplicate[0]!r} is there twice; remove or rename one of them")
    return pd.DataFrame({c["name"]: _converted(columns[c["name"]], c, first_row) for c in inputs}, X.index)


def checked_images(X: Any, first_row: int = 0) -> Any:
    """uint8 images (height, width, 1 or 3) of any sizes; grey ones may lack the axis of channels."""
    if isinstance(X, np.ndarray) and X.dtype != object and X.ndim == 3 and X.shape[-1] not in (1, 3):
        X = X[..., None]
    images = np.empty(len(X), dtype=object)
    for i, image in enumerate(X):
        image = np.asarray(image)
        image = image[..., None] if image.ndim == 2 else image
        valid = image.ndim == 3 and image.dtype == np.uint8 and image.shape[-1] in (1, 3) and image.size
        if not valid:
            raise InputError(
                f"image {first_row + i + 1}: expected uint8 (height, width, 1 or 3), got {image.dtype} "
                f"{image.shape}"
            )
        images[i] = image
    return images


def _converted(values: pd.Series, column: InputColumn, first_row: int) -> pd.Series:
    name = column["name"]
    if column["kind"] == "number":
        return _numbers(values, name, first_row)
    if column["kind"] == "date":
        return _dates(values, name, first_row)
    if values.dtype == object:
        nested = values.map(lambda v: isinstance(v, _NESTED)).to_numpy(dtype=bool)
        _refuse(nested, values, name, f"a {column['kind']}", first_row)
    role: Role = "categorical" if column["kind"] == "category" else "text"
    return inspect_column(values, name, role).values.set_axis(values.index)


def _refuse(wrong: np.ndarray, values: pd.Series, name: str, kind: str, first_row: int) -> None:
    """Raise an error that names the first wrong cell, if there is one."""
    if wrong.any():
        row = int(np.argmax(wrong))
        cell = values.iloc[row]
        text = repr(cell.item() if isinstance(cell, np.generic) else cell)
        text = text if len(text) <= 60 else text[:57] + "..."
        raise InputError(f"column {name!r}, row {first_row + row + 1}: expected {kind}, got {text}")


def _numbers(values: pd.Series, name: str, first_row: int) -> pd.Series:
    kind = values.dtype
    if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_complex_dtype(kind):
        return pd.Series(values.to_numpy(dtype=np.float64, na_value=np.nan), values.index)
    if pd.api.types.is_timedelta64_dtype(kind):
        return values.dt.total_seconds()
    cells, codes = _distinct(values)
    known = np.array([not _is_missing(cell) for cell in cells], dtype=bool)
    numbers = np.array([_number(c) if k else np.nan for c, k in zip(cells, known, strict=True)], np.float64)
    wrong = known & np.isnan(numbers)
    _refuse(np.append(wrong, False)[codes], values, name, "a number", first_row)
    return pd.Series(np.append(numbers, np.nan)[codes], values.index)


def _distinct(values: pd.Series) -> tuple[list[Any], np.ndarray]:
    """Cells (of categoricals the distinct ones), and the position of each row's cell; -1 is missing."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return list(values.cat.categories), values.cat.codes.to_numpy()
    return list(values.astype(object)), np.arange(len(values))


def _is_missing(cell: Any) -> bool:
    if cell is None or cell is pd.NaT or cell is pd.NA or (isinstance(cell, float) and cell != cell):
        return True
    return isinstance(cell, str) and cell.strip() in MISSING_MARKS


def _number(cell: Any) -> float:
    """The number in a cell, or NaN; amounts such as "$1,200" and "12 %" are read as in training."""
    if isinstance(cell, (bool, int, float, np.number, np.bool_, Decimal)):
        return np.nan if isinstance(cell, np.complexfloating) else float(cell)
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    if not isinstance(cell, str) or "_" in cell:
        return np.nan
    try:
        return float(cell)
    except ValueError:
        return parse_number(cell.strip())


def _dates(values: pd.Series, name: str, first_row: int) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return values
    cells, codes = _distinct(values)
    known = np.array([not _is_missing(cell) for cell in cells], dtype=bool)
    texts = np.array([str(c) if isinstance(c, _DATES) else None for c in cells], dtype=object)
    dates = pd.to_datetime(pd.Series(texts), errors="coerce", format="mixed", utc=True).dt.tz_localize(None)
    parsed = dates.to_numpy("datetime64[us]")
    wrong = known & np.isnat(parsed)
    _refuse(np.append(wrong, False)[codes], values, name, "a date", first_row)
    return pd.Series(np.append(parsed, np.datetime64("NaT"))[codes], values.index)
