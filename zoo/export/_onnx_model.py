"""A saved model as one ONNX graph: raw inputs, the network or pipeline, and outputs by name.

Networks are written layer by layer: tf2onnx, which Keras calls for this, has no form for look-ups and text
operations, keeps the loop of recurrent layers, and pins old versions of protobuf; our layers are few.
Pipelines are written step by step; a step without a writer here goes through skl2onnx.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..artefact.signature import Confidence
from . import _onnx_images, _onnx_layers, _onnx_own, _onnx_pipelines, _onnx_texts, _onnx_trees
from ._formats import CannotHold
from ._onnx_graph import ML, OPSETS, Call, Graph, LayerWriter, Matrix, StepWriter, Tensor
from ._source import SLACK, Field, Source

if TYPE_CHECKING:
    import onnx

_CONVERTER = "skl2onnx"


def onnx_model(source: Source) -> tuple[onnx.ModelProto, str]:
    """The whole model, and what wrote a part of it that has to be proved, or "".

    Raises
    ------
    CannotHold
        A part of it has no form in ONNX.
    """
    graph = Graph()
    inputs = {f.input: graph.input(f.input, f.dtype, _shape(source, f)) for f in source.fields}
    write = _network if source.keras is not None else _pipeline
    _add_outputs(graph, source, write(graph, source, inputs))
    name = str(source.manifest["model"]).replace("-", "_")
    description = f"{source.manifest['model']} for {source.manifest['target']}"
    converter = f"{_CONVERTER}'s graph of {' and '.join(graph.converted)}" if graph.converted else ""
    return graph.model(name, description, _metadata(source)), converter


def _metadata(source: Source) -> dict[str, str]:
    """Classes, columns and task, for readers of the file."""
    return {
        "classes": json.dumps(source.classes),
        "columns": json.dumps({f.input: f.column for f in source.fields}),
        "task": source.task,
    }


def _shape(source: Source, field: Field) -> tuple[int | None, ...]:
    return (None, None, None, source.channels) if field.kind == "image" else (None,)


def _add_outputs(graph: Graph, source: Source, predicted: Tensor) -> None:
    """Outputs by name, with labels, sets and intervals where the model has them."""
    confidence, k = source.confidence, len(source.classes)
    if source.task == "regression":
        # double precision: single has no digits for 1e9 + y, and ends at 3e38
        _add_value(graph, confidence, graph.reshape(graph.cast(predicted, "float64"), [-1]))
        return
    predicted = graph.cast(predicted, "float32")
    classes = graph.constant(np.array(source.classes, object))
    top = graph.op("ArgMax", predicted, axis=1, keepdims=0)
    label = graph.op("Gather", classes, _codes(graph, confidence, predicted, top))
    graph.output("probabilities", predicted, "float32", ["rows", k])
    graph.output("label", label, "string", ["rows"])
    graph.output("classes", classes, "string", [k])
    if confidence.least_probabilities is not None:
        sets = _sets(graph, predicted, top, np.asarray(confidence.least_probabilities))
        graph.output("prediction_set", sets, "bool", ["rows", k])


def _add_value(graph: Graph, confidence: Confidence, value: Tensor) -> None:
    graph.output("value", value, "float64", ["rows"])
    if confidence.half_width is not None:
        width = _half_width(graph, confidence, value)
        graph.output("low", graph.op("Sub", value, width), "float64", ["rows"])
        graph.output("high", graph.op("Add", value, width), "float64", ["rows"])


def _half_width(graph: Graph, confidence: Confidence, value: Tensor) -> Tensor:
    spread, width = confidence.spread, np.float64(confidence.half_width)
    if spread.constant:
        return graph.constant(np.float64(width * spread.sizes[0]))
    column = graph.reshape(value, [-1, 1])
    sizes = _onnx_own.piecewise(graph, column, spread.knots, spread.sizes, np.float64)
    return graph.op("Mul", graph.reshape(sizes, [-1]), width)


def _codes(graph: Graph, confidence: Confidence, probabilities: Tensor, top: Tensor) -> Tensor:
    if confidence.threshold is None:
        return top
    positive = graph.op("Gather", probabilities, np.int64(confidence.positive), axis=1)
    reached = graph.op("GreaterOrEqual", positive, np.float32(confidence.threshold))
    return graph.op("Where", reached, np.int64(confidence.positive), np.int64(1 - confidence.positive))


def _sets(graph: Graph, probabilities: Tensor, top: Tensor, least: np.ndarray) -> Tensor:
    """As ``prediction_sets``: classes that reach their least probability, else the most probable one."""
    reached = graph.op("GreaterOrEqual", probabilities, (least - SLACK).astype(np.float32))
    any_reached = graph.op("ReduceMax", graph.cast(reached, "float32"), np.array([1]))
    empty = graph.op("Not", graph.cast(any_reached, "bool"))
    is_top = graph.op("Equal", graph.op("Unsqueeze", top, np.array([1])), np.arange(len(least)))
    return graph.op("Or", reached, graph.op("And", empty, is_top))


# ---------------------------------------------------------------- networks

_LAYERS: dict[str, LayerWriter] = {**_onnx_layers.LAYERS, **_onnx_own.LAYERS, **_onnx_images.LAYERS}


def _network(graph: Graph, source: Source, inputs: Mapping[str, Tensor]) -> Tensor:
    """The output of the Keras model."""
    if source.modality != "image":
        inputs = {name: graph.op("Unsqueeze", x, np.array([1])) for name, x in inputs.items()}
    return _functional(graph, source.keras, [inputs[tensor.name] for tensor in source.keras.inputs])


def _functional(graph: Graph, model: Any, inputs: Sequence[Tensor]) -> Any:
    """Node by node, in the order in which Keras runs them."""
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
    if kind not in _LAYERS:
        raise CannotHold(f"the layer {kind} has no form in ONNX here")
    arguments, options = node.arguments.args, node.arguments.kwargs
    shapes = [tuple(x.shape) for x in node.input_tensors]
    return _LAYERS[kind](Call(graph, layer, inputs, shapes, tuple(node.outputs[0].shape), arguments, options))


def _in_order(model: Any, node: Any, by_tensor: Mapping[int, Any]) -> list[Any]:
    """Inputs of a nested model in its own order."""
    passed = node.arguments.args[0]
    if isinstance(passed, dict):
        inputs = {id(x): by_tensor[id(passed[name])] for name, x in model._inputs_struct.items()}
        return [inputs[id(x)] for x in model.inputs]
    tensors = passed if isinstance(passed, (list, tuple)) else [passed]
    return [by_tensor[id(x)] for x in tensors]


# ---------------------------------------------------------------- pipelines


def _pipeline(graph: Graph, source: Source, inputs: Mapping[str, Tensor]) -> Tensor:
    """Calibrated probabilities (batch, n_classes) or values (batch, 1) of a scikit-learn model, float64."""
    predicted = _step(graph, source.sklearn, _numbers(graph, source, inputs) or inputs)
    if source.task == "regression":
        return predicted
    calibrator = source.confidence.calibrator
    return _onnx_own.calibrated(graph, predicted, calibrator, len(source.classes), np.float64)


def _numbers(graph: Graph, source: Source, inputs: Mapping[str, Tensor]) -> Matrix | None:
    """Numeric raw columns as one matrix, for pipelines that do not start with an encoder of deepworth."""
    has_encoder = hasattr(getattr(source.sklearn, "steps", [("", None)])[0][1], "roles_")
    if has_encoder or any(field.kind != "number" for field in source.fields):
        return None
    return Matrix(graph.concat([graph.op("Unsqueeze", x, np.array([1])) for x in inputs.values()]))


def _step(graph: Graph, step: Any, value: Any, *, transforms: bool = False) -> Any:
    """One step or model: by its own writer, as a linear model, or by the general converter.

    ``transforms`` says that a step is followed by another one, whatever else it could do.
    """
    name = type(step).__name__
    if name == "Pipeline":
        return _steps(graph, step, value, transforms)
    if name in _STEPS:
        return _STEPS[name](graph, step, value)
    if isinstance(value, Mapping):
        raise CannotHold(
            f"{name} has no form in ONNX here: it reads raw columns without an encoder of deepworth"
        )
    if transforms:
        return Matrix(_converted(graph, step, value, output=0))
    predicted = _onnx_pipelines.linear(graph, step, value)
    if predicted is not None:
        return predicted
    return _converted(graph, step, value, output=-1 if hasattr(step, "predict_proba") else 0)


def _converted(graph: Graph, step: Any, value: Any, output: int) -> Tensor:
    """What skl2onnx makes of an estimator or a transformer, in double precision."""
    name = type(step).__name__
    x = graph.cast(value.x if isinstance(value, Matrix) else value, "float64")
    converted = _by_skl2onnx(step)
    graphs = [a.name for node in converted.node for a in node.attribute if a.HasField("g") or a.graphs]
    domains = {node.domain for node in converted.node} - set(OPSETS)
    if graphs or domains or converted.sparse_initializer:
        raise CannotHold(f"{_CONVERTER} writes {name} with loops or operators that exports do not have")
    graph.converted.append(name)
    return graph.cast(graph.inline(converted, {"x": x}, converted.output[output].name), "float64")


def _by_skl2onnx(step: Any) -> onnx.GraphProto:
    name = type(step).__name__
    try:
        from skl2onnx import to_onnx
        from skl2onnx.common.data_types import DoubleTensorType
    except ImportError as error:
        raise CannotHold(f"{name} needs {_CONVERTER}: pip install 'deepworth[onnx]'") from error
    options = {id(step): {"zipmap": False}} if hasattr(step, "predict_proba") else None
    try:
        return to_onnx(
            step,
            initial_types=[("x", DoubleTensorType([None, int(step.n_features_in_)]))],
            target_opset={"": OPSETS[""], ML: OPSETS[ML]},
            options=options,
        ).graph
    except Exception as error:  # it fails in as many ways as there are estimators
        first = (str(error).strip().splitlines() or [""])[0]
        raise CannotHold(
            f"{name} has no form in {_CONVERTER}: {type(error).__name__}: {first[:160]}"
        ) from error


def _steps(graph: Graph, model: Any, value: Any, transforms: bool) -> Any:
    for _, step in model.steps[:-1]:
        value = _step(graph, step, value, transforms=True)
    return _step(graph, model.steps[-1][1], value, transforms=transforms)


def _inner_model(graph: Graph, model: Any, value: Any) -> Tensor:
    return _step(graph, model.model_, value)


def _standardised_target(graph: Graph, model: Any, value: Any) -> Tensor:
    z = _step(graph, model.regressor_, value)
    scaler = model.transformer_
    return graph.op("Add", graph.op("Mul", z, scaler.scale_), scaler.mean_)


_STEPS: dict[str, StepWriter] = {
    **_onnx_pipelines.STEPS,
    **_onnx_texts.STEPS,
    **_onnx_images.STEPS,
    **_onnx_trees.MODELS,
    **dict.fromkeys(("BySize", "CodedLabels", "FewNeighbours", "NamedCategories"), _inner_model),
    **dict.fromkeys(("StoppedEarly", "RidgeByFolds"), _inner_model),
    "TransformedTargetRegressor": _standardised_target,
}
