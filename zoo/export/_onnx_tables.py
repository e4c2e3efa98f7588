"""The steps of a table as ONNX operators: one chain of operators for all columns of a kind.

A node costs about as much as the numbers of one row, so columns are put side by side first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._onnx_graph import Graph, Tensor

# Wichura (1988), Algorithm AS 241, PPND16: the normal distribution's quantile to 1e-16. Numerators and
# denominators by falling power, for the centre and for the tails. (The third branch of the algorithm is
# for ranks below 1.4e-11, which no scaled number has.)
_CENTRE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
_TAIL = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A step of one column that waits until it can be done for all columns of its kind.

    ``x`` is (batch, 1): float64 for numbers, the int64 code for a category.
    """

    layer: Any
    x: Tensor

    @property
    def kind(self) -> str:
        return type(self.layer).__name__


def side_by_side(graph: Graph, parts: Sequence[Tensor | Column], widths: Sequence[int]) -> Tensor:
    """Float32 (batch, sum of widths): steps of a kind done together, then brought into order."""
    done: list[Tensor] = []
    places: list[np.ndarray] = [np.empty(0)] * len(parts)
    start = 0
    for kind in dict.fromkeys(_kind(part) for part in parts):
        mine = [i for i, part in enumerate(parts) if _kind(part) == kind]
        done.append(_together(graph, kind, [parts[i] for i in mine]))
        for i in mine:
            places[i] = np.arange(start, start + widths[i])
            start += widths[i]
    joined, order = graph.concat(done), np.concatenate(places)
    return joined if np.array_equal(order, np.arange(start)) else graph.take(joined, order)


def _kind(part: Tensor | Column) -> str:
    return part.kind if isinstance(part, Column) else ""


def _together(graph: Graph, kind: str, parts: Sequence[Any]) -> Tensor:
    if not kind:
        return graph.concat(list(parts))
    x, layers = graph.concat([part.x for part in parts]), [part.layer for part in parts]
    return graph.cast(_STEPS[kind](graph, x, layers), "float32")


def _known(graph: Graph, x: Tensor) -> Tensor:
    """Whether a number is there and finite."""
    return graph.op("Not", _missing(graph, x))


def _missing(graph: Graph, x: Tensor, layers: Any = None) -> Tensor:
    return graph.op("Or", graph.op("IsNaN", x), _infinite(graph, x))


def _infinite(graph: Graph, x: Tensor) -> Tensor:
    return graph.op("Equal", graph.op("Abs", x), np.float64(np.inf))


def _robust(graph: Graph, x: Tensor, layers: Sequence[Any]) -> Tensor:
    """As ``robust_scale`` computes it, in double precision."""
    from ..preprocessing.layers import LARGEST

    centre, factor = (np.array([getattr(c, name) for c in layers]) for name in ("centre", "factor"))
    x = graph.op("Where", _known(graph, x), x, centre)
    x = graph.op("Clip", x, np.float64(-LARGEST), np.float64(LARGEST))
    z = graph.op("Mul", graph.op("Sub", x, centre), factor)
    z = graph.op("Clip", z, np.float64(-1e9), np.float64(1e9))
    third = graph.op("Mul", z, np.float64(1 / 3))
    length = graph.op("Sqrt", graph.op("Add", graph.op("Mul", third, third), np.float64(1)))
    return graph.op("Div", z, length)


def _quantile(graph: Graph, x: Tensor, layers: Sequence[Any]) -> Tensor:
    """As ``quantile_scale``: the straight lines between knots are a sum of clipped shares of each step."""
    from ..preprocessing.layers import LEAST_RANK

    knots, widths, steps = (_padded(values) for values in zip(*(_lines(c) for c in layers), strict=True))
    widths[widths == 0] = 1.0
    first = np.array([c.ranks[0] for c in layers])
    x = graph.op("Where", _known(graph, x), x, np.array([c.centre for c in layers]))
    x = graph.op("Clip", x, np.float64(-1e300), np.float64(1e300))
    shares = graph.op("Div", graph.op("Sub", graph.op("Unsqueeze", x, np.array([2])), knots), widths)
    shares = graph.op("Clip", shares, np.float64(0), np.float64(1))
    rank = graph.op("Add", graph.sum(graph.op("Mul", shares, steps), 2, keep=False), first)
    rank = graph.op("Clip", rank, np.float64(LEAST_RANK), np.float64(1 - LEAST_RANK))
    return normal_score(graph, rank)


def _lines(layer: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    knots, ranks = np.array(layer.knots), np.array(layer.ranks)
    if len(knots) == 1:  # as good as constant
        return knots, np.ones(1), np.zeros(1)
    return knots[:-1], np.diff(knots), np.diff(ranks)


def _padded(rows: Sequence[np.ndarray]) -> np.ndarray:
    padded = np.zeros((len(rows), max(map(len, rows))))
    for i, row in enumerate(rows):
        padded[i, : len(row)] = row
    return padded


def normal_score(graph: Graph, rank: Tensor) -> Tensor:
    """The normal distribution's value at each rank (float64, above 1.4e-11): AS 241 of Wichura (1988)."""
    q = graph.op("Sub", rank, np.float64(0.5))
    central = graph.op("Sub", np.float64(0.180625), graph.op("Mul", q, q))
    least = graph.op("Min", rank, graph.op("Sub", np.float64(1), rank))
    tail = graph.op("Sub", graph.op("Sqrt", graph.op("Neg", graph.op("Log", least))), np.float64(1.6))
    both = [graph.op("Unsqueeze", t, np.array([-1])) for t in (central, central, tail, tail)]
    t = graph.concat(both)
    value = graph.constant(np.array([c[0] for c in (*_CENTRE, *_TAIL)]))
    for power in range(1, 8):
        coefficients = np.array([c[power] for c in (*_CENTRE, *_TAIL)])
        value = graph.op("Add", graph.op("Mul", value, t), coefficients)
    quotient = [
        graph.op("Div", *(graph.op("Gather", value, np.int64(i), axis=-1) for i in pair))
        for pair in ((0, 1), (2, 3))
    ]
    inner = graph.op("LessOrEqual", graph.op("Abs", q), np.float64(0.425))
    return graph.op(
        "Where",
        inner,
        graph.op("Mul", q, quotient[0]),
        graph.op("Mul", graph.op("Sign", q), quotient[1]),
    )


def _phase(graph: Graph, x: Tensor, layers: Sequence[Any]) -> Tensor:
    """Sine and cosine, next to one another for each column."""
    known = _known(graph, x)
    turns = graph.op("Div", graph.op("Where", known, x, np.float64(0)), np.array([c.period for c in layers]))
    angle = graph.op("Mul", graph.op("Sub", turns, graph.op("Floor", turns)), np.float64(2 * np.pi))
    waves = [graph.op("Unsqueeze", graph.op(kind, angle), np.array([2])) for kind in ("Sin", "Cos")]
    there = graph.op("Unsqueeze", known, np.array([2]))
    return graph.reshape(graph.op("Where", there, graph.concat(waves), np.float64(0)), (-1, 2 * len(layers)))


def _one_hot(graph: Graph, codes: Tensor, layers: Sequence[Any]) -> Tensor:
    depths = [layer.depth for layer in layers]
    column = np.repeat(np.arange(len(layers)), depths)
    level = np.concatenate([np.arange(1, depth + 1) for depth in depths])
    return graph.op("Equal", graph.take(codes, column), level.astype(np.int64))


_STEPS = {
    "RobustScale": _robust,
    "QuantileScale": _quantile,
    "MissingIndicator": _missing,
    "Phase": _phase,
    "OneHotKnown": _one_hot,
}
