"""A proof before anything was proved: rows in batches, and the answers that are to be repeated."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from ..artefact._manifest import sha256
from ..artefact._versions import versions
from ._proof import CLOSE, FORMAT, as_rows, batch_of, in_batches
from ._source import CELLS, Source


def begun(source: Source, X: Any, answers: dict[str, Any]) -> dict[str, Any]:
    """The proof without its formats: what was asked, ``X``, and what was answered, a row each."""
    expected = {name: np.asarray(v) for name, v in answers.items()}
    if "probabilities" in expected:
        expected["decided"] = _decided(source, expected["probabilities"])
    rows = as_rows(source.raw(X))
    numbers = in_batches(rows)
    dtypes = {f.input: f.dtype for f in source.fields}
    model_file = next(name for name in source.manifest["files"] if name.startswith("model."))
    return {
        "format": FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": source.manifest["model"],
        "task": source.task,
        "modality": source.modality,
        "target": source.manifest["target"],
        "classes": source.classes,
        "artefact": {
            model_file: source.manifest["files"][model_file],
            "manifest.json": sha256(source.path / "manifest.json"),
        },
        "versions": versions(),
        "inputs": [
            {"column": f.column, "input": f.input, "kind": f.kind, "dtype": f.dtype} for f in source.fields
        ],
        "cells": CELLS,
        "numbers": numbers,
        "batches": [batch_of(rows, batch, dtypes) for batch in numbers],
        "expected": {name: v.tolist() for name, v in expected.items()},
        "formats": {},
    }


def _decided(source: Source, p: np.ndarray) -> np.ndarray:
    """Rows whose label does not hang on the last digit."""
    if source.confidence.threshold is not None:
        return np.abs(p[:, source.confidence.positive] - source.confidence.threshold) > CLOSE
    top = np.sort(p, axis=1)
    return top[:, -1] - top[:, -2] > CLOSE
