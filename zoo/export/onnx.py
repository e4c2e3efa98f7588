"""ONNX: raw columns, images or texts into one graph that ONNX Runtime runs anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._formats import Arrays, Predict, Request, Written
    from ._source import Source

TOLERANCE = 1e-5
REQUIRES = ("onnx", "onnxruntime")
EXTRA = "onnx"
LIBRARIES = ("onnxruntime",)
MODEL = "model.onnx"


def write(source: Source, folder: Path) -> Written:
    """One file, with classes and columns in its metadata."""
    from ._formats import Written
    from ._onnx_model import onnx_model

    model, converter = onnx_model(source)
    (folder / MODEL).write_bytes(model.SerializeToString())
    return Written(converter=converter)


def read(folder: Path, request: Request) -> Predict:
    """ONNX Runtime and NumPy."""
    runtime = session(folder)
    names = [output.name for output in runtime.get_outputs()]

    def predict(rows: Arrays) -> Arrays:
        return dict(zip(names, runtime.run(names, dict(rows)), strict=True))

    return predict


def session(folder: Path, threads: int = 0) -> Any:
    """An ``onnxruntime.InferenceSession`` of an export; 0 threads are as many as the machine has cores."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(folder / MODEL), options, providers=["CPUExecutionProvider"])


def check(folder: Path) -> None:
    """Operators that our exports contain, which compute, and no data from other files."""
    import onnx

    from ...datasets import InputError

    path = folder / MODEL
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # protobuf has no error class of its own
        raise InputError(f"{path} is damaged or not an ONNX file: {str(error)[:200]}") from error
    fault = next(_faults(model), None)
    if fault is not None:
        raise InputError(f"{path} {fault}; it was not loaded")


def _faults(model: Any) -> Iterator[str]:
    from ._allowed import ONNX

    if model.functions or model.training_info or model.graph.sparse_initializer:
        yield "contains functions or other parts that no export has"
    if any(tensor.external_data for tensor in model.graph.initializer):
        yield "takes data from another file"
    for node in model.graph.node:
        if node.op_type not in ONNX.get(node.domain, ()):
            yield f"contains the operator {node.domain}.{node.op_type}"
        for attribute in node.attribute:
            if any(tensor.external_data for tensor in (attribute.t, *attribute.tensors)):
                yield "takes data from another file"
            if attribute.HasField("sparse_tensor") or attribute.sparse_tensors:
                yield f"contains the operator {node.op_type} with a sparse tensor"
            if attribute.HasField("g") or attribute.graphs:
                yield f"contains the operator {node.op_type} with a graph of its own"
