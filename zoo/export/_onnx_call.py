"""What a Keras layer is written from: one use of it in a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ._graph import Graph


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
