"""Ten networks trained as one fleet, against one ordinary ``keras.Model.fit``; and what a first fit costs.

    python benchmarks/fleet.py [--json] [--quick] [--threads N] [--repeats N]

Ten replicas (ten seeds, the training rows of ten folds) of a 3 x 128 ReLU network through
``deepworth.zoo.training.train``, without early stopping, against one fit of the same network by Keras on the
first fold's rows for as many epochs, and one by scikit-learn's MLPClassifier. Building and compiling the
network is counted, importing is not: every measurement is made in a fresh process. The three take turns;
figures are medians, ``..._ten_over_one_fit`` of the ratios of one turn.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from _common import figure, keep, parser, table
from _process import cores, fresh

HIDDEN = (128, 128, 128)
RATE = 1e-3
N_FOLDS = 10


@dataclass(frozen=True)
class Case:
    """A table and how long it is learned."""

    rows: int | None  # of make_classification; None: scikit-learn's breast cancer
    epochs: int
    quick_epochs: int
    batch_size: int


CASES = {"small": Case(None, 50, 5, 32), "large": Case(20_000, 20, 2, 256)}


def network(inputs: Any, units: int, *, hidden_units: tuple[int, ...]) -> Any:
    """The network that all three train."""
    import keras

    layers = inputs.layers()
    x = layers["numeric"]
    for width in hidden_units:
        x = keras.layers.Dense(width, activation="relu", kernel_initializer="he_normal")(x)
    return keras.Model(layers, keras.layers.Dense(units)(x))


def data(case: Case) -> tuple[Any, Any]:
    """Standardised numbers and 0/1 targets."""
    import numpy as np
    from sklearn.datasets import load_breast_cancer, make_classification
    from sklearn.preprocessing import StandardScaler

    X, y = (
        load_breast_cancer(return_X_y=True)
        if case.rows is None
        else make_classification(case.rows, 30, n_informative=10, random_state=0)
    )
    return StandardScaler().fit_transform(X).astype(np.float32), y.astype(np.float32)


def folds(X: Any, y: Any) -> list[Any]:
    """Training rows of the ten folds."""
    from sklearn.model_selection import StratifiedKFold

    plan = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)
    return [train for train, _ in plan.split(X, y)]


def ten(case: Case, epochs: int) -> float:
    """Seconds of ten replicas as one fleet."""
    import numpy as np

    from deepworth.zoo.preprocessing.runtime import import_tensorflow

    import_tensorflow()
    from deepworth.zoo.preprocessing.base import InputSpec
    from deepworth.zoo.training.architecture import Architecture, Part, Replica
    from deepworth.zoo.training.fleet import train
    from deepworth.zoo.training.settings import Settings

    X, y = data(case)
    parts = [Part({"numeric": X[r]}, y[r], np.ones(len(r), np.float32)) for r in folds(X, y)]
    replicas = [Replica(part, None, seed) for seed, part in enumerate(parts)]
    spec = InputSpec("tabular", (("numeric", (X.shape[1],), "float32"),))
    architecture = Architecture(network, (("hidden_units", HIDDEN),), spec, 1, "binary")
    settings = Settings(
        epochs=epochs, batch_size=case.batch_size, learning_rate=RATE, patience=None, clip_norm=None
    )
    started = time.perf_counter()
    trained = train(architecture, replicas, settings)
    seconds = time.perf_counter() - started
    _check_learned([result.history.history["loss"] for result in trained], epochs)
    return seconds


def one(case: Case, epochs: int) -> float:
    """Seconds of one ``keras.Model.fit`` of the same network."""
    from deepworth.zoo.preprocessing.runtime import import_tensorflow

    import_tensorflow()
    import keras

    from deepworth.zoo.preprocessing.base import InputSpec

    X, y = data(case)
    rows = folds(X, y)[0]
    X, y = X[rows], y[rows]
    spec = InputSpec("tabular", (("numeric", (X.shape[1],), "float32"),))
    started = time.perf_counter()
    keras.utils.set_random_seed(0)
    model = network(spec, 1, hidden_units=HIDDEN)
    model.compile(keras.optimizers.Adam(RATE), keras.losses.BinaryCrossentropy(from_logits=True))
    history = model.fit({"numeric": X}, y, batch_size=case.batch_size, epochs=epochs, verbose=0)
    seconds = time.perf_counter() - started
    _check_learned([history.history["loss"]], epochs)
    return seconds


def scikit_learn(case: Case, epochs: int) -> float:
    """Seconds of one MLPClassifier of the same shape, rows, batches and epochs."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    X, y = data(case)
    rows = folds(X, y)[0]
    model = MLPClassifier(
        HIDDEN,
        alpha=0.0,
        batch_size=case.batch_size,
        learning_rate_init=RATE,
        max_iter=epochs,
        n_iter_no_change=epochs + 1,
        random_state=0,
    )
    warnings.simplefilter("ignore", ConvergenceWarning)
    started = time.perf_counter()
    model.fit(X[rows], y[rows])
    seconds = time.perf_counter() - started
    _check_learned([model.loss_curve_], epochs)
    return seconds


def _check_learned(losses: list[list[float]], epochs: int) -> None:
    """A fast network that learned nothing, or stopped early, would be no result."""
    if any(len(loss) != epochs or loss[-1] >= loss[0] for loss in losses):
        raise RuntimeError(f"a network did not learn for all of its {epochs} epochs")


RIVALS: dict[str, Callable[[Case, int], float]] = {"ten": ten, "one": one, "sklearn": scikit_learn}


def measured(name: str, repeats: int, quick: bool, threads: int) -> dict[str, Any]:
    """Seconds of each rival on one case, in turns."""
    case = CASES[name]
    epochs = case.quick_epochs if quick else case.epochs
    seconds: dict[str, list[float]] = {rival: [] for rival in RIVALS}
    for _ in range(repeats):
        for rival, function in RIVALS.items():
            seconds[rival].append(fresh(threads, function, case, epochs))
            print(f"{name} {rival}: {seconds[rival][-1]:.2f} s", file=sys.stderr, flush=True)
    ratios = [a / b for a, b in zip(seconds["ten"], seconds["one"], strict=True)]
    return {
        f"{name}_ten_over_one_fit": statistics.median(ratios),
        **{f"{name}_{rival}_median_seconds": statistics.median(s) for rival, s in seconds.items()},
        **{f"{name}_{rival}_seconds": s for rival, s in seconds.items()},
    }


def two_fits() -> tuple[float, float]:
    """Seconds of the first and a second fit of ``deep-mlp`` on 150 rows each, imports done."""
    import pandas as pd
    from sklearn.datasets import make_classification

    from deepworth.zoo import registry

    X, y = make_classification(300, 8, random_state=0)
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(8)])
    registry.create("deep-mlp", "binary", "tabular").warm_up()
    seconds = []
    for rows in (slice(0, 150), slice(150, 300)):
        model = registry.create("deep-mlp", "binary", "tabular", random_state=0)
        started = time.perf_counter()
        model.fit(frame[rows], y[rows])
        seconds.append(time.perf_counter() - started)
    return seconds[0], seconds[1]


def fits(repeats: int, threads: int) -> dict[str, Any]:
    """First and second fit, medians and raw seconds."""
    pairs = [fresh(threads, two_fits) for _ in range(repeats)]
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    return {
        "first_fit_seconds": statistics.median(first),
        "second_fit_seconds": statistics.median(second),
        "first_fit_raw_seconds": first,
        "second_fit_raw_seconds": second,
    }


def lines(found: dict[str, Any]) -> list[list[str]]:
    """One row of the table for each single figure."""
    return [[f"`{k}`", figure(v)] for k, v in found.items() if isinstance(v, float)]


def main() -> None:
    options = parser(__doc__ or "")
    options.add_argument("--threads", type=int, default=cores(), help="threads and cores; all by default")
    options.add_argument("--repeats", type=int, default=5, help="turns (default: 5)")
    chosen = options.parse_args()
    repeats = 1 if chosen.quick else chosen.repeats
    found: dict[str, Any] = {}
    for name in ["small"] if chosen.quick else CASES:
        found |= measured(name, repeats, chosen.quick, chosen.threads)
    found |= fits(repeats, chosen.threads)
    found |= {"threads": chosen.threads, "repeats": repeats}
    if not chosen.quick:
        keep("fleet", found)
    print(json.dumps(found) if chosen.json else table(["figure", "value"], lines(found)))


if __name__ == "__main__":
    main()
