"""What an exported file may hold: operators that compute, and nothing that reads or writes files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...datasets._errors import InputError

_DOMAINS = {"", "ai.onnx.ml", "com.microsoft"}
_BRANCHES = ("If", "Loop", "Scan")
# Operations of TensorFlow that run code of Python, or reach files, sockets or other processes.
_DENIED = (
    "PyFunc",
    "ReadFile",
    "WriteFile",
    "WholeFile",
    "Record",
    "Iterator",
    "Dataset",
    "Socket",
    "Grpc",
    "Rpc",
)
_MATCHING = (
    "TextFile",
    "ImmutableConst",
    "MatchingFiles",
    "TextLineReader",
    "LoadLibrary",
    "LMDB",
    "Debug",
    "PrintV2",
    "SummaryWriter",
)


def check_onnx(path: Path) -> None:
    """Operators of the known domains only, and no data from other files."""
    import onnx

    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # protobuf fails in ways of its own
        raise InputError(f"{path} is damaged or no ONNX file: {str(error)[:200]}") from error
    if model.functions or model.training_info or model.graph.sparse_initializer:
        raise InputError(f"{path} holds functions or parts that no export has; it was not loaded")
    if any(tensor.external_data for tensor in model.graph.initializer):
        raise InputError(f"{path} takes data from another file; it was not loaded")
    for node in _nodes(model.graph):
        if node.domain not in _DOMAINS or node.op_type in _BRANCHES:
            raise InputError(f"{path} holds the operator {node.domain}.{node.op_type}; it was not loaded")


def _nodes(graph: Any) -> Any:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if any(tensor.external_data for tensor in (attribute.t, *attribute.tensors)):
                raise InputError("the graph takes data from another file; it was not loaded")
            if attribute.HasField("g") or attribute.graphs:
                raise InputError(f"the operator {node.op_type} holds a graph of its own; it was not loaded")


def check_saved_model(folder: Path) -> None:
    """A graph without operations that reach out of it; checkpoints are read by the loader itself."""
    from ..preprocessing._tensorflow import import_tensorflow

    import_tensorflow()
    from tensorflow.core.protobuf import saved_model_pb2

    found = saved_model_pb2.SavedModel()
    try:
        found.ParseFromString((folder / "saved_model.pb").read_bytes())
    except Exception as error:
        raise InputError(f"{folder} is damaged or no SavedModel: {str(error)[:200]}") from error
    for meta in found.meta_graphs:
        functions = [node for function in meta.graph_def.library.function for node in function.node_def]
        for node in [*meta.graph_def.node, *functions]:
            if any(word in node.op for word in (*_DENIED, *_MATCHING)):
                raise InputError(f"{folder} holds the operation {node.op}; it was not loaded")
