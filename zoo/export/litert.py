"""LiteRT (TensorFlow Lite) for phones and boards: from numbers or ids, with their recipe beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

TOLERANCE = 1e-4
REQUIRES: tuple[str, ...] = ()
STATUS = "works from numbers or ids"
RECIPE = "preprocessing.json"


def write(source: Any, folder: Path, *, name: str = "model.tflite") -> dict[str, Any]:
    """The network behind its preprocessing, which LiteRT has no string operations for."""
    from ._lite import lite_model

    content, recipe, encode = lite_model(source)
    (folder / name).write_bytes(content)
    (folder / RECIPE).write_text(recipe, encoding="utf-8")
    return {"status": STATUS, "encode": encode, "not_inside": source.beyond_probabilities}
