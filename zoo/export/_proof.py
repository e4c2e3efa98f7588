"""The proof: rows, the answers they must get, and what every export answered in a process of its own.

A proof before anything was proved: rows in batches, and the answers that are to be repeated.

The proof that a saved model carries: what the trained model itself answered, before it was saved.
"""

from __future__ import annotations

import base64
import json
import math
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets import InputError
from ..artefact.loading import load
from ..artefact.manifest import sha256
from ..artefact.versions import versions
from ._rows import probe_rows
from ._source import CELLS, Source, formats, open_source

FORMAT = "1.0"
BATCHES = (1, 7)
SECONDS = 600  # for one format
TOLERANCE = 1e-5  # of the saved model itself
CLOSE = 1e-4  # two classes nearer than this may change places in single precision
OWN = "artefact"  # the saved model itself, opened by deepworth
FILES = {
    OWN: "",
    "keras": "model.keras",
    "litert": "model.tflite",
    "onnx": "model.onnx",
    "saved_model": "",
    "skops": "",
}


def encoded(values: Any, dtype: str) -> Any:
    """An input as JSON holds it; numbers that JSON lacks are text."""
    if dtype == "string":
        return [str(v) for v in values]
    array = np.asarray(values)
    if array.ndim > 1 or dtype not in ("float64", "float32"):
        array = np.ascontiguousarray(array)
        content = base64.b64encode(array.tobytes()).decode()
        return {"base64": content, "dtype": str(array.dtype), "shape": list(array.shape)}
    return [v if math.isfinite(v) else str(v) for v in array.tolist()]


def in_batches(rows: Sequence[dict[str, Any]], sizes: Sequence[int] = BATCHES) -> list[list[int]]:
    """Row numbers of every batch: each row alone, then several at once where their shapes agree."""
    shapes: dict[Any, list[int]] = {}
    for i, row in enumerate(rows):
        shapes.setdefault(tuple(np.shape(v) for v in row.values()), []).append(i)
    return [
        numbers[start : start + size]
        for size in sizes
        for numbers in shapes.values()
        for start in range(0, len(numbers), size)
    ]


def as_rows(raw: dict[str, Any]) -> list[dict[str, Any]]:
    """Arrays by input to one dict a row."""
    return [dict(zip(raw, values, strict=True)) for values in zip(*raw.values(), strict=True)]


def batch_of(
    rows: Sequence[dict[str, Any]], numbers: Sequence[int], dtypes: dict[str, str]
) -> dict[str, Any]:
    """Some rows as a request holds them."""
    return {
        name: encoded(
            [rows[i][name] for i in numbers]
            if dtype == "string"
            else np.stack([rows[i][name] for i in numbers]),
            dtype,
        )
        for name, dtype in dtypes.items()
    }


def prove(folder: Path, name: str, given: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """Ask the export in a fresh process, and compare.

    ``given`` has ``batches`` (requests), ``numbers`` (their rows), ``dtypes`` and ``kinds``; ``expected``
    has ``probabilities`` and ``label``, or ``value``, a row each.
    """
    output = "value" if "value" in expected else "probabilities"
    request = {
        "format": name,
        "path": str(folder / FILES[name]),
        "output": output,
        "batches": given["batches"],
        "dtypes": given["dtypes"],
        "kinds": given["kinds"],
    }
    with tempfile.TemporaryDirectory() as work:
        if name == "keras":
            request["code"] = str(_trusted_code(folder, Path(work)))
        said = _asked(request, Path(work))
    if said["deepworth"] and name not in ("skops", OWN):
        raise InputError(f"the process that answered for {name} had imported deepworth")
    tolerance = TOLERANCE if name == OWN else formats()[name].constant("TOLERANCE")
    compared = judged(said["answers"], given["numbers"], expected, tolerance)
    return {**compared, "versions": said["versions"], "needs_deepworth": said["deepworth"]}


def judged(
    answers: Sequence[dict[str, Any]],
    numbers: Sequence[Sequence[int]],
    expected: dict[str, Any],
    tolerance: float,
) -> dict[str, Any]:
    """Answers by batch held against the expected ones by row: the fields of a proof that say how far off."""
    output = "value" if "value" in expected else "probabilities"
    difference, labels = _compared(answers, numbers, expected, output)
    return {
        "largest_difference": difference if math.isfinite(difference) else None,
        "tolerance": tolerance,
        "labels_that_differ": labels,
        "rows": len({i for batch in numbers for i in batch}),
        "batches": sorted({len(batch) for batch in numbers}),
        "holds": bool(difference <= tolerance and labels == 0),
    }


def _trusted_code(folder: Path, work: Path) -> Path:
    """The layers' code as this version writes it: what lies beside the export is never run."""
    from ..artefact.formats import load_keras
    from ._layer_code import layer_code

    path = work / "layers.py"
    path.write_text(layer_code(load_keras(folder / FILES["keras"])), encoding="utf-8")
    return path


def _asked(request: dict[str, Any], work: Path) -> dict[str, Any]:
    program = Path(__file__).with_name("_answers.py")
    question, answer = work / "question.json", work / "answer.json"
    question.write_text(json.dumps(request), encoding="utf-8")
    # -P: the program's own folder, whose files are named like libraries, is no place to import from
    command = [sys.executable, "-P", str(program), str(question), str(answer)]
    environment = {
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "KERAS_BACKEND": "tensorflow",
    }
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=SECONDS, env=environment
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{request['format']} gave no answer within {SECONDS} s") from error
    if ended.returncode or not answer.is_file():
        last = (ended.stderr.strip().splitlines() or [f"exit code {ended.returncode}"])[-1]
        raise InputError(f"{request['format']} cannot be reloaded: {last[:300]}")
    found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return found


def _compared(
    answers: Sequence[dict[str, Any]], numbers: Sequence[Sequence[int]], expected: dict[str, Any], output: str
) -> tuple[float, int]:
    """Largest difference over all batches, and rows whose label is another.

    Of values, relative to the largest expected one. A label counts where the measured model was not
    undecided between two.
    """
    wanted = np.asarray(expected[output], np.float64)
    scale = max(float(np.abs(wanted).max(initial=0.0)), 1e-300) if output == "value" else 1.0
    largest, labels = 0.0, 0
    for answer, rows in zip(answers, numbers, strict=True):
        found = np.asarray(answer[output], np.float64)
        if found.size != wanted[list(rows)].size:
            return math.inf, len(wanted)
        gap = np.abs(found.reshape(wanted[list(rows)].shape) - wanted[list(rows)]) / scale
        largest = max(largest, float(np.where(np.isnan(gap), np.inf, gap).max(initial=0.0)))
        if "label" in answer and "label" in expected:
            labels += sum(
                said != expected["label"][i] and expected["decided"][i]
                for said, i in zip(answer["label"], rows, strict=True)
            )
    return largest, labels


def hashes(folder: Path) -> dict[str, str]:
    """Every file of an export."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): sha256(p) for p in files}


def given_of(proof: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """The requests for a format: raw rows, or the prepared ones that it takes."""
    fields = {f["input"]: f for f in proof["inputs"]}
    own = row.get("prepared") or {
        "batches": proof["batches"],
        "numbers": proof["numbers"],
        "dtypes": {name: f["dtype"] for name, f in fields.items()},
    }
    return {**own, "kinds": {name: [f["column"], f["kind"]] for name, f in fields.items()}}


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


def prove_saved(estimator: Any, artefact: str | os.PathLike[str]) -> dict[str, Any]:
    """Write ``proof.json`` into the folder of a saved model.

    It holds made rows (usual ones, missing, unseen, empty and extreme cells; no row of the data), the answers
    of the trained estimator in memory, and how far those of the reloaded model are from them. ``verify``
    repeats it in a process of its own, anywhere.

    Parameters
    ----------
    estimator : fitted estimator
        The one that was saved.
    artefact : path
        The folder that it was saved to.

    Returns
    -------
    dict
        The row of the proof: ``holds``, ``largest_difference``, ``rows``, ``batches`` and the like.

    Raises
    ------
    InputError
        The folder is not that of a sound saved model, or the proof cannot be written.
    """
    started, folder = time.perf_counter(), Path(artefact)
    source, saved = open_source(folder), load(folder)
    X = probe_rows(source)
    with warnings.catch_warnings():  # levels that were never seen are part of the question
        warnings.filterwarnings("ignore", "Found unknown categories", UserWarning)
        proof = begun(source, X, source.answers_of(estimator, saved.checked(X)))
    said = [source.answers_of(saved, X)]
    row = judged(said, [range(len(X))], proof["expected"], TOLERANCE)
    status = "works" if row["holds"] else "failed"
    proof["formats"][OWN] = {"status": status, **row, "seconds": round(time.perf_counter() - started, 3)}
    _write(folder / "proof.json", proof)
    return row


def _write(path: Path, proof: dict[str, Any]) -> None:
    """Whole or not at all."""
    text = json.dumps(proof, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            file.write(text)
        os.chmod(file.name, 0o644)
        os.replace(file.name, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
