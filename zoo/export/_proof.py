"""Proofs: rows, the predictions expected of them, and what an export predicts in a process of its own."""

from __future__ import annotations

import base64
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np

from ...datasets import Entry, InputError
from ..artefact import sha256
from ..artefact.inspecting import versions
from . import _source
from ._formats import formats
from ._source import CELLS, Source

FORMAT = "1.0"
ARTEFACT = "artefact"  # the saved model itself, which has a proof of its own
BATCHES = (1, 7)
SECONDS = 600  # for one format
CLOSE = 1e-4  # two classes nearer than this may change places in single precision


def proof_entry(name: str) -> Entry:
    """The format of that name; the saved model itself is one too, but none to export to."""
    if name == ARTEFACT:
        return Entry(ARTEFACT, _source, "read")
    return formats()[name]


def encoded(values: Any, dtype: str) -> Any:
    """An input as JSON has it; numbers that JSON lacks are text."""
    if dtype == "string":
        return [str(v) for v in values]
    array = np.asarray(values)
    if array.ndim > 1 or dtype not in ("float64", "float32"):
        array = np.ascontiguousarray(array)
        content = base64.b64encode(array.tobytes()).decode()
        return {"base64": content, "dtype": str(array.dtype), "shape": list(array.shape)}
    return [v if math.isfinite(v) else str(v) for v in array.tolist()]


def batch_numbers(rows: Sequence[Mapping[str, Any]], sizes: Sequence[int] = BATCHES) -> list[list[int]]:
    """Row numbers of every batch: each row alone, then several at once where their shapes agree."""
    by_shape: dict[Any, list[int]] = {}
    for i, row in enumerate(rows):
        by_shape.setdefault(tuple(np.shape(v) for v in row.values()), []).append(i)
    return [
        numbers[start : start + size]
        for size in sizes
        for numbers in by_shape.values()
        for start in range(0, len(numbers), size)
    ]


def as_rows(arrays: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Arrays by input as one dict per row."""
    return [dict(zip(arrays, values, strict=True)) for values in zip(*arrays.values(), strict=True)]


def batch_of(
    rows: Sequence[Mapping[str, Any]], numbers: Sequence[int], dtypes: Mapping[str, str]
) -> dict[str, Any]:
    """Some rows as JSON has them, by input."""
    batch = {}
    for name, dtype in dtypes.items():
        values = [rows[i][name] for i in numbers]
        batch[name] = encoded(values if dtype == "string" else np.stack(values), dtype)
    return batch


def new_proof(source: Source, X: Any, predictions: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """A proof without formats yet: the rows ``X`` in batches, and the predictions expected of them."""
    expected = dict(predictions)
    if "probabilities" in expected:
        expected["decided"] = _decided(source, expected["probabilities"])
    rows = as_rows(source.raw(X))
    numbers = batch_numbers(rows)
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
            {
                "column": f.column,
                "input": f.input,
                "kind": f.kind,
                "dtype": f.dtype,
                "reader": f.reader.to_dict(),
            }
            for f in source.fields
        ],
        "cells": CELLS,
        "numbers": numbers,
        "batches": [batch_of(rows, batch, dtypes) for batch in numbers],
        "expected": {name: np.asarray(v).tolist() for name, v in expected.items()},
        "formats": {},
    }


def _decided(source: Source, probabilities: np.ndarray) -> np.ndarray:
    """Rows whose label does not depend on the last digits, bool (n_samples,)."""
    if source.confidence.threshold is not None:
        return np.abs(probabilities[:, source.confidence.positive] - source.confidence.threshold) > CLOSE
    top = np.sort(probabilities, axis=1)
    return top[:, -1] - top[:, -2] > CLOSE


def prove(folder: Path, name: str, proof: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Let an export predict the rows of a proof in a new process, and compare with what is expected.

    Returns the fields of :func:`compared`, the libraries of that process, and whether it took deepworth.

    Raises
    ------
    InputError
        The export cannot be read, gives no answer in time, or imports deepworth without saying so.
    """
    entry = proof_entry(name)
    question = _question(proof, row)
    with tempfile.TemporaryDirectory() as work:
        work_folder = Path(work)
        if hasattr(entry.module, "trusted_copy"):
            folder = entry.module.trusted_copy(folder, work_folder)
        answer = _asked(entry, {**question, "folder": str(folder)}, work_folder)
    if answer["deepworth"] and not entry.constant("NEEDS_DEEPWORTH", False):
        raise InputError(f"the process that read {name} imported deepworth")
    tolerance = cast(float, entry.constant("TOLERANCE"))
    fields = compared(answer["predictions"], question["numbers"], proof["expected"], tolerance)
    facts = {"needs_deepworth": answer["deepworth"], "confined": answer["confined"]}
    return {**fields, "versions": answer["versions"], **facts}


def _question(proof: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """The rows for a format, raw or prepared for it, and the request to its reader."""
    fields = {f["input"]: f for f in proof["inputs"]}
    prepared = row.get("prepared") or {
        "batches": proof["batches"],
        "numbers": proof["numbers"],
        "dtypes": {name: f["dtype"] for name, f in fields.items()},
    }
    request = {
        "output": "value" if "value" in proof["expected"] else "probabilities",
        "columns": {name: [f["column"], f["kind"]] for name, f in fields.items()},
    }
    return {name: prepared[name] for name in ("batches", "numbers", "dtypes")} | {"request": request}


def _asked(entry: Entry, question: dict[str, Any], work: Path) -> dict[str, Any]:
    """The answer of a new process to a question."""
    in_package = entry.constant("NEEDS_DEEPWORTH", False)
    location = entry.module.__name__ if in_package else str(entry.module.__file__)
    program, launcher = (Path(__file__).with_name(f"_{name}.py") for name in ("proof_process", "confinement"))
    question_file, answer_file = work / "question.json", work / "answer.json"
    question_file.write_text(json.dumps(question), encoding="utf-8")
    # -P: the folder of the program has files that are named like libraries
    arguments = [str(work), str(program), location, str(question_file), str(answer_file)]
    command = [sys.executable, "-P", str(launcher), *arguments]
    environment = {
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "KERAS_BACKEND": "tensorflow",
        "PYTHONIOENCODING": "utf-8",  # not that of the user's terminal, which is read here
    }
    try:
        process = subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=SECONDS,
            env=environment,
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{entry.name} gave no answer within {SECONDS} s") from error
    if process.returncode or not answer_file.is_file():
        last = (process.stderr.strip().splitlines() or [f"exit code {process.returncode}"])[-1]
        raise InputError(f"{entry.name} cannot be read: {last[:300]}")
    answer: dict[str, Any] = json.loads(answer_file.read_text(encoding="utf-8"))
    return answer


def compared(
    predictions: Sequence[Mapping[str, Any]],
    numbers: Sequence[Sequence[int]],
    expected: Mapping[str, Any],
    tolerance: float,
) -> dict[str, Any]:
    """Predictions by batch compared with the expected ones by row, as fields of a proof."""
    difference, labels = _differences(predictions, numbers, expected)
    return {
        "largest_difference": difference if math.isfinite(difference) else None,
        "tolerance": tolerance,
        "labels_that_differ": labels,
        "rows": len({i for batch in numbers for i in batch}),
        "batches": sorted({len(batch) for batch in numbers}),
        "holds": bool(difference <= tolerance and labels == 0),
    }


def _differences(
    predictions: Sequence[Mapping[str, Any]], numbers: Sequence[Sequence[int]], expected: Mapping[str, Any]
) -> tuple[float, int]:
    """The largest difference over all batches, and the number of labels that differ.

    Differences of values are relative to the largest expected one. A label counts only where the expected
    probabilities decide it.
    """
    output = "value" if "value" in expected else "probabilities"
    wanted = np.asarray(expected[output], np.float64)
    scale = max(float(np.abs(wanted).max(initial=0.0)), 1e-300) if output == "value" else 1.0
    largest, labels = 0.0, 0
    for batch, rows in zip(predictions, numbers, strict=True):
        predicted = np.asarray(batch[output], np.float64)
        if predicted.size != wanted[list(rows)].size:
            return math.inf, len(wanted)
        gap = np.abs(predicted.reshape(wanted[list(rows)].shape) - wanted[list(rows)]) / scale
        largest = max(largest, float(np.where(np.isnan(gap), np.inf, gap).max(initial=0.0)))
        if "label" in batch and "label" in expected:
            labels += sum(
                label != expected["label"][i] and expected["decided"][i]
                for label, i in zip(batch["label"], rows, strict=True)
            )
    return largest, labels


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of an export."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): sha256(p) for p in files}
