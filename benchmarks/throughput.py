"""Rows a second that cnn and rnn train on, against the same networks in PyTorch.

    python benchmarks/throughput.py --torch PYTHON [--threads N] [--turns N] [--json]

PYTHON is that of an environment with torch, which deepworth does not need; without it only our own figures
are measured. Both take turns, each in a fresh process held to the same cores, on the same made-up rows and
batches: forward pass, loss, gradients and a step of AdamW. Augmentation and dropout are off on both sides,
compiling and the first epoch are not counted. ``ratio`` is ours over PyTorch's, the median of the turns.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from _common import figure, keep, parser, table
from _process import cores, fresh

# Of cnn the side and channels of images and the width; of rnn the words of a text.
CASES: dict[str, dict[str, Any]] = {
    "cnn 28 x 28": {"kind": "cnn", "side": 28, "channels": 1, "width": 32, "batch": 128, "rows": 4096},
    "cnn 32 x 32 colour": {"kind": "cnn", "side": 32, "channels": 3, "width": 32, "batch": 128, "rows": 4096},
    "rnn 48 words": {"kind": "rnn", "length": 48, "words": 10_000, "batch": 64, "rows": 4096},
}
EPOCHS = 3
HEADER = ["network", "ours, rows/s", "PyTorch, rows/s", "ratio"]


def ours(case: dict[str, Any]) -> float:
    """Rows a second of all epochs but the first."""
    from time import perf_counter

    import numpy as np

    from deepworth.zoo import registry
    from deepworth.zoo.training import Architecture, Part, Replica, Settings, train

    spec, arrays, params = _cnn(case) if case["kind"] == "cnn" else _rnn(case)
    entry = registry.entry(case["kind"])
    architecture = Architecture(entry.call, tuple(sorted(params.items())), spec, 10, "multiclass")
    target = np.random.default_rng(1).integers(0, 10, case["rows"]).astype(np.int32)
    rows = Part(arrays, target, np.ones(case["rows"], np.float32))
    ends: list[float] = []
    settings = Settings(epochs=EPOCHS, batch_size=case["batch"], patience=None, jit=False, clip_norm=None)
    train(architecture, [Replica(rows, None, 0)], settings, progress=lambda *_: ends.append(perf_counter()))
    return (len(ends) - 1) * case["rows"] / (ends[-1] - ends[0])


def _cnn(case: dict[str, Any]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    import numpy as np

    from deepworth.zoo.preprocessing.base import InputSpec

    shape = (case["side"], case["side"], case["channels"])
    images = np.random.default_rng(0).integers(0, 256, (case["rows"], *shape), dtype=np.uint8)
    spec = InputSpec("image", (("image", shape, "uint8"),))
    return spec, {"image": images}, {"width": case["width"], "flip": False, "shift": 0, "hole": 0}


def _rnn(case: dict[str, Any]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    import numpy as np

    from deepworth.zoo.preprocessing.base import InputSpec

    tokens = np.random.default_rng(0).integers(1, case["words"], (case["rows"], case["length"]))
    spec = InputSpec("text", (("tokens", (case["length"],), "int32"),), vocabulary=case["words"])
    return spec, {"tokens": tokens.astype(np.int32)}, {"dropout": 0.0}


def theirs(python: str, case: dict[str, Any], threads: int) -> float:
    """The same of PyTorch, in its own environment."""
    script = Path(__file__).with_name("_torch_steps.py")
    command = [python, str(script), json.dumps({**case, "epochs": EPOCHS, "threads": threads})]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(ended.stdout.split()[-1])


def measure(chosen: argparse.Namespace) -> dict[str, Any]:
    """Medians over the turns, by network."""
    found: dict[str, Any] = {}
    for name, case in CASES.items():
        case = {**case, "rows": 512} if chosen.quick else case
        own: list[float] = []
        other: list[float] = []
        for turn in range(1 if chosen.quick else chosen.turns):
            print(f"{name}, turn {turn + 1}", file=sys.stderr, flush=True)
            own.append(fresh(chosen.threads, ours, case))
            if chosen.torch:
                other.append(theirs(chosen.torch, case, chosen.threads))
        row: dict[str, Any] = {"ours": statistics.median(own), "torch": None, "ratio": None}
        if other:
            row |= {"torch": statistics.median(other)}
            row |= {"ratio": statistics.median(a / b for a, b in zip(own, other, strict=True))}
        found[name] = row
    return {"networks": found, "threads": chosen.threads}


def lines(found: dict[str, Any]) -> list[list[str]]:
    """Rows of the table."""
    return [
        [name, figure(row["ours"], 0), figure(row["torch"], 0), figure(row["ratio"], 2)]
        for name, row in found["networks"].items()
    ]


def main() -> None:
    options = parser(__doc__ or "")
    options.add_argument("--torch", metavar="PYTHON", help="of an environment with torch")
    options.add_argument("--threads", type=int, default=min(2, cores()))
    options.add_argument("--turns", type=int, default=3)
    chosen = options.parse_args()
    found = measure(chosen)
    if not chosen.quick and chosen.torch:
        keep("throughput", found)
    print(json.dumps(found) if chosen.json else table(HEADER, lines(found)))


if __name__ == "__main__":
    main()
