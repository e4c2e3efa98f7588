"""An ONNX graph under construction: operators are called like functions, equal constants are stored once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from onnx import NodeProto, TensorProto, checker, helper, numpy_helper

from ._formats import CannotHold

# The newest operators used: StringConcat and StringSplit's generation. ONNX Runtime reads them since 1.18.
OPSETS = {"": 20, "ai.onnx.ml": 3, "com.microsoft": 1}
IR_VERSION = 9  # that of opset 20; newer ones exclude older runtimes
LARGEST = 2**31 - 2**24  # bytes; protobuf ends at 2**31
ML = "ai.onnx.ml"
RUNTIME = "com.microsoft"  # operators of ONNX Runtime that are not in the standard

TYPES = {
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
    "int64": TensorProto.INT64,
    "int32": TensorProto.INT32,
    "uint8": TensorProto.UINT8,
    "bool": TensorProto.BOOL,
    "string": TensorProto.STRING,
}


@dataclass(frozen=True)
class Tensor:
    """A value in the graph. ``mask`` marks the steps of a sequence that are words, bool (batch, steps)."""

    name: str
    mask: Tensor | None = None

    def masked(self, mask: Tensor | None) -> Tensor:
        """The same value with this mask."""
        return replace(self, mask=mask)


@dataclass(frozen=True)
class Matrix:
    """An encoded table, float64 (batch, n), and which columns are codes of categories (-1: missing)."""

    x: Tensor
    categories: frozenset[int] = frozenset()


class Graph:
    """Nodes and constants in order of use.

    ``converted`` has the names of estimators whose nodes a general converter wrote.
    """

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: dict[tuple[Any, ...], Any] = {}
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self.converted: list[str] = []

    def input(self, name: str, dtype: str, shape: Sequence[Any]) -> Tensor:
        """A named input; None in the shape means any size."""
        sizes = [f"{name}_{i}" if n is None else n for i, n in enumerate(shape)]
        sizes[0] = "rows"
        self.inputs.append(helper.make_tensor_value_info(name, TYPES[dtype], sizes))
        return Tensor(name)

    def output(self, name: str, value: Tensor, dtype: str, shape: Sequence[Any]) -> None:
        """Name a value as an output."""
        self.nodes.append(helper.make_node("Identity", [value.name], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, TYPES[dtype], shape))

    def constant(self, value: Any, dtype: Any = None) -> Tensor:
        """A constant; equal ones are stored once."""
        array = np.asarray(value, dtype=dtype)
        text = array.dtype.kind in "OU"
        content = tuple(array.ravel().tolist()) if text else array.tobytes()
        key = (str(array.dtype), array.shape, content)
        if key not in self.constants:
            name = f"constant_{len(self.constants)}"
            if text:
                strings: Any = [str(v).encode() for v in array.ravel()]
                self.constants[key] = helper.make_tensor(name, TensorProto.STRING, array.shape, strings)
            else:
                self.constants[key] = numpy_helper.from_array(np.array(array, order="C"), name)
        return Tensor(self.constants[key].name)

    def op(self, kind: str, *inputs: Any, outputs: int = 1, domain: str = "", **attributes: Any) -> Any:
        """Add a node. Inputs that are not tensors become constants; None omits an input."""
        names = ["" if x is None else self._as_tensor(x).name for x in inputs]
        results = [f"{kind.lower()}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, names, results, domain=domain, **attributes))
        return Tensor(results[0]) if outputs == 1 else tuple(Tensor(name) for name in results)

    def _as_tensor(self, value: Any) -> Tensor:
        return value if isinstance(value, Tensor) else self.constant(value)

    def cast(self, x: Tensor, dtype: str) -> Tensor:
        """The same numbers in another type."""
        return self.op("Cast", x, to=TYPES[dtype])

    def concat(self, parts: Sequence[Tensor], axis: int = -1) -> Tensor:
        """Side by side along an axis."""
        return parts[0] if len(parts) == 1 else self.op("Concat", *parts, axis=axis)

    def reshape(self, x: Tensor, shape: Sequence[int]) -> Tensor:
        """A new shape: 0 keeps a size, -1 is inferred."""
        return self.op("Reshape", x, np.array(shape, np.int64))

    def columns(self, x: Tensor, start: int, stop: int, axis: int = 1, step: int = 1) -> Tensor:
        """A slice along one axis."""
        bounds = [np.array([v], np.int64) for v in (start, stop, axis, step)]
        return self.op("Slice", x, *bounds)

    def take(self, x: Tensor, indices: Any, axis: int = 1) -> Tensor:
        """Entries by index along an axis."""
        return self.op("Gather", x, np.asarray(indices, np.int64), axis=axis)

    def sum(self, x: Tensor, axis: int, keep: bool = True) -> Tensor:
        """Sum along an axis."""
        return self.op("ReduceSum", x, np.array([axis], np.int64), keepdims=int(keep))

    def lookup(self, x: Tensor, keys: Sequence[str], values: Sequence[Any], default: Any) -> Tensor:
        """The value of each string, int64 or string, or the default."""
        kind = "strings" if isinstance(default, str) else "int64s"
        attributes = {f"values_{kind}": list(values), f"default_{kind[:-1]}": default}
        return self.op("LabelEncoder", x, domain=ML, keys_strings=list(keys), **attributes)

    def number_lookup(self, x: Tensor, keys: Sequence[int], values: Sequence[int]) -> Tensor:
        """The value of each int64, or 0."""
        attributes: dict[str, Any] = {"keys_int64s": list(keys), "values_int64s": list(values)}
        attributes["default_int64"] = 0
        return self.op("LabelEncoder", x, domain=ML, **attributes)

    def inline(self, graph: Any, inputs: Mapping[str, Tensor], output: str) -> Tensor:
        """Add what another graph (a GraphProto) computes for one of its outputs, with new names.

        ``onnx.compose.merge_models`` cannot do this: it wants a finished model on both sides, of equal
        versions of all operator sets, and would keep types that the other graph declares wrongly.
        """
        prefix = f"inlined_{len(self.nodes)}_"
        names = {name: tensor.name for name, tensor in inputs.items()} | {"": ""}
        nodes = _needed(graph, output)
        used = {name for node in nodes for name in node.input}
        for tensor in graph.initializer:
            if tensor.name in used:
                names[tensor.name] = prefix + tensor.name
                constant = TensorProto()
                constant.CopyFrom(tensor)
                constant.name = names[tensor.name]
                self.constants[(constant.name,)] = constant
        for node in nodes:
            copied = NodeProto()
            copied.CopyFrom(node)
            copied.name = ""
            copied.input[:] = [names.get(name, prefix + name) for name in node.input]
            copied.output[:] = [prefix + name if name else "" for name in node.output]
            self.nodes.append(copied)
        return Tensor(prefix + output)

    def model(self, name: str, description: str, properties: dict[str, str]) -> Any:
        """The finished model, checked."""
        if sum(tensor.ByteSize() for tensor in self.constants.values()) > LARGEST:
            raise CannotHold("its numbers take more than the 2 GB that one ONNX file can hold")
        graph = helper.make_graph(
            self.nodes, name, self.inputs, self.outputs, initializer=list(self.constants.values())
        )
        used = {node.domain for node in self.nodes}
        opsets = [helper.make_opsetid(d, v) for d, v in OPSETS.items() if d == "" or d in used]
        model = helper.make_model(
            graph,
            opset_imports=opsets,
            ir_version=IR_VERSION,
            producer_name="deepworth",
            doc_string=description,
        )
        helper.set_model_props(model, properties)
        checker.check_model(model)
        return model


def _needed(graph: Any, output: str) -> list[Any]:
    """The nodes that an output of a GraphProto depends on, in order."""
    needed, nodes = {output}, []
    for node in reversed(graph.node):
        if needed & set(node.output):
            nodes.append(node)
            needed |= set(node.input)
    return nodes[::-1]


@dataclass(frozen=True)
class Call:
    """One use of a Keras layer in a graph: its inputs with their shapes (None: any size)."""

    graph: Graph
    layer: Any
    inputs: Sequence[Any]
    shapes: Sequence[tuple[int | None, ...]]
    shape: tuple[int | None, ...]
    arguments: Sequence[Any]
    options: Mapping[str, Any]


LayerWriter: TypeAlias = Callable[[Call], Any]
"""Writes a Keras layer."""

StepWriter: TypeAlias = Callable[[Graph, Any, Any], Any]
"""Writes a step of a pipeline: graph, fitted step and its input (raw columns by name, Tensor or Matrix)."""
