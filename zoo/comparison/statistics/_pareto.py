"""The front of score and cost: models that no other one beats in everything."""

from __future__ import annotations

from typing import Any

import numpy as np

# What a user pays: waiting for an answer, waiting for a model, room to keep it.
PRICES = ("latency_seconds", "fit_seconds", "size_bytes")


def front(losses: np.ndarray) -> np.ndarray:
    """Which rows are not dominated: no other is as low in every column and lower in one.

    Parameters
    ----------
    losses : ndarray of shape (n, n_columns), lower is better, no NaN

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    as_low = (losses[:, None, :] <= losses[None, :, :]).all(axis=2)
    lower = (losses[:, None, :] < losses[None, :, :]).any(axis=2)
    return np.asarray(~(as_low & lower).any(axis=0))


def latency_of_one(row: dict[str, Any]) -> float | None:
    """Median seconds for one row of data, by a row of the leaderboard."""
    found = ((row.get("costs") or {}).get("latency") or {}).get("1")
    return None if found is None else found["median"]


def mark_front(rows: list[dict[str, Any]], sign: int) -> None:
    """Set ``pareto`` of each row: True on the front of score, latency of one row, training time and size.

    None where a model has no score or lacks one of the costs: nothing can be said about it.

    Parameters
    ----------
    sign : 1 if greater scores are better, else -1
    """
    for row in rows:
        row["pareto"] = None
        row["latency_seconds"] = latency_of_one(row)
    known = [r for r in rows if r["score"] is not None and all(r[name] is not None for name in PRICES)]
    if not known:
        return
    losses = np.array([[-sign * r["score"], *(r[name] for name in PRICES)] for r in known], dtype=float)
    for row, on_it in zip(known, front(losses), strict=True):
        row["pareto"] = bool(on_it)
