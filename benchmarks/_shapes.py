"""Synthetic data of given sizes, for times and not for scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

import deepworth

# rows, columns, task of tables; rows, characters of texts; rows, side, channels of pictures
TABLES = (
    (200, 5, "binary"),
    (300, 40, "binary"),
    (1000, 10, "binary"),
    (1000, 12, "multiclass"),
    (1000, 40, "regression"),
    (4000, 10, "regression"),
    (4000, 30, "binary"),
    (12000, 10, "binary"),
)
TEXTS = ((300, 60), (1500, 60), (600, 600))
PICTURES = ((300, 8, 1), (1200, 8, 1), (500, 24, 1))


def table(rows: int, columns: int, task: str, seed: int = 0) -> Any:
    """Numbers with an answer that half of them decide, with noise."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(rows, columns))
    values = X[:, : columns // 2].sum(axis=1) + np.sin(2 * X[:, 0]) * X[:, 1] + random.normal(size=rows)
    if task != "regression":
        parts = 2 if task == "binary" else 5
        cuts = np.quantile(values, np.linspace(0, 1, parts + 1)[1:-1])
        values = np.char.add("class ", np.digitize(values, cuts).astype(str))
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(columns)]).assign(answer=values)
    return deepworth.load_dataset(frame, target="answer", task=task)


def texts(rows: int, characters: int, seed: int = 0) -> Any:
    """Words of a long-tailed vocabulary; one in thirty tells the class."""
    random = np.random.default_rng(seed)
    words = np.array(["".join(random.choice(list("abcdefghijklmnop"), 5)) for _ in range(4000)])
    shares = 1 / np.arange(1, 4001)
    labels = random.integers(0, 2, rows)
    written = []
    for label in labels:
        drawn = words[random.choice(4000, max(1, characters // 6), p=shares / shares.sum())]
        marked = random.random(len(drawn)) < 0.1
        written.append(" ".join(np.where(marked, "good" if label else "bad", drawn)))
    frame = pd.DataFrame({"text": written, "answer": np.where(labels, "yes", "no")})
    return deepworth.load_dataset(frame, target="answer", text="text")


def pictures(rows: int, side: int, channels: int, seed: int = 0) -> Any:
    """Noise with a bright spot, whose place is the class."""
    from dataclasses import replace

    random = np.random.default_rng(seed)
    X = random.integers(0, 120, (rows, side, side, channels), dtype=np.uint8)
    labels = random.integers(0, 4, rows)
    for row, label in enumerate(labels):
        top, left = divmod(int(label), 2)
        X[row, top * side // 2 : top * side // 2 + 3, left * side // 2 : left * side // 2 + 3] += 100
    y = np.char.add("place ", labels.astype(str))
    usual = deepworth.load_dataset("digits", rows=200)
    return replace(usual, name="pictures", X=X, y=y, classes=tuple(sorted(set(y))))


def grid() -> list[tuple[str, Any]]:
    """Name and dataset of every size, short ones first."""
    found = [(f"texts {rows} x {size}", texts(rows, size)) for rows, size in TEXTS]
    found += [(f"pictures {rows} x {side} x {c}", pictures(rows, side, c)) for rows, side, c in PICTURES]
    sizes = [(f"table {rows} x {columns} {task}", (rows, columns, task)) for rows, columns, task in TABLES]
    return found + [(name, table(*size)) for name, size in sizes]
