"""SavedModel for TensorFlow Serving, TensorFlow and its other runtimes: named raw columns in, names out."""

from __future__ import annotations

import keyword
from collections.abc import Iterator
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

# Functions that TensorFlow writes to save and restore a checkpoint. Loading a model does not call them.
_SAVER = ("__inference__traced_save_", "__inference__traced_restore_")
# What an object of a SavedModel may be; of an asset TensorFlow reads the file, wherever it is.
_OBJECTS = {"user_object", "function", "bare_concrete_function", "variable", "constant", "resource"}
_USER_OBJECTS = {"_generic_user_object", "signature_map", "trackable_dict_wrapper", "trackable_list_wrapper"}
_REGISTERED = {"", "tf.StaticHashTable", "tf.TrackableConstant"}


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
    """Operations and objects that our exports contain; checkpoints are read by the loader itself."""
    from ...datasets import InputError
    from ..preprocessing.runtime import import_tensorflow

    import_tensorflow()
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel()
    try:
        model.ParseFromString((folder / "saved_model.pb").read_bytes())
    except Exception as error:  # protobuf has no error class of its own
        raise InputError(f"{folder} is damaged or not a SavedModel: {str(error)[:200]}") from error
    fault = next(_faults(model), None)
    if fault is not None:
        raise InputError(f"{folder} {fault}; it was not loaded")


def _faults(model: Any) -> Iterator[str]:
    from ..artefact.manifest import quoted
    from ._allowed import CHECKPOINTS, TENSORFLOW

    if len(model.meta_graphs) != 1 or not model.meta_graphs[0].object_graph_def.nodes:
        yield "is not laid out as TensorFlow 2 writes it"  # the loader of TensorFlow 1 runs whole graphs
        return
    meta = model.meta_graphs[0]
    if meta.asset_file_def:
        yield "reads other files"
    functions = meta.graph_def.library.function
    savers = {f.signature.name for f in functions if f.signature.name.startswith(_SAVER)}
    yield from _object_faults(meta.object_graph_def, savers)
    known = {f.signature.name for f in functions} | TENSORFLOW
    for nodes, allowed, called in [
        (meta.graph_def.node, known, known),
        *(
            (f.node_def, known | CHECKPOINTS, known)
            if f.signature.name in savers
            else (f.node_def, known - savers, known - savers)
            for f in functions
        ),
    ]:
        for node in nodes:
            if node.op not in allowed:
                yield f"contains the operation {quoted(node.op)}"
            if any(name not in called for value in node.attr.values() for name in _functions_of(value)):
                yield f"calls a function that saves a checkpoint, or is not there, in {quoted(node.name)}"


def _functions_of(value: Any) -> list[str]:
    """Names of the functions in an attribute of an operation."""
    listed = [f.name for f in value.list.func]
    return [value.func.name, *listed] if value.HasField("func") else listed


def _object_faults(objects: Any, savers: set[str]) -> Iterator[str]:
    """Objects that are none of tensors and functions, or lead to what saves a checkpoint."""
    if savers & set(objects.concrete_functions):
        yield "calls a function that saves a checkpoint"
    for part in objects.nodes:
        kind = part.WhichOneof("kind")
        identifier = part.user_object.identifier or "_generic_user_object"
        if kind is not None and kind not in _OBJECTS:
            yield f"contains an object of the kind {kind}"
        if identifier not in _USER_OBJECTS or part.registered_name not in _REGISTERED:
            yield f"contains an object of the kind {identifier} {part.registered_name}".rstrip()
        if part.registered_saver:
            yield "restores an object with a function of its own"


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
