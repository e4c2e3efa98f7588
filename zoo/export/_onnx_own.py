"""deepworth's own layers as ONNX operators.

The steps of a table are one chain of operators for all columns of a kind: a node costs about as much as the
numbers of one row, so columns are put side by side first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..calibration.calibrators import LEAST, Calibrator, Isotonic, Platt, StructuredMatrix, Temperature
from ..calibration.calibrators import calibrator as calibrator_of
from ..preprocessing.scales import power_of_two, scaled_knots
from ._formats import CannotHold
from ._onnx_graph import Call, Graph, LayerWriter, Tensor
from ._onnx_layers import activation
from ._onnx_texts import bag_of_words, scattered, term_numbers, term_weights

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
    """A step of one column, delayed until the steps of all columns of its kind can be done together.

    ``x`` is (batch, 1): float64 for numbers, the int64 code for a category.
    """

    layer: Any
    x: Tensor

    @property
    def kind(self) -> str:
        return type(self.layer).__name__


def side_by_side(graph: Graph, parts: Sequence[Tensor | Column], widths: Sequence[int]) -> Tensor:
    """Float32 (batch, sum of widths): steps of one kind done together, then columns brought into order."""
    tensors: list[Tensor] = []
    positions: list[np.ndarray] = [np.empty(0)] * len(parts)
    start = 0
    for kind in dict.fromkeys(_kind(part) for part in parts):
        members = [i for i, part in enumerate(parts) if _kind(part) == kind]
        tensors.append(_together(graph, kind, [parts[i] for i in members]))
        for i in members:
            positions[i] = np.arange(start, start + widths[i])
            start += widths[i]
    joined, order = graph.concat(tensors), np.concatenate(positions)
    return joined if np.array_equal(order, np.arange(start)) else graph.take(joined, order)


def _kind(part: Tensor | Column) -> str:
    return part.kind if isinstance(part, Column) else ""


def _together(graph: Graph, kind: str, parts: Sequence[Any]) -> Tensor:
    if not kind:
        return graph.concat(list(parts))
    x, layers = graph.concat([part.x for part in parts]), [part.layer for part in parts]
    return graph.cast(_STEPS[kind](graph, x, layers), "float32")


def _known(graph: Graph, x: Tensor) -> Tensor:
    """Whether a number is finite."""
    return graph.op("Not", _missing(graph, x))


def _missing(graph: Graph, x: Tensor, layers: Any = None) -> Tensor:
    return graph.op("Or", graph.op("IsNaN", x), _infinite(graph, x))


def _infinite(graph: Graph, x: Tensor) -> Tensor:
    return graph.op("Equal", graph.op("Abs", x), np.float64(np.inf))


def _robust(graph: Graph, x: Tensor, layers: Sequence[Any]) -> Tensor:
    """As ``robust_scale`` computes it, in double precision."""
    from ..preprocessing.layers import FAR

    x = graph.op("Where", _known(graph, x), x, np.array([c.centre for c in layers]))
    down, shift, up = np.array([_factors(c) for c in layers]).T
    z = graph.op("Mul", graph.op("Sub", graph.op("Mul", x, down), shift), up)
    z = graph.op("Clip", z, np.float64(-FAR), np.float64(FAR))
    third = graph.op("Mul", z, np.float64(1 / 3))
    length = graph.op("Sqrt", graph.op("Add", graph.op("Mul", third, third), np.float64(1)))
    return graph.op("Div", z, length)


def _factors(layer: Any) -> tuple[float, float, float]:
    """Of z = (x * down - shift) * up, as ``robust_scale`` computes it."""
    if not layer.factor:
        return 0.0, 0.0, 0.0
    down = power_of_two(max(abs(layer.centre), 1.0 / layer.factor))
    return down, layer.centre * down, layer.factor / down


def _quantile(graph: Graph, x: Tensor, layers: Sequence[Any]) -> Tensor:
    """As ``quantile_scale``: linear interpolation is the sum of the clipped shares of all steps."""
    from ..preprocessing.layers import LEAST_RANK

    downs = np.array([scaled_knots(c.knots)[1] for c in layers])
    knots, widths, steps = (_padded(values) for values in zip(*(_lines(c) for c in layers), strict=True))
    widths[widths == 0] = 1.0
    first = np.array([c.ranks[0] for c in layers])
    x = graph.op("Where", _known(graph, x), x, np.array([c.centre for c in layers]))
    x = graph.op("Clip", graph.op("Mul", x, downs), np.float64(-2), np.float64(2))  # knots are at most 1
    shares = graph.op("Div", graph.op("Sub", graph.op("Unsqueeze", x, np.array([2])), knots), widths)
    shares = graph.op("Clip", shares, np.float64(0), np.float64(1))
    rank = graph.op("Add", graph.sum(graph.op("Mul", shares, steps), 2, keep=False), first)
    rank = graph.op("Clip", rank, np.float64(LEAST_RANK), np.float64(1 - LEAST_RANK))
    return normal_score(graph, rank)


def _target_units(call: Call) -> Tensor:
    x = call.graph.op("Mul", call.graph.cast(call.inputs[0], "float64"), np.float64(call.layer.scale))
    return call.graph.op("Add", x, np.float64(call.layer.offset))


def _lines(layer: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    knots, ranks = scaled_knots(layer.knots)[0], np.array(layer.ranks)
    if len(knots) == 1:  # nearly constant
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
    """Sine and cosine of each column, side by side."""
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


def _column(call: Call) -> Column:
    return Column(call.layer, call.inputs[0])


def _bag_of_words(call: Call) -> Tensor:
    return bag_of_words(call.graph, call.graph.reshape(call.inputs[0], [-1]), call.layer.words)


def _numeric_embedding(call: Call) -> Tensor:
    layer, graph, x = call.layer, call.graph, call.inputs[0]
    n = int(call.shapes[0][-1] or 0)
    x = graph.op("Unsqueeze", x, np.array([2]))
    turns = graph.op("Mul", x, (2 * math.pi * layer.rate * layer.frequency.numpy()).astype(np.float32))
    waves = graph.op("Cos", graph.op("Add", turns, np.float32(layer.rate) * layer.phase.numpy()))
    # (batch, n, 1, frequencies) times (n, frequencies, units): a matrix for each number
    waves = graph.op("Unsqueeze", waves, np.array([2]))
    features = graph.op("MatMul", waves, np.float32(layer.rate) * layer.linear.numpy())
    features = graph.op("Squeeze", features, np.array([2]))
    features = graph.op("Add", features, np.float32(layer.rate) * layer.bias.numpy())
    return graph.reshape(graph.concat([x, features]), [-1, n * (1 + layer.units)])


def _feature_scale(call: Call) -> Tensor:
    return call.graph.op("Mul", call.inputs[0], np.float32(call.layer.rate) * call.layer.scale.numpy())


def _ntk_dense(call: Call) -> Tensor:
    layer, features = call.layer, int(call.shapes[0][-1] or 0)
    kernel = (layer.kernel.numpy() / math.sqrt(features)).astype(np.float32)
    x = call.graph.op("MatMul", call.inputs[0], kernel)
    return call.graph.op("Add", x, np.float32(layer.bias_rate) * layer.bias.numpy())


def _parametric_activation(call: Call) -> Tensor:
    layer, graph, x = call.layer, call.graph, call.inputs[0]
    difference = graph.op("Sub", activation(graph, layer.function, x), x)
    return graph.op("Add", x, graph.op("Mul", difference, np.float32(layer.rate) * layer.slope.numpy()))


def _members(call: Call) -> Tensor:
    return call.graph.op(
        "Mul", call.graph.op("Unsqueeze", call.inputs[0], np.array([1])), call.layer.factors.numpy()
    )


def _member_dense(call: Call) -> Tensor:
    layer, graph = call.layer, call.graph
    x = graph.op("MatMul", graph.op("Mul", call.inputs[0], layer.inward.numpy()), layer.kernel.numpy())
    return graph.op("Add", graph.op("Mul", x, layer.outward.numpy()), layer.bias.numpy())


def _ntk_member_dense(call: Call) -> Tensor:
    layer, graph, features = call.layer, call.graph, int(call.shapes[0][-1] or 0)
    kernel = (layer.kernel.numpy() / math.sqrt(features)).astype(np.float32)
    rate = np.float32(layer.rate)
    x = graph.op("MatMul", call.inputs[0], kernel)
    return graph.op("Add", graph.op("Mul", x, rate * layer.outward.numpy()), rate * layer.bias.numpy())


def _heads(call: Call, factor: float, bias_rate: float) -> Tensor:
    """(batch, members, features) by (members, features, units): a product for each member."""
    layer, graph = call.layer, call.graph
    x = graph.op("Unsqueeze", call.inputs[0], np.array([2]))
    x = graph.op("MatMul", x, (layer.kernel.numpy() * factor).astype(np.float32))
    x = graph.op("Squeeze", x, np.array([2]))
    return graph.op("Add", x, np.float32(bias_rate) * layer.bias.numpy())


def _member_heads(call: Call) -> Tensor:
    return _heads(call, 1.0, 1.0)


def _ntk_member_heads(call: Call) -> Tensor:
    return _heads(call, 1 / math.sqrt(int(call.shapes[0][-1] or 0)), call.layer.bias_rate)


def _mixture(call: Call) -> Tensor:
    graph, x, members = call.graph, call.inputs[0], int(call.shapes[0][1] or 1)
    if call.layer.task == "regression":
        return graph.op("ReduceMean", x, np.array([1]), keepdims=0)
    if call.layer.task == "multiclass":
        total = _log_sum_exp(graph, graph.op("LogSoftmax", x, axis=-1))
        return graph.op("Sub", total, np.float32(math.log(members)))
    negative = graph.op("Neg", x)
    yes, no = (_log_sum_exp(graph, graph.op("Neg", graph.op("Softplus", side))) for side in (negative, x))
    return graph.op("Sub", yes, no)


def _log_sum_exp(graph: Graph, x: Tensor) -> Tensor:
    """Over the members, as Keras does: the largest is subtracted first."""
    top = graph.op("ReduceMax", x, np.array([1]), keepdims=1)
    total = graph.sum(graph.op("Exp", graph.op("Sub", x, top)), 1, keep=False)
    return graph.op("Add", graph.op("Log", total), graph.op("Squeeze", top, np.array([1])))


def _mean_max(call: Call) -> Tensor:
    graph, x = call.graph, call.inputs[0]
    if x.mask is None:
        raise CannotHold("pooling over a sequence without a mask has no form in ONNX here")
    known = graph.op("Unsqueeze", x.mask, np.array([2]))
    one = graph.cast(known, "float32")
    count = graph.op("Max", graph.sum(one, 1, keep=False), np.float32(1))
    mean = graph.op("Div", graph.sum(graph.op("Mul", x, one), 1, keep=False), count)
    highest = graph.op("ReduceMax", graph.op("Where", known, x, np.float32(-2)), np.array([1]), keepdims=0)
    there = graph.op("Greater", graph.sum(one, 1, keep=False), np.float32(0))
    return graph.concat([mean, graph.op("Where", there, highest, np.float32(0))])


def _attention(call: Call) -> Tensor:
    graph, x = call.graph, call.inputs[0]
    if x.mask is None:
        raise CannotHold("pooling over a sequence without a mask has no form in ONNX here")
    known = graph.op("Unsqueeze", x.mask, np.array([2]))
    scores = graph.op("MatMul", x, call.layer.query.numpy()[:, None])
    share = graph.op("Softmax", graph.op("Where", known, scores, np.float32(-1e9)), axis=1)
    share = graph.op("Mul", share, graph.cast(known, "float32"))
    return graph.sum(graph.op("Mul", share, x), 1, keep=False)


def _neighbours(call: Call) -> Tensor:
    graph, x, together = call.graph, call.inputs[0], call.layer.together
    if x.mask is None:
        raise CannotHold("neighbours in a sequence without a mask have no form in ONNX here")
    known = graph.cast(graph.op("Unsqueeze", x.mask, np.array([2])), "float32")
    steps, features = (int(n or 0) for n in call.shape[1:])
    joined = graph.reshape(graph.op("Mul", x, known), [-1, steps, features])
    return joined.masked(graph.columns(x.mask, 0, np.iinfo(np.int64).max, step=together))


def _term_numbers(call: Call) -> Tensor:
    texts = call.graph.reshape(call.inputs[0], [-1])
    return term_numbers(call.graph, texts, call.layer.terms, call.layer.length)


def _term_weights(call: Call) -> Tensor:
    return term_weights(call.graph, call.inputs[0], call.layer.idf, call.layer.n_words)


_GATHERED = 2**18  # numbers of one text's vectors; of longer texts they would fill the memory


def _term_sum(call: Call) -> Tensor:
    """By gathered vectors, which is fast for one row, or by a product with the vectors of all terms."""
    layer, graph = call.layer, call.graph
    numbers, weights, vectors = call.inputs[0], call.inputs[1], layer.embeddings.numpy()
    if int(call.shapes[0][1] or 0) * layer.units <= _GATHERED:
        gathered = graph.op("Gather", vectors, numbers, axis=0)
        total = graph.op("MatMul", graph.op("Unsqueeze", weights, np.array([1])), gathered)
        total = graph.op("Squeeze", total, np.array([1]))
    else:
        total = graph.op("MatMul", scattered(graph, numbers, weights, len(vectors)), vectors)
    return graph.op("Add", total, layer.bias.numpy())


def _calibrated(call: Call) -> Tensor:
    n_classes = call.layer.n_classes
    calibrator = calibrator_of(call.layer.calibration, n_classes)
    return calibrated(call.graph, call.inputs[0], calibrator, n_classes, np.float32)


def calibrated(graph: Graph, p: Tensor, calibrator: Calibrator, n_classes: int, dtype: Any) -> Tensor:
    """Calibrated probabilities (batch, n_classes)."""
    if not isinstance(calibrator, (Temperature, Platt, StructuredMatrix, Isotonic)):
        return p
    logs = graph.op("Log", graph.op("Max", p, dtype(LEAST)))
    if isinstance(calibrator, Temperature):
        return graph.op("Softmax", graph.op("Div", logs, dtype(calibrator.temperature)), axis=-1)
    if isinstance(calibrator, StructuredMatrix):
        return _by_matrix(graph, logs, calibrator, dtype)
    rest = graph.op("MatMul", p, (1 - np.eye(n_classes)).astype(dtype))
    odds = graph.op("Sub", logs, graph.op("Log", graph.op("Max", rest, dtype(LEAST))))
    odds = graph.columns(odds, 1, 2) if n_classes == 2 else odds
    if isinstance(calibrator, Isotonic):
        curves = zip(calibrator.knots, calibrator.shares, strict=True)
        parts = [piecewise(graph, graph.columns(odds, k, k + 1), *xy, dtype) for k, xy in enumerate(curves)]
        return _normalised(graph, graph.concat(parts), n_classes, dtype)
    z = graph.op("Add", graph.op("Mul", odds, dtype(calibrator.slopes)), dtype(calibrator.intercepts))
    if n_classes == 2:
        return graph.concat([graph.op("Sigmoid", graph.op("Neg", z)), graph.op("Sigmoid", z)])
    return _normalised(graph, graph.op("Sigmoid", z), n_classes, dtype)


def _by_matrix(graph: Graph, logs: Tensor, found: StructuredMatrix, dtype: Any) -> Tensor:
    softened = graph.op("Softmax", graph.op("Div", logs, dtype(found.temperature)), axis=-1)
    shares = graph.op("Mul", softened, dtype(1.0 - found.uniform))
    mixed = graph.op("Add", shares, dtype(found.uniform / len(found.intercepts)))
    turned = graph.op("MatMul", graph.op("Log", mixed), np.array(found.weights, dtype).T.copy())
    return graph.op("Softmax", graph.op("Add", turned, dtype(found.intercepts)), axis=-1)


def piecewise(graph: Graph, x: Tensor, knots: Any, shares: Any, dtype: Any) -> Tensor:
    """Linear between knots, constant outside."""
    if len(knots) == 1:
        return graph.op("Add", graph.op("Mul", x, dtype(0)), dtype(shares[0]))
    widths, steps = (np.diff(values).astype(dtype) for values in (knots, shares))
    parts = graph.op("Div", graph.op("Sub", x, np.array(knots[:-1], dtype)), widths)
    parts = graph.op("Clip", parts, dtype(0), dtype(1))
    return graph.op("Add", graph.sum(graph.op("Mul", parts, steps), 1), dtype(shares[0]))


def _normalised(graph: Graph, shares: Tensor, n_classes: int, dtype: Any) -> Tensor:
    if n_classes == 2:
        return graph.concat([graph.op("Sub", dtype(1), shares), shares])
    return graph.op("Div", shares, graph.sum(shares, 1))


def _concatenate(call: Call) -> Tensor:
    if not any(isinstance(x, Column) for x in call.inputs):
        return call.graph.concat(list(call.inputs), axis=getattr(call.layer, "axis", -1))
    return side_by_side(call.graph, call.inputs, [int(shape[-1] or 0) for shape in call.shapes])


LAYERS: dict[str, LayerWriter] = {
    "AttentionPooling": _attention,
    "BagOfWords": _bag_of_words,
    "CalibratedProbabilities": _calibrated,
    "Concatenate": _concatenate,
    "FeatureScale": _feature_scale,
    "MeanMaxPooling": _mean_max,
    "MemberDense": _member_dense,
    "MemberHeads": _member_heads,
    "Members": _members,
    "MissingIndicator": _column,
    "Mixture": _mixture,
    "NTKDense": _ntk_dense,
    "NTKMemberDense": _ntk_member_dense,
    "NTKMemberHeads": _ntk_member_heads,
    "Neighbours": _neighbours,
    "NumericEmbedding": _numeric_embedding,
    "OneHotKnown": _column,
    "ParametricActivation": _parametric_activation,
    "Phase": _column,
    "QuantileScale": _column,
    "RobustScale": _column,
    "TargetUnits": _target_units,
    "TermNumbers": _term_numbers,
    "TermSum": _term_sum,
    "TermWeights": _term_weights,
}
