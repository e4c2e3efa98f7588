"""``.npz`` files: images, tables of numbers or texts, possibly with an official test set."""

from __future__ import annotations

import math
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ._base import Dataset, Provenance
from ._budget import refuse_unfolding
from ._errors import InputError
from ._suffixes import stem_of
from ._table import TableOptions, dataset_from_frame
from ._target import read_target, rows_with_target

_PAIRS = (("x", "y"), ("images", "labels"), ("data", "target"), ("data", "labels"))


def load_npz(path: Path, options: TableOptions) -> Dataset:
    """Arrays ``x_train, y_train, x_test, y_test``, or ``X, y``, or ``images, labels``.

    Numbers of shape (n, features) are a table with columns x0, x1, ...; (n, height, width) or (n,
    height, width, channels) are images; a 1-d array of strings is text. Pickled objects are refused.
    """
    arrays = _read(path)
    X, y, test = _parts(arrays, path.name)
    if not X.ndim or not y.ndim or X.dtype.kind not in "biufUS":
        raise InputError(
            f"{path.name}: data of shape {X.shape}, {X.dtype}; expected rows of numbers, images or texts"
        )
    if len(X) != len(y):
        raise InputError(
            f"{path.name}: {len(X)} rows of data and {len(y)} labels; expected one label per row"
        )
    y = _labels(y, path.name)
    provenance = Provenance("file", location=str(path))
    if X.ndim <= 2:
        frame = _frame(X, y)
        text = "text" if X.ndim == 1 else options.text
        options = replace(options, target=options.target or "target", text=text)
        return dataset_from_frame(frame, options, name=stem_of(path), provenance=provenance, test=test)
    task = options.task or ("classification" if y.dtype.kind in "iubU" else None)
    rows, findings = rows_with_target(pd.Series(y), "labels", strict=options.strict, test=test)
    target = read_target(pd.Series(y)[rows], "labels", task)
    return Dataset(
        stem_of(path),
        _images(X[rows] if findings else X, path.name),
        target.y,
        target.task,
        "image",
        test=None if test is None else test[rows],
        provenance=provenance,
        findings=findings,
        target="labels",
        row_numbers=np.flatnonzero(rows) if findings else None,
    )


def _read(path: Path) -> dict[str, np.ndarray]:
    import zipfile

    try:
        _check_sizes(path)
        with np.load(path, allow_pickle=False) as archive:
            return {key.lower(): archive[key] for key in archive.files}
    except InputError:
        raise
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, AttributeError, *_DAMAGE) as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(f"{path.name} cannot be read as .npz without pickled objects: {reason}") from None


# What damaged archives and headers raise besides.
_DAMAGE = (
    MemoryError,
    OverflowError,
    TypeError,
    KeyError,
    SyntaxError,
    NotImplementedError,
    RuntimeError,
    zlib.error,
)


def _check_sizes(path: Path) -> None:
    """Refuse arrays that do not have the bytes of their shapes, and more of them than a file may take."""
    import zipfile

    with zipfile.ZipFile(path) as archive:
        refuse_unfolding(archive.infolist(), path.name)
        for member in archive.infolist():
            with archive.open(member) as file:
                version = np.lib.format.read_magic(file)
                one = version == (1, 0)
                read = np.lib.format.read_array_header_1_0 if one else np.lib.format.read_array_header_2_0
                shape, _, dtype = read(file)
            if dtype.hasobject or any(n < 0 for n in shape):
                continue  # refused by name when it is read
            if math.prod(shape) * dtype.itemsize > member.file_size:
                raise InputError(
                    f"{path.name}: array {member.filename[:60]!r} of shape {shape} has too few bytes; is "
                    f"the file complete?"
                )


def _parts(arrays: dict[str, np.ndarray], name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    for x, y in _PAIRS:
        if {f"{x}_train", f"{y}_train", f"{x}_test", f"{y}_test"} <= set(arrays):
            train, test = (arrays[f"{x}_train"], arrays[f"{x}_test"])
            if train.shape[1:] != test.shape[1:]:
                raise InputError(
                    f"{name}: {x}_train has shape {train.shape} and {x}_test {test.shape}; expected rows of "
                    f"the same shape"
                )
            mask = np.arange(len(train) + len(test)) >= len(train)
            labels = np.concatenate([arrays[f"{y}_train"], arrays[f"{y}_test"]])
            return np.concatenate([train, test]), labels, mask
        if {x, y} <= set(arrays):
            return arrays[x], arrays[y], None
    raise InputError(
        f"{name}: expected the arrays x_train, y_train, x_test, y_test, or X and y, or images and labels; "
        f"found {', '.join(sorted(arrays)) or 'none'}"
    )


def _labels(y: np.ndarray, name: str) -> np.ndarray:
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.dtype.kind == "S":
        y = y.astype(str)
    if y.ndim != 1:
        raise InputError(f"{name}: labels of shape {y.shape}; expected one label per row, not one-hot codes")
    return y


def _frame(X: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    if X.ndim == 1:
        return pd.DataFrame({"text": X.astype(str), "target": y})
    return pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])]).assign(target=y)


def _images(X: np.ndarray, name: str) -> np.ndarray:
    """uint8 (n, height, width, channels), from any layout and scale."""
    if X.ndim == 3:
        X = X[..., None]
    if X.ndim == 4 and X.shape[1] in (1, 3) and X.shape[3] not in (1, 3):
        X = X.transpose(0, 2, 3, 1)
    if X.ndim != 4 or X.shape[3] not in (1, 3):
        raise InputError(
            f"{name}: images of shape {X.shape}; expected (n, height, width) or (n, height, width, 3)"
        )
    return _as_uint8(X, name)


def _as_uint8(X: np.ndarray, name: str) -> np.ndarray:
    if X.dtype == np.uint8:
        return X
    low, high = (float(X.min()), float(X.max())) if X.size else (0.0, 0.0)
    if X.dtype.kind == "f" and low >= 0 and high <= 1:
        return np.rint(X * 255).astype(np.uint8)
    if X.dtype.kind in "iufb" and low >= 0 and high <= 255:
        return np.rint(X.astype(np.float32)).astype(np.uint8)
    raise InputError(f"{name}: pixels from {low:g} to {high:g}; expected 0 to 255, or 0 to 1 as floats")
