"""SavedModel for TensorFlow Serving, TensorFlow and its other runtimes: named raw columns in, names out."""

from __future__ import annotations

import keyword
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..artefact.signature import Confidence
    from ..calibration.conformal import Spread
    from ._formats import Arrays, Predict, Request, Written
    from ._source import Field, Source

TOLERANCE = 1e-5
LIBRARIES = ("tensorflow",)
SIGNATURE = "serving_default"

# Parts of the names of operations that run Python code or reach files, sockets or other processes.
_DENIED = (
    *("PyFunc", "ReadFile", "WriteFile", "WholeFile", "TextFile", "MatchingFiles", "TextLineReader"),
    *("ImmutableConst", "LoadLibrary", "LMDB", "Record", "Iterator", "Dataset", "Socket", "Grpc", "Rpc"),
    *("Debug", "PrintV2", "SummaryWriter"),
)


def write(source: Source, folder: Path) -> Written:
    """A module with one signature: each column (batch,), images (batch, height, width, channels)."""
    network = source.network()  # before TensorFlow is imported, which a scikit-learn model does not need
    import tensorflow as tf

    from ._formats import Written

    module = tf.Module()
    module.model = network
    module.serve = _serving_function(source, module.model)
    signatures = {SIGNATURE: module.serve.get_concrete_function()}
    tf.saved_model.save(module, str(folder), signatures=signatures)
    return Written()


def read(folder: Path, request: Request) -> Predict:
    """TensorFlow."""
    import tensorflow as tf

    serve = tf.saved_model.load(str(folder)).signatures[SIGNATURE]

    def predict(rows: Arrays) -> Arrays:
        tensors = {k: tf.constant(v.tolist() if v.dtype == object else v) for k, v in rows.items()}
        outputs = serve(**{_argument(name): tensor for name, tensor in tensors.items()})
        return {name: tensor.numpy() for name, tensor in outputs.items()}

    return predict


def check(folder: Path) -> None:
    """A graph without operations that reach out of it; checkpoints are read by the loader itself."""
    from ...datasets import InputError
    from ..preprocessing.runtime import import_tensorflow

    import_tensorflow()
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel()
    try:
        model.ParseFromString((folder / "saved_model.pb").read_bytes())
    except Exception as error:  # protobuf has no error class of its own
        raise InputError(f"{folder} is damaged or not a SavedModel: {str(error)[:200]}") from error
    for meta in model.meta_graphs:
        functions = [node for function in meta.graph_def.library.function for node in function.node_def]
        for node in [*meta.graph_def.node, *functions]:
            if any(part in node.op for part in _DENIED):
                raise InputError(f"{folder} contains the operation {node.op}; it was not loaded")


def _argument(name: str) -> str:
    """Inputs are arguments of a Python function, so "class" becomes "class_"."""
    return name + "_" * keyword.iskeyword(name)


def _serving_function(source: Source, model: Any) -> Any:
    """A compiled function over keyword tensors, any number of rows."""
    import tensorflow as tf

    from ._source import SLACK  # not in the functions that TensorFlow rewrites: they are in no package then

    names = [field.input for field in source.fields]

    def serve(*values: Any) -> dict[str, Any]:
        columns = {
            name: x if source.modality == "image" else tf.reshape(x, (-1, 1))
            for name, x in zip(names, values, strict=True)
        }
        return _outputs(source, model(columns, training=False), SLACK)

    return tf.function(serve, input_signature=[_spec(source, field) for field in source.fields])


def _spec(source: Source, field: Field) -> Any:
    import tensorflow as tf

    shape = (None, None, None, source.channels) if field.kind == "image" else (None,)
    return tf.TensorSpec(shape, getattr(tf, field.dtype), name=_argument(field.input))


def _outputs(source: Source, predicted: Any, slack: float) -> dict[str, Any]:
    """Outputs by name, with labels, sets and intervals where the model has them."""
    import tensorflow as tf

    confidence = source.confidence
    if source.task == "regression":
        value = predicted[:, 0]
        if confidence.half_width is None:
            return {"value": value}
        width = tf.cast(confidence.half_width, value.dtype) * _sizes(confidence.spread, value)
        return {"value": value, "low": value - width, "high": value + width}
    classes = tf.constant(source.classes)
    # a row of names for each row: TensorFlow Serving's REST API cuts every output into rows
    rows = tf.repeat(classes[None], tf.shape(predicted)[0], axis=0)
    label = tf.gather(classes, _codes(confidence, predicted))
    outputs = {"probabilities": predicted, "label": label, "classes": rows}
    if confidence.least_probabilities is not None:
        outputs["prediction_set"] = _sets(confidence.least_probabilities - slack, predicted)
    return outputs


def _sizes(spread: Spread, value: Any) -> Any:
    """As ``Spread.at``: straight lines between knots, level outside."""
    import tensorflow as tf

    knots, sizes = (tf.constant(own, value.dtype) for own in (spread.knots, spread.sizes))
    parts = tf.clip_by_value((value[:, None] - knots[:-1]) / (knots[1:] - knots[:-1]), 0.0, 1.0)
    return sizes[0] + tf.reduce_sum(parts * (sizes[1:] - sizes[:-1]), axis=1)


def _codes(confidence: Confidence, probabilities: Any) -> Any:
    import tensorflow as tf

    if confidence.threshold is None:
        return tf.argmax(probabilities, axis=1)
    reached = probabilities[:, confidence.positive] >= confidence.threshold
    return tf.where(reached, confidence.positive, 1 - confidence.positive)


def _sets(least: Any, probabilities: Any) -> Any:
    """As ``prediction_sets``: classes with at least these probabilities, else the most probable one."""
    import tensorflow as tf

    reached = probabilities >= tf.constant(least, probabilities.dtype)
    top = tf.one_hot(tf.argmax(probabilities, axis=1), len(least), on_value=True, off_value=False)
    return reached | (top & ~tf.reduce_any(reached, axis=1, keepdims=True))
