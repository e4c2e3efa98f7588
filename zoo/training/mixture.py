"""Several networks that predict as one: the layer of their mean prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from ...datasets import Task
from .architecture import Architecture


@keras.saving.register_keras_serializable(package="deepworth")
class Mixture(keras.layers.Layer):
    """Linear outputs of the mean prediction of several members.

    Input (batch, members, units), output (batch, units): the logit or log probability of the mean
    probability, so that the same sigmoid or softmax as for a single network follows; the mean value in
    regression. Computed from logarithms, so that certain members do not overflow.
    """

    def __init__(self, task: Task, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.task = task

    def call(self, outputs: Any) -> Any:
        if self.task == "regression":
            return ops.mean(outputs, axis=1)
        if self.task == "multiclass":
            return ops.logsumexp(ops.log_softmax(outputs, axis=-1), axis=1) - ops.log(outputs.shape[1])
        return ops.logsumexp(ops.log_sigmoid(outputs), axis=1) - ops.logsumexp(
            ops.log_sigmoid(-outputs), axis=1
        )

    def compute_output_shape(self, shape: Any) -> tuple[Any, ...]:
        return (shape[0], shape[2])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "task": self.task}


def combined(architecture: Architecture, models: Sequence[keras.Model]) -> keras.Model:
    """Combine trained networks into one Keras model that predicts their mean.

    Parameters
    ----------
    architecture : Architecture
        The network.
    models : sequence of keras.Model
        Trained networks, one or more.

    Returns
    -------
    keras.Model
        With linear outputs (batch, units).

    Examples
    --------
    >>> from deepworth.zoo.models.perceptron import build
    >>> from deepworth.zoo.preprocessing.base import InputSpec
    >>> from deepworth.zoo.training import Architecture, combined
    >>> spec = InputSpec("tabular", (("numeric", (4,), "float32"),), numbers=4)
    >>> perceptron = Architecture(build, (), spec, 3, "multiclass")
    >>> combined(perceptron, [perceptron.new(seed) for seed in (0, 1)]).output_shape
    (None, 3)
    """
    if len(models) == 1 and len(models[0].output.shape) == 2:
        return models[0]
    inputs = architecture.spec.layers()
    members = [keras.Model(m.input, m.output, name=f"member_{i}") for i, m in enumerate(models)]
    outputs = [_with_member_axis(member(inputs)) for member in members]
    stacked = keras.layers.Concatenate(axis=1)(outputs) if len(outputs) > 1 else outputs[0]
    name = models[0].name if len(models) == 1 else f"{models[0].name}_ensemble"
    return keras.Model(inputs, Mixture(architecture.task)(stacked), name=name)


def _with_member_axis(outputs: Any) -> Any:
    return outputs if len(outputs.shape) == 3 else keras.layers.Reshape((1, outputs.shape[1]))(outputs)
