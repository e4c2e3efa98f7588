"""Floating-point operations of one prediction of a saved model.

Of a network they are counted in its TensorFlow graph. An addition is one operation, so is a multiplication or
a function of a number (exp, tanh, ...), as TensorFlow's own profiler counts. Loops count each turn.
Look-ups, comparisons of strings and moves of memory are none. Sources of the formulas: Goodfellow, Bengio and
Courville, "Deep Learning" (2016), chapters 6 and 9.

Of a scikit-learn pipeline they are estimated from its fitted sizes, by functions that the files of baselines
state (``OPERATIONS``). An estimator that no file states is not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from ..baselines import operation_counts
from .loading import SavedModel

_MOST_ROWS = 100  # whose words are counted


class NotCounted(Exception):
    """Why the operations of a model are unknown, in a few words."""


def operations(saved: SavedModel, X: Any) -> dict[str, Any]:
    """Operations of a prediction for one row.

    Parameters
    ----------
    saved : SavedModel
    X : raw rows
        The work of some models depends on them, as on the words of a text.

    Returns
    -------
    dict
        ``flops``, None where they are not counted, and ``flops_by``: "graph", "estimate", or "not counted: "
        with the reason.
    """
    raw = saved.checked(X)
    raw = raw.iloc[:_MOST_ROWS] if hasattr(raw, "iloc") else raw[:_MOST_ROWS]
    try:
        if hasattr(saved.predictor, "graph"):
            return {"flops": graph_operations(saved.predictor.graph(raw)), "flops_by": "graph"}
        estimate = PipelineCount(operation_counts()).count(saved.content, raw)
        return {"flops": round(estimate), "flops_by": "estimate"}
    except NotCounted as reason:
        return {"flops": None, "flops_by": f"not counted: {reason}"}


class PipelineCount:
    """Operations of fitted estimators.

    Parameters
    ----------
    counts : mapping
        Functions of a fitted estimator and the rows that it gets, by the name of its class. An estimator
        with a method ``count_operations(X, count)`` needs none.
    """

    def __init__(self, counts: Mapping[str, Callable[[Any, Any], float]]) -> None:
        self._counts: dict[str, Callable[[Any, Any], float]] = {
            "Pipeline": self._pipeline,
            "FeatureUnion": self._union,
            "TransformedTargetRegressor": lambda model, X: self.count(model.regressor_, X),
            "StandardScaler": lambda scaler, X: 2.0 * scaler.n_features_in_,
            **counts,
        }

    def count(self, estimator: Any, X: Any) -> float:
        """Operations of a fitted estimator for one of the rows of X, as it gets them.

        Raises
        ------
        NotCounted
            Nobody states how, or it cannot be counted in this version of its library.
        """
        name = type(estimator).__name__
        own = getattr(estimator, "count_operations", None)
        if own is None and name not in self._counts:
            raise NotCounted(f"no formula for {name}")
        try:
            return own(X, self.count) if own is not None else self._counts[name](estimator, X)
        except NotCounted:
            raise
        except Exception as error:  # fitted attributes of other libraries change with their versions
            raise NotCounted(f"{name}: {type(error).__name__}: {error}") from error

    def _pipeline(self, pipeline: Any, X: Any) -> float:
        total = 0.0
        for _, step in pipeline.steps[:-1]:
            total += self.count(step, X)
            X = step.transform(X)
        return total + self.count(pipeline.steps[-1][1], X)

    def _union(self, union: Any, X: Any) -> float:
        return sum(self.count(transformer, X) for _, transformer in union.transformer_list)


_ONE_EACH = """
Abs Add AddN AddV2 BiasAdd Ceil Cos Cosh Div DivNoNan Elu Erf Erfc Erfinv Exp Expm1 FloorDiv FloorMod
Gelu LeakyRelu Log Log1p Maximum Minimum Mul MulNoNan Neg Pow RealDiv Reciprocal Relu Relu6 Round Rsqrt
Selu Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Square SquaredDifference Sub Tan Tanh
"""  # one operation for each number that comes out
_EACH = frozenset(_ONE_EACH.split())
_REDUCE = frozenset(["Sum", "Mean", "Max", "Min", "Prod", "EuclideanNorm"])


def graph_operations(graph: Any) -> int:
    """Operations of one run of a graph whose inputs have one row.

    Parameters
    ----------
    graph : tf.Graph
        That of a ``tf.function``'s concrete function.

    Raises
    ------
    NotCounted
        The graph does not say how large an operation is, or how often a loop turns.
    """
    return sum(_operation(op, graph) for op in graph.get_operations())


def _operation(op: Any, graph: Any) -> int:
    if op.type in _CONTRACTIONS:
        return _CONTRACTIONS[op.type](op)
    if op.type in ("While", "StatelessWhile"):
        return _turns(op) * graph_operations(_function(op, "body", graph))
    if op.type in ("PartitionedCall", "StatefulPartitionedCall"):
        return graph_operations(_function(op, "f", graph))
    if op.type in ("If", "StatelessIf"):
        return max(graph_operations(_function(op, name, graph)) for name in ("then_branch", "else_branch"))
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
        function = getattr(graph, "_functions", {}).get(name)
        if function is not None and getattr(function, "graph", None) is not None:
            return function.graph
        graph = getattr(graph, "outer_graph", None)
    raise NotCounted(f"function {name} is not in the graph")


def _turns(op: Any) -> int:
    """How often a loop turns: at most so often as Keras states, which is the number of steps."""
    import tensorflow as tf

    most = op.inputs[1]
    if most.op.type == "Max" and most.op.inputs[0].shape.rank == 0:  # of one number
        most = most.op.inputs[0]
    turns = tf.get_static_value(most)
    if turns is None or int(turns) < 0:
        raise NotCounted(f"unknown number of turns of the loop {op.name}")
    return int(turns)


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
        raise NotCounted(f"unknown shape of {tensor.name}")
    sizes = list(tensor.shape)
    if sizes and sizes[0] is None:
        sizes[0] = 1
    if None in sizes:
        raise NotCounted(f"unknown shape of {tensor.name}")
    return sizes


def _size(tensor: Any) -> int:
    return prod(_shape(tensor))
