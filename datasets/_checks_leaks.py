"""Checks for target leakage: columns that give the target away, alone, together or in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ._base import Dataset, Finding
from ._codes import finding
from ._leakage import level_score, single_column_scores
from ._together import find_formula

LEAKS_FROM = {"ROC AUC": 0.995, "balanced accuracy": 0.995, "R2": 0.99}
MANY_LEVELS = 20  # below, a code is its own level and predicts alone
SAMPLE = 5_000
MIN_HITS = 30
NAMED = 0.1  # share of the cells that name a class
RIGHT = 0.98  # share of those that name the right one
_SEPARATOR = re.compile(r"[-_/.:# ]+")
# Names that say that something was written down when all was over. Deliberately few.
_AFTERWARDS = re.compile(
    r"(?:^|_)(outcome|results?|discharged?|settled|settlement|resolved|resolution|refunded|chargeback"
    r"|after|call_duration|duration_of_(?:the_)?call|duration_call)(?:_|$)"
)
_BEFORE = re.compile(
    r"(?:^|_)(previous|prev|prior|past|last|before|expected|tests?|lab|exam|admission)(?:_|$)"
)


def check_answers(dataset: Dataset) -> Iterator[Finding]:
    """DW008, DW032, DW033, DW042: what gives the target away, and names that may."""
    X: Any = dataset.X
    alone = []
    for name, score, metric in single_column_scores(X, dataset.y, dataset.task, dataset.groups):
        if score >= LEAKS_FROM[metric]:
            alone.append(name)
            message = (
                f"column {name!r} alone predicts the target ({metric} {score:.3f}); is its value known "
                f"before the target is?"
            )
            yield finding("DW008", "warning", message, (name,))
    yield from _check_formula(dataset)
    for name, column in X.items():
        if str(name) not in alone and not pd.api.types.is_float_dtype(column.dtype):
            yield from _check_cells(dataset, str(name), column)
    yield from _check_names(dataset)


def check_text(dataset: Dataset) -> Iterator[Finding]:
    """DW033 for a dataset of texts."""
    yield from _check_words(dataset, "text", pd.Series(dataset.X))


def _check_formula(dataset: Dataset) -> Iterator[Finding]:
    X: Any = dataset.X
    formula = find_formula(X, dataset.y, dataset.task)
    if formula is not None:
        shown = formula.words if len(formula.words) <= 200 else f"{formula.words[:200]} ..."
        message = (
            f"the target {dataset.target!r} is {shown} in {formula.share:.1%} of the rows; are these values "
            f"known before the target is?"
        )
        yield finding("DW032", "warning", message, formula.columns)


def _check_cells(dataset: Dataset, name: str, column: pd.Series) -> Iterator[Finding]:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return
    found = list(_check_words(dataset, name, column))
    yield from found or _check_code(dataset, name, column)


def _check_words(dataset: Dataset, name: str, column: pd.Series) -> Iterator[Finding]:
    """Cells that name their class, or hold their number, among other words."""
    rows = _some_rows(len(column))
    cells = column.iloc[rows].astype(object)
    present = cells.notna().to_numpy()
    cells, y = [str(cell) for cell in cells[present]], dataset.y[rows][present]
    if len(cells) < MIN_HITS:
        return
    share = _named_classes(cells, y) if dataset.task != "regression" else _named_numbers(cells, y)
    if share:
        what = "class" if dataset.task != "regression" else "number"
        message = (
            f"column {name!r} contains the {what} to be predicted in {share:.0%} of its cells; was it "
            f"written before the {what} was known?"
        )
        yield finding("DW033", "warning", message, (name,))


def _some_rows(n_rows: int) -> np.ndarray:
    if n_rows <= SAMPLE:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(0).choice(n_rows, SAMPLE, replace=False))


def _named_classes(cells: list[str], y: np.ndarray) -> float:
    """The share of cells that name one class, if that is nearly always their own; else 0."""
    names = {str(name).casefold().strip(): str(name) for name in np.unique(y)}
    words = sorted((n for n in names if len(n) > 1 and re.search(r"[^\W\d_]", n)), key=len, reverse=True)
    if not words or len(words) > 200:
        return 0.0
    pattern = re.compile(r"(?<![^\W_])(" + "|".join(map(re.escape, words)) + r")(?![^\W_])")
    named = [set(pattern.findall(cell.casefold())) for cell in cells]
    one = np.array([len(found) == 1 and cell.casefold().strip() not in names
                    for found, cell in zip(named, cells, strict=True)])  # fmt: skip
    if one.sum() < max(MIN_HITS, NAMED * len(cells)):
        return 0.0
    said = np.array([names[next(iter(found))] for found, is_one in zip(named, one, strict=True) if is_one])
    known, n_said = y[one].astype(str), len(np.unique(said))
    by_chance = max(np.mean(y.astype(str) == name) for name in np.unique(said)) if n_said == 1 else 0.0
    return float(one.mean()) if np.mean(said == known) >= RIGHT and by_chance < 0.9 else 0.0


def _named_numbers(cells: list[str], y: np.ndarray) -> float:
    """The share of cells that hold their own target among words, if it is most of them; else 0."""
    if len(np.unique(y)) < 50:
        return 0.0
    shown = [{f"{value:g}", f"{value:.2f}", repr(float(value)), f"{value:.0f}"} for value in y]
    numbers = [set(re.findall(r"\d+(?:\.\d+)?", cell)) for cell in cells]
    # 1,250 is 1250; only whole numbers may be met by rounding
    plain = [set(re.findall(r"\d+(?:\.\d+)?", cell.replace(",", ""))) for cell in cells]
    own = [
        bool((found | bare) & {s for s in forms if float(s) == value})
        for found, bare, forms, value in zip(numbers, plain, shown, y, strict=True)
    ]
    return float(np.mean(own)) if np.mean(own) >= 0.5 else 0.0


def _check_code(dataset: Dataset, name: str, column: pd.Series) -> Iterator[Finding]:
    """Codes such as A-1234 whose first or last part alone predicts the target."""
    if not isinstance(column.dtype, pd.CategoricalDtype) or len(column.cat.categories) <= MANY_LEVELS:
        return
    levels = [str(level) for level in column.cat.categories]
    for part, of in _parts(levels).items():
        spread = np.append(np.unique(of, return_inverse=True)[1] + 1, 0)[column.cat.codes.to_numpy()]
        scored = level_score(spread, dataset.y, dataset.task, dataset.groups)
        if 1 < len(set(of)) <= len(levels) / 3 and scored is not None and scored[0] >= LEAKS_FROM[scored[1]]:
            message = (
                f"the {part} of column {name!r} alone predicts the target ({scored[1]} {scored[0]:.3f}); is "
                f"the code given before the target is known?"
            )
            yield finding("DW033", "warning", message, (name,))
            return


def _parts(levels: list[str]) -> dict[str, np.ndarray]:
    """Parts of codes that may stand for a class."""
    split = [_SEPARATOR.split(level.strip()) for level in levels]
    letters = [re.match(r"[^\W\d_]*", level.strip()) for level in levels]
    return {
        "first part": np.array([parts[0] for parts in split]),
        "last part": np.array([parts[-1] for parts in split]),
        "first letters": np.array([match[0] if match else "" for match in letters]),
        "last character": np.array([level.strip()[-1:] for level in levels]),
    }


def _check_names(dataset: Dataset) -> Iterator[Finding]:
    """DW042: one soft finding for all names, since the data cannot tell."""
    X: Any = dataset.X
    names = [str(name) for name in X if is_afterwards(str(name))]
    if names:
        message = (
            f"by their names, these columns may be known only after the target: {', '.join(map(repr, names))}"
        )
        yield finding("DW042", "info", message, names)


def is_afterwards(name: str) -> bool:
    """Whether a name such as ``discharge_date`` or ``match_result`` suggests a value from after the event."""
    words = re.sub(r"[\W_]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)).lower()
    return bool(_AFTERWARDS.search(words)) and not _BEFORE.search(words)
