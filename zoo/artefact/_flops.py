"""Floating-point operations of one prediction of a network, counted from its TensorFlow graph.

A multiplication and an addition are one operation each, a function of a number (exp, tanh, ...) is one, as
TensorFlow's own profiler counts. Loops count as often as they turn. Look-ups, comparisons of strings and
moves of memory are none. Sources of the formulas: Goodfellow, Bengio and Courville, "Deep Learning"
(2016), chapters 6 and 9.
"""

from __future__ import annotations

from math import prod
from typing import Any

_EACH = frozenset(
    [
        "Abs",
        "Add",
        "AddN",
        "AddV2",
        "BiasAdd",
        "Ceil",
        "Cos",
        "Cosh",
        "Div",
        "DivNoNan",
        "Elu",
        "Erf",
        "Erfc",
        "Erfinv",
        "Exp",
        "Expm1",
        "FloorDiv",
        "FloorMod",
        "Gelu",
        "LeakyRelu",
        "Log",
        "Log1p",
        "Maximum",
        "Minimum",
        "Mul",
        "MulNoNan",
        "Neg",
        "Pow",
        "RealDiv",
        "Reciprocal",
        "Relu",
        "Relu6",
        "Round",
        "Rsqrt",
        "Selu",
        "Sigmoid",
        "Sign",
        "Sin",
        "Sinh",
        "Softplus",
        "Softsign",
        "Sqrt",
        "Square",
        "SquaredDifference",
        "Sub",
        "Tan",
        "Tanh",
    ]
)
_REDUCE = frozenset(["Sum", "Mean", "Max", "Min", "Prod", "EuclideanNorm"])


class Unknown(Exception):
    """The graph does not say how large an operation is."""


def graph_flops(graph: Any) -> int | None:
    """Operations of one run of a graph whose inputs have one row; None where it does not say how many.

    Parameters
    ----------
    graph : the ``graph`` of a ``tf.function``'s concrete function
    """
    try:
        return _graph(graph)
    except Unknown:
        return None


def _graph(graph: Any) -> int:
    return sum(_operation(op, graph) for op in graph.get_operations())


def _operation(op: Any, graph: Any) -> int:
    if op.type in _CONTRACTIONS:
        return _CONTRACTIONS[op.type](op)
    if op.type in ("While", "StatelessWhile"):
        return _turns(op) * _graph(_function(op, "body", graph))
    if op.type in ("PartitionedCall", "StatefulPartitionedCall"):
        return _graph(_function(op, "f", graph))
    if op.type in ("If", "StatelessIf"):
        return max(_graph(_function(op, name, graph)) for name in ("then_branch", "else_branch"))
    if not op.outputs or not op.outputs[0].dtype.is_floating:
        return 0
    if op.type in _EACH:
        return _size(op.outputs[0])
    if op.type in _REDUCE:
        return _size(op.inputs[0])
    if op.type == "Softmax":
        return 5 * _size(op.outputs[0])  # maximum, difference, exponential, sum, quotient
    if op.type in ("MaxPool", "AvgPool"):
        return _size(op.outputs[0]) * prod(op.get_attr("ksize"))
    return 0


def _function(op: Any, attribute: str, graph: Any) -> Any:
    name = op.get_attr(attribute).name
    while graph is not None:
        own = getattr(graph, "_functions", {}).get(name)
        if own is not None and getattr(own, "graph", None) is not None:
            return own.graph
        graph = getattr(graph, "outer_graph", None)
    raise Unknown(name)


def _turns(op: Any) -> int:
    """How often a loop turns: Keras says the most, which is the number of steps."""
    import tensorflow as tf

    most = op.inputs[1]
    if most.op.type == "Max" and most.op.inputs[0].shape.rank == 0:  # of one number
        most = most.op.inputs[0]
    found = tf.get_static_value(most)
    if found is None or int(found) < 0:
        raise Unknown(op.name)
    return int(found)


def _matmul(op: Any) -> int:
    shared = _shape(op.inputs[0])[0 if op.get_attr("transpose_a") else 1]
    return 2 * _size(op.outputs[0]) * shared


def _batch_matmul(op: Any) -> int:
    shared = _shape(op.inputs[0])[-2 if op.get_attr("adj_x") else -1]
    return 2 * _size(op.outputs[0]) * shared


def _einsum(op: Any) -> int:
    """One multiplication for each factor after the first, and one addition, for every set of indices."""
    terms = op.get_attr("equation").decode().split("->")[0].split(",")
    sizes: dict[str, int] = {}
    for term, tensor in zip(terms, op.inputs, strict=True):
        sizes |= zip(term, _shape(tensor), strict=True)
    return len(terms) * prod(sizes.values())


def _convolution(op: Any) -> int:
    kernel = _shape(op.inputs[1])
    return 2 * _size(op.outputs[0]) * prod(kernel[:-1])


def _depthwise(op: Any) -> int:
    return 2 * _size(op.outputs[0]) * prod(_shape(op.inputs[1])[:2])


_CONTRACTIONS = {
    "MatMul": _matmul,
    "BatchMatMul": _batch_matmul,
    "BatchMatMulV2": _batch_matmul,
    "Einsum": _einsum,
    "XlaEinsum": _einsum,
    "Conv1D": _convolution,
    "Conv2D": _convolution,
    "Conv3D": _convolution,
    "DepthwiseConv2dNative": _depthwise,
}


def _shape(tensor: Any) -> list[int]:
    """The shape; an unknown first axis is the batch, of one row."""
    if tensor.shape.rank is None:
        raise Unknown(tensor.name)
    found = list(tensor.shape)
    if found and found[0] is None:
        found[0] = 1
    if None in found:
        raise Unknown(tensor.name)
    return found


def _size(tensor: Any) -> int:
    return prod(_shape(tensor))
