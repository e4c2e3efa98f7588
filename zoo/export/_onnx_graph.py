"""An ONNX graph under construction: operators are called like functions, constants are kept once.

What a Keras layer is written from: one use of it in a graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from ._source import CannotHold

# The newest operators used: StringConcat and StringSplit's generation. ONNX Runtime reads them since 1.18.
OPSETS = {"": 20, "ai.onnx.ml": 3, "com.microsoft": 1}
IR_VERSION = 9  # what opset 20 came with; newer ones shut out older runtimes
LARGEST = 2**31 - 2**24  # bytes; protobuf ends at 2**31
ML = "ai.onnx.ml"
RUNTIME = "com.microsoft"  # operators that ONNX Runtime has beside the standard's

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


class Graph:
    """Nodes and constants in order of use."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: dict[tuple[Any, ...], Any] = {}
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []

    def input(self, name: str, dtype: str, shape: Sequence[Any]) -> Tensor:
        """A named input; None in the shape is any size."""
        sizes = [f"{name}_{i}" if n is None else n for i, n in enumerate(shape)]
        sizes[0] = "rows"
        self.inputs.append(helper.make_tensor_value_info(name, TYPES[dtype], sizes))
        return Tensor(name)

    def output(self, name: str, value: Tensor, dtype: str, shape: Sequence[Any]) -> None:
        """Name a value as an output."""
        self.nodes.append(helper.make_node("Identity", [value.name], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, TYPES[dtype], shape))

    def constant(self, value: Any, dtype: Any = None) -> Tensor:
        """A constant; equal ones share a name."""
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
        """Add a node. Inputs that are no tensors become constants; None leaves an input out."""
        names = ["" if x is None else self._as_tensor(x).name for x in inputs]
        found = [f"{kind.lower()}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, names, found, domain=domain, **attributes))
        return Tensor(found[0]) if outputs == 1 else tuple(Tensor(name) for name in found)

    def _as_tensor(self, value: Any) -> Tensor:
        return value if isinstance(value, Tensor) else self.constant(value)

    def cast(self, x: Tensor, dtype: str) -> Tensor:
        """The same numbers in another type."""
        return self.op("Cast", x, to=TYPES[dtype])

    def concat(self, parts: Sequence[Tensor], axis: int = -1) -> Tensor:
        """Side by side along an axis."""
        return parts[0] if len(parts) == 1 else self.op("Concat", *parts, axis=axis)

    def reshape(self, x: Tensor, shape: Sequence[int]) -> Tensor:
        """A new shape: 0 keeps a size, -1 is what is left."""
        return self.op("Reshape", x, np.array(shape, np.int64))

    def columns(self, x: Tensor, start: int, stop: int, axis: int = 1, step: int = 1) -> Tensor:
        """A slice along one axis."""
        bounds = [np.array([v], np.int64) for v in (start, stop, axis, step)]
        return self.op("Slice", x, *bounds)

    def take(self, x: Tensor, places: Any, axis: int = 1) -> Tensor:
        """Entries by place along an axis."""
        return self.op("Gather", x, np.asarray(places, np.int64), axis=axis)

    def sum(self, x: Tensor, axis: int, keep: bool = True) -> Tensor:
        """Sum along an axis."""
        return self.op("ReduceSum", x, np.array([axis], np.int64), keepdims=int(keep))

    def lookup(self, x: Tensor, keys: Sequence[str], values: Sequence[Any], default: Any) -> Tensor:
        """What stands for each string: int64 or string."""
        kind = "strings" if isinstance(default, str) else "int64s"
        given = {f"values_{kind}": list(values), f"default_{kind[:-1]}": default}
        return self.op("LabelEncoder", x, domain=ML, keys_strings=list(keys), **given)

    def model(self, name: str, description: str, properties: dict[str, str]) -> Any:
        """The whole graph, checked."""
        import onnx

        if sum(len(tensor.raw_data) for tensor in self.constants.values()) > LARGEST:
            raise CannotHold("its numbers take more than the 2 GB that one ONNX file holds")
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
        onnx.checker.check_model(model)
        return model


@dataclass(frozen=True)
class Call:
    """One use of a layer: its inputs with their shapes as Keras knows them (None: any size)."""

    graph: Graph
    layer: Any
    inputs: Sequence[Any]
    shapes: Sequence[tuple[int | None, ...]]
    shape: tuple[int | None, ...]
    arguments: Sequence[Any]
    options: Mapping[str, Any]


Converter = Callable[[Call], Any]
