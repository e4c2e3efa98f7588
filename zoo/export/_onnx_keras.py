"""A Keras model as ONNX operators, layer by layer.

tf2onnx, which Keras calls for this, has no form for lookups and text operations, keeps the loop of recurrent
layers, and pins old versions of protobuf; our layers are few and small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import _onnx_images, _onnx_layers, _onnx_own
from ._onnx_graph import Call, Converter, Graph, Tensor
from ._source import CannotHold

# How each kind of layer is written, by class name.
_KNOWN: dict[str, Converter] = {**_onnx_layers.LAYERS, **_onnx_own.LAYERS, **_onnx_images.LAYERS}


def network(graph: Graph, model: Any, inputs: Mapping[str, Tensor]) -> Tensor:
    """The output of a functional model from its inputs by name."""
    return _functional(graph, model, [inputs[tensor.name] for tensor in model.inputs])


def _functional(graph: Graph, model: Any, inputs: Sequence[Tensor]) -> Any:
    """Node by node, as Keras itself runs a model."""
    values: dict[int, Any] = {id(x): y for x, y in zip(model.inputs, inputs, strict=True)}
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            if node.is_input or any(id(x) not in values for x in node.input_tensors):
                continue
            values[id(node.outputs[0])] = _node(graph, node, values)
    return values[id(model.outputs[0])]


def _node(graph: Graph, node: Any, values: Mapping[int, Any]) -> Any:
    layer = node.operation
    inputs = [values[id(x)] for x in node.input_tensors]
    if hasattr(layer, "_nodes_by_depth"):
        by_tensor = dict(zip(map(id, node.input_tensors), inputs, strict=True))
        return _functional(graph, layer, _in_order(layer, node, by_tensor))
    kind = type(layer).__name__
    if kind not in _KNOWN:
        raise CannotHold(f"the layer {kind} has no form in ONNX here")
    arguments, options = node.arguments.args, node.arguments.kwargs
    shapes = [tuple(x.shape) for x in node.input_tensors]
    return _KNOWN[kind](Call(graph, layer, inputs, shapes, tuple(node.outputs[0].shape), arguments, options))


def _in_order(model: Any, node: Any, by_tensor: Mapping[int, Any]) -> list[Any]:
    """Inputs of a nested model in its own order."""
    given = node.arguments.args[0]
    if isinstance(given, dict):
        inside = {id(x): by_tensor[id(given[name])] for name, x in model._inputs_struct.items()}
        return [inside[id(x)] for x in model.inputs]
    tensors = given if isinstance(given, (list, tuple)) else [given]
    return [by_tensor[id(x)] for x in tensors]
