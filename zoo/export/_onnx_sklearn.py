"""A scikit-learn pipeline of the zoo as ONNX operators, in double precision as it computes itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ._errors import CannotHold
from ._graph import Graph, Tensor

Converter = Callable[[Graph, Any, Any], Any]


def converters() -> dict[str, Converter]:
    """How each kind of step is written, by class name: arrays in, arrays or answers out."""
    from . import _onnx_boosted, _onnx_encoder, _onnx_linear, _onnx_pixels, _onnx_trees, _onnx_words

    steps = {**_onnx_encoder.STEPS, **_onnx_words.STEPS, **_onnx_pixels.STEPS}
    return {**steps, **_onnx_linear.MODELS, **_onnx_trees.MODELS, **_onnx_boosted.MODELS}


def pipeline(graph: Graph, model: Any, inputs: Mapping[str, Tensor]) -> Tensor:
    """Probabilities (batch, n_classes), or values (batch, 1), float64; from raw columns by name."""
    known = converters()
    if type(model).__name__ == "Pipeline":
        value: Any = inputs
        for _, step in model.steps:
            value = convert(graph, step, value, known)
        return value
    return convert(graph, model, inputs, known)


def convert(graph: Graph, step: Any, value: Any, known: Mapping[str, Converter] | None = None) -> Any:
    """One step or model; nested pipelines step by step."""
    known = known or converters()
    kind = type(step).__name__
    if kind == "Pipeline":
        for _, inner in step.steps:
            value = convert(graph, inner, value, known)
        return value
    if kind not in known:
        raise CannotHold(f"{kind} has no form in ONNX here yet")
    return known[kind](graph, step, value)
