"""Resizing of images as ONNX operators, the same as in training."""

from __future__ import annotations

import numpy as np

from ..preprocessing._pixels import UNIT
from ._graph import Graph, Tensor
from ._onnx_call import Call, Converter


def _resize(call: Call) -> Tensor:
    return resized(call.graph, call.inputs[0], (call.layer.height, call.layer.width))


def resized(graph: Graph, images: Tensor, size: tuple[int, int]) -> Tensor:
    """uint8 (batch, h, w, c) to ``size`` in whole numbers, as ``preprocessing._pixels.resized`` does it."""
    x = graph.cast(images, "float64")
    # (batch, h, w, c) to (batch, h, c, w) and back; then (batch, w, c, h) and back
    for axis, wanted, forth, back in (
        (2, size[1], [0, 1, 3, 2], [0, 1, 3, 2]),
        (1, size[0], [0, 2, 3, 1], [0, 3, 1, 2]),
    ):
        weights = _weights(graph, graph.columns(graph.op("Shape", x), axis, axis + 1, axis=0), wanted)
        x = graph.op("Transpose", x, perm=forth)
        x = graph.op("MatMul", x, graph.op("Transpose", weights, perm=[1, 0]))
        x = graph.op("Div", graph.op("Add", x, np.float64(UNIT / 2)), np.float64(UNIT))
        x = graph.op("Clip", graph.op("Floor", x), np.float64(0), np.float64(255))
        x = graph.op("Transpose", x, perm=back)
    return graph.cast(x, "uint8")


def _weights(graph: Graph, present: Tensor, wanted: int) -> Tensor:
    """Whole weights (wanted, present) of the input places for each output place."""
    scale = graph.op("Div", graph.cast(present, "float64"), np.float64(wanted))
    centres = graph.op("Mul", np.arange(wanted, dtype=np.float64) + 0.5, scale)
    centres = graph.op("Unsqueeze", centres, np.array([1]))
    places = graph.op("Range", np.int64(0), graph.op("Squeeze", present, np.array([0])), np.int64(1))
    gap = graph.op("Add", graph.op("Sub", graph.cast(places, "float64"), centres), np.float64(0.5))
    distance = graph.op("Abs", graph.op("Div", gap, graph.op("Max", scale, np.float64(1))))
    weights = graph.op("Max", graph.op("Sub", np.float64(1), distance), np.float64(0))
    weights = graph.op("Div", weights, graph.sum(weights, 1))
    return graph.op("Floor", graph.op("Add", graph.op("Mul", weights, np.float64(UNIT)), np.float64(0.5)))


LAYERS: dict[str, Converter] = {"ResizeImage": _resize}
