"""ONNX: raw columns, images or texts into one graph that ONNX Runtime runs anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

TOLERANCE = 1e-5
REQUIRES = ("onnx", "onnxruntime")
EXTRA = "onnx"


def write(source: Any, folder: Path, *, name: str = "model.onnx") -> dict[str, Any]:
    """One file; classes and columns are in its metadata too."""
    from ._onnx_model import onnx_model

    model = onnx_model(source)
    (folder / name).write_bytes(model.SerializeToString())
    return {}
