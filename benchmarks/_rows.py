"""The file of results of tabular.py: one row a fit."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from _fits import Cell, Row

FIELDS = [
    *("dataset", "task", "split", "model", "auc", "logloss", "accuracy", "nrmse", "r2"),
    *("fit_wall", "fit_cpu", "predict_wall", "rss_before_mb", "rss_peak_mb"),
    *("n_train", "n_test", "n_columns", "threads", "versions"),
]


def read(path: Path) -> list[Row]:
    """Rows of a results file; none where there is no file."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return [{**row, "split": int(row["split"])} for row in csv.DictReader(stream)]


def append(path: Path, row: Row) -> None:
    """Write a row at once, in the format of the reference."""
    new = not path.is_file() or path.stat().st_size == 0
    with path.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})


def forget(path: Path, models: Iterable[str], cells: list[Cell]) -> None:
    """Take out the rows of models that are to be measured again."""
    rows, models = read(path), set(models)
    left = [r for r in rows if r["model"] not in models or (r["dataset"], r["split"]) not in cells]
    if len(left) == len(rows):
        return
    draft = path.with_suffix(".part")
    draft.unlink(missing_ok=True)
    with draft.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(left)
    draft.replace(path)


def error_of(row: Row) -> float:
    """1 - AUC, log loss, or RMSE over the standard deviation."""
    if row["task"] == "binary":
        return 1.0 - float(row["auc"])
    return float(row["logloss" if row["task"] == "multiclass" else "nrmse"])
