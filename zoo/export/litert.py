"""LiteRT (TensorFlow Lite) for phones and boards: from numbers or ids, with their recipe beside it."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._formats import Arrays, Predict, Request, Written
    from ._source import Source


TOLERANCE = 1e-4
LIBRARIES = ("ai_edge_litert", "tensorflow")
MODEL, RECIPE = "model.tflite", "preprocessing.json"


def write(source: Source, folder: Path) -> Written:
    """The network behind its preprocessing, for which LiteRT has no string operations."""
    network = source.network()  # before TensorFlow is imported, which a scikit-learn model does not need
    from ._formats import Written

    content, recipe, encode = _lite_model(source, network)
    (folder / MODEL).write_bytes(content)
    (folder / RECIPE).write_text(recipe, encoding="utf-8")
    return Written("works from numbers or ids", source.beyond_probabilities, encode)


def read(folder: Path, request: Request) -> Predict:
    """LiteRT's own package where it is installed, else TensorFlow's."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        import tensorflow

        Interpreter = tensorflow.lite.Interpreter
    run = Interpreter(model_path=str(folder / MODEL)).get_signature_runner()

    def predict(rows: Arrays) -> Arrays:
        return {request["output"]: next(iter(run(**rows).values()))}

    return predict


def check(folder: Path) -> None:
    """Operations that our exports contain: none of TensorFlow's, none that another library adds."""
    from ...datasets import InputError
    from ..preprocessing.runtime import import_tensorflow
    from ._allowed import LITERT

    import_tensorflow()
    from tensorflow.lite.python import schema_py_generated as schema

    names = {number: name for name, number in vars(schema.BuiltinOperator).items() if name.isupper()}
    try:
        model = schema.Model.GetRootAs((folder / MODEL).read_bytes(), 0)
        codes = [model.OperatorCodes(i) for i in range(model.OperatorCodesLength())]
        found = [names.get(max(c.BuiltinCode(), c.DeprecatedBuiltinCode()), "unknown") for c in codes]
    except Exception as error:  # a damaged file sends the reader anywhere
        raise InputError(f"{folder / MODEL} is damaged or not a LiteRT file: {str(error)[:200]}") from error
    for name in found:
        if name not in LITERT:
            raise InputError(f"{folder / MODEL} contains the operation {name}; it was not loaded")


_MOST_SPREADS = 1000  # of a mean from zero; single precision then keeps four digits of a spread
_LARGEST = 1e30
_HOW = {
    "BagOfWords": "1 for each of the words that deepworth.datasets.tokenise finds in the text",
    "MissingIndicator": "1 where the number is missing or infinite, else 0",
    "OneHotKnown": "1 at the position of the category in the vocabulary, zeros for any other category",
    "Phase": "sine and cosine of 2 pi times the fraction of seconds / period; zeros where missing",
    "QuantileScale": "rank of the number, linear between knots and clipped to 0.00135 .. 0.99865, then the "
    "quantile of the standard normal distribution; that of the centre where missing",
    "ResizeImage": "uint8 image of this size, as by Pillow's resize with BILINEAR: columns first, then rows",
    "RobustScale": "z / sqrt(1 + (z/3)^2) of z = (x - centre) * factor; 0 where missing",
    "StringLookup": "1 + the position of the category in the vocabulary, 0 for any other category",
    "TermNumbers": "1 + the position in the vocabulary of each term of the text that is in it: words that "
    "deepworth.datasets.tokenise finds, then pairs with a space between, then groups of letters of each word "
    "between < and >, with ~ before; then zeros",
    "TermWeights": "(1 + log(count)) * idf of each term, shared out to its places, and the text divided by "
    "the length of these sums, that of words and pairs and that of letter groups",
    "TextVectorization": "2 + the position in the vocabulary of each word that deepworth.datasets.tokenise "
    "finds in the text, 1 for any other word; then zeros",
}


def _lite_model(source: Source, model: Any) -> tuple[bytes, str, Predict]:
    """The flat file, the description of its inputs in JSON, and a function from raw rows to these inputs."""
    import keras
    import tensorflow as tf

    from ._formats import CannotHold

    encoded = _encoded_inputs(model)
    if {"features", "states"} & set(encoded):
        raise CannotHold("its pretrained encoder is no recipe that other programs could follow")
    encoder = keras.Model(model.input, encoded)
    network = keras.Model(list(encoded.values()), _in_single_precision(model))

    def encode(rows: Arrays) -> Arrays:
        shaped = {k: v if source.modality == "image" else v[:, None] for k, v in rows.items()}
        tensors = {k: tf.constant(v.tolist() if v.dtype == object else v) for k, v in shaped.items()}
        return {name: value.numpy() for name, value in encoder(tensors, training=False).items()}

    recipe = {"inputs": _recipe(encoded), "outputs": _outputs(source)}
    text = json.dumps(recipe, indent=1, ensure_ascii=False) + "\n"
    return _converted(network, list(encoded), source), text, encode


def _in_single_precision(model: Any) -> Any:
    """The output, with the units of a target in single precision: LiteRT computes in no other."""
    import keras

    units = next((layer for layer in model.layers if type(layer).__name__ == "TargetUnits"), None)
    if units is None:
        return model.output
    if abs(units.offset) > _MOST_SPREADS * units.scale or not 1 / _LARGEST < units.scale < _LARGEST:
        from ._formats import CannotHold

        raise CannotHold(
            f"LiteRT computes in single precision, which has too few digits for this target (mean "
            f"{units.offset:.4g}, standard deviation {units.scale:.4g}): subtract its mean and divide by its "
            "standard deviation before training, or use another format"
        )
    return keras.layers.Rescaling(units.scale, offset=units.offset, name="value")(units.input)


def _encoded_inputs(model: Any) -> dict[str, Any]:
    """The tensors that enter the network inside the model, by name."""
    for layer in model.operations:
        if hasattr(layer, "_nodes_by_depth"):
            for node in layer._inbound_nodes:
                given = node.arguments.args[0] if node.arguments.args else None
                if isinstance(given, dict) and _reachable(model, node):
                    return dict(given)
    from ._formats import CannotHold

    raise CannotHold("the network and its preprocessing cannot be separated")


def _reachable(model: Any, node: Any) -> bool:
    return any(node is other for nodes in model._nodes_by_depth.values() for other in nodes)


def _converted(model: Any, names: list[str], source: Source) -> bytes:
    """The flat file; of texts for one row at a time, because loops of LiteRT need a fixed number."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    from ._formats import CannotHold

    specs = [
        tf.TensorSpec((1 if source.modality == "text" else None, *x.shape[1:]), x.dtype, name=name)
        for name, x in zip(names, model.inputs, strict=True)
    ]
    output = "value" if source.task == "regression" else "probabilities"
    module = tf.Module()
    module.model = model

    @tf.function(input_signature=specs)
    def serve(*arrays: Any) -> dict[str, Any]:
        return {output: model(list(arrays), training=False)}

    module.serve = serve
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    # Weights as constants: the interpreter would have to initialise variables first.
    frozen = convert_variables_to_constants_v2(serve.get_concrete_function())
    try:
        return bytes(tf.lite.TFLiteConverter.from_concrete_functions([frozen], module).convert())
    except Exception as error:  # the converter has no error class of its own
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise CannotHold(f"LiteRT's converter: {first[:160]}") from error


def _recipe(encoded: dict[str, Any]) -> dict[str, Any]:
    """The parts of each input from left to right: column, step and its numbers."""
    return {
        name: {"shape": list(x.shape[1:]), "dtype": str(x.dtype), "parts": _parts(x)}
        for name, x in encoded.items()
    }


def _parts(x: Any) -> list[dict[str, Any]]:
    """The chain of steps behind a tensor, back to its columns."""
    layer, node_index, _ = x._keras_history
    node = layer._inbound_nodes[node_index]
    if type(layer).__name__ in ("Cast", "Concatenate"):
        return [part for tensor in node.input_tensors for part in _parts(tensor)]
    if node.is_input:
        return [{"input": layer.name}]
    before = [part for tensor in node.input_tensors for part in _parts(tensor)]
    kind = type(layer).__name__
    return [{**part, "step": kind, "how": _HOW.get(kind, kind), **_numbers(layer)} for part in before]


def _numbers(layer: Any) -> dict[str, Any]:
    names = (
        "centre",
        "factor",
        "knots",
        "ranks",
        "period",
        "depth",
        "words",
        "height",
        "width",
        "idf",
        "n_words",
    )
    numbers = {name: getattr(layer, name) for name in names if hasattr(layer, name)}
    if type(layer).__name__ in ("StringLookup", "TextVectorization"):
        numbers["vocabulary"] = list(layer.get_vocabulary(include_special_tokens=False))
    if type(layer).__name__ == "TermNumbers":
        numbers["vocabulary"] = layer.terms
    return numbers


def _outputs(source: Source) -> dict[str, Any]:
    if source.task == "regression":
        return {"value": {"column": source.manifest["target"]}}
    return {"probabilities": {"classes": source.classes}}
