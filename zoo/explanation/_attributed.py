"""Integrated gradients as a table: parts of the input by what they add, for many rows and for single ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._gradients import Attributions, integrated_gradients
from ._network import Network, open_network

WORDS = 30


def attributed(
    model: Any, X: Any, rows: np.ndarray, *, shown: bool, background: Any = None
) -> dict[str, Any]:
    """Attributions of raw rows as plain numbers.

    Parameters
    ----------
    model : fitted network or a saved one
    rows : int array
        The numbers by which the rows are called.
    background : DataFrame, optional
        Rows of a table whose mean is the baseline; without any, a row without anything special.
    shown : bool
        Whether the attributions of each row are wanted, or their means alone.

    Returns
    -------
    dict
        ``unit`` of the output, ``completeness_error`` (the largest), ``parts`` (``part`` and
        ``mean_absolute``, largest first; of pictures none) and, if shown, ``rows``: ``row``, ``class``,
        ``output``, ``baseline_output`` and ``parts`` with ``part`` and ``attribution`` in the order of the
        input (words with a ``place``), or ``pixels``, a map (height, width) summed over the colours, with
        ``picture``, the grey values (0 to 1) that the network saw.
    """
    network = open_network(model)
    found = integrated_gradients(network, X, background=background)
    units = {"binary": "log-odds", "multiclass": "log probability", "regression": "value"}
    result: dict[str, Any] = {
        "unit": units[network.task],
        "rows_averaged": len(rows),
        "completeness_error": float(found.error.max()),
        "parts": _means(network, found),
    }
    if shown:
        result["rows"] = [_row(network, found, i, int(row)) for i, row in enumerate(rows)]
    return result


def _means(network: Network, found: Attributions) -> list[dict[str, Any]]:
    if network.modality == "tabular":
        sizes = dict(zip(found.names, np.abs(found.parts["columns"]).mean(axis=0).tolist(), strict=True))
    elif network.modality == "text":
        sizes = {}
        for ids, values in zip(found.encoded["tokens"], found.parts["words"], strict=True):
            for word, value in zip(ids[ids > 0].tolist(), np.abs(values[ids > 0]).tolist(), strict=True):
                name = network.words[word]
                sizes[name] = sizes.get(name, 0.0) + value / len(found.output)
    else:
        return []
    ranked = sorted(sizes.items(), key=lambda item: -item[1])
    ranked = ranked if network.modality == "tabular" else ranked[:WORDS]
    return [{"part": name, "mean_absolute": value} for name, value in ranked]


def _row(network: Network, found: Attributions, i: int, row: int) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "row": row,
        "class": found.classes[i] if found.classes else None,
        "output": float(found.output[i]),
        "baseline_output": float(found.baseline_output[i]),
    }
    if network.modality == "image":
        grey = found.encoded["image"][i].astype(float).mean(axis=-1) / 255.0
        return {**facts, "pixels": found.parts["pixels"][i].sum(axis=-1).tolist(), "picture": grey.tolist()}
    if network.modality == "text":
        ids = found.encoded["tokens"][i]
        places = np.flatnonzero(ids > 0).tolist()
        words = [
            {"place": p, "part": network.words[ids[p]], "attribution": float(found.parts["words"][i, p])}
            for p in places
        ]
        return {**facts, "parts": words}
    own = zip(found.names, found.parts["columns"][i].tolist(), strict=True)
    return {**facts, "parts": [{"part": name, "attribution": value} for name, value in own]}
