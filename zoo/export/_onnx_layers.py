"""Layers of Keras as ONNX operators."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from ._formats import CannotHold
from ._onnx_graph import Call, Graph, LayerWriter, Tensor
from ._onnx_texts import token_ids

_PLAIN = {
    "elu": "Elu",
    "hard_sigmoid": None,
    "linear": "Identity",
    "mish": "Mish",
    "relu": "Relu",
    "selu": "Selu",
    "sigmoid": "Sigmoid",
    "softmax": "Softmax",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "tanh": "Tanh",
}


def activation(graph: Graph, function: Any, x: Tensor) -> Tensor:
    """An activation of Keras."""
    name = getattr(function, "__name__", str(function))
    if name == "silu":
        return graph.op("Mul", x, graph.op("Sigmoid", x))
    if name == "gelu":
        return _gelu(graph, x)
    if _PLAIN.get(name) is None:
        raise CannotHold(f"the activation {name} has no form in ONNX here")
    return graph.op(str(_PLAIN[name]), x)


def _gelu(graph: Graph, x: Tensor) -> Tensor:
    share = graph.op("Erf", graph.op("Mul", x, np.float32(np.sqrt(0.5))))
    return graph.op("Mul", x, graph.op("Mul", graph.op("Add", share, np.float32(1)), np.float32(0.5)))


def _same(call: Call) -> Any:
    return call.inputs[0]


def _activation(call: Call) -> Tensor:
    return activation(call.graph, call.layer.activation, call.inputs[0])


def _dense(call: Call) -> Tensor:
    x = call.graph.op("MatMul", call.inputs[0], call.layer.kernel.numpy())
    x = call.graph.op("Add", x, call.layer.bias.numpy()) if call.layer.use_bias else x
    return activation(call.graph, call.layer.activation, x).masked(call.inputs[0].mask)


def _embedding(call: Call) -> Tensor:
    ids = call.inputs[0]
    vectors = call.graph.op("Gather", call.layer.embeddings.numpy(), ids, axis=0)
    if not call.layer.mask_zero:
        return vectors
    known = call.graph.op("Not", call.graph.op("Equal", call.graph.cast(ids, "int64"), np.int64(0)))
    return vectors.masked(known)


def _rescaling(call: Call) -> Tensor:
    x = call.graph.op("Mul", call.graph.cast(call.inputs[0], "float32"), np.float32(call.layer.scale))
    return call.graph.op("Add", x, np.float32(call.layer.offset))


def _convolution(call: Call) -> Tensor:
    layer, graph = call.layer, call.graph
    if layer.padding not in ("same", "valid"):
        raise CannotHold(f"a convolution with padding {layer.padding!r} has no form in ONNX here")
    kernel = layer.kernel.numpy().transpose(3, 2, 0, 1)
    bias = layer.bias.numpy() if layer.use_bias else None
    options = {"strides": layer.strides, "dilations": layer.dilation_rate, "group": layer.groups}
    x = _channels_last(call, "Conv", kernel, bias, **options)
    return activation(graph, layer.activation, x)


def _convolution_over_words(call: Call) -> Tensor:
    """Conv1D: the words along the second of two axes."""
    layer, graph = call.layer, call.graph
    if layer.padding not in ("same", "valid"):
        raise CannotHold(f"a convolution with padding {layer.padding!r} has no form in ONNX here")
    x = graph.op("Transpose", call.inputs[0], perm=[0, 2, 1])
    x = graph.op(
        "Conv",
        x,
        layer.kernel.numpy().transpose(2, 1, 0),
        layer.bias.numpy() if layer.use_bias else None,
        strides=layer.strides,
        dilations=layer.dilation_rate,
        group=layer.groups,
        auto_pad={"same": "SAME_UPPER", "valid": "VALID"}[layer.padding],
    )
    return activation(graph, layer.activation, graph.op("Transpose", x, perm=[0, 2, 1]))


def _strongest(call: Call) -> Tensor:
    return call.graph.op("ReduceMax", call.inputs[0], np.array([1]), keepdims=0)


def _channels_last(call: Call, kind: str, *others: Any, **options: Any) -> Tensor:
    """An operator for channels first, with Keras's padding."""
    graph, padding = call.graph, {"same": "SAME_UPPER", "valid": "VALID"}[call.layer.padding]
    x = graph.op("Transpose", call.inputs[0], perm=[0, 3, 1, 2])
    x = graph.op(kind, x, *others, auto_pad=padding, **options)
    return graph.op("Transpose", x, perm=[0, 2, 3, 1])


def _pooling(call: Call) -> Tensor:
    kind = "MaxPool" if type(call.layer).__name__.startswith("Max") else "AveragePool"
    return _channels_last(call, kind, kernel_shape=call.layer.pool_size, strides=call.layer.strides)


def _global_pooling(call: Call) -> Tensor:
    kind = "ReduceMax" if "Max" in type(call.layer).__name__ else "ReduceMean"
    return call.graph.op(kind, call.inputs[0], np.array([1, 2]), keepdims=int(call.layer.keepdims))


def _batch_normalisation(call: Call) -> Tensor:
    layer = call.layer
    deviation = np.sqrt(layer.moving_variance.numpy() + layer.epsilon)
    factor = (layer.gamma.numpy() if layer.scale else 1.0) / deviation
    start = (layer.beta.numpy() if layer.center else 0.0) - layer.moving_mean.numpy() * factor
    x = call.graph.op("Mul", call.inputs[0], factor.astype(np.float32))
    return call.graph.op("Add", x, start.astype(np.float32))


def _reshape(call: Call) -> Tensor:
    return call.graph.reshape(call.inputs[0], [-1, *(int(n or -1) for n in call.shape[1:])])


def _pick(call: Call) -> Tensor:
    """x[...] with slices and integers."""
    x, axis = call.inputs[0], 0
    keys = call.arguments[1] if len(call.arguments) > 1 else call.options["key"]
    for key in keys if isinstance(keys, (tuple, list)) else (keys,):
        if isinstance(key, int):
            x = call.graph.op("Gather", x, np.int64(key), axis=axis)
            continue
        if not isinstance(key, slice):
            raise CannotHold(f"an index {key!r} has no form in ONNX here")
        if key != slice(None):
            stop = np.iinfo(np.int64).max if key.stop is None else key.stop
            x = call.graph.columns(x, key.start or 0, stop, axis, key.step or 1)
        axis += 1
    return x


def _cast(call: Call) -> Tensor:
    return call.graph.cast(call.inputs[0], str(call.layer.dtype))


def _negative(call: Call) -> Tensor:
    return call.graph.op("Neg", call.inputs[0])


def _differs(call: Call) -> Tensor:
    """x != a number: the mask of padding in a loaded network."""
    other = call.arguments[1] if len(call.arguments) > 1 else call.options["x2"]
    x = call.graph.cast(call.inputs[0], "float64")
    return call.graph.op("Not", call.graph.op("Equal", x, np.float64(other)))


def _zeros_like(call: Call) -> Tensor:
    shape = call.graph.op("Shape", call.inputs[0])
    return call.graph.op("Expand", np.float64(0), shape)


def _string_lookup(call: Call) -> Any:
    layer = call.layer
    start = layer.num_oov_indices + (layer.mask_token is not None)
    words = list(layer.get_vocabulary(include_special_tokens=False))
    if layer.invert or layer.output_mode != "int" or layer.num_oov_indices != 1:
        raise CannotHold("a StringLookup other than from strings to integers has no form in ONNX here")
    default = int(layer.mask_token is not None)
    return call.graph.lookup(call.inputs[0], words, range(start, start + len(words)), default)


def _text_vectorization(call: Call) -> Tensor:
    layer = call.layer
    if getattr(layer._standardize, "__name__", "") != "words_apart" or layer._split != "whitespace":
        raise CannotHold("a TextVectorization with another way to split texts has no form in ONNX here")
    vocabulary = list(layer.get_vocabulary(include_special_tokens=False))
    texts = call.graph.reshape(call.inputs[0], [-1])
    return token_ids(call.graph, texts, vocabulary, int(layer._output_sequence_length))


def _recurrent(call: Call) -> Tensor:
    return _recurrence(call, [call.layer])


def _bidirectional(call: Call) -> Tensor:
    if call.layer.merge_mode != "concat":
        raise CannotHold(f"merge_mode {call.layer.merge_mode!r} has no form in ONNX here")
    return _recurrence(call, [call.layer.forward_layer, call.layer.backward_layer])


def _recurrence(call: Call, layers: list[Any]) -> Tensor:
    """LSTM or GRU in one or two directions over sequences with padding at their end."""
    graph, x, kind = call.graph, call.inputs[0], type(layers[0]).__name__
    plain = layers[0].activation.__name__ == "tanh" and layers[0].recurrent_activation.__name__ == "sigmoid"
    if kind not in _GATES or not plain or not layers[0].return_sequences:
        raise CannotHold(f"a {kind} that is not a plain LSTM or GRU over all steps has no form in ONNX here")
    lengths = None
    if x.mask is not None:
        lengths = graph.cast(graph.sum(graph.cast(x.mask, "int64"), 1, keep=False), "int32")
    weights = [np.stack(w) for w in zip(*(_gates(layer, kind) for layer in layers), strict=True)]
    options: dict[str, Any] = {"linear_before_reset": 1} if kind == "GRU" else {}
    y = graph.op(
        kind,
        graph.op("Transpose", x, perm=[1, 0, 2]),
        *weights,
        lengths,
        outputs=2,
        hidden_size=layers[0].units,
        direction="forward" if len(layers) == 1 else "bidirectional",
        **options,
    )[0]
    y = graph.op("Transpose", y, perm=[2, 0, 1, 3])  # from (steps, directions, batch, units)
    return graph.reshape(y, [0, 0, layers[0].units * len(layers)]).masked(x.mask)


_GATES = {"LSTM": [0, 3, 1, 2], "GRU": [0, 1, 2]}  # ONNX's order i o f c from Keras's i f c o; z r h


def _gates(layer: Any, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights (gates * units, inputs), (gates * units, units) and both biases, in ONNX's order."""
    cell = layer.cell
    if kind == "GRU" and not cell.reset_after:
        raise CannotHold("a GRU with reset_after=False has no form in ONNX here")

    def ordered(values: np.ndarray) -> np.ndarray:
        parts = np.split(values, len(_GATES[kind]), axis=-1)
        return np.concatenate([parts[i] for i in _GATES[kind]], axis=-1)

    kernel, inner = (ordered(w.numpy()).T for w in (cell.kernel, cell.recurrent_kernel))
    bias = ordered(cell.bias.numpy()) if cell.use_bias else np.zeros(kernel.shape[0], np.float32)
    both = np.concatenate([bias, np.zeros_like(bias)]) if bias.ndim == 1 else bias.reshape(-1)
    return kernel, inner, both


def _arithmetic(kind: str) -> LayerWriter:
    """An operation on tensors and numbers, which Keras passes one by one or as one list."""

    def write(call: Call) -> Tensor:
        tensors, first = iter(call.inputs), call.arguments[0]
        operands = first if isinstance(first, (list, tuple)) else call.arguments
        values: list[Any] = [next(tensors) if hasattr(x, "shape") else np.float32(x) for x in operands]
        return reduce(lambda left, right: call.graph.op(kind, left, right), values)

    return write


LAYERS: dict[str, LayerWriter] = {
    "Activation": _activation,
    "Add": _arithmetic("Add"),
    "AveragePooling2D": _pooling,
    "BatchNormalization": _batch_normalisation,
    "Bidirectional": _bidirectional,
    "Cast": _cast,
    "Conv1D": _convolution_over_words,
    "Conv2D": _convolution,
    "Dense": _dense,
    "Dropout": _same,
    "Embedding": _embedding,
    "Flatten": _reshape,
    "GRU": _recurrent,
    "GetItem": _pick,
    "GlobalAveragePooling2D": _global_pooling,
    "GlobalMaxPooling1D": _strongest,
    "GlobalMaxPooling2D": _global_pooling,
    "Identity": _same,
    "LSTM": _recurrent,
    "MaxPooling2D": _pooling,
    "Multiply": _arithmetic("Mul"),
    "Negative": _negative,
    "NotEqual": _differs,
    "RandomFlip": _same,
    "Rescaling": _rescaling,
    "Reshape": _reshape,
    "SpatialDropout1D": _same,
    "StringLookup": _string_lookup,
    "Subtract": _arithmetic("Sub"),
    "TextVectorization": _text_vectorization,
    "TrueDivide": _arithmetic("Div"),
    "ZerosLike": _zeros_like,
}
