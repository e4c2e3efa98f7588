"""Are the explanations right? Completeness, informative columns found, noise columns ranked low.

    python benchmarks/explain.py [--json] [--quick]

``completeness_error`` is the largest error of integrated gradients by kind of data: the sum of attributions
less the difference of the outputs, as a share of the difference, over all rows explained. For the other two
figures 50 tables of 1,000 rows are simulated, whose two classes depend on four of their eight columns: models
learn from one half and are explained on the other. ``planted_found`` is the share of tables, by model and
method, in which these four are the four most important; ``noise_in_top_half`` counts the tables in which any
of the other four, a random category among them, is in the upper half.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pandas as pd
from _common import keep, parser, table

from deepworth import load_dataset
from deepworth.zoo import registry
from deepworth.zoo.explanation import (
    coefficients,
    dependence,
    integrated_gradients,
    open_network,
    permutation_importance,
)

PLANTED = ("a", "b", "c", "colour")
SEEDS = 50
# network and dataset by kind of data, with the rows to explain
NETWORKS = {
    "tabular": [(name, "sick-healthy", 50) for name in ("shallow-mlp", "deep-mlp", "tabm")],
    "image": [("cnn", "digits", 20)],
    "text": [("rnn", "triage-notes", 20)],
}
SMALL: dict[str, dict[str, Any]] = {
    "shallow-mlp": {"epochs": 2},
    "cnn": {"epochs": 1, "width": 8},
    "rnn": {"epochs": 1, "embedding_dim": 4, "recurrent_units": 4, "cell": "gru"},
}
HEADER = ["figure", "value"]


def completeness(quick: bool) -> dict[str, float]:
    """The largest error by kind of data."""
    found = {}
    for modality, cases in NETWORKS.items():
        errors = []
        for model, name, rows in cases[:1] if quick else cases:
            data = load_dataset(name)
            data = data.take(np.arange(100 if quick else min(len(data), 1000)))
            own = SMALL[model] if quick else {}
            network = registry.create(model, data.task, modality, random_state=0, **own).fit(data.X, data.y)
            chosen = data.take(np.arange(2 if quick else rows)).X
            usual = data.X if modality == "tabular" else None
            errors.append(integrated_gradients(open_network(network), chosen, background=usual).error.max())
            print(f"  {model} on {name}: {errors[-1]:.1e}", file=sys.stderr, flush=True)
        found[modality] = float(max(errors))
    return found


def simulated(seed: int, rows: int = 1000) -> tuple[pd.DataFrame, np.ndarray]:
    """Four columns that the answer depends on, four that it does not."""
    rng = np.random.default_rng(seed)
    numbers = {name: rng.normal(size=rows) for name in ("n1", "a", "n2", "b", "c", "n3")}
    levels = rng.choice(["red", "green", "blue"], rows)
    X = pd.DataFrame({**numbers, "colour": levels, "shape": rng.choice(["round", "square", "long"], rows)})
    effect = np.select([levels == "red", levels == "green"], [1.6, -1.2], -0.4)
    odds = 1.8 * X["a"] - 1.4 * X["b"] + 1.2 * X["c"] + effect
    return X, np.where(rng.random(rows) < 1 / (1 + np.exp(-odds)), "yes", "no")


def rankings(seed: int) -> dict[str, dict[str, float]]:
    """Importance by column, for every model and method."""
    X, y = simulated(seed)
    half, classes = len(X) // 2, ("no", "yes")
    train, held, truth = X.iloc[:half], X.iloc[half:], y[half:]
    found: dict[str, dict[str, float]] = {}
    for name in ("shallow-mlp", "hist-gradient-boosting", "logistic-regression"):
        model = registry.create(name, "binary", "tabular", random_state=seed).fit(train, y[:half])
        parts = permutation_importance(model, held, truth, "tabular", classes, seed=seed).parts
        found[f"{name}: permutation"] = {part.part: part.importance for part in parts}
        curves = dependence(model, held, classes, seed=seed)
        found[f"{name}: dependence"] = {curve.column: curve.range for curve in curves}
        if name == "shallow-mlp":
            shares = integrated_gradients(open_network(model), held.iloc[:150], background=train)
            sizes = np.abs(shares.parts["columns"]).mean(axis=0).tolist()
            found[f"{name}: gradients"] = dict(zip(shares.names, sizes, strict=True))
        for line in coefficients(model, classes) or [] if name == "logistic-regression" else []:
            own = found.setdefault(f"{name}: coefficients", {})
            own[line.column] = max(own.get(line.column, 0.0), abs(line.standardised["yes"]))
    return found


def planted(seeds: int) -> dict[str, Any]:
    """How often the four are found, and how often one of the others comes among the first four."""
    hits: dict[str, list[bool]] = {}
    for seed in range(seeds):
        for method, sizes in rankings(seed).items():
            first = sorted(sizes, key=lambda name: -sizes[name])[: len(PLANTED)]
            hits.setdefault(method, []).append(set(first) == set(PLANTED))
        print(f"  table {seed + 1} of {seeds}", file=sys.stderr, flush=True)
    return {
        "seeds": seeds,
        "planted_found": {method: float(np.mean(found)) for method, found in hits.items()},
        "noise_in_top_half": {method: int(np.sum(np.logical_not(found))) for method, found in hits.items()},
    }


def measured(quick: bool) -> dict[str, Any]:
    """All figures."""
    return {"completeness_error": completeness(quick), **planted(1 if quick else SEEDS)}


def lines(found: dict[str, Any]) -> list[list[Any]]:
    """Rows for a table."""
    rows: list[list[Any]] = [
        [f"largest completeness error of integrated gradients, {modality}", f"{value:.1e}"]
        for modality, value in found.get("completeness_error", {}).items()
    ]
    for method, share in found.get("planted_found", {}).items():
        missed = found["noise_in_top_half"][method]
        words = f"{share:.0%} of {found['seeds']} tables; noise column in the upper half: {missed}"
        rows.append([f"four informative columns ranked first, {method}", words])
    return rows


def main() -> None:
    chosen = parser(__doc__ or "").parse_args()
    found = measured(chosen.quick)
    if not chosen.quick:
        keep("explain", found)
    print(json.dumps(found) if chosen.json else table(HEADER, lines(found)))


if __name__ == "__main__":
    main()
