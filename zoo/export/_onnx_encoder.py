"""The table encoder of scikit-learn pipelines as ONNX operators: raw columns to a float64 matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._onnx_graph import Graph, Tensor
from ._source import CannotHold

_SECONDS_A_DAY = 86400.0


@dataclass(frozen=True)
class Matrix:
    """Encoded rows, float64 (batch, n), and which columns are codes of categories (-1: missing)."""

    x: Tensor
    categories: frozenset[int] = frozenset()


def _table(graph: Graph, encoder: Any, inputs: Mapping[str, Tensor]) -> Matrix:
    from ..preprocessing.tables import input_names

    names = dict(zip(encoder.feature_names_in_, input_names(list(encoder.feature_names_in_)), strict=True))
    raw = {column: inputs[names[column]] for column in encoder.roles_}
    parts: list[Tensor] = []
    codes: list[int] = []
    width = 0
    for name, step, columns in encoder.columns_.transformers_:
        if name == "numbers":
            x = _numbers(graph, step, _floats(graph, encoder, raw, columns))
            width += _width(step, columns)
        elif name == "categories":
            x, depth = _categories(graph, step, [raw[c] for c in columns])
            codes = list(range(width, width + depth)) if encoder.kind == "frame" else []
            width += depth
        elif name.startswith("text "):
            from ._onnx_texts import word_features

            x = graph.cast(word_features(graph, step, raw[columns]), "float64")
            width += 1 if step.vectoriser_ is None else len(step.vectoriser_.get_feature_names_out())
        else:
            continue
        parts.append(x)
    if not parts:
        raise CannotHold("the table has no column that the model uses")
    joined = graph.concat(parts)
    if encoder.kind == "scaled":
        joined = graph.op("Clip", joined, np.float64(-10), np.float64(10))
    return Matrix(joined, frozenset(codes))


def _floats(graph: Graph, encoder: Any, raw: Mapping[str, Tensor], columns: Any) -> Tensor:
    """Numbers and parts of dates side by side, NaN where missing or infinite."""
    from ..preprocessing.columns import LARGEST

    found = []
    for column in columns:
        if encoder.roles_.get(column) == "numeric":
            found.append(_column(graph, raw[column]))
            continue
        name, _, part = column.rpartition(" ")
        found.append(_date_part(graph, _column(graph, raw[name]), part))
    x = graph.concat(found)
    finite = graph.op("Less", graph.op("Abs", x), np.float64(np.inf))  # not of NaN either
    clipped = graph.op("Clip", x, np.float64(-LARGEST), np.float64(LARGEST))
    return graph.op("Where", finite, clipped, np.float64(np.nan))


def _column(graph: Graph, x: Tensor) -> Tensor:
    return graph.op("Unsqueeze", x, np.array([1]))


def _date_part(graph: Graph, seconds: Tensor, part: str) -> Tensor:
    """Days since 1970, month, weekday (Monday 0) or hour; missing dates stay NaN.

    The month is that of Hinnant's "civil from days": years begin in March, so leap days come last.
    """
    days = graph.op("Div", seconds, np.float64(_SECONDS_A_DAY))
    if part == "days":
        return days
    whole = graph.op("Floor", days)
    if part == "hour":
        rest = graph.op("Sub", seconds, graph.op("Mul", whole, np.float64(_SECONDS_A_DAY)))
        return graph.op("Floor", graph.op("Div", rest, np.float64(3600)))
    if part == "weekday":
        return _modulo(graph, graph.op("Add", whole, np.float64(3)), 7)
    z = graph.op("Add", whole, np.float64(719468))
    of_era = _modulo(graph, z, 146097)

    def quotient(x: Tensor, n: float) -> Tensor:
        return graph.op("Floor", graph.op("Div", x, np.float64(n)))

    leap = graph.op(
        "Sub", graph.op("Sub", quotient(of_era, 36524), quotient(of_era, 1460)), quotient(of_era, 146096)
    )
    year = quotient(graph.op("Add", of_era, leap), 365)
    before = graph.op("Add", graph.op("Mul", year, np.float64(365)), quotient(year, 4))
    of_year = graph.op("Sub", of_era, graph.op("Sub", before, quotient(year, 100)))
    five = graph.op("Add", graph.op("Mul", of_year, np.float64(5)), np.float64(2))
    month = quotient(five, 153)  # 0 is March
    turned = graph.op("Where", graph.op("Less", month, np.float64(10)), np.float64(3), np.float64(-9))
    return graph.op("Add", month, turned)


def _modulo(graph: Graph, x: Tensor, n: float) -> Tensor:
    return graph.op(
        "Sub", x, graph.op("Mul", graph.op("Floor", graph.op("Div", x, np.float64(n))), np.float64(n))
    )


def _width(step: Any, columns: Any) -> int:
    return len(columns) if not hasattr(step, "steps") else 0  # only counted where codes follow


def _numbers(graph: Graph, step: Any, x: Tensor) -> Tensor:
    if not hasattr(step, "steps"):  # passed through
        return x
    imputer, last = step.steps[0][1], step.steps[1][1]
    missing = graph.op("IsNaN", x)
    filled = graph.op("Where", missing, np.asarray(imputer.statistics_, np.float64), x)
    if type(last).__name__ == "KBinsDiscretizer":
        return _bins(graph, last, filled)
    parts = [filled]
    if imputer.indicator_ is not None and len(imputer.indicator_.features_):
        parts.append(graph.cast(graph.take(missing, imputer.indicator_.features_), "float64"))
    return graph.op("Div", graph.op("Sub", graph.concat(parts), last.mean_), last.scale_)


def _bins(graph: Graph, step: Any, x: Tensor) -> Tensor:
    """One-hot quantile bins: from an edge on, and not yet from the next."""
    parts = []
    for i, edges in enumerate(step.bin_edges_):
        column = graph.columns(x, i, i + 1)
        inner = np.asarray(edges[1:-1], np.float64)
        if not len(inner):
            parts.append(
                graph.op("Add", graph.op("Mul", graph.op("Sign", column), np.float64(0)), np.float64(1))
            )
            continue
        reached = graph.cast(graph.op("GreaterOrEqual", column, inner), "int64")
        place = graph.sum(reached, 1)
        same = graph.op("Equal", place, np.arange(len(inner) + 1))
        parts.append(graph.cast(same, "float64"))
    return graph.concat(parts)


def _categories(graph: Graph, step: Any, columns: list[Tensor]) -> tuple[Tensor, int]:
    """Codes, or ones at their places, as the encoder would give them: asked for each level it knows."""
    known = [[str(v) for v in levels] for levels in step.categories_]
    parts: list[Tensor] = []
    for i, (x, levels) in enumerate(zip(columns, known, strict=True)):
        rows = np.array([[known[j][0] for j in range(len(known))]] * (len(levels) + 1), dtype=object)
        rows[:-1, i] = levels
        rows[-1, i] = "\ue002 never seen"
        found = step.transform(_framed(step, rows))
        own = _own_columns(step, i, np.asarray(found, np.float64))
        keys = ["" if level == "(missing)" else level for level in levels]
        code = graph.lookup(x, keys, range(len(keys)), len(keys))
        parts.append(graph.op("Gather", own, code, axis=0))
    joined = graph.concat(parts)
    return joined, len(columns)


def _framed(step: Any, rows: np.ndarray) -> Any:
    import pandas as pd

    names = getattr(step, "feature_names_in_", None)
    return rows if names is None else pd.DataFrame(rows, columns=names)


def _own_columns(step: Any, i: int, encoded: np.ndarray) -> np.ndarray:
    """The columns of an encoded table that come from the i-th category."""
    if type(step).__name__ == "OrdinalEncoder":
        return encoded[:, i : i + 1]
    widths = step._n_features_outs
    start = sum(widths[:i])
    return encoded[:, start : start + widths[i]]


def _scale(graph: Graph, step: Any, value: Matrix | Tensor) -> Any:
    x = value.x if isinstance(value, Matrix) else value
    x = graph.cast(x, "float64")
    x = graph.op("Sub", x, step.mean_) if step.with_mean else x
    return Matrix(graph.op("Div", x, step.scale_) if step.with_std else x)


STEPS: dict[str, Any] = {"TableEncoder": _table, "StandardScaler": _scale}
