"""Answers of an export in a process of its own, which knows nothing of deepworth.

Run as a file: it reads a request as JSON from the file that its first argument names, and writes what the
export answered, with the versions and modules it took, to the file of the second. Only for ``skops`` and
for the saved model itself is deepworth imported.
"""

from __future__ import annotations

# mypy: ignore-errors
import base64
import importlib.util
import json
import keyword
import os
import sys
from importlib.metadata import PackageNotFoundError, version

import numpy as np

LIBRARIES = (
    "tensorflow",
    "keras",
    "onnxruntime",
    "ai-edge-litert",
    "scikit-learn",
    "skops",
    "deepworth",
    "numpy",
)


def array(values, dtype):
    """An input of a request: numbers (text for what JSON has no number for), strings, or images."""
    if dtype == "string":
        return np.array(values, dtype=object)
    if isinstance(values, dict):
        content = base64.b64decode(values["base64"])
        return np.frombuffer(content, dtype=values["dtype"]).reshape(values["shape"])
    return np.array([float(v) for v in values], dtype=dtype)


def batches(request):
    """Rows in the request's batches, one after the other."""
    for batch in request["batches"]:
        yield {name: array(v, request["dtypes"][name]) for name, v in batch.items()}


def onnx(request):
    """ONNX Runtime and NumPy."""
    import onnxruntime

    session = onnxruntime.InferenceSession(request["path"], providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    for rows in batches(request):
        yield dict(zip(names, session.run(names, rows), strict=True))


def saved_model(request):
    """TensorFlow."""
    import tensorflow as tf

    answer = tf.saved_model.load(request["path"]).signatures["serving_default"]
    for rows in batches(request):
        given = {k: tf.constant(v.tolist() if v.dtype == object else v) for k, v in rows.items()}
        given = {k + "_" * keyword.iskeyword(k): v for k, v in given.items()}
        yield {k: v.numpy() for k, v in answer(**given).items()}


def keras(request):
    """Keras and the file of layers."""
    import tensorflow as tf

    spec = importlib.util.spec_from_file_location("layers", request["code"])
    module = sys.modules["layers"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    import keras as library

    model = library.saving.load_model(request["path"], compile=False, safe_mode=True)
    for rows in batches(request):
        given = {k: tf.constant(v.tolist() if v.dtype == object else v) for k, v in rows.items()}
        given = {k: v if len(v.shape) > 1 else v[:, None] for k, v in given.items()}
        found = model(given, training=False).numpy()
        yield {request["output"]: found[:, 0] if request["output"] == "value" else found}


def litert(request):
    """LiteRT by itself where it is installed, else TensorFlow's."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        import tensorflow

        Interpreter = tensorflow.lite.Interpreter
    interpreter = Interpreter(model_path=request["path"])
    run = interpreter.get_signature_runner()
    for rows in batches(request):
        yield {request["output"]: next(iter(run(**rows).values()))}


def artefact(request):
    """deepworth, which opens the saved model."""
    import pandas as pd

    import deepworth

    model = deepworth.load(request["path"])
    kinds = request["kinds"]
    for rows in batches(request):
        if request["output"] == "value":
            yield {"value": model.predict(raw_rows(rows, kinds, pd))}
        else:
            yield {"probabilities": model.predict_proba(raw_rows(rows, kinds, pd))}


def raw_rows(rows, kinds, pd):
    """A table with dates as dates, a series of texts, or images."""
    if any("image" in kind for kind in kinds.values()):
        return next(iter(rows.values()))
    columns = {}
    for name, values in rows.items():
        column, kind = kinds[name] if isinstance(kinds[name], list) else (name, kinds[name])
        missing = values == "" if values.dtype == object and kind == "category" else None
        if kind == "date":
            values = pd.to_datetime(pd.Series(values), unit="s")
        columns[column] = pd.Series(values).mask(missing, None) if missing is not None else pd.Series(values)
    return pd.DataFrame(columns)


FORMATS = {
    "artefact": artefact,
    "keras": keras,
    "litert": litert,
    "onnx": onnx,
    "saved_model": saved_model,
    "skops": artefact,
}


def plain(value):
    """An array as JSON holds it."""
    value = np.asarray(value)
    if value.dtype.kind in "OS":
        return [v.decode() if isinstance(v, bytes) else str(v) for v in value.tolist()]
    return value.astype(np.float64).tolist() if value.dtype.kind == "f" else value.tolist()


def installed(name):
    """Its version, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def main():
    """Answer the request of the first argument into the file of the second."""
    with open(sys.argv[1], encoding="utf-8") as file:
        request = json.load(file)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    found = [{k: plain(v) for k, v in answer.items()} for answer in FORMATS[request["format"]](request)]
    top = sorted({name.partition(".")[0] for name in sys.modules})
    used = {
        n: installed(n) for n in LIBRARIES if n.replace("-", "_").replace("scikit_learn", "sklearn") in top
    }
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump({"answers": found, "versions": used, "deepworth": "deepworth" in top}, file)


if __name__ == "__main__":
    main()
