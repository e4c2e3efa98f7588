"""LiteRT (TensorFlow Lite) for phones and boards: from numbers or ids, with their recipe beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
    from ._lite import lite_model

    content, recipe, encode = lite_model(source, network)
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
