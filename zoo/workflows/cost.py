"""cost(): what a saved model takes, measured alone."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..artefact.formats import count_parameters
from ..artefact.loading import load
from ..artefact.manifest import read_manifest
from ..artefact.operations import operations
from ..artefact.predicting import raw_rows
from ..runs.costs import batch_of, size_on_disk
from ..runs.measuring import EFFORTS, Meter, give_back_memory, is_steady, latencies
from ..training.machine import usable_cores

_MADE_UP = 1000
_SIDE = 64  # pixels of a made-up image
_WORDS = [
    "the",
    "a",
    "of",
    "patient",
    "no",
    "and",
    "is",
    "with",
    "acute",
    "pain",
    "since",
    "left",
    "right",
    "two",
    "days",
    "mild",
    "severe",
    "none",
    "fever",
]


def cost(path: str, data: str | None = None, *, effort: str = "standard", seed: int = 0) -> dict[str, Any]:
    """What a saved model takes.

    Parameters
    ----------
    path : folder of a saved model
    data : file or folder, optional
        Raw rows to ask about; else rows are made up after the model's inputs, which have its kinds of
        columns and none of their meaning.
    effort : {"quick", "standard", "thorough"}
        How often each number of rows is timed.

    Returns
    -------
    dict
        ``latency`` by number of rows (median and p95 in seconds, calls; those left out since something
        else slowed the core down), ``steady`` (False: there were too few others), ``load_seconds``,
        ``peak_bytes`` (memory to open it and to answer, above that of the process before),
        ``size_bytes``, ``parameters``, ``flops`` and ``flops_by``, ``threads``, ``rows_from``.
    """
    manifest = read_manifest(path)
    X = _made_up(manifest, seed) if data is None else next(raw_rows(manifest, [data], lambda _: None))[1]
    deep = "model.keras" in manifest["files"]
    _import_runtime(deep)
    give_back_memory()
    with warnings.catch_warnings():  # levels that are made up are unknown to the model, as they should be
        warnings.filterwarnings("ignore", "Found unknown categories", UserWarning)
        with Meter() as whole:
            with Meter() as opening:
                model = load(path)
            model.predict(batch_of(X, 1, 0))
        counted = operations(model, X)
        found = latencies(model.predict, lambda rows, number: batch_of(X, rows, number), EFFORTS[effort])
    return {
        "path": str(path),
        **{name: manifest[name] for name in ("model", "family", "task", "modality")},
        "rows_from": "made up" if data is None else f"from {data}",
        "threads": usable_cores(),
        "size_bytes": size_on_disk(Path(path)),
        "parameters": count_parameters(model.model),
        **counted,
        "load_seconds": opening.wall,
        "peak_bytes": whole.peak_bytes,
        "latency": found,
        "steady": is_steady(found),
    }


def _import_runtime(deep: bool) -> None:
    """Imports and the start of a runtime are no cost of this model."""
    if not deep:
        import skops.io  # noqa: F401

        return
    from ..preprocessing.runtime import import_tensorflow

    import_tensorflow()
    import tensorflow as tf

    tf.function(lambda x: x + 1.0)(tf.constant(0.0))


def _made_up(manifest: dict[str, Any], seed: int) -> Any:
    """Rows with the model's columns."""
    rng = np.random.default_rng(seed)
    if manifest["modality"] == "image":
        shape = (_MADE_UP, _SIDE, _SIDE, manifest["inputs"][0]["channels"])
        return rng.integers(0, 256, shape, dtype=np.uint8)
    texts = pd.Series([" ".join(rng.choice(_WORDS, 40)) for _ in range(_MADE_UP)])
    if manifest["modality"] == "text":
        return texts
    kinds = {
        "number": lambda: rng.normal(size=_MADE_UP),
        "date": lambda: pd.date_range("2020-01-01", periods=_MADE_UP, freq="h"),
        "category": lambda: rng.choice(["a", "b", "c"], _MADE_UP),
        "text": lambda: texts,
    }
    return pd.DataFrame({c["name"]: kinds[c["kind"]]() for c in manifest["inputs"]})
