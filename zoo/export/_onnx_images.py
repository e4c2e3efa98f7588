"""Images as ONNX operators: resizing, and the pixels, principal components and gradients of pipelines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..preprocessing.base import UNIT
from ..preprocessing.pixels import CLIPPED, CONTRAST, NOT_ZERO
from ._onnx_graph import Call, Graph, LayerWriter, Matrix, StepWriter, Tensor


def _resize(call: Call) -> Tensor:
    return resized(call.graph, call.inputs[0], (call.layer.height, call.layer.width))


def resized(graph: Graph, images: Tensor, size: tuple[int, int]) -> Tensor:
    """uint8 (batch, h, w, c) to ``size`` in integers, as ``preprocessing.base.resized`` does it."""
    x = graph.cast(images, "float64")
    # (batch, h, w, c) to (batch, h, c, w) and back; then (batch, w, c, h) and back
    for axis, length, forth, back in (
        (2, size[1], [0, 1, 3, 2], [0, 1, 3, 2]),
        (1, size[0], [0, 2, 3, 1], [0, 3, 1, 2]),
    ):
        weights = _weights(graph, graph.columns(graph.op("Shape", x), axis, axis + 1, axis=0), length)
        x = graph.op("Transpose", x, perm=forth)
        x = graph.op("MatMul", x, graph.op("Transpose", weights, perm=[1, 0]))
        x = graph.op("Div", graph.op("Add", x, np.float64(UNIT / 2)), np.float64(UNIT))
        x = graph.op("Clip", graph.op("Floor", x), np.float64(0), np.float64(255))
        x = graph.op("Transpose", x, perm=back)
    return graph.cast(x, "uint8")


def _weights(graph: Graph, old: Tensor, new: int) -> Tensor:
    """Integer weights (new, old) of the input pixels for each output pixel along an axis."""
    scale = graph.op("Div", graph.cast(old, "float64"), np.float64(new))
    centres = graph.op("Mul", np.arange(new, dtype=np.float64) + 0.5, scale)
    centres = graph.op("Unsqueeze", centres, np.array([1]))
    pixels = graph.op("Range", np.int64(0), graph.op("Squeeze", old, np.array([0])), np.int64(1))
    gap = graph.op("Add", graph.op("Sub", graph.cast(pixels, "float64"), centres), np.float64(0.5))
    distance = graph.op("Abs", graph.op("Div", gap, graph.op("Max", scale, np.float64(1))))
    weights = graph.op("Max", graph.op("Sub", np.float64(1), distance), np.float64(0))
    weights = graph.op("Div", weights, graph.sum(weights, 1))
    return graph.op("Floor", graph.op("Add", graph.op("Mul", weights, np.float64(UNIT)), np.float64(0.5)))


def _same_size(graph: Graph, step: Any, inputs: Mapping[str, Tensor]) -> Tensor:
    x = resized(graph, next(iter(inputs.values())), step.size_)
    return graph.op("Div", graph.cast(x, "float32"), np.float32(255))


def _flatten(graph: Graph, step: Any, x: Tensor) -> Tensor:
    return graph.reshape(x, [0, step.n_features_])


def _directions(graph: Graph, step: Any, x: Tensor) -> Matrix:
    pca = step.pca_
    centred = graph.op("Sub", graph.cast(x, "float64"), np.asarray(pca.mean_, np.float64))
    return Matrix(graph.op("MatMul", centred, np.asarray(pca.components_, np.float64).T))


def _gradients(graph: Graph, step: Any, x: Tensor) -> Tensor:
    """Votes of gradients for directions, summed over cells, in blocks of 2 x 2; then coarse means."""
    height, width, channels = step.size_
    if not step.big_enough_:
        return graph.reshape(x, [0, height * width * channels])
    rows, columns = _strongest(graph, _differences(graph, x, 1), _differences(graph, x, 2), channels)
    sines, cosines, start = step.directions()
    along = graph.op("Add", graph.op("Mul", rows, sines), graph.op("Mul", columns, cosines))
    least = graph.op("Mul", _length(graph, rows, columns), np.float64(start))
    votes = graph.op("Max", graph.op("Sub", along, least), np.float64(0))
    votes = graph.op("Div", votes, np.float64(1.0 - start))
    cells = _pooled(graph, votes, step.windows(0), step.windows(1), step.orientations)
    counts = (len(step.windows(0)), len(step.windows(1)))
    means = _pooled(graph, graph.cast(x, "float64"), step.means(0), step.means(1), channels)
    parts = [graph.reshape(part, [0, -1]) for part in (_blocks(graph, cells, counts), means)]
    return graph.cast(graph.concat(parts), "float32")


def _pooled(graph: Graph, x: Tensor, rows: np.ndarray, columns: np.ndarray, k: int) -> Tensor:
    """Sums of pixels (batch, height, width, k) weighted by (cells, height) and (cells, width)."""
    strips = graph.op("MatMul", rows, graph.reshape(x, [0, rows.shape[1], columns.shape[1] * k]))
    return graph.op("MatMul", columns, graph.reshape(strips, [0, len(rows), columns.shape[1], k]))


def _patch_responses(graph: Graph, step: Any, x: Tensor) -> Tensor:
    """Patches gathered pixel by pixel, normalised, multiplied by the filters, and averaged over cells."""
    x = graph.cast(x, "float64")
    pixels = []
    for rows in step.windows(0):
        strip = graph.columns(x, rows.start, rows.stop, axis=1, step=rows.step)
        pixels += [graph.columns(strip, c.start, c.stop, axis=2, step=c.step) for c in step.windows(1)]
    patches = graph.concat(pixels)
    patches = graph.op("Sub", patches, graph.op("ReduceMean", patches, np.array([3]), keepdims=1))
    power = graph.op("ReduceMean", graph.op("Mul", patches, patches), np.array([3]), keepdims=1)
    patches = graph.op("Div", patches, graph.op("Sqrt", graph.op("Add", power, np.float64(CONTRAST))))
    found = graph.op("Sub", graph.op("MatMul", patches, step.weights_), step.offsets_)
    cells = []
    for signed in (found, graph.op("Neg", found)):
        strong = graph.op("Max", graph.op("Sub", signed, np.float64(step.threshold)), np.float64(0))
        for top, bottom in step.cells(0):
            strip = _mean_of(graph, graph.columns(strong, top, bottom, axis=1))
            cells += [_mean_of(graph, graph.columns(strip, *cell)) for cell in step.cells(1)]
    return graph.concat(cells)


def _mean_of(graph: Graph, x: Tensor) -> Tensor:
    """The mean over the axis behind the rows."""
    return graph.op("ReduceMean", x, np.array([1]), keepdims=0)


def _differences(graph: Graph, x: Tensor, axis: int) -> Tensor:
    """The next pixel minus the previous one along an axis, borders repeated; float32 (batch, h, w, c)."""
    pads = np.zeros(8, np.int64)
    pads[[axis, axis + 4]] = 1
    padded = graph.op("Pad", x, pads, mode="edge")
    end = np.iinfo(np.int64).max
    return graph.op("Sub", graph.columns(padded, 2, end, axis), graph.columns(padded, 0, -2, axis))


def _strongest(graph: Graph, rows: Tensor, columns: Tensor, channels: int) -> tuple[Tensor, Tensor]:
    """The gradient of the channel that changes most, the first of equals; float64 (batch, h, w, 1)."""
    rows, columns = graph.cast(rows, "float64"), graph.cast(columns, "float64")
    if channels > 1:  # compared in single precision: that decides between equals
        size = graph.cast(_length(graph, rows, columns), "float32")
        best = graph.op("ArgMax", size, axis=3, keepdims=1)
        rows, columns = (graph.op("GatherElements", g, best, axis=3) for g in (rows, columns))
    return rows, columns


def _length(graph: Graph, rows: Tensor, columns: Tensor) -> Tensor:
    squares = [graph.op("Mul", g, g) for g in (rows, columns)]
    return graph.op("Sqrt", graph.op("Add", *squares))


def _blocks(graph: Graph, cells: Tensor, counts: tuple[int, int]) -> Tensor:
    """Each 2 x 2 cells side by side and normalised by L2-Hys, float64 (batch, rows, columns, 4 n)."""
    parts = []
    for row in (0, 1):
        strip = graph.columns(cells, row, counts[0] - 1 + row, axis=1)
        parts += [graph.columns(strip, column, counts[1] - 1 + column, axis=2) for column in (0, 1)]
    x = graph.op("Min", _unit(graph, graph.concat(parts)), np.float64(CLIPPED))
    return _unit(graph, x)


def _unit(graph: Graph, x: Tensor) -> Tensor:
    squared = graph.sum(graph.op("Mul", x, x), 3)
    return graph.op("Div", x, graph.op("Sqrt", graph.op("Add", squared, np.float64(NOT_ZERO**2))))


def _augment(call: Call) -> Tensor:
    """Training alone changes images."""
    return call.inputs[0]


def _both_ways(call: Call) -> Tensor:
    images, end = call.inputs[0], np.iinfo(np.int64).min
    return call.graph.concat([images, call.graph.columns(images, -1, end, axis=2, step=-1)], axis=0)


def _mean_of_both(call: Call) -> Tensor:
    pairs = call.graph.reshape(call.inputs[0], [2, -1, int(call.shape[-1] or 1)])
    return call.graph.op("ReduceMean", pairs, np.array([0]), keepdims=0)


LAYERS: dict[str, LayerWriter] = {
    "Augment": _augment,
    "BothWays": _both_ways,
    "MeanOfBoth": _mean_of_both,
    "ResizeImage": _resize,
}

STEPS: dict[str, StepWriter] = {
    "Flatten": _flatten,
    "Gradients": _gradients,
    "MainDirections": _directions,
    "PatchResponses": _patch_responses,
    "SameSize": _same_size,
}
