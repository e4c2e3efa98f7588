"""cost(): what a saved model takes, measured alone."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..artefact.formats import count_parameters
from ..artefact.loading import load
from ..artefact.manifest import read_manifest
from ..artefact.operations import operations
from ..artefact.predicting import raw_rows
from ..export import open_graph
from ..preprocessing.runtime import usable_cores
from ..results.models import InputColumn, Manifest
from ..results.rows import Latency
from ..results.saved import SavedModelCost
from ..runs.costs import (
    EFFORTS,
    Effort,
    Meter,
    batch_of,
    give_back_memory,
    is_steady,
    latencies,
    size_on_disk,
)

_N_ROWS = 1000
_SIDE = 64  # pixels of a synthetic image
_WORDS = "the a of patient no and is with acute pain since left right two days mild severe none fever"


def cost(
    artefact: str | os.PathLike[str],
    data: str | None = None,
    *,
    effort: Literal["quick", "standard", "thorough"] = "standard",
    seed: int = 0,
) -> SavedModelCost:
    """Measure what a saved model costs: latency, memory, size and operations.

    Parameters
    ----------
    artefact : path
        Folder of a saved model.
    data : str, optional
        A file or folder of raw rows to predict; by default synthetic rows with the columns of the model.
    effort : {"quick", "standard", "thorough"}, default="standard"
        How often each number of rows is timed.
    seed : int, default=0
        Seed of the synthetic rows.

    Returns
    -------
    SavedModelCost
        Latency by number of rows, memory, size, parameters and operations.

    Raises
    ------
    InputError
        The folder holds no saved model, or the data cannot be read.

    Examples
    --------
    >>> import deepworth, tempfile
    >>> folder = tempfile.mkdtemp() + "/model"
    >>> trained = deepworth.train("iris", model="logistic-regression", output=folder)
    >>> sorted(deepworth.cost(folder, effort="quick").latency, key=int)
    ['1', '10', '100', '1000']
    """
    manifest = read_manifest(artefact)
    X = _synthetic(manifest, seed) if data is None else next(raw_rows(manifest, [data], lambda _: None))[1]
    _import_runtime(deep="model.keras" in manifest["files"])
    give_back_memory()
    with warnings.catch_warnings():  # each call would repeat what evaluate and predict say once of these rows
        warnings.simplefilter("ignore", UserWarning)
        with Meter() as whole:
            with Meter() as opening:
                model = load(artefact)
            model.predict(batch_of(X, 1, 0))
        counted = operations(model, X)
        latency = latencies(model.predict, lambda rows, number: batch_of(X, rows, number), EFFORTS[effort])
        served = _served(artefact, model.checked(X), EFFORTS[effort])
    return SavedModelCost(
        path=str(artefact),
        model=manifest["model"],
        family=manifest["family"],
        task=manifest["task"],
        modality=manifest["modality"],
        rows_from="synthetic" if data is None else f"from {data}",
        threads=usable_cores(),
        size_bytes=size_on_disk(Path(artefact)),
        parameters=count_parameters(model.content),
        flops=counted["flops"],
        flops_by=counted["flops_by"],
        load_seconds=opening.wall,
        peak_bytes=whole.peak_bytes,
        latency=latency,
        steady=is_steady({**latency, **{f"served {rows}": own for rows, own in (served or {}).items()}}),
        served=served,
    )


def _served(artefact: str | os.PathLike[str], X: Any, effort: Effort) -> dict[str, Latency] | None:
    """Latency of the graph beside the model, from inputs as a server has them."""
    graph = open_graph(artefact)
    if graph is None:
        return None
    inputs = graph.raw(X)

    def batch(rows: int, number: int) -> dict[str, np.ndarray]:
        return {name: batch_of(values, rows, number) for name, values in inputs.items()}

    return latencies(graph.run, batch, effort)


def _import_runtime(deep: bool) -> None:
    """Imports and the start of a runtime are no cost of this model."""
    if not deep:
        import skops.io  # noqa: F401

        return
    from ..preprocessing.runtime import import_tensorflow

    import_tensorflow()
    import tensorflow as tf

    tf.function(lambda x: x + 1.0)(tf.constant(0.0))


def _synthetic(manifest: Manifest, seed: int) -> Any:
    """Rows with the model's columns."""
    rng = np.random.default_rng(seed)
    if manifest["modality"] == "image":
        shape = (_N_ROWS, _SIDE, _SIDE, manifest["inputs"][0]["channels"])
        return rng.integers(0, 256, shape, dtype=np.uint8)
    texts = pd.Series([" ".join(rng.choice(_WORDS.split(), 40)) for _ in range(_N_ROWS)])
    if manifest["modality"] == "text":
        return texts
    kinds: dict[str, Callable[[InputColumn], Any]] = {
        "number": lambda column: rng.normal(size=_N_ROWS),
        "date": lambda column: pd.date_range("2020-01-01", periods=_N_ROWS, freq="h"),
        "category": lambda column: rng.choice(column.get("levels") or ["a", "b", "c"], _N_ROWS),
        "text": lambda column: texts,
    }
    return pd.DataFrame({c["name"]: kinds[c["kind"]](c) for c in manifest["inputs"]})
