"""A scikit-learn pipeline of the zoo as ONNX operators, in double precision as it computes itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import (
    _onnx_boosted,
    _onnx_encoder,
    _onnx_linear,
    _onnx_trees,
)
from . import (
    _onnx_images as _onnx_pixels,
)
from . import (
    _onnx_texts as _onnx_words,
)
from ._onnx_graph import Graph, Tensor
from ._source import CannotHold

Converter = Callable[[Graph, Any, Any], Any]


def pipeline(graph: Graph, model: Any, inputs: Mapping[str, Tensor]) -> Tensor:
    """Probabilities (batch, n_classes), or values (batch, 1), float64; from raw columns by name."""
    return _converted(graph, model, inputs)


def _converted(graph: Graph, step: Any, value: Any) -> Any:
    """One step or model."""
    kind = type(step).__name__
    if kind not in _KNOWN:
        raise CannotHold(f"{kind} has no form in ONNX here yet")
    return _KNOWN[kind](graph, step, value)


def _steps(graph: Graph, model: Any, value: Any) -> Any:
    for _, step in model.steps:
        value = _converted(graph, step, value)
    return value


def _delegate(graph: Graph, model: Any, value: Any) -> Tensor:
    return _converted(graph, model.model_, value)


def _standardised(graph: Graph, model: Any, value: Any) -> Tensor:
    z = _converted(graph, model.regressor_, value)
    scaler = model.transformer_
    return graph.op("Add", graph.op("Mul", z, scaler.scale_), scaler.mean_)


# How each kind of step is written, by class name: arrays in, arrays or answers out.
_AROUND_OTHERS: dict[str, Converter] = {
    "BySize": _delegate,
    "CodedLabels": _delegate,
    "FewNeighbours": _delegate,
    "NamedCategories": _delegate,
    "Pipeline": _steps,
    "TransformedTargetRegressor": _standardised,
}
_KNOWN: dict[str, Converter] = {
    **_onnx_encoder.STEPS,
    **_onnx_words.STEPS,
    **_onnx_pixels.STEPS,
    **_onnx_linear.MODELS,
    **_onnx_trees.MODELS,
    **_onnx_boosted.MODELS,
    **_AROUND_OTHERS,
}
