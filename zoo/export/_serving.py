"""The function that a SavedModel serves: columns by name in, probabilities and names out."""

from __future__ import annotations

import keyword
from typing import Any

import numpy as np
import tensorflow as tf

from ._source import SLACK


def serving_function(source: Any, model: Any) -> Any:
    """A compiled function over keyword tensors, any number of rows."""
    specs = [_spec(source, field) for field in source.fields]
    names = [field.input for field in source.fields]

    def serve(*values: Any) -> dict[str, Any]:
        columns = {
            name: x if source.modality == "image" else tf.reshape(x, (-1, 1))
            for name, x in zip(names, values, strict=True)
        }
        return _named(source, model(columns, training=False))

    return tf.function(serve, input_signature=specs)


def _spec(source: Any, field: Any) -> Any:
    shape = (None, None, None, source.channels) if field.kind == "image" else (None,)
    # names are arguments of a function of Python: "class" becomes "class_"
    name = field.input + "_" * keyword.iskeyword(field.input)
    return tf.TensorSpec(shape, getattr(tf, field.dtype), name=name)


def _named(source: Any, found: Any) -> dict[str, Any]:
    """Outputs by name, with what the model knows of its own doubt."""
    doubt = source.confidence
    if source.task == "regression":
        value = found[:, 0]
        if doubt.half_width is None:
            return {"value": value}
        return {"value": value, "low": value - doubt.half_width, "high": value + doubt.half_width}
    classes = tf.constant(source.classes)
    # a row of names for each row: TensorFlow Serving's REST cuts every output into rows
    rows = tf.repeat(classes[None], tf.shape(found)[0], axis=0)
    named = {"probabilities": found, "label": tf.gather(classes, _codes(doubt, found)), "classes": rows}
    if doubt.least_probabilities is not None:
        named["prediction_set"] = _sets(doubt.least_probabilities, found)
    return named


def _codes(doubt: Any, p: Any) -> Any:
    if doubt.threshold is None:
        return tf.argmax(p, axis=1)
    yes = p[:, doubt.positive] >= doubt.threshold
    return tf.where(yes, doubt.positive, 1 - doubt.positive)


def _sets(least: np.ndarray, p: Any) -> Any:
    """As ``prediction_sets``: what reaches its least probability, else the most probable class."""
    reached = p >= tf.constant(least - SLACK, p.dtype)
    top = tf.one_hot(tf.argmax(p, axis=1), len(least), on_value=True, off_value=False)
    return reached | (top & ~tf.reduce_any(reached, axis=1, keepdims=True))
