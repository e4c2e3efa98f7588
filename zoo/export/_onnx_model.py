"""A saved model as one ONNX graph: raw inputs, the model, and answers by name."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ._onnx_graph import Graph, Tensor
from ._source import SLACK


def onnx_model(source: Any) -> Any:
    """The whole model.

    Raises
    ------
    CannotHold
        A part of it has no form in ONNX.
    """
    graph = Graph()
    inputs = {f.input: graph.input(f.input, f.dtype, _shape(source, f)) for f in source.fields}
    found = _network(graph, source, inputs) if source.keras is not None else _pipeline(graph, source, inputs)
    _name(graph, source, graph.cast(found, "float32"))
    description = f"{source.manifest['model']} for {source.manifest['target']}"
    return graph.model(str(source.manifest["model"]).replace("-", "_"), description, _metadata(source))


def _metadata(source: Any) -> dict[str, str]:
    """What a reader of the file finds beside the graph."""
    return {
        "classes": json.dumps(source.classes),
        "columns": json.dumps({f.input: f.column for f in source.fields}),
        "task": source.task,
    }


def _shape(source: Any, field: Any) -> tuple[int | None, ...]:
    return (None, None, None, source.channels) if field.kind == "image" else (None,)


def _network(graph: Graph, source: Any, inputs: dict[str, Tensor]) -> Tensor:
    from ._onnx_keras import network

    if source.modality != "image":
        inputs = {name: graph.op("Unsqueeze", x, np.array([1])) for name, x in inputs.items()}
    return network(graph, source.keras, inputs)


def _pipeline(graph: Graph, source: Any, inputs: dict[str, Tensor]) -> Tensor:
    from ._onnx_own import calibrated
    from ._onnx_sklearn import pipeline

    found = pipeline(graph, source.sklearn, inputs)
    if source.task == "regression":
        return found
    return calibrated(graph, found, source.confidence.calibrator, len(source.classes), np.float64)


def _name(graph: Graph, source: Any, found: Tensor) -> None:
    """Outputs by name, with what the model knows of its own doubt."""
    doubt, k = source.confidence, len(source.classes)
    if source.task == "regression":
        value = graph.reshape(found, [-1])
        graph.output("value", value, "float32", ["rows"])
        if doubt.half_width is not None:
            width = np.float32(doubt.half_width)
            graph.output("low", graph.op("Sub", value, width), "float32", ["rows"])
            graph.output("high", graph.op("Add", value, width), "float32", ["rows"])
        return
    classes = graph.constant(np.array(source.classes, object))
    best = graph.op("ArgMax", found, axis=1, keepdims=0)
    graph.output("probabilities", found, "float32", ["rows", k])
    graph.output("label", graph.op("Gather", classes, _codes(graph, doubt, found, best)), "string", ["rows"])
    graph.output("classes", classes, "string", [k])
    if doubt.least_probabilities is not None:
        sets = _sets(graph, found, best, np.asarray(doubt.least_probabilities))
        graph.output("prediction_set", sets, "bool", ["rows", k])


def _sets(graph: Graph, found: Tensor, best: Tensor, least: np.ndarray) -> Tensor:
    """As ``prediction_sets``: what reaches its least probability, else the most probable class."""
    reached = graph.op("GreaterOrEqual", found, (least - SLACK).astype(np.float32))
    empty = graph.op(
        "Not", graph.cast(graph.op("ReduceMax", graph.cast(reached, "float32"), np.array([1])), "bool")
    )
    top = graph.op("Equal", graph.op("Unsqueeze", best, np.array([1])), np.arange(len(least)))
    return graph.op("Or", reached, graph.op("And", empty, top))


def _codes(graph: Graph, doubt: Any, found: Tensor, best: Tensor) -> Tensor:
    if doubt.threshold is None:
        return best
    yes = graph.op("Gather", found, np.int64(doubt.positive), axis=1)
    yes = graph.op("GreaterOrEqual", yes, np.float32(doubt.threshold))
    return graph.op("Where", yes, np.int64(doubt.positive), np.int64(1 - doubt.positive))
