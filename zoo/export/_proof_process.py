"""Predictions of an export in a process of its own, to which deepworth is unknown.

Run as a file with three arguments: the file or module of the format, a question and where the answer goes.
``_confinement.py`` runs it, which keeps it from writing elsewhere. The question is JSON with ``folder``,
``request`` (to ``read``), ``batches`` and their ``dtypes``; the answer has the predictions of each batch,
versions of libraries, and whether deepworth was imported.
"""

from __future__ import annotations

import base64
import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np


def load_format(location: str) -> ModuleType:
    """The format from its file, without the package around it; or from a module of deepworth by name."""
    if not location.endswith(".py"):
        return importlib.import_module(location)
    spec = importlib.util.spec_from_file_location("export_format", location)
    if spec is None or spec.loader is None:
        raise ImportError(f"no module at {location}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def decoded(values: Any, dtype: str) -> np.ndarray:
    """An array of a question: numbers (as text where JSON has none), strings, or bytes with their shape."""
    if dtype == "string":
        return np.array(values, dtype=object)
    if isinstance(values, dict):
        content = base64.b64decode(values["base64"])
        return np.frombuffer(content, dtype=values["dtype"]).reshape(values["shape"])
    return np.array([float(v) for v in values], dtype=dtype)


def plain(value: Any) -> list[Any]:
    """An array as JSON has it."""
    array = np.asarray(value)
    if array.dtype.kind in "OS":
        return [v.decode() if isinstance(v, bytes) else str(v) for v in array.tolist()]
    return array.astype(np.float64).tolist() if array.dtype.kind == "f" else array.tolist()


def predictions(format_: ModuleType, question: dict[str, Any]) -> Iterator[dict[str, list[Any]]]:
    """The predictions of every batch."""
    predict = format_.read(Path(question["folder"]), question["request"])
    for batch in question["batches"]:
        rows = {name: decoded(values, question["dtypes"][name]) for name, values in batch.items()}
        yield {name: plain(values) for name, values in predict(rows).items()}


def loaded_versions(libraries: tuple[str, ...]) -> dict[str, str | None]:
    """Versions by distribution of those libraries, NumPy and deepworth that were imported."""
    names = [n for n in dict.fromkeys((*libraries, "numpy", "deepworth")) if n in sys.modules]
    return dict(_distribution(name) for name in names)


def _distribution(module: str) -> tuple[str, str | None]:
    """Name and version of what installed a module."""
    try:
        return module, version(module)
    except PackageNotFoundError:
        names = packages_distributions().get(module, [])
        return (names[0], version(names[0])) if names else (module, None)


def main() -> None:
    """Answer the question of the second argument into the file of the third."""
    location, question_file, answer_file = sys.argv[1:]
    question = json.loads(Path(question_file).read_text(encoding="utf-8"))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    format_ = load_format(location)
    answer = {
        "predictions": list(predictions(format_, question)),
        "versions": loaded_versions(getattr(format_, "LIBRARIES", ())),
        "deepworth": "deepworth" in sys.modules,
        "confined": os.environ.get("DEEPWORTH_CONFINED") == "1",
    }
    Path(answer_file).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
