"""deepworth's own layers as ONNX operators."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..calibration.calibrators import LEAST, Isotonic, Platt, Temperature
from ._onnx_graph import Call, Converter, Graph, Tensor
from ._onnx_layers import activation
from ._onnx_tables import Column
from ._source import CannotHold


def _column(call: Call) -> Column:
    return Column(call.layer, call.inputs[0])


def _bag_of_words(call: Call) -> Tensor:
    from ._onnx_texts import bag_of_words

    return bag_of_words(call.graph, call.graph.reshape(call.inputs[0], [-1]), call.layer.words)


def _numeric_embedding(call: Call) -> Tensor:
    layer, graph, x = call.layer, call.graph, call.inputs[0]
    n = int(call.shapes[0][-1] or 0)
    x = graph.op("Unsqueeze", x, np.array([2]))
    turns = graph.op("Mul", x, (2 * math.pi * layer.rate * layer.frequency.numpy()).astype(np.float32))
    waves = graph.op("Cos", graph.op("Add", turns, np.float32(layer.rate) * layer.phase.numpy()))
    # (batch, n, 1, frequencies) times (n, frequencies, units): each number has a matrix of its own
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
    """Over the members, as Keras does: the largest is taken out first."""
    top = graph.op("ReduceMax", x, np.array([1]), keepdims=1)
    total = graph.sum(graph.op("Exp", graph.op("Sub", x, top)), 1, keep=False)
    return graph.op("Add", graph.op("Log", total), graph.op("Squeeze", top, np.array([1])))


def _mean_max(call: Call) -> Tensor:
    graph, x = call.graph, call.inputs[0]
    if x.mask is None:
        raise CannotHold("pooling over a sequence without a mask")
    known = graph.op("Unsqueeze", x.mask, np.array([2]))
    one = graph.cast(known, "float32")
    count = graph.op("Max", graph.sum(one, 1, keep=False), np.float32(1))
    mean = graph.op("Div", graph.sum(graph.op("Mul", x, one), 1, keep=False), count)
    highest = graph.op("ReduceMax", graph.op("Where", known, x, np.float32(-2)), np.array([1]), keepdims=0)
    there = graph.op("Greater", graph.sum(one, 1, keep=False), np.float32(0))
    return graph.concat([mean, graph.op("Where", there, highest, np.float32(0))])


def _calibrated(call: Call) -> Tensor:
    return calibrated(call.graph, call.inputs[0], call.layer._found, call.layer.n_classes, np.float32)


def calibrated(graph: Graph, p: Tensor, found: Any, n_classes: int, dtype: Any) -> Tensor:
    """Probabilities (batch, n_classes) through a calibrator."""
    if not isinstance(found, (Temperature, Platt, Isotonic)):
        return p
    logs = graph.op("Log", graph.op("Max", p, dtype(LEAST)))
    if isinstance(found, Temperature):
        return graph.op("Softmax", graph.op("Div", logs, dtype(found.temperature)), axis=-1)
    rest = graph.op("MatMul", p, (1 - np.eye(n_classes)).astype(dtype))
    odds = graph.op("Sub", logs, graph.op("Log", graph.op("Max", rest, dtype(LEAST))))
    odds = graph.columns(odds, 1, 2) if n_classes == 2 else odds
    if isinstance(found, Isotonic):
        curves = zip(found.knots, found.shares, strict=True)
        parts = [_rising(graph, graph.columns(odds, k, k + 1), *xy, dtype) for k, xy in enumerate(curves)]
        return _normalised(graph, graph.concat(parts), n_classes, dtype)
    z = graph.op("Add", graph.op("Mul", odds, dtype(found.slopes)), dtype(found.intercepts))
    if n_classes == 2:
        return graph.concat([graph.op("Sigmoid", graph.op("Neg", z)), graph.op("Sigmoid", z)])
    return _normalised(graph, graph.op("Sigmoid", z), n_classes, dtype)


def _rising(graph: Graph, x: Tensor, knots: Any, shares: Any, dtype: Any) -> Tensor:
    """Straight lines between knots, level outside."""
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


LAYERS: dict[str, Converter] = {
    "BagOfWords": _bag_of_words,
    "CalibratedProbabilities": _calibrated,
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
    "NumericEmbedding": _numeric_embedding,
    "OneHotKnown": _column,
    "ParametricActivation": _parametric_activation,
    "Phase": _column,
    "QuantileScale": _column,
    "RobustScale": _column,
}
