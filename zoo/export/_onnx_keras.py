"""A Keras model as ONNX operators, layer by layer.

tf2onnx, which Keras calls for this, has no form for lookups and text operations, keeps the loop of recurrent
layers, and pins old versions of protobuf; our layers are few and small.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ._errors import CannotHold
from ._graph import Graph, Tensor


@dataclass(frozen=True)
class Call:
    """One use of a layer: its inputs with their shapes as Keras knows them (None: any size)."""

    graph: Graph
    layer: Any
    inputs: Sequence[Any]
    shapes: Sequence[tuple[int | None, ...]]
    shape: tuple[int | None, ...]
    arguments: Sequence[Any]
    options: Mapping[str, Any]


Converter = Callable[[Call], Any]


def converters() -> dict[str, Converter]:
    """How each kind of layer is written, by class name."""
    from . import _onnx_images, _onnx_layers, _onnx_own

    return {**_onnx_layers.LAYERS, **_onnx_own.LAYERS, **_onnx_images.LAYERS}


def network(graph: Graph, model: Any, inputs: Mapping[str, Tensor]) -> Tensor:
    """The output of a functional model from its inputs by name."""
    known = converters()
    return _functional(graph, model, [inputs[tensor.name] for tensor in model.inputs], known)


def _functional(graph: Graph, model: Any, inputs: Sequence[Tensor], known: Mapping[str, Converter]) -> Any:
    """Node by node, as Keras itself runs a model."""
    values: dict[int, Any] = {id(x): y for x, y in zip(model.inputs, inputs, strict=True)}
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            if node.is_input or any(id(x) not in values for x in node.input_tensors):
                continue
            values[id(node.outputs[0])] = _node(graph, node, values, known)
    return values[id(model.outputs[0])]


def _node(graph: Graph, node: Any, values: Mapping[int, Any], known: Mapping[str, Converter]) -> Any:
    layer = node.operation
    inputs = [values[id(x)] for x in node.input_tensors]
    if hasattr(layer, "_nodes_by_depth"):
        by_tensor = dict(zip(map(id, node.input_tensors), inputs, strict=True))
        return _functional(graph, layer, _in_order(layer, node, by_tensor), known)
    kind = type(layer).__name__
    if kind not in known:
        raise CannotHold(f"the layer {kind} has no form in ONNX here")
    arguments, options = node.arguments.args, node.arguments.kwargs
    shapes = [tuple(x.shape) for x in node.input_tensors]
    return known[kind](Call(graph, layer, inputs, shapes, tuple(node.outputs[0].shape), arguments, options))


def _in_order(model: Any, node: Any, by_tensor: Mapping[int, Any]) -> list[Any]:
    """Inputs of a nested model in its own order."""
    given = node.arguments.args[0]
    if isinstance(given, dict):
        inside = {id(x): by_tensor[id(given[name])] for name, x in model._inputs_struct.items()}
        return [inside[id(x)] for x in model.inputs]
    tensors = given if isinstance(given, (list, tuple)) else [given]
    return [by_tensor[id(x)] for x in tensors]
