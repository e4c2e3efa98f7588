"""Resizing of images as ONNX operators, the same as in training."""

from __future__ import annotations

import numpy as np

from ._graph import Graph, Tensor
from ._onnx_keras import Call, Converter


def _resize(call: Call) -> Tensor:
    return resized(call.graph, call.inputs[0], (call.layer.height, call.layer.width))


def resized(graph: Graph, images: Tensor, size: tuple[int, int]) -> Tensor:
    """uint8 (batch, h, w, c) to ``size`` as ``tf.image.resize(..., antialias=True)``, rounded.

    Each output row (then column) is a sum of input rows, weighted by a triangle as wide as the
    reduction; here as one matrix product each.
    """
    x = graph.cast(images, "float32")
    for axis, wanted in ((1, size[0]), (2, size[1])):
        present = graph.columns(graph.op("Shape", x), axis, axis + 1, axis=0)
        weights = _triangles(graph, present, wanted)  # (wanted, present)
        if axis == 1:  # (batch, h, w, c) -> (batch, w, c, h) and back
            forth, back = [0, 2, 3, 1], [0, 3, 1, 2]
        else:
            forth, back = [0, 1, 3, 2], [0, 1, 3, 2]
        x = graph.op("Transpose", x, perm=forth)
        x = graph.op("MatMul", x, graph.op("Transpose", weights, perm=[1, 0]))
        x = graph.op("Transpose", x, perm=back)
    x = graph.op("Clip", graph.op("Round", x), np.float32(0), np.float32(255))
    return graph.cast(x, "uint8")


def _triangles(graph: Graph, present: Tensor, wanted: int) -> Tensor:
    """Weights of the input places for each output place, in single precision as TensorFlow has them."""
    n = graph.cast(present, "float32")
    scale = graph.op("Div", np.float32(wanted), n)
    inverse = graph.op("Div", np.float32(1), scale)
    kernel = graph.op("Max", inverse, np.float32(1))
    centres = graph.op("Mul", np.arange(wanted, dtype=np.float32) + np.float32(0.5), inverse)
    centres = graph.op("Unsqueeze", centres, np.array([1]))
    places = graph.op("Range", np.int64(0), graph.op("Squeeze", present, np.array([0])), np.int64(1))
    middle = graph.op("Sub", graph.op("Add", graph.cast(places, "float32"), np.float32(0.5)), centres)
    distance = graph.op("Abs", graph.op("Mul", middle, graph.op("Div", np.float32(1), kernel)))
    weights = graph.op("Max", graph.op("Sub", np.float32(1), distance), np.float32(0))
    return graph.op("Mul", weights, graph.op("Div", np.float32(1), graph.sum(weights, 1)))


LAYERS: dict[str, Converter] = {"ResizeImage": _resize}
